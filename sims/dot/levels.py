"""The level scheme of the rate model: ground states, exciton eigenstates, biexciton; and all light between them.

State order: ground (n_g) | exciton (n_x) | biexciton (n_g, carriers paired, so one per ground state) | and, only
where the exciton lies above the dopant's inner transition, one state for the dopant excited by energy transfer.
In a charged dot the ground states hold the resident carrier too, "exciton" means the trion, and "biexciton" the
trion with one more pair: its extra carrier sits in a higher shell, which is not resolved.
When the light-hole excitons lie more than 20 kT above the heavy-hole ones they are never populated and are
left out (their admixture to the heavy-hole states stays).
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from sims.basics.constants import BOLTZMANN_MEV_PER_K
from sims.basics.spins import ComplexArray, FloatArray
from sims.dot.carriers import excited_carriers
from sims.dot.emission import confined_gap_mev as confined_gap_mev
from sims.dot.emission import emission_energy_mev as emission_energy_mev
from sims.dot.emission import transfer_rate_per_ns
from sims.dot.exciton import (
    ExcitonManifold,
    GroundManifold,
    dipole_rows,
    exciton_manifold,
    ground_manifold,
    heavy_bright_states,
    heavy_dark_states,
    pair_amplitudes,
    stokes_vectors,
)
from sims.dot.lineshape import linewidth_mev
from sims.dot.sample import Sample
from sims.dot.stimulus import Environment

IntArray = npt.NDArray[np.int64]

WEAKEST_LINE = 1e-4
"""Transitions with less than this fraction of a full bright line are not listed (they still empty the state)."""


@dataclass(frozen=True)
class Lines:
    """Optical transitions, arrays of shape (n,): from state ``upper`` to state ``lower``.

    ``stokes`` (n, 4): S0 is the strength of the light along +z; the mean bright heavy-hole exciton has 1 (light
    holes lend and take a few per cent). ``total_weight`` also counts light that leaves sideways.
    """

    upper: IntArray
    lower: IntArray
    energy_mev: FloatArray
    stokes: FloatArray
    total_weight: FloatArray


@dataclass(frozen=True)
class LevelScheme:
    """Everything about the dot that does not depend on the light.

    ``exciton_vectors`` (8 n_g, n_x) are in the product basis; ``dopant_overlap`` (n_g, n_x) is the weight of
    each ground state in the dopant part of an exciton state; ``capture`` (n_x, n_g) the exciton state that a
    pair with random spins forms on each ground state (columns sum to 1).
    """

    sample: Sample
    temperature_k: float
    ground: GroundManifold
    exciton_energies_mev: FloatArray
    exciton_vectors: ComplexArray
    dopant_overlap: FloatArray
    capture: FloatArray
    exciton_lines: Lines
    biexciton_lines: Lines
    line_fwhm_mev: float
    emission_mev: float
    transfer_rate_per_ns: float = 0.0

    @property
    def n_ground(self) -> int:
        """Number of ground (and of biexciton) states."""
        return self.ground.energies_mev.size

    @property
    def n_exciton(self) -> int:
        """Number of exciton states."""
        return self.exciton_energies_mev.size

    @property
    def n_states(self) -> int:
        """Length of the population vector."""
        return 2 * self.n_ground + self.n_exciton + self.n_inner

    @property
    def n_inner(self) -> int:
        """1 when the exciton can hand its energy to the dopant, else 0."""
        return int(self.transfer_rate_per_ns > 0)

    @property
    def ground_slice(self) -> slice:
        """Ground states in the population vector."""
        return slice(0, self.n_ground)

    @property
    def exciton_slice(self) -> slice:
        """Exciton states in the population vector."""
        return slice(self.n_ground, self.n_ground + self.n_exciton)

    @property
    def biexciton_slice(self) -> slice:
        """Biexciton states in the population vector."""
        return slice(self.n_ground + self.n_exciton, 2 * self.n_ground + self.n_exciton)

    @property
    def inner_slice(self) -> slice:
        """The state of the dopant excited by energy transfer; empty where there is none."""
        return slice(2 * self.n_ground + self.n_exciton, self.n_states)

    @property
    def absorption_edge_mev(self) -> float:
        """Light above this energy creates pairs in the continuum; below, it only drives the lines."""
        strong = self.exciton_lines.stokes[:, 0] > 0.1
        top = float(np.max(self.exciton_lines.energy_mev[strong]))
        return top + self.sample.absorption_edge_above_top_line_mev

    @property
    def radiative_rate_per_ns(self) -> float:
        """Radiative rate of a fully bright exciton."""
        return self.sample.quantum_yield / self.sample.lifetime_ns


def level_scheme(sample: Sample, environment: Environment, keep_light_holes: bool = False) -> LevelScheme:
    """Diagonalise and collect the transitions. ValueError for a temperature or field that cannot be.

    ``keep_light_holes`` keeps the light-hole excitons even where they are never populated: absorption shows them.
    """
    if not environment.temperature_k > 0:
        raise ValueError(f"temperature {environment.temperature_k} K: must be above 0 K")
    ground = ground_manifold(sample, environment.field_t)
    exciton = exciton_manifold(sample, environment.field_t)
    if not keep_light_holes:
        exciton = _populated(sample, exciton, environment.temperature_k)
    amplitudes = pair_amplitudes(sample, ground, exciton)
    emission = emission_energy_mev(sample, environment.temperature_k)
    overlap = np.sum(np.abs(amplitudes) ** 2, axis=0)
    return LevelScheme(
        sample=sample,
        temperature_k=environment.temperature_k,
        ground=ground,
        exciton_energies_mev=exciton.energies_mev,
        exciton_vectors=exciton.vectors,
        dopant_overlap=overlap if sample.charge == 0 else overlap / overlap.sum(axis=0),
        capture=_capture(amplitudes, sample.dark_capture_fraction),
        exciton_lines=_normalised(_exciton_lines(ground, exciton, amplitudes, emission), _capture(amplitudes, 0.0)),
        biexciton_lines=_biexciton_lines(ground, exciton, amplitudes, emission - sample.biexciton_binding_mev),
        line_fwhm_mev=linewidth_mev(sample.linewidth, environment.temperature_k),
        emission_mev=emission,
        transfer_rate_per_ns=transfer_rate_per_ns(sample, emission),
    )


def _populated(sample: Sample, exciton: ExcitonManifold, temperature_k: float) -> ExcitonManifold:
    """Without the light-hole half, where it lies too high ever to be populated."""
    energies = exciton.energies_mev
    half = energies.size // 2
    if not excited_carriers(sample).hole or sample.hh_lh_splitting_mev <= 0:
        return exciton
    if energies[half] - energies[half - 1] <= 20 * BOLTZMANN_MEV_PER_K * temperature_k:
        return exciton
    electrons, holes = excited_carriers(sample).dimensions
    by_hole = np.abs(exciton.vectors[:, half:].reshape(electrons, holes, -1, energies.size - half)) ** 2
    if np.min(np.sum(by_hole[:, 1:3], axis=(0, 1, 2))) < 0.5:
        return exciton  # strong exchange, not the light holes, opens the gap
    return ExcitonManifold(energies[:half], exciton.vectors[:, :half])


def _capture(amplitudes: ComplexArray, dark_fraction: float) -> FloatArray:
    bright = np.sum(np.abs(amplitudes[heavy_bright_states()]) ** 2, axis=0).T / 2
    dark = np.sum(np.abs(amplitudes[heavy_dark_states()]) ** 2, axis=0).T / 2
    share = (1 - dark_fraction) * bright + dark_fraction * dark
    # A resident light hole (X+) blocks neither heavy-hole pair but cannot complete the paired doublet: no capture
    # by heavy pairs alone, so any pair that fits counts there.
    empty = share.sum(axis=0) < 1e-12
    if np.any(empty):
        share[:, empty] = np.sum(np.abs(amplitudes) ** 2, axis=0).T[:, empty] + 1e-12
    return np.asarray(share / share.sum(axis=0), dtype=np.float64)


def _exciton_lines(
    ground: GroundManifold, exciton: ExcitonManifold, amplitudes: ComplexArray, emission_mev: float
) -> Lines:
    n_ground = ground.energies_mev.size
    dipoles = np.einsum("qc,cgi->qgi", dipole_rows(), amplitudes)
    weight = np.sum(np.abs(dipoles) ** 2, axis=0)
    g, i = np.nonzero(weight > 1e-9)
    return Lines(
        upper=i + n_ground,
        lower=g,
        energy_mev=emission_mev + exciton.energies_mev[i] - ground.energies_mev[g],
        stokes=stokes_vectors(dipoles[0], dipoles[1])[g, i],
        total_weight=weight[g, i],
    )


def _normalised(lines: Lines, bright_capture: FloatArray) -> Lines:
    """Strengths relative to the mean over bright heavy-hole pairs, so that the sample's lifetime is theirs."""
    n_exciton, n_ground = bright_capture.shape
    strength = np.bincount(lines.upper - n_ground, weights=lines.total_weight, minlength=n_exciton)
    # Weighted with the light each state gives, so that the dark states' small admixtures do not count.
    share = bright_capture.sum(axis=1) * strength
    mean = float(strength @ share / share.sum())
    return replace(lines, stokes=lines.stokes / mean, total_weight=lines.total_weight / mean)


def _biexciton_lines(
    ground: GroundManifold, exciton: ExcitonManifold, amplitudes: ComplexArray, centre_mev: float
) -> Lines:
    """One of the two heavy-hole pairs recombines: sigma-plus light leaves |-1> behind and the reverse."""
    n_ground, n_exciton = ground.energies_mev.size, exciton.energies_mev.size
    rows, (up, down) = dipole_rows(), heavy_bright_states()
    plus = rows[0, up] * amplitudes[down].conj()
    minus = rows[1, down] * amplitudes[up].conj()
    weight = np.abs(plus) ** 2 + np.abs(minus) ** 2
    g, i = np.nonzero(weight > 1e-9)
    return Lines(
        upper=g + n_ground + n_exciton,
        lower=i + n_ground,
        energy_mev=centre_mev + ground.energies_mev[g] - exciton.energies_mev[i],
        stokes=stokes_vectors(plus, minus)[g, i],
        total_weight=weight[g, i],
    )
