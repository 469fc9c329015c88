"""What the command line owes to scripts: exit codes and output that survive whatever reads them."""

from pathlib import Path

import pytest

from runfile.results import Analysis, Check, Verdict
from runmanager import cli, engine, output
from runmanager.engine import RunOutcome


def _fake_run(monkeypatch: pytest.MonkeyPatch, outcome: RunOutcome) -> None:
    monkeypatch.setattr(engine, "run", lambda request, report: outcome)


def test_closed_pipe_does_not_change_how_the_run_ended(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    analysis = Analysis({}, Verdict((Check("six lines", passed=True, detail=""),)))
    _fake_run(monkeypatch, RunOutcome(Path("run.h5"), "completed", analysis, 1.0, unsafe="close the shutter"))

    def closed(*arguments: object, **keywords: object) -> None:
        raise BrokenPipeError

    discarded: list[bool] = []
    monkeypatch.setattr(output, "print_outcome", closed)
    monkeypatch.setattr(cli, "_discard_stdout", lambda: discarded.append(True))
    assert cli.main(["run", "g2"]) == 4
    assert discarded == [True]


def test_interrupt_before_the_run_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*arguments: object, **keywords: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(engine, "run", interrupted)
    assert cli.main(["run", "g2"]) == 3
    assert capsys.readouterr().err == "solotron: stopped by the operator; nothing was moving\n"
