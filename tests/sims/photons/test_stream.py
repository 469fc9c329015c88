"""The stream's bookkeeping: seeds, pieces, ends, and what it refuses."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sims.photons.events import joined
from sims.photons.process import JumpProcess
from sims.photons.source import PhotonSource

EVEN = np.full((2, 4), 0.1)


def test_same_seed_same_photons(pulsed: JumpProcess) -> None:
    source = PhotonSource(pulsed, EVEN)
    a, b = (source.stream(1e-3, np.random.default_rng(5)) for _ in range(2))
    assert len(a) > 1000
    assert np.array_equal(a.time_ps, b.time_ps)
    assert np.array_equal(a.transition, b.transition)
    assert np.array_equal(a.detector, b.detector)


@settings(max_examples=20, deadline=None)
@given(chunk=st.integers(1, 3000), seed=st.integers(0, 2**32))
def test_the_size_of_the_pieces_does_not_change_the_photons(sequence: JumpProcess, chunk: int, seed: int) -> None:
    source = PhotonSource(sequence, EVEN)
    whole = source.stream(2e-5, np.random.default_rng(seed))
    pieces = list(source.chunks(2e-5, np.random.default_rng(seed), chunk))
    assert all(0 < len(piece) <= chunk for piece in pieces)
    assert np.array_equal(joined(pieces).time_ps, whole.time_ps)
    assert np.array_equal(joined(pieces).transition, whole.transition)


def test_times_are_sorted_and_inside_the_duration(sequence: JumpProcess) -> None:
    events = PhotonSource(sequence, EVEN).stream(1e-3, np.random.default_rng(1))
    assert np.all(np.diff(events.time_ps) >= 0)
    assert events.time_ps[0] >= 0
    assert 1e9 - 1e6 < events.time_ps[-1] < 1e9


def test_a_longer_stream_begins_with_the_shorter_one(pulsed: JumpProcess) -> None:
    source = PhotonSource(pulsed, EVEN)
    short = source.stream(1e-4, np.random.default_rng(3))
    long = source.stream(3e-4, np.random.default_rng(3))
    assert np.array_equal(long.time_ps[: len(short)], short.time_ps)


def test_no_light_no_photons(pulsed: JumpProcess) -> None:
    assert len(PhotonSource(pulsed, np.zeros((1, 4))).stream(1.0, np.random.default_rng(0))) == 0


def test_zero_duration(pulsed: JumpProcess) -> None:
    assert len(PhotonSource(pulsed, EVEN).stream(0.0, np.random.default_rng(0))) == 0


def test_the_first_state_can_be_given(continuous: JumpProcess) -> None:
    begin = np.array([0, 0, 0, 0, 0, 1.0])
    source = PhotonSource(continuous, np.eye(4)[3:4], begin)
    firsts = [source.stream(1e-7, np.random.default_rng(seed)).time_ps[0] for seed in range(300)]
    # b1 decays at 3 per ns, and every decay is this photon.
    assert np.mean(firsts) == pytest.approx(333.3, rel=0.2)


def test_a_weak_long_stream_keeps_its_picoseconds(pulsed: JumpProcess) -> None:
    source = PhotonSource(pulsed, np.full((1, 4), 1e-9))
    events = source.stream(1000.0, np.random.default_rng(2))
    assert len(events) == pytest.approx(source.expected_rates_hz()[0] * 1000, rel=0.2)
    phase_ps = np.array([int(t) * 10 % 131573 for t in events.time_ps.tolist()]) / 10
    assert np.mean(phase_ps < 3000) > 0.85  # the light comes within the first nanoseconds of every period


@pytest.mark.parametrize("duration_s", [-1.0, np.nan, np.inf, 1e8])
def test_bad_durations_are_refused(pulsed: JumpProcess, duration_s: float) -> None:
    with pytest.raises(ValueError, match="duration_s"):
        PhotonSource(pulsed, EVEN).chunks(duration_s, np.random.default_rng(0))


def test_bad_chunks_are_refused(pulsed: JumpProcess) -> None:
    with pytest.raises(ValueError, match="chunk_photons"):
        PhotonSource(pulsed, EVEN).chunks(1.0, np.random.default_rng(0), 0)


@pytest.mark.parametrize(
    "detection", [np.full((2, 3), 0.1), np.full((2, 4), 0.6), np.full((1, 4), -0.1), np.full((1, 4), np.nan)]
)
def test_bad_detection_is_refused(pulsed: JumpProcess, detection: np.ndarray) -> None:
    with pytest.raises(ValueError, match="detection"):
        PhotonSource(pulsed, detection)


@pytest.mark.parametrize("begin", [np.full(6, 0.2), np.array([2.0, -1, 0, 0, 0, 0]), np.full(5, 0.2)])
def test_bad_populations_are_refused(pulsed: JumpProcess, begin: np.ndarray) -> None:
    with pytest.raises(ValueError, match="begin"):
        PhotonSource(pulsed, EVEN, begin)
