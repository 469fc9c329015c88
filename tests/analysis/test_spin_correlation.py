"""The dopant's flips from the correlations of two lines."""

import numpy as np
import pytest

from analysis.errors import AnalysisError
from analysis.log_correlation import log_edges_ps
from analysis.spin_correlation import correlate_lines, fit_flip_time, results

SECOND = 10**12
FLIPS_PER_S = 2e3  # from each of six states to each other
EDGES_PS = log_edges_ps(2 * 10**6, 2 * 10**10, 6)
DURATION_S = 8.0


def two_lines(rng: np.random.Generator, *, background: float = 0.0, blinks_per_s: float = 0.0) -> list[np.ndarray]:
    """Photons of the two outer lines of a spin 5/2 that flips at equal rates, with background and blinking."""
    waits = rng.exponential(1.0 / (5 * FLIPS_PER_S), int(DURATION_S * 5 * FLIPS_PER_S * 1.1))
    border = np.concatenate([[0.0], np.cumsum(waits)])
    border = np.append(border[border < DURATION_S], DURATION_S)
    spin = np.cumsum(rng.integers(1, 6, border.size - 1)) % 6
    counts = rng.poisson(6e4 * np.diff(border))
    times = np.repeat(border[:-1], counts) + rng.random(counts.sum()) * np.repeat(np.diff(border), counts)
    spin = np.repeat(spin, counts)
    if blinks_per_s:
        switches = np.cumsum(rng.exponential(1.0 / blinks_per_s, int(DURATION_S * blinks_per_s * 1.3)))
        on = np.searchsorted(switches, times) % 2 == 0
        times, spin = times[on], spin[on]
    lines = []
    for state in (0, 5):
        own = times[spin == state]
        dark = rng.random(rng.poisson(background * own.size)) * DURATION_S
        lines.append(np.sort((np.concatenate([own, dark]) * SECOND).astype(np.int64)))
    return lines


def test_relaxation_dwell_and_contrast_of_six_equal_states() -> None:
    z = []
    for seed in range(4):
        found = fit_flip_time(correlate_lines(*two_lines(np.random.default_rng(seed)), DURATION_S, edges_ps=EDGES_PS))
        z.append((found.relaxation_s - 1 / (6 * FLIPS_PER_S)) / found.relaxation_stderr_s)
        z.append((found.dwell_a_s - 1 / (5 * FLIPS_PER_S)) / found.dwell_a_stderr_s)
        assert found.contrast[0] == pytest.approx(5.0, abs=5.0 * found.contrast_stderr[0])
        assert found.contrast[2] == pytest.approx(-1.0, abs=5.0 * found.contrast_stderr[2] + 0.01)
        assert found.blinking == ()
    assert np.abs(z).max() < 4.0
    assert found.relaxation_stderr_s < 0.05 * found.relaxation_s


def test_blinking_of_the_whole_dot_is_not_taken_for_the_spin() -> None:
    lines = correlate_lines(*two_lines(np.random.default_rng(1), blinks_per_s=250.0), DURATION_S, edges_ps=EDGES_PS)
    found = fit_flip_time(lines)
    assert len(found.blinking) == 1
    assert found.blinking[0] == pytest.approx((1.0, 1 / 500), rel=0.15)
    assert found.relaxation_s == pytest.approx(1 / (6 * FLIPS_PER_S), abs=4.0 * found.relaxation_stderr_s)
    assert lines.ratio[-1] == pytest.approx(1.0, abs=0.1)  # blinking cancels, the spin is forgotten
    assert lines.ratio[0] > 5.0


def test_background_is_put_right_by_the_purity() -> None:
    rng = np.random.default_rng(2)
    first, second = two_lines(rng, background=0.25)
    split = [rng.random(line.size) < 0.5 for line in (first, second)]
    lines = correlate_lines(
        (first[split[0]], first[~split[0]]), (second[split[1]], second[~split[1]]), DURATION_S, edges_ps=EDGES_PS
    )
    found = fit_flip_time(lines, purity=(0.8, 0.8), blinking=False)
    assert found.dwell_a_s == pytest.approx(1 / (5 * FLIPS_PER_S), abs=4.0 * found.dwell_a_stderr_s)
    assert found.contrast[0] == pytest.approx(5.0, abs=4.0 * found.contrast_stderr[0])
    assert results(found)["dwell_time_a"].unit == "s"


def test_light_without_spin_is_refused() -> None:
    rng = np.random.default_rng(3)
    first, second = (np.sort(rng.integers(0, int(DURATION_S * SECOND), 20_000)) for _ in range(2))
    lines = correlate_lines(first, second, DURATION_S, edges_ps=EDGES_PS)
    with pytest.raises(AnalysisError, match="no memory of the spin"):
        fit_flip_time(lines, blinking=False)


def test_input_that_makes_no_sense_is_refused() -> None:
    some = np.sort(np.random.default_rng(0).integers(0, SECOND, 500))
    few = correlate_lines(some, some, 1.0, edges_ps=np.array([10**6, 2 * 10**6, 3 * 10**6]))
    with pytest.raises(AnalysisError, match="needs 8"):
        fit_flip_time(few)
    with pytest.raises(AnalysisError, match="purity"):
        fit_flip_time(few, purity=(0.0, 1.0))
