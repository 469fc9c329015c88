"""How a run gets the bench from manual control."""

import subprocess
import sys
import textwrap

import pytest

from instruments.station_file import TEMPLATE, read_station
from runmanager.manual import handover
from runmanager.manual.handover import Presence, ask_for_bench


@pytest.fixture
def config():
    return read_station(TEMPLATE)


def test_a_bench_that_nobody_holds_is_free_at_once(config, tmp_path):
    assert ask_for_bench(config, folder=tmp_path) == ""


def test_a_run_that_asks_is_heard(config, tmp_path, monkeypatch):
    with Presence(config, tmp_path) as presence:
        assert not presence.is_wanted()
        assert "did not leave within 0 s" in ask_for_bench(config, timeout_s=0.0, folder=tmp_path)
        assert presence.is_wanted()


def test_the_run_goes_on_as_soon_as_manual_control_leaves(config, tmp_path, monkeypatch):
    presence = Presence(config, tmp_path)
    presence.__enter__()
    waits = []

    def sleep(seconds):
        waits.append(presence.is_wanted())
        presence.__exit__(None, None, None)

    monkeypatch.setattr(handover.time, "sleep", sleep)
    assert ask_for_bench(config, timeout_s=10.0, folder=tmp_path) == ""
    assert waits == [True]
    assert list(tmp_path.glob("*.note")) == []


def test_another_bench_is_not_asked_for(config, tmp_path):
    other = config.model_copy(
        update={
            "instruments": {
                name: entry.model_copy(update={"address": f"ASRL/dev/other_{name}::INSTR"})
                for name, entry in config.instruments.items()
            }
        }
    )
    with Presence(config, tmp_path) as presence:
        assert ask_for_bench(other, timeout_s=0.0, folder=tmp_path) == ""
        assert not presence.is_wanted()


def test_the_twin_is_nobody_elses(config, tmp_path):
    with Presence(config.on_twin(), tmp_path) as presence:
        assert list(tmp_path.iterdir()) == []
        assert not presence.is_wanted()
    assert ask_for_bench(config.on_twin(), folder=tmp_path) == ""


def test_a_manual_control_that_was_killed_is_not_waited_for(config, tmp_path):
    killed = textwrap.dedent(
        f"""
        import os
        from pathlib import Path
        from instruments.station_file import TEMPLATE, read_station
        from runmanager.manual.handover import Presence
        Presence(read_station(TEMPLATE), Path({str(tmp_path)!r})).__enter__()
        os._exit(9)
        """
    )
    assert subprocess.run([sys.executable, "-c", killed], check=False).returncode == 9
    assert len(list(tmp_path.glob("*.note"))) == 1
    assert ask_for_bench(config, timeout_s=0.0, folder=tmp_path) == ""
    assert list(tmp_path.glob("*.note")) == []


def test_a_note_that_cannot_be_read_holds_nobody_up(config, tmp_path):
    (tmp_path / "manual-control.1.note").write_text("not json", encoding="utf-8")
    assert ask_for_bench(config, timeout_s=0.0, folder=tmp_path) == ""
