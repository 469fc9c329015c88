"""The bins of a cycle in blocks, and what each kind of block does to populations and detections."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from sims.basics.spins import FloatArray
from sims.dot.propagation import Propagation, product

IntArray = npt.NDArray[np.int64]

BLOCK_BINS = 32
"""Longest block. The work for a pair goes as blocks + bins in a block, least near sqrt(N)."""


@dataclass(frozen=True)
class Kind:
    """One kind of block: indices of its propagators, its whole propagator, and the detections in it.

    ``rows`` (n_bins * n_channels, n_states): detections in each bin by channel for each state at the block's start;
    ``row`` (n_states,) is their sum.
    """

    steps: tuple[int, ...]
    whole: FloatArray
    rows: FloatArray
    row: FloatArray


@dataclass(frozen=True)
class Blocks:
    """The cycle in blocks: first bin (K + 1,; the last entry is N), kind of each block, and the kinds."""

    first_bin: IntArray
    kind: tuple[int, ...]
    kinds: tuple[Kind, ...]


def divide(propagation: Propagation, rate_rows: FloatArray) -> Blocks:
    """Blocks that begin at every map and hold at most BLOCK_BINS bins; ``rate_rows`` (n_channels, n_states)."""
    n_bins = propagation.n_bins
    cuts = sorted({0, n_bins, *propagation.map_before})
    starts = [b for begin, end in pairwise(cuts) for b in range(begin, end, BLOCK_BINS)] + [n_bins]
    steps = propagation.step.tolist()
    number: dict[tuple[int, ...], int] = {}
    kind = tuple(number.setdefault(tuple(steps[a:b]), len(number)) for a, b in pairwise(starts))
    kinds = tuple(_kind(propagation, rate_rows, block) for block in number)
    return Blocks(np.array(starts, dtype=np.int64), kind, kinds)


def _kind(propagation: Propagation, rate_rows: FloatArray, steps: tuple[int, ...]) -> Kind:
    propagators = propagation.propagators
    rows = np.empty((0, rate_rows.shape[1]))
    for index in reversed(steps):
        rows = np.concatenate([rate_rows @ propagators[index].integral, rows @ propagators[index].whole])
    return Kind(steps, product(steps, propagators), rows, rows.sum(axis=0))
