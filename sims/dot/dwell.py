"""Dwell times of a slow switch: exponential, and power laws as reported for the on and off times of colloidal dots.

P(t) ~ t^-a, a near 1.5 (Kuno et al., J. Chem. Phys. 112, 3117 (2000)), ended by a longest time or by an exponential
(on times: Shimizu et al., PRB 63, 205316 (2001)). A stationary process is found in a dwell time that was chosen in
proportion to its length, at a uniform place in it (renewal theory): ``rest_s`` is what is left of it.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from sims.basics.spins import FloatArray


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
class BoundedPowerLaw:
    """Density ~ t^-exponent for shortest_s < t < longest_s; exponent 0.5 to 3."""

    exponent: float
    shortest_s: float
    longest_s: float

    def __post_init__(self) -> None:
        if not 0.5 <= self.exponent <= 3.0:
            raise ValueError(f"exponent = {self.exponent}: must lie in 0.5...3 (observed: about 1.5)")
        if not 1e-6 <= self.shortest_s < self.longest_s < np.inf:
            raise ValueError(
                f"shortest_s = {self.shortest_s}, longest_s = {self.longest_s}: must be 1e-6 <= shortest_s < longest_s"
            )

    @property
    def mean_s(self) -> float:
        """Ratio of the integrals of t^(1 - a) and t^-a."""
        return self._integral(1.0 - self.exponent) / self._integral(-self.exponent)

    def draw_s(self, number: int, rng: np.random.Generator) -> FloatArray:
        """By inversion of the distribution function."""
        return self._drawn(-self.exponent, rng.random(number))

    def rest_s(self, rng: np.random.Generator) -> float:
        """A uniform share of a time with density ~ t^(1 - exponent)."""
        return float(self._drawn(1.0 - self.exponent, rng.random(1))[0] * rng.random())

    def _integral(self, power: float) -> float:
        """Integral of t^power from the shortest to the longest time."""
        k = power + 1.0
        if abs(k) < 1e-9:
            return float(np.log(self.longest_s / self.shortest_s))
        return float((self.longest_s**k - self.shortest_s**k) / k)

    def _drawn(self, power: float, share: FloatArray) -> FloatArray:
        """Times with density ~ t^power that a share ``share`` (n,) of all falls short of."""
        k = power + 1.0
        span = float(np.log(self.longest_s / self.shortest_s))
        if abs(k) < 1e-9:
            return np.asarray(self.shortest_s * np.exp(span * share), dtype=np.float64)
        return np.asarray(self.shortest_s * np.exp(np.log1p(share * np.expm1(k * span)) / k), dtype=np.float64)
