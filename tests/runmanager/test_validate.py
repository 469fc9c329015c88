"""``solotron validate``: the table for people and for programs, and the exit code."""

import json

import pytest

from runmanager import cli, validate
from sims.validation.check import Check, Row, at_least, within


def row(value: float, *, reproducible: bool = True) -> Row:
    check = Check("Topic", "a name", "meV", within(1.0, 0.1), "published", "A, B", lambda: value, "why", reproducible)
    return Row(check, value, 0.25)


def use(monkeypatch: pytest.MonkeyPatch, *rows: Row) -> None:
    monkeypatch.setattr(validate, "validate", lambda started=None: iter(rows))
    monkeypatch.setattr(validate, "all_checks", lambda: tuple(row.check for row in rows))


def test_json_holds_every_field_of_a_row(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    use(monkeypatch, row(1.05))
    assert validate.run(as_json=True) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["passed"] is True
    one = printed["rows"][0]
    assert one.pop("tolerance") == pytest.approx(0.1)
    assert one == {
        "topic": "Topic", "name": "a name", "value": 1.05, "expected": 1.0, "accepted": "1 ± 0.1", "unit": "meV",
        "origin": "published", "source": "A, B", "outcome": "pass", "passed": True, "note": "why", "duration_s": 0.25,
    }  # fmt: skip


def test_one_failed_row_gives_exit_code_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use(monkeypatch, row(1.0), row(2.0))
    assert validate.run(as_json=False) == 1
    assert "1 pass, 1 fail" in capsys.readouterr().out


def test_a_documented_non_reproduction_does_not_fail(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use(monkeypatch, row(7.0, reproducible=False))
    assert validate.run(as_json=False) == 0
    printed = capsys.readouterr().out
    assert "not reproduced" in printed
    assert "why" in printed


def test_not_a_number_is_null_in_json_and_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use(monkeypatch, row(float("nan")))
    assert validate.run(as_json=True) == 1
    assert json.loads(capsys.readouterr().out)["rows"][0]["value"] is None


def test_a_bound_has_no_tolerance_in_json() -> None:
    check = Check("t", "n", "", at_least(2.0), "analytic", "s", lambda: 3.0)
    printed = validate.as_object([Row(check, 3.0, 0.0)])["rows"][0]
    assert printed["tolerance"] is None
    assert printed["accepted"] == "≥ 2"


def test_the_command_line_hands_the_option_over(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []

    def run(*, as_json: bool) -> int:
        seen.append(as_json)
        return 0

    monkeypatch.setattr(validate, "run", run)
    assert cli.main(["validate", "--json"]) == 0
    assert cli.main(["validate"]) == 0
    assert seen == [True, False]
