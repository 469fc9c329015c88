"""From the state of the instruments to the light and microwave at the dot: one cycle, in the dot's terms."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import lcm, pi, sin

import numpy as np

from sims.bench import optics
from sims.bench.config import TableConfig, WavePlate, Wiring
from sims.bench.dg645 import Gate
from sims.bench.state import BenchState
from sims.dot.stimulus import ContinuousLight, Cycle, Microwave, PulsedLight, Segment

HC_MEV_NM = 1239841.984
"""Planck's constant times the speed of light (CODATA 2018)."""
JOULE_PER_MEV = 1.602176634e-22

IDLE_PERIOD_NS = 1000.0
"""Length of the cycle when no trigger arrives and nothing is switched."""
MAX_TRIGGERS_PER_CYCLE = 64
GATE_THRESHOLD_V = 1.5
"""Level above which the generator's pulse modulation input is on (TTL)."""
WEAKEST_TRANSMISSION = 1e-4
"""Light that a modulator suppresses below this is left out (set a larger extinction to study leakage)."""
_EDGE_NS = 1e-3
"""A pulse that coincides with a gate's edge to within this much belongs to what follows the edge."""


class TableError(RuntimeError):
    """The instruments are set to something that the simulated table cannot follow; says what to change."""


def modulator_transmission(level_v: float, config: TableConfig) -> float:
    """Power transmission of a modulator driven with ``level_v``: sin²(π/2 · V/V_full), never below its extinction."""
    ratio = min(max(level_v / config.excitation.modulator_full_v, 0.0), 1.0)
    return max(sin(pi / 2 * ratio) ** 2, config.excitation.modulator_extinction)


@lru_cache(maxsize=4096)  # the same plates are asked for every line of the dot, record after record
def plate(angle_deg: float, truth: WavePlate, wavelength_nm: float, travel: optics.Travel) -> optics.Mueller:
    """Mueller matrix of a mounted wave plate at ``wavelength_nm``; retardance scales with 1/wavelength."""
    retardance = truth.retardance_waves * truth.design_wavelength_nm / wavelength_nm
    return optics.wave_plate(angle_deg + truth.offset_deg, retardance, travel)


def excitation_stokes(state: BenchState, config: TableConfig, wavelength_nm: float) -> tuple[float, float, float]:
    """Normalised (S1, S2, S3) of laser light at the dot."""
    path = config.excitation
    train = plate(state.excitation_quarter_deg, path.quarter_wave, wavelength_nm, 1)
    train = train @ optics.polariser(0.0, path.polariser_extinction)
    return optics.normalised_polarisation(train @ optics.HORIZONTAL)


def _triggers_per_cycle(gates: Iterable[Gate]) -> int:
    n = lcm(*(gate.divider for gate in gates))
    if n > MAX_TRIGGERS_PER_CYCLE:
        raise TableError(
            f"the gates repeat only every {n} triggers, more than the {MAX_TRIGGERS_PER_CYCLE} the simulated table "
            "follows: use smaller gate dividers, or close the light that the divided gate switches"
        )
    return n


@dataclass(frozen=True)
class _Drive:
    """What one gate puts on its cable over a cycle: ``level_v`` in ``windows_ns``, ``idle_v`` outside."""

    level_v: float
    idle_v: float
    windows_ns: tuple[tuple[float, float], ...]

    def level_at(self, time_ns: float) -> float:
        """Voltage at a moment of the cycle; an edge belongs to what follows it."""
        high = any(start - _EDGE_NS <= time_ns < stop - _EDGE_NS for start, stop in self.windows_ns)
        return self.level_v if high else self.idle_v


def _drive(gate: Gate, opens: bool, trigger_ns: float, n_triggers: int) -> _Drive:
    """A gate over a cycle of ``n_triggers`` triggers; windows that reach over its end are wrapped into it."""
    cycle_ns = trigger_ns * n_triggers
    width_ns = gate.width_s * 1e9
    windows: list[tuple[float, float]] = []
    for k in range(0, n_triggers, gate.divider) if opens else ():
        start = round((gate.delay_s * 1e9 + k * trigger_ns) % cycle_ns, 3)
        stop = round(start + width_ns, 3)
        windows.append((start, min(stop, cycle_ns)))
        if stop > cycle_ns:
            windows.append((0.0, round(stop - cycle_ns, 3)))
    return _Drive(gate.level_v, gate.idle_v, tuple(windows))


@dataclass(frozen=True)
class _Timeline:
    """The gates that switch something that is there, over one cycle."""

    period_ns: float
    cwave: tuple[_Drive, ...] = ()
    opo: tuple[_Drive, ...] = ()
    microwave: tuple[_Drive, ...] = ()


def _timeline(state: BenchState, wiring: Wiring) -> _Timeline:
    names = wiring.gates
    cwave = [state.gate(names.pump), state.gate(names.probe)] if state.cwave and state.beam_open else []
    opo = [state.gate(names.readout)] if state.opo and state.beam_open else []
    microwave = [state.gate(names.microwave)] if state.microwave and state.microwave.gated else []
    trigger_ns = IDLE_PERIOD_NS if state.trigger_period_s is None else round(state.trigger_period_s * 1e9, 6)
    n = _triggers_per_cycle(gate for gate in (*cwave, *opo, *microwave) if state.opens(gate))

    def drives(gates: Iterable[Gate]) -> tuple[_Drive, ...]:
        return tuple(_drive(gate, state.opens(gate), trigger_ns, n) for gate in gates)

    return _Timeline(round(trigger_ns * n, 6), drives(cwave), drives(opo), drives(microwave))


def build_cycle(state: BenchState, config: TableConfig, wiring: Wiring) -> Cycle:
    """The cycle of light and microwave at the dot.

    OPO pulses come at multiples of the laser period from the trigger (the trigger is the laser's own sync;
    with an internally triggered generator this fixes an otherwise drifting phase). Raises TableError.
    """
    line = _timeline(state, wiring)
    edges = {0.0, line.period_ns}
    for drive in (*line.cwave, *line.microwave):
        edges |= {min(edge, line.period_ns) for window in drive.windows_ns for edge in window}
    marks = sorted(edges)
    segments: list[Segment] = []
    for start, stop in pairwise(marks):
        middle = (start + stop) / 2
        lights = _cwave_light(state, config, line, middle)
        segment = Segment(round(stop - start, 6), lights, _microwave(state, config, line, middle))
        if segments and (segments[-1].lights, segments[-1].microwave) == (segment.lights, segment.microwave):
            both_ns = round(segments.pop().duration_ns + segment.duration_ns, 6)
            segment = Segment(both_ns, segment.lights, segment.microwave)
        segments.append(segment)
    return Cycle(tuple(segments), _opo_pulses(state, config, line))


def _cwave_light(
    state: BenchState, config: TableConfig, line: _Timeline, time_ns: float
) -> tuple[ContinuousLight, ...]:
    laser = state.cwave
    if laser is None or not state.beam_open:
        return ()
    path = config.excitation
    level_v = max(drive.level_at(time_ns) for drive in line.cwave)
    transmission = modulator_transmission(level_v, config)
    if transmission < WEAKEST_TRANSMISSION:
        return ()
    energy_mev = HC_MEV_NM / laser.wavelength_nm
    return (
        ContinuousLight(
            energy_mev=energy_mev,
            fwhm_mev=energy_mev * laser.fwhm_nm / laser.wavelength_nm,
            power_w=laser.average_power_w * transmission * path.cwave_transmission * path.objective_transmission,
            stokes=excitation_stokes(state, config, laser.wavelength_nm),
        ),
    )


def _microwave(state: BenchState, config: TableConfig, line: _Timeline, time_ns: float) -> Microwave | None:
    source = state.microwave
    if source is None:
        return None
    if source.gated and not any(drive.level_at(time_ns) > GATE_THRESHOLD_V for drive in line.microwave):
        return None
    power_w = 1e-3 * 10 ** (source.power_dbm / 10)
    field_mt = config.excitation.microwave_field_mt_per_sqrt_w * power_w**0.5
    return Microwave(source.frequency_hz / 1e9, field_mt) if field_mt > 0 else None


def _opo_pulses(state: BenchState, config: TableConfig, line: _Timeline) -> tuple[PulsedLight, ...]:
    laser = state.opo
    if laser is None or not state.beam_open or not laser.repetition_rate_hz:
        return ()
    path = config.excitation
    pulse_j = laser.average_power_w / laser.repetition_rate_hz * path.opo_transmission * path.objective_transmission
    energy_mev = HC_MEV_NM / laser.wavelength_nm
    fwhm_mev = energy_mev * laser.fwhm_nm / laser.wavelength_nm
    stokes = excitation_stokes(state, config, laser.wavelength_nm)
    pulses: list[PulsedLight] = []
    for time_ns in np.arange(0.0, line.period_ns - _EDGE_NS, 1e9 / laser.repetition_rate_hz):
        when_ns = round(float(time_ns), 6)
        level_v = max(drive.level_at(when_ns) for drive in line.opo)
        transmission = modulator_transmission(level_v, config)
        if transmission >= WEAKEST_TRANSMISSION:
            pulses.append(PulsedLight(when_ns, energy_mev, fwhm_mev, pulse_j * transmission, stokes))
    return tuple(pulses)


def power_at_sample_w(cycle: Cycle) -> float:
    """Light power in the focus, averaged over the cycle."""
    continuous = sum(light.power_w * s.duration_ns for s in cycle.segments for light in s.lights)
    pulsed = sum(pulse.energy_j for pulse in cycle.pulses) * 1e9
    return (continuous + pulsed) / cycle.period_ns
