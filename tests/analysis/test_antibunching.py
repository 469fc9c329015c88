"""Peak areas, the centre, and the normalisations of g2(0)."""

import math

import numpy as np
import pytest

from analysis.antibunching import Background, PulsePeaks, blinking_envelope, evaluate, find_centre, peaks_by_index


def made(level: float, *, centre: int = 0, dip: float = 0.0, reach: int = 300, seed: int = 1) -> PulsePeaks:
    rng = np.random.default_rng(seed)
    offset = np.arange(-reach, reach)
    counts = rng.poisson(np.where(offset == centre, dip * level, level))
    return PulsePeaks(offset, counts, level)


def test_areas_count_pairs_by_pulse() -> None:
    peaks = peaks_by_index(np.array([0, 10, 10]), np.array([0, 11, 12]), 100, reach=5)
    assert {int(k): peaks.at(int(k)) for k in peaks.offset if peaks.at(int(k))} == {0: 1, 1: 2, 2: 2}
    assert peaks.poisson_level == pytest.approx(0.09)


@pytest.mark.parametrize("centre", [-7, 0, 2])
def test_centre_is_where_the_dip_is(centre: int) -> None:
    found = find_centre(made(400.0, centre=centre))
    assert (found.offset, found.found) == (centre, True)


def test_no_dip_is_invented_in_coherent_light() -> None:
    results = [find_centre(made(level, dip=1.0, seed=seed)) for seed in range(100) for level in (3.0, 50.0, 1e4)]
    assert sum(result.found for result in results) <= 1


def test_coherent_light_is_not_antibunched() -> None:
    g2 = evaluate(made(1000.0, dip=1.0))
    assert g2.adjacent.interval_95[0] < 1.0 < g2.adjacent.interval_95[1]


def test_intervals_of_g2_cover() -> None:
    hits = {0.68: 0, 0.95: 0}
    for seed in range(300):
        ratio = evaluate(made(60.0, dip=0.1, seed=seed)).adjacent
        hits[0.68] += ratio.interval_68[0] <= 0.1 <= ratio.interval_68[1]
        hits[0.95] += ratio.interval_95[0] <= 0.1 <= ratio.interval_95[1]
    assert 0.66 < hits[0.68] / 300 < 0.90  # exact intervals of small counts cover more than they say
    assert hits[0.95] / 300 > 0.94


def test_calibrated_intervals_cover_what_they_say_over_truths() -> None:
    rng = np.random.default_rng(9)
    held = np.zeros((1000, 2), dtype=bool)
    for k in range(1000):
        level = rng.uniform(30.0, 200.0)
        truth = rng.uniform(0.0, 10.0) / level  # none to ten pairs in the centre peak
        ratio = evaluate(made(level, dip=truth, reach=60, seed=10_000 + k)).adjacent
        held[k] = [low <= truth <= high for low, high in (ratio.calibrated_68, ratio.calibrated_95)]
    assert held[:, 0].mean() == pytest.approx(0.68, abs=0.03)
    assert held[:, 1].mean() == pytest.approx(0.95, abs=0.02)


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_background_is_a_share(share: float) -> None:
    with pytest.raises(ValueError, match="share of the counts"):
        Background(share, 0.0)


def test_known_accidentals_are_subtracted_when_they_matter() -> None:
    level, share = 20_000.0, 0.02
    uncorrelated = level * (2 * share - share**2)
    truth = 0.05
    rng = np.random.default_rng(3)
    offset = np.arange(-300, 300)
    mean = np.where(offset == 0, truth * (level - uncorrelated) + uncorrelated, level)
    peaks = PulsePeaks(offset, rng.poisson(mean), level)
    g2 = evaluate(peaks, Background(share, share))
    assert g2.corrected
    assert g2.adjacent.value == pytest.approx(truth, abs=4 * g2.adjacent.stderr)
    assert g2.raw > truth + 4 * g2.adjacent.stderr


def test_negligible_accidentals_leave_the_plain_ratio() -> None:
    g2 = evaluate(made(400.0, dip=0.01), Background(1e-4, 1e-4))
    assert not g2.corrected
    assert g2.adjacent.value == g2.raw


def test_empty_side_peaks_are_refused() -> None:
    offset = np.arange(-20, 20)
    with pytest.raises(ValueError, match="too short"):
        evaluate(PulsePeaks(offset, np.zeros(40, dtype=np.int64), 0.0))


def test_blinking_envelope_is_found() -> None:
    rng = np.random.default_rng(4)
    offset = np.arange(-5000, 5000)
    mean = 300 * (1 + 1.5 * np.exp(-np.abs(offset) / 200.0))
    mean[offset == 0] = 1.0
    envelope = blinking_envelope(PulsePeaks(offset, rng.poisson(mean), 300.0), 0)
    assert envelope.level == pytest.approx(300, rel=0.02)
    assert envelope.bunching[0] == pytest.approx(1.5, rel=0.1)
    assert envelope.time_periods[0] == pytest.approx(200, rel=0.15)


def test_blinking_of_the_real_measurement(real_data: object) -> None:
    from analysis.tag_files import read

    record = read(real_data / "hbt_t3_80MHz.ptu")  # type: ignore[operator]
    index = record.sync_index
    assert index is not None
    peaks = peaks_by_index(index[record.channel == 1], index[record.channel == 2], int(np.ptp(index)) + 1)
    envelope = blinking_envelope(peaks, 2)
    assert envelope.level == pytest.approx(95.2, abs=0.5)
    assert sum(envelope.bunching) == pytest.approx(2.95, abs=0.15)
    assert len(envelope.time_periods) == 2


def test_side_peaks_of_accidental_pairs_only_leave_g2_unknown() -> None:
    counts = np.full(101, 3, dtype=np.int64)
    peaks = PulsePeaks(np.arange(-50, 51, dtype=np.int64), counts, 3.0)
    found = evaluate(peaks, Background(0.9, 0.9))
    assert math.isnan(found.adjacent.value)
    assert found.adjacent.interval_95 == (0.0, math.inf)
