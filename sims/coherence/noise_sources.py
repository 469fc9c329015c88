"""Where Ornstein-Uhlenbeck noise comes from: charges that shift D_0 and g, spins on the surface, other dopants."""

from dataclasses import dataclass
from math import pi

import numpy as np
import numpy.typing as npt

from sims.basics import checks
from sims.coherence.dipolar import BOHR_MAGNETON_FIELD_T_NM3, ELECTRON_RAD_PER_S_PER_T, Field, Qubit
from sims.coherence.estimates import surface_spin_sigma_rad_per_s
from sims.coherence.noise import OrnsteinUhlenbeck

SHORTEST_DISTANCE_NM = 0.3
"""No two cation sites are closer; nearest neighbours (about 0.4 nm) are dimers bound by exchange, not noise."""


@dataclass(frozen=True)
class ChargeNoise:
    """Electric-field noise at the dopant and what it does to the spin.

    ``rms_field_mv_per_m`` rms along the dot's polar axis in MV/m; ``correlation_time_s``;
    ``d0_shift_hz_per_mv_per_m`` dD_0/dE in Hz per MV/m (D_0 [S_z^2 - S(S+1)/3]); ``g_shift_per_mv_per_m`` dg/dE.
    Neither sensitivity is established for Mn2+ in a dot: both default to 0 and are declared by the user.
    """

    rms_field_mv_per_m: float
    correlation_time_s: float
    d0_shift_hz_per_mv_per_m: float = 0.0
    g_shift_per_mv_per_m: float = 0.0

    def __post_init__(self) -> None:
        checks.not_negative("rms_field_mv_per_m", self.rms_field_mv_per_m)
        checks.positive("correlation_time_s", self.correlation_time_s)
        checks.finite("d0_shift_hz_per_mv_per_m", self.d0_shift_hz_per_mv_per_m)
        checks.finite("g_shift_per_mv_per_m", self.g_shift_per_mv_per_m)


def charge_noise(source: ChargeNoise, qubit: Qubit, field: Field) -> OrnsteinUhlenbeck:
    """Detuning noise of the transition m -> m - 1, first order in the electric field, B along the axis of D_0.

    D_0 m^2 gives (2m - 1) dD_0/dE: nothing for the central transition 1/2 -> -1/2. g gives (mu_B B/hbar) dg/dE.
    """
    by_d0 = 2 * pi * source.d0_shift_hz_per_mv_per_m * (2 * qubit.upper_projection - 1)
    by_g = ELECTRON_RAD_PER_S_PER_T * field.magnitude_t * source.g_shift_per_mv_per_m
    return OrnsteinUhlenbeck(abs(by_d0 + by_g) * source.rms_field_mv_per_m, source.correlation_time_s)


@dataclass(frozen=True)
class SurfaceSpins:
    """Unpaired electron spins on the dot's surface: areal density (nm^-2), memory time (s), spin and g.

    Their density and memory are properties of a batch, not of a host: declared, with no default memory.
    """

    density_per_nm2: float
    correlation_time_s: float
    spin: float = 0.5
    g: float = 2.0

    def __post_init__(self) -> None:
        checks.not_negative("density_per_nm2", self.density_per_nm2)
        checks.positive("correlation_time_s", self.correlation_time_s)
        checks.half_integer_spin("spin", self.spin)
        checks.positive("g", self.g)


def surface_magnetic_noise(
    spins: SurfaceSpins, surface_radius_nm: float, dopant_distance_nm: float, qubit: Qubit
) -> OrnsteinUhlenbeck:
    """Detuning noise by many surface spins that flip with one memory time; ValueError when the dopant is outside.

    Gaussian by the number of spins: with one or two of them the true decay is not.
    """
    sigma = surface_spin_sigma_rad_per_s(
        spins.density_per_nm2,
        surface_radius_nm,
        dopant_distance_nm=dopant_distance_nm,
        spin=spins.spin,
        g=qubit.g,
        surface_g=spins.g,
    )
    return OrnsteinUhlenbeck(sigma, spins.correlation_time_s)


@dataclass(frozen=True)
class OtherDopants:
    """Further dopants in the dot: places (nm from the dot's centre), memory time (s, their T1), spin and g.

    ValueError for no place, NaN, a spin that is not half-integer or a memory that is not positive.
    """

    positions_nm: tuple[tuple[float, float, float], ...]
    correlation_time_s: float
    spin: float = 2.5
    g: float = 2.0

    def __post_init__(self) -> None:
        places = np.array(self.positions_nm, dtype=np.float64)
        if places.ndim != 2 or places.shape[1] != 3 or not np.all(np.isfinite(places)):
            raise ValueError(f"positions_nm is {self.positions_nm}: give one or more finite (x, y, z)")
        checks.positive("correlation_time_s", self.correlation_time_s)
        checks.half_integer_spin("spin", self.spin)
        checks.positive("g", self.g)


def dopant_noise(
    others: OtherDopants, dopant_nm: npt.NDArray[np.float64], qubit: Qubit, field: Field
) -> OrnsteinUhlenbeck:
    """Detuning noise by the secular dipolar coupling to other dopants, all levels equally populated.

    sigma^2 = [S(S+1)/3] sum of T_e^2 (1 - 3 cos^2)^2/r^6, T_e as for surface spins. Flip-flops with the qubit (equal
    ions on resonance) and exchange at short distance are left out. ValueError when one sits on the dopant.
    """
    separation = np.array(others.positions_nm) - dopant_nm
    distances = np.linalg.norm(separation, axis=1)
    if np.min(distances) < SHORTEST_DISTANCE_NM:
        raise ValueError(
            f"positions_nm: another dopant {np.min(distances):.3g} nm from this one, less than two sites apart"
        )
    cosines = separation @ field.direction / distances
    strength = BOHR_MAGNETON_FIELD_T_NM3 * ELECTRON_RAD_PER_S_PER_T * qubit.g * others.g
    couplings = strength * (1 - 3 * cosines**2) / distances**3
    variance = others.spin * (others.spin + 1) / 3 * float(np.sum(couplings**2))
    return OrnsteinUhlenbeck(float(np.sqrt(variance)), others.correlation_time_s)
