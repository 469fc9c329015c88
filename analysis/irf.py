"""The instrument response: what a histogram of arrival times looks like for light of no duration.

A measured response is used as it is. Its dark counts are subtracted (and negative values stay: clipping them would
add light), and what lies outside the converter's recorded range is set to zero.
"""

from dataclasses import dataclass
from math import isfinite

import numpy as np
import numpy.typing as npt
from scipy.special import erfcx, ndtr

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Response:
    """Instrument response on the axis of the decay histogram.

    ``weights`` (n_bins,), sum 1, of bins of ``bin_ns``. ``dark_per_bin``: what was subtracted from each bin.
    ``n_photons``: counts above the dark level; few of them limit how well a lifetime can be known.
    """

    weights: FloatArray
    bin_ns: float
    dark_per_bin: float
    n_photons: float


def measured_response(
    counts: npt.ArrayLike,
    bin_ns: float,
    *,
    recorded: tuple[int, int] | None = None,
    dark: tuple[int, int] | None = None,
) -> Response:
    """Response from the histogram (n_bins,) of scattered laser light.

    ``recorded``: first and one past the last bin in which the converter records; default all. ``dark``: bins without
    laser light, whose mean is subtracted; default none. Raises ValueError for counts that are negative or not finite,
    ranges outside the histogram, and a response without light.
    """
    histogram = np.asarray(counts, dtype=np.float64)
    check_histogram(histogram, bin_ns, "response")
    first, last = _checked_range(recorded or (0, histogram.size), histogram.size, "recorded")
    level = 0.0
    if dark is not None:
        begin, end = _checked_range(dark, histogram.size, "dark")
        level = float(histogram[begin:end].mean())
    clean = np.zeros_like(histogram)
    clean[first:last] = histogram[first:last] - level
    total = float(clean.sum())
    if total <= 0.0:
        raise ValueError(
            f"the response holds no light above its dark level of {level:.3g} counts a bin; is it the right histogram?"
        )
    return Response(clean / total, bin_ns, level, total)


def jitter_response(n_bins: int, bin_ns: float, peak_ns: float, sigma_ns: float, tail_ns: float = 0.0) -> Response:
    """Response of a detector with a Gaussian core and an exponential tail to its right (0: none).

    Bin contents are exact integrals of the exponentially modified Gaussian. Raises ValueError for a width that is
    not above 0, a negative tail, or a peak outside the axis.
    """
    if n_bins < 2 or not (isfinite(bin_ns) and bin_ns > 0.0):
        raise ValueError(f"a response needs 2 bins at least of a width above 0 ns, got {n_bins} of {bin_ns} ns")
    if not 0.0 <= peak_ns <= n_bins * bin_ns:
        raise ValueError(f"the response's peak at {peak_ns} ns lies outside the axis of {n_bins * bin_ns:g} ns")
    edges = np.arange(n_bins + 1, dtype=np.float64) * bin_ns - peak_ns
    weights = np.maximum(np.diff(jitter_cumulative(edges, sigma_ns, tail_ns)), 0.0)  # rounding, far in the tails
    return Response(weights / weights.sum(), bin_ns, 0.0, float("inf"))


def jitter_cumulative(time_ns: FloatArray, sigma_ns: float, tail_ns: float) -> FloatArray:
    """Cumulative distribution of a Gaussian (``sigma_ns``) delayed by an exponential (mean ``tail_ns``, 0: none).

    F(t) = Φ(t/σ) − exp(σ²/2τ² − t/τ) Φ(t/σ − σ/τ); the product is taken as ½ exp(−t²/2σ²) erfcx(z), which cannot
    overflow. Raises ValueError for a sigma that is not above 0 or a negative tail.
    """
    if not (isfinite(sigma_ns) and sigma_ns > 0.0 and isfinite(tail_ns) and tail_ns >= 0.0):
        raise ValueError(f"jitter needs sigma > 0 and tail >= 0 ns, got {sigma_ns} and {tail_ns}")
    core = np.asarray(ndtr(time_ns / sigma_ns), dtype=np.float64)
    if tail_ns < 1e-6 * sigma_ns:
        return core
    z = (sigma_ns / tail_ns - time_ns / sigma_ns) / np.sqrt(2.0)
    late = z < -5.0  # there erfcx overflows, and Φ(t/σ − σ/τ) is 1 within rounding
    safe = np.where(late, 0.0, z)
    product = np.where(
        late,
        np.exp(np.minimum(sigma_ns**2 / (2.0 * tail_ns**2) - time_ns / tail_ns, 0.0)) * ndtr(-z * np.sqrt(2.0)),
        0.5 * np.exp(-0.5 * (time_ns / sigma_ns) ** 2) * erfcx(safe),
    )
    return np.asarray(core - product, dtype=np.float64)


def check_histogram(counts: FloatArray, bin_ns: float, name: str) -> None:
    """Refuse what cannot be a histogram of photons: ValueError naming it."""
    if counts.ndim != 1 or counts.size < 2:
        raise ValueError(f"the {name} must be one histogram of 2 bins at least, got shape {counts.shape}")
    if not np.all(np.isfinite(counts)) or np.any(counts < 0.0):
        raise ValueError(
            f"the {name} holds counts that are negative or not finite: give raw counts, nothing subtracted"
        )
    if not (isfinite(bin_ns) and bin_ns > 0.0):
        raise ValueError(f"the bin width must be above 0 ns, got {bin_ns}")


def _checked_range(bins: tuple[int, int], size: int, name: str) -> tuple[int, int]:
    if not 0 <= bins[0] < bins[1] <= size:
        raise ValueError(f"{name} bins {bins[0]} to {bins[1]} do not lie within the {size} bins of the histogram")
    return bins
