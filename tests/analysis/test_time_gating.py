"""Gated g2: pairs counted as a brute force does, and the biexciton told from a second emitter."""

import numpy as np
import pytest

from analysis.gate_pairs import GatePairs, gate_pairs, peak_times_ps
from analysis.pulsed import Detector, PulsedPhotons
from analysis.time_gating import extrapolate, scan_gates

EXCITON_NS, BIEXCITON_NS = 20.0, 3.0


def drawn(level: float, g: float, quantum_yield: float, seed: int) -> GatePairs:
    rng = np.random.default_rng(seed)

    def independent(n: int) -> np.ndarray:
        return np.minimum(rng.exponential(EXCITON_NS, n), rng.exponential(EXCITON_NS, n))

    cascade = rng.exponential(BIEXCITON_NS, rng.poisson(level * quantum_yield))
    centre = np.concatenate([independent(rng.poisson(level * g)), cascade])
    return GatePairs.of_times(centre, independent(rng.poisson(level * 10)), 10)


def photons(seed: int, n: int = 3000) -> PulsedPhotons:
    rng = np.random.default_rng(seed)
    detectors = []
    for name in ("one", "two"):
        pulse = np.sort(rng.integers(0, 2000, n))
        phase = 5000.0 + rng.exponential(20_000.0, n) % 150_000.0
        times = (pulse * 200_000 + phase).astype(np.int64)
        order = np.argsort(times)
        detectors.append(Detector(name, times[order], pulse[order], phase[order], 200_000.0))
    return PulsedPhotons(detectors[0], detectors[1], 200_000.0, 2000, 1.0, 0.0)


def test_pairs_are_those_of_a_brute_force() -> None:
    record = photons(1)
    found = gate_pairs(record, 1, n_side=4)
    first, second = record.detector_1, record.detector_2
    cut_1, cut_2 = record.cuts_ps()
    separation = second.own_pulse(cut_2)[None, :] - first.own_pulse(cut_1)[:, None]
    assert found.centre.sum() == np.sum(separation == 1)
    assert found.side.sum() == sum(np.sum(separation == k) for k in (-1, 0, 2, 3))
    since_peak = [
        (detector.phase_ps - cut) % detector.period_ps - peak
        for detector, cut, peak in zip((first, second), (cut_1, cut_2), peak_times_ps(record), strict=True)
    ]
    earlier_ns = np.minimum.outer(*since_peak)[separation == 1] * 1e-3
    assert np.repeat(found.time_ns, found.centre) == pytest.approx(np.sort(earlier_ns), abs=0.501e-3)


def test_gate_counts_pairs_whose_photons_both_pass() -> None:
    scanned = scan_gates(GatePairs.of_times([5.0, 1.0], [0.5, 2.0, 3.0, 9.0], 2), [0.0, 2.0, 6.0])
    assert [(r.centre_counts, r.side_counts) for r in scanned] == [(2, 4), (1, 3), (0, 1)]
    assert scanned[0].value == pytest.approx(1.0)
    assert scanned[2].exact_95[0] == 0.0


def test_biexciton_is_told_from_a_second_emitter() -> None:
    cascade = extrapolate(drawn(2000.0, 0.02, 0.2, 2), EXCITON_NS)
    emitters = extrapolate(drawn(2000.0, 0.22, 0.0, 3), EXCITON_NS)
    assert cascade.interval_95[0] < 0.02 < cascade.interval_95[1]
    assert cascade.interval_95[1] < 0.12
    assert cascade.cascade_68[0] < 0.22
    assert cascade.cascade_68[1] > 0.18
    assert cascade.biexciton_lifetime_ns == pytest.approx(3.0, abs=4 * cascade.biexciton_lifetime_stderr_ns)
    assert emitters.interval_95[0] > 0.1
    assert np.isnan(emitters.biexciton_lifetime_ns)


def test_gate_lowers_g2_of_a_biexciton() -> None:
    ungated, gated = scan_gates(drawn(2000.0, 0.02, 0.2, 4), [0.0, 10.0])
    assert ungated.value == pytest.approx(0.22, abs=0.04)
    assert gated.exact_95[1] < ungated.exact_95[0]


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="even number"):
        gate_pairs(photons(1), 0, n_side=3)
    with pytest.raises(ValueError, match="60 at least"):
        extrapolate(drawn(2.0, 0.1, 0.1, 5), EXCITON_NS)
    with pytest.raises(ValueError, match="above 0"):
        extrapolate(drawn(200.0, 0.1, 0.1, 5), -1.0)
    with pytest.raises(ValueError, match="finite"):
        scan_gates(drawn(20.0, 0.1, 0.1, 5), [np.nan])
