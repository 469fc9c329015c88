"""Helpers of the spin experiments and of the spectra."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from procedures.errors import RefusedError
from procedures.light import refuse_fast_trigger
from procedures.line_scan import lorentzian_centre
from procedures.resonance import (
    brightness_monitor,
    histogram_bins,
    histogram_times_ns,
    nm_of_mev,
    window_counts,
)
from procedures.sequence import PulseSequence, plan_sequence
from procedures.spectra import _line_counts
from procedures.units import energy_mev

SHIFTS_NM = np.linspace(-0.1, 0.1, 21)


def planned(laser_rate_hz: float = 80e6) -> PulseSequence:
    return plan_sequence(laser_rate_hz=laser_rate_hz, reset_ns=200.0, pump_ns=1000.0, dark_ns=300.0, probe_ns=200.0)


def scan(centre_nm: float, height: float = 500.0) -> np.ndarray:
    return 50.0 + height / (1.0 + ((SHIFTS_NM - centre_nm) / 0.015) ** 2)


@given(st.floats(1e6, 200e6))
def test_histogram_ends_with_the_cycle_at_any_laser_rate(laser_rate_hz: float) -> None:
    sequence = planned(laser_rate_hz)
    end_ns = histogram_times_ns(sequence)[-1] + 2.0
    assert sequence.period_ns - 2.0 < end_ns <= sequence.period_ns
    assert sequence.probe_stop_ns < end_ns


@given(start=st.integers(0, 500), width=st.integers(0, 400))
def test_neighbouring_windows_neither_share_nor_lose_a_bin(start: int, width: int) -> None:
    histogram = np.random.default_rng(1).poisson(3.0, 1000).astype(float)
    whole = window_counts(histogram, 2.0 * start, 4.0 * width)
    parts = window_counts(histogram, 2.0 * start, 2.0 * width)
    parts += window_counts(histogram, 2.0 * (start + width), 2.0 * width)
    assert whole == parts


def test_window_counts_the_bins_inside_it() -> None:
    histogram = np.zeros(100)
    histogram[10:20] = 1.0  # 20 to 40 ns
    assert window_counts(histogram, 20.0, 20.0) == 10.0
    assert window_counts(histogram, 18.0, 2.0) == 0.0
    assert window_counts(histogram, 40.0, 2.0) == 0.0


def test_monitor_counts_the_reset_only() -> None:
    histogram = np.zeros(histogram_bins(planned()))
    histogram[:100], histogram[100:] = 2.0, 7.0
    assert brightness_monitor(histogram, planned()) == 200.0


@given(st.floats(1500.0, 2500.0), st.floats(-0.5, 0.5))
def test_small_step_in_energy_is_the_step_in_wavelength(at_mev: float, delta_mev: float) -> None:
    here_nm = energy_mev(at_mev)  # hc/E: its own inverse
    assert energy_mev(here_nm - nm_of_mev(at_mev, delta_mev)) == pytest.approx(at_mev + delta_mev, abs=3e-4)


@given(st.floats(-0.06, 0.06))
def test_centre_of_the_resonance_is_found(centre_nm: float) -> None:
    assert lorentzian_centre(SHIFTS_NM, scan(centre_nm), np.ones(21)) == pytest.approx(centre_nm, abs=1e-3)


def test_blinking_does_not_shift_the_resonance() -> None:
    bright = np.where(SHIFTS_NM < 0.0, 1.0, 0.3)
    assert lorentzian_centre(SHIFTS_NM, scan(0.0) * bright, 1000 * bright) == pytest.approx(0.0, abs=2e-3)


def test_dark_moment_of_the_dot_does_not_hide_the_resonance() -> None:
    bright, dark_counts = np.ones(21), 150.0
    bright[0] = 0.1  # detector dark counts go on: relative to the monitor this point looks bright
    counts = scan(0.02) * bright + dark_counts
    assert lorentzian_centre(SHIFTS_NM, counts, 9000 * bright) == pytest.approx(0.02, abs=2e-3)


def test_flat_scan_is_refused() -> None:
    with pytest.raises(RefusedError, match="no resonance in a scan of ±100 pm"):
        lorentzian_centre(SHIFTS_NM, scan(0.0, height=0.0), np.ones(21))


def test_laser_that_did_not_move_is_refused() -> None:
    with pytest.raises(RefusedError, match="did not move"):
        lorentzian_centre(np.zeros(21), scan(0.0), np.ones(21))


@pytest.mark.parametrize(("divider", "allowed"), [(8, False), (9, True), (16, True)])
def test_trigger_leaves_the_delay_generator_its_recovery(divider: int, allowed: bool) -> None:
    if allowed:
        refuse_fast_trigger(divider, 80e6)
    else:
        with pytest.raises(RefusedError, match="use at least 9"):
            refuse_fast_trigger(divider, 80e6)


def test_laser_line_is_summed_above_its_background() -> None:
    axis_nm = np.linspace(600.0, 610.0, 501)
    counts = np.full(501, 20.0)
    counts[248:253] += 1000.0
    total, error = _line_counts(axis_nm, counts, 605.0, read_noise=4.0)
    assert total == pytest.approx(5000.0)
    assert error > np.sqrt(5000.0)


def test_laser_line_beside_the_camera_is_refused() -> None:
    with pytest.raises(RefusedError, match="is not on the camera, which sees 600 to 610 nm"):
        _line_counts(np.linspace(600.0, 610.0, 501), np.ones(501), 611.0, read_noise=4.0)
