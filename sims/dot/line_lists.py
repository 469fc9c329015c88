"""Lines of one dot: energies, Stokes vectors, areas and widths, in absorption and in emission.

What a curve needs before it is drawn (``spectra.py``). A line of area 1 is a fully bright heavy-hole exciton.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from sims.basics import checks
from sims.basics.constants import BOLTZMANN_MEV_PER_K
from sims.basics.spins import FloatArray
from sims.dot.levels import LevelScheme, Lines
from sims.dot.lineshape import FWHM_PER_SIGMA
from sims.dot.rates import dark_generator, inner_emission_rate_per_ns

Polarisation = Literal["none", "sigma+", "sigma-", "x", "y", "d", "a"]
Thermalisation = Literal["boltzmann", "rates", "none"]

STOKES: dict[str, tuple[float, float, float]] = {
    "none": (0.0, 0.0, 0.0),
    "sigma+": (0.0, 0.0, 1.0),
    "sigma-": (0.0, 0.0, -1.0),
    "x": (1.0, 0.0, 0.0),
    "y": (-1.0, 0.0, 0.0),
    "d": (0.0, 1.0, 0.0),
    "a": (0.0, -1.0, 0.0),
}
"""Normalised Stokes vectors; d and a are the diagonals at +45 and -45 degrees from x."""


@dataclass(frozen=True)
class LineList:
    """Lines of a spectrum, arrays of length n.

    ``stokes`` (n, 4): S0 is the area of the line without polariser. ``lorentz_fwhm_mev`` and ``gauss_fwhm_mev`` are
    the widths of its Voigt profile. ``lower``/``upper`` are states of the :class:`~sims.dot.levels.LevelScheme`
    (ground | exciton | biexciton | inner). ``kind``: "exciton", "replica" or "dopant".
    """

    energy_mev: FloatArray
    stokes: FloatArray
    lorentz_fwhm_mev: FloatArray
    gauss_fwhm_mev: FloatArray
    lower: npt.NDArray[np.int64]
    upper: npt.NDArray[np.int64]
    kind: npt.NDArray[np.str_]

    def strength(self, polarisation: Polarisation = "none") -> FloatArray:
        """Area of each line behind an analyser, shape (n,); S0 without one. ValueError for an unknown name."""
        if polarisation == "none":
            return self.stokes[:, 0]
        direction = np.asarray(stokes_of(polarisation))
        return np.asarray(np.maximum(0.0, self.stokes[:, 0] + self.stokes[:, 1:] @ direction) / 2)


def absorption_lines(scheme: LevelScheme, ground: FloatArray | None = None) -> LineList:
    """Zero-phonon absorption from ground populations (n_g,), thermal where None; S0 sums both polarisations.

    ValueError when ``ground`` has the wrong length or is no probability.
    """
    populations = _ground_populations(scheme, ground)
    lines = scheme.exciton_lines
    return _line_list(scheme, lines, populations[lines.lower], "exciton")


def emission_lines(
    scheme: LevelScheme, thermalisation: Thermalisation = "boltzmann", ground: FloatArray | None = None
) -> LineList:
    """PL lines under weak excitation far above the lines: photons along +z per pair created.

    ``thermalisation`` says how the pairs, created with random spins, spread over the exciton states before they
    recombine: "boltzmann" (spin flips much faster than the lifetime), "rates" (flip times of the sample) or "none".
    Zero-phonon lines, phonon replicas, and the dopant's own light where the exciton hands over its energy.
    """
    created = scheme.capture @ _ground_populations(scheme, ground)
    excitons_ns = _exciton_number_ns(scheme, created, thermalisation)
    return emission_from(scheme, excitons_ns)


def _exciton_number_ns(scheme: LevelScheme, created: FloatArray, thermalisation: Thermalisation) -> FloatArray:
    """Mean number of excitons in each state per pair created per ns, (n_x,): p = -G^-1 created."""
    if thermalisation == "rates":
        return np.asarray(np.linalg.solve(-_exciton_generator(scheme), created), dtype=np.float64)
    decay = _decay_per_ns(scheme, thermalisation)
    if thermalisation == "none":
        return created / decay
    share = thermal_populations(scheme.exciton_energies_mev, scheme.temperature_k)
    return np.asarray(share * created.sum() / float(share @ decay), dtype=np.float64)


def yield_per_pair(scheme: LevelScheme, per_exciton_ns: FloatArray, thermalisation: Thermalisation) -> FloatArray:
    """What a pair created in each state gives, (n_x,), from what an exciton in each gives per ns (the adjoint)."""
    if thermalisation == "rates":
        return np.asarray(np.linalg.solve(-_exciton_generator(scheme).T, per_exciton_ns), dtype=np.float64)
    decay = _decay_per_ns(scheme, thermalisation)
    if thermalisation == "none":
        return per_exciton_ns / decay
    share = thermal_populations(scheme.exciton_energies_mev, scheme.temperature_k)
    return np.full(decay.size, float(share @ per_exciton_ns) / float(share @ decay))


def _ground_populations(scheme: LevelScheme, ground: FloatArray | None) -> FloatArray:
    if ground is None:
        return thermal_populations(scheme.ground.energies_mev, scheme.temperature_k)
    populations = np.asarray(ground, dtype=np.float64)
    if populations.shape != (scheme.n_ground,):
        raise ValueError(f"ground: has shape {populations.shape}; the dot has {scheme.n_ground} ground states")
    if not (np.all(populations >= 0) and abs(populations.sum() - 1) < 1e-6):
        raise ValueError(f"ground: populations must be 0 or above and sum to 1 (they sum to {populations.sum():g})")
    return populations


def thermal_populations(energies_mev: FloatArray, temperature_k: float) -> FloatArray:
    """Boltzmann populations of levels (n,) at a temperature above 0 K; they sum to 1. ValueError for T <= 0 or NaN."""
    checks.positive("temperature_k", temperature_k)
    checks.finite_array("energies_mev", energies_mev)
    weight = np.exp(-(energies_mev - np.min(energies_mev)) / (BOLTZMANN_MEV_PER_K * temperature_k))
    return np.asarray(weight / weight.sum(), dtype=np.float64)


def _exciton_generator(scheme: LevelScheme) -> FloatArray:
    return dark_generator(scheme)[scheme.exciton_slice, scheme.exciton_slice]


def _decay_per_ns(scheme: LevelScheme, thermalisation: str) -> FloatArray:
    """Decay of each exciton state to the ground states (and to the dopant), without spin flips, (n_x,)."""
    if thermalisation not in ("boltzmann", "none"):
        raise ValueError(f"thermalisation {thermalisation!r}: unknown; known are boltzmann, rates, none")
    still = {"exciton_dopant_flip_ns": None, "electron_flip_ns": None, "hole_flip_ns": None}
    quiet = replace(scheme, sample=scheme.sample.model_copy(update=still))
    return np.asarray(-np.diag(_exciton_generator(quiet)), dtype=np.float64)


def emission_from(scheme: LevelScheme, excitons_ns: FloatArray) -> LineList:
    """Lines emitted by that many excitons times ns in each state (n_x,); areas in photons along +z."""
    lines, replica = scheme.exciton_lines, scheme.sample.replica
    photons = scheme.radiative_rate_per_ns * excitons_ns[lines.upper - scheme.n_ground]
    share = replica.huang_rhys / (1 + replica.huang_rhys)
    parts = [_line_list(scheme, lines, (1 - share) * photons, "exciton")]
    if share > 0:
        side = _line_list(scheme, lines, share * photons, "replica", -replica.lo_energy_mev, replica.fwhm_mev)
        parts.append(side)
    if scheme.n_inner:
        parts.append(_dopant_light(scheme, float(excitons_ns.sum())))
    return _joined(parts)


def _dopant_light(scheme: LevelScheme, excitons_ns: float) -> LineList:
    """One broad unpolarised line: share of pairs handed over times the quantum yield of the inner transition."""
    inner = scheme.sample.inner_emission
    if inner is None:
        raise ValueError(f"sample {scheme.sample.name}: energy transfer without inner_emission; state it")
    photons = scheme.transfer_rate_per_ns * excitons_ns * inner_emission_rate_per_ns(scheme) * 1e3 * inner.lifetime_us
    return LineList(
        energy_mev=np.array([inner.energy_mev]),
        stokes=np.array([[photons, 0.0, 0.0, 0.0]]),
        lorentz_fwhm_mev=np.zeros(1),
        gauss_fwhm_mev=np.array([inner.fwhm_mev]),
        lower=np.zeros(1, dtype=np.int64),
        upper=np.array([scheme.inner_slice.start], dtype=np.int64),
        kind=np.array(["dopant"]),
    )


def _line_list(
    scheme: LevelScheme,
    lines: Lines,
    weight: FloatArray,
    kind: str,
    shift_mev: float = 0.0,
    extra_fwhm_mev: float = 0.0,
) -> LineList:
    jumps = FWHM_PER_SIGMA * scheme.sample.spectral_diffusion.jump_mev
    n = lines.energy_mev.size
    return LineList(
        energy_mev=lines.energy_mev + shift_mev,
        stokes=lines.stokes * weight[:, None],
        lorentz_fwhm_mev=np.full(n, scheme.line_fwhm_mev),
        gauss_fwhm_mev=np.full(n, np.hypot(jumps, extra_fwhm_mev)),
        lower=lines.lower,
        upper=lines.upper,
        kind=np.full(n, kind),
    )


def _joined(parts: list[LineList]) -> LineList:
    return LineList(
        energy_mev=np.concatenate([part.energy_mev for part in parts]),
        stokes=np.concatenate([part.stokes for part in parts]),
        lorentz_fwhm_mev=np.concatenate([part.lorentz_fwhm_mev for part in parts]),
        gauss_fwhm_mev=np.concatenate([part.gauss_fwhm_mev for part in parts]),
        lower=np.concatenate([part.lower for part in parts]),
        upper=np.concatenate([part.upper for part in parts]),
        kind=np.concatenate([part.kind for part in parts]),
    )


def stokes_of(polarisation: str) -> tuple[float, float, float]:
    """Normalised Stokes vector of a named polarisation; ValueError for an unknown name."""
    if polarisation not in STOKES:
        raise ValueError(f"polarisation {polarisation!r}: unknown; known are {', '.join(STOKES)}")
    return STOKES[polarisation]
