"""The pulsed g2 in bounded memory is the one of the whole record."""

import functools
import math
from pathlib import Path

import numpy as np
import pytest

from analysis.antibunching import peaks_by_index
from analysis.errors import AnalysisError
from analysis.g2 import analyse_photons, analysis_of
from analysis.g2_stream import PeakCounter, evaluate_stream
from analysis.pulse_search import comb_period_ps, refine_period_ps, trigger_period_ps
from analysis.pulsed_stream import survey
from analysis.tag_files import open_stream, read
from analysis.tags import PhotonRecord, PhotonStream, RecordStream
from runfile.results import Analysis

PERIOD_PS = 200_000


def photons(seed: int, n_pulses: int = 1_500_000, *, t3: bool, cable_ps: int = 400_000) -> PhotonRecord:
    """One emitter (g2 near 0) with afterpulses, dark counts and a cable two periods long."""
    rng = np.random.default_rng(seed)
    pulse = np.unique(rng.integers(0, n_pulses, n_pulses // 25))
    times = pulse * PERIOD_PS + 5000 + rng.exponential(15_000, pulse.size).astype(np.int64)
    channel = rng.integers(1, 3, times.size)
    again = rng.random(times.size) < 0.02
    times = np.concatenate([times, times[again] + 60_000, rng.integers(0, n_pulses * PERIOD_PS, n_pulses // 2000)])
    channel = np.concatenate([channel, channel[again], rng.integers(1, 3, n_pulses // 2000)])
    times = times + np.where(channel == 2, cable_ps, 0)
    order = np.argsort(times, kind="stable")
    times, detector = times[order], channel[order].astype(np.uint8)
    duration_s = n_pulses * PERIOD_PS * 1e-12
    if not t3:
        return PhotonRecord(times, detector, duration_s, sync_period_ps=PERIOD_PS * 1.001)
    nanotimes = times % PERIOD_PS // 64 * 64
    index = times // PERIOD_PS
    return PhotonRecord(
        index * PERIOD_PS + nanotimes, detector, duration_s, sync_period_ps=PERIOD_PS, nanotimes_ps=nanotimes,
        sync_index=index,
    )  # fmt: skip


def streamed(stream: PhotonStream, guess_period_ps: float | None = None) -> Analysis:
    return analysis_of(evaluate_stream(stream, survey(stream), guess_period_ps))


def assert_same(found: Analysis, expected: Analysis) -> None:
    assert list(found.results) == list(expected.results)
    for name, result in expected.results.items():
        other = found.results[name]
        assert other.value == pytest.approx(result.value, rel=1e-9, nan_ok=True), name
        assert other.stderr == pytest.approx(result.stderr, rel=1e-7, nan_ok=True), name
        assert (other.unit, other.method, other.confidence) == (result.unit, result.method, result.confidence)
        if result.interval is not None:
            assert other.interval == pytest.approx(result.interval, rel=1e-9)
    assert found.verdict == expected.verdict
    assert found.warnings == expected.warnings


@functools.cache
def whole(t3: bool) -> tuple[PhotonRecord, Analysis]:
    """A record, and what its analysis in one piece gives: the same for every size of chunk."""
    record = photons(3, t3=t3)
    return record, analyse_photons(record)


@pytest.mark.parametrize("chunk_photons", [997, 20_000, 1 << 20])
@pytest.mark.parametrize("t3", [True, False])
def test_stream_gives_the_results_of_the_whole_record(t3: bool, chunk_photons: int) -> None:
    record, expected = whole(t3)
    assert expected.results["lifetime"].value == pytest.approx(15.0, rel=0.05)
    assert_same(streamed(RecordStream(record, chunk_photons)), expected)


def test_real_files_give_the_same_results_as_a_stream(real_data: Path) -> None:
    for name in ("hbt_t3_80MHz.ptu", "hbt_t3_320MHz_bad_metadata.ptu"):
        assert_same(streamed(open_stream(real_data / name)), analyse_photons(read(real_data / name)))


def test_sparse_chunks_without_photons_of_a_detector_change_nothing() -> None:
    record = photons(4, 40_000, t3=True)
    assert_same(streamed(RecordStream(record, 7)), analyse_photons(record))


def test_pairs_are_counted_whatever_the_order_within_the_hold_back() -> None:
    rng = np.random.default_rng(1)
    first, second = np.sort(rng.integers(0, 5000, (2, 3000)))
    jumbled = first + rng.integers(-2, 3, first.size)
    counter = PeakCounter(30, late_pulses=60)
    for start in range(0, 5000, 50):
        counter.add(*(numbers[times // 50 == start // 50] for numbers, times in ((jumbled, first), (second, second))))
    assert np.array_equal(counter.counts(), peaks_by_index(jumbled, second, 5000, reach=30).counts)


def test_photons_later_than_the_hold_back_are_refused() -> None:
    counter = PeakCounter(30, late_pulses=2)
    counter.add(np.array([10, 100, 200]), np.array([50]))
    with pytest.raises(ValueError, match="before the last tag"):
        counter.add(np.array([20, 300]), np.array([400]))


def test_trigger_on_channel_0_is_no_detector_and_gives_the_period() -> None:
    record = photons(5, t3=False)
    trigger = np.arange(0, 1_500_000, 7, dtype=np.int64) * PERIOD_PS  # the input is dead for six pulses
    times = np.concatenate([record.timestamps_ps, trigger])
    channel = np.concatenate([record.channel, np.zeros(trigger.size, np.uint8)])
    order = np.argsort(times, kind="stable")
    with_trigger = PhotonRecord(times[order], channel[order], record.duration_s)
    found = analyse_photons(with_trigger)
    assert any("channel 0 is taken as the laser trigger" in warning for warning in found.warnings)
    known = analyse_photons(record).results
    assert found.results["centre_counts"].value == pytest.approx(known["centre_counts"].value, abs=3)
    lifetime = found.results["lifetime"]
    assert lifetime.value == pytest.approx(15.0, abs=4 * lifetime.stderr)
    assert lifetime.stderr < 0.3
    assert_same(streamed(RecordStream(with_trigger, 50_000)), found)


def test_channel_0_stays_a_detector_of_two() -> None:
    record = photons(6, 200_000, t3=False)
    other = PhotonRecord(
        record.timestamps_ps, (record.channel - 1).astype(np.uint8), record.duration_s, sync_period_ps=PERIOD_PS
    )
    found = analyse_photons(other)
    assert math.isfinite(found.results["count_rate_1"].value)
    assert not any("trigger" in warning for warning in found.warnings)


def test_stream_of_one_channel_is_refused() -> None:
    record = photons(6, 20_000, t3=True)
    one = PhotonRecord(
        record.timestamps_ps, np.full_like(record.channel, 3), record.duration_s, sync_period_ps=PERIOD_PS,
        nanotimes_ps=record.nanotimes_ps, sync_index=record.sync_index,
    )  # fmt: skip
    with pytest.raises(AnalysisError, match="channel 3 only"):
        streamed(RecordStream(one))


def test_stream_without_a_period_is_refused() -> None:
    record = photons(6, 20_000, t3=False)
    unknown = PhotonRecord(record.timestamps_ps, record.channel, record.duration_s)
    with pytest.raises(AnalysisError, match="pulse period"):
        streamed(RecordStream(unknown))


def test_progress_grows_to_the_end() -> None:
    stream = RecordStream(photons(8, 200_000, t3=False), 1000)
    told: list[float] = []
    evaluate_stream(stream, survey(stream), report=lambda fraction, _: told.append(fraction))
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1.0)


# --- is the light pulsed?


@pytest.mark.parametrize("period_ps", [12_500, 50_000, 200_000, 910_000])
def test_pulses_show_in_the_photons_themselves(period_ps: int) -> None:
    rng = np.random.default_rng(2)
    pulse = rng.integers(0, 4_000_000_000_00 // period_ps, 300_000)
    times = np.sort(pulse * period_ps + rng.exponential(period_ps / 8, pulse.size).astype(np.int64))
    assert comb_period_ps(times) == pytest.approx(period_ps, rel=0.02)


def test_steady_and_bunched_light_shows_no_pulses() -> None:
    rng = np.random.default_rng(3)
    steady = np.sort(rng.integers(0, 400_000_000_000, 300_000))
    on = np.floor(steady / 1.0e6).astype(np.int64) % 1000
    blinking = steady[rng.permutation(1000)[on] < 400]
    assert comb_period_ps(steady) is None
    assert comb_period_ps(blinking) is None


def test_photons_of_a_wrong_unit_are_searched_in_finite_time() -> None:
    crowded = np.sort(np.random.default_rng(7).integers(0, 8_000_000, 1_000_000))  # a million photons in 8 µs
    assert comb_period_ps(crowded) is None


@pytest.mark.parametrize("per_pulse", [0.002, 0.04, 0.3])
def test_period_is_found_however_bright_the_light(per_pulse: float) -> None:
    rng = np.random.default_rng(5)
    n_pulses = round(60_000 / per_pulse)
    pulse = np.sort(rng.integers(0, n_pulses, 60_000))
    times = np.sort((pulse * 12_345.678 + rng.exponential(2000, pulse.size)).astype(np.int64))
    # over the whole record the phase slips by less than a tenth of a period
    assert refine_period_ps(times, 12_500.0) == pytest.approx(12_345.678, rel=0.1 / n_pulses)


def test_steady_light_has_no_period() -> None:
    times = np.sort(np.random.default_rng(6).integers(0, 10**11, 50_000))
    with pytest.raises(ValueError, match="no pulses"):
        refine_period_ps(times, 12_500.0)


def test_only_regular_tags_are_a_trigger() -> None:
    rng = np.random.default_rng(4)
    regular = np.arange(1000) * 12_500 + rng.integers(-20, 20, 1000)
    assert trigger_period_ps(np.sort(regular)) == pytest.approx(12_500, abs=10)
    assert trigger_period_ps(np.sort(rng.integers(0, 10**9, 1000))) is None
    assert trigger_period_ps(np.zeros(0, np.int64)) is None
