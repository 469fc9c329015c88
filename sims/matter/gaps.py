"""How the gap moves with temperature."""

import math
from dataclasses import dataclass

from sims.basics import checks
from sims.matter.quantity import Quantity


@dataclass(frozen=True)
class VarshniLaw:
    """Eg(T) = Eg(0) - alpha T^2/(T + beta). Y. P. Varshni, Physica 34, 149 (1967), eq. (1). meV, meV/K, K."""

    gap_0k_mev: Quantity
    alpha_mev_per_k: Quantity
    beta_k: Quantity

    def gap_mev(self, temperature_k: float) -> float:
        """Gap in meV at a temperature in K."""
        shift = _number(self.alpha_mev_per_k) * temperature_k**2 / (temperature_k + _number(self.beta_k))
        return _number(self.gap_0k_mev) - shift


@dataclass(frozen=True)
class LeadSaltLaw:
    """Eg(T) = offset + sqrt(root^2 + slope^2 T^2), rising with temperature. meV, meV, meV/K.

    The form used for lead salts in Landolt-Boernstein; for PbS 263 + sqrt(400 + 0.265 T^2) meV.
    """

    offset_mev: Quantity
    root_mev: Quantity
    slope_squared_mev2_per_k2: Quantity

    @property
    def gap_0k_mev(self) -> Quantity:
        """Gap at 0 K."""
        return Quantity(
            _number(self.offset_mev) + _number(self.root_mev),
            "meV",
            self.offset_mev.uncertainty + self.root_mev.uncertainty,
            self.offset_mev.source,
        )

    def gap_mev(self, temperature_k: float) -> float:
        """Gap in meV at a temperature in K."""
        root = _number(self.root_mev) ** 2 + _number(self.slope_squared_mev2_per_k2) * temperature_k**2
        return _number(self.offset_mev) + math.sqrt(root)


@dataclass(frozen=True)
class LinearLaw:
    """Eg(T) = Eg(0) + slope T up to ``highest_k``, constant above. meV, meV/K, K.

    For the lead-halide perovskites (slope > 0 in the low-temperature phase) and, with slope None, for hosts whose
    temperature dependence is not established: they keep their tabulated gap at every temperature.
    """

    gap_0k_mev: Quantity
    slope_mev_per_k: Quantity
    highest_k: float = 300.0

    def gap_mev(self, temperature_k: float) -> float:
        """Gap in meV at a temperature in K."""
        slope = self.slope_mev_per_k.value or 0.0
        return _number(self.gap_0k_mev) + slope * min(temperature_k, self.highest_k)


@dataclass(frozen=True)
class MixedLaw:
    """Gap of an alloy A_x B_(1-x): x Eg_A(T) + (1 - x) Eg_B(T) - b x (1 - x), bowing b in meV."""

    first: "GapLaw"
    second: "GapLaw"
    fraction: float
    bowing_mev: Quantity

    @property
    def gap_0k_mev(self) -> Quantity:
        """Gap at 0 K."""
        first, second, x = self.first.gap_0k_mev, self.second.gap_0k_mev, self.fraction
        spread = x * first.uncertainty + (1 - x) * second.uncertainty + x * (1 - x) * self.bowing_mev.uncertainty
        return Quantity(self.gap_mev(0.0), "meV", spread, f"{first.source}; {second.source}; {self.bowing_mev.source}")

    def gap_mev(self, temperature_k: float) -> float:
        """Gap in meV at a temperature in K."""
        x = self.fraction
        straight = x * self.first.gap_mev(temperature_k) + (1 - x) * self.second.gap_mev(temperature_k)
        return straight - _number(self.bowing_mev) * x * (1 - x)


GapLaw = VarshniLaw | LeadSaltLaw | LinearLaw | MixedLaw


def checked_temperature_k(temperature_k: float) -> float:
    """The temperature itself; ValueError when it is negative or not finite."""
    return checks.not_negative("temperature_k", temperature_k)


def _number(quantity: Quantity) -> float:
    return quantity.required("gap law", "parameter")
