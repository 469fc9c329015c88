"""Logarithmic correlation with a sampling time that grows with the delay: some ten times quicker than counting pairs.

A bin of 1/8 to 1/16 of its delay is as wide as the sampling time there, as in every multiple-tau correlator (Schätzel,
Quantum Optics 2, 287 (1990); the weights of photons merged as the delay grows: Felekyan et al., Rev. Sci. Instrum. 76,
083104 (2005)). Short delays, where merging would save nothing, are counted pair by pair. Beyond them every bin
sees the correlation through a triangle twice its width instead of through the bin itself: for exp(−τ/t) that adds
(Δ/t)²/24 of its value, 2·10⁻⁴ where the delay is t and 8·10⁻⁴ at three times t. Where that matters, use
:mod:`analysis.multitau`.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from analysis.correlation import as_times, check_span, coincidences
from analysis.multitau import LogCorrelation, pairs_by_delay, record_limits

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

BINS_PER_OCTAVE = 8
_PHOTONS_A_BIN = 0.3
"""Photons (of the busier channel) a sampling time from which merging pays."""
_MOST_LINEAR_OCTAVES = 13
_BLOCK_BINS = 1 << 14
_LEVELS_IN_BLOCK = 10
_WORTH_THREADS = 200_000


def octave_edges_ps(first_ps: int, last_ps: int) -> IntArray:
    """Bin edges first·2^c·(1 + m/8), eight equal bins an octave, up to the first one not below ``last_ps``; int64.

    ``first_ps`` must be a multiple of 8, so that all edges are whole ps. Raises ValueError for other limits.
    """
    if not 0 < first_ps < last_ps < 2**61 or first_ps % BINS_PER_OCTAVE:
        raise ValueError(
            f"needs 0 < first_ps < last_ps < 2^61 ps, first_ps a multiple of {BINS_PER_OCTAVE}, "
            f"got {first_ps} and {last_ps}"
        )
    n_octaves = int(np.ceil(np.log2(last_ps / first_ps) + 1.0))
    steps = np.arange(BINS_PER_OCTAVE, 2 * BINS_PER_OCTAVE, dtype=np.int64)
    edges = np.concatenate([steps * (first_ps // BINS_PER_OCTAVE << octave) for octave in range(n_octaves)])
    return np.asarray(edges[: int(np.searchsorted(edges, last_ps)) + 1], dtype=np.int64)


def coarse_correlation(
    t_start: npt.ArrayLike,
    t_stop: npt.ArrayLike,
    edges_ps: npt.ArrayLike,
    *,
    begin_ps: int | None = None,
    end_ps: int | None = None,
    threads: int = 2,
) -> LogCorrelation:
    """Correlation of two channels for delays t_stop − t_start in bins of :func:`octave_edges_ps`.

    Times in whole ps, sorted. ``begin_ps`` and ``end_ps``: the record in which the tags lie; by default from the first
    tag to the last. With the same list twice no tag is paired with itself. What it leaves out: see the module.
    ``counts`` do not depend on ``threads``, but for rounding at more than some thousand photons a bin.
    Raises ValueError for other edges, unsorted times, and tags outside the record.
    """
    starts, stops = as_times(t_start, "t_start"), as_times(t_stop, "t_stop")
    edges = _checked_edges(edges_ps)
    for name, times in (("t_start", starts), ("t_stop", stops)):
        if np.any(times[1:] < times[:-1]):
            raise ValueError(f"{name} is not sorted by time: sort it first")
    if threads < 1:
        raise ValueError(f"threads must be at least 1, got {threads}")
    tags = [times for times in (starts, stops) if times.size]
    nowhere = begin_ps if begin_ps is not None else end_ps or 0
    begin, end = record_limits(
        min((int(times[0]) for times in tags), default=nowhere),
        max((int(times[-1]) for times in tags), default=nowhere),
        begin_ps,
        end_ps,
    )
    counts = np.zeros(edges.size - 1, dtype=np.int64)
    if starts.size and stops.size:
        check_span(starts, stops, int(edges[-1]))
        n_exact = _n_exact(edges, max(starts.size, stops.size) / max(end - begin, 1))
        counts[:n_exact] = _short_delays(starts, stops, edges, n_exact, threads)
        counts[n_exact:] = np.rint(_long_delays(starts, stops, edges, n_exact, begin, threads)).astype(np.int64)
    middle = (edges[:-1] + edges[1:]) // 2
    n_start = np.searchsorted(starts, end - middle, side="right").astype(np.int64)
    n_stop = stops.size - np.searchsorted(stops, begin + middle).astype(np.int64)
    return LogCorrelation(edges, counts, n_start, n_stop, (end - begin) * 1e-12)


def _checked_edges(edges_ps: npt.ArrayLike) -> IntArray:
    edges = as_times(edges_ps, "edges_ps")
    if edges.size < 2 or edges[0] <= 0 or edges[0] % BINS_PER_OCTAVE or edges[-1] <= edges[0]:
        raise ValueError("edges_ps must come from octave_edges_ps")
    if not np.array_equal(edges, octave_edges_ps(int(edges[0]), int(edges[-1]))):
        raise ValueError("edges_ps must come from octave_edges_ps")
    return edges


def _n_exact(edges: IntArray, photons_per_ps: float) -> int:
    """Number of bins counted pair by pair: whole octaves, until enough photons fall into a bin; all of a short axis."""
    width = np.diff(edges)[::BINS_PER_OCTAVE].astype(np.float64)
    enough = np.flatnonzero(width * photons_per_ps >= _PHOTONS_A_BIN)
    return min(int(enough[0]) * BINS_PER_OCTAVE, edges.size - 1) if enough.size else edges.size - 1


def _short_delays(starts: IntArray, stops: IntArray, edges: IntArray, n_exact: int, threads: int) -> IntArray:
    """Every pair in its bin: equal narrow bins, added up; beyond 13 octaves (few photons a second) edge by edge."""
    n_linear = min(n_exact, _MOST_LINEAR_OCTAVES * BINS_PER_OCTAVE)
    if not n_linear:
        return np.zeros(0, dtype=np.int64)
    width = int(edges[1] - edges[0])
    n_fine = int(edges[n_linear]) // width
    reach = (n_fine + 1) // 2 * width  # the window of delays from 0 to 2·reach, by moving the starts
    fine = coincidences(starts + reach, stops, width, reach, threads=threads)
    counts = np.add.reduceat(fine[:n_fine], edges[:n_linear] // width)
    if n_exact > n_linear:
        rest = pairs_by_delay(starts, stops, edges[n_linear : n_exact + 1], threads=threads)
        counts = np.concatenate([counts, rest])
    return np.asarray(counts, dtype=np.int64)


def _long_delays(
    starts: IntArray, stops: IntArray, edges: IntArray, n_exact: int, begin_ps: int, threads: int
) -> FloatArray:
    """Products of photons merged into bins as wide as those of the axis, octave by octave; (n_bins − n_exact,)."""
    n_bins = edges.size - 1 - n_exact
    if not n_bins:
        return np.zeros(0)
    from analysis.multitau_coarse_kernel import correlate_blocks, correlate_levels

    width = int(edges[n_exact + 1] - edges[n_exact])
    n_levels = -(-n_bins // BINS_PER_OCTAVE)
    here = min(n_levels, _LEVELS_IN_BLOCK)
    last = max(int(starts[-1]), int(stops[-1]))
    n_blocks = (last - begin_ps) // (width * _BLOCK_BINS) + 1
    n_threads = min(threads, n_blocks) if starts.size + stops.size >= _WORTH_THREADS else 1
    limits = [n_blocks * k // n_threads for k in range(n_threads + 1)]
    left = _BLOCK_BINS >> here  # bins of a block that are left above the levels done here
    halves, wholes = np.zeros(n_blocks * 2 * left), np.zeros(n_blocks * left)

    def work(number: int) -> FloatArray:
        counts = np.zeros((here, BINS_PER_OCTAVE))
        blocks = limits[number], limits[number + 1]
        correlate_blocks(starts, stops, begin_ps, width, _BLOCK_BINS, blocks, counts, halves, wholes)
        return counts

    if n_threads == 1:
        parts = [work(0)]
    else:
        with ThreadPoolExecutor(n_threads) as pool:
            parts = list(pool.map(work, range(n_threads)))
    counts = [np.sum(parts, axis=0)]
    if n_levels > here:
        more = np.zeros((n_levels - here, BINS_PER_OCTAVE))
        correlate_levels(halves, wholes, more)
        counts.append(more)
    return np.concatenate(counts).ravel()[:n_bins]
