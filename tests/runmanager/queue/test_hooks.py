"""Hooks are told how an entry ended, and whatever they do, the queue goes on."""

import json
import os
import select
import shlex
import sys
import threading
import time
from pathlib import Path

import pytest

from runmanager.errors import BadInputError
from runmanager.queue import hooks
from runmanager.queue.entries import Ending, Entry, Job, Status
from runmanager.queue.hooks import HookRunner, run_command, split_command, summary

ENTRY = Entry(7, Status.FAILED, 1.0, Job("g2"), 2.0, ending=Ending(3, 10.0, message="the laser went out"))


def python(program: str) -> str:
    return shlex.join([sys.executable, "-c", program])


def test_the_command_gets_the_entry_as_json_and_in_its_environment(tmp_path: Path) -> None:
    target = tmp_path / "told.json"
    program = (
        "import sys, os, pathlib; "
        f"pathlib.Path({str(target)!r}).write_text(sys.stdin.read() + os.environ['SOLOTRON_ENTRY'] + "
        "os.environ['SOLOTRON_STATUS'])"
    )
    with HookRunner(python(program)) as hook:
        hook(ENTRY)
    text = target.read_text()
    assert text.endswith("7failed")
    told = json.loads(text.removesuffix("7failed"))
    assert (told["id"], told["status"], told["ending"]["exit_code"]) == (7, "failed", 3)
    assert told["ending"]["message"] == "the laser went out"
    assert told["ending"]["duration_s"] is None


def test_no_shell_reads_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    words = split_command("echo $HOME '; touch x' > y")
    assert words == ["echo", "$HOME", "; touch x", ">", "y"]
    assert run_command(words, ENTRY)
    assert list(tmp_path.iterdir()) == []


def test_a_shell_when_asked_for(tmp_path: Path) -> None:
    with HookRunner(f"sh -c 'cat | tr a-z A-Z > {tmp_path}/x'") as hook:
        hook(ENTRY)
    assert '"STATUS": "FAILED"' in (tmp_path / "x").read_text()


def test_a_failing_command_is_logged_with_its_last_words(caplog: pytest.LogCaptureFixture) -> None:
    assert not run_command(split_command("sh -c 'echo no network >&2; exit 5'"), ENTRY)
    assert "the hook of entry 7 ended with code 5: no network" in caplog.text


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX process groups")
def test_a_command_that_hangs_is_ended_with_its_children(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)  # hung up as soon as nobody has it open for writing
    words = split_command(f"sh -c 'sleep 60 > {pipe} & echo begun > {pipe}; wait'")
    began = time.monotonic()
    assert not run_command(words, ENTRY, timeout_s=0.5)
    assert time.monotonic() - began < 10.0
    assert "took longer than 0.5 s" in caplog.text
    waiting = select.poll()
    waiting.register(reading, select.POLLHUP)
    assert waiting.poll(10_000)
    assert os.read(reading, 100) == b"begun\n"
    assert os.read(reading, 100) == b""
    os.close(reading)


def test_a_command_that_vanished_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    assert not run_command(["/nowhere/at/all"], ENTRY)
    assert "could not be run" in caplog.text


def test_a_command_that_reads_nothing_is_fine() -> None:
    assert run_command(["true"], ENTRY)


def test_the_runner_is_not_kept_waiting(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    hook = HookRunner(f"cat {gate}")
    began = time.monotonic()
    hook(ENTRY)
    assert time.monotonic() - began < 1.0
    gate.write_text("go on\n")  # opens as soon as the hook reads
    hook.close()


def test_hooks_of_several_entries_run_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[int, int]] = []
    monkeypatch.setattr(
        hooks, "run_command", lambda words, entry, timeout_s: calls.append((entry.id, threading.get_ident()))
    )
    with HookRunner("true") as hook:
        for number in range(5):
            hook(Entry(number, Status.COMPLETED, 1.0, Job("g2"), 2.0))
    assert [number for number, _ in calls] == [0, 1, 2, 3, 4]
    assert len({thread for _, thread in calls}) == 1


def test_a_closed_runner_takes_no_more_and_does_not_raise(caplog: pytest.LogCaptureFixture) -> None:
    hook = HookRunner("true")
    hook.close()
    hook(ENTRY)
    assert "was not called" in caplog.text


def test_wrong_commands_are_refused_at_once() -> None:
    with pytest.raises(BadInputError, match="cannot be split into words"):
        HookRunner("echo 'half a quote")
    with pytest.raises(BadInputError, match="'no-such-program' was not found"):
        HookRunner("no-such-program --loud")


def test_the_environment_names_a_hook_and_an_empty_text_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(hooks.HOOK_VARIABLE, "no-such-program")
    with pytest.raises(BadInputError, match="no-such-program"):
        HookRunner()
    with HookRunner("") as hook:
        hook(ENTRY)


def test_a_notification_says_how_it_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notifier = tmp_path / hooks.NOTIFIER
    notifier.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/shown\n')
    notifier.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert hooks.notify(ENTRY)
    shown = (tmp_path / "shown").read_text().splitlines()
    assert shown[-2:] == ["solotron: g2 failed", "entry 7: the laser went out"]
    assert "--urgency=normal" in shown


def test_without_a_desktop_there_is_no_notification(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not hooks.notify(ENTRY)


def test_what_must_be_done_by_hand_comes_first() -> None:
    ending = Ending(4, 10.0, passed=True, message="m", unsafe="close the shutter")
    assert "SAFE STATE NOT CONFIRMED: close the shutter" in summary(
        Entry(1, Status.FAILED, 1.0, Job("g2"), 2.0, ending=ending)
    )


@pytest.mark.parametrize(
    ("ending", "text"),
    [
        (None, "entry 1 is completed"),
        (Ending(0, 1.0, passed=True), "entry 1: verdict passed"),
        (Ending(1, 1.0, passed=False), "entry 1: verdict failed"),
        (Ending(3, 1.0, passed=False, message="m"), "entry 1: verdict failed – m"),
        (Ending(0, 1.0), "entry 1: completed"),
    ],
)
def test_one_line_on_each_end(ending: Ending | None, text: str) -> None:
    assert summary(Entry(1, Status.COMPLETED, 1.0, Job("g2"), 2.0, ending=ending)) == text


def test_the_bell_rings_on_terminals_only(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    hooks.ring()
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    hooks.ring()
    assert capsys.readouterr().err == "\a"


def test_only_the_last_words_of_a_chatty_hook_are_kept(caplog: pytest.LogCaptureFixture) -> None:
    speaks = "import sys\nfor k in range(2000): sys.stdout.write('x' * 4096)\nsys.exit('the printer is on fire')"
    assert not run_command([sys.executable, "-c", speaks], ENTRY, timeout_s=30.0)
    assert caplog.text.rstrip().endswith("the printer is on fire")
    assert len(caplog.messages[-1]) < 600


def test_what_a_hook_leaves_behind_does_not_hold_it_up(caplog: pytest.LogCaptureFixture) -> None:
    began_s = time.monotonic()
    assert not run_command(["sh", "-c", "echo words; sleep 4 & exit 3"], ENTRY, timeout_s=30.0)
    assert time.monotonic() - began_s < 3.5
    assert "ended with code 3: words" in caplog.text
