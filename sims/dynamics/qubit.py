"""Preparing a dopant-spin qubit with light (Govorov, Kalameitsev, PRB 71, 035338; Barrett, Binks 2023, section 2).

1. Non-resonant pump, then a click behind a filter on the sigma+ line of m = +5/2: Bayes' rule gives the posterior
       P(k | click) = p_k eta_k L_k / (sum_j p_j eta_j L_j + p_dark),  prior p = 1/6,
   L_j: share of the sigma+ light of dopant state j that passes the filter; p_dark: dark click in the same gate.
2. At B = 0 the lines (sigma+, +S) and (sigma-, -S) coincide, so linearly polarised light on them turns the spin
   state a|+S> + b|-S> into the spin-photon state a|+S, sigma+> + b|-S, sigma->.

One pulse cannot bring +5/2 into a superposition with -5/2: a heavy-hole exciton exchanges one unit with the dopant,
five are needed. superposition_after_single_pulse refuses it.
"""

from dataclasses import dataclass

import numpy as np

from sims.basics.checks import (
    UnphysicalInputError,
    all_finite,
    field_vector,
    finite,
    finite_array,
    fraction,
    positive,
    projection_index,
)
from sims.basics.constants import BOLTZMANN_MEV_PER_K
from sims.basics.spins import ComplexArray, FloatArray
from sims.dot.exciton import (
    ExcitonManifold,
    GroundManifold,
    carrier_amplitudes,
    dipole_rows,
    exciton_manifold,
    ground_manifold,
    heavy_bright_states,
    heavy_dark_states,
)
from sims.dot.ground import Field
from sims.dot.sample import Sample
from sims.dynamics.switching import (
    HBAR_MEV_PS,
    Polarisation,
    Pulse,
    apply_pulse,
    basis_state,
    switching_model,
)

PASS_POSTERIOR = 0.95
"""A preparation passes from this posterior on."""


class UnreachableSuperpositionError(ValueError):
    """A superposition that one pulse cannot make; the message says by how many units it fails."""


class NotDegenerateError(ValueError):
    """The two lines of a qubit do not coincide, so the photon's energy tells the spin."""


@dataclass(frozen=True)
class Preparation:
    """``posterior`` (2S+1,) for m = +S ... -S after a click; ``click_probability`` per gate; verdict for the target."""

    target_m: float
    posterior: FloatArray
    click_probability: float
    transmission: FloatArray

    @property
    def fidelity(self) -> float:
        """Posterior of the target state."""
        return float(self.posterior[round((self.posterior.size - 1) / 2 - self.target_m)])

    @property
    def passes(self) -> bool:
        """Whether the posterior reaches PASS_POSTERIOR."""
        return self.fidelity >= PASS_POSTERIOR


@dataclass(frozen=True)
class SpinPhotonState:
    """Pure state after resonance fluorescence: ``amplitudes`` (2S+1, 2), columns sigma+ and sigma-, norm 1.

    ``relative_yield``: emission relative to a spin whose line is driven exactly on resonance by its own helicity.
    """

    amplitudes: ComplexArray
    relative_yield: float

    def fidelity(self, plus_amplitude: complex, minus_amplitude: complex, light_angle_rad: float = 0.0) -> float:
        """Overlap with a|+S, sigma+> - exp(2i angle) b|-S, sigma->: the light's axis sets the phase."""
        ideal = np.zeros_like(self.amplitudes)
        ideal[0, 0], ideal[-1, 1] = plus_amplitude, -np.exp(2j * light_angle_rad) * minus_amplitude
        return float(np.abs(np.vdot(ideal, self.amplitudes)) ** 2)

    @property
    def concurrence(self) -> float:
        """Entanglement between spin and helicity: 2 sqrt(det rho_photon), 0 to 1."""
        reduced = self.amplitudes.T @ self.amplitudes.conj()
        return float(2 * np.sqrt(max(np.linalg.det(reduced).real, 0.0)))


def click_posterior(
    prior: FloatArray, efficiency: FloatArray, transmission: FloatArray, dark_probability: float
) -> tuple[FloatArray, float]:
    """Posterior (n,) over dopant states after a click, and the click's probability.

    ``prior`` (n,) adds up to 1; ``efficiency`` (n,) chance that state j sends a photon of the chosen helicity to the
    filter and that it is detected when passed; ``transmission`` (n,); a dark click leaves the prior as it was.
    """
    p, eta = finite_array("prior", prior), finite_array("efficiency", efficiency)
    passed = finite_array("transmission", transmission)
    if not p.shape == eta.shape == passed.shape or abs(p.sum() - 1) > 1e-9:
        raise UnphysicalInputError("prior, efficiency, transmission: must have one length, and the prior add up to 1")
    for name, values in (("prior", p), ("efficiency", eta), ("transmission", passed)):
        fraction(f"smallest {name}", float(values.min())), fraction(f"largest {name}", float(values.max()))
    dark = fraction("dark_probability", dark_probability)
    joint = p * (eta * passed + dark)
    if joint.sum() <= 0:
        raise UnphysicalInputError("efficiency, transmission: no state gives a click")
    return joint / joint.sum(), float(joint.sum())


def filter_transmission(detuning_mev: FloatArray, line_fwhm_mev: float, filter_fwhm_mev: float) -> FloatArray:
    """Share of a Lorentzian line that a Lorentzian filter of unit peak passes, any shape of detuning.

    F/(F + G) / (1 + (2 delta/(F + G))^2): two Lorentzians convolve to one.
    """
    line, window = positive("line_fwhm_mev", line_fwhm_mev), positive("filter_fwhm_mev", filter_fwhm_mev)
    total = line + window
    return np.asarray(window / total / (1 + (2 * all_finite("detuning_mev", detuning_mev) / total) ** 2))


def prepare_by_click(
    sample: Sample,
    field_t: Field,
    target_m: float,
    *,
    line_fwhm_mev: float,
    filter_fwhm_mev: float,
    efficiency: float,
    dark_probability: float,
    filter_detuning_mev: float = 0.0,
    exciton_temperature_k: float | None = None,
) -> Preparation:
    """Herald |target_m> by a sigma+ click at its line after a non-resonant pump.

    The pump leaves random heavy-hole pairs (weight of an exciton state: its heavy-hole share), or, with
    ``exciton_temperature_k``, these weights times the Boltzmann factor of the exciton.
    ``efficiency``: chance per gate that the dopant state brightest in sigma+ gives a click with the filter fully
    open; the others scale with their sigma+ light. The prior is 1/(2S+1).
    The posterior is that of the dopant right after the emission; later relaxation is not included.
    """
    fraction("efficiency", efficiency)
    ground, exciton, dipoles = _lines(sample, field_t)
    index = projection_index(sample.dopants[0].spin, target_m)
    energies = exciton.energies_mev[None, :] - ground.energies_mev[:, None]
    strength = np.abs(dipoles[0]) ** 2
    centre = energies[index, np.argmax(strength[index])] + finite("filter_detuning_mev", filter_detuning_mev)
    passed = filter_transmission(energies - centre, line_fwhm_mev, filter_fwhm_mev)
    strength = strength * _pumped(sample, field_t, exciton, exciton_temperature_k)
    bright = strength.sum(axis=1)
    transmission = np.sum(strength * passed, axis=1) / bright
    share = bright / bright.max()
    prior = np.full(bright.size, 1 / bright.size)
    posterior, click = click_posterior(prior, efficiency * share, transmission, dark_probability)
    return Preparation(target_m, posterior, click, transmission)


def emit_qubit(
    sample: Sample,
    plus_amplitude: complex,
    minus_amplitude: complex,
    *,
    field_t: Field = (0.0, 0.0, 0.0),
    linewidth_mev: float = 0.05,
    light_angle_rad: float = 0.0,
) -> SpinPhotonState:
    """Spin-photon state when linear light on the (sigma+, +S) line drives a|+S> + b|-S> and a photon comes out.

    Resonant scattering amplitude sum_i d_q |i><i| d_light / (E_i - E_g - E_light - i G/2) over all exciton states.
    NotDegenerateError when the lines (sigma+, +S) and (sigma-, -S) are further apart than the linewidth.
    """
    positive("linewidth_mev", linewidth_mev), finite("light_angle_rad", light_angle_rad)
    norm = abs(plus_amplitude) ** 2 + abs(minus_amplitude) ** 2
    if not np.isfinite(norm) or abs(norm - 1) > 1e-9:
        raise UnphysicalInputError(f"spin amplitudes: |a|^2 + |b|^2 = {norm:g}; must be 1")
    ground, exciton, dipoles = _lines(sample, field_t)
    energies = exciton.energies_mev[None, :] - ground.energies_mev[:, None]
    upper = energies[0, np.argmax(np.abs(dipoles[0, 0]))]
    lower = energies[-1, np.argmax(np.abs(dipoles[1, -1]))]
    if abs(upper - lower) > linewidth_mev:
        raise NotDegenerateError(
            f"lines (sigma+, +S) and (sigma-, -S) are {abs(upper - lower):.3g} meV apart at field_t = {field_t}; "
            f"must be within the linewidth of {linewidth_mev:g} meV: go to zero field"
        )
    # e = cos x + sin y in circular components, e(+-) = -+(x +- iy)/sqrt(2)
    light = np.array([-np.exp(-1j * light_angle_rad), np.exp(1j * light_angle_rad)]) / np.sqrt(2)
    absorption = np.einsum("q,qgi->gi", light, dipoles[:2].conj())
    response = (linewidth_mev / 2) / (energies - upper - 0.5j * linewidth_mev)
    spin = np.zeros(ground.energies_mev.size, dtype=np.complex128)
    spin[0], spin[-1] = plus_amplitude, minus_amplitude
    excited = np.einsum("gi,gi,g->i", absorption, response, spin)
    emitted = np.einsum("qgi,i->gq", dipoles[:2], excited)
    size = float(np.linalg.norm(emitted))
    return SpinPhotonState(emitted / size, 2 * size**2)


def superposition_after_single_pulse(
    sample: Sample,
    field_t: Field,
    start_m: float,
    final_m: float,
    polarisation: Polarisation,
    *,
    smallest_probability: float = 1e-3,
    points: int = 2000,
) -> float:
    """Largest probability that one heavy-hole pi pulse and free evolution for a lifetime move start_m to final_m.

    UnreachableSuperpositionError when it stays below ``smallest_probability``: then no pulse area and no delay makes
    a superposition of the two. An axial field conserves the total projection, hence at most a few units.
    """
    model = switching_model(sample, field_t)
    positive("smallest_probability", smallest_probability)
    final = projection_index(model.spin, final_m)
    state = apply_pulse(model, basis_state(model, start_m), Pulse("heavy", polarisation), 0.0)
    overlap = model.vectors.conj().T @ state
    rows = np.array([model.carrier_slice(c).start + final for c in range(8)])
    largest = 0.0
    for time in np.linspace(0.0, model.lifetime_ps, points):
        amplitudes = model.vectors[rows] @ (np.exp(-1j * model.energies_mev * time / HBAR_MEV_PS) * overlap)
        largest = max(largest, float(np.sum(np.abs(amplitudes) ** 2)))
    if largest < smallest_probability:
        raise UnreachableSuperpositionError(
            f"m = {start_m:+g} to {final_m:+g} ({polarisation}): needs {abs(final_m - start_m):g} units; one "
            f"heavy-hole pulse moves at most probability {largest:.2g} there, must be above {smallest_probability:g}. "
            "Use pulse trains (switching_search) or linear light on the degenerate +-S lines (emit_qubit)"
        )
    return largest


def _lines(sample: Sample, field_t: Field) -> tuple[GroundManifold, ExcitonManifold, ComplexArray]:
    field_vector(field_t)
    if len(sample.dopants) != 1:
        raise UnphysicalInputError(f"sample {sample.name}: {len(sample.dopants)} dopants; the qubit is a single one")
    if sample.charge != 0:
        raise UnphysicalInputError(f"sample {sample.name}: charge {sample.charge}; this scheme needs a neutral dot")
    ground, exciton = ground_manifold(sample, field_t), exciton_manifold(sample, field_t)
    amplitudes = carrier_amplitudes(ground, exciton)
    return ground, exciton, np.asarray(np.einsum("qc,cgi->qgi", dipole_rows(), amplitudes))


def _pumped(sample: Sample, field_t: Field, exciton: ExcitonManifold, temperature_k: float | None) -> FloatArray:
    """Relative populations (n_x,) of the exciton states after a non-resonant pump."""
    ground = ground_manifold(sample, field_t)
    heavy = np.concatenate([heavy_bright_states(), heavy_dark_states()])
    share = np.sum(np.abs(carrier_amplitudes(ground, exciton)[heavy]) ** 2, axis=(0, 1))
    if temperature_k is None:
        return np.asarray(share, dtype=np.float64)
    kt = BOLTZMANN_MEV_PER_K * positive("exciton_temperature_k", temperature_k)
    return np.asarray(share * np.exp(-(exciton.energies_mev - exciton.energies_mev[0]) / kt))
