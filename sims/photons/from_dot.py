"""The jump process of a dot under a cycle of light and microwave."""

import numpy as np

from sims.basics.spins import FloatArray
from sims.dot.microwave import microwave_map
from sims.dot.propagation import TIME_DIGITS, check_cycle
from sims.dot.pulses import pulse_map
from sims.dot.rates import dark_generator, segment_generator
from sims.dot.response import Dot
from sims.dot.stimulus import ContinuousLight, Cycle, Microwave, PulsedLight, Segment
from sims.photons.process import JumpProcess, Kick, Step, Stretch


def jump_process(dot: Dot, cycle: Cycle) -> JumpProcess:
    """The dot's rate model under ``cycle``; transitions are those of ``dot.transitions``, in that order.

    Generators, pulse maps and microwave maps are the same as behind :meth:`sims.dot.response.Dot.respond`.
    ValueError for an empty cycle or a pulse outside it.
    """
    check_cycle(cycle, 1.0)
    lines = dot.transitions
    return JumpProcess(_Steps(dot).of(cycle), lines.upper, lines.lower, lines.rate_per_ns)


def continuous_process(dot: Dot, *lights: ContinuousLight) -> JumpProcess:
    """The dot's rate model under light that never changes (none: the dark)."""
    return jump_process(dot, Cycle((Segment(1000.0, lights),)))


class _Steps:
    """Builds each distinct generator and map once, so that equal steps share their tables later."""

    def __init__(self, dot: Dot) -> None:
        self._dot = dot
        self._dark = dark_generator(dot.scheme)
        self._generators: dict[tuple[tuple[ContinuousLight, ...], Microwave | None], FloatArray] = {}
        self._pulses: dict[tuple[object, ...], FloatArray] = {}
        self._ends: dict[Segment, FloatArray] = {}

    def of(self, cycle: Cycle) -> tuple[Step, ...]:
        pulses = sorted(cycle.pulses, key=lambda pulse: pulse.time_ns)
        steps: list[Step] = []
        begin, number = 0.0, 0
        for segment in cycle.segments:
            end, position = begin + segment.duration_ns, begin
            while number < len(pulses) and pulses[number].time_ns < end:
                self._wait(steps, segment, pulses[number].time_ns - position)
                steps.append(Kick(self._pulse(pulses[number])))
                position = pulses[number].time_ns
                number += 1
            self._wait(steps, segment, end - position)
            if segment.microwave is not None and not segment.lights and self._dot.sample.dopants:
                steps.append(Kick(self._microwave(segment, segment.microwave)))
            begin = end
        return tuple(steps)

    def _wait(self, steps: list[Step], segment: Segment, duration_ns: float) -> None:
        duration_ns = round(duration_ns, TIME_DIGITS)
        if duration_ns > 0:
            steps.append(Stretch(duration_ns, self._generator(segment)))

    def _generator(self, segment: Segment) -> FloatArray:
        key = (segment.lights, segment.microwave)
        if key not in self._generators:
            self._generators[key] = segment_generator(self._dot.scheme, self._dot.environment, segment, self._dark)
        return self._generators[key]

    def _pulse(self, pulse: PulsedLight) -> FloatArray:
        key = (pulse.energy_mev, pulse.fwhm_mev, pulse.energy_j, pulse.stokes)
        if key not in self._pulses:
            self._pulses[key] = pulse_map(self._dot.scheme, pulse)
        return self._pulses[key]

    def _microwave(self, segment: Segment, microwave: Microwave) -> FloatArray:
        if segment not in self._ends:
            scheme = self._dot.scheme
            matrix = np.eye(scheme.n_states)
            matrix[scheme.ground_slice, scheme.ground_slice] = microwave_map(
                self._dot.sample, self._dot.environment, microwave, segment.duration_ns
            )
            self._ends[segment] = matrix
        return self._ends[segment]
