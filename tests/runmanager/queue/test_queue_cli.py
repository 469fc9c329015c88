"""``solotron queue``: what scripts and people at a terminal rely on."""

import argparse
import json
import os
import shlex
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runfile.results import Check, Result
from runmanager import cli
from runmanager.queue import client, forecasting, runner
from runmanager.queue.cli_commands import tell_event
from runmanager.queue.entries import Ending, Job, Prediction, Status, Target
from runmanager.queue.events import Command, Finished, LogLine, Started, StateChanged
from runmanager.queue.store import QueueStore

Call = Callable[..., tuple[int, str, str]]
VIOLATED = Prediction(1.0, 2, {}, passed=False, violations=("too hot for\nthis",), wall_s=1.0)
FINE = Prediction(60.0, 10, {"lifetime": Result(15.0, 0.123, "ns", "fit")}, passed=True, wall_s=5.0)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOLOTRON_QUEUE", "night.sqlite")
    monkeypatch.delenv("SOLOTRON_HOOK", raising=False)
    return tmp_path / "night.sqlite"


@pytest.fixture
def call(path: Path, capsys: pytest.CaptureFixture[str]) -> Call:
    """``solotron queue WORDS``: exit code, stdout, stderr."""

    def calling(*words: str) -> tuple[int, str, str]:
        code = cli.main(["queue", *words])
        out, err = capsys.readouterr()
        return code, out, err

    return calling


@pytest.fixture
def queue(path: Path):
    with QueueStore(path) as opened:
        yield opened


def fill(queue: QueueStore, n: int = 3) -> None:
    queue.add_many([Job("g2", (("duration", str(10 * (k + 1))),), twin=True) for k in range(n)])


def order(queue: QueueStore) -> list[int]:
    return [entry.id for entry in queue.queued()]


def test_add_queues_what_run_would_run(call: Call, path: Path) -> None:
    code, out, err = call("add", "g2", "--set", "duration=20 s", "--seed", "7", "--until", "lifetime=0.1")
    assert (code, out, err) == (0, "entry 1: g2 duration=20 s until ±0.1 lifetime\n", "")
    with QueueStore(path) as queue:
        job = queue.entry(1).job
    assert (job.settings, job.seed, job.out) == ((("duration", "20 s"),), 7, path.parent / "runs")
    assert (job.until[0].result, job.until[0].stderr) == ("lifetime", 0.1)
    assert job.twin  # the built-in station is a twin


def test_add_makes_a_scan(call: Call, path: Path) -> None:
    code, out, _ = call("add", "g2", "--scan", "duration=10:30:3", "--scan", "batch=5,10")
    assert (code, out) == (0, "entries 1 to 6: 6 runs of g2\n")
    with QueueStore(path) as queue:
        assert queue.entry(4).job.settings == (("duration", "20"), ("batch", "10"))


def test_add_makes_a_control(call: Call, path: Path) -> None:
    assert call("add", "g2", "--control", "laser blocked")[0] == 0
    with QueueStore(path) as queue:
        assert queue.entry(1).job.settings == (("control", "laser blocked"),)


def test_add_as_json(call: Call) -> None:
    code, out, _ = call("add", "g2", "--json")
    assert code == 0
    (entry,) = json.loads(out)["entries"]
    assert (entry["id"], entry["status"], entry["prediction"]) == (1, "queued", None)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["g3"], "unknown procedure 'g3'"),
        (["g2", "--set", "duration=-1"], "duration = '-1' is refused"),
        (["g2", "--set", "duration"], "not of the form NAME=VALUE"),
        (["g2", "--sample", "nowhere.yaml"], "no such file"),
        (["g2", "--station", "nowhere.yaml"], "nowhere.yaml"),
        (["g2", "--faults", "nowhere.yaml"], "nowhere.yaml"),
        (["g2", "--until", "nonsense=1"], "no result 'nonsense'"),
        (["g2", "--until", "lifetime"], "not of the form NAME=STDERR"),
        (["g2", "--until", "lifetime=-1"], "not of the form NAME=STDERR"),
        (["g2", "--until", "lifetime=nan"], "not of the form NAME=STDERR"),
        (["g2", "--until", "lifetime=inf"], "not of the form NAME=STDERR"),
        (["g2", "--scan", "duration=1:2"], "not of the form"),
        (["g2", "--scan", "duration=10:-20:3"], "duration = '-5' is refused"),
        (["g2", "--control", "moon full"], "control = 'moon full' is refused"),
        (["g2", "--out", "file"], "cannot be written"),
    ],
)
def test_what_is_wrong_is_refused_before_it_is_queued(call: Call, path: Path, words: list[str], complaint: str) -> None:
    (path.parent / "file").touch()
    code, out, err = call("add", *words)
    assert (code, out) == (2, "")
    assert complaint in err
    assert err.startswith("solotron: ")
    assert err.count("\n") == 1
    assert not path.exists()


def test_a_real_bench_needs_its_sample_sheet_when_it_is_queued(call: Call, path: Path) -> None:
    from instruments.station import TEMPLATE

    station = path.parent / "lab.yaml"
    station.write_text(TEMPLATE.read_text(encoding="utf-8"), encoding="utf-8")
    code, _, err = call("add", "g2", "--station", "lab.yaml")
    assert code == 2
    assert "needs --sample" in err
    assert call("add", "g2", "--station", "lab.yaml", "--sample", "mn-cdse-cds")[0] == 0
    with QueueStore(path) as queue:
        job = queue.entry(1).job
    assert (job.twin, job.station, job.sample) == (False, station, "mn-cdse-cds")


def test_a_station_file_that_is_a_twin_makes_a_twin_job(call: Call, path: Path) -> None:
    from instruments.station import TEMPLATE

    text = TEMPLATE.read_text(encoding="utf-8")
    assert "twin: false" in text
    (path.parent / "twin.yaml").write_text(text.replace("twin: false", "twin: true"), encoding="utf-8")
    assert call("add", "g2", "--station", "twin.yaml")[0] == 0
    with QueueStore(path) as queue:
        assert queue.entry(1).job.twin


def test_list_shows_the_order_and_what_stands_in_the_way(call: Call, queue: QueueStore) -> None:
    fill(queue)
    queue.put_prediction(1, queue.entry(1).job, FINE)
    queue.put_prediction(2, queue.entry(2).job, VIOLATED)
    code, out, _ = call("list")
    rows = [line.split() for line in out.splitlines()]
    assert code == 0
    assert rows[0][:4] == ["ID", "STATUS", "EXPERIMENT", "PARAMETERS"]
    assert [row[0] for row in rows[1:]] == ["1", "2", "3"]
    assert "±0.12 ns lifetime" in out
    assert "would pass" in out.splitlines()[1]
    assert "BLOCKED: too hot for this" in out.splitlines()[2]
    assert "none yet" in out.splitlines()[3]


def test_list_as_json_has_finish_times_and_no_nan(call: Call, queue: QueueStore) -> None:
    fill(queue, 2)
    queue.put_prediction(1, queue.entry(1).job, FINE)
    before = time.time()
    document = json.loads(call("list", "--json")[1])
    assert document["queue"] == str(queue.path)
    assert (document["paused"], document["worker_pid"]) == (False, None)
    assert before + 5.0 <= document["entries"][0]["finishes_at"] <= time.time() + 5.0
    assert document["entries"][1]["finishes_at"] is None


def test_a_runner_is_listed_while_it_lives_and_not_after_its_death(call: Call, queue: QueueStore) -> None:
    with queue.hold():
        queue.set_worker(os.getpid(), "somewhere", b"key")
        assert json.loads(call("list", "--json")[1])["worker_pid"] == os.getpid()
    assert json.loads(call("list", "--json")[1])["worker_pid"] is None


def test_an_empty_queue_says_so(call: Call, queue: QueueStore) -> None:
    assert call("list")[1] == "nothing is queued\n"
    assert call("history")[1] == "nothing has ended yet\n"


@pytest.mark.parametrize("words", [["list"], ["show", "1"], ["history"], ["pause"], ["remove", "1"], ["forecast"]])
def test_looking_for_a_queue_does_not_make_one(call: Call, path: Path, words: list[str]) -> None:
    code, _, err = call(*words)
    assert code == 2
    assert f"there is no queue {path}" in err
    assert not path.exists()


def test_another_queue_by_name(call: Call, path: Path) -> None:
    other = path.parent / "other.sqlite"
    assert call("add", "g2", "--queue", str(other))[0] == 0
    assert "g2" in call("list", "--queue", str(other))[1]
    assert not path.exists()


def test_another_programs_file_is_refused_in_one_line(call: Call, path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (x)")
    connection.close()
    code, _, err = call("list")
    assert code == 2
    assert "another program" in err
    assert err.count("\n") == 1


def test_show_tells_all(call: Call, queue: QueueStore) -> None:
    fill(queue, 1)
    queue.put_prediction(1, queue.entry(1).job, VIOLATED)
    out = call("show", "1")[1]
    assert "set       duration = 10" in out
    assert "violation too hot for this" in out
    assert "queue confirm 1" in out
    assert json.loads(call("show", "1", "--json")[1])["blocked"] is True


def test_show_says_that_a_target_is_out_of_reach(call: Call, queue: QueueStore) -> None:
    for stderr in (0.1, 0.2):
        job = queue.add(Job("g2", until=(Target("lifetime", stderr),))).job
        queue.put_prediction(len(queue.queued()), job, FINE)
    assert "±0.1 of lifetime is not reached: ±0.12 expected" in call("show", "1")[1]
    assert "not reached" not in call("show", "2")[1]


def test_show_and_history_of_what_has_ended(call: Call, queue: QueueStore) -> None:
    fill(queue, 2)
    endings = (
        (Status.COMPLETED, Ending(1, time.time(), 60.0, FINE.results, (Check("a", False, "too few photons"),), False)),
        (Status.FAILED, Ending(4, time.time() + 1.0, message="m", unsafe="close the shutter by hand")),
    )
    with queue.hold() as holder:
        for status, ending in endings:
            entry = queue.claim_next(holder)
            assert entry is not None
            queue.finish(entry.id, status, ending)
    lines = call("history")[1].splitlines()
    assert "UNSAFE: close the shutter by hand" in lines[1]
    assert "FAILED: too few photons" in lines[2]
    assert call("history", "--limit", "1")[1].count("\n") == 2
    assert [e["id"] for e in json.loads(call("history", "--json")[1])["entries"]] == [2, 1]
    shown = call("show", "1")[1]
    assert "15.00 ± 0.12 ns" in shown
    assert "✗ a: too few photons" in shown
    assert "verdict failed" in shown


def test_the_order_is_changed(call: Call, queue: QueueStore) -> None:
    fill(queue)
    assert call("move", "3", "--first")[0] == 0
    assert order(queue) == [3, 1, 2]
    assert call("move", "3", "--first")[0] == 0
    assert order(queue) == [3, 1, 2]
    assert call("move", "2", "--before", "1")[0] == 0
    assert order(queue) == [3, 2, 1]
    assert call("move", "3", "--last")[0] == 0
    assert order(queue) == [2, 1, 3]
    code, _, err = call("move", "3")
    assert code == 2
    assert "--first" in err


def test_entries_are_removed(call: Call, queue: QueueStore) -> None:
    fill(queue)
    assert call("remove", "1", "3")[0] == 0
    assert order(queue) == [2]
    code, _, err = call("remove", "1")
    assert (code, "there is no entry 1" in err) == (2, True)


def test_an_entry_is_edited(call: Call, queue: QueueStore) -> None:
    fill(queue)
    assert call("edit", "1", "--set", "duration=33", "--set", "batch=3", "--seed", "9", "--until", "lifetime=1")[0] == 0
    job = queue.entry(1).job
    assert (job.settings, job.seed) == ((("duration", "33"), ("batch", "3")), 9)
    assert call("edit", "1", "--unset", "batch", "--no-until")[0] == 0
    assert queue.entry(1).job.settings == (("duration", "33"),)
    assert queue.entry(1).job.until == ()


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--set", "duration=-3"], "is refused"),
        (["--unset", "batch"], "'batch' is not set"),
        (["--until", "lifetime=1", "--no-until"], "exclude each other"),
        (["--sample", "nowhere"], "no such file"),
    ],
)
def test_a_wrong_edit_changes_nothing(call: Call, queue: QueueStore, words: list[str], complaint: str) -> None:
    fill(queue, 1)
    before = queue.entry(1)
    code, _, err = call("edit", "1", *words)
    assert code == 2
    assert complaint in err
    assert queue.entry(1) == before


def test_copies(call: Call, queue: QueueStore) -> None:
    fill(queue, 2)
    assert call("duplicate", "1")[1] == "entry 3: g2, from entry 1\n"
    assert order(queue) == [1, 3, 2]
    with queue.hold() as holder:
        entry = queue.claim_next(holder)
        assert entry is not None
        queue.finish(entry.id, Status.ABORTED, Ending(3, 1.0))
    assert call("repeat", "1")[1] == "entry 4: g2, from entry 1\n"
    code, _, err = call("resume", "1")
    assert (code, "repeat it" in err) == (2, True)


def test_confirm_lets_a_blocked_entry_run(call: Call, queue: QueueStore) -> None:
    fill(queue, 1)
    queue.put_prediction(1, queue.entry(1).job, VIOLATED)
    assert call("confirm", "1")[0] == 0
    assert not queue.entry(1).blocked
    assert "CONFIRMED" in call("list")[1]


def test_what_a_dead_process_ran_is_told_first(call: Call, queue: QueueStore) -> None:
    queue.add(Job("g2", station=Path("lab.yaml")))
    with queue.hold() as holder:
        queue.claim_next(holder)
    _, _, err = call("list")
    assert "entry 1 was interrupted" in err
    assert "SAFE STATE NOT CONFIRMED" in err
    assert "solotron station safe" in err
    assert call("list")[2] == ""


def test_forecasts_are_made_and_violations_give_two(
    call: Call, queue: QueueStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        forecasting, "predict", lambda job, report: VIOLATED if dict(job.settings)["duration"] == "20" else FINE
    )
    fill(queue, 1)
    code, out, _ = call("forecast")
    assert (code, out) == (0, "entry 1: g2 would take 1 min 00 s ±0.12 ns lifetime\n")
    code, out, _ = call("add", "g2", "--forecast", "--set", "duration=20")
    assert code == 2
    assert "entry 2: violation: too hot for this" in out
    code, out, err = call("add", "g2", "--forecast", "--json", "--set", "duration=30")
    assert code == 0
    assert json.loads(out)["entries"][0]["prediction"]["photons"] == 10
    assert "entry 3" in err
    assert call("forecast")[0] == 2  # entry 2 still stands there blocked


def test_run_hands_over_to_the_runner(call: Call, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}

    def run_queue(store_path: Path, **options: Any) -> int:
        seen.update(options, path=store_path)
        return 3

    monkeypatch.setattr(runner, "run_queue", run_queue)
    assert call("run", "--once", "--hook", "true")[0] == 3
    assert (seen["path"], seen["once"], seen["forever"]) == (path, True, False)
    assert callable(seen["hook"])


def test_a_wrong_hook_is_refused_before_the_night(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "run_queue", lambda *a, **k: pytest.fail("it must not run"))
    code, _, err = call("run", "--hook", "no-such-program")
    assert (code, "'no-such-program' was not found" in err) == (2, True)
    monkeypatch.setenv("SOLOTRON_HOOK", "other-program")
    code, _, err = call("run")
    assert (code, "'other-program' was not found" in err) == (2, True)


def test_pause_and_continue_without_a_runner_stand_in_the_file(call: Call, queue: QueueStore) -> None:
    fill(queue, 1)
    assert call("pause")[0] == 0
    assert queue.is_paused()
    assert call("list")[1].startswith("the queue is paused")
    assert call("continue")[0] == 0
    assert not queue.is_paused()


def test_the_runner_is_told_to_pause_continue_and_abort(
    call: Call, queue: QueueStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[object] = []

    class Watcher:
        def send(self, command: Command) -> None:
            sent.append(command)

        def close(self) -> None:
            sent.append("closed")

    monkeypatch.setattr(client, "connect", lambda store_path: Watcher())
    fill(queue, 1)
    with queue.hold() as holder:
        queue.claim_next(holder)
        for word in ("pause", "continue", "abort"):
            assert call(word)[0] == 0
    assert sent == [Command.PAUSE, "closed", Command.RESUME, "closed", Command.ABORT, "closed"]


def test_nothing_to_abort_is_said(call: Call, queue: QueueStore) -> None:
    code, _, err = call("abort")
    assert (code, "there is nothing to abort" in err) == (2, True)


def test_what_happens_is_told_in_lines(capsys: pytest.CaptureFixture[str]) -> None:
    for event in (
        Started(3, "g2", "runs/g2.h5"), LogLine(3, "INFO", "safe\nstate"), LogLine(None, "ERROR", "x"),
        StateChanged(3, False), Finished(3, "completed", 0),
    ):  # fmt: skip
        tell_event(event)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "entry 3: g2 runs into runs/g2.h5",
        "entry 3: safe state",
        "solotron: x",
        "entry 3: completed, code 0 (verdict passed)",
    ]


def test_help_is_quick_because_it_imports_nothing_heavy() -> None:
    import subprocess
    import sys

    program = (
        "import sys; from runmanager.cli import build_parser; build_parser(); "
        "print([m for m in ('numpy', 'h5py', 'qcodes', 'sqlite3', 'pymeasure') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout == "[]\n"


DOCS = Path(__file__).parents[3] / "docs"


def test_every_command_of_the_how_to_is_one() -> None:
    lines = (DOCS / "how-to" / "queue.md").read_text(encoding="utf-8").splitlines()
    commands = [line for line in lines if line.startswith("solotron queue ")]
    assert len(commands) > 10
    for line in commands:
        words = shlex.split(line, comments=True)[1:]
        options = cli.build_parser().parse_args(words)
        if getattr(options, "hook", None):
            assert shlex.split(options.hook)[:2] == ["sh", "-c"]


def test_every_command_is_in_the_reference() -> None:
    parser = cli.build_parser()
    (outer,) = (each for each in parser._actions if isinstance(each, argparse._SubParsersAction))
    (inner,) = (each for each in outer.choices["queue"]._actions if isinstance(each, argparse._SubParsersAction))
    reference = (DOCS / "reference" / "queue.md").read_text(encoding="utf-8")
    overview = (DOCS / "reference" / "command-line.md").read_text(encoding="utf-8")
    for name in set(inner.choices) - {"status-page"}:
        assert f"`{name}" in reference, name
        assert name in overview, name


@pytest.mark.end_to_end
def test_from_the_queue_to_the_run_file(call: Call, path: Path) -> None:
    shortest = ("--set", "duration=0.1", "--set", "batch=0.1", "--set", "maximum_delay=100")
    assert call("add", "g2", *shortest)[0] == 0
    code, _, err = call("run", "--once", "--hook", f"sh -c 'cat > {path.parent}/told.json'")
    (entry,) = json.loads(call("history", "--json")[1])["entries"]
    assert (entry["status"], entry["ending"]["exit_code"]) == ("completed", code)
    assert Path(entry["run_file"]).is_file()
    assert "entry 1: g2 runs into" in err
    told = json.loads((path.parent / "told.json").read_text())
    assert (told["id"], told["status"], told["run_file"]) == (1, "completed", entry["run_file"])


def test_a_remark_never_takes_the_verdicts_place(call: Call, queue: QueueStore) -> None:
    fill(queue, 2)
    failed = (Check("resonance", passed=False, detail="nothing seen"),)
    with queue.hold() as holder:
        for passed, checks in ((True, ()), (False, failed)):
            entry = queue.claim_next(holder)
            assert entry is not None
            ending = Ending(int(not passed), time.time(), checks=checks, passed=passed, message="magnet left at 1 T")
            queue.finish(entry.id, Status.COMPLETED, ending)
    newest, oldest = call("history")[1].splitlines()[1:]
    assert newest.endswith("FAILED: nothing seen; magnet left at 1 T")
    assert oldest.endswith("PASSED; magnet left at 1 T")


def test_run_says_why_nothing_runs(call: Call, queue: QueueStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "run_queue", lambda *_, **__: 0)
    assert "nothing is queued in" in call("run")[2]
    fill(queue, 1)
    assert call("run")[2] == ""
    queue.set_paused(True)
    assert "the queue is paused: nothing starts until 'solotron queue continue'" in call("run")[2]


def test_pause_and_continue_say_what_happens_now(call: Call, queue: QueueStore) -> None:
    fill(queue, 1)
    assert call("pause")[1] == "the queue is paused; nothing is running\n"
    assert call("continue")[1] == "the queue may go on, but nobody runs it: 'solotron queue run'\n"
