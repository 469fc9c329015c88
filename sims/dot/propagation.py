"""Periodic populations under a cycle: time grid, step propagators, fixed point.

The cycle is cut at every segment border and at every pulse. After each cut the steps start short enough for the
fastest rate and double until they reach the asked step, so that biexciton decay and switching are resolved.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from sims.basics.spins import FloatArray
from sims.dot.stimulus import Cycle, PulsedLight, Segment

IntArray = npt.NDArray[np.int64]

STEPS_PER_SIZE = 2
TIME_DIGITS = 9
"""Times are compared after rounding to 1e-9 ns."""


@dataclass(frozen=True)
class StepPropagator:
    """U = exp(G dt) and J = integral of exp(G t) from 0 to dt (ns), for the whole and for half the step."""

    duration_ns: float
    whole: FloatArray
    integral: FloatArray
    half: FloatArray
    half_integral: FloatArray


@dataclass(frozen=True)
class Interval:
    """A stretch without cut: steps (indices into the propagators) and the map applied before its first step."""

    map_before: FloatArray | None
    steps: tuple[int, ...]


@dataclass(frozen=True)
class Propagation:
    """The cycle's grid and the periodic populations on it.

    ``edges_ns`` (N+1,); ``step`` (N,) index into ``propagators``; ``map_before`` maps a bin's index to the map
    applied before it (a map at the very end of the cycle has index N); ``start`` (N, n) populations at the
    beginning of each bin.
    """

    edges_ns: FloatArray
    step: IntArray
    propagators: tuple[StepPropagator, ...]
    map_before: dict[int, FloatArray]
    start: FloatArray

    @property
    def n_bins(self) -> int:
        """Number of bins."""
        return self.step.size

    @cached_property
    def integral(self) -> FloatArray:
        """Time integral of the populations over each bin, ns, shape (N, n)."""
        result = np.empty_like(self.start)
        for step, bins in self.bins_by_step():
            result[bins] = self.start[bins] @ step.integral.T
        return result

    @property
    def end(self) -> FloatArray:
        """Populations at the end of each bin, before any map, (N, n)."""
        result = np.empty_like(self.start)
        for step, bins in self.bins_by_step():
            result[bins] = self.start[bins] @ step.whole.T
        return result

    def bins_by_step(self) -> list[tuple[StepPropagator, IntArray]]:
        """Each propagator with the bins it carries through."""
        return [(step, np.flatnonzero(self.step == number)) for number, step in enumerate(self.propagators)]

    def forward(self, added: FloatArray) -> FloatArray:
        """Populations at the start of each bin, (N, n), when ``added`` (N, n) joins at the end of each."""
        result = np.zeros((len(added) + 1, added.shape[1]))
        # Rows taken out once and numpy writing in place: this loop over every bin is most of the work.
        rows, joining = list(result), list(added)
        wholes, maps = [step.whole for step in self.propagators], self.map_before
        for b, number in enumerate(self.step.tolist()):
            if b in maps:
                rows[b][:] = maps[b].dot(rows[b])
            following = rows[b + 1]
            wholes[number].dot(rows[b], following)
            np.add(following, joining[b], following)
        return result[:-1]

    def backward(self, gained: list[FloatArray]) -> FloatArray:
        """Gain from the end of each bin to the end of the cycle for each state there, (N, n).

        ``gained`` (n,) for each propagator: gain during the step for each state at its start.
        """
        result = np.zeros((self.n_bins + 1, self.start.shape[1]))  # row b + 1: from the end of bin b
        rows, maps = list(result), self.map_before
        transposed = [np.ascontiguousarray(step.whole.T) for step in self.propagators]
        steps = self.step.tolist()
        for b in range(self.n_bins - 1, -1, -1):
            before, number = rows[b], steps[b]
            transposed[number].dot(rows[b + 1], before)
            np.add(before, gained[number], before)
            if b in maps:
                before[:] = before.dot(maps[b])
        return result[1:]


def propagate(
    cycle: Cycle,
    step_ns: float,
    generator: Callable[[Segment], FloatArray],
    pulse_map: Callable[[PulsedLight], FloatArray],
    end_map: Callable[[Segment], FloatArray | None],
) -> Propagation:
    """Periodic steady state of a cycle.

    ``generator`` gives a segment's rate matrix, ``pulse_map`` a pulse's map, ``end_map`` the map (or None)
    applied at the end of a segment. ValueError for an empty cycle or a pulse outside it.
    """
    check_cycle(cycle, step_ns)
    builder = _Builder(step_ns, generator, pulse_map, end_map)
    intervals, final = builder.intervals(cycle)
    first = _fixed_point(intervals, builder.propagators, final)
    return _sweep(intervals, tuple(builder.propagators), final, first)


def check_cycle(cycle: Cycle, step_ns: float) -> None:
    """ValueError with the reason when the cycle cannot be propagated."""
    if not step_ns > 0:
        raise ValueError(f"step_ns = {step_ns}: must be positive")
    if not cycle.segments or any(not segment.duration_ns > 0 for segment in cycle.segments):
        raise ValueError("the cycle needs at least one segment, and every segment a duration above 0 ns")
    for pulse in cycle.pulses:
        if not 0 <= pulse.time_ns < cycle.period_ns:
            raise ValueError(
                f"pulse at {pulse.time_ns} ns lies outside the cycle of {cycle.period_ns} ns; shift it into the cycle"
            )


def step_chain(generator: FloatArray, duration_ns: float, n_doublings: int) -> list[StepPropagator]:
    """Propagators for duration_ns * 2^0 ... 2^n_doublings by scaling, a Taylor series and doubling.

    J(2h) = J(h) + U(h) J(h), U(2h) = U(h)^2. Tiny negative entries of rounding are removed.
    """
    fastest = float(np.max(-np.diag(generator)))
    halvings = 1 + max(0, int(np.ceil(np.log2(max(4 * fastest * duration_ns, 1.0)))))
    h = duration_ns / 2**halvings
    unit = np.eye(generator.shape[0])
    term = unit * h
    integral = term.copy()
    for order in range(2, 14):
        term = generator @ term * (h / order)
        integral += term
    whole = _stochastic(unit + generator @ integral)
    chain: list[StepPropagator] = []
    for level in range(1, halvings + n_doublings + 1):
        half, half_integral = whole, integral
        integral = half_integral + half @ half_integral
        whole = _stochastic(half @ half)
        if level >= halvings:
            duration = duration_ns * 2 ** (level - halvings)
            chain.append(StepPropagator(duration, whole, integral, half, half_integral))
    return chain


class _Builder:
    """Builds each distinct generator, map and propagator once."""

    def __init__(
        self,
        step_ns: float,
        generator: Callable[[Segment], FloatArray],
        pulse_map: Callable[[PulsedLight], FloatArray],
        end_map: Callable[[Segment], FloatArray | None],
    ) -> None:
        self.propagators: list[StepPropagator] = []
        self._step_ns = step_ns
        self._generator, self._pulse_map, self._end_map = generator, pulse_map, end_map
        self._generators: dict[tuple[object, ...], FloatArray] = {}
        self._chains: dict[tuple[object, ...], list[int]] = {}
        self._rests: dict[tuple[object, ...], int] = {}
        self._pulses: dict[tuple[object, ...], FloatArray] = {}
        self._ends: dict[Segment, FloatArray | None] = {}

    def intervals(self, cycle: Cycle) -> tuple[list[Interval], FloatArray | None]:
        """Stretches between cuts, in order, and the map (or None) at the very end of the cycle."""
        pulses = sorted(cycle.pulses, key=lambda pulse: pulse.time_ns)
        result: list[Interval] = []
        pending: FloatArray | None = None
        begin, number = 0.0, 0
        for segment in cycle.segments:
            end = begin + segment.duration_ns
            position = begin
            while number < len(pulses) and pulses[number].time_ns < end:
                pulse = pulses[number]
                pending = self._extend(result, pending, segment, pulse.time_ns - position)
                pending = _compose(self._mapped(pulse), pending)
                position = pulse.time_ns
                number += 1
            pending = self._extend(result, pending, segment, end - position)
            pending = _compose(self._ended(segment), pending)
            begin = end
        return result, pending

    def _extend(
        self, intervals: list[Interval], pending: FloatArray | None, segment: Segment, length_ns: float
    ) -> FloatArray | None:
        """Append a stretch that begins with the pending map; a stretch of no length leaves the map pending."""
        steps = self._steps(segment, round(length_ns, TIME_DIGITS))
        if not steps:
            return pending
        intervals.append(Interval(pending, steps))
        return None

    def _steps(self, segment: Segment, length_ns: float) -> tuple[int, ...]:
        key = (segment.lights, segment.microwave)
        if key not in self._generators:
            self._generators[key] = self._generator(segment)
        generator = self._generators[key]
        if key not in self._chains:
            fastest = float(np.max(-np.diag(generator)))
            doublings = int(np.clip(np.ceil(np.log2(max(4 * fastest * self._step_ns, 1.0))), 0, 12))
            chain = step_chain(generator, self._step_ns / 2**doublings, doublings)
            self._chains[key] = self._store(chain)
        steps: list[int] = []
        left = length_ns
        for index in self._chains[key]:
            for _ in range(STEPS_PER_SIZE):
                if left >= self.propagators[index].duration_ns:
                    steps.append(index)
                    left = round(left - self.propagators[index].duration_ns, TIME_DIGITS)
        whole = int(left / self._step_ns + 1e-9)
        steps += [self._chains[key][-1]] * whole
        left = round(left - whole * self._step_ns, TIME_DIGITS)
        if left > 0:
            rest = (*key, left)
            if rest not in self._rests:
                self._rests[rest] = self._store(step_chain(generator, left, 0))[0]
            steps.append(self._rests[rest])
        return tuple(steps)

    def _store(self, chain: list[StepPropagator]) -> list[int]:
        first = len(self.propagators)
        self.propagators += chain
        return list(range(first, first + len(chain)))

    def _mapped(self, pulse: PulsedLight) -> FloatArray:
        key = (pulse.energy_mev, pulse.fwhm_mev, pulse.energy_j, pulse.stokes)
        if key not in self._pulses:
            self._pulses[key] = self._pulse_map(pulse)
        return self._pulses[key]

    def _ended(self, segment: Segment) -> FloatArray | None:
        if segment not in self._ends:
            self._ends[segment] = self._end_map(segment)
        return self._ends[segment]


def _compose(later: FloatArray | None, earlier: FloatArray | None) -> FloatArray | None:
    if later is None or earlier is None:
        return earlier if later is None else later
    return np.asarray(later @ earlier, dtype=np.float64)


def _stochastic(matrix: FloatArray) -> FloatArray:
    clipped = np.maximum(matrix, 0.0)
    return np.asarray(clipped / clipped.sum(axis=0), dtype=np.float64)


def _fixed_point(intervals: list[Interval], propagators: list[StepPropagator], final: FloatArray | None) -> FloatArray:
    """Populations at the start of the cycle that come back after one cycle."""
    size = propagators[0].whole.shape[0]
    cycle_map = np.eye(size)
    known: dict[tuple[int, ...], FloatArray] = {}
    for interval in intervals:
        if interval.map_before is not None:
            cycle_map = interval.map_before @ cycle_map
        if interval.steps not in known:
            known[interval.steps] = product(interval.steps, propagators)
        cycle_map = known[interval.steps] @ cycle_map
    if final is not None:
        cycle_map = final @ cycle_map
    # The rank-one term picks the stationary vector of unit sum; any positive column would do.
    system = np.eye(size) - _stochastic(cycle_map) + np.full((size, size), 1.0 / size)
    solution = np.maximum(np.linalg.solve(system, np.full(size, 1.0 / size)), 0.0)
    return np.asarray(solution / solution.sum(), dtype=np.float64)


def product(steps: tuple[int, ...], propagators: Sequence[StepPropagator]) -> FloatArray:
    """Propagator of the steps one after the other; ``steps`` index the propagators."""
    result = np.eye(propagators[0].whole.shape[0])
    position = 0
    while position < len(steps):
        run = position
        while run < len(steps) and steps[run] == steps[position]:
            run += 1
        result = np.linalg.matrix_power(propagators[steps[position]].whole, run - position) @ result
        position = run
    return result


def _sweep(
    intervals: list[Interval],
    propagators: tuple[StepPropagator, ...],
    final: FloatArray | None,
    first: FloatArray,
) -> Propagation:
    steps = [index for interval in intervals for index in interval.steps]
    start = np.empty((len(steps) + 1, first.size))
    start[0] = first
    rows, wholes = list(start), [propagator.whole for propagator in propagators]
    map_before: dict[int, FloatArray] = {}
    number = 0
    for interval in intervals:
        if interval.map_before is not None:
            map_before[number] = interval.map_before
            rows[number][:] = interval.map_before.dot(rows[number])
        for index in interval.steps:
            wholes[index].dot(rows[number], rows[number + 1])
            number += 1
    if final is not None:
        map_before[number] = final
    durations = np.array([propagators[index].duration_ns for index in steps])
    return Propagation(
        edges_ns=np.concatenate([[0.0], np.cumsum(durations)]),
        step=np.array(steps, dtype=np.int64),
        propagators=propagators,
        map_before=map_before,
        start=start[:-1],
    )
