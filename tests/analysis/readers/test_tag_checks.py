"""What photons show of themselves: pauses, tags recorded twice, a period that cannot be true."""

import numpy as np
import pytest

from analysis.readers.tag_checks import TagChecks
from analysis.tags import PhotonChunk

PERIOD_PS = 12_500


def steady(seed: int, n_photons: int = 20_000, duration_ps: int = 10**12) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    times = np.sort(rng.choice(duration_ps // 1000, n_photons, replace=False)) * 1000
    return times, rng.integers(1, 3, n_photons).astype(np.uint8)


def told(times: np.ndarray, channel: np.ndarray, *, latest_ps: int = 10**12, parts: int = 1) -> tuple[str, ...]:
    checks = TagChecks(None)
    for each in np.array_split(np.arange(times.size), parts):
        checks.take(PhotonChunk(times[each], channel[each]))
    return checks.warnings(latest_ps, latest_ps * 1e-12, with_pauses=True)


@pytest.mark.parametrize("parts", [1, 7, 5000])
def test_pause_is_told_with_its_place_and_share(parts: int) -> None:
    times, channel = steady(1)
    kept = (times < 300 * 10**9) | (times > 500 * 10**9)
    (warning,) = told(times[kept], channel[kept], parts=parts)
    assert "during 20% of the record" in warning
    assert "from 0.2999 to 0.5 s" in warning


@pytest.mark.parametrize("edge", [slice(4000, None), slice(None, 16_000)])
def test_light_that_begins_late_or_ends_early_is_a_pause(edge: slice) -> None:
    times, channel = steady(2)
    (warning,) = told(times[edge], channel[edge])
    assert "no photon at all came" in warning


def test_steady_light_and_a_sparse_record_are_in_order() -> None:
    assert told(*steady(3)) == ()
    assert told(*steady(4, 200)) == ()


def test_pauses_are_no_matter_where_the_duration_is_the_live_time() -> None:
    times, channel = steady(5)
    checks = TagChecks(None)
    checks.take(PhotonChunk(times[4000:], channel[4000:]))
    assert checks.warnings(10**12, 0.8, with_pauses=False) == ()


def test_tags_recorded_twice_are_told() -> None:
    times, channel = steady(6)
    (warning,) = told(np.repeat(times, 2), np.repeat(channel, 2))
    assert warning.startswith("50% of the tags have the same time and channel")


def test_coincidence_of_two_detectors_is_no_repetition() -> None:
    times, _ = steady(7, 5000)
    assert told(np.repeat(times, 2), np.tile([1, 2], 5000).astype(np.uint8)) == ()


def period_warnings(true_period_ps: float, stated_period_ps: float, background: float) -> tuple[str, ...]:
    rng = np.random.default_rng(8)
    n = 20_000
    late = np.where(rng.random(n) < background, rng.uniform(0, true_period_ps, n), rng.exponential(900.0, n))
    nanotimes = (late % true_period_ps).astype(np.int64)
    times = np.arange(n, dtype=np.int64) * 50_000_000 + nanotimes
    checks = TagChecks(stated_period_ps)
    checks.take(PhotonChunk(times, np.ones(n, np.uint8), nanotimes, np.arange(n, dtype=np.int64)))
    return checks.warnings(int(times[-1]), float(times[-1]) * 1e-12, with_pauses=True)


@pytest.mark.parametrize("stated_ps", [13_125.0, 25_000.0, 50_000.0])
def test_light_that_ends_before_the_stated_period_tells_that_it_is_wrong(stated_ps: float) -> None:
    (warning,) = period_warnings(PERIOD_PS, stated_ps, 0.2)
    assert "end abruptly 12.5" in warning or "end abruptly 12.6" in warning


@pytest.mark.parametrize("place_ps", [30.0, 2500.0, 6000.0])
def test_a_flash_is_no_cut_off_light(place_ps: float) -> None:
    rng = np.random.default_rng(9)
    nanotimes = np.maximum(rng.normal(place_ps, 60.0, 50_000), 0.0).astype(np.int64)
    times = np.arange(nanotimes.size, dtype=np.int64) * 50_000_000 + nanotimes
    checks = TagChecks(PERIOD_PS)
    checks.take(PhotonChunk(times, np.ones(times.size, np.uint8), nanotimes, np.arange(times.size, dtype=np.int64)))
    assert checks.warnings(int(times[-1]), float(times[-1]) * 1e-12, with_pauses=True) == ()


def test_true_period_and_a_decay_that_dies_out_are_in_order() -> None:
    assert period_warnings(PERIOD_PS, PERIOD_PS, 0.2) == ()
    assert period_warnings(PERIOD_PS, 2.0 * PERIOD_PS, 0.0) == ()
