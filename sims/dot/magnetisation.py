"""Thermal magnetisation of dopants and the giant Zeeman splitting it gives the exciton.

Barrett and Binks, Mater. Quantum Technol. 2023, eqs (3) and (4). Convention: Delta E_Z = E(sigma+) - E(sigma-).
With alpha > 0 and beta < 0 (Mn2+, Co2+) exchange makes it negative in a positive field, against g_int > 0; with
beta > alpha > 0 (Cu2+, Cr2+) positive. What is sometimes called the sign of the dopant's g factor is this sign of the
exchange; the g factor itself is positive.
"""

from dataclasses import dataclass

import numpy as np

from sims.basics import checks
from sims.basics.constants import BOHR_MAGNETON_MEV_PER_T, BOLTZMANN_MEV_PER_K
from sims.basics.spins import FloatArray, dimension
from sims.matter.dopants import ion_in_host


@dataclass(frozen=True)
class GiantZeeman:
    """What fixes the splitting: dopant fraction x of the cations, exchange in meV, share of electron and hole there."""

    fraction: float
    n0_alpha_mev: float
    n0_beta_mev: float
    spin: float = 2.5
    g_factor: float = 2.0
    intrinsic_g: float = 0.0
    electron_share: float = 1.0
    hole_share: float = 1.0

    def __post_init__(self) -> None:
        for name in ("fraction", "electron_share", "hole_share"):
            value = getattr(self, name)
            if not (np.isfinite(value) and 0 <= value <= 1):
                raise ValueError(f"{name} = {value}: must lie between 0 and 1")
        for name in ("n0_alpha_mev", "n0_beta_mev", "intrinsic_g"):
            if not np.isfinite(getattr(self, name)):
                raise ValueError(f"{name} = {getattr(self, name)}: must be finite")
        _check_spin(self.spin, self.g_factor)

    @property
    def exchange_mev(self) -> float:
        """Splitting per unit <S_z>, meV: x N0 (alpha f_e - beta f_h)."""
        electron, hole = self.n0_alpha_mev * self.electron_share, self.n0_beta_mev * self.hole_share
        return self.fraction * (electron - hole)


def giant_zeeman_of(
    element: str,
    host: str,
    fraction: float,
    intrinsic_g: float = 0.0,
    electron_share: float = 1.0,
    hole_share: float = 1.0,
) -> GiantZeeman:
    """Giant Zeeman model of an ion in a host with the numbers of the ion table.

    NotEstablishedError, naming ion, host and quantity, where no exchange is established; ValueError for unknown names.
    """
    known = ion_in_host(element, host)
    name = f"{known.ion.name} in {host}"
    return GiantZeeman(
        fraction=fraction,
        n0_alpha_mev=known.n0_alpha_mev.required(name, "electron exchange N0alpha"),
        n0_beta_mev=known.n0_beta_mev.required(name, "hole exchange N0beta"),
        spin=known.ion.spin,
        g_factor=known.g_factor.required(name, "g factor"),
        intrinsic_g=intrinsic_g,
        electron_share=electron_share,
        hole_share=hole_share,
    )


def brillouin_function(spin: float, argument: FloatArray | float) -> FloatArray:
    """B_S(y), y = g mu_B S B/kT; same shape as ``argument``. ValueError unless ``spin`` is a half-integer above 0."""
    _check_spin(spin, 1.0)
    y = checks.all_finite("argument", argument)
    total, single = (2 * spin + 1) / (2 * spin), 1 / (2 * spin)
    return np.asarray(total * _coth_less_pole(total * y) - single * _coth_less_pole(single * y), dtype=np.float64)


def mean_spin(
    field_t: FloatArray | float,
    temperature_k: float,
    spin: float = 2.5,
    g_factor: float = 2.0,
    antiferromagnetic_k: float = 0.0,
) -> FloatArray:
    """Thermal <S_z>, eq. (4): -1/2 [(2S+1) coth((2S+1)x) - coth x] = -S B_S, x = g mu_B B / 2k(T + T_AF).

    Same shape as ``field_t`` (T). ``antiferromagnetic_k`` is T_AF, the usual stand-in for the coupling between
    dopants. ValueError for T <= 0, T_AF < 0, a field that is not finite, or an impossible spin.
    """
    _check_spin(spin, g_factor)
    field = _checked_fields(field_t)
    effective_k = _effective_temperature_k(temperature_k, antiferromagnetic_k)
    argument = g_factor * BOHR_MAGNETON_MEV_PER_T * spin * field / (BOLTZMANN_MEV_PER_K * effective_k)
    return np.asarray(-spin * brillouin_function(spin, argument), dtype=np.float64)


def giant_zeeman_splitting_mev(
    model: GiantZeeman, field_t: FloatArray | float, temperature_k: float, antiferromagnetic_k: float = 0.0
) -> FloatArray:
    """Delta E_Z = g_int mu_B B + x <S_z> N0 (alpha f_e - beta f_h), eq. (3), meV, same shape as ``field_t``."""
    moment = mean_spin(field_t, temperature_k, model.spin, model.g_factor, antiferromagnetic_k)
    intrinsic = model.intrinsic_g * BOHR_MAGNETON_MEV_PER_T * _checked_fields(field_t)
    return np.asarray(intrinsic + model.exchange_mev * moment, dtype=np.float64)


def effective_g(model: GiantZeeman, temperature_k: float, antiferromagnetic_k: float = 0.0) -> float:
    """Low-field g: g_int - x N0 (alpha f_e - beta f_h) g S(S+1) / 3kT_eff (Curie's law in eq. (3))."""
    effective_k = _effective_temperature_k(temperature_k, antiferromagnetic_k)
    curie = model.g_factor * model.spin * (model.spin + 1) / (3 * BOLTZMANN_MEV_PER_K * effective_k)
    return model.intrinsic_g - model.exchange_mev * curie


def saturation_splitting_mev(model: GiantZeeman) -> float:
    """Exchange part of Delta E_Z when every dopant is aligned (<S_z> = -S in a positive field), meV."""
    return -model.exchange_mev * model.spin


def fraction_for_effective_g(wanted_g: float, model: GiantZeeman, temperature_k: float) -> float:
    """Dopant fraction x that gives the low-field g ``wanted_g``, all else as in ``model``; its fraction is ignored.

    ValueError when no fraction between 0 and 1 does.
    """
    full = GiantZeeman(**{**vars(model), "fraction": 1.0})
    per_fraction = effective_g(full, temperature_k) - model.intrinsic_g
    fraction = (wanted_g - model.intrinsic_g) / per_fraction if per_fraction else np.inf
    if not 0 <= fraction <= 1:
        raise ValueError(
            f"wanted_g = {wanted_g}: needs a dopant fraction of {fraction:.3g}; it must lie between 0 and 1"
        )
    return float(fraction)


def circular_dichroism(splitting_mev: FloatArray | float, fwhm_mev: float) -> FloatArray:
    """MCD of one Gaussian band: (A+ - A-)/(A+ + A-) one standard deviation above its centre, for |Delta E_Z| << width.

    The two circular bands lie Delta E_Z apart, so the signal is Delta E_Z / (2 sigma), sigma = fwhm / 2.355; one
    sigma below the centre it is the opposite. Same shape as ``splitting_mev``. ValueError unless the width is above 0
    and every number finite.
    """
    checks.positive("fwhm_mev", fwhm_mev)
    sigma = fwhm_mev / np.sqrt(8 * np.log(2))
    return np.asarray(checks.all_finite("splitting_mev", splitting_mev) / (2 * sigma), dtype=np.float64)


def _coth_less_pole(x: FloatArray) -> FloatArray:
    """coth(x) - 1/x (Langevin's function), finite at 0; B_S is the same combination since the poles cancel."""
    small = np.abs(x) < 1e-2
    safe = np.where(small, 1.0, x)
    return np.where(small, x / 3 - x**3 / 45 + 2 * x**5 / 945, 1 / np.tanh(safe) - 1 / safe)


def _checked_fields(field_t: FloatArray | float) -> FloatArray:
    field = np.asarray(field_t, dtype=np.float64)
    if not np.all(np.isfinite(field)):
        raise ValueError(f"field_t = {field_t}: must be finite")
    return field


def _effective_temperature_k(temperature_k: float, antiferromagnetic_k: float) -> float:
    if not (np.isfinite(temperature_k) and temperature_k > 0):
        raise ValueError(f"temperature_k = {temperature_k}: must be finite and above 0 K")
    if not (np.isfinite(antiferromagnetic_k) and antiferromagnetic_k >= 0):
        raise ValueError(f"antiferromagnetic_k = {antiferromagnetic_k}: must be finite and not negative")
    return temperature_k + antiferromagnetic_k


def _check_spin(spin: float, g_factor: float) -> None:
    if dimension(spin) < 2:
        raise ValueError(f"spin = {spin}: a magnetic ion needs at least 1/2")
    if not np.isfinite(g_factor):
        raise ValueError(f"g_factor = {g_factor}: must be finite")
