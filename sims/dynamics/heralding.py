"""Heralded entanglement of two dopant spins: fidelity and rate of two-click and one-click protocols.

Each dot emits a photon entangled with its spin (qubit.emit_qubit); the photons meet on a beam splitter. Two clicks, one
sigma+ and one sigma-, leave the spins in a Bell state (Barrett, Kok, PRA 71, 060310 (2005); Simon, Irvine, PRL 91,
110405 (2003), for photons of one excitation). Four detectors: two outputs times two helicities.

Visibility of two photons of the same excitation, pure dephasing g* in each emitter: V = G/(G + 2g*) = T2/2T1
(Bylander, Robert-Philip, Abram, EPJ D 22, 295 (2003)); fixed detuning d: G^2/(G^2 + d^2). When the two clicks come
from two successive excitations (Barrett and Kok's original rounds) dephasing between the rounds is independent and the
coherence is V^2 (fast dephasing) but the same G^2/(G^2 + d^2) for a detuning that stays: say which with ``rounds``.
Small-probability formulas: terms of relative order eta in the false clicks are left out (see heralding_simulation).
"""

import math
from dataclasses import dataclass

from sims.basics.checks import UnphysicalInputError, finite, fraction, not_negative, positive


@dataclass(frozen=True)
class Herald:
    """Per attempt: probability of a true and of a false herald; fidelity of a heralded pair; heralds per second."""

    true_probability: float
    false_probability: float
    fidelity: float
    rate_hz: float

    @property
    def probability(self) -> float:
        """Any herald."""
        return self.true_probability + self.false_probability


def visibility(decay_per_ns: float, dephasing_per_ns: float) -> float:
    """V = G/(G + 2 g*), G decay of the population, g* pure dephasing of the amplitude, both 1/ns."""
    decay = positive("decay_per_ns", decay_per_ns)
    return decay / (decay + 2 * not_negative("dephasing_per_ns", dephasing_per_ns))


def visibility_from_times(t1_ns: float, t2_ns: float) -> float:
    """V = T2/2T1. UnphysicalInputError when T2 exceeds 2 T1."""
    positive("t1_ns", t1_ns)
    if positive("t2_ns", t2_ns) > 2 * t1_ns * (1 + 1e-12):
        raise UnphysicalInputError(f"t2_ns = {t2_ns:g}: must not exceed 2 t1_ns = {2 * t1_ns:g}")
    return t2_ns / (2 * t1_ns)


def static_detuning_factor(decay_per_ns: float, detuning_per_ns: float) -> float:
    """G^2/(G^2 + d^2): coherence left by a fixed angular detuning d (rad/ns) between the emitters."""
    decay = positive("decay_per_ns", decay_per_ns)
    return decay**2 / (decay**2 + finite("detuning_per_ns", detuning_per_ns) ** 2)


def spin_coherence_factor(waiting_ns: float, t2_ns: float, exponent: float = 1.0) -> float:
    """exp(-(t/T2)^n): n = 1 for fast, 2 for quasi-static, 3 for slow diffusive noise."""
    not_negative("waiting_ns", waiting_ns), positive("t2_ns", t2_ns), positive("exponent", exponent)
    return math.exp(-((waiting_ns / t2_ns) ** exponent))


def double_click(
    efficiency_a: float,
    efficiency_b: float,
    dark_probability: float,
    two_photon_visibility: float,
    repetition_hz: float,
    *,
    rounds: int = 1,
    spin_coherence: float = 1.0,
) -> Herald:
    """Two-click herald.

        P_s = eta_A eta_B / 2,  P_f = 2 (eta_A + eta_B) p_d + 4 p_d^2  (4 eta p_d + 4 p_d^2 for equal efficiencies)
        F = [P_s (1 + C)/2 + P_f/4] / (P_s + P_f),  rate = f_rep (P_s + P_f)

    C = V^rounds x spin coherence. ``rounds`` 1: both photons of one excitation; 2: one from each of two successive
    excitations, dephasing independent between them. ``dark_probability`` per detector and gate.
    """
    eta_a, eta_b = fraction("efficiency_a", efficiency_a), fraction("efficiency_b", efficiency_b)
    dark, seen = fraction("dark_probability", dark_probability), fraction("visibility", two_photon_visibility)
    positive("repetition_hz", repetition_hz)
    if rounds not in (1, 2):
        raise UnphysicalInputError(f"rounds = {rounds}: must be 1 or 2")
    coherence = seen**rounds * fraction("spin_coherence", spin_coherence)
    true = eta_a * eta_b / 2
    false = 2 * (eta_a + eta_b) * dark + 4 * dark**2
    if true + false <= 0:
        raise UnphysicalInputError("efficiencies and dark_probability are 0: there is never a herald")
    fidelity = (true * (1 + coherence) / 2 + false / 4) / (true + false)
    return Herald(true, false, fidelity, repetition_hz * (true + false))


def single_click(
    bright_share: float,
    efficiency: float,
    dark_probability: float,
    two_photon_visibility: float,
    repetition_hz: float,
    *,
    mean_cos_phase: float = 1.0,
    spin_coherence: float = 1.0,
) -> Herald:
    """One-click herald (Cabrillo et al., PRA 59, 1025 (1999)); each spin has a bright share alpha.

        P ~ 2 alpha eta,  F ~ (1 - alpha)(1 + sqrt(V) <cos phi>)/2

    sqrt(V): overlap of the photons' modes when V comes from fixed differences (Humphreys et al., Nature 558, 268
    (2018)); fast dephasing costs V itself, so give V^2 then. ``mean_cos_phase``: stability of the optical path. False
    heralds are dark clicks of the two detectors, with the spins in their product state: fidelity alpha (1 - alpha).
    """
    alpha, eta = fraction("bright_share", bright_share), fraction("efficiency", efficiency)
    dark, seen = fraction("dark_probability", dark_probability), fraction("visibility", two_photon_visibility)
    positive("repetition_hz", repetition_hz)
    if abs(finite("mean_cos_phase", mean_cos_phase)) > 1:
        raise UnphysicalInputError(f"mean_cos_phase = {mean_cos_phase:g}: must lie between -1 and 1")
    true, false = 2 * alpha * eta, 2 * dark
    if true + false <= 0 or true > 1:
        raise UnphysicalInputError(f"2 x bright_share x efficiency = {true:g}: must be above 0 and at most 1")
    contrast = math.sqrt(seen) * mean_cos_phase * fraction("spin_coherence", spin_coherence)
    fidelity = (true * (1 - alpha) * (1 + contrast) / 2 + false * alpha * (1 - alpha)) / (true + false)
    return Herald(true, false, fidelity, repetition_hz * (true + false))
