"""Coincidence histograms: all pairs of two lists of arrival times, exactly."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]

_N_THREADS = 2
_WORTH_THREADS = 200_000
"""Starts below which a second thread costs more than it saves."""
_LARGEST_SPAN_PS = 2**62


def coincidences(t_start: npt.ArrayLike, t_stop: npt.ArrayLike, bin_width: int, max_delay: int) -> IntArray:
    """Count all pairs with delay t_stop − t_start in [−max_delay, +max_delay), by delay.

    Integers (ps) in, int64 counts out, shape (ceil(2·max_delay / bin_width),). Bin k covers delays from
    −max_delay + k·bin_width up to, not including, the next bin; the last one is cut at +max_delay when the
    width does not divide the range. Times need not be sorted. All pairs count, not only neighbouring tags,
    and a tag pairs with itself when both lists are the same.

    Raises ValueError for times that are not integers, widths that are not positive, and records longer than
    2^62 ps (53 days).
    """
    width, reach = int(bin_width), int(max_delay)
    if width != bin_width or reach != max_delay or width <= 0 or reach <= 0:
        raise ValueError(f"bin_width and max_delay must be positive whole ps, got {bin_width} and {max_delay}")
    starts, stops = _sorted_times(t_start, "t_start"), _sorted_times(t_stop, "t_stop")
    counts = np.zeros(-(-2 * reach // width), dtype=np.int64)
    if not (starts.size and stops.size):
        return counts
    _check_span(starts, stops, reach)

    from analysis.correlation_kernel import count_pairs

    if starts.size < _WORTH_THREADS:
        count_pairs(starts, stops, width, reach, counts)
        return counts
    parts = np.array_split(starts, _N_THREADS)
    partial = [np.zeros_like(counts) for _ in parts]

    def work(part: IntArray, result: IntArray) -> None:
        first = np.searchsorted(stops, part[0] - reach)
        count_pairs(part, stops[first:], width, reach, result)

    with ThreadPoolExecutor(_N_THREADS) as pool:
        list(pool.map(work, parts, partial))
    total: IntArray = np.sum(partial, axis=0, dtype=np.int64)
    return total


def delays(bin_width: int, max_delay: int) -> IntArray:
    """Left edges of the bins of :func:`coincidences`, ps."""
    return np.arange(-max_delay, max_delay, bin_width, dtype=np.int64)


def _sorted_times(times: npt.ArrayLike, name: str) -> IntArray:
    array = np.asarray(times)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise ValueError(f"{name} must be a one-dimensional array of integers (ps), got {array.dtype}, {array.shape}")
    result = np.ascontiguousarray(array, dtype=np.int64)
    return result if bool(np.all(result[:-1] <= result[1:])) else np.sort(result)


def _check_span(starts: IntArray, stops: IntArray, reach: int) -> None:
    earliest, latest = min(int(starts[0]), int(stops[0])), max(int(starts[-1]), int(stops[-1]))
    if latest - earliest + reach > _LARGEST_SPAN_PS or max(abs(earliest), abs(latest)) > _LARGEST_SPAN_PS:
        raise ValueError(f"times from {earliest} to {latest} ps are too far apart to be subtracted exactly")
