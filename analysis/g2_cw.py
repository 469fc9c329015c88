"""Photon correlation under constant light: three-level model seen through both detectors, fitted forward.

An emitter with a ground, an excited and a dark (shelving) state shows (Kitson et al., Phys. Rev. A 58, 620 (1998);
delay τ from the centre τ0)

    g2(τ) = 1 − d [(1 + a) exp(−|τ|/t1) − a exp(−|τ|/t2)],     t2 > t1

d is 1 for one emitter without background, and (S/(S+B))²/n for n equal emitters with signal S and background B; so
g2(0) = 1 − d. Both detectors blur the delay: the model is convolved with the distribution of the difference of their
errors, h(τ) = ∫ h1(t) h2(t + τ) dt, and integrated over the bins. The counts are never deconvolved: that would turn
their noise into structure. The level far from the centre is N1·N2·(bin width)/T for light that is steady in the live
time T, and is fitted.
"""

from dataclasses import dataclass
from math import isfinite, sqrt

import numpy as np
import numpy.typing as npt
from scipy import fft

from analysis.correlation import coincidences
from analysis.likelihood import PoissonFit, deviance_residuals, fit_poisson, goodness_probability, interval_of_fit

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
Interval = tuple[float, float]

LEVEL, DIP, ANTIBUNCHING, SHELVING, SHELF_TIME, CENTRE = range(6)
"""Parameters: counts a bin far away, d, t1 (ns), a, t2 (ns), τ0 (ns)."""

_LEAST_COUNTS = 50
_SHELVING_GAIN = 6.0
"""The dark state is kept when it raises the log-likelihood by this much (two parameters, three standard deviations)."""
_STEPS_PER_BIN_MOST = 64


@dataclass(frozen=True)
class JitterDifference:
    """Distribution of (error of detector 2 − error of detector 1): ``weights`` (odd size, sum 1), steps ``step_ns``.

    The middle weight is delay 0; a mean that is not 0 only moves the fitted centre.
    """

    weights: FloatArray
    step_ns: float


@dataclass(frozen=True)
class CwCoincidences:
    """All pairs by delay t(detector 2) − t(detector 1): ``counts`` (n,) in bins of ``bin_ns`` from ``first_ns`` on.

    ``poisson_level``: N1·N2·bin/T, the pairs a bin would hold for light without memory.
    """

    first_ns: float
    bin_ns: float
    counts: IntArray
    poisson_level: float

    def __post_init__(self) -> None:
        if self.counts.ndim != 1 or np.any(self.counts < 0):
            raise ValueError("pairs must be one histogram of counts, not negative")
        for name in ("bin_ns", "poisson_level"):
            if not (isfinite(getattr(self, name)) and getattr(self, name) > 0.0):
                raise ValueError(f"{name} must be finite and above 0, got {getattr(self, name)}")

    @property
    def delay_ns(self) -> FloatArray:
        """Middle of each bin."""
        return np.asarray(self.first_ns + (np.arange(self.counts.size) + 0.5) * self.bin_ns, dtype=np.float64)

    @property
    def normalised(self) -> FloatArray:
        """Counts over the Poisson level: raw g2, background and detectors included."""
        return np.asarray(self.counts / self.poisson_level, dtype=np.float64)


@dataclass(frozen=True)
class CwFit:
    """Result of the three-level fit.

    ``g2_zero``: of the light without the given background, detectors unfolded by the forward model; its intervals are
    profile likelihood with the background's error added in quadrature. ``g2_zero_uncorrected``: background left in.
    ``antibunching_ns``: t1 with profile-likelihood intervals; its standard error is half the 68 % one. ``shelving``: a,
    0 and NaN errors where no dark state is seen. ``level_ratio``: fitted level over N1·N2·bin/T; away from 1 by more
    than its error: the light was not steady (blinking slower than the histogram is long), and g2 is relative to the
    level within the histogram. ``deviance_drop``: gain over constant light; below 25 the dip may be noise (the centre
    is searched for, and a noise dip found instead), and the intervals then do not hold.
    """

    g2_zero: float
    g2_zero_68: tuple[float, float]
    g2_zero_95: tuple[float, float]
    g2_zero_uncorrected: float
    antibunching_ns: float
    antibunching_stderr_ns: float
    antibunching_68_ns: Interval
    antibunching_95_ns: Interval
    shelving: float
    shelving_stderr: float
    shelf_time_ns: float
    shelf_time_stderr_ns: float
    centre_ns: float
    centre_stderr_ns: float
    level_ratio: float
    level_ratio_stderr: float
    deviance_drop: float
    deviance: float
    dof: int
    goodness: float
    method: str
    fit: PoissonFit

    @property
    def expected(self) -> FloatArray:
        """Fitted counts in every bin."""
        return self.fit.expected


def jitter_difference(detector_1: npt.ArrayLike, detector_2: npt.ArrayLike, step_ns: float) -> JitterDifference:
    """From the two detectors' responses (n,), counts or densities in steps of ``step_ns``, on one common time axis.

    Raises ValueError for responses of different length, negative or not finite, or without light.
    """
    first, second = np.asarray(detector_1, np.float64), np.asarray(detector_2, np.float64)
    for name, response in (("detector 1", first), ("detector 2", second)):
        if response.ndim != 1 or not np.all(np.isfinite(response)) or np.any(response < 0) or response.sum() <= 0:
            raise ValueError(f"the response of {name} must be one histogram, not negative, that holds light")
    if first.size != second.size:
        raise ValueError(f"the responses have {first.size} and {second.size} bins; they need one time axis")
    if not (isfinite(step_ns) and step_ns > 0.0):
        raise ValueError(f"the responses' bin width must be above 0 ns, got {step_ns}")
    weights = np.correlate(second, first, "full")
    return JitterDifference(np.asarray(weights / weights.sum(), dtype=np.float64), step_ns)


def no_jitter(step_ns: float = 1.0) -> JitterDifference:
    """Detectors without timing error."""
    return JitterDifference(np.ones(1), step_ns)


def correlate_cw(
    times_1_ps: npt.ArrayLike, times_2_ps: npt.ArrayLike, duration_s: float, bin_ps: int, reach_ps: int
) -> CwCoincidences:
    """All pairs of two detectors with delays from −``reach_ps`` to ``reach_ps``.

    Raises ValueError when a detector saw nothing, the live time is not above 0, or the widths make no sense.
    """
    first, second = np.asarray(times_1_ps), np.asarray(times_2_ps)
    level = poisson_level(first.size, second.size, duration_s, bin_ps)
    if reach_ps % bin_ps:
        raise ValueError(f"the reach of {reach_ps} ps must be a whole number of bins of {bin_ps} ps")
    counts = coincidences(first, second, bin_ps, reach_ps)
    return CwCoincidences(-reach_ps * 1e-3, bin_ps * 1e-3, counts, level)


def poisson_level(n_1: int, n_2: int, duration_s: float, bin_ps: int) -> float:
    """N1·N2·bin/T: pairs that a bin would hold for light without memory.

    ``duration_s``: the live time T, without pauses (:mod:`analysis.live_time`). Raises ValueError when a detector saw
    nothing or the live time is not above 0.
    """
    if not n_1 or not n_2:
        raise ValueError(f"the detectors counted {n_1} and {n_2} photons; both must have seen light")
    if not (isfinite(duration_s) and duration_s > 0.0):
        raise ValueError(f"the live time must be above 0 s, got {duration_s}")
    return n_1 * n_2 * bin_ps / (duration_s * 1e12)


def expected_counts(theta: FloatArray, data: CwCoincidences, jitter: JitterDifference) -> FloatArray:
    """Expected pairs in every bin (n,) for parameters in the order of this module's indices (6,)."""
    return _Shape(data, jitter).counts(np.asarray(theta, dtype=np.float64))


def fit_cw(
    data: CwCoincidences,
    jitter: JitterDifference,
    *,
    signal_share: float = 1.0,
    signal_share_stderr: float = 0.0,
    centre_ns: float | None = None,
) -> CwFit:
    """Maximum-likelihood fit of the three-level model, with the dark state only where the counts show one.

    ``signal_share``: S/(S+B), geometric mean of the two detectors, with its standard error; its square divides the dip.
    ``centre_ns``: first guess of the cable delay; default the deepest point. Raises ValueError for fewer than 50
    pairs, a share outside (0, 1], or a histogram of fewer than 20 bins.
    """
    if data.counts.size < 20 or data.counts.sum() < _LEAST_COUNTS:
        raise ValueError(
            f"{data.counts.sum()} pairs in {data.counts.size} bins: a fit needs {_LEAST_COUNTS} pairs "
            "and 20 bins at least"
        )
    if not 0.0 < signal_share <= 1.0 or not (isfinite(signal_share_stderr) and signal_share_stderr >= 0.0):
        raise ValueError(
            f"the share of signal must lie above 0 and up to 1, got {signal_share} ± {signal_share_stderr}"
        )
    shape = _Shape(data, jitter)
    lower, upper = _bounds(data)
    two_level = _best_fit(shape, lower, upper, centre_ns, held=(SHELVING, SHELF_TIME))
    three_level = _best_fit(shape, lower, upper, centre_ns, held=(), near=two_level)
    shelved = two_level.deviance - three_level.deviance > 2.0 * _SHELVING_GAIN
    held = () if shelved else (SHELVING, SHELF_TIME)
    fit = three_level if shelved else two_level
    dips, times = (
        [
            interval_of_fit(shape, shape.counted, fit, (lower, upper), index, held=held, confidence=confidence)
            for confidence in (0.68, 0.95)
        ]
        for index in (DIP, ANTIBUNCHING)
    )
    return _describe(data, jitter, fit, shelved, (dips, times), (signal_share, signal_share_stderr))


def _describe(
    data: CwCoincidences,
    jitter: JitterDifference,
    fit: PoissonFit,
    shelved: bool,
    intervals: tuple[list[Interval], list[Interval]],
    share: tuple[float, float],
) -> CwFit:
    """g2(0) without background from the dip d: 1 − d/share², errors of d and of the share in quadrature."""
    signal_share, signal_share_stderr = share
    scale, relative = signal_share**2, 2.0 * signal_share_stderr / signal_share
    dips, times = intervals
    seen = data.counts.astype(np.float64)
    dip = float(fit.values[DIP])
    edges = []
    for (low, high), width in zip(dips, (0.994, 1.960), strict=True):
        common = width * relative * dip
        edges.append(
            (1.0 - (dip + _hypot(high - dip, common)) / scale, 1.0 - (dip - _hypot(dip - low, common)) / scale)
        )
    level = float(fit.values[LEVEL])
    model = "three-level" if shelved else "two-level (no dark state seen)"
    spread_ns = jitter.step_ns * _spread_in_steps(jitter.weights)
    seen_through = f" (standard deviation of their difference {spread_ns:.3g} ns)" if spread_ns else ""
    return CwFit(
        g2_zero=1.0 - dip / scale,
        g2_zero_68=edges[0],
        g2_zero_95=edges[1],
        g2_zero_uncorrected=1.0 - dip,
        antibunching_ns=float(fit.values[ANTIBUNCHING]),
        antibunching_stderr_ns=(times[0][1] - times[0][0]) / 2.0,
        antibunching_68_ns=times[0],
        antibunching_95_ns=times[1],
        shelving=float(fit.values[SHELVING]) if shelved else 0.0,
        shelving_stderr=float(fit.errors[SHELVING]) if shelved else float("nan"),
        shelf_time_ns=float(fit.values[SHELF_TIME]) if shelved else float("nan"),
        shelf_time_stderr_ns=float(fit.errors[SHELF_TIME]) if shelved else float("nan"),
        centre_ns=float(fit.values[CENTRE]),
        centre_stderr_ns=float(fit.errors[CENTRE]),
        level_ratio=level / data.poisson_level,
        level_ratio_stderr=float(fit.errors[LEVEL]) / data.poisson_level,
        deviance_drop=float(np.sum(deviance_residuals(seen, np.full(seen.size, seen.mean())) ** 2)) - fit.deviance,
        deviance=fit.deviance,
        dof=fit.dof,
        goodness=goodness_probability(fit.deviance, fit.dof),
        method=(
            f"Poisson maximum likelihood, {model} model convolved with both detectors' response{seen_through}, "
            f"{data.first_ns:.4g} to {data.first_ns + data.counts.size * data.bin_ns:.4g} ns, signal share "
            f"{signal_share:.4g} ± {signal_share_stderr:.2g}, profile-likelihood intervals"
        ),
        fit=fit,
    )


class _Shape:
    """Expected counts and derivatives on the bins of ``data``, by exact integrals on a grid finer than bins and jitter.

    The cell integrals of exp(−|τ|/t) are exact, so the cusp needs no fine grid; the jitter is put on the same cells.
    """

    def __init__(self, data: CwCoincidences, jitter: JitterDifference) -> None:
        self.data = data
        self.counted = data.counts.astype(np.float64)
        spread = jitter.step_ns * max(_spread_in_steps(jitter.weights), 1.0)
        wanted = int(np.ceil(4.0 * data.bin_ns / spread)) if jitter.weights.size > 1 else 1
        self._per_bin = int(np.clip(wanted, 1, _STEPS_PER_BIN_MOST))
        self._step = data.bin_ns / self._per_bin
        self._kernel = _regridded(jitter, self._step)
        margin = self._kernel.size // 2
        n_cells = data.counts.size * self._per_bin + 2 * margin
        self._edges = data.first_ns + (np.arange(n_cells + 1) - margin) * self._step
        self._size = int(fft.next_fast_len(n_cells + self._kernel.size, real=True))
        self._transform = fft.rfft(self._kernel, self._size)
        self._margin = margin

    def counts(self, theta: FloatArray) -> FloatArray:
        """Expected pairs in every bin."""
        return self(theta)[0]

    def __call__(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Expected counts (n,) and their derivatives (n, 6)."""
        level, depth, t1, a, t2, centre = (float(x) for x in theta)
        fast, fast_by_time, fast_by_centre = self._cells(t1, centre)
        slow, slow_by_time, slow_by_centre = self._cells(t2, centre)
        by_centre = (1.0 + a) * fast_by_centre - a * slow_by_centre
        fast, slow, fast_by_time, slow_by_time, by_centre = self._blurred(
            np.stack((fast, slow, fast_by_time, slow_by_time, by_centre))
        )
        dip = (1.0 + a) * fast - a * slow
        slopes = np.empty((dip.size, 6))
        slopes[:, LEVEL] = 1.0 - depth * dip
        slopes[:, DIP] = -level * dip
        slopes[:, ANTIBUNCHING] = -level * depth * (1.0 + a) * fast_by_time
        slopes[:, SHELVING] = -level * depth * (fast - slow)
        slopes[:, SHELF_TIME] = level * depth * a * slow_by_time
        slopes[:, CENTRE] = -level * depth * by_centre
        return level * slopes[:, LEVEL], slopes

    def _cells(self, time_ns: float, centre_ns: float) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Mean of exp(−|τ − τ0|/t) over every cell of the fine grid, and its derivatives by t and τ0."""
        from_centre = self._edges - centre_ns
        side, ratio = np.sign(from_centre), np.abs(from_centre) / time_ns
        decay = np.exp(-ratio)
        below = side * (1.0 - decay) * time_ns  # integral from the centre to the edge
        by_time = side * (1.0 - decay - ratio * decay)
        return np.diff(below) / self._step, np.diff(by_time) / self._step, -np.diff(decay) / self._step

    def _blurred(self, cells: FloatArray) -> FloatArray:
        """Every row (n_rows, n_cells) convolved with the jitter and averaged over the bins: (n_rows, n)."""
        n = self.data.counts.size * self._per_bin
        if self._kernel.size > 1:
            full = fft.irfft(fft.rfft(cells, self._size) * self._transform, self._size)
            cells = full[:, 2 * self._margin : 2 * self._margin + n]
        return np.asarray(cells.reshape(cells.shape[0], -1, self._per_bin).mean(axis=2), dtype=np.float64)


def _regridded(jitter: JitterDifference, step_ns: float) -> FloatArray:
    """The jitter's weights on steps of ``step_ns``, each split between its two neighbours; odd size, sum 1."""
    half = jitter.weights.size // 2
    place = (np.arange(jitter.weights.size) - half) * jitter.step_ns / step_ns
    reach = int(np.ceil(abs(place[0]))) + 1
    if jitter.weights.size == 1:
        return np.ones(1)
    left = np.floor(place).astype(np.int64)
    share = place - left
    kernel = np.zeros(2 * reach + 1)
    np.add.at(kernel, left + reach, jitter.weights * (1.0 - share))
    np.add.at(kernel, left + reach + 1, jitter.weights * share)
    return kernel


def _spread_in_steps(weights: FloatArray) -> float:
    axis = np.arange(weights.size)
    mean = float(weights @ axis)
    return sqrt(max(float(weights @ (axis - mean) ** 2), 0.0))


def _bounds(data: CwCoincidences) -> tuple[FloatArray, FloatArray]:
    span = data.counts.size * data.bin_ns
    level = max(float(data.counts.max()), 1.0)
    lower = np.array([1e-6, -5.0, 0.05 * data.bin_ns, 0.0, data.bin_ns, data.first_ns])
    upper = np.array([10.0 * level, 3.0, 0.5 * span, 50.0, 5.0 * span, data.first_ns + span])
    return lower, upper


def _best_fit(
    shape: _Shape,
    lower: FloatArray,
    upper: FloatArray,
    centre_ns: float | None,
    held: tuple[int, ...],
    near: PoissonFit | None = None,
) -> PoissonFit:
    data = shape.data
    span = data.counts.size * data.bin_ns
    level = float(np.median(shape.counted)) or float(shape.counted.mean())
    if near is not None:
        begins = [
            np.array([level, near.values[DIP], near.values[ANTIBUNCHING] * f, 0.3, t2, near.values[CENTRE]])
            for f in (1.0, 2.0)
            for t2 in (5.0 * near.values[ANTIBUNCHING], 0.3 * span)
        ]
    else:
        middles = [centre_ns] if centre_ns is not None else _deepest(shape)
        begins = [
            np.array([level, 0.6, t1, 0.0, 0.5 * span, middle])
            for middle in middles
            for t1 in np.geomspace(1.0 * data.bin_ns, 0.1 * span, 3)
        ]
    fits = []
    for begin in begins:
        start = np.clip(begin, lower, upper)
        fits.append(fit_poisson(shape, shape.counted, start, lower, upper, held, max_steps=12))
    best = min(fits, key=lambda fit: fit.deviance)
    return fit_poisson(shape, shape.counted, best.values, lower, upper, held, max_steps=200)


def _deepest(shape: _Shape) -> list[float]:
    """Where the smoothed histogram is lowest, at two widths."""
    places = []
    for share in (200, 40):
        width = max(1, shape.counted.size // share)
        smooth = np.convolve(shape.counted, np.ones(width) / width, mode="valid")
        places.append(float(shape.data.delay_ns[int(np.argmin(smooth)) + width // 2]))
    return places


def _hypot(a: float, b: float) -> float:
    return sqrt(a * a + b * b)
