"""Shapes of fluorescence decays as a detector sees them: emission ⊗ response, earlier pulses, pile-up.

Light of a flash at time 0 arrives with the cumulative distribution F(t); a bin of the response is a flash in its
middle. The share that falls into the bin ``lag`` bins later is then, for a response that comes ``shift`` too early,

    k(lag) = Σ_j F((lag + ½)·bin − shift + j·period) − F((lag − ½)·bin − shift + j·period),   j = 0, 1, 2 … pulses ago

and the histogram is response ∗ k. The shift moves the smooth kernel, not the noisy measured response. Where the bins
are not much narrower than the response, one flash a bin is too coarse: :func:`finer_response`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft
from scipy.interpolate import PchipInterpolator
from scipy.special import gamma, gammainc

FloatArray = npt.NDArray[np.float64]
Cumulative = Callable[[FloatArray], FloatArray]
"""F(t), t in ns (any shape, never negative): share of the light that has come by t."""
Density = Callable[[FloatArray], FloatArray]
"""F'(t), 1/ns."""

_FORGOTTEN = 1e-9
_MOST_PERIODS = 400
_FLASHES_PER_WIDTH = 12
_MOST_FLASHES = 8


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


def exponential_density(lifetime_ns: float) -> Density:
    """F'(t) = exp(−t/τ)/τ."""
    return lambda time_ns: np.asarray(np.exp(-time_ns / lifetime_ns) / lifetime_ns, dtype=np.float64)


def stretched_density(time_constant_ns: float, stretch: float) -> Density:
    """F'(t) = exp(−(t/τ)^β) / ((τ/β) Γ(1/β))."""
    area = stretched_mean_ns(time_constant_ns, stretch)
    return lambda time_ns: np.asarray(np.exp(-((time_ns / time_constant_ns) ** stretch)) / area, dtype=np.float64)


def stretched_mean_ns(time_constant_ns: float, stretch: float) -> float:
    """∫ exp(−(t/τ)^β) dt = (τ/β) Γ(1/β), ns: the lifetime of an exponential of the same area and height."""
    return float(time_constant_ns / stretch * gamma(1.0 / stretch))


def kernel(cumulative: Cumulative, n_bins: int, bin_ns: float, shift_ns: float, period_ns: float | None) -> FloatArray:
    """k(lag) for lags −(n_bins − 1) … n_bins − 1, shape (2·n_bins − 1,).

    ``period_ns`` None: only the last pulse. Raises ValueError when light would still come 400 pulses later.
    """
    total = np.zeros(2 * n_bins)
    for first, late in _times_since_pulses(n_bins, bin_ns, shift_ns, period_ns):
        share = cumulative(late)
        total[first:] += share
        if period_ns is not None and first == 0 and 1.0 - float(share[0]) < _FORGOTTEN:
            break
    return np.diff(total)


def kernel_slopes(
    density: Density, time_ns: float, n_bins: int, bin_ns: float, shift_ns: float, period_ns: float | None
) -> tuple[FloatArray, FloatArray]:
    """Derivatives of :func:`kernel` by a time constant and by the shift, each (2·n_bins − 1,), per ns.

    For F that depends on t/``time_ns`` only: ∂F/∂τ = −(t/τ)·F'(t). Raises ValueError as :func:`kernel`.
    """
    by_time, by_shift = np.zeros(2 * n_bins), np.zeros(2 * n_bins)
    for first, late in _times_since_pulses(n_bins, bin_ns, shift_ns, period_ns):
        slope = density(late)
        by_shift[first:] -= slope
        slope = slope * late / time_ns
        by_time[first:] -= slope
        if period_ns is not None and first == 0 and float(slope[0]) * time_ns < _FORGOTTEN:
            break
    return np.diff(by_time), np.diff(by_shift)


def _times_since_pulses(
    n_bins: int, bin_ns: float, shift_ns: float, period_ns: float | None
) -> Iterator[tuple[int, FloatArray]]:
    """For the last pulse and the ones before: the first bin edge after the pulse, and the times of it and all later."""
    edges = (np.arange(-n_bins + 1, n_bins + 1, dtype=np.float64) - 0.5) * bin_ns - shift_ns
    for pulse in range(_MOST_PERIODS + 1):
        late = edges + pulse * (period_ns or 0.0)
        first = int(np.searchsorted(late, 0.0))
        yield first, late[first:]
        if period_ns is None:
            return
    raise ValueError(f"the light outlasts {_MOST_PERIODS} pulse periods of {period_ns:g} ns: not a decay")


def flashes_per_bin(response: FloatArray) -> int:
    """Into how many flashes a bin of this response (n_bins,) must be split: 1 where 12 bins or more span its width.

    Width: the area over the height. One flash a bin is as good as a response blurred by the bin's width.
    """
    width_bins = float(response.sum()) / max(float(response.max()), 1e-300)
    return int(np.clip(np.ceil(_FLASHES_PER_WIDTH / max(width_bins, 1e-3)), 1, _MOST_FLASHES))


def finer_response(response: FloatArray, n_flashes: int) -> FloatArray:
    """The response (n_bins,) in bins ``n_flashes`` times as narrow, (n_bins·n_flashes,).

    Its running sum is known exactly at every edge of a bin; a monotone cubic goes through these points. Each bin keeps
    its content, and light stays positive.
    """
    if n_flashes == 1:
        return response
    edges = np.arange(response.size + 1, dtype=np.float64)
    running = PchipInterpolator(edges, np.concatenate(([0.0], np.cumsum(response))))
    return np.diff(running(np.arange(response.size * n_flashes + 1) / n_flashes))


class Convolver:
    """Convolution of one response (n_bins,) with kernels of lags −(n_bins − 1) … n_bins − 1."""

    def __init__(self, response: FloatArray) -> None:
        self.n_bins = response.size
        self._size = int(fft.next_fast_len(2 * response.size, real=True))  # what wraps around is not looked at
        self._transform = fft.rfft(response, self._size)

    def __call__(self, shapes: FloatArray) -> FloatArray:
        """Histograms (..., n_bins) of light with the kernels ``shapes`` (..., 2·n_bins − 1)."""
        full = fft.irfft(self._transform * fft.rfft(shapes, self._size), self._size)
        return np.asarray(full[..., self.n_bins - 1 : 2 * self.n_bins - 1], dtype=np.float64)


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
