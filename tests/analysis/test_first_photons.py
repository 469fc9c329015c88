"""Leaving out afterpulses keeps late photons of a single emitter more often; the fit allows for it."""

import numpy as np
import pytest

from analysis.antibunching import peaks_by_index
from analysis.first_photons import kept_share, pulse_mates
from analysis.g2 import evaluate_photons
from analysis.pulsed import Detector, PulsedPhotons

PERIOD_PS, LIFETIME_PS = 200_000.0, 20_000.0


def emitter(seed: int, per_pulse: float, n_photons: int) -> PulsedPhotons:
    """At most one photon a pulse, half of them on each detector."""
    rng = np.random.default_rng(seed)
    pulse = np.cumsum(rng.geometric(per_pulse, n_photons))
    phase = 3000.0 + rng.exponential(LIFETIME_PS, pulse.size)
    pulse, phase = (pulse + phase // PERIOD_PS).astype(np.int64), phase % PERIOD_PS
    first = rng.random(pulse.size) < 0.5
    detectors = []
    for name, mine in (("detector 1", first), ("detector 2", ~first)):
        times = np.rint(pulse[mine] * PERIOD_PS + phase[mine]).astype(np.int64)
        order = np.argsort(times, kind="stable")
        detectors.append(Detector(name, times[order], pulse[mine][order], phase[mine][order], PERIOD_PS))
    n_pulses = int(pulse.max()) + 1
    return PulsedPhotons(detectors[0], detectors[1], PERIOD_PS, n_pulses, n_pulses * PERIOD_PS * 1e-12, 0.0)


def test_chance_of_pulse_mates_is_that_of_the_light() -> None:
    photons = emitter(1, 0.08, 400_000)
    peaks = peaks_by_index(photons.detector_1.pulse, photons.detector_2.pulse, photons.n_pulses, 50)
    assert pulse_mates(peaks, photons.detector_2.n_photons, 10) == pytest.approx(-0.04, abs=0.001)


def test_light_without_memory_has_no_more_mates_in_its_pulse_than_elsewhere() -> None:
    rng = np.random.default_rng(2)
    first, second = (np.sort(rng.integers(0, 1_000_000, 30_000)) for _ in range(2))
    assert pulse_mates(peaks_by_index(first, second, 1_000_000, 50), 30_000, 10) == 0.0


def test_share_grows_with_the_light_that_has_come() -> None:
    share = kept_share(np.array([0, 50, 50, 0]), -0.04)
    assert share == pytest.approx([1.0, 1.01, 1.03, 1.04])
    assert kept_share(np.zeros(3, np.int64), -0.04) == pytest.approx([1.0, 1.0, 1.0])


def test_bright_single_emitter_has_its_lifetime() -> None:
    pulls = []
    for seed in range(4):
        for decay in evaluate_photons(emitter(10 + seed, 0.2, 600_000)).decays:
            pulls.append((decay.fit.lifetime_ns - LIFETIME_PS * 1e-3) / decay.fit.stderr_ns)
    # without the allowance the mean is above +2
    assert abs(float(np.mean(pulls))) < 3.0 / np.sqrt(len(pulls))
