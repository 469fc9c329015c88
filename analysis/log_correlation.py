"""Logarithmic correlation with errors: the exact pair counts of :mod:`analysis.multitau`, block by block of the record.

The axis spans from detector dead times to seconds, so that blinking, shelving and the flips of a spin are seen in one
curve. What blinks scatters more than counting does; only the scatter between stretches of the record tells how much.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite

import numpy as np
import numpy.typing as npt

from analysis.multitau import checked_edges, log_edges_ps, pairs_by_delay

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

__all__ = [
    "BlockCorrelation",
    "default_edges_ps",
    "jackknife_stderr",
    "log_correlation",
    "log_edges_ps",
    "pulsed_edges_ps",
    "together",
]

_LEAST_BLOCKS = 4


@dataclass(frozen=True)
class BlockCorrelation:
    """g2 of two lists of photons against the lag t(second) − t(first) > 0; 1 means no memory.

    ``edges_ps`` (n + 1,): borders of the lag bins. All others have the shape (blocks, n), by the block of the record in
    which the first photon lies: ``pairs`` counted; ``first`` and ``second`` photons that could be in such a pair;
    ``time_s`` during which the block's photons could have found a partner before the record ends.
    """

    edges_ps: IntArray
    pairs: IntArray
    first: IntArray
    second: IntArray
    time_s: FloatArray

    @property
    def lag_s(self) -> FloatArray:
        """Arithmetic middle of each bin, s, (n,): at 8 bins an octave an exponential there is its mean over the bin."""
        return np.asarray((self.edges_ps[:-1].astype(np.float64) + self.edges_ps[1:]) * 0.5e-12)

    @property
    def n_blocks(self) -> int:
        """Number of blocks of the record."""
        return int(self.pairs.shape[0])

    @property
    def expected(self) -> FloatArray:
        """Pairs that light without memory gives, (n,): rate × rate × width of the bin × time.

        The rates are those of the photons that can be in a pair of this lag (first ones in [0, T − lag], second ones
        in [lag, T]): symmetric normalisation, K. Schätzel, M. Drewel, S. Stimac, J. Mod. Opt. 35, 711 (1988).
        """
        width_s = np.diff(self.edges_ps) * 1e-12
        time_s = np.maximum(self.time_s.sum(axis=0), 1e-300)
        return np.asarray(self.first.sum(axis=0) * self.second.sum(axis=0) * width_s / time_s, dtype=np.float64)

    @property
    def g2(self) -> FloatArray:
        """Pairs over expected pairs, (n,)."""
        return np.asarray(self.pairs.sum(axis=0) / np.maximum(self.expected, 1e-300), dtype=np.float64)

    @property
    def stderr(self) -> FloatArray:
        """Standard error of :attr:`g2`, (n,): jackknife over the blocks, never below the Poisson error of the pairs.

        The jackknife holds the scatter of what blinks or flips, not only of counting. Right for lags well below the
        length of a block. Errors of neighbouring bins are correlated.
        """
        replicas = np.array([self.without(block).g2 for block in range(self.n_blocks)])
        scatter = jackknife_stderr(replicas)
        counting = np.sqrt(np.maximum(self.pairs.sum(axis=0), 1)) / np.maximum(self.expected, 1e-300)
        return np.asarray(np.maximum(scatter, counting), dtype=np.float64)

    def fit_sigma(self, model: FloatArray) -> FloatArray:
        """Errors to weigh a fit of ``model`` (n,) with, (n,).

        Poisson errors of the *modelled* pairs (observed ones would pull a fit down at few counts), widened by the
        excess of the jackknife over Poisson, which is smoothed over 9 bins because 20 blocks tell it to 16 % only.
        """
        replicas = np.array([self.without(block).g2 for block in range(self.n_blocks)])
        poisson = np.maximum(self.pairs.sum(axis=0), 1) / np.maximum(self.expected, 1e-300) ** 2
        excess = np.pad(jackknife_stderr(replicas) ** 2 / poisson, 4, mode="edge")
        smooth = np.median(np.lib.stride_tricks.sliding_window_view(excess, 9), axis=1)
        mean = np.maximum(model, 0.05) / np.maximum(self.expected, 1e-300)
        return np.asarray(np.sqrt(np.maximum(smooth, 1.0) * mean), dtype=np.float64)

    def without(self, block: int) -> "BlockCorrelation":
        """The correlation of the record without one block."""
        keep = np.arange(self.n_blocks) != block
        return BlockCorrelation(self.edges_ps, self.pairs[keep], self.first[keep], self.second[keep], self.time_s[keep])

    def between(self, first_lag_s: float, last_lag_s: float) -> "BlockCorrelation":
        """Only the bins that lie wholly between the two lags; ValueError when none does."""
        keep = (self.edges_ps[:-1] >= round(first_lag_s * 1e12)) & (self.edges_ps[1:] <= round(last_lag_s * 1e12))
        if not np.any(keep):
            raise ValueError(f"no lag bin lies within {first_lag_s:g} to {last_lag_s:g} s")
        begin, end = int(np.argmax(keep)), int(keep.size - np.argmax(keep[::-1]))
        cut = slice(begin, end)
        return BlockCorrelation(
            self.edges_ps[begin : end + 1],
            self.pairs[:, cut],
            self.first[:, cut],
            self.second[:, cut],
            self.time_s[:, cut],
        )


def jackknife_stderr(replicas: FloatArray) -> FloatArray:
    """Standard error from values with one of n blocks left out; replicas (n, ...) → (...).

    B. Efron, "The Jackknife, the Bootstrap and Other Resampling Plans" (SIAM 1982), eq. (3.1).
    """
    n = replicas.shape[0]
    return np.asarray(np.sqrt((n - 1) / n * ((replicas - replicas.mean(axis=0)) ** 2).sum(axis=0)), dtype=np.float64)


def default_edges_ps(duration_s: float, *, first_lag_s: float = 1e-7, blocks: int = 20) -> IntArray:
    """Borders from ``first_lag_s`` to a fifth of a block, 8 bins per octave; ValueError when that leaves no lag."""
    return log_edges_ps(round(first_lag_s * 1e12), round(duration_s / blocks / 5.0 * 1e12))


def pulsed_edges_ps(period_ps: float, last_lag_ps: int, bins_per_octave: int = 8) -> IntArray:
    """Borders for pulsed light: half way between pulses, so that each bin holds whole pulses, at least one.

    ValueError unless 1 <= period and 2 periods <= last_lag_ps.
    """
    if not (isfinite(period_ps) and period_ps >= 1.0 and 2.0 * period_ps <= last_lag_ps):
        raise ValueError(f"needs 1 ps <= period and a last lag of 2 periods, got {period_ps} and {last_lag_ps} ps")
    n_pulses = round(last_lag_ps / period_ps)
    whole = np.unique(np.rint(2.0 ** np.arange(0.0, np.log2(n_pulses + 1.0), 1.0 / bins_per_octave)))
    return np.rint((whole - 0.5) * period_ps).astype(np.int64)


def together(lists_ps: Sequence[IntArray]) -> IntArray:
    """Photons of several detectors in one sorted list."""
    return np.sort(np.concatenate(list(lists_ps)), kind="stable")


def log_correlation(
    first_ps: npt.ArrayLike, second_ps: npt.ArrayLike, duration_s: float, *, edges_ps: IntArray, blocks: int = 20
) -> BlockCorrelation:
    """Exact numbers of pairs with edges[k] <= t(second) − t(first) < edges[k + 1].

    ``first_ps`` and ``second_ps``: arrival times (int64 ps from 0 to ``duration_s``, sorted); the same list twice is
    the autocorrelation (a photon is no pair with itself, since lags are positive). Use two detectors where lags below
    the dead time or the afterpulses of one detector matter. ``blocks``: equal stretches of the record, for the errors.

    Raises ValueError for times that are no integers, unsorted or outside the record, for empty lists, for edges that
    are not ascending positive integers, for lags longer than half the record, and for fewer than 4 blocks.
    """
    first, second = _checked_times(first_ps, duration_s, "first"), _checked_times(second_ps, duration_s, "second")
    edges, length_ps = checked_edges(edges_ps, lowest=1), round(duration_s * 1e12)
    _check_span(edges, length_ps, blocks)
    borders = np.linspace(0, length_ps, blocks + 1).astype(np.int64)
    borders[-1] = max(length_ps, int(first[-1]) + 1)
    pairs = _count(first, second, edges, borders)

    middle = (edges[:-1] + edges[1:]) // 2
    begin = borders[:-1, None] + np.zeros_like(middle)
    end = np.maximum(np.minimum(borders[1:, None], length_ps - middle), begin)
    n_first = np.searchsorted(first, end) - np.searchsorted(first, begin)
    n_second = np.searchsorted(second, end + middle) - np.searchsorted(second, begin + middle)
    return BlockCorrelation(edges, pairs, n_first, n_second, (end - begin) * 1e-12)


def _count(first: IntArray, second: IntArray, edges: IntArray, borders: IntArray) -> IntArray:
    """Pairs (blocks, bins); a block's partners may lie in the blocks after it."""
    pairs = np.zeros((borders.size - 1, edges.size - 1), dtype=np.int64)
    for block, (begin, end) in enumerate(pairwise(borders)):
        starts = first[np.searchsorted(first, begin) : np.searchsorted(first, end)]
        reach = slice(np.searchsorted(second, begin + edges[0]), np.searchsorted(second, end + edges[-1]))
        pairs[block] = pairs_by_delay(starts, second[reach], edges)
    return pairs


def _checked_times(times: npt.ArrayLike, duration_s: float, name: str) -> IntArray:
    if not (isfinite(duration_s) and duration_s > 0.0):
        raise ValueError(f"duration_s must be positive and finite, got {duration_s}")
    array = np.asarray(times)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise ValueError(
            f"the {name} photons must be a one-dimensional array of whole ps, got {array.dtype}, {array.shape}"
        )
    if not array.size:
        raise ValueError(f"the {name} list holds no photons")
    if np.any(array[1:] < array[:-1]):
        raise ValueError(f"the {name} photons are not sorted by time: sort them first")
    if array[0] < 0 or array[-1] > duration_s * 1e12 + 1:
        raise ValueError(
            f"the {name} photons lie from {array[0] * 1e-12:g} to {array[-1] * 1e-12:g} s, outside the record of "
            f"{duration_s:g} s: count times from the start of the record"
        )
    return np.ascontiguousarray(array, dtype=np.int64)


def _check_span(edges: IntArray, length_ps: int, blocks: int) -> None:
    if edges[-1] > length_ps // 2:
        raise ValueError(
            f"the longest lag is {edges[-1] * 1e-12:g} s, the record {length_ps * 1e-12:g} s: beyond half the record "
            "a correlation says nothing; shorten the lags or measure longer"
        )
    if blocks < _LEAST_BLOCKS:
        raise ValueError(f"blocks must be {_LEAST_BLOCKS} at least (they give the errors), got {blocks}")
