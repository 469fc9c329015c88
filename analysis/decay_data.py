"""A counted decay and what a model expects of it: the forward model of :mod:`analysis.reconvolution`.

Parameters in this order: areas (counts), lifetimes (ns), the stretch if there is one, shift (ns), background (counts a
bin).
"""

from dataclasses import dataclass
from math import isfinite

import numpy as np
import numpy.typing as npt

from analysis.decay_models import (
    Convolver,
    Cumulative,
    DecayModel,
    Density,
    exponential_cumulative,
    exponential_density,
    finer_response,
    flashes_per_bin,
    kernel,
    kernel_slopes,
    pile_up,
    stretched_cumulative,
    stretched_density,
)
from analysis.irf import Response, check_histogram

FloatArray = npt.NDArray[np.float64]

STEP = 1e-5
"""Relative step of numerical derivatives."""
_STRETCH_RANGE = (0.2, 1.0)
_LARGEST_SHIFT_BINS = 40.0


@dataclass(frozen=True)
class DecayData:
    """A decay histogram with all that is known about how it was counted.

    ``counts`` (n_bins,), raw, on the axis of ``response``. Bins first_bin … last_bin−1 are fitted. ``period_ns``: pulse
    period, for light of earlier pulses; None when it is much longer than the decay. ``n_cycles``: laser cycles of the
    record when the recorder takes only one photon a cycle (pile-up), with the axis starting at the cycle's start;
    None when it takes all. ``kept`` (n_bins,): share of the light that was counted, bin by bin; None: all alike.
    """

    counts: FloatArray
    response: Response
    first_bin: int
    last_bin: int
    period_ns: float | None = None
    n_cycles: float | None = None
    kept: FloatArray | None = None

    def __post_init__(self) -> None:
        check_histogram(self.counts, self.response.bin_ns, "decay")
        if self.counts.shape != self.response.weights.shape:
            raise ValueError(f"decay {self.counts.shape} and response {self.response.weights.shape} need one binning")
        if not 0 <= self.first_bin < self.last_bin <= self.counts.size or self.last_bin - self.first_bin < 10:
            raise ValueError(
                f"the fit range, bins {self.first_bin} to {self.last_bin}, must lie within the {self.counts.size} "
                "bins of the decay and hold 10 at least"
            )
        if self.seen.sum() < 20:
            raise ValueError(f"the fit range holds {self.seen.sum():.0f} counts; 20 at least are needed")
        if self.period_ns is not None and not (isfinite(self.period_ns) and self.period_ns > 0.0):
            raise ValueError(f"the pulse period must be above 0 ns, got {self.period_ns}")
        if self.n_cycles is not None and not self.n_cycles > float(self.counts.sum()):
            raise ValueError(
                f"{self.counts.sum():.0f} photons in {self.n_cycles:g} cycles: a recorder that takes one photon "
                "a cycle cannot count more photons than cycles"
            )

        if self.kept is not None and (self.kept.shape != self.counts.shape or not np.all(self.kept > 0.0)):
            raise ValueError("the share of the light that was counted must be above 0 in each bin of the decay")

    @property
    def seen(self) -> FloatArray:
        """Counts in the fit range."""
        return self.counts[self.first_bin : self.last_bin]


def decay_data(
    counts: npt.ArrayLike,
    response: Response,
    *,
    first_bin: int = 0,
    last_bin: int | None = None,
    period_ns: float | None = None,
    n_cycles: float | None = None,
    kept: FloatArray | None = None,
) -> DecayData:
    """A :class:`DecayData` from plain counts. Raises ValueError for what cannot be a counted decay."""
    histogram = np.asarray(counts, dtype=np.float64)
    return DecayData(
        histogram, response, first_bin, histogram.size if last_bin is None else last_bin, period_ns, n_cycles, kept
    )


class Forward:
    """Expected counts of the fit range and their derivatives; parameters: areas, lifetimes, [stretch], shift, level."""

    def __init__(self, data: DecayData, model: DecayModel) -> None:
        self._data, self._model = data, model
        self._flashes = flashes_per_bin(data.response.weights)
        self._convolve = Convolver(finer_response(data.response.weights, self._flashes))

    def __call__(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Expected counts (n_fitted,) and their derivatives (n_fitted, n_parameters)."""
        n, n_bins = self._model.n_components, self._data.counts.size
        stretched = self._model.stretched
        beta, shift = (float(theta[2 * n]) if stretched else 1.0), float(theta[-2])
        areas, lifetimes = theta[:n], theta[n : 2 * n]
        rows = [self._kernel(float(tau), beta, shift) for tau in lifetimes]
        slopes_of = [self._slopes(float(tau), beta, shift) for tau in lifetimes]
        rows += [area * by_time for area, (by_time, _) in zip(areas, slopes_of, strict=True)]
        if stretched:
            rows.append(areas[0] * (rows[0] - self._kernel(float(lifetimes[0]), beta - STEP, shift)) / STEP)
        rows.append(sum(area * by_shift for area, (_, by_shift) in zip(areas, slopes_of, strict=True)))
        seen = self._convolve(np.array(rows)).reshape(len(rows), n_bins, self._flashes).sum(axis=2)
        slopes = np.ones((n_bins, theta.size))
        slopes[:, :-1] = seen.T
        light = slopes[:, :n] @ areas + theta[-1]
        if self._data.n_cycles is not None:
            light, slopes = pile_up(np.maximum(light, 0.0), slopes, self._data.n_cycles)
        if self._data.kept is not None:
            light, slopes = light * self._data.kept, slopes * self._data.kept[:, None]
        window = slice(self._data.first_bin, self._data.last_bin)
        return light[window], slopes[window]

    def _kernel(self, tau: float, beta: float, shift: float) -> FloatArray:
        cumulative: Cumulative = (
            stretched_cumulative(tau, beta) if self._model.stretched else exponential_cumulative(tau)
        )
        return kernel(cumulative, *self._axis, shift, self._data.period_ns)

    def _slopes(self, tau: float, beta: float, shift: float) -> tuple[FloatArray, FloatArray]:
        density: Density = stretched_density(tau, beta) if self._model.stretched else exponential_density(tau)
        return kernel_slopes(density, tau, *self._axis, shift, self._data.period_ns)

    @property
    def _axis(self) -> tuple[int, float]:
        """Number and width (ns) of the flashes of the response."""
        return self._data.counts.size * self._flashes, self._data.response.bin_ns / self._flashes


def start_lifetimes(data: DecayData, model: DecayModel) -> list[tuple[float, ...]]:
    """From the mean delay of the decay against the response; at least a bin."""
    axis = np.arange(data.counts.size) * data.response.bin_ns
    level = float(np.quantile(data.seen, 0.05))
    excess = np.zeros_like(data.counts)
    excess[data.first_bin : data.last_bin] = np.maximum(data.seen - level, 0.0)
    mean = float(np.sum(axis * excess) / max(float(excess.sum()), 1.0))
    delay = max(mean - float(np.sum(axis * data.response.weights)), data.response.bin_ns)
    if model.n_components == 1:
        return [(delay,), (0.4 * delay,)]
    spread = np.geomspace(0.3, 1.3, model.n_components)
    wide = np.geomspace(0.08, 1.5, model.n_components)
    return [tuple(float(x) for x in delay * spread), tuple(float(x) for x in delay * wide)]


def starts_of(data: DecayData, model: DecayModel, lifetimes: list[tuple[float, ...]]) -> list[FloatArray]:
    """Start values of all parameters: every start of the lifetimes with three shifts."""
    width, total = data.response.bin_ns, float(data.seen.sum())
    level = max(float(np.quantile(data.seen, 0.05)), 1e-3 * total / data.seen.size)
    # noise of a dark-subtracted response may be negative where there is no light: begin above it
    level += total * max(-float(np.convolve(data.response.weights, np.ones(16) / 16.0, "same").min()), 0.0)
    area = [0.9 * total / model.n_components] * model.n_components
    stretch = [0.85] if model.stretched else []
    return [
        np.array([*area, *times, *stretch, shift * width, level]) for times in lifetimes for shift in (-3.0, 0.0, 3.0)
    ]


def bounds(data: DecayData, model: DecayModel) -> tuple[FloatArray, FloatArray]:
    """Lower and upper bounds of the parameters."""
    width, n = data.response.bin_ns, model.n_components
    total = float(data.seen.sum())
    longest = 20.0 * width * data.counts.size
    if data.period_ns is not None:
        longest = min(longest, 15.0 * data.period_ns)  # beyond, the wrapped decay cannot be told from background
    stretch = [_STRETCH_RANGE] if model.stretched else []
    pairs = [
        *[(0.0, 1e3 * total)] * n,
        *[(0.05 * width, longest)] * n,
        *stretch,
        (-_LARGEST_SHIFT_BINS * width, _LARGEST_SHIFT_BINS * width),
        (0.0, total),
    ]
    return np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs])
