"""Shapes of fluorescence decays as a detector sees them: emission ⊗ response, earlier pulses, pile-up.

Light of a flash at time 0 arrives with the cumulative distribution F(t); a response bin is a flash in its middle.
The share that falls into the bin ``lag`` bins later is then, for a response that comes ``shift`` too early,

    k(lag) = Σ_j F((lag + ½)·bin − shift + j·period) − F((lag − ½)·bin − shift + j·period),   j = 0, 1, 2 … pulses ago

and the histogram is response ∗ k. The shift moves the smooth kernel, not the noisy measured response.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gamma, gammainc

FloatArray = npt.NDArray[np.float64]
Cumulative = Callable[[FloatArray], FloatArray]
"""F(t), t in ns (any shape, never negative): share of the light that has come by t."""

_FORGOTTEN = 1e-9
_MOST_PERIODS = 400


@dataclass(frozen=True)
class DecayModel:
    """What is fitted: ``n_exponentials`` lifetimes, or one stretched exponential exp(−(t/τ)^β)."""

    name: str
    n_exponentials: int
    stretched: bool = False

    @property
    def n_components(self) -> int:
        """Number of emitted shapes, each with an area."""
        return self.n_exponentials


ONE = DecayModel("one exponential", 1)
TWO = DecayModel("two exponentials", 2)
STRETCHED = DecayModel("stretched exponential", 1, stretched=True)


def exponential_cumulative(lifetime_ns: float) -> Cumulative:
    """F(t) = 1 − exp(−t/τ)."""
    return lambda time_ns: np.asarray(-np.expm1(-time_ns / lifetime_ns), dtype=np.float64)


def stretched_cumulative(time_constant_ns: float, stretch: float) -> Cumulative:
    """F(t) of light that fades as exp(−(t/τ)^β): the regularised incomplete gamma function P(1/β, (t/τ)^β)."""
    return lambda time_ns: np.asarray(
        gammainc(1.0 / stretch, (time_ns / time_constant_ns) ** stretch), dtype=np.float64
    )


def stretched_mean_ns(time_constant_ns: float, stretch: float) -> float:
    """∫ exp(−(t/τ)^β) dt = (τ/β) Γ(1/β), ns: the lifetime of an exponential of the same area and height."""
    return float(time_constant_ns / stretch * gamma(1.0 / stretch))


def kernel(cumulative: Cumulative, n_bins: int, bin_ns: float, shift_ns: float, period_ns: float | None) -> FloatArray:
    """k(lag) for lags −(n_bins − 1) … n_bins − 1, shape (2·n_bins − 1,).

    ``period_ns`` None: only the last pulse. Raises ValueError when light would still come 400 pulses later.
    """
    edges = (np.arange(-n_bins + 1, n_bins + 1, dtype=np.float64) - 0.5) * bin_ns - shift_ns
    total = cumulative(np.maximum(edges, 0.0))
    if period_ns is not None:
        for pulse in range(1, _MOST_PERIODS + 1):
            late = np.maximum(edges + pulse * period_ns, 0.0)
            share = cumulative(late)
            total = total + share
            if 1.0 - float(share[0]) < _FORGOTTEN:
                break
        else:
            raise ValueError(f"the light outlasts {_MOST_PERIODS} pulse periods of {period_ns:g} ns: not a decay")
    return np.asarray(np.diff(total), dtype=np.float64)


class Convolver:
    """Convolution of one response (n_bins,) with kernels of lags −(n_bins − 1) … n_bins − 1."""

    def __init__(self, response: FloatArray) -> None:
        self.n_bins = response.size
        self._size = 1 << int(np.ceil(np.log2(3 * response.size)))
        self._transform = np.fft.rfft(response, self._size)

    def __call__(self, shape: FloatArray) -> FloatArray:
        """Histogram (n_bins,) of light with the kernel ``shape`` (2·n_bins − 1,)."""
        full = np.fft.irfft(self._transform * np.fft.rfft(shape, self._size), self._size)
        return np.asarray(full[self.n_bins - 1 : 2 * self.n_bins - 1], dtype=np.float64)


def pile_up(light: FloatArray, slopes: FloatArray, n_cycles: float) -> tuple[FloatArray, FloatArray]:
    """Counts of a recorder that takes the first photon of a cycle only, and their derivatives.

    ``light`` (n,): photons that would be counted in ``n_cycles`` cycles if all were taken, from the start of the
    cycle on; ``slopes`` (n, n_parameters). With λ = light/n_cycles and Λ its sum over earlier bins:
    n_cycles · exp(−Λ) (1 − exp(−λ)) (Coates, J. Phys. E 1, 878 (1968)).
    """
    rate, rate_slopes = light / n_cycles, slopes / n_cycles
    waiting = np.exp(-(np.cumsum(rate) - rate))
    caught = -np.expm1(-rate)
    earlier = np.cumsum(rate_slopes, axis=0) - rate_slopes
    counts = n_cycles * waiting * caught
    changed = n_cycles * waiting[:, None] * (np.exp(-rate)[:, None] * rate_slopes - caught[:, None] * earlier)
    return np.asarray(counts, dtype=np.float64), np.asarray(changed, dtype=np.float64)
