"""Correlations of single lines of a Mn dot: the spin's memory, as seen by Besombes et al., PRB 78, 125324 (2008)."""

from itertools import pairwise

import numpy as np
import pytest

from sims.dot.response import Dot
from sims.dot.stimulus import ContinuousLight, Cycle, PulsedLight, Segment
from sims.photons.correlation import expected_correlation
from sims.photons.from_dot import continuous_process, jump_process
from sims.photons.process import FloatArray, JumpProcess
from sims.photons.source import PhotonSource

PAIRS_PER_NS = 0.3


def outer_lines(dot: Dot) -> tuple[FloatArray, FloatArray]:
    """Weights that pick the highest and the lowest strong sigma-plus exciton line."""
    lines = dot.transitions
    strong = np.flatnonzero((lines.kind == "exciton") & (lines.stokes[:, 3] > 0.3))
    order = strong[np.argsort(lines.energy_mev[strong])]
    high, low = np.zeros(len(lines)), np.zeros(len(lines))
    high[order[-1]], low[order[0]] = 1.0, 1.0
    return high, low


@pytest.fixture(scope="module")
def pumped(cdte_dot: Dot) -> JumpProcess:
    one_watt = cdte_dot.mean_pairs(PulsedLight(0.0, 2300.0, 1.0, 1.0, (0.0, 0.0, 0.0)))
    light = ContinuousLight(2300.0, 1.0, PAIRS_PER_NS * 1e9 / one_watt, (0.0, 0.0, 0.0))
    return continuous_process(cdte_dot, light)


def measured(times_ps: np.ndarray, other_ps: np.ndarray, edges_ns: np.ndarray, duration_s: float) -> np.ndarray:
    """g2 in bins of positive delay, from every pair."""
    edges = 1e3 * edges_ns
    counts = np.zeros(edges.size - 1)
    for t in times_ps:
        near = other_ps[np.searchsorted(other_ps, t, side="right") : np.searchsorted(other_ps, t + edges[-1])]
        counts += np.histogram(near - t, edges)[0]
    return np.asarray(counts / (times_ps.size * other_ps.size * np.diff(edges) * 1e-12 / duration_s))


def test_one_line_is_bunched_and_two_lines_are_first_antibunched(cdte_dot: Dot, pumped: JumpProcess) -> None:
    high, low = outer_lines(cdte_dot)
    delay_ns = np.array([0.0, 1.0, 3.0, 10.0, 20.0, 1000.0])
    auto = expected_correlation(pumped, high, high, delay_ns)
    cross = expected_correlation(pumped, high, low, delay_ns)
    assert auto[0] == pytest.approx(0.0, abs=1e-9)  # one photon at a time
    assert auto[3] > 2.0  # six spin states: the same line again is likelier, up to 6 times
    assert cross[:4].max() < 0.7
    assert [auto[-1], cross[-1]] == pytest.approx([1.0, 1.0], abs=0.02)


def test_the_bunching_decays_in_tens_of_ns(cdte_dot: Dot, pumped: JumpProcess) -> None:
    high, _ = outer_lines(cdte_dot)
    delay_ns = np.linspace(5, 300, 296)
    excess = expected_correlation(pumped, high, high, delay_ns) - 1
    fall_ns = delay_ns[np.argmax(excess < excess[0] / np.e)] - delay_ns[0]
    assert 5 < fall_ns < 100


def test_the_stream_has_these_correlations(cdte_dot: Dot, pumped: JumpProcess) -> None:
    high, low = outer_lines(cdte_dot)
    source = PhotonSource(pumped, np.stack([0.5 * high, 0.5 * low]))
    duration_s = 2e-3
    events = source.stream(duration_s, np.random.default_rng(4))
    first, second = (events.time_ps[events.detector == d] for d in (0, 1))
    edges_ns = np.array([0.0, 2.0, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0])
    fine = np.linspace(0.0, 160.0, 1601)
    for a, b, weights in ((first, first, (high, high)), (first, second, (high, low)), (second, first, (low, high))):
        g2 = expected_correlation(pumped, *weights, fine)
        middle = (g2[1:] + g2[:-1]) / 2
        expected = [middle[(fine[:-1] >= lo) & (fine[:-1] < hi - 1e-9)].mean() for lo, hi in pairwise(edges_ns)]
        found = measured(a, b, edges_ns, duration_s)
        pairs = np.array(expected) * a.size * b.size * np.diff(edges_ns) * 1e-9 / duration_s
        assert np.all(np.abs(found - expected) < 5 * np.sqrt(np.array(expected) ** 2 / pairs) + 0.05)


def test_a_pulse_train_remembers_the_spin_over_many_pulses(cdte_dot: Dot) -> None:
    one = cdte_dot.mean_pairs(PulsedLight(0.0, 2300.0, 1.0, 1.0, (0.0, 0.0, 0.0)))
    cycle = Cycle((Segment(12.5),), (PulsedLight(0.0, 2300.0, 1.0, 0.1 / one, (0.0, 0.0, 0.0)),))
    high, low = outer_lines(cdte_dot)
    source = PhotonSource(jump_process(cdte_dot, cycle), np.stack([0.9 * high, 0.9 * low]))
    events = source.stream(0.02, np.random.default_rng(9))
    cycle_number = events.time_ps // 12_500
    n = int(cycle_number[-1]) + 1
    train = [np.bincount(cycle_number[events.detector == d], minlength=n).astype(float) for d in (0, 1)]
    auto, cross = ((train[0][:-k] @ train[d][k:]) / n / train[0].mean() / train[d].mean() for d, k in ((0, 5), (1, 5)))
    assert auto > 2.0
    assert cross < 0.7


def strong_lines(dot: Dot, sign: int) -> list[FloatArray]:
    """Weights that pick each strong exciton line of one circular polarisation, from low to high energy."""
    lines = dot.transitions
    strong = np.flatnonzero((lines.kind == "exciton") & (sign * lines.stokes[:, 3] > 0.3))
    return list(np.eye(len(lines))[strong[np.argsort(lines.energy_mev[strong])]])


@pytest.fixture(scope="module")
def weakly_pumped(cdte_dot: Dot) -> JumpProcess:
    """0.05 pairs a nanosecond."""
    one_watt = cdte_dot.mean_pairs(PulsedLight(0.0, 2300.0, 1.0, 1.0, (0.0, 0.0, 0.0)))
    return continuous_process(cdte_dot, ContinuousLight(2300.0, 1.0, 0.05e9 / one_watt, (0.0, 0.0, 0.0)))


def test_neighbouring_lines_are_antibunched_and_then_bunched(cdte_dot: Dot, weakly_pumped: JumpProcess) -> None:
    """One spin flip leads from a line to its neighbour: first it has not happened, then it is likelier than chance."""
    plus = strong_lines(cdte_dot, 1)
    assert len(plus) == 6
    delay_ns = np.array([0.0, 3.0, 10.0, 50.0, 100.0, 200.0, 5000.0])
    near = expected_correlation(weakly_pumped, plus[-1], plus[-2], delay_ns)
    far = expected_correlation(weakly_pumped, plus[-1], plus[0], delay_ns)
    assert near[:3].max() < 0.4
    assert near[4:6].min() > 1.3
    assert near[-1] == pytest.approx(1.0, abs=1e-2)
    # Five flips away: antibunched for longer, and never bunched.
    assert np.all(far[1:-1] < near[1:-1])
    assert far.max() < 1.01


def test_lines_of_one_spin_in_both_polarisations_are_bunched(cdte_dot: Dot, weakly_pumped: JumpProcess) -> None:
    """The highest sigma-plus and the lowest sigma-minus line belong to one spin state, the two highest to opposite."""
    plus, minus = strong_lines(cdte_dot, 1), strong_lines(cdte_dot, -1)
    delay_ns = np.array([3.0, 10.0, 50.0, 5000.0])
    same = expected_correlation(weakly_pumped, plus[-1], minus[0], delay_ns)
    opposite = expected_correlation(weakly_pumped, plus[-1], minus[-1], delay_ns)
    assert same[:3].min() > 4.0
    assert opposite[:3].max() < 0.05
    assert [same[-1], opposite[-1]] == pytest.approx([1.0, 1.0], abs=1e-2)


def test_weaker_light_lets_the_spin_rest_longer(cdte_dot: Dot, pumped: JumpProcess, weakly_pumped: JumpProcess) -> None:
    """Flips come with the excitons: the bunching of one line lasts longer under weaker light."""
    top, delay_ns = strong_lines(cdte_dot, 1)[-1], np.array([100.0])
    strong, weak = (expected_correlation(process, top, top, delay_ns)[0] for process in (pumped, weakly_pumped))
    assert weak > strong + 1.0
