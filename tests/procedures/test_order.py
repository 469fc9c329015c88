"""The order of operations: what a careful person does at the bench, whatever the experiment."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from procedures.errors import RefusedError, StoppedError
from procedures.registry import PROCEDURES, load

SHORT: dict[str, dict[str, object]] = {
    "g2": {"duration": 4.0, "batch": 2.0},
    "polarised-pl": {"repeats": 3, "exposure_time": 1.0},
    "spin-pumping": {"duration": 4.0, "batches": 2},
    "esr": {"frequency_points": 8, "counting_time": 1.0},
}

Perform = Callable[..., Any]


def with_shutter(calls: list[tuple[Any, ...]]) -> Iterator[tuple[bool, tuple[Any, ...]]]:
    """Every call with the state of the beam shutter at that moment (open: unknown before the first command)."""
    is_open = True
    for call in calls:
        if call[0] == "shutter":
            is_open = call[1] == "open"
        yield is_open, call


@pytest.fixture(params=PROCEDURES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_shutter_is_never_open_while_a_laser_tunes(name: str, bench: Any, perform: Perform) -> None:
    perform(load(name)(**SHORT[name]))
    tunings = [is_open for is_open, call in with_shutter(bench.calls) if call[1] == "tune"]
    assert tunings
    assert not any(tunings)


def test_shutter_is_never_open_while_the_spectrograph_moves(name: str, bench: Any, perform: Perform) -> None:
    bench.did("shutter", "close")  # as the engine leaves it before every run
    calls_before = len(bench.calls)
    bench.calls.clear()
    perform(load(name)(**SHORT[name]))
    assert calls_before == 1
    states = list(with_shutter([("shutter", "close"), *bench.calls]))
    assert not any(is_open for is_open, call in states if call[0] == "spectrograph")


def test_everything_is_dark_at_the_end(name: str, bench: Any, perform: Perform) -> None:
    perform(load(name)(**SHORT[name]))
    assert [call for call in bench.calls if call[0] == "shutter"][-1] == ("shutter", "close")
    for laser in ("readout_laser", "pulse_source", "resonant_laser"):
        assert not bench.players[laser].is_open, laser


def test_light_is_counted_only_with_the_shutter_open(name: str, bench: Any, perform: Perform) -> None:
    perform(load(name)(**SHORT[name]))
    recordings = [
        is_open for is_open, call in with_shutter(bench.calls) if call[1] in {"expose", "histogram", "tags", "rates"}
    ]
    assert recordings
    assert all(recordings)


def test_counters_that_would_be_blinded_end_the_run_behind_a_closed_shutter(bench: Any, perform: Perform) -> None:
    bench.players["time_tagger"].rate_hz = 1e7
    with pytest.raises(RefusedError, match=r"counts 1e\+07 Hz, above the station's limit of 2e\+06 Hz"):
        perform(load("g2")())
    assert bench.calls[-1] == ("shutter", "close")
    assert not any(call[1] == "tags" for call in bench.calls)


def test_a_stop_is_heard_before_the_next_exposure(bench: Any, perform: Perform) -> None:
    with pytest.raises(StoppedError, match="stopped by the operator while pointing the spectrograph"):
        perform(load("polarised-pl")(), stop=lambda: True)
    assert not any(call[1] == "expose" for call in bench.calls)


REFUSALS = [
    ("g2", {"pulse_divider": 2}, "delay generator needs 100 ns"),
    ("g2", {"excitation_wavelength": 700.0}, "outside the range of the_readout_laser, 500 to 650 nm"),
    ("g2", {"emission_wavelength": 5.0}, "not red of excitation_wavelength"),
    ("polarised-pl", {"pulse_divider": 2}, "delay generator needs 100 ns"),
    ("polarised-pl", {"emission_wavelength": 648.0}, "the calibration's light, 652 nm, is outside the range"),
    ("polarised-pl", {"field_points": 2, "field_stop": -6.0}, "field sweep to 6 T exceeds the station's limit of 5 T"),
    ("spin-pumping", {"excitation_wavelength": 480.0}, "outside the range of the_readout_laser"),
    ("spin-pumping", {"emission_wavelength": 700.0}, "outside the range of the_resonant_laser"),
    ("esr", {"frequency_start": 30.0, "frequency_stop": 31.0}, "leaves the range of the_microwave"),
    ("esr", {"frequency_start": 3.0, "frequency_stop": 2.0}, "must lie above"),
    ("esr", {"microwave_power": 20.0}, "exceeds the station's limit of 10 dBm"),
    ("esr", {"minimum_field": 6.0}, "exceeds the station's limit of 5 T"),
    ("esr", {"probe_window": 500.0}, "longer than probe_time"),
]


@pytest.mark.parametrize(("procedure", "settings", "reason"), REFUSALS)
def test_refusal_comes_before_anything_moves(
    procedure: str, settings: dict[str, object], reason: str, bench: Any, perform: Perform
) -> None:
    with pytest.raises(RefusedError, match=reason):
        perform(load(procedure)(**settings))
    assert bench.calls == []


def test_sample_without_emission_is_refused_before_anything_moves(name: str, bench: Any, perform: Perform) -> None:
    with pytest.raises(RefusedError, match="states no emission_mev"):
        perform(load(name)(), sample={})
    assert bench.calls == []


def test_laser_that_cannot_be_shifted_is_refused(bench: Any, perform: Perform) -> None:
    bench.players["resonant_laser"] = bench.players["readout_laser"]
    with pytest.raises(RefusedError, match="cannot be shifted by picometres"):
        perform(load("spin-pumping")())
    assert bench.calls == []
