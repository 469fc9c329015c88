"""Drawing the second photon of a pair when the first is known.

The law is the density of the pairs along the cycle after the first photon, bin by bin. Looking at every bin for
every pair would take most of the time of a record, so the cycle is divided into blocks of a few bins: the block is
drawn first (one propagator for each block), then the bin in it. Many blocks are alike (between the pulses of a
train, in a long dark wait), and what they need is worked out once for each kind. No approximation is made.
"""

import numpy as np
import numpy.typing as npt

from sims.basics.spins import FloatArray
from sims.dot.blocks import BLOCK_BINS, Blocks
from sims.dot.detections import Detections
from sims.dot.propagation import Propagation

IntArray = npt.NDArray[np.int64]

PAIRS_AT_ONCE = 16384
"""Pairs drawn together (bounds memory)."""


def draw_second_photons(
    moments: Detections, first_channel: IntArray, first_bin: IntArray, rng: np.random.Generator
) -> tuple[IntArray, IntArray]:
    """Channel and bin of the second photon for each first photon, two arrays of the same length."""
    blocks = moments.blocks
    parts = [
        _draw(moments, blocks, first_channel[i : i + PAIRS_AT_ONCE], first_bin[i : i + PAIRS_AT_ONCE], rng)
        for i in range(0, first_bin.size, PAIRS_AT_ONCE)
    ]
    channel, b = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return channel, b


def _draw(
    moments: Detections, blocks: Blocks, first_channel: IntArray, first_bin: IntArray, rng: np.random.Generator
) -> tuple[IntArray, IntArray]:
    n_channels = moments.rate_rows.shape[0]
    # Pairs that share channel and bin of the first photon share one row of all that follows.
    rows, row = np.unique(first_bin * n_channels + first_channel, return_inverse=True)
    own_block = np.searchsorted(blocks.first_bin, rows // n_channels, side="right") - 1
    own, leaving = _in_own_block(moments, blocks, rows // n_channels, rows % n_channels, own_block)
    in_own = own.sum(axis=1)
    afterwards = np.sum(_after_block(moments.propagation, blocks)[own_block] * leaving, axis=1)
    target = rng.random(row.size) * (in_own + afterwards)[row]
    stays = target < in_own[row]

    flat = np.empty(row.size, dtype=np.int64)  # bin * n_channels + channel
    begin = blocks.first_bin[own_block[row]] * n_channels
    flat[stays] = begin[stays] + _pick(own[row[stays]], rng)
    moving = np.flatnonzero(~stays)
    if moving.size:
        left = (target - in_own[row])[moving]
        block, state = _later_blocks(moments.propagation, blocks, own_block, leaving, row[moving], left)
        flat[moving] = blocks.first_bin[block] * n_channels + _in_block(blocks, block, state, rng)
    return flat % n_channels, flat // n_channels


def _in_own_block(
    moments: Detections, blocks: Blocks, first_bin: IntArray, first_channel: IntArray, own_block: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Detections after the first photon in the rest of its block, and populations at the block's end.

    For each row (sorted by bin) weights (n_rows, BLOCK_BINS * n_channels) and populations (n_rows, n_states).
    """
    p = moments.propagation
    n_channels, n_states = moments.rate_rows.shape
    inside, arriving = np.empty((first_bin.size, n_channels)), np.empty((first_bin.size, n_states))
    for channel, jump in enumerate(moments.jumps):
        chosen = first_channel == channel
        inside[chosen], arriving[chosen] = moments.after_detection(first_bin[chosen], jump)
    weights = np.zeros((first_bin.size, BLOCK_BINS, n_channels))
    leaving = np.empty_like(arriving)
    position = first_bin - blocks.first_bin[own_block]
    weights[np.arange(first_bin.size), position] = inside
    kind_of_row = np.array(blocks.kind)[own_block]
    for number in np.unique(kind_of_row):
        members = np.flatnonzero(kind_of_row == number)
        members = members[np.argsort(position[members], kind="stable")]
        steps = blocks.kinds[number].steps
        entered = np.searchsorted(position[members], np.arange(len(steps) + 1)).tolist()
        carried = arriving[members]
        for k, index in enumerate(steps):
            if entered[k] == 0:
                continue
            step = p.propagators[index]
            weights[members[: entered[k]], k] = carried[: entered[k]] @ (moments.rate_rows @ step.integral).T
            carried[: entered[k]] = carried[: entered[k]] @ step.whole.T
        leaving[members] = carried
    return weights.reshape(first_bin.size, -1), leaving


def _after_block(p: Propagation, blocks: Blocks) -> FloatArray:
    """Detections from the end of each block to the end of the cycle, for each state there, (K, n_states)."""
    result = np.zeros((len(blocks.kind), p.start.shape[1]))
    for m in range(len(blocks.kind) - 1, 0, -1):
        kind = blocks.kinds[blocks.kind[m]]
        row = kind.row + result[m] @ kind.whole
        before = p.map_before.get(int(blocks.first_bin[m]))
        result[m - 1] = row if before is None else row @ before
    return result


def _later_blocks(
    p: Propagation, blocks: Blocks, own_block: IntArray, leaving: FloatArray, row: IntArray, target: FloatArray
) -> tuple[IntArray, FloatArray]:
    """Block of the second photon and the populations at its start, for pairs whose second photon is not in the own.

    ``own_block`` and ``leaving`` by row (sorted); ``row`` and ``target`` by pair: the block is the one in which the
    detections summed from the end of the own block pass the target.
    """
    n_blocks = len(blocks.kind)
    found = np.full(row.size, n_blocks - 1, dtype=np.int64)
    state = np.zeros((row.size, leaving.shape[1]))
    entered = np.searchsorted(own_block, np.arange(n_blocks + 1)).tolist()
    waits = np.bincount(row, minlength=own_block.size) > 0
    pairs = np.argsort(row, kind="stable")
    sorted_row = row[pairs]
    # Only rows that some pair still waits for (and a few more) are carried along, with their sums so far.
    rows, carried, passed = np.empty(0, dtype=np.int64), leaving[:0], np.empty(0)
    waiting = pairs[:0]
    place = np.zeros(own_block.size, dtype=np.int64)
    for m in range(int(own_block[0]) + 1, n_blocks):
        kind, new = blocks.kinds[blocks.kind[m]], np.arange(entered[m - 1], entered[m])
        new = new[waits[new]]
        if new.size:
            rows, carried = np.concatenate([rows, new]), np.concatenate([carried, leaving[new]])
            passed = np.concatenate([passed, np.zeros(new.size)])
            begin, end = np.searchsorted(sorted_row, (entered[m - 1], entered[m]))
            waiting = np.concatenate([waiting, pairs[begin:end]])
        before = p.map_before.get(int(blocks.first_bin[m]))
        if before is not None:
            carried = carried @ before.T
        passed += carried @ kind.row
        place[rows] = np.arange(rows.size)
        reached = target[waiting] < passed[place[row[waiting]]]
        if m == n_blocks - 1:
            reached[:] = True  # rounding may leave a target just above the whole sum
        if np.any(reached):
            hit, waiting = waiting[reached], waiting[~reached]
            found[hit], state[hit] = m, carried[place[row[hit]]]
            waits[row[hit]] = False
            waits[row[waiting]] = True
            kept = waits[rows]
            if np.count_nonzero(kept) < 0.7 * rows.size:  # copying at every block would cost more than it saves
                rows, carried, passed = rows[kept], carried[kept], passed[kept]
        carried = carried @ kind.whole.T
    return found, state


def _in_block(blocks: Blocks, block: IntArray, state: FloatArray, rng: np.random.Generator) -> IntArray:
    """Position in the block (bin * n_channels + channel) for populations at its start."""
    kind = np.array(blocks.kind)[block]
    result = np.empty(block.size, dtype=np.int64)
    for number in np.unique(kind):
        members = np.flatnonzero(kind == number)
        result[members] = _pick(state[members] @ blocks.kinds[number].rows.T, rng)
    return result


def _pick(weights: FloatArray, rng: np.random.Generator) -> IntArray:
    """One column for each row, with the row's weights (which need not sum to 1)."""
    cumulative = np.cumsum(weights, axis=1)
    drawn = rng.random(len(weights)) * cumulative[:, -1]
    # Where rounding leaves the number drawn at the very end of the sum, the last column with a weight is taken.
    drawn = np.minimum(drawn, np.nextafter(cumulative[:, -1], 0.0))
    return np.asarray(np.argmax(cumulative > drawn[:, None], axis=1), dtype=np.int64)
