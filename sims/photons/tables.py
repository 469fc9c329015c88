"""The lotteries of the tree of intervals, packed in arrays for the compiled loop.

Four kinds of table, each with a lottery for every state at the start of an interval:
*pass*: the state at the interval's end, or "detected"; *locate*, given a detection inside: in which part, and the
state at that part's start (parts are taken several levels down at once); *final*, where all parts are leaves: in
which leaf, at which clock tick, from which state; *jump*: the next jump of the plain walk.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sims.photons.intervals import IntervalTree
from sims.photons.lottery import LotteryBuilder
from sims.photons.process import FloatArray, IntArray, JumpProcess

STATE_BITS = 12
TICK_BITS = 5
PASSED = 1 << 30
"""Flag of an outcome that is the state at the interval's end."""
ARRIVAL = 1 << 30
"""Flag of a jump that is a detected photon."""

LARGEST_TABLE = 100_000
"""Most tickets in one locate table, all states together; decides how many parts are taken at once."""

MOST_PARTS = 64


@dataclass(frozen=True)
class StreamTables:
    """Everything the compiled loop needs.

    Integer columns:
    ``slots``, ``table``: see :class:`sims.photons.lottery.LotteryBuilder`.
    ``entry`` (n_entries, 3): pass table, inside table (locate or final), 1 if the inside table is a final one. Tables
    that the loop never comes to are not made (their numbers are 0).
    ``part`` (n_entries, MOST_PARTS, 4): entry, offset in cycles, steps and leaves.
    ``step`` (n_steps, 5): entry of one leaf (or the kick), level (2^level leaves), generator (-1: kick), entry of the
    block that begins here, steps in that block.
    ``jump`` (n_generators,): table. ``arrival`` (n_arrivals, 3): transition, detector, lower state.
    ``block`` (4,): longest block: entry, cycles, table (pass and locate in one); emission table.
    Floats: ``step_time`` (n_steps, 3): begin ns, leaf ns, clock ticks per ns; ``exit_rate`` (n_generators, n_states).
    """

    slots: npt.NDArray[np.uint64]
    table: IntArray
    entry: IntArray
    part: IntArray
    step: IntArray
    step_time: FloatArray
    jump: IntArray
    exit_rate: FloatArray
    arrival: IntArray
    block: IntArray


def stream_tables(process: JumpProcess, detection: FloatArray, tree: IntervalTree, begin: FloatArray) -> StreamTables:
    """Pack the tree; ``detection`` (n_detectors, n_transitions); ``begin`` (n,): typical populations (layout only)."""
    builder = LotteryBuilder()
    arrival, seen_rates = _arrivals(process, detection)
    everywhere = np.full(process.n_states, 1.0 / process.n_states)
    emission = builder.add(seen_rates, np.arange(len(arrival)), everywhere)
    entry = np.zeros((len(tree.entries), 3), dtype=np.int64)
    part = np.zeros((len(tree.entries), MOST_PARTS, 4), dtype=np.int64)
    passed = _passed_entries(tree)
    for number in passed:
        interval = tree.entries[number]
        through = np.concatenate([interval.undetected, interval.chance[None, :]]).T
        entry[number, 0] = builder.add(through, np.append(PASSED + np.arange(process.n_states), 0), begin)
    waiting, known = sorted({tree.longest, *passed}), set[int]()
    while waiting:
        number = waiting.pop()
        if number in known or not tree.entries[number].is_lit:
            continue
        known.add(number)
        weights, outcomes, is_final = _inside(tree, number, part[number])
        entry[number, 2] = is_final
        if is_final or number != tree.longest:  # the longest block has a table of its own
            entry[number, 1] = builder.add(weights, outcomes, begin)
        if not is_final:
            waiting.extend(one for one, _, _ in _parts(tree, number, _most_parts(tree)) if tree.entries[one].is_lit)
    longest = _longest_table(builder, tree, part[tree.longest], begin)
    jump, exits = _jump_tables(builder, tree, arrival, seen_rates)
    slots, table = builder.build()
    return StreamTables(
        slots=slots,
        table=table,
        entry=entry,
        part=part,
        step=_step_columns(tree),
        step_time=_step_times(tree),
        jump=jump,
        exit_rate=exits,
        arrival=arrival,
        block=np.array([tree.longest, tree.cycles, longest, emission], dtype=np.int64),
    )


def _passed_entries(tree: IntervalTree) -> list[int]:
    """Entries that the loop asks "detected inside, or passed?": what is left of a stretch and of the cycle."""
    inside = {step.first + level for step in tree.steps for level in range(step.level)}
    return sorted(inside | set(tree.block_at[1:]))


def _arrivals(process: JumpProcess, detection: FloatArray) -> tuple[IntArray, FloatArray]:
    """Every (transition, detector, lower state) that can be seen, and its rate from each state, (n, n_arrivals)."""
    detector, transition = np.nonzero((detection > 0) & (process.rate_per_ns > 0))
    arrival = np.stack([transition, detector, process.lower[transition]], axis=1).astype(np.int64)
    rates = np.zeros((process.n_states, len(arrival)))
    rates[process.upper[transition], np.arange(len(arrival))] = (
        detection[detector, transition] * process.rate_per_ns[transition]
    )
    return arrival, rates


def _longest_table(builder: LotteryBuilder, tree: IntervalTree, part: IntArray, begin: FloatArray) -> int:
    """Pass and locate in one draw: the state at the end of the longest block, or the part with the detection."""
    interval = tree.entries[tree.longest]
    weights, outcomes, is_final = _inside(tree, tree.longest, part)
    if is_final:  # a few leaves only: keep the two draws apart
        outcomes, weights = np.zeros(1, dtype=np.int64), interval.chance[:, None]
    ends = PASSED + np.arange(interval.chance.size)
    together = np.concatenate([interval.undetected.T, weights], axis=1)
    return builder.add(together, np.concatenate([ends, outcomes]), begin)


def _jump_tables(
    builder: LotteryBuilder, tree: IntervalTree, arrival: IntArray, seen_rates: FloatArray
) -> tuple[IntArray, FloatArray]:
    """For each generator the table of the next jump, and the rates of leaving each state, (n_generators, n)."""
    n = len(seen_rates)
    outcomes = np.concatenate([np.arange(n), ARRIVAL + np.arange(len(arrival))])
    tables, exits = [], []
    for generator in tree.generators:
        rates = generator - np.diag(np.diag(generator))
        unseen = rates.copy()
        np.add.at(unseen, arrival[:, 2], -seen_rates.T)
        weights = np.concatenate([np.maximum(unseen, 0.0).T, seen_rates], axis=1)
        tables.append(builder.add(weights, outcomes, np.full(n, 1.0 / n)))
        exits.append(rates.sum(axis=0))
    return np.array(tables, dtype=np.int64), np.array(exits)


def _inside(tree: IntervalTree, number: int, part: IntArray) -> tuple[FloatArray, IntArray, bool]:
    """Weights (n, m) and outcomes (m,) of one entry's locate or final table; writes the parts' columns."""
    n = tree.entries[number].chance.size
    parts = _parts(tree, number, _most_parts(tree))
    is_final = all(tree.entries[entry].halves is None or not tree.entries[entry].is_lit for entry, _, _ in parts)
    prefix = np.eye(n)
    weights, outcomes = [np.zeros((1, n))], [np.zeros(1, dtype=np.int64)]
    slot = 0
    for entry, steps, leaves in parts:
        interval = tree.entries[entry]
        if interval.is_lit:
            part[slot] = entry, *divmod(steps, len(tree.steps)), leaves
            if is_final and interval.leaf is not None:
                ticks = interval.leaf.detected.shape[0]
                kinds = (np.arange(1, ticks + 1)[:, None] << STATE_BITS) + np.arange(n)
                weight = interval.leaf.detected.reshape(ticks * n, n) @ prefix
                seen = np.flatnonzero(weight.any(axis=1))
                weights.append(weight[seen])
                outcomes.append((slot << (STATE_BITS + TICK_BITS)) + kinds.ravel()[seen])
            else:
                weights.append(interval.chance[:, None] * prefix)
                outcomes.append((slot << STATE_BITS) + np.arange(n))
            slot += 1
        prefix = interval.undetected @ prefix
    return np.ascontiguousarray(np.concatenate(weights).T), np.concatenate(outcomes), is_final


def _most_parts(tree: IntervalTree) -> int:
    return int(np.clip(LARGEST_TABLE // tree.entries[0].chance.size ** 2, 2, MOST_PARTS))


def _parts(tree: IntervalTree, number: int, most: int) -> list[tuple[int, int, int]]:
    """Entry and offsets (steps, leaves) of at most ``most`` parts with light, all of equal depth, in order."""
    parts = [(number, 0, 0)]
    while True:
        finer: list[tuple[int, int, int]] = []
        for entry, steps, leaves in parts:
            interval = tree.entries[entry]
            if interval.halves is None or not interval.is_lit:
                finer.append((entry, steps, leaves))
                continue
            first, second = interval.halves
            finer.append((first, steps, leaves))
            if interval.in_stretch:
                finer.append((second, steps, leaves + 2 ** (interval.level - 1)))
            else:
                finer.append((second, steps + tree.entries[first].n_steps, leaves))
        n_seen = sum(tree.entries[entry].is_lit for entry, _, _ in finer)
        if len(finer) == len(parts) or (n_seen > most and len(parts) > 1):
            return parts
        parts = finer


def _step_columns(tree: IntervalTree) -> IntArray:
    rows = [
        (step.first, step.level, step.generator, block, tree.entries[block].n_steps)
        for step, block in zip(tree.steps, tree.block_at, strict=True)
    ]
    return np.array(rows, dtype=np.int64)


def _step_times(tree: IntervalTree) -> FloatArray:
    rows = []
    for step in tree.steps:
        part = tree.entries[step.first].leaf
        rows.append((step.begin_ns, step.leaf_ns, 0.0 if part is None else part.ticks_per_ns))
    return np.array(rows, dtype=np.float64)
