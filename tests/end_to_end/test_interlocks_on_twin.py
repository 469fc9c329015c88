"""Faults in the middle of a run: it ends in time, says why, and leaves the simulated bench truly safe."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runfile.reader import RunFile
from runmanager.engine import RunOutcome
from sims import twin as twins
from sims.bench.ami430 import MagnetState
from sims.faults import bench_faults

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(120)]

DURING_G2_S = 27.0
"""Photons are being recorded (batches from about 26.5 s on)."""
RAMPING_S = 70.0
"""polarised-pl is on its way to the second field."""
AT_REST = (MagnetState.HOLDING, MagnetState.PAUSED, MagnetState.AT_ZERO)

Struck = Callable[..., tuple[RunOutcome, Any]]


@pytest.fixture
def struck(short_run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Struck:
    """``struck(procedure, fault, instrument, at_s)``: the outcome, and the models as the run left them."""
    labs: list[twins.Twin] = []
    start = twins.start

    def remember(*arguments: Any, **options: Any) -> twins.Twin:
        labs.append(start(*arguments, **options))
        return labs[-1]

    monkeypatch.setattr(twins, "start", remember)

    def run(
        procedure: str, fault: str, instrument: str, at_s: float, settings: tuple[tuple[str, str], ...] = ()
    ) -> tuple[RunOutcome, Any]:
        lasting = ", messages: 1000000" if fault == "disconnect" else ""
        plan = tmp_path / "faults.yaml"
        plan.write_text(f"faults:\n- {{fault: {fault}, instrument: {instrument}, at_s: {at_s}{lasting}}}\n")
        outcome = short_run(procedure, settings=settings, faults=plan)
        injector = labs[-1].faults
        assert injector is not None
        assert injector.struck, "the fault came too late"
        return outcome, labs[-1].models

    return run


def is_dark(models: Any) -> bool:
    lasers_open = models.chameleon.shutter_open or models.opo_vis.opo_out_open or models.cwave.shutter_open("shg_out")
    return not (models.sc10.is_open() and lasers_open)


def is_safe(models: Any) -> bool:
    resting = models.ami430.state() in (*AT_REST, MagnetState.QUENCH)
    return is_dark(models) and not models.smb100a.rf_on and resting


@pytest.mark.parametrize(
    ("fault", "instrument", "said"),
    [
        ("interlock", "chameleon", "external interlock is set"),
        ("interlock", "sc10", "the interlock is tripped"),
        ("warming", "cryostation", "alarm is set"),
        ("mode_lock_lost", "chameleon", "not mode-locked"),
    ],
)
def test_an_interlock_ends_the_run_within_seconds(fault: str, instrument: str, said: str, struck: Struck) -> None:
    settings = (("duration", "20"), ("batch", "1"))
    outcome, models = struck("g2", fault, instrument, DURING_G2_S, settings)
    assert (outcome.exit_status, outcome.exit_code) == ("aborted", 3)
    assert said in outcome.message
    assert outcome.duration_s < DURING_G2_S + 10.0
    assert is_safe(models)
    with RunFile(outcome.run_file) as recorded:
        assert recorded.exit_status == "aborted"
        assert said in " ".join(recorded.log)
        assert "safe state confirmed" in " ".join(recorded.log)


def test_a_quench_ends_the_run_and_asks_for_a_person(struck: Struck) -> None:
    outcome, models = struck("g2", "quench", "ami430", DURING_G2_S, (("duration", "20"), ("batch", "1")))
    assert (outcome.exit_status, outcome.exit_code) == ("aborted", 4)
    assert "ami430 has QUENCHED" in outcome.message
    assert "reset the quench at the supply's front panel" in outcome.unsafe
    assert models.ami430.is_quenched(), "nobody but a person resets it"
    assert is_safe(models)


def test_light_on_the_detectors_ends_the_run_within_seconds(struck: Struck, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_faults, "FLOOD_HZ", 3e6)  # enough; more would only cost time here
    outcome, models = struck("esr", "overload", "id900", 130.0)
    assert (outcome.exit_status, outcome.exit_code) == ("aborted", 3)
    assert "above the station's limit of 2e+06 Hz" in outcome.message
    assert outcome.duration_s < 130.0 + 10.0
    assert is_safe(models)


def test_a_lost_cryostat_aborts_the_run_in_the_safe_state(struck: Struck) -> None:
    outcome, models = struck("g2", "disconnect", "cryostation", DURING_G2_S)
    assert (outcome.exit_status, outcome.exit_code) == ("aborted", 3)
    assert "cannot be read" in outcome.message
    assert is_safe(models)
    assert any("cryostation: " in note for note in outcome.notes), "what was not confirmed is told"


@pytest.mark.parametrize(
    ("instrument", "by_hand"),
    [
        ("ami430", "press PAUSE on the programmer"),
        ("smb100a", "switch RF off at the generator's front panel"),
        ("chameleon", "close its shutter or turn its key"),
        ("opo-vis", "close its shutter or turn its key"),
        ("sc10", "block the beam by hand"),
    ],
)
def test_what_cannot_be_confirmed_is_exit_code_4_with_instructions(
    instrument: str, by_hand: str, struck: Struck
) -> None:
    outcome, models = struck("g2", "disconnect", instrument, DURING_G2_S)
    assert outcome.exit_code == 4
    assert by_hand in outcome.unsafe
    assert is_dark(models)


def test_gates_without_a_connection_are_told_but_light_and_rf_are_off(struck: Struck) -> None:
    outcome, models = struck("g2", "disconnect", "dg645", DURING_G2_S)
    assert outcome.exit_code in (0, 1)
    assert "gates" in outcome.notes[0]
    assert "the bench is safe without it" in outcome.notes[0]
    assert is_safe(models)


@pytest.mark.parametrize(("fault", "said", "code"), [("quench", "QUENCHED", 4), ("stuck_busy", "end of ramp", 3)])
def test_a_fault_in_a_ramp_ends_it(fault: str, said: str, code: int, struck: Struck) -> None:
    settings = (("field_points", "2"), ("field_stop", "1.0"))
    outcome, models = struck("polarised-pl", fault, "ami430", RAMPING_S, settings)
    assert outcome.exit_code == code
    assert said in outcome.message
    assert is_dark(models)


def test_other_instruments_are_watched_in_a_ramp(struck: Struck) -> None:
    settings = (("field_points", "2"), ("field_stop", "1.0"))
    outcome, models = struck("polarised-pl", "warming", "cryostation", RAMPING_S, settings)
    assert outcome.exit_code == 3
    assert outcome.duration_s < RAMPING_S + 10.0
    assert models.ami430.state() is MagnetState.PAUSED, "the ramp was paused, not finished"


@pytest.mark.parametrize("fault", ["drop", "garble", "truncate"])
@pytest.mark.parametrize("instrument", ["sc10", "cryostation"])
def test_one_spoilt_reply_to_a_watched_instrument_leaves_the_bench_safe(
    fault: str, instrument: str, struck: Struck
) -> None:
    outcome, models = struck("g2", fault, instrument, DURING_G2_S)
    assert outcome.exit_code in (0, 1, 3)
    assert is_safe(models)
