"""The pumping transient against rate equations of a whole spin ladder (benchmarks/pump_ladder.py)."""

from math import exp

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pump_ladder import BIN_NS, GAP_NS, GATE_NS, PROBE_NS, Ladder, experiment, fitted, pumping_time_ns

from analysis.transient import cut_window, fit_memory, fluorescence, window_total
from analysis.transient_model import N_PUMP, SLOW_SHARE, SLOWNESS, SPLIT, TIME, relaxation


@pytest.mark.parametrize(
    "ladder",
    [
        Ladder(),
        Ladder(saturation=1.0),
        Ladder(mixing_ns=150.0),
        Ladder(flip_ns=15.0),
        Ladder(mixing_ns=150.0, neighbours=1.0),
    ],
    ids=str,
)
def test_bias_of_the_efficiency_is_far_below_the_error(ladder: Ladder) -> None:
    expected, truth = experiment(ladder)
    fit = fitted(expected)  # no noise: what is left is bias; the error is that of 1e4 photons
    assert abs(fit.efficiency - truth) < fit.efficiency_error / 3
    assert fit.time_ns == pytest.approx(fitted(100.0 * expected).time_ns, rel=0.05)


def test_many_photons_do_not_make_a_wrong_number_certain() -> None:
    """A million photons of a spin that fades with several times: one time alone is off by many errors."""
    ladder = Ladder(mixing_ns=150.0, neighbours=0.8)
    expected, truth = experiment(ladder, photons=1e6)
    fit = fitted(expected)
    assert abs(fit.efficiency - truth) < fit.efficiency_error
    assert fit.time_ns == pytest.approx(pumping_time_ns(ladder), abs=2 * fit.time_error_ns)
    assert fit.fit.values[SLOW_SHARE] > 2 * fit.fit.errors[SLOW_SHARE]
    assert fit.fit.deviance < 10.0  # without noise the right model leaves nothing


def test_the_longer_cable_of_one_detector_is_found() -> None:
    expected, truth = experiment(Ladder(), photons=1e6, split_ns=3.7)
    fit = fitted(expected)
    assert fit.fit.values[SPLIT] == pytest.approx(3.7, abs=0.2)
    assert abs(fit.efficiency - truth) < fit.efficiency_error


def test_interval_covers_the_truth() -> None:
    """Small version of the row in docs/reference/intervals.md: within 2.6 standard deviations of 40 sets."""
    expected, truth = experiment(Ladder(mixing_ns=200.0, neighbours=0.5))
    inside = []
    for seed in range(40):
        counts = np.random.default_rng(seed).poisson(expected).astype(float)
        low, high = fitted(counts).efficiency_interval
        inside.append(low <= truth <= high)
    assert np.mean(inside) == pytest.approx(0.68, abs=0.19)


def test_pumping_time_is_the_slow_time_of_the_ladder() -> None:
    expected, _ = experiment(Ladder(), photons=1e6)
    assert fitted(expected).time_ns == pytest.approx(pumping_time_ns(Ladder()), rel=0.02)


@given(time=st.floats(8.0, 3000.0), share=st.floats(-0.3, 0.3), slowness=st.floats(1.5, 12.0))
def test_excess_has_fallen_to_1_over_e_after_the_pumping_time(time: float, share: float, slowness: float) -> None:
    theta = np.zeros(N_PUMP)
    theta[[TIME, SLOW_SHARE, SLOWNESS]] = time, share, slowness
    parts = relaxation(theta)
    assert sum(part for part, _ in parts) == pytest.approx(1.0)
    assert sum(part * exp(-time / tau) for part, tau in parts) == pytest.approx(exp(-1.0))


def test_no_pumping_is_a_clean_statement() -> None:
    seen = []
    for seed in range(12):
        expected, _ = experiment(Ladder(flip_ns=1e9, mixing_ns=1e9))
        fit = fitted(np.random.default_rng(seed).poisson(expected).astype(float))
        seen.append(fit.significance > 3.0)
        assert 0.0 < fit.efficiency_limit < 0.4
    assert sum(seen) <= 1


def test_no_light_is_refused_with_the_reason() -> None:
    counts = np.random.default_rng(1).poisson(np.full(960, 0.5)).astype(float)
    with pytest.raises(ValueError, match="no fluorescence during the pump"):
        fitted(counts)


def test_memory_tells_keeping_from_forgetting() -> None:
    expected, efficiency = experiment(Ladder(), photons=2e5)
    time = np.arange(expected.size) * BIN_NS - 20.0
    fit = fitted(expected)
    start = GATE_NS + GAP_NS
    kept = fit_memory(fit, cut_window(time, expected, start, PROBE_NS), 4.0, 200.0)
    assert kept[0] == pytest.approx(1.0, abs=0.1)
    forgot = expected.copy()
    forgot[time >= start] = 0.04
    copied = (time >= start) & (time < start + PROBE_NS)
    forgot[copied] = expected[(time >= 0) & (time < PROBE_NS)]
    value, error = fit_memory(fit, cut_window(time, forgot, start, PROBE_NS), 4.0, 200.0)
    assert value == pytest.approx(1 / (1 - efficiency), rel=0.05)
    assert 0 < error < 0.2


def test_windows_take_whole_bins_only() -> None:
    time, counts = np.arange(0.0, 100.0, 2.0), np.ones(50)
    assert window_total(time, counts, [(10.0, 20.0)]) == (5.0, 10.0)
    assert window_total(time, counts, [(11.0, 20.0)]) == (4.0, 8.0)
    with pytest.raises(ValueError, match="fewer than 8 bins"):
        cut_window(time, counts, 90.0, 10.0)
    assert fluorescence(cut_window(time, counts, 30.0, 40.0), 10.0, 20.0)[0] == pytest.approx(0.0)
