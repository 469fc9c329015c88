"""The repeated pulse sequence of the spin experiments: reset, pump, (microwave), probe.

    |-- reset (OPO pulses) --| dark |---- pump ----| dark, microwave |-- probe --| dark: background |

The cycle is a whole number of laser periods, because the laser triggers the delay generator.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from instruments.bench import Bench
from instruments.roles import GateGenerator, LimitedBins, LimitedDivider
from procedures.errors import RefusedError

SETTLING_NS = 50.0  # lets the exciton of the preceding light decay before the next gate opens
TAIL_NS = 400.0  # dark end of the cycle: the background is counted here


@dataclass(frozen=True)
class PulseSequence:
    """Start and width of each gate, ns after the trigger, and the trigger's divider of the laser rate."""

    laser_period_ns: float
    divider: int
    reset_start_ns: float
    reset_width_ns: float
    pump_start_ns: float
    pump_width_ns: float
    microwave_start_ns: float
    microwave_width_ns: float
    probe_start_ns: float
    probe_width_ns: float

    @property
    def period_ns(self) -> float:
        """Length of one cycle."""
        return self.divider * self.laser_period_ns

    @property
    def probe_stop_ns(self) -> float:
        """End of the last gate."""
        return self.probe_start_ns + self.probe_width_ns

    def describe(self) -> dict[str, object]:
        """The facts an analysis needs, for the run file; background window = second half of the dark tail."""
        stop = self.period_ns
        return asdict(self) | {
            "period_ns": stop,
            "background_windows_ns": [[stop - TAIL_NS / 2, stop]],
        }


def plan_sequence(
    *,
    laser_rate_hz: float,
    reset_ns: float,
    pump_ns: float,
    dark_ns: float,
    probe_ns: float,
    microwave_ns: float = 0.0,
) -> PulseSequence:
    """Lay the gates one after the other and round the cycle up to whole laser periods.

    ``dark_ns`` separates pump and probe; the microwave pulse sits in its middle and must fit, or RefusedError.
    """
    if microwave_ns and microwave_ns + 2 * SETTLING_NS > dark_ns:
        raise RefusedError(
            f"the microwave pulse of {microwave_ns:g} ns needs at least {microwave_ns + 2 * SETTLING_NS:g} ns of dark "
            f"between pump and probe, but dark_time is {dark_ns:g} ns: lengthen it"
        )
    laser_period_ns = 1e9 / laser_rate_hz
    pump_start = reset_ns + 4 * SETTLING_NS
    probe_start = pump_start + pump_ns + dark_ns
    end = probe_start + probe_ns + TAIL_NS
    return PulseSequence(
        laser_period_ns=laser_period_ns,
        divider=math.ceil(end / laser_period_ns - 1e-9),
        reset_start_ns=0.0,
        reset_width_ns=reset_ns,
        pump_start_ns=pump_start,
        pump_width_ns=pump_ns,
        microwave_start_ns=pump_start + pump_ns + (dark_ns - microwave_ns) / 2,
        microwave_width_ns=microwave_ns,
        probe_start_ns=probe_start,
        probe_width_ns=probe_ns,
    )


def refuse_long_cycle(bench: Bench, sequence: PulseSequence, bin_ps: int, times_ns: Mapping[str, float]) -> None:
    """Refuse a cycle longer than the trigger can be divided or a histogram with bins of ``bin_ps`` reaches.

    ``times_ns``: the parameters that make up the cycle. The devices that can say their limits are asked; nothing moves.
    """
    limits: list[tuple[float, str]] = []
    tagger, gates = bench.role("time_tagger"), bench.role("gates")
    if isinstance(gates, LimitedDivider):
        most = gates.largest_divider()
        what = f"{bench.instrument_name('gates')} divides the laser's rate by at most {most}"
        limits.append((most * sequence.laser_period_ns, what))
    if isinstance(tagger, LimitedBins):
        n_bins = tagger.most_bins()
        what = (
            f"histograms of {bench.instrument_name('time_tagger')} hold at most {n_bins} bins of {bin_ps / 1000:g} ns"
        )
        limits.append((n_bins * bin_ps / 1000.0, what))
    if not limits:
        return
    limit_ns, why = min(limits)
    if sequence.period_ns <= limit_ns:
        return
    name = max(times_ns, key=lambda each: times_ns[each])
    room_ns = times_ns[name] - (sequence.period_ns - limit_ns) - sequence.laser_period_ns  # cycles are rounded up
    remedy = f"shorten {name} to {math.floor(room_ns)} ns or less"
    if room_ns < SETTLING_NS:
        remedy = f"shorten {', '.join(times_ns)}"
    raise RefusedError(
        f"{name} = {times_ns[name]:.10g} ns makes the pulse sequence {sequence.period_ns:.10g} ns long, but {why}, "
        f"{limit_ns:.10g} ns: {remedy}"
    )


def program(
    gates: GateGenerator,
    wiring: dict[str, str],
    sequence: PulseSequence,
    *,
    reset_level_v: float,
    pump_level_v: float,
) -> None:
    """Send the sequence to the delay generator; ``wiring`` maps pump, readout, microwave, probe to its gates."""
    gates.trigger_on_laser(sequence.divider)
    gates.set_gate(wiring["readout"], sequence.reset_start_ns * 1e-9, sequence.reset_width_ns * 1e-9, reset_level_v)
    gates.set_gate(wiring["pump"], sequence.pump_start_ns * 1e-9, sequence.pump_width_ns * 1e-9, pump_level_v)
    gates.set_gate(wiring["probe"], sequence.probe_start_ns * 1e-9, sequence.probe_width_ns * 1e-9, pump_level_v)
    if sequence.microwave_width_ns:
        gates.set_gate(wiring["microwave"], sequence.microwave_start_ns * 1e-9, sequence.microwave_width_ns * 1e-9)
    else:
        gates.disable_gate(wiring["microwave"])
