"""The pumping transient against rate equations of a whole spin ladder, written out here."""

import numpy as np
import numpy.typing as npt
import pytest
from scipy.linalg import expm

from analysis.transient import TransientFit, cut_window, fit_memory, fit_transient, fluorescence, window_total

FloatArray = npt.NDArray[np.float64]

GATE_NS, GAP_NS, PROBE_NS = 1000.0, 300.0, 200.0
BIN_NS = 2.0
STEP_NS = 0.5
LIFETIME_NS = 15.0


def ladder(saturation: float, flip_ns: float, mixing_ns: float) -> FloatArray:
    """Rates of six ground states and their excitons: light on the top one, flips down the ladder, return by mixing."""
    rate = np.zeros((12, 12))

    def add(start: int, stop: int, value: float) -> None:
        rate[stop, start] += value
        rate[start, start] -= value

    pump = saturation / (2 * LIFETIME_NS)
    add(5, 11, pump)
    add(11, 5, pump)
    for k in range(6):
        add(6 + k, k, 1 / LIFETIME_NS)
    for k in range(5):
        add(6 + k + 1, 6 + k, 1 / flip_ns)
    for a in range(6):
        for b in range(6):
            if a != b and saturation > 1e-6:
                add(a, b, 1 / mixing_ns / 6)
    return rate


def evolve(state: FloatArray, rate: FloatArray, duration_ns: float) -> tuple[FloatArray, FloatArray]:
    """Exciton population averaged over each histogram bin, and the state at the end."""
    step = expm(rate * STEP_NS)
    excitons = np.empty(round(duration_ns / STEP_NS))
    for k in range(excitons.size):
        excitons[k] = state[6:].sum()
        state = step @ state
    return excitons.reshape(-1, round(BIN_NS / STEP_NS)).mean(axis=1), state


def experiment(
    saturation: float = 2.0,
    flip_ns: float = 30.0,
    mixing_ns: float = 300.0,
    photons: float = 1e4,
    background: float = 0.02,
    delay_ns: float = 0.0,
) -> tuple[FloatArray, float]:
    """Expected counts per bin of 20 ns dark, pump, gap, probe, 400 ns dark, and the true efficiency."""
    light, dark = ladder(saturation, flip_ns, mixing_ns), ladder(1e-9, flip_ns, mixing_ns)
    start = np.append(np.full(6, 1 / 6), np.zeros(6))
    pump, end = evolve(start, light, GATE_NS)
    gap, after = evolve(end, dark, GAP_NS)
    probe, late = evolve(after, light, PROBE_NS)
    tail, _ = evolve(late, dark, 400.0)
    signal = np.concatenate((np.zeros(10), pump, gap, probe, tail))
    if delay_ns:  # half the photons are seen by a second detector behind a longer cable
        time = np.arange(signal.size) * BIN_NS
        signal = 0.5 * (signal + np.interp(time - delay_ns, time, signal, left=0.0))
    efficiency = 1 - (end[5] + end[11]) / (1 / 6)
    return photons * signal / pump.sum() + background * BIN_NS, efficiency


def fitted(counts: FloatArray) -> TransientFit:
    time = np.arange(counts.size) * BIN_NS - 20.0
    window = cut_window(time, counts, 0.0, GATE_NS, 150.0)
    stop = time[-1] + BIN_NS
    return fit_transient(window, *window_total(time, counts, [(stop - 200.0, stop)]))


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"saturation": 1.0},
        {"mixing_ns": 150.0},
        {"flip_ns": 15.0},
        {"delay_ns": 3.7},
    ],
    ids=str,
)
def test_extrapolation_bias_is_far_below_the_error(settings: dict[str, float]) -> None:
    expected, truth = experiment(**settings)
    fit = fitted(expected)  # no noise: what is left is bias; the error is that of 1e4 photons
    assert abs(fit.efficiency - truth) < fit.efficiency_error / 3
    assert fit.time_ns == pytest.approx(fitted(100.0 * expected).time_ns, rel=0.05)


def test_interval_covers_the_truth() -> None:
    expected, truth = experiment(mixing_ns=200.0)
    inside = []
    for seed in range(200):
        counts = np.random.default_rng(seed).poisson(expected).astype(float)
        low, high = fitted(counts).efficiency_interval
        inside.append(low <= truth <= high)
    assert np.mean(inside) == pytest.approx(0.68, abs=0.08)


def test_pumping_time_is_the_slow_time_of_the_ladder() -> None:
    saturation, flip, mixing = 2.0, 30.0, 300.0
    expected, _ = experiment(saturation, flip, mixing, photons=1e6)
    light = ladder(saturation, flip, mixing)
    start = np.append(np.full(6, 1 / 6), np.zeros(6))
    populations = [float((expm(light * t) @ start)[[5, 11]].sum()) for t in (40.0, 80.0, 120.0)]
    slow = 40.0 / np.log((populations[0] - populations[1]) / (populations[1] - populations[2]))
    assert fitted(expected).time_ns == pytest.approx(slow, rel=0.05)


def test_no_pumping_is_a_clean_statement() -> None:
    seen = []
    for seed in range(12):
        expected, _ = experiment(flip_ns=1e9, mixing_ns=1e9)
        fit = fitted(np.random.default_rng(seed).poisson(expected).astype(float))
        seen.append(fit.significance > 3.0)
        assert 0.0 < fit.efficiency_limit < 0.4
    assert sum(seen) <= 1


def test_no_light_is_refused_with_the_reason() -> None:
    counts = np.random.default_rng(1).poisson(np.full(960, 0.5)).astype(float)
    with pytest.raises(ValueError, match="no fluorescence during the pump"):
        fitted(counts)


def test_memory_tells_keeping_from_forgetting() -> None:
    expected, efficiency = experiment(photons=2e5)
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
