"""The public face: detected photons of a jump process, with the memory of the dopant's spin from cycle to cycle."""

from collections.abc import Iterator
from functools import cached_property

import numpy as np

from sims.photons.correlation import cycle_map, expected_detections
from sims.photons.events import PhotonEvents, joined
from sims.photons.intervals import interval_tree
from sims.photons.process import FloatArray, JumpProcess, check_detection
from sims.photons.tables import StreamTables, stream_tables

LONGEST_S = 9e6
"""Times are int64 picoseconds (the limit is 106 days)."""

CHUNK_PHOTONS = 131_072
"""Small enough that a piece stays close to the processor until the detectors have seen it."""


class PhotonSource:
    """Draws the detections of one emitter. Thread safe: drawing changes nothing in the source.

    ``detection`` (n_detectors, n_transitions): chance that a photon of the transition is detected on the detector
    (collection, analyser, filter, splitter and detector efficiency multiplied; sums over detectors at most 1).
    ``begin`` (n_states,): populations at time 0; None takes the periodic steady state.
    ValueError for a detection matrix or populations that make no sense.
    """

    def __init__(self, process: JumpProcess, detection: FloatArray, begin: FloatArray | None = None) -> None:
        self.process = process
        self.detection = check_detection(detection, process.n_transitions)
        self._asked_begin = None if begin is None else _checked_begin(begin, process.n_states)

    @cached_property
    def begin(self) -> FloatArray:
        """Populations at time 0, (n_states,)."""
        if self._asked_begin is not None:
            return self._asked_begin
        return stationary(cycle_map(self.process))

    def expected_rates_hz(self) -> FloatArray:
        """Mean rate on each detector in the periodic steady state, (n_detectors,), from the populations."""
        begin = stationary(cycle_map(self.process))
        means = [expected_detections(self.process, row) @ begin for row in self.detection]
        return np.array(means) * 1e9 / self.process.period_ns

    def stream(self, duration_s: float, rng: np.random.Generator) -> PhotonEvents:
        """All detections in [0, duration_s), sorted. 11 bytes a photon are held: use :meth:`chunks` for long ones."""
        return joined(self.chunks(duration_s, rng))

    def chunks(
        self, duration_s: float, rng: np.random.Generator, chunk_photons: int = CHUNK_PHOTONS
    ) -> Iterator[PhotonEvents]:
        """The same stream in pieces of at most ``chunk_photons``; its photons do not depend on the size of a piece.

        ValueError when ``duration_s`` is negative, not finite or above 9e6 s, or ``chunk_photons`` below 1.
        """
        check_duration(duration_s)
        if chunk_photons < 1:
            raise ValueError(f"chunk_photons = {chunk_photons}: must be at least 1")
        return self._chunks(round(1e12 * duration_s), rng, chunk_photons)

    def _chunks(self, end_ps: int, rng: np.random.Generator, chunk_photons: int) -> Iterator[PhotonEvents]:
        from sims.photons.stream_kernel import FINISHED, N_POSITION, STATE, fill

        t = self._tables
        position, in_leaf_ns = np.zeros(N_POSITION, dtype=np.int64), np.array([-1.0])
        position[STATE] = rng.choice(self.begin.size, p=self.begin)
        generator = rng.integers(0, 2**64, size=4, dtype=np.uint64)
        while not position[FINISHED]:
            time_ps = np.empty(chunk_photons, dtype=np.int64)
            detector, transition = np.empty(chunk_photons, np.uint8), np.empty(chunk_photons, np.uint16)
            number = fill(
                t.slots, t.table, t.entry, t.part, t.step, t.step_time, t.jump, t.exit_rate, t.arrival, t.block,
                1e3 * self.process.period_ns, end_ps, position, in_leaf_ns, generator, time_ps, detector, transition,
            )  # fmt: skip
            if number:
                yield PhotonEvents(time_ps[:number], detector[:number], transition[:number])

    @cached_property
    def _tables(self) -> StreamTables:
        jumps = self.process.emission(self.detection.sum(axis=0))
        tree = interval_tree(self.process, jumps, self.begin)
        return stream_tables(self.process, self.detection, tree, self.begin)


def stationary(matrix: FloatArray) -> FloatArray:
    """Populations that a column-stochastic map (n, n) leaves as they are; sum 1."""
    n = matrix.shape[0]
    # The rank-one term picks the stationary vector of unit sum; any positive column would do.
    system = np.eye(n) - matrix + np.full((n, n), 1.0 / n)
    solution = np.maximum(np.linalg.solve(system, np.full(n, 1.0 / n)), 0.0)
    return np.asarray(solution / solution.sum(), dtype=np.float64)


def check_duration(duration_s: float) -> None:
    """ValueError when a duration cannot be drawn."""
    if not 0 <= duration_s <= LONGEST_S:  # also refuses NaN
        raise ValueError(f"duration_s = {duration_s}: must lie in 0...{LONGEST_S:g} s (times are 64-bit picoseconds)")


def _checked_begin(begin: FloatArray, n_states: int) -> FloatArray:
    populations = np.asarray(begin, dtype=np.float64)
    if populations.shape != (n_states,) or not np.all(populations >= 0) or abs(populations.sum() - 1) > 1e-9:
        raise ValueError(f"begin must be {n_states} populations that are not negative and sum to 1")
    return np.asarray(populations / populations.sum(), dtype=np.float64)
