"""Relating photons to pulses: exact over hours, robust against drift and pauses."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.tags import PhotonRecord, RecordStream, StreamSummary, absolute_times_ps, pulse_phase


@given(st.integers(0, 10**13), st.integers(12_000, 13_000), st.integers(0, 12_000))
def test_absolute_times_are_exact_for_whole_periods(index: int, period: int, nano: int) -> None:
    times = absolute_times_ps(np.array([index]), float(period), np.array([nano]))
    assert int(times[0]) == index * period + nano


def test_fractional_periods_do_not_lose_ps_over_hours() -> None:
    index = np.array([10**12])  # three hours and a half at 80 MHz
    assert int(absolute_times_ps(index, 12495.5, np.array([0]))[0]) == 12_495_500_000_000_000


def test_phase_is_the_time_since_the_last_pulse() -> None:
    trigger = np.arange(5) * 1000 * 200_000
    photons = np.array([7 * 200_000 + 1234, 2500 * 200_000 + 199_000])
    found = pulse_phase(photons, trigger, 1000, 200_000.0)
    assert found.pulse_index.tolist() == [7, 2500]
    np.testing.assert_allclose(found.phase_ps, [1234, 199_000], atol=1e-3)


def test_drift_of_the_laser_and_pauses_do_not_spoil_the_phase() -> None:
    rng = np.random.default_rng(0)
    periods = 200_000.0 * (1 + 1e-5 * np.sin(np.arange(60_000) / 5e3))
    pulses = np.concatenate([[0.0], np.cumsum(periods)])
    pulses[30_000:] += 5e12 + 70_123  # a pause between batches, not a whole number of periods
    chosen = rng.integers(1000, 59_000, 500)
    chosen = chosen[(chosen < 29_000) | (chosen > 30_000)]
    photons = np.rint(pulses[chosen] + 40_000).astype(np.int64)
    found = pulse_phase(photons, np.rint(pulses[::1000]).astype(np.int64), 1000, 200_000.0)
    np.testing.assert_allclose(found.phase_ps, 40_000, atol=60)


def test_photons_of_one_pulse_carry_one_number() -> None:
    trigger = np.arange(20) * 2_000_000
    photons = np.array([6_400_010, 6_590_000])
    assert len(set(pulse_phase(photons, trigger, 10, 200_000.0).pulse_index.tolist())) == 1


def test_wrong_divider_is_noticed() -> None:
    with pytest.raises(ValueError, match="trigger tags say"):
        pulse_phase(np.array([5]), np.arange(5) * 1000 * 200_000, 500, 200_000.0)


def test_one_trigger_is_not_enough() -> None:
    with pytest.raises(ValueError, match="two trigger tags"):
        pulse_phase(np.array([5]), np.array([0]), 1000, 200_000.0)


def test_record_in_memory_as_a_stream() -> None:
    """The chunks are the record, cut; the summary is known from the start."""
    record = PhotonRecord(
        np.arange(10, dtype=np.int64) * 100, (np.arange(10) % 2 + 1).astype(np.uint8), 1e-9, warnings=("odd",)
    )
    stream = RecordStream(record, chunk_photons=4)
    told: list[float] = []
    chunks = list(stream.iter_chunks(lambda fraction, _: told.append(fraction)))
    assert [chunk.n_photons for chunk in chunks] == [4, 4, 2]
    assert np.concatenate([chunk.timestamps_ps for chunk in chunks]).tolist() == record.timestamps_ps.tolist()
    assert told == [0.4, 0.8, 1.0]
    assert stream.summary() == StreamSummary({1: 5, 2: 5}, 1e-9, ("odd",))
    assert stream.summary().n_photons == 10


def test_chunks_of_no_photons_are_refused() -> None:
    record = PhotonRecord(np.zeros(1, dtype=np.int64), np.ones(1, dtype=np.uint8), 0.0)
    with pytest.raises(ValueError, match="one photon at least"):
        RecordStream(record, chunk_photons=0)
