"""Coincidence histograms: all pairs of two lists of arrival times, exactly."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]

_WORTH_THREADS = 500_000
"""Tags below which a second thread costs more than it saves."""
_PART = 1 << 20
"""Most starts a thread takes at a time, so that a busy core does not hold up the other."""
_LARGEST_SPAN_PS = 2**62
_LARGEST_HISTOGRAM = 1 << 30


def coincidences(
    t_start: npt.ArrayLike, t_stop: npt.ArrayLike, bin_width: int, max_delay: int, *, threads: int = 2
) -> IntArray:
    """Count all pairs with delay t_stop − t_start in [−max_delay, +max_delay), by delay.

    Integers (ps) in, int64 counts out, shape (2·max_delay / bin_width,). Bin k covers delays from
    −max_delay + k·bin_width up to, not including, the next bin. Times need not be sorted (sorted ones are counted
    many times faster than they could be sorted). All pairs count, not only neighbouring tags, and a tag pairs with
    itself when both lists are the same. The counts do not depend on ``threads``.

    Raises ValueError for times that are not integers, widths that are not positive, a ``max_delay`` that is not a
    multiple of ``bin_width`` (the last bin would be narrower than the others), more than 2^30 bins, and records
    longer than 2^62 ps (53 days).
    """
    width, reach = checked_bins(bin_width, max_delay)
    if threads < 1:
        raise ValueError(f"threads must be at least 1, got {threads}")
    starts, stops = as_times(t_start, "t_start"), as_times(t_stop, "t_stop")
    if not (starts.size and stops.size):
        return np.zeros(2 * reach // width, dtype=np.int64)
    counts = _count_ascending(starts, stops, width, reach, threads)
    if counts is None:
        counts = _count_ascending(np.sort(starts), np.sort(stops), width, reach, threads)
    if counts is None:
        raise RuntimeError("sorted times were found not to ascend: were the arrays changed meanwhile?")
    return counts


def delays(bin_width: int, max_delay: int) -> IntArray:
    """Left edges of the bins of :func:`coincidences`, ps; int64, shape (2·max_delay / bin_width,)."""
    return np.arange(-max_delay, max_delay, bin_width, dtype=np.int64)


def checked_bins(bin_width: int, max_delay: int) -> tuple[int, int]:
    """Bin width and longest delay as whole ps; ValueError as :func:`coincidences` states."""
    width, reach = int(bin_width), int(max_delay)
    if width != bin_width or reach != max_delay or width <= 0 or reach <= 0:
        raise ValueError(f"bin_width and max_delay must be positive whole ps, got {bin_width} and {max_delay}")
    if reach % width:
        raise ValueError(
            f"max_delay must be a multiple of bin_width, got {reach} and {width} ps: take a max_delay of "
            f"{reach - reach % width} or {reach - reach % width + width} ps"
        )
    if 2 * reach // width > _LARGEST_HISTOGRAM:
        raise ValueError(f"{2 * reach // width} bins do not fit in memory; take wider bins or a shorter max_delay")
    return width, reach


def as_times(times: npt.ArrayLike, name: str) -> IntArray:
    """One-dimensional contiguous int64 array of arrival times, sorted or not; not copied if it is one already.

    Raises ValueError naming ``name`` for other shapes, for floats, and for unsigned numbers from 2^63 up.
    """
    array = np.asarray(times)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise ValueError(f"{name} must be a one-dimensional array of integers (ps), got {array.dtype}, {array.shape}")
    if array.dtype == np.uint64 and array.size and int(array.max()) >= 2**63:
        raise ValueError(f"{name} reaches {int(array.max())} ps; times must be below 2^63 ps")
    return np.ascontiguousarray(array, dtype=np.int64)


def check_span(starts: IntArray, stops: IntArray, reach: int) -> None:
    """Raise ValueError if differences of these ascending times, ± ``reach`` (ps), could leave the int64 range."""
    earliest, latest = min(int(starts[0]), int(stops[0])), max(int(starts[-1]), int(stops[-1]))
    if latest - earliest + reach > _LARGEST_SPAN_PS or max(abs(earliest), abs(latest)) > _LARGEST_SPAN_PS:
        raise ValueError(f"times from {earliest} to {latest} ps are too far apart to be subtracted exactly")


def exact_reciprocal(width: int, limit: int) -> tuple[int, int]:
    """(factor, shift) with (d · factor) >> shift == d // width for every integer 0 <= d < ``limit``; (0, 0) if none.

    factor/2^shift exceeds 1/width by less than 1/(width · limit), so the quotient cannot reach the next integer
    (Granlund and Montgomery, PLDI 1994, theorem 4.2); d · factor must stay below 2^64.
    """
    if width & (width - 1) == 0:
        return 1, width.bit_length() - 1
    shift = (width * limit - 1).bit_length()
    factor = (1 << shift) // width + 1
    return (factor, shift) if factor * limit < 2**64 else (0, 0)


def _count_ascending(starts: IntArray, stops: IntArray, width: int, reach: int, threads: int) -> IntArray | None:
    """The histogram, or None where the times turn out not to ascend (noticed while counting: it costs little)."""
    check_span(starts, stops, reach)

    from analysis.correlation_kernel import count_pairs

    factor, shift = exact_reciprocal(width, 2 * reach)
    n_bins = 2 * reach // width
    n_threads = 1 if starts.size + stops.size < _WORTH_THREADS else threads
    part = min(_PART, -(-starts.size // n_threads))
    edges = [*range(0, starts.size, part), starts.size]
    opens = [max(int(starts[edge]) - reach, -(2**63)) for edge in edges[1:-1]]
    stop_edges = [0, *(int(np.searchsorted(stops, np.int64(time))) for time in opens), stops.size]
    parts = iter(list(zip(edges, edges[1:], stop_edges, stop_edges[1:], strict=False)))

    def work(counts: IntArray) -> bool:
        for begin, end, begin_stop, end_stop in parts:  # shared: each part goes to the thread that is free
            numbers = np.uint64(width), np.uint64(factor), np.uint64(shift)
            if not count_pairs(starts, stops, (begin, end), (begin_stop, end_stop), reach, *numbers, counts):
                return False
        return True

    partial = [np.zeros(n_bins, dtype=np.int64) for _ in range(n_threads)]
    if n_threads == 1:
        return partial[0] if work(partial[0]) else None
    with ThreadPoolExecutor(n_threads) as pool:
        ascend = list(pool.map(work, partial))
    return np.sum(partial, axis=0, dtype=np.int64) if all(ascend) else None
