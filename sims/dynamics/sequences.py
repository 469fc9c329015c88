"""Piecewise pulse sequences of light and microwave on any :class:`System`.

Within a segment nothing changes, so in the right frame its Liouvillian is constant: the light is static in the frame
of System, the microwave in a frame that turns each level by a whole number of its photons (rotating_frame). Each
(segment, duration) costs one propagator however often it is repeated.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from sims.basics.spins import ComplexArray, FloatArray
from sims.dynamics.closed import ClosedSegment, closed_segment
from sims.dynamics.hermitian_basis import from_real, pairs, to_real
from sims.dynamics.liouvillian import checked_observable, checked_state, checked_times
from sims.dynamics.reduction import BoolArray, IntArray, ReducedGenerator, reachable, reduce_to
from sims.dynamics.rotating_frame import Frame
from sims.dynamics.segments import Light, MicrowaveDrive, Pairs, Segment, checked_segment, segment_operators
from sims.dynamics.superoperator import real_generator
from sims.dynamics.system import System

__all__ = ["Light", "MicrowaveDrive", "Pairs", "Segment", "Sequencer", "Trajectory", "segment_operators"]

LARGEST_TRACE_DRIFT = 1e-6
"""Change of the trace by rounding over a sequence that is corrected; more is an error."""


@dataclass(frozen=True)
class Trajectory:
    """``times_ns`` (n_t,), ``values`` (n_t, n_operators) and the state (n, n) at the end of the sequence."""

    times_ns: FloatArray
    values: FloatArray
    final: ComplexArray


@dataclass(frozen=True)
class Sequencer:
    """Runs sequences on one system; propagators are kept between runs.

    >>> sequencer = Sequencer(model.system)
    >>> sequencer.run(segments, rho0, times_ns, operators).values
    """

    system: System
    _generators: dict[Segment, tuple[sparse.csr_array, Frame]] = field(default_factory=dict, repr=False)
    _reduced: dict[tuple[Segment, bytes], ReducedGenerator] = field(default_factory=dict, repr=False)
    _closed_segments: dict[Segment, ClosedSegment | None] = field(default_factory=dict, repr=False)

    def run(
        self,
        segments: Sequence[Segment],
        rho0: ComplexArray,
        times_ns: FloatArray | None = None,
        operators: Sequence[ComplexArray] = (),
    ) -> Trajectory:
        """Expectations of Hermitian ``operators`` at ``times_ns`` (sorted, within the sequence) and the final state.

        ``rho0`` (n, n) is the state at time 0 in the system's eigenbasis. ValueError, by name, for durations,
        detunings or polarisations that make no sense, for times outside the sequence, and for lights that cannot be
        static in one frame.
        """
        size = self.system.size
        state = to_real(checked_state(rho0, size))
        times = checked_times(np.empty(0) if times_ns is None else times_ns)
        ends = np.cumsum([checked_segment(s).duration_ns for s in segments])
        _check_inside(times, float(ends[-1]) if len(segments) else 0.0)
        if not self.system.collapse and all(self._closed(s) is not None for s in segments):
            return self._run_closed(segments, rho0, times, operators)
        rows = [to_real(checked_observable(o, size)) for o in operators]
        weights = np.stack(rows) if rows else np.empty((0, size * size))
        indices = self.reachable_unknowns(segments, np.abs(state) > 0)
        values = np.empty((times.size, len(operators)))
        begin = 0.0
        for number, segment in enumerate(segments):
            end = float(ends[number])
            last = number == len(segments) - 1
            inside = (times >= begin) & ((times < end) | last)
            if np.any(inside) and len(operators):
                values[inside] = self._watch(segment, state, begin, times[inside] - begin, weights, indices)
            state = self._advance(segment, state, begin, indices)
            begin = end
        return Trajectory(times, values, from_real(_renormalised(state, size), size))

    def _run_closed(
        self, segments: Sequence[Segment], rho0: ComplexArray, times: FloatArray, operators: Sequence[ComplexArray]
    ) -> Trajectory:
        """The same for a sequence without any relaxation."""
        watched = [checked_observable(o, self.system.size) for o in operators]
        state, begin = np.asarray(rho0, dtype=np.complex128), 0.0
        values = np.empty((times.size, len(operators)))
        for number, segment in enumerate(segments):
            closed = self._closed(segment)
            if closed is None:
                raise ValueError(f"segment {number} has relaxation; it cannot be run as closed")
            end = begin + segment.duration_ns
            inside = (times >= begin) & ((times < end) | (number == len(segments) - 1))
            for index in np.flatnonzero(inside):
                unitary = closed.unitary(begin, float(times[index]) - begin)
                now = unitary @ state @ unitary.conj().T
                values[index] = [np.sum(o * now.T).real for o in watched]
            unitary = closed.unitary(begin, segment.duration_ns)
            state, begin = unitary @ state @ unitary.conj().T, end
        return Trajectory(times, values, state)

    def _closed(self, segment: Segment) -> ClosedSegment | None:
        timeless = _without_duration(segment)
        if timeless not in self._closed_segments:
            self._closed_segments[timeless] = closed_segment(self.system, timeless)
        return self._closed_segments[timeless]

    def reachable_unknowns(self, segments: Sequence[Segment], start: BoolArray) -> IntArray:
        """Indices of the unknowns that any of the segments can reach from ``start`` (n²,)."""
        distinct = {_without_duration(s) for s in segments}
        generators = tuple(self._generator(s)[0] for s in distinct)
        size = self.system.size
        border = size + size * (size - 1) // 2
        mask = start.copy()
        while True:
            # A frame turns real into imaginary parts of a coherence, so both are followed.
            mask[size:border] |= mask[border:]
            mask[border:] = mask[size:border]
            reached = np.isin(np.arange(size * size), reachable(generators, mask))
            if np.array_equal(reached, mask):
                return np.flatnonzero(mask).astype(np.int64)
            mask = reached

    def _generator(self, segment: Segment) -> tuple[sparse.csr_array, Frame]:
        if segment not in self._generators:
            parts = segment_operators(self.system, segment)
            self._generators[segment] = (real_generator(parts.hamiltonian_mev, parts.collapse), parts.frame)
        return self._generators[segment]

    def _part(self, segment: Segment, indices: IntArray) -> tuple[ReducedGenerator, Frame]:
        timeless = _without_duration(segment)
        key = (timeless, indices.tobytes())
        generator, frame = self._generator(timeless)
        if key not in self._reduced:
            self._reduced[key] = reduce_to(generator, indices)
        return self._reduced[key], frame

    def _advance(self, segment: Segment, state: FloatArray, begin_ns: float, indices: IntArray) -> FloatArray:
        if segment.duration_ns == 0:
            return state
        part, frame = self._part(segment, indices)
        turned = _turned(state, frame, begin_ns, self.system.size)
        result = np.zeros_like(state)
        result[indices] = part.propagator(segment.duration_ns) @ turned[indices]
        return _turned(result, frame, -(begin_ns + segment.duration_ns), self.system.size)

    def _watch(
        self,
        segment: Segment,
        state: FloatArray,
        begin_ns: float,
        delays_ns: FloatArray,
        weights: FloatArray,
        indices: IntArray,
    ) -> FloatArray:
        """Expectations (n_t, n_operators) at the delays after the segment's begin."""
        part, frame = self._part(segment, indices)
        turned = _turned(state, frame, begin_ns, self.system.size)[indices]
        if not _sees_turning(weights, frame, self.system.size):
            return part.project(weights[:, indices], turned, delays_ns)
        states = np.zeros((delays_ns.size, state.size))
        states[:, indices] = part.project(np.eye(indices.size), turned, delays_ns)
        result = np.empty((delays_ns.size, weights.shape[0]))
        for number, delay in enumerate(delays_ns):
            back = _turned(states[number], frame, -(begin_ns + float(delay)), self.system.size)
            result[number] = weights @ back
        return result


def _without_duration(segment: Segment) -> Segment:
    return Segment(0.0, segment.lights, segment.pairs, segment.microwave, segment.mixing_per_ns)


def _turned(state: FloatArray, frame: Frame, time_ns: float, size: int) -> FloatArray:
    """State in the frame at ``time_ns``; a negative time turns back."""
    if not frame.turns or time_ns == 0:
        return state
    phases = frame.phases(time_ns)
    return to_real(phases[:, None] * from_real(state, size) * phases.conj())


def _renormalised(state: FloatArray, size: int) -> FloatArray:
    """Takes out the rounding that very long segments leave in the trace; ArithmeticError if it is more than that."""
    trace = float(state[:size].sum())
    if not abs(trace - 1) < LARGEST_TRACE_DRIFT:
        raise ArithmeticError(f"the trace drifted to {trace:.9g}; split the longest segment into shorter ones")
    return state / trace


def _sees_turning(weights: FloatArray, frame: Frame, size: int) -> bool:
    """Whether any observable holds a coherence that turns in the frame."""
    i, j = pairs(size)
    turning = frame.energies_mev[i] != frame.energies_mev[j]
    return bool(np.any(weights[:, np.concatenate([np.zeros(size, dtype=np.bool_), turning, turning])]))


def _check_inside(times_ns: FloatArray, end_ns: float) -> None:
    if np.any(np.diff(times_ns) < 0):
        raise ValueError("times_ns must be sorted")
    if times_ns.size and times_ns[-1] > end_ns * (1 + 1e-12):
        raise ValueError(f"times_ns reach {times_ns[-1]} ns; the sequence ends at {end_ns} ns")
