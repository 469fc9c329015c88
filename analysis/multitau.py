"""Correlation on a logarithmic delay axis, from ns to seconds: every pair counted, in exactly the bin it belongs to.

A multiple-tau correlator widens its sampling time with the delay and so blurs each bin with a triangle. Here the
counts are those of the full-pair histogram with logarithmic bins; nothing is averaged.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.correlation import as_times, check_span

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

_PARTNERS_ONE_BY_ONE = 6.0
"""Partners a start up to which its pairs are counted singly (measured: longer delays are cheaper by merging)."""
_MOST_CELLS = 1 << 16
_PART = 1 << 18
_WORTH_THREADS = 20_000


@dataclass(frozen=True)
class LogCorrelation:
    """Pairs by delay and what uncorrelated light would give; bins = edges − 1.

    ``edges_ps`` (int64, ascending), ``counts`` (int64, all pairs with edge k <= t_stop − t_start < edge k + 1),
    ``n_start`` and ``n_stop``: the starts that come at least the middle delay of the bin before the end of the
    record, the stops that come at least that long after its begin; ``duration_s``.
    """

    edges_ps: IntArray
    counts: IntArray
    n_start: IntArray
    n_stop: IntArray
    duration_s: float

    @property
    def delay_s(self) -> FloatArray:
        """Arithmetic middles of the bins, s."""
        return (self.edges_ps[:-1] + self.edges_ps[1:]).astype(np.float64) * 0.5e-12

    @property
    def expected(self) -> FloatArray:
        """Pairs in each bin if the light were uncorrelated: n_start(τ)·n_stop(τ)·Δτ / (T − τ).

        Symmetric normalisation (Schätzel, Quantum Optics 2, 287 (1990)) in the form Laurence, Fore and Huser give for
        photon times (Optics Letters 31, 829 (2006), eq. 4). NaN where the delay is not shorter than the record.
        """
        width_s, left_s = np.diff(self.edges_ps) * 1e-12, self.duration_s - np.abs(self.delay_s)
        usable = np.where(left_s > 0.0, left_s, np.nan)
        pairs: FloatArray = self.n_start.astype(np.float64) * self.n_stop * width_s / usable
        return pairs

    @property
    def g2(self) -> FloatArray:
        """Normalised correlation, 1 for uncorrelated light; NaN where nothing is expected."""
        expected = self.expected
        ratio: FloatArray = np.full(expected.shape, np.nan)
        return np.divide(self.counts, expected, out=ratio, where=expected > 0.0)


def log_edges_ps(first_ps: int, last_ps: int, bins_per_octave: int = 8) -> IntArray:
    """Bin edges first·2^(k/n) rounded to whole ps, from ``first_ps`` to the first one not below ``last_ps``; int64.

    Where neighbours round to the same ps, one is kept. Raises ValueError unless 0 < first < last < 2^61 ps and n >= 1.
    """
    if not 0 < first_ps < last_ps < 2**61 or bins_per_octave < 1:
        raise ValueError(
            f"needs 0 < first_ps < last_ps < 2^61 ps and bins_per_octave >= 1, "
            f"got {first_ps}, {last_ps} and {bins_per_octave}"
        )
    n_bins = int(np.ceil(bins_per_octave * np.log2(last_ps / first_ps) - 1e-9))
    return np.unique(np.rint(first_ps * 2.0 ** (np.arange(n_bins + 1) / bins_per_octave)).astype(np.int64))


def pairs_by_delay(
    t_start: npt.ArrayLike, t_stop: npt.ArrayLike, edges_ps: npt.ArrayLike, *, threads: int = 2
) -> IntArray:
    """Number of pairs with edges_ps[k] <= t_stop − t_start < edges_ps[k + 1]; int64, one shorter than the edges.

    Times in whole ps, sorted or not; edges any strictly ascending whole ps, negative ones included. With the same
    list twice every tag pairs with itself if 0 lies inside the edges. Exact; the counts do not depend on ``threads``.

    Raises ValueError for times or edges that are not integers, edges that do not ascend, and times or delays so far
    apart that int64 could not hold the differences.
    """
    edges = checked_edges(edges_ps)
    if threads < 1:
        raise ValueError(f"threads must be at least 1, got {threads}")
    starts, stops = _in_order(as_times(t_start, "t_start")), _in_order(as_times(t_stop, "t_stop"))
    if not (starts.size and stops.size):
        return np.zeros(edges.size - 1, dtype=np.int64)
    check_span(starts, stops, int(np.abs(edges).max()))
    return _pairs_ascending(starts, stops, edges, threads)


def cross_correlation(
    t_start: npt.ArrayLike,
    t_stop: npt.ArrayLike,
    edges_ps: npt.ArrayLike,
    *,
    begin_ps: int | None = None,
    end_ps: int | None = None,
    threads: int = 2,
) -> LogCorrelation:
    """Correlation of two channels for delays t_stop − t_start; for the other sign swap the channels.

    ``begin_ps`` and ``end_ps``: the record in which the tags lie; by default from the first tag to the last.
    Raises ValueError as :func:`pairs_by_delay`, for negative edges, and for tags outside the record.
    """
    edges = checked_edges(edges_ps, lowest=0)
    starts, stops = _in_order(as_times(t_start, "t_start")), _in_order(as_times(t_stop, "t_stop"))
    counts = pairs_by_delay(starts, stops, edges, threads=threads)
    tags = [times for times in (starts, stops) if times.size]
    nowhere = begin_ps if begin_ps is not None else end_ps or 0
    first = min((int(times[0]) for times in tags), default=nowhere)
    last = max((int(times[-1]) for times in tags), default=nowhere)
    begin, end = record_limits(first, last, begin_ps, end_ps)
    middle = (edges[:-1] + edges[1:]) // 2
    n_start = np.searchsorted(starts, end - middle, side="right").astype(np.int64)
    n_stop = stops.size - np.searchsorted(stops, begin + middle).astype(np.int64)
    return LogCorrelation(edges, counts, n_start, n_stop, (end - begin) * 1e-12)


def auto_correlation(
    times: npt.ArrayLike,
    edges_ps: npt.ArrayLike,
    *,
    begin_ps: int | None = None,
    end_ps: int | None = None,
    threads: int = 2,
) -> LogCorrelation:
    """Correlation of one channel with itself, each pair counted once, no tag paired with itself.

    Raises ValueError as :func:`cross_correlation`, and for a first edge below 1 ps.
    """
    edges = checked_edges(edges_ps, lowest=1)
    return cross_correlation(times, times, edges, begin_ps=begin_ps, end_ps=end_ps, threads=threads)


def checked_edges(edges_ps: npt.ArrayLike, lowest: int | None = None) -> IntArray:
    """The edges as int64; ValueError unless strictly ascending, two at least, within ±2^61 ps, not below ``lowest``."""
    edges = as_times(edges_ps, "edges_ps")
    if edges.size < 2 or not np.all(edges[:-1] < edges[1:]):
        raise ValueError("edges_ps must be strictly ascending, two at least")
    if max(abs(int(edges[0])), abs(int(edges[-1]))) > 2**61:
        raise ValueError(f"edges_ps reach from {edges[0]} to {edges[-1]}; delays must stay within ±2^61 ps (26 days)")
    if lowest is not None and edges[0] < lowest:
        raise ValueError(f"the first of edges_ps must be at least {lowest} ps here, got {edges[0]}")
    return edges


def record_limits(first_ps: int, last_ps: int, begin_ps: int | None, end_ps: int | None) -> tuple[int, int]:
    """Begin and end of the record, ps: as stated, else first and last tag. ValueError for tags outside of it."""
    begin = first_ps if begin_ps is None else int(begin_ps)
    end = last_ps if end_ps is None else int(end_ps)
    if begin > first_ps or end < last_ps:
        raise ValueError(f"tags from {first_ps} to {last_ps} ps lie outside the stated record, {begin} to {end} ps")
    return begin, end


def _in_order(times: IntArray) -> IntArray:
    from analysis.correlation_order import ascending

    return times if ascending(times, 0, times.size) else np.sort(times)


def _pairs_ascending(starts: IntArray, stops: IntArray, edges: IntArray, threads: int) -> IntArray:
    from analysis.multitau_kernel import add_ranks, count_near

    n_near = _near_edges(edges, stops)
    near, far = edges[: n_near + 1], edges[n_near:]
    cell_shift = max(int(np.diff(near).min()).bit_length() - 1, 0) if n_near else 0
    bin_of_cell = _bins_of_cells(near, cell_shift) if n_near else np.zeros(1, np.int32)
    n_threads = 1 if starts.size + stops.size < _WORTH_THREADS else threads
    part = min(_PART, -(-starts.size // n_threads))
    parts = iter([(begin, min(begin + part, starts.size)) for begin in range(0, starts.size, part)])

    def work(_: int) -> IntArray:
        counts, ranks = np.zeros(n_near, np.int64), np.zeros(far.size, np.uint64)
        for begin, end in parts:  # shared: each part goes to the thread that is free
            if n_near:
                count_near(starts, stops, begin, end, near, bin_of_cell, np.uint64(cell_shift), counts)
            if far.size > 1:
                add_ranks(starts, stops, begin, end, far, ranks)
        return np.concatenate([counts, np.diff(ranks).astype(np.int64)])  # modulo 2^64 the differences are right

    if n_threads == 1:
        return work(0)
    with ThreadPoolExecutor(n_threads) as pool:
        partial = list(pool.map(work, range(n_threads)))
    total: IntArray = np.sum(partial, axis=0, dtype=np.int64)
    return total


def _near_edges(edges: IntArray, stops: IntArray) -> int:
    """Number of bins counted pair by pair: few enough partners, and a lookup table that stays small."""
    span = max(int(stops[-1]) - int(stops[0]), 1)
    reach = edges[1:].astype(np.float64) - float(edges[0])
    cell = 2.0 ** np.floor(np.log2(np.minimum.accumulate(np.diff(edges))))
    fits = (reach * (stops.size / span) <= _PARTNERS_ONE_BY_ONE) & (reach / cell < _MOST_CELLS)
    return int(fits.size if fits.all() else np.argmin(fits))


def _bins_of_cells(near: IntArray, cell_shift: int) -> npt.NDArray[np.int32]:
    """The bin in which each cell of 2^cell_shift ps begins; cells are not wider than bins: one edge at most in each."""
    n_cells = (int(near[-1] - near[0]) >> cell_shift) + 1
    begins = near[0] + (np.arange(n_cells, dtype=np.int64) << cell_shift)
    bins: npt.NDArray[np.int32] = np.minimum(np.searchsorted(near, begins, side="right") - 1, near.size - 2).astype(
        np.int32
    )
    return bins
