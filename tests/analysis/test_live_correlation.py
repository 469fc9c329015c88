"""A record that comes in pieces is correlated as the whole would be."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import correlation_channels
from analysis.correlation import coincidences
from analysis.live_correlation import Correlator

IntArray = npt.NDArray[np.int64]
tags = st.lists(st.tuples(st.integers(-200, 200), st.integers(0, 3)), max_size=60)


def stream(n: int, seed: int = 1, spacing: float = 20.0) -> tuple[IntArray, npt.NDArray[np.uint8]]:
    rng = np.random.default_rng(seed)
    return np.cumsum(rng.exponential(spacing, n).astype(np.int64)), rng.integers(1, 4, n).astype(np.uint8)


@settings(deadline=None)
@given(tags, st.lists(st.integers(0, 60), max_size=6), st.integers(1, 9), st.integers(1, 9), st.integers(0, 3))
def test_counts_do_not_depend_on_the_cuts(
    record: list[tuple[int, int]], cuts: list[int], width: int, half_bins: int, stop_channel: int
) -> None:
    record = sorted(record)
    times = np.array([time for time, _ in record], dtype=np.int64)
    channel = np.array([number for _, number in record], dtype=np.int64)
    live = Correlator(width, width * half_bins, start_channel=1, stop_channel=stop_channel)
    for part in np.split(np.arange(times.size), np.clip(sorted(cuts), 0, times.size)):
        live.add(times[part], channel[part])
    expected = coincidences(times[channel == 1], times[channel == stop_channel], width, width * half_bins)
    np.testing.assert_array_equal(live.counts, expected)
    assert (live.n_start, live.n_stop) == ((channel == 1).sum(), (channel == stop_channel).sum())


@pytest.mark.parametrize("piece", [1_000, 4_096, 100_000])
def test_a_chunk_longer_than_is_taken_at_a_time(piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(correlation_channels, "_CHUNK", piece)
    times, channel = stream(30_000)
    live = Correlator(10, 3_000)
    live.add(times, channel)
    np.testing.assert_array_equal(live.counts, coincidences(times[channel == 1], times[channel == 2], 10, 3_000))


def test_only_the_last_reach_is_kept() -> None:
    live = Correlator(10, 500)
    for k in range(20):
        times, channel = stream(2_000, seed=k)
        live.add(times + k * 10**6, channel)
    assert live._starts.size + live._stops.size < 100


def test_g2_of_poisson_light_is_one() -> None:
    live = Correlator(500, 5_000)
    live.add(*stream(60_000))
    assert live.duration_s == pytest.approx(60_000 * 19.5e-12, rel=0.02)
    assert live.g2.mean() == pytest.approx(1.0, abs=0.01)
    assert live.delays_ps[[0, -1]].tolist() == [-5_000, 4_500]


def test_nothing_yet_has_no_g2() -> None:
    live = Correlator(5, 10)
    live.add([], [])
    assert live.counts.tolist() == [0, 0, 0, 0]
    assert np.isnan(live.g2).all()
    assert live.duration_s == 0.0


@pytest.mark.parametrize(
    ("times", "channel", "match"),
    [
        ([3, 2], [1, 2], "ascend"),
        ([9, 12], [1, 2], "before the last tag so far at 10"),
        ([11, 12], [1], "differ in length"),
        ([11], [300], "channels must lie"),
        ([11], [-1], "channels must lie"),
        ([11], [1.0], "integers"),
        ([11.0], [1], "integers"),
        ([2**62], [1], "too far apart"),
    ],
)
def test_a_refused_chunk_changes_nothing(times: list[int], channel: list[int], match: str) -> None:
    live = Correlator(5, 10)
    live.add([9, 10], [1, 2])
    before = live.counts
    with pytest.raises(ValueError, match=match):
        live.add(times, channel)
    np.testing.assert_array_equal(live.counts, before)
    live.add([10, 11], [1, 2])
    assert live.counts.tolist() == [0, 0, 4, 0]


def test_channels_outside_a_byte_are_refused() -> None:
    with pytest.raises(ValueError, match="stop_channel"):
        Correlator(5, 10, stop_channel=256)
