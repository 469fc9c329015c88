from collections.abc import Callable

import numpy as np
import pytest

from sims.basics.spins import FloatArray
from sims.dot.blinking import exposure_brightness, is_on, mean_brightness, on_fraction, switching_times_s
from sims.dot.response import Dot, Response
from sims.dot.sample import Blinking, Sample
from sims.dot.stimulus import ContinuousLight, Cycle, Environment, PulsedLight, Segment

PulseMaker = Callable[..., PulsedLight]
STEADY = Blinking(on_to_off_per_s=0.0, off_to_on_per_s=1.0, off_brightness=0.0)


@pytest.fixture(scope="module")
def steady_dot(default_sample: Sample) -> Dot:
    """Without blinking, and with enough biexciton light for many pairs."""
    sample = default_sample.model_copy(update={"blinking": STEADY, "biexciton_quantum_yield": 0.5})
    return Dot(sample, Environment(4.0))


@pytest.fixture(scope="module")
def pulsed(steady_dot: Dot, pulse_of: PulseMaker) -> Response:
    return steady_dot.respond(Cycle((Segment(200.0),), (pulse_of(steady_dot, 0.5),)))


def even(dot: Dot, probability: float) -> FloatArray:
    return np.full((2, len(dot.transitions)), probability)


def pairs_in_cycles(stamps: np.ndarray, period_ps: float) -> int:
    cycle = (stamps // period_ps).astype(np.int64)
    return int(np.sum(cycle[1:] == cycle[:-1]))


def test_histogram_of_the_stream_is_the_intensity(pulsed: Response) -> None:
    detection = even(pulsed.dot, 0.05)
    stamps, _ = pulsed.sample_photons(detection, 3.0, np.random.default_rng(1))
    edges_ps = 1e3 * pulsed.edges_ns
    counts, _ = np.histogram(stamps % 200000, edges_ps)
    _, rate = pulsed.intensity(detection.sum(axis=0))
    expected = rate * np.diff(pulsed.edges_ns) * 1e-9 * 3.0 / 200e-9
    large = expected > 20
    chi2 = np.sum((counts[large] - expected[large]) ** 2 / expected[large]) / large.sum()
    assert large.sum() > 50
    assert 0.6 < chi2 < 1.4


def test_number_of_pairs_is_the_expected_one(pulsed: Response) -> None:
    detection = even(pulsed.dot, 0.1)
    stamps, _ = pulsed.sample_photons(detection, 1.0, np.random.default_rng(2))
    expected = pulsed.detections(detection).pairs_per_cycle * 1.0 / 200e-9
    assert expected > 1000
    assert pairs_in_cycles(stamps, 200000) == pytest.approx(expected, abs=4 * np.sqrt(expected))


def test_both_marginals_of_the_pairs_hold_every_pair(pulsed: Response) -> None:
    moments = pulsed.detections(even(pulsed.dot, 0.02))
    assert moments.second_of_pair.sum() == pytest.approx(moments.first_of_pair.sum(), rel=1e-3)


def test_pairs_from_the_cascade_come_as_biexciton_then_exciton(pulsed: Response) -> None:
    """The first photon follows the biexciton's lifetime, the second the exciton's."""
    stamps, _ = pulsed.sample_photons(even(pulsed.dot, 0.2), 1.0, np.random.default_rng(3))
    cycle = stamps // 200000
    first = np.flatnonzero(cycle[1:] == cycle[:-1])
    sample = pulsed.dot.sample
    assert np.mean(stamps[first] % 200000) / 1e3 == pytest.approx(sample.biexciton_lifetime_ns, rel=0.2)
    assert np.mean(stamps[first + 1] - stamps[first]) / 1e3 == pytest.approx(sample.lifetime_ns, rel=0.1)


def test_weak_excitation_gives_the_ratio_of_the_yields(default_sample: Sample, pulse_of: PulseMaker) -> None:
    sample = default_sample.model_copy(update={"dark_capture_fraction": 0.0})
    dot = Dot(sample, Environment(4.0))
    response = dot.respond(Cycle((Segment(400.0),), (pulse_of(dot, 0.01),)))
    expected = sample.biexciton_quantum_yield / sample.quantum_yield
    assert response.expected_g2_zero(even(dot, 0.02)) == pytest.approx(expected, rel=0.04)


def test_no_biexciton_light_means_no_coincidence(default_sample: Sample, pulse_of: PulseMaker) -> None:
    sample = default_sample.model_copy(update={"biexciton_quantum_yield": 0.0, "dark_capture_fraction": 0.0})
    dot = Dot(sample, Environment(4.0))
    response = dot.respond(Cycle((Segment(400.0),), (pulse_of(dot, 0.3),)))
    assert response.expected_g2_zero(even(dot, 0.02)) < 1e-6


def test_stream_reproduces_the_expected_g2(pulsed: Response) -> None:
    detection = even(pulsed.dot, 0.05)
    stamps, detector = pulsed.sample_photons(detection, 4.0, np.random.default_rng(4))
    cycle = stamps // 200000
    neighbours = cycle[1:] == cycle[:-1]
    cross = np.sum(neighbours & (detector[1:] != detector[:-1]))
    n = 4.0 / 200e-9
    singles = [np.sum(detector == k) for k in (0, 1)]
    measured = cross * n / (singles[0] * singles[1])
    expected = pulsed.expected_g2_zero(detection)
    assert measured == pytest.approx(expected, abs=4 * expected / np.sqrt(cross))


def test_continuous_fluorescence_is_antibunched(steady_dot: Dot, line_energies: Callable[..., list[float]]) -> None:
    """Delays within a cycle of steady resonant light: empty at zero, dip of the exciton's recovery time."""
    light = ContinuousLight(line_energies(steady_dot)[0], 1e-6, 1e-7, (0.0, 0.0, 1.0))
    response = steady_dot.respond(Cycle((Segment(300.0, (light,)),)))
    stamps, _ = response.sample_photons(even(steady_dot, 0.03), 2.0, np.random.default_rng(5))
    cycle = stamps // 300000
    same = np.flatnonzero(cycle[1:] == cycle[:-1])
    delay_ns = (stamps[same + 1] - stamps[same]) / 1e3
    near, far = np.sum(delay_ns < 2), np.sum((delay_ns > 40) & (delay_ns < 42))
    assert far > 100
    assert near < 0.25 * far


def test_detectors_with_different_filters_see_their_own_lines(steady_dot: Dot, pulse_of: PulseMaker) -> None:
    """Biexciton photons on detector 0, exciton photons on detector 1: coincidences have that order."""
    response = steady_dot.respond(Cycle((Segment(200.0),), (pulse_of(steady_dot, 0.5),)))
    kind = steady_dot.transitions.kind
    detection = np.stack([(kind == "biexciton") * 0.2, (kind == "exciton") * 0.2])
    moments = response.detections(detection)
    stamps, detector = response.sample_photons(detection, 0.5, np.random.default_rng(6))
    same = np.flatnonzero(stamps[1:] // 200000 == stamps[:-1] // 200000)
    assert same.size > 500
    assert np.mean((detector[same] == 0) & (detector[same + 1] == 1)) > 0.97
    counts = np.bincount(detector, minlength=2) / (0.5 / 200e-9)
    assert counts == pytest.approx(moments.per_detector, rel=0.05)
    ordered = moments.pairs_by_channel
    assert ordered[0, 1] > 30 * ordered[1, 0]
    assert ordered.sum() == pytest.approx(moments.pairs_per_cycle, rel=1e-6)


def test_same_seed_same_photons_other_seed_others(pulsed: Response) -> None:
    detection = even(pulsed.dot, 0.01)
    one, two, three = (
        pulsed.sample_photons(detection, 0.1, np.random.default_rng(seed), start_ps=7_000) for seed in (1, 1, 2)
    )
    assert np.array_equal(one[0], two[0])
    assert np.array_equal(one[1], two[1])
    assert not np.array_equal(one[0][:50], three[0][:50])


def test_stream_is_sorted_inside_the_record_and_typed(pulsed: Response) -> None:
    stamps, detector = pulsed.sample_photons(even(pulsed.dot, 0.05), 0.05, np.random.default_rng(8), start_ps=10**12)
    assert stamps.dtype == np.int64
    assert detector.dtype == np.uint8
    assert np.all(np.diff(stamps) >= 0)
    assert stamps[0] >= 10**12
    assert stamps[-1] < 10**12 + 5 * 10**10


def test_a_dark_dot_sends_nothing(steady_dot: Dot) -> None:
    response = steady_dot.respond(Cycle((Segment(100.0),)))
    stamps, _ = response.sample_photons(even(steady_dot, 0.1), 1.0, np.random.default_rng(1))
    assert stamps.size == 0
    assert np.isnan(response.expected_g2_zero(even(steady_dot, 0.0)))


def test_too_many_detections_per_cycle_are_refused(steady_dot: Dot, pulse_of: PulseMaker) -> None:
    pulses = tuple(pulse_of(steady_dot, 1.0, 12.5 * k) for k in range(80))
    response = steady_dot.respond(Cycle((Segment(1000.0),), pulses))
    with pytest.raises(ValueError, match="detections per cycle are too many"):
        response.sample_photons(even(steady_dot, 0.1), 0.1, np.random.default_rng(1))


@pytest.mark.parametrize("bad", [1.2, -0.1, float("nan")])
def test_impossible_probabilities_are_refused(pulsed: Response, bad: float) -> None:
    with pytest.raises(ValueError, match="probabilities"):
        pulsed.sample_photons(even(pulsed.dot, bad), 0.1, np.random.default_rng(1))
    with pytest.raises(ValueError, match="shape"):
        pulsed.sample_photons(np.ones((2, 3)), 0.1, np.random.default_rng(1))


def test_blinking_scales_the_stream(default_sample: Sample, pulse_of: PulseMaker) -> None:
    blinking = Blinking(on_to_off_per_s=50.0, off_to_on_per_s=25.0, off_brightness=0.1)
    dot = Dot(default_sample.model_copy(update={"blinking": blinking}), Environment(4.0))
    response = dot.respond(Cycle((Segment(200.0),), (pulse_of(dot, 0.3),)))
    detection = even(dot, 0.005)
    stamps, _ = response.sample_photons(detection, 40.0, np.random.default_rng(9))
    always_on = response.detections(detection).mean_per_cycle * 40.0 / 200e-9
    assert stamps.size / always_on == pytest.approx(mean_brightness(blinking), rel=0.1)
    per_5ms = np.bincount(stamps // 5_000_000_000)
    assert np.var(per_5ms) > 5 * np.mean(per_5ms)


def test_telegraph_has_the_stated_on_fraction_and_rate() -> None:
    blinking = Blinking(on_to_off_per_s=20.0, off_to_on_per_s=60.0, off_brightness=0.0)
    starts_on, switches = switching_times_s(blinking, 400.0, np.random.default_rng(3))
    times = np.linspace(0, 399.9, 200_000)
    assert is_on(starts_on, switches, times).mean() == pytest.approx(on_fraction(blinking), abs=0.02)
    assert switches.size / 400.0 == pytest.approx(2 * 20 * 60 / 80, rel=0.05)


def test_exposures_scatter_around_the_mean_brightness() -> None:
    blinking = Blinking(on_to_off_per_s=2.0, off_to_on_per_s=2.0, off_brightness=0.2)
    rng = np.random.default_rng(4)
    drawn = np.array([exposure_brightness(blinking, 0.3, rng) for _ in range(800)])
    assert drawn.mean() == pytest.approx(0.6, abs=0.04)
    assert drawn.min() >= 0.2
    assert drawn.max() <= 1.0
    assert drawn.std() > 0.1
