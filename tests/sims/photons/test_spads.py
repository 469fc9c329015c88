"""Detectors: dead time, dark counts, afterpulses, jitter, order, pieces."""

from dataclasses import replace

import numpy as np
import pytest

from sims.photons.events import PhotonEvents, joined
from sims.photons.presets import EXCELITAS, IDEAL, PRESETS
from sims.photons.spads import TAG_ONLY, all_clicks, clicks, detection_matrix


def poisson(rate_hz: float, duration_s: float, seed: int, n_detectors: int = 1) -> PhotonEvents:
    rng = np.random.default_rng(seed)
    n = rng.poisson(rate_hz * duration_s)
    times = np.sort(rng.integers(0, int(duration_s * 1e12), n))
    return PhotonEvents(times, rng.integers(0, n_detectors, n).astype(np.uint8), np.full(n, 3, np.uint16))


def test_an_ideal_detector_changes_nothing() -> None:
    photons = poisson(1e6, 0.1, 1, 2)
    tags = all_clicks([photons], (IDEAL, IDEAL), 0.1, np.random.default_rng(0))
    assert np.array_equal(tags.time_ps, photons.time_ps)
    assert np.array_equal(tags.detector, photons.detector)
    assert np.all(tags.transition == 3)


def test_dead_time_is_not_paralysable() -> None:
    tags = all_clicks([poisson(2e7, 0.05, 2)], (replace(IDEAL, dead_time_ps=50_000),), 0.05, np.random.default_rng(0))
    assert len(tags) / 0.05 == pytest.approx(2e7 / (1 + 2e7 * 50e-9), rel=0.01)
    assert np.diff(tags.time_ps).min() >= 50_000


def test_dead_time_blinds_one_detector_only() -> None:
    photons = PhotonEvents(np.array([0, 10, 20, 30]), np.array([0, 1, 0, 1], np.uint8), np.zeros(4, np.uint16))
    spads = (replace(IDEAL, dead_time_ps=100), IDEAL)
    tags = all_clicks([photons], spads, 1e-6, np.random.default_rng(0))
    assert tags.time_ps.tolist() == [0, 10, 30]


def test_dark_counts_run_without_photons() -> None:
    tags = all_clicks([], (replace(IDEAL, dark_counts_hz=2e4),), 5.0, np.random.default_rng(1))
    assert len(tags) == pytest.approx(1e5, rel=0.02)
    assert np.all(tags.transition == TAG_ONLY)
    assert np.histogram(tags.time_ps, 10, (0, 5e12))[0] == pytest.approx(np.full(10, 1e4), rel=0.05)


def test_afterpulses_are_recursive_and_timed() -> None:
    probability = 0.2
    spad = replace(IDEAL, dead_time_ps=20_000, afterpulse_probability=probability)
    n = 50_000
    photons = PhotonEvents(np.arange(n) * 100_000_000, np.zeros(n, np.uint8), np.zeros(n, np.uint16))
    tags = all_clicks([photons], (spad,), n * 1e-4, np.random.default_rng(2))
    assert len(tags) / n == pytest.approx(1 / (1 - probability), rel=0.01)
    after = np.flatnonzero(tags.transition == TAG_ONLY)
    first = after[tags.transition[after - 1] != TAG_ONLY]
    delay_ns = (tags.time_ps[first] - tags.time_ps[first - 1]) * 1e-3 - 20.0
    assert np.mean(delay_ns < 21) == pytest.approx(0.5, abs=0.03)
    assert np.mean(delay_ns < 1800) == pytest.approx(0.99, abs=0.01)


def test_jitter_has_core_and_tail() -> None:
    spad = replace(IDEAL, jitter_sigma_ps=100.0, jitter_tail_ps=400.0, jitter_tail_fraction=0.3)
    n = 200_000
    photons = PhotonEvents(10**6 * (1 + np.arange(n)), np.zeros(n, np.uint8), np.zeros(n, np.uint16))
    error = all_clicks([photons], (spad,), 1.0, np.random.default_rng(3)).time_ps - photons.time_ps
    assert error.mean() == pytest.approx(120.0, abs=2)
    assert error.std() == pytest.approx(np.sqrt(100**2 + 0.3 * 2 * 400**2 - 120**2), rel=0.02)
    assert np.mean(error < -100) == pytest.approx(0.7 * 0.1587 + 0.3 * 0.0345, abs=0.01)


def test_tags_are_sorted_and_quantised() -> None:
    spad = replace(EXCELITAS, resolution_ps=100, cable_delay_ps=5000)
    tags = all_clicks([poisson(5e7, 0.01, 4, 2)], (spad, EXCELITAS), 0.01, np.random.default_rng(4))
    assert np.all(np.diff(tags.time_ps) >= 0)
    assert np.all(tags.time_ps[tags.detector == 0] % 100 == 0)
    assert np.any(tags.time_ps[tags.detector == 1] % 100 != 0)


@pytest.mark.parametrize("n_pieces", [2, 7, 301])
def test_the_tags_do_not_depend_on_the_pieces(n_pieces: int) -> None:
    photons = poisson(1e7, 0.002, 5, 2)
    spads = (EXCELITAS, replace(EXCELITAS, cable_delay_ps=3700, dark_counts_hz=1e5))
    whole = all_clicks([photons], spads, 0.003, np.random.default_rng(6))
    number = np.arange(len(photons)) * n_pieces // len(photons)
    pieces = list(clicks([photons.only(number == k) for k in range(n_pieces)], spads, 0.003, np.random.default_rng(6)))
    tags = joined(pieces)
    assert np.array_equal(tags.time_ps, whole.time_ps)
    assert np.array_equal(tags.detector, whole.detector)


def test_many_dark_counts_in_a_long_dark_time_come_in_pieces() -> None:
    spad = replace(IDEAL, dark_counts_hz=1e6, jitter_sigma_ps=100.0)
    pieces = list(clicks([], (spad, spad), 0.3, np.random.default_rng(7)))
    assert len(pieces) > 3
    assert sum(len(piece) for piece in pieces) == pytest.approx(6e5, rel=0.01)
    assert np.all(np.diff(joined(pieces).time_ps) >= 0)


def test_efficiency_belongs_to_the_detection_matrix() -> None:
    found = detection_matrix(np.array([[0.5, 0.1], [0.4, 0.2]]), (EXCELITAS, PRESETS["mpd"]))
    assert found == pytest.approx(np.array([[0.35, 0.07], [0.168, 0.084]]))


def test_presets_state_the_measured_numbers() -> None:
    assert (EXCELITAS.jitter_sigma_ps, EXCELITAS.jitter_tail_ps, EXCELITAS.dead_time_ps) == (151.0, 459.0, 24_000)
    assert (PRESETS["mpd"].jitter_sigma_ps, PRESETS["mpd"].dead_time_ps) == (37.0, 77_000)


@pytest.mark.parametrize(
    "change",
    [{"efficiency": 1.2}, {"dark_counts_hz": -1.0}, {"jitter_sigma_ps": np.nan}, {"afterpulse_probability": 0.95},
     {"resolution_ps": 0}, {"dead_time_ps": -5}],
)  # fmt: skip
def test_impossible_detectors_are_refused(change: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(change))):
        replace(EXCELITAS, **change)


def test_a_photon_on_a_missing_detector_is_refused() -> None:
    with pytest.raises(ValueError, match="detector 1"):
        all_clicks([poisson(1e6, 0.01, 1, 2)], (IDEAL,), 0.01, np.random.default_rng(0))
