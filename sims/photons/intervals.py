"""The tree of intervals: leaves, stretches of 2^k leaves, the cycle, 2^k cycles, and what each does to the dot.

Equal intervals share one entry, so a stretch of 2^k leaves costs k + 1 entries and a year of cycles a few dozen more.
Each entry knows, for every state at its start, the chance of a detection inside and, where there is none, the state
at its end.
"""

from dataclasses import dataclass

import numpy as np

from sims.photons.leaves import Leaf, halvings, leaf
from sims.photons.process import FloatArray, JumpProcess, Kick, Stretch

MOST_LEVELS = 40
"""The longest block is 2^40 cycles: hours, even of a 80 MHz train."""

UNDETECTED_IN_BLOCK = 0.1
"""Blocks of cycles are doubled until they end without detection with less than this chance."""


@dataclass(frozen=True)
class Interval:
    """One entry: ``undetected`` (n, n), (to, from); ``chance`` (n,) of a detection inside, by the state at its start.

    ``halves``: entries of the first and the second half (None: a leaf or a kick). ``in_stretch``: a part of a stretch
    or a whole one; such an interval is counted in leaves (2^``level``), all others in steps (``n_steps``).
    """

    undetected: FloatArray
    chance: FloatArray
    halves: tuple[int, int] | None
    n_steps: int
    level: int = 0
    in_stretch: bool = False
    leaf: Leaf | None = None

    @property
    def is_lit(self) -> bool:
        """True when a photon can be detected inside."""
        return bool(np.any(self.chance > 0))


@dataclass(frozen=True)
class StepEntry:
    """One step of the cycle: its leaf's (or kick's) entry, how often the stretch is halved, when it begins."""

    first: int
    level: int
    begin_ns: float
    leaf_ns: float
    generator: int


@dataclass(frozen=True)
class IntervalTree:
    """All entries; the steps of the cycle; from each step the largest block that begins there; the longest block.

    ``generators``: the distinct generators; a step's ``generator`` indexes them (-1: a kick). A stretch's blocks of
    2^k leaves are entries ``first`` + k. ``cycles`` is the number of cycles in the entry ``longest``.
    """

    entries: tuple[Interval, ...]
    steps: tuple[StepEntry, ...]
    block_at: tuple[int, ...]
    longest: int
    cycles: int
    generators: tuple[FloatArray, ...]


def interval_tree(process: JumpProcess, detected_jumps: FloatArray, begin: FloatArray) -> IntervalTree:
    """Tree for the process when jumps are detected as ``detected_jumps`` (n, n) says.

    ``begin`` (n,): populations at the start of the cycle, which decide how many cycles the longest block needs.
    """
    builder = _Builder(detected_jumps)
    steps = builder.steps(process)
    block_at = [0] * len(steps)
    cycle = builder.blocks([step.first + step.level for step in steps], block_at)
    longest, level = cycle, 0
    while level < MOST_LEVELS and 1.0 - builder.entries[longest].chance @ begin > UNDETECTED_IN_BLOCK:
        longest = builder.pair(longest, longest)
        level += 1
    return IntervalTree(
        tuple(builder.entries), tuple(steps), tuple(block_at), longest, 2**level, tuple(builder.generators)
    )


class _Builder:
    """Makes each distinct entry once."""

    def __init__(self, detected_jumps: FloatArray) -> None:
        self.entries: list[Interval] = []
        self.generators: list[FloatArray] = []
        self._detected_jumps = detected_jumps
        self._generator_number: dict[int, int] = {}
        self._stretches: dict[tuple[int, float], tuple[int, int]] = {}
        self._kicks: dict[int, int] = {}
        self._pairs: dict[tuple[int, int], int] = {}

    def steps(self, process: JumpProcess) -> list[StepEntry]:
        result: list[StepEntry] = []
        begin_ns = 0.0
        for step in process.steps:
            if isinstance(step, Kick):
                result.append(StepEntry(self._kick(step), 0, begin_ns, 0.0, -1))
                continue
            number = self._generator(step.generator)
            first, level = self._stretch(number, step)
            result.append(StepEntry(first, level, begin_ns, step.duration_ns / 2**level, number))
            begin_ns += step.duration_ns
        return result

    def blocks(self, row: list[int], block_at: list[int]) -> int:
        """Pair neighbours until one block is left; notes the largest block from each step. Returns the last block."""
        begins = list(range(len(row)))
        while True:
            for position, entry in zip(begins, row, strict=True):
                block_at[position] = entry
            if len(row) == 1:
                return row[0]
            paired = [self.pair(a, b) for a, b in zip(row[0::2], row[1::2], strict=False)]
            row = paired + row[len(paired) * 2 :]
            begins = begins[0::2]

    def pair(self, first: int, second: int) -> int:
        """Entry of one interval after the other, counted in steps."""
        key = (first, second)
        if key not in self._pairs:
            n_steps = self.entries[first].n_steps + self.entries[second].n_steps
            self._pairs[key] = self._append(first, second, n_steps, 0, False)
        return self._pairs[key]

    def _append(self, first: int, second: int, n_steps: int, level: int, in_stretch: bool) -> int:
        a, b = self.entries[first], self.entries[second]
        self.entries.append(
            Interval(
                undetected=b.undetected @ a.undetected,
                chance=a.chance + b.chance @ a.undetected,
                halves=(first, second),
                n_steps=n_steps,
                level=level,
                in_stretch=in_stretch,
            )
        )
        return len(self.entries) - 1

    def _generator(self, generator: FloatArray) -> int:
        if id(generator) not in self._generator_number:
            self._generator_number[id(generator)] = len(self.generators)
            self.generators.append(generator)
        return self._generator_number[id(generator)]

    def _stretch(self, number: int, step: Stretch) -> tuple[int, int]:
        key = (number, step.duration_ns)
        if key not in self._stretches:
            level = halvings(step.generator, step.duration_ns)
            part = leaf(step.generator, self._detected_jumps, step.duration_ns / 2**level)
            first = len(self.entries)
            self.entries.append(Interval(part.undetected, part.detected.sum(axis=(0, 1)), None, 1, 0, True, leaf=part))
            for k in range(1, level + 1):
                self._append(first + k - 1, first + k - 1, 1, k, True)
            self._stretches[key] = (first, level)
        return self._stretches[key]

    def _kick(self, kick: Kick) -> int:
        if id(kick.matrix) not in self._kicks:
            self.entries.append(Interval(kick.matrix, np.zeros(kick.matrix.shape[0]), None, 1))
            self._kicks[id(kick.matrix)] = len(self.entries) - 1
        return self._kicks[id(kick.matrix)]
