"""Spin-lattice relaxation of the dopant: direct, Raman and Orbach processes with declared parameters.

1/T1 = a_d T (B/0.35 T)^2 + a_R T^n + a_O/(exp(Delta/kT) - 1) (Abragam and Bleaney, Electron Paramagnetic Resonance
of Transition Ions, ch. 10; the direct process in its high-temperature form for an S-state ion). T2 <= 2 T1.
"""

from dataclasses import dataclass

import numpy as np

from sims.basics import checks
from sims.basics.constants import BOLTZMANN_MEV_PER_K

REFERENCE_FIELD_T = 0.35


@dataclass(frozen=True)
class SpinLatticeRelaxation:
    """Strengths of the three processes; every one defaults to 0 (absent).

    ``direct_per_s_per_k`` at 0.35 T; ``raman_per_s`` at 1 K with ``raman_exponent`` n; ``orbach_per_s`` and
    ``orbach_energy_mev`` Delta. ``origin`` says where the numbers come from. ValueError for negative numbers.
    """

    direct_per_s_per_k: float = 0.0
    raman_per_s: float = 0.0
    raman_exponent: float = 9.0
    orbach_per_s: float = 0.0
    orbach_energy_mev: float = 1.0
    origin: str = "declared"

    def __post_init__(self) -> None:
        checks.not_negative("direct_per_s_per_k", self.direct_per_s_per_k)
        checks.not_negative("raman_per_s", self.raman_per_s)
        checks.positive("raman_exponent", self.raman_exponent)
        checks.not_negative("orbach_per_s", self.orbach_per_s)
        checks.positive("orbach_energy_mev", self.orbach_energy_mev)

    def rate_per_s(self, temperature_k: float, field_t: float = REFERENCE_FIELD_T) -> float:
        """1/T1 in 1/s; ValueError for a temperature that is not above 0 or a negative field."""
        temperature = checks.positive("temperature_k", temperature_k)
        direct = (
            self.direct_per_s_per_k * temperature * (checks.not_negative("field_t", field_t) / REFERENCE_FIELD_T) ** 2
        )
        raman = self.raman_per_s * temperature**self.raman_exponent
        ratio = self.orbach_energy_mev / (BOLTZMANN_MEV_PER_K * temperature)
        orbach = self.orbach_per_s * np.exp(-ratio) / -np.expm1(-ratio)
        return float(direct + raman + orbach)

    def t1_s(self, temperature_k: float, field_t: float = REFERENCE_FIELD_T) -> float:
        """T1 in s; infinite when every process is absent."""
        rate = self.rate_per_s(temperature_k, field_t)
        return 1 / rate if rate else float("inf")
