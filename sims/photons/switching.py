"""Slow switching of the emitter: on/off dwell times, drawn exactly and without end.

Telegraph: exponential dwell times. Power law: P(t) ~ t^-a exp(-t/cutoff) for t above the shortest time, as reported
for the on and off times of colloidal dots (Kuno et al., J. Chem. Phys. 112, 3117 (2000); on-time cutoff: Shimizu et
al., PRB 63, 205316 (2001)). Both start in their stationary state: the first dwell time is the rest of a time that was
chosen in proportion to its length (renewal theory).
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from sims.photons.process import FloatArray

BLOCK = 512
"""Dwell times drawn at once; a fixed number, so that the times do not depend on how far they are asked for."""


class Dwell(Protocol):
    """A distribution of dwell times in seconds."""

    @property
    def mean_s(self) -> float:
        """Mean dwell time; infinite when the state is never left."""

    def draw_s(self, number: int, rng: np.random.Generator) -> FloatArray:
        """``number`` dwell times."""

    def rest_s(self, rng: np.random.Generator) -> float:
        """Time left in a stationary process that is found in this state."""


@dataclass(frozen=True)
class Exponential:
    """Constant rate of leaving, per second; 0: never."""

    rate_per_s: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.rate_per_s) and self.rate_per_s >= 0):
            raise ValueError(f"rate_per_s = {self.rate_per_s}: must be finite and not negative")

    @property
    def mean_s(self) -> float:
        """1 / rate."""
        return 1.0 / self.rate_per_s if self.rate_per_s > 0 else float("inf")

    def draw_s(self, number: int, rng: np.random.Generator) -> FloatArray:
        """``number`` exponential times."""
        return rng.standard_exponential(number) * self.mean_s

    def rest_s(self, rng: np.random.Generator) -> float:
        """Exponential again: no memory."""
        return float(rng.standard_exponential()) * self.mean_s


@dataclass(frozen=True)
class PowerLaw:
    """Density ~ t^-exponent exp(-t / cutoff_s) for t > shortest_s; exponent 1.1 to 1.99 (observed: about 1.5)."""

    exponent: float
    shortest_s: float
    cutoff_s: float

    def __post_init__(self) -> None:
        if not 1.1 <= self.exponent <= 1.99:
            raise ValueError(f"exponent = {self.exponent}: must lie in 1.1...1.99 (observed: about 1.5)")
        if not (self.shortest_s >= 1e-6 and 10 * self.shortest_s <= self.cutoff_s < np.inf):
            raise ValueError(
                f"shortest_s = {self.shortest_s}, cutoff_s = {self.cutoff_s}: need 1e-6 <= shortest_s, and a finite "
                "cutoff_s of at least 10 shortest_s"
            )

    @property
    def mean_s(self) -> float:
        """Mean dwell time, cutoff * Gamma(2 - a, y) / Gamma(1 - a, y) with y = shortest / cutoff (upper incomplete)."""
        from scipy.special import gamma, gammaincc

        a, y = self.exponent, self.shortest_s / self.cutoff_s
        first = float(gamma(2 - a) * gammaincc(2 - a, y))  # Gamma(2 - a, y)
        zeroth = (first - y ** (1 - a) * np.exp(-y)) / (1 - a)  # Gamma(s + 1, y) = s Gamma(s, y) + y^s e^-y, s = 1 - a
        return self.cutoff_s * first / float(zeroth)

    def draw_s(self, number: int, rng: np.random.Generator) -> FloatArray:
        """A pure power law by inversion, thinned by exp(-(t - shortest)/cutoff): exact."""
        found: list[FloatArray] = []
        missing = number
        while missing > 0:
            t = self.shortest_s * (1.0 - rng.random(missing)) ** (-1.0 / (self.exponent - 1.0))
            t = t[rng.random(missing) < np.exp(-(t - self.shortest_s) / self.cutoff_s)]
            found.append(t)
            missing -= t.size
        return np.concatenate(found) if found else np.empty(0)

    def rest_s(self, rng: np.random.Generator) -> float:
        """A uniform share of a time with density ~ t^(1 - exponent) exp(-t/cutoff) (a cut gamma distribution)."""
        while True:
            t = float(rng.gamma(2.0 - self.exponent)) * self.cutoff_s
            if t > self.shortest_s:
                return t * float(rng.random())


@dataclass(frozen=True)
class Blinking:
    """On and off dwell times; ``off_brightness`` is the emission of the off state relative to the on state."""

    on: Dwell
    off: Dwell
    off_brightness: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.off_brightness <= 1:
            raise ValueError(f"off_brightness = {self.off_brightness}: must lie in 0...1")
        if not np.isfinite(self.off.mean_s):
            raise ValueError("the off state is never left: the dot would stay dark; give it a finite mean time")

    @property
    def on_fraction(self) -> float:
        """Mean share of the time in the on state."""
        on = self.on.mean_s
        return 1.0 if not np.isfinite(on) else on / (on + self.off.mean_s)


def telegraph(on_to_off_per_s: float, off_to_on_per_s: float, off_brightness: float = 0.0) -> Blinking:
    """Two-state telegraph."""
    return Blinking(Exponential(on_to_off_per_s), Exponential(off_to_on_per_s), off_brightness)


class SwitchRecord:
    """One realisation of blinking, to be asked for ever later times."""

    def __init__(self, blinking: Blinking, rng: np.random.Generator) -> None:
        self._blinking, self._rng = blinking, rng
        self._first_on = bool(rng.random() < blinking.on_fraction)
        self._switches = np.array([(blinking.on if self._first_on else blinking.off).rest_s(rng)])
        self._dropped = 0

    def is_on(self, time_s: FloatArray) -> npt.NDArray[np.bool_]:
        """State at the sorted times, which must not be earlier than those asked before."""
        if time_s.size == 0:
            return np.empty(0, dtype=np.bool_)
        self._extend(float(time_s[-1]))
        passed = np.searchsorted(self._switches, time_s, side="right")
        on = ((passed + self._dropped) % 2 == 0) == self._first_on
        old = int(passed[0])
        old = min(old, self._switches.size - 1)  # the last one is where the record goes on
        self._switches, self._dropped = self._switches[old:], self._dropped + old
        return np.asarray(on, dtype=np.bool_)

    def _extend(self, until_s: float) -> None:
        parts = [self._switches]
        last, count = float(self._switches[-1]), self._dropped + self._switches.size
        while last <= until_s:
            first_on = self._first_on == (count % 2 == 0)
            waits = np.empty(2 * BLOCK)
            waits[0::2] = (self._blinking.on if first_on else self._blinking.off).draw_s(BLOCK, self._rng)
            waits[1::2] = (self._blinking.off if first_on else self._blinking.on).draw_s(BLOCK, self._rng)
            parts.append(last + np.cumsum(waits))
            last, count = float(parts[-1][-1]), count + 2 * BLOCK
        self._switches = np.concatenate(parts)
