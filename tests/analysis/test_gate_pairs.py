"""Counting gate pairs chunk by chunk: every pair once, whatever the chunks and the order of the photons in them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import gate_pairs
from analysis.gate_pairs import GatePairCounter, GatePairs

LATE, STEPS = 4, 50


def photons(seed: int, n: int, n_pulses: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pulse, step and detector (0, 1), out of order by up to LATE pulses."""
    rng = np.random.default_rng(seed)
    pulse = np.sort(rng.integers(0, n_pulses, n))
    order = np.argsort(pulse + rng.integers(0, LATE + 1, n), kind="stable")
    return pulse[order], rng.integers(0, STEPS, n), rng.integers(0, 2, n)


def brute(pulse: np.ndarray, step: np.ndarray, detector: np.ndarray, centre: int, n_side: int) -> tuple[list, list]:
    one, two = detector == 0, detector == 1
    apart = pulse[two][None, :] - pulse[one][:, None]
    earlier = np.minimum.outer(step[one], step[two])
    side = (np.abs(apart - centre) <= n_side // 2) & (apart != centre)
    return tuple(np.bincount(earlier[which], minlength=STEPS).tolist() for which in (apart == centre, side))


@settings(deadline=None)
@given(
    st.integers(0, 10**6),
    st.integers(-15, 15),
    st.sampled_from([2, 4, 10]),
    st.lists(st.integers(0, 300), max_size=8),
)
def test_chunks_and_order_do_not_matter(seed: int, centre: int, n_side: int, cuts: list[int]) -> None:
    pulse, step, detector = photons(seed, 300, 120)
    counter = GatePairCounter(centre, n_side, STEPS, LATE)
    for part in np.split(np.arange(300), sorted(cuts)):
        both = [part[detector[part] == k] for k in (0, 1)]
        counter.add((pulse[both[0]], step[both[0]]), (pulse[both[1]], step[both[1]]))
    counter.finish()
    assert (counter.centre.tolist(), counter.side.tolist()) == brute(pulse, step, detector, centre, n_side)


def test_blocks_of_pairs_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate_pairs, "_PAIRS_AT_A_TIME", 7)
    pulse, step, detector = photons(1, 400, 60)
    counter = GatePairCounter(1, 4, STEPS, LATE)
    one, two = detector == 0, detector == 1
    counter.add((pulse[one], step[one]), (pulse[two], step[two]))
    counter.finish()
    assert (counter.centre.tolist(), counter.side.tolist()) == brute(pulse, step, detector, 1, 4)


def test_only_photons_that_can_find_partners_wait() -> None:
    counter = GatePairCounter(2, 4, STEPS, LATE)
    for start in range(0, 100_000, 1000):
        pulse = np.arange(start, start + 1000)
        counter.add((pulse, pulse % STEPS), (pulse, pulse % STEPS))
        assert counter._first[0].size <= 2 * (LATE + 5)
        assert counter._second[0].size <= 2 * (LATE + 9)


def test_photons_that_come_too_late_are_refused() -> None:
    counter = GatePairCounter(0, 2, STEPS, LATE)
    none = np.zeros(0, np.int64)
    counter.add((np.array([100]), np.array([1])), (none, none))
    with pytest.raises(ValueError, match="6 pulses later than the 4 foreseen"):
        counter.add((none, none), (np.array([90]), np.array([1])))


def test_single_times_become_counts() -> None:
    pairs = GatePairs.of_times([2.0, 1.0, 2.0], [3.0, 2.0], 2)
    assert pairs.time_ns.tolist() == [1.0, 2.0, 3.0]
    assert pairs.centre.tolist() == [1, 2, 0]
    assert pairs.side.tolist() == [0, 1, 1]
