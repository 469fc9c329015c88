"""Photo-induced paramagnetisation of copper in ZnSe-CdSe core/shell dots (Pandey et al., Nat. Nanotechnol. 7, 792).

A site is Cu+ (3d10, no spin) or Cu2+ (3d9, S = 1/2). Light above the gap makes Cu2+ (the dopant captures the hole,
the electron is trapped elsewhere); the trapped electron returns by tunnelling or over a barrier:

    dn/dt = k_light (n_max - n) - k_return (n - n_dark),    k_light = quantum efficiency x cross-section x photon flux
    k_return(T) = 1/tau_0 + nu exp(-E_a / kT)

n: Cu2+ share of the dopants. n_max <= 1: not every site can store its electron. The linear equation is solved exactly.
Read-out by magnetic circular dichroism: Delta E_Z = g_int mu_B B - 2 <S_z> E_sat n / n_dark with <S_z> = -1/2
tanh(g mu_B B / 2kT) (Brillouin function of S = 1/2, paper eqs. 3 and 4); E_sat > 0 as measured for Cu2+:ZnSe.

What is published: up to +100 %, hours in the dark, up to about 80 K. The rate constants are NOT: PUBLISHED_FIT holds
values that reproduce those three statements, each marked as fitted.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sims.basics.checks import UnphysicalInputError, finite, finite_array, fraction, not_negative, positive
from sims.basics.constants import BOHR_MAGNETON_MEV_PER_T, BOLTZMANN_MEV_PER_K
from sims.basics.spins import FloatArray
from sims.dynamics.polaron import aligned_spin

COPPER_SPIN = 0.5


@dataclass(frozen=True)
class Sourced:
    """A number with where it comes from; ``fitted`` True when it was chosen to reproduce a published statement."""

    value: float
    source: str
    fitted: bool


@dataclass(frozen=True)
class CopperParameters:
    """All numbers of the model.

    dark_share (n_dark), largest_share (n_max): Cu2+ shares; cross_section_cm2 above the gap; quantum_efficiency of
    making Cu2+ per absorbed photon; tunnelling_s (tau_0); attempt_per_s (nu); barrier_mev (E_a); saturation_mev
    (E_sat: exchange part of Delta E_Z in the dark at saturation); g_factor of Cu2+; intrinsic_g of the exciton.
    """

    dark_share: Sourced
    largest_share: Sourced
    cross_section_cm2: Sourced
    quantum_efficiency: Sourced
    tunnelling_s: Sourced
    attempt_per_s: Sourced
    barrier_mev: Sourced
    saturation_mev: Sourced
    g_factor: Sourced
    intrinsic_g: Sourced

    def __post_init__(self) -> None:
        dark = fraction("dark_share", self.dark_share.value)
        largest = fraction("largest_share", self.largest_share.value)
        if not 0 < dark <= largest:
            raise UnphysicalInputError(
                f"dark_share = {dark:g}: must be above 0 and at most largest_share = {largest:g}"
            )
        fraction("quantum_efficiency", self.quantum_efficiency.value)
        for name in ("cross_section_cm2", "tunnelling_s", "attempt_per_s", "barrier_mev", "g_factor"):
            positive(name, getattr(self, name).value)
        finite("saturation_mev", self.saturation_mev.value), finite("intrinsic_g", self.intrinsic_g.value)

    def fitted(self) -> tuple[str, ...]:
        """Names of the fitted parameters, sorted."""
        return tuple(sorted(name for name, entry in vars(self).items() if entry.fitted))


_REPRODUCES = "chosen to reproduce Pandey et al., Nat. Nanotechnol. 7, 792 (2012): "

PUBLISHED_FIT = CopperParameters(
    dark_share=Sourced(0.5, _REPRODUCES + "largest enhancement +100 %", fitted=True),
    largest_share=Sourced(1.0, _REPRODUCES + "largest enhancement +100 %", fitted=True),
    cross_section_cm2=Sourced(1e-15, "Barrett, Binks 2023, section 4: band-edge exciton, up to", fitted=False),
    quantum_efficiency=Sourced(1e-6, "assumed; sets how much light it takes, not how far it goes", fitted=True),
    tunnelling_s=Sourced(1.5e4, _REPRODUCES + "memory of hours in the dark", fitted=True),
    attempt_per_s=Sourced(1e10, "assumed order of magnitude of a trap's attempt rate", fitted=True),
    barrier_mev=Sourced(190.0, _REPRODUCES + "memory lost in minutes at about 80 K", fitted=True),
    saturation_mev=Sourced(1.0, "assumed; positive sign published", fitted=True),
    g_factor=Sourced(2.1, "Cu2+ in II-VI hosts, 2.05-2.3", fitted=False),
    intrinsic_g=Sourced(1.5, "exciton in CdSe dots, 1-2", fitted=False),
)


@dataclass(frozen=True)
class Exposure:
    """A stretch of time: duration (s), photon flux above the gap (1/cm^2/s; 0 is dark) and temperature (K)."""

    duration_s: float
    photon_flux_per_cm2_s: float
    temperature_k: float

    def __post_init__(self) -> None:
        positive("duration_s", self.duration_s)
        not_negative("photon_flux_per_cm2_s", self.photon_flux_per_cm2_s)
        positive("temperature_k", self.temperature_k)


def return_rate_per_s(parameters: CopperParameters, temperature_k: float) -> float:
    """Rate of the trapped electron's return, 1/tau_0 + nu exp(-E_a/kT)."""
    kt = BOLTZMANN_MEV_PER_K * positive("temperature_k", temperature_k)
    activated = parameters.attempt_per_s.value * np.exp(-parameters.barrier_mev.value / kt)
    return float(1 / parameters.tunnelling_s.value + activated)


def light_rate_per_s(parameters: CopperParameters, photon_flux_per_cm2_s: float) -> float:
    """Rate at which a Cu+ that can store its electron becomes Cu2+."""
    flux = not_negative("photon_flux_per_cm2_s", photon_flux_per_cm2_s)
    return parameters.quantum_efficiency.value * parameters.cross_section_cm2.value * flux


def steady_share(parameters: CopperParameters, photon_flux_per_cm2_s: float, temperature_k: float) -> float:
    """Cu2+ share after long light."""
    light = light_rate_per_s(parameters, photon_flux_per_cm2_s)
    back = return_rate_per_s(parameters, temperature_k)
    return (light * parameters.largest_share.value + back * parameters.dark_share.value) / (light + back)


def paramagnetic_share(
    parameters: CopperParameters, exposures: Sequence[Exposure], times_s: FloatArray, start_share: float | None = None
) -> FloatArray:
    """Cu2+ share (n_t,) at times (n_t,) s from the start of the first exposure, which begins at ``start_share``.

    The start defaults to the dark share. UnphysicalInputError for times outside the exposures.
    """
    times = finite_array("times_s", times_s)
    ends = np.cumsum([exposure.duration_s for exposure in exposures])
    if ends.size == 0 or times.min() < 0 or times.max() > ends[-1] * (1 + 1e-12):
        end = ends[-1] if ends.size else 0.0
        raise UnphysicalInputError(f"times_s: from {times.min():g} to {times.max():g}; must lie within 0 ... {end:g} s")
    share = parameters.dark_share.value if start_share is None else fraction("start_share", start_share)
    result = np.empty_like(times)
    begin = 0.0
    for exposure, end in zip(exposures, ends.tolist(), strict=True):
        inside = (times >= begin) & (times <= end * (1 + 1e-12))
        target = steady_share(parameters, exposure.photon_flux_per_cm2_s, exposure.temperature_k)
        rate = light_rate_per_s(parameters, exposure.photon_flux_per_cm2_s)
        rate += return_rate_per_s(parameters, exposure.temperature_k)
        result[inside] = target + (share - target) * np.exp(-rate * (times[inside] - begin))
        share = target + (share - target) * np.exp(-rate * (end - begin))
        begin = end
    return result


def zeeman_splitting_mev(
    parameters: CopperParameters, share: FloatArray | float, field_t: float, temperature_k: float
) -> FloatArray:
    """Delta E_Z = E(sigma+) - E(sigma-) in meV for Cu2+ shares of any shape."""
    shares = np.asarray(share, dtype=np.float64)
    if not np.all((shares >= 0) & (shares <= 1)):
        raise UnphysicalInputError("share: must lie between 0 and 1")
    kt = BOLTZMANN_MEV_PER_K * positive("temperature_k", temperature_k)
    zeeman = BOHR_MAGNETON_MEV_PER_T * finite("field_t", field_t)
    mean_spin = -aligned_spin(COPPER_SPIN, parameters.g_factor.value * zeeman, kt)
    exchange = -2 * mean_spin * parameters.saturation_mev.value * shares / parameters.dark_share.value
    return np.asarray(parameters.intrinsic_g.value * zeeman + exchange)


def enhancement(parameters: CopperParameters, share: float, field_t: float, temperature_k: float) -> float:
    """Growth of the exchange part of Delta E_Z over the dark, 1.0 meaning +100 %. Needs field_t other than 0."""
    if finite("field_t", field_t) == 0:
        raise UnphysicalInputError("field_t = 0: there is no splitting to compare; apply a field")
    intrinsic = parameters.intrinsic_g.value * BOHR_MAGNETON_MEV_PER_T * field_t
    lit = float(zeeman_splitting_mev(parameters, share, field_t, temperature_k)) - intrinsic
    dark = float(zeeman_splitting_mev(parameters, parameters.dark_share.value, field_t, temperature_k)) - intrinsic
    return lit / dark - 1.0


def dichroism(detuning_mev: FloatArray, splitting_mev: float, line_fwhm_mev: float) -> FloatArray:
    """MCD (A(sigma-) - A(sigma+)) / A_peak of a Gaussian line whose helicities split by Delta E_Z (rigid shift).

    ``detuning_mev`` (n,) from the line's centre. sigma+ lies Delta E_Z / 2 above it.
    """
    energies = finite_array("detuning_mev", detuning_mev)
    sigma = positive("line_fwhm_mev", line_fwhm_mev) / (2 * np.sqrt(2 * np.log(2)))
    half = finite("splitting_mev", splitting_mev) / 2
    minus = np.exp(-(((energies + half) / sigma) ** 2) / 2)
    plus = np.exp(-(((energies - half) / sigma) ** 2) / 2)
    return np.asarray(minus - plus)
