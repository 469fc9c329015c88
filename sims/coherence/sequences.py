"""Microwave pulse sequences as the signs they give to the phase that the qubit collects.

Ideal, instantaneous pi pulses at fixed fractions of the total time T; between pulses the modulation y(t) is +1 or -1
and the qubit collects the phase integral of y(t) delta(t), delta its detuning. Ramsey has no pulse, Hahn's echo one at
T/2, CPMG-n pulses at (j - 1/2) T/n (Meiboom and Gill, Rev. Sci. Instrum. 29, 688 (1958)).
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Sequence:
    """One sequence: its name and the pi pulses' places as fractions of the total time, increasing, inside (0, 1)."""

    name: str
    pulses: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        edges = (0.0, *self.pulses, 1.0)
        if not all(np.isfinite(edges)) or any(b <= a for a, b in pairwise(edges)):
            raise ValueError(f"sequence {self.name!r}: pulses {self.pulses} must increase and lie inside 0 ... 1")

    @property
    def durations(self) -> FloatArray:
        """Fractions of the total time between pulses, shape (pulses + 1,); they sum to 1."""
        return np.diff(np.array([0.0, *self.pulses, 1.0]))

    @property
    def signs(self) -> FloatArray:
        """Signs y = +1, -1, +1 ... of every free interval, shape (pulses + 1,)."""
        return np.where(np.arange(len(self.pulses) + 1) % 2 == 0, 1.0, -1.0)

    @property
    def static_phase_fraction(self) -> float:
        """Mean of y(t): 1 for Ramsey, 0 when a constant detuning is refocused."""
        mean = float(self.durations @ self.signs)
        return 0.0 if abs(mean) < 1e-12 else mean


def ramsey() -> Sequence:
    """Free decay: no pulse."""
    return Sequence("Ramsey")


def hahn_echo() -> Sequence:
    """One pi pulse at half of the total time."""
    return Sequence("Hahn echo", (0.5,))


def cpmg(n_pulses: int) -> Sequence:
    """CPMG with ``n_pulses`` >= 1 pi pulses; ValueError for fewer."""
    if n_pulses < 1:
        raise ValueError(f"n_pulses is {n_pulses}: CPMG needs at least one pi pulse")
    return Sequence(f"CPMG-{n_pulses}", tuple((j + 0.5) / n_pulses for j in range(n_pulses)))


def xy8(n_repeats: int = 1) -> Sequence:
    """XY8 repeated: 8 n pi pulses at CPMG's times; for ideal pulses the axes X and Y dephase alike."""
    if n_repeats < 1:
        raise ValueError(f"n_repeats is {n_repeats}: XY8 needs at least one block of eight pulses")
    return Sequence(f"XY8-{n_repeats}", cpmg(8 * n_repeats).pulses)
