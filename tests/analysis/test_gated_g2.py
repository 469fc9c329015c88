"""Gates on a whole measurement: in memory and as a stream, and the scan of a report."""

from pathlib import Path

import numpy as np
import pytest

from analysis import g2, g2_stream, gated_g2, pulsed
from analysis.errors import AnalysisError
from analysis.gate_pairs import gate_pairs, peak_times_ps
from analysis.gated_g2 import Gate
from analysis.pulsed_stream import survey
from analysis.tags import PhotonRecord, RecordStream

PERIOD_PS = 200_000


def record(seed: int, n_pulses: int = 500_000) -> PhotonRecord:
    """Exciton (20 ns) at every 8th pulse on the average, in a third of them with a biexciton (3 ns) before it."""
    rng = np.random.default_rng(seed)
    pulse = np.flatnonzero(rng.random(n_pulses) < 0.12)
    early = pulse[rng.random(pulse.size) < 0.33]
    first = rng.exponential(3000.0, early.size)
    delay = rng.exponential(20_000.0, pulse.size)
    delay[np.isin(pulse, early)] += first
    pulses, delays = np.concatenate([early, pulse]), np.concatenate([first, delay])
    kept = rng.random(pulses.size) < 0.7
    pulses, nanotimes = pulses[kept], (delays[kept] + 5000).astype(np.int64) // 64 * 64
    inside = nanotimes < PERIOD_PS
    pulses, nanotimes = pulses[inside], nanotimes[inside]
    times = pulses * PERIOD_PS + nanotimes
    order = np.argsort(times, kind="stable")
    channel = rng.integers(1, 3, times.size).astype(np.uint8)
    duration_s = n_pulses * PERIOD_PS * 1e-12
    return PhotonRecord(times[order], channel, duration_s, PERIOD_PS, nanotimes[order], pulses[order])


def evaluated(photons: PhotonRecord) -> g2.Evaluation:
    return g2.evaluate_photons(pulsed.from_record(photons))


def test_late_gate_removes_the_biexciton() -> None:
    found = evaluated(record(1))
    early, late = (gated_g2.gated_g2(found, Gate(start, 150.0)) for start in (0.0, 30.0))
    assert early.value > 0.15
    assert late.value < 0.05
    assert late.kept[0] == pytest.approx(0.18, abs=0.05)
    told = gated_g2.results(late)
    low, high = told["g2_zero_gated_95"].interval or (1.0, 0.0)
    assert low <= late.value <= high


def test_counts_are_those_of_a_direct_count() -> None:
    photons = record(2, 60_000)
    found = evaluated(photons)
    gate = Gate(2.0, 60.0)
    gated = gated_g2.gated_g2(found, gate)
    p = found.photons
    assert isinstance(p, pulsed.PulsedPhotons)
    cuts, peaks = p.cuts_ps(), peak_times_ps(p)
    kept = []
    for k, detector in enumerate((p.detector_1, p.detector_2)):
        since_ns = ((detector.phase_ps - cuts[k]) % PERIOD_PS - peaks[k]) / 1e3
        kept.append(detector.own_pulse(cuts[k])[(since_ns >= 2.0) & (since_ns < 60.0)])
    difference = np.subtract.outer(kept[1], kept[0])
    centre, half = found.antibunching.centre.offset, gated.n_side // 2
    assert gated.centre_counts == np.count_nonzero(difference == centre)
    beside = (np.abs(difference - centre) <= half) & (difference != centre)
    assert gated.side_counts == np.count_nonzero(beside)


def test_stream_gives_what_the_whole_gives() -> None:
    photons = record(3, 300_000)
    stream = RecordStream(photons, 5000)
    chunked = g2_stream.evaluate_stream(stream, survey(stream))
    gate = Gate(5.0, 80.0)
    assert gated_g2.gated_g2(chunked, gate) == gated_g2.gated_g2(evaluated(photons), gate)


@pytest.mark.parametrize("chunk_photons", [977, 5000, 10**6])
def test_scan_of_a_stream_is_that_of_the_whole(chunk_photons: int) -> None:
    photons = record(6, 200_000)
    stream = RecordStream(photons, chunk_photons)
    chunked = g2_stream.evaluate_stream(stream, survey(stream))
    told: list[float] = []
    pairs = gate_pairs(chunked.photons, 0, report=lambda fraction, _: told.append(fraction))
    expected = gate_pairs(evaluated(photons).photons, 0)
    for name in ("time_ns", "centre", "side"):
        assert np.array_equal(getattr(pairs, name), getattr(expected, name)), name
    assert told == sorted(told)
    assert told[-1] == 1.0
    found, whole = gated_g2.scan(chunked), gated_g2.scan(evaluated(photons))
    assert found is not None
    assert whole is not None
    assert found.lifetime_ns == pytest.approx(whole.lifetime_ns, rel=1e-9)
    assert [(g.centre_counts, g.side_counts) for g in found.gates] == [
        (g.centre_counts, g.side_counts) for g in whole.gates
    ]
    assert found.late is not None
    assert whole.late is not None
    assert found.late.interval_95 == pytest.approx(whole.late.interval_95, rel=1e-6)


def test_scan_extrapolates_to_no_biexciton() -> None:
    found = gated_g2.scan(evaluated(record(4)))
    assert found is not None
    told = gated_g2.scan_results(found)
    assert told["g2_zero_late_gate_95"].interval is not None
    assert told["g2_zero_late_gate_95"].interval[0] == 0.0
    assert told["biexciton_lifetime"].value == pytest.approx(3.0, abs=1.5)
    assert len(gated_g2.figure(found).axes) == 2


@pytest.mark.parametrize(("start", "stop"), [(-1.0, 5.0), (5.0, 5.0), (0.0, float("nan")), (0.0, float("inf"))])
def test_gates_that_make_no_sense_are_refused(start: float, stop: float) -> None:
    with pytest.raises(ValueError, match="0 <= start < stop"):
        Gate(start, stop)


def test_gate_beyond_the_period_is_refused() -> None:
    with pytest.raises(AnalysisError, match="next pulse"):
        gated_g2.gated_g2(evaluated(record(5, 60_000)), Gate(0.0, 300.0))


def test_short_decay_is_not_scanned(real_data: Path) -> None:
    from analysis import tag_files

    source = real_data / "hbt_t3_320MHz_bad_metadata.ptu"
    if not source.is_file():
        pytest.skip(f"{source.name} is not here")
    found = g2.evaluate_photons(pulsed.from_record(tag_files.read(source)))
    assert found.photons.timing_fault
    assert gated_g2.scan(found) is None
    with pytest.raises(AnalysisError, match="no time gate"):
        gated_g2.gated_g2(found, Gate(0.0, 1.0))


def test_peak_beside_a_bunched_centre_is_no_dip() -> None:
    found = evaluated(record(1))
    assert found.peaks.at(0) > 2 * found.peaks.at(-3)
    assert not found.antibunching.centre.found
    assert found.antibunching.centre.offset == 0
