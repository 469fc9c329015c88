"""Compiled: from one detected photon to the next. Imported only when needed, because numba loads slowly.

The dot is always in one definite state at one definite place in the cycle. After a detection the rest of the leaf is
walked jump by jump, the rest of the cycle block by block (pass tables), then whole cycles in the longest blocks;
where a block holds a detection it is found by locate tables going down the tree. Each lottery has the exact joint
chance of "detected or not" and of the state at the end, so the stream has the law of the plain jump-by-jump walk.
"""

import numpy as np
import numpy.typing as npt

from sims.photons.compiled import compiled, inlined
from sims.photons.lottery import ANOTHER
from sims.photons.tables import ARRIVAL, PASSED, STATE_BITS, TICK_BITS

# Columns of the position that is kept between calls.
CYCLE, STEP, LEAF, STATE, FINISHED = 0, 1, 2, 3, 4
N_POSITION = 5

STATE_MASK = (1 << STATE_BITS) - 1
TICK_MASK = (1 << TICK_BITS) - 1
OUTCOME_MASK = np.uint64(2**32 - 1)
ONE, THIRTY_TWO = np.uint64(1), np.uint64(32)


@inlined
def bits64(generator: npt.NDArray[np.uint64]) -> np.uint64:
    """64 random bits: xoshiro256++ (Blackman and Vigna, ACM TOMS 47, 36 (2021)); 4 words of state.

    A call of numpy's generator costs four times as much here.
    """
    a, b, c, d = generator[0], generator[1], generator[2], generator[3]
    mixed = a + d
    mixed = ((mixed << np.uint64(23)) | (mixed >> np.uint64(41))) + a
    shifted = b << np.uint64(17)
    c ^= a
    d ^= b
    generator[1] = b ^ c
    generator[0] = a ^ d
    generator[2] = c ^ shifted
    generator[3] = (d << np.uint64(45)) | (d >> np.uint64(19))
    return mixed  # type: ignore[no-any-return]


@inlined
def draw_at(slots: npt.NDArray[np.uint64], first: int, bits: int, state: int, generator: npt.NDArray[np.uint64]) -> int:
    """One outcome of the lottery for ``state`` among those that begin at slot ``first``."""
    number = bits64(generator)
    slot = np.uint64(first + (state << bits)) + (number & ((ONE << np.uint64(bits)) - ONE))
    own = np.uint64(number < slots[slot, 0])  # arithmetic, not a branch: half of the guesses would be wrong
    return np.int64((slots[slot, 1] >> (own * THIRTY_TWO)) & OUTCOME_MASK)  # type: ignore[return-value]


@inlined
def uniform(generator: npt.NDArray[np.uint64]) -> float:
    """A number in [0, 1), 53 bits."""
    return (bits64(generator) >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@inlined
def draw(
    slots: npt.NDArray[np.uint64],
    table: npt.NDArray[np.int64],
    number: int,
    state: int,
    generator: npt.NDArray[np.uint64],
) -> int:
    """One outcome of the lottery for ``state`` in table ``number``."""
    outcome = draw_at(slots, table[number, 0], table[number, 1], state, generator)
    if outcome == ANOTHER:
        outcome = draw_at(slots, table[number, 2], table[number, 3], state, generator)
    return outcome


@inlined
def tick_time(tick: int, leaf_ns: float, ticks_per_ns: float, generator: npt.NDArray[np.uint64]) -> float:
    """Time of clock tick number ``tick`` given that it falls into the leaf: density t^(tick-1) exp(-ticks_per_ns t)."""
    while True:
        u = uniform(generator)
        if tick == 2:
            u = np.sqrt(u)
        elif tick > 2:
            u = u ** (1.0 / tick)
        keep = uniform(generator)
        decay = ticks_per_ns * leaf_ns * u
        if keep < 1.0 - decay or keep < np.exp(-decay):  # 1 - y <= exp(-y): spares most exponentials
            return leaf_ns * u


@inlined
def walk_leaf(
    slots: npt.NDArray[np.uint64],
    table: npt.NDArray[np.int64],
    step: npt.NDArray[np.int64],
    leaf_ns: float,
    jump: npt.NDArray[np.int64],
    exit_rate: npt.NDArray[np.float64],
    arrival: npt.NDArray[np.int64],
    place: tuple[int, int, int, float],
    generator: npt.NDArray[np.uint64],
) -> tuple[int, int, int, int, float]:
    """Inside a leaf, just after a detection: jump by jump to its end, or the stretch's end when that is near.

    ``place``: step, leaf, state, ns in the leaf. Returns the arrival seen (-1: none) and the place; ns = -1: border.
    """
    e, leaf, state, x = place
    seen = -1
    n_leaves = 1 << step[e, 1]
    while x >= 0.0 and seen < 0:
        rate = exit_rate[step[e, 2], state]
        to_end = (n_leaves - leaf) * leaf_ns - x
        short = rate * to_end < 1.0
        horizon = to_end if short else leaf_ns - x
        u = uniform(generator)
        # A wait -log(1 - u) / rate beyond the horizon; u >= y is enough for it and spares the logarithm.
        if u >= rate * horizon or -np.log(1.0 - u) >= rate * horizon:
            x = -1.0
            leaf = n_leaves if short else leaf + 1
        else:
            x -= np.log(1.0 - u) / rate
            further = min(int(x / leaf_ns), n_leaves - 1 - leaf)
            leaf += further
            x = max(x - further * leaf_ns, 0.0)
            outcome = draw(slots, table, jump[step[e, 2]], state, generator)
            if outcome >= ARRIVAL:
                seen = outcome - ARRIVAL
                state = arrival[seen, 2]
            else:
                state = outcome
    if leaf == n_leaves:
        leaf = 0
        e += 1
    return seen, e, leaf, state, x


@inlined
def pass_block(
    slots: npt.NDArray[np.uint64],
    table: npt.NDArray[np.int64],
    entry: npt.NDArray[np.int64],
    step: npt.NDArray[np.int64],
    place: tuple[int, int, int],
    generator: npt.NDArray[np.uint64],
) -> tuple[int, int, int, int]:
    """Try to pass the largest block that begins here, inside the cycle; ``place``: step, leaf, state.

    Returns the block when it holds a detection (-1: passed), and the place.
    """
    e, leaf, state = place
    level = 0
    if leaf == 0:
        candidate = step[e, 3]
    else:
        while leaf & (1 << level) == 0:
            level += 1
        candidate = step[e, 0] + level
    outcome = draw(slots, table, entry[candidate, 0], state, generator)
    if outcome < PASSED:
        return candidate, e, leaf, state
    if leaf == 0:
        e += step[e, 4]
    else:
        leaf += 1 << level
        if leaf == 1 << step[e, 1]:
            leaf = 0
            e += 1
    return -1, e, leaf, outcome - PASSED


@inlined
def descend(
    slots: npt.NDArray[np.uint64],
    table: npt.NDArray[np.int64],
    entry: npt.NDArray[np.int64],
    part: npt.NDArray[np.int64],
    block: int,
    place: tuple[int, int, int, int],
    generator: npt.NDArray[np.uint64],
) -> tuple[int, int, int, int, int]:
    """Down the tree from a block that holds a detection; ``place``: cycle, step, leaf, state.

    Returns the clock tick of the detection, and the place, with the state from which the photon comes.
    """
    cycle, e, leaf, state = place
    while entry[block, 2] == 0:
        outcome = draw(slots, table, entry[block, 1], state, generator)
        state = outcome & STATE_MASK
        number = outcome >> STATE_BITS
        cycle += part[block, number, 1]
        e += part[block, number, 2]
        leaf += part[block, number, 3]
        block = part[block, number, 0]
    outcome = draw(slots, table, entry[block, 1], state, generator)
    number = outcome >> (STATE_BITS + TICK_BITS)
    cycle += part[block, number, 1]
    e += part[block, number, 2]
    leaf += part[block, number, 3]
    return (outcome >> STATE_BITS) & TICK_MASK, cycle, e, leaf, outcome & STATE_MASK


@inlined
def stamp_ps(period_ps: float, cycle: int, in_cycle_ns: float) -> int:
    """Time of a detection, ps. Whole picoseconds of the period are counted exactly: long streams lose none."""
    whole_ps = int(period_ps)
    return cycle * whole_ps + int(cycle * (period_ps - whole_ps) + 1e3 * in_cycle_ns + 0.5)


@compiled
def fill(
    slots: npt.NDArray[np.uint64],
    table: npt.NDArray[np.int64],
    entry: npt.NDArray[np.int64],
    part: npt.NDArray[np.int64],
    step: npt.NDArray[np.int64],
    step_time: npt.NDArray[np.float64],
    jump: npt.NDArray[np.int64],
    exit_rate: npt.NDArray[np.float64],
    arrival: npt.NDArray[np.int64],
    block_table: npt.NDArray[np.int64],
    period_ps: float,
    end_ps: int,
    position: npt.NDArray[np.int64],
    in_leaf_ns: npt.NDArray[np.float64],
    generator: npt.NDArray[np.uint64],
    time_ps: npt.NDArray[np.int64],
    detector: npt.NDArray[np.uint8],
    transition: npt.NDArray[np.uint16],
) -> int:
    """Write detections until the arrays are full or ``end_ps`` is reached (then position[FINISHED] = 1).

    ``position`` and ``in_leaf_ns`` (negative: at the border of a step or leaf) say where the dot is and are updated.
    Returns the number written.
    """
    longest, cycles, longest_table, emission_table = block_table
    last_cycle = end_ps // max(int(period_ps), 1) + 1
    cycle, e, leaf, state = position[CYCLE], position[STEP], position[LEAF], position[STATE]
    x = in_leaf_ns[0]
    n = 0
    while n < time_ps.size:
        seen = -1
        if x >= 0.0:
            place = (e, leaf, state, x)
            seen, e, leaf, state, x = walk_leaf(
                slots, table, step, step_time[e, 1], jump, exit_rate, arrival, place, generator
            )
        if seen < 0:
            # To the end of the cycle block by block, then whole cycles, to a block that holds a detection.
            block = -1
            while block < 0:
                if e == step.shape[0]:
                    e = 0
                    cycle += 1
                if e > 0 or leaf > 0:
                    block, e, leaf, state = pass_block(slots, table, entry, step, (e, leaf, state), generator)
                    continue
                if cycle > last_cycle:
                    position[FINISHED] = 1
                    return n
                outcome = draw(slots, table, longest_table, state, generator)
                if outcome >= PASSED:
                    state = outcome - PASSED
                    cycle += cycles
                elif entry[longest, 2] == 1:
                    block = longest
                else:
                    state = outcome & STATE_MASK
                    number = outcome >> STATE_BITS
                    cycle += part[longest, number, 1]
                    e = part[longest, number, 2]
                    leaf = part[longest, number, 3]
                    block = part[longest, number, 0]
            tick, cycle, e, leaf, state = descend(slots, table, entry, part, block, (cycle, e, leaf, state), generator)
            x = tick_time(tick, step_time[e, 1], step_time[e, 2], generator)
            seen = draw(slots, table, emission_table, state, generator)
            state = arrival[seen, 2]
        stamp = stamp_ps(period_ps, cycle, step_time[e, 0] + leaf * step_time[e, 1] + x)
        if stamp >= end_ps:
            position[FINISHED] = 1
            return n
        time_ps[n], detector[n], transition[n] = stamp, arrival[seen, 1], arrival[seen, 0]
        n += 1
    position[CYCLE], position[STEP], position[LEAF], position[STATE] = cycle, e, leaf, state
    in_leaf_ns[0] = x
    return n
