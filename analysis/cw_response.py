"""Both detectors' timing errors under continuous light: from widths, a measured response, or scattered laser light.

What :mod:`analysis.g2_cw` needs is the distribution of the difference of the two detectors' errors. The two photons of
one laser pulse on two detectors show just that: the peak of their coincidences, whatever the laser's clock does. A
histogram of arrival times (one detector against the laser) holds the laser's trigger, too, and is taken for both
detectors; where the trigger's jitter is not small against theirs, the difference comes out too wide and g2(0) too low.
"""

from dataclasses import dataclass
from math import ceil, isfinite
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import signal

from analysis import tag_files
from analysis.correlation import coincidences
from analysis.errors import AnalysisError
from analysis.g2_cw import JitterDifference, jitter_difference
from analysis.irf import jitter_response
from analysis.pulse_search import whole_steps_ps
from analysis.response_file import TextResponse
from analysis.response_peak import peak_of, quiet_level
from analysis.tags import PhotonRecord

FloatArray = npt.NDArray[np.float64]

_LEAST_LIGHT = 1000.0
_LEVEL_BINS = 32
_BIN_PS, _REACH_PS = 16, 100_000
_STEPS_PER_SIGMA = 10.0
_MOST_STEPS = 20_000
_BEGINNING = 1_000_000


@dataclass(frozen=True)
class Width:
    """Timing error of one detector, ns: a Gaussian core (standard deviation) and an exponential tail (0: none)."""

    sigma_ns: float
    tail_ns: float = 0.0

    def __post_init__(self) -> None:
        if not (isfinite(self.sigma_ns) and self.sigma_ns > 0.0 and isfinite(self.tail_ns) and self.tail_ns >= 0.0):
            raise ValueError(
                f"a detector's timing error needs sigma > 0 and tail >= 0 ns, got {self.sigma_ns} and {self.tail_ns}"
            )


def of_widths(detector_1: Width, detector_2: Width) -> JitterDifference:
    """Difference of two detectors' errors from their widths."""
    both = (detector_1, detector_2)
    before_ns = 8.0 * max(each.sigma_ns for each in both)
    span_ns = 2.0 * before_ns + 25.0 * max(each.tail_ns for each in both)
    step_ns = max(min(each.sigma_ns for each in both) / _STEPS_PER_SIGMA, span_ns / _MOST_STEPS)
    n_steps = ceil(span_ns / step_ns)
    first, second = (jitter_response(n_steps, step_ns, before_ns, each.sigma_ns, each.tail_ns).weights for each in both)
    return jitter_difference(first, second, step_ns)


def of_response(
    response: TextResponse | Path,
    channels: tuple[int, int],
    options: tag_files.ReadOptions | None = None,
    *,
    reach_ns: float = 1e-3 * _REACH_PS,
) -> JitterDifference:
    """Difference of two detectors' errors from what :func:`analysis.response_file.read_response` gives.

    A histogram counts for both detectors. A photon file must hold scattered light of a pulsed laser on ``channels``,
    the detectors of the measurement; ``options``: how to read it. ``reach_ns``: longest delay of the
    histogram of pairs, which light of one flash must not outlast. Raises AnalysisError for a response that does, with
    too little light or of other channels, TagFileError for a damaged file.
    """
    if isinstance(response, TextResponse):
        return _of_histogram(response, reach_ns)
    return of_laser_light(tag_files.read(response, options), channels, str(response))


def _of_histogram(response: TextResponse, reach_ns: float) -> JitterDifference:
    """The flash against itself: both detectors have this response."""
    flash = _flash(response.counts, quiet_level(response.counts), response.source, "photons")
    step_ns = float(np.diff(response.time_ns).mean())
    lit = np.flatnonzero(flash)
    one = flash[lit[0] : lit[-1] + 1]
    if one.size * step_ns > reach_ns:
        raise AnalysisError(
            f"{response.source}: its flash of light lasts {one.size * step_ns:.4g} ns ({one.size} bins of "
            f"{step_ns:.4g} ns), longer than the pairs reach, {reach_ns:.4g} ns: is the bin width right (--irf-bin-ps)?"
        )
    difference = signal.correlate(one, one, "full")
    return JitterDifference(difference / difference.sum(), step_ns)


def of_laser_light(record: PhotonRecord, channels: tuple[int, int], where: str) -> JitterDifference:
    """Difference of two detectors' errors from the pairs of scattered, pulsed laser light; errors name ``where``.

    The highest peak within ±100 ns is taken; all peaks of a laser have one shape. Raises AnalysisError for other
    channels, too few pairs, or pulses that do not stand apart.
    """
    for number in channels:
        if not np.any(record.channel == number):
            raise AnalysisError(
                f"{where}: the response holds photons of the channels {list(record.channels())}, the detectors of the "
                f"measurement are {channels[0]} and {channels[1]}: record laser light with the same detectors"
            )
    if record.missing_pairs:
        raise AnalysisError(f"{where}: no response can be told from it: {record.missing_pairs}")
    first, second = (record.timestamps_ps[record.channel == number] for number in channels)
    step_ps = whole_steps_ps(record.timestamps_ps[:_BEGINNING], _BIN_PS)
    counts = coincidences(first, second, step_ps, _REACH_PS // step_ps * step_ps).astype(np.float64)
    if counts.sum() < _LEAST_LIGHT:
        raise AnalysisError(
            f"{where}: {counts.sum():.0f} pairs of photons within ±{_REACH_PS * 1e-3:g} ns; {_LEAST_LIGHT:.0f} pairs "
            "of one laser pulse at least are needed: record longer"
        )
    flash = _flash(counts, _level_between(counts), where, "pairs of one laser pulse")
    odd = flash if flash.size % 2 else np.append(flash, 0.0)  # the peak, at n // 2, in the middle
    return _trimmed(JitterDifference(odd / odd.sum(), step_ps * 1e-3))


def _trimmed(jitter: JitterDifference) -> JitterDifference:
    """Without the empty ends, delay 0 still in the middle."""
    middle = jitter.weights.size // 2
    reach = int(np.abs(np.flatnonzero(jitter.weights) - middle).max())
    return JitterDifference(jitter.weights[middle - reach : middle + reach + 1], jitter.step_ns)


def _level_between(counts: FloatArray) -> float:
    """Level between peaks that fill up to half of the bins: the lower quartile of means over 32 bins."""
    smooth = np.convolve(counts, np.full(_LEVEL_BINS, 1.0 / _LEVEL_BINS), mode="valid")
    return float(np.quantile(smooth, 0.25))


def _flash(counts: FloatArray, dark: float, where: str, what: str) -> FloatArray:
    """The light around the peak without the ``dark`` level, its peak at index n // 2, zero elsewhere: (n,).

    On each side it reaches half its width further than where five bins together are three standard deviations above
    the dark level, so that faint tails are in it; values below 0 stay, because clipping them would add light.
    """
    peak = peak_of(counts, dark, where)
    flash = np.zeros_like(peak.net)
    further = (peak.after - peak.before) // 2
    inside = slice(max(peak.before + 1 - further, 0), peak.after + further)
    flash[inside] = peak.net[inside]
    if flash.sum() < _LEAST_LIGHT:
        raise AnalysisError(
            f"{where}: {flash.sum():.0f} {what} above the dark level; {_LEAST_LIGHT:.0f} at least are needed: record "
            "longer"
        )
    return flash
