"""Optically detected electron spin resonance of the one dopant."""

import math
from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from scipy import constants

from instruments.bench import Bench
from instruments.roles import Cryostat, FloatArray, Magnet
from instruments.station_file import Conditions
from procedures.continuing import refuse_nothing_missing, take_over_rows
from procedures.controls import HELICITY_SWAPPED, LASER_BLOCKED, MICROWAVE_OFF, OFF_RESONANCE
from procedures.errors import RefusedError
from procedures.experiment import FloatParameter, IntegerParameter
from procedures.light import darken
from procedures.resonance import SpinExperiment, brightness_monitor, window_counts
from procedures.sequence import PulseSequence, plan_sequence
from runfile.writer import Column, PointTable

UEV_TO_GHZ = constants.e * 1e-6 / constants.h * 1e-9
BOHR_GHZ_PER_T = constants.value("Bohr magneton in Hz/T") * 1e-9
FREE_ELECTRON_G = 2.0023
NO_DOPANT_HALF_WIDTH_GHZ = 0.65
LOWEST_GHZ = 0.05
COLUMNS = (
    Column("frequency", "GHz", "Microwave frequency (GHz)"),
    Column("counts", "counts", "Probe photons, microwave on"),
    Column("counts_reference", "counts", "Probe photons, microwave off"),
    Column("monitor", "counts", "Photons of the reset, microwave on: the dot's brightness"),
    Column("monitor_reference", "counts", "Photons of the reset, microwave off"),
    Column("field", "T", "Magnetic field (T)"),
    Column("temperature", "K", "Temperature (K)"),
    Column("sweep", "", "Number of the sweep, from 0", dtype="i4"),
    Column("duration", "s", "Counting time, on and off each (s)"),
)


class SpinResonance(SpinExperiment):
    """Pump one spin state empty, apply a microwave pulse, probe: resonance refills the state and the probe brightens.

    Each frequency is measured with the microwave on and off, alternating, so drifts cancel; the sweep is repeated, so
    that slow changes touch all frequencies alike and the measurement can end, or go on, sweep by sweep.

    In the control with swapped helicity light pumps and reads the other end of the spin's ladder, while the microwave
    still drives this one: no resonance may be seen.
    """

    NAME: ClassVar[str] = "esr"
    NEEDS: ClassVar[tuple[str, ...]] = (*SpinExperiment.NEEDS, "microwave")
    CONTROLS: ClassVar[tuple[str, ...]] = (LASER_BLOCKED, MICROWAVE_OFF, HELICITY_SWAPPED, OFF_RESONANCE)
    KEY_PARAMETERS: ClassVar[tuple[str, ...]] = ("line", "frequency_points", "counting_time", "microwave_power")
    RESUMES: ClassVar[str] = "the missing frequencies and sweeps; spectrum and resonance of the light are found anew"
    DURATIONS: ClassVar[tuple[str, ...]] = ("counting_time", "sweeps")

    frequency_start = FloatParameter(
        "First frequency",
        description="0: around the expected resonance",
        units="GHz",
        default=0.0,
        minimum=0.0,
        maximum=40.0,
    )
    frequency_stop = FloatParameter(
        "Last frequency",
        description="0: around the expected resonance",
        units="GHz",
        default=0.0,
        minimum=0.0,
        maximum=40.0,
    )
    reset_time = FloatParameter(
        "Reset",
        description="short: the pump prepares the spin anew anyway, the reset shows the dot's brightness",
        units="ns",
        default=200.0,
        minimum=0.0,
        maximum=1e6,
    )
    minimum_field = FloatParameter(
        "Field of the sweep, unless the station holds a higher one",
        description="below about 0.1 T the hyperfine interaction mixes the levels and the six lines lose their order",
        units="T",
        default=0.15,
        minimum=0.0,
        maximum=20.0,
    )
    probe_window = FloatParameter(
        "Start of the probe that is counted",
        description="later the probe light itself pumps the refilled state empty again",
        units="ns",
        default=80.0,
        minimum=4.0,
        maximum=1e6,
    )
    frequency_points = IntegerParameter(
        "Frequencies", description="a multiplet is fitted to 8 or more", default=81, minimum=8, maximum=100000
    )
    microwave_time = FloatParameter(
        "Microwave pulse",
        description="longer pulses turn the spin further and narrow the line, until its coherence ends",
        units="ns",
        default=1000.0,
        minimum=10.0,
        maximum=1e6,
    )
    microwave_power = FloatParameter(
        "Microwave power",
        description="at the generator's socket; more power broadens the lines and warms the sample",
        units="dBm",
        default=10.0,
        minimum=-60.0,
        maximum=30.0,
    )
    counting_time = FloatParameter(
        "Counting time per frequency, on and off each",
        description="all sweeps together",
        units="s",
        default=48.0,
        minimum=0.01,
        maximum=3600.0,
    )
    sweeps = IntegerParameter(
        "Sweeps",
        description="the counting time of a frequency is spread over so many passes; the run can end after each",
        default=3,
        minimum=1,
        maximum=1000,
    )
    control_shift = FloatParameter(
        "Shift of the sweep in the control off resonance, in widths of the sweep",
        description="outwards, away from the dopant's other transitions; in all other runs without meaning",
        default=1.0,
        minimum=1.0,
        maximum=10.0,
    )

    def check(self, bench: Bench, sample: Mapping[str, object]) -> None:
        """Refuse a sweep the generator cannot reach or a power above the station's limit."""
        super().check(bench, sample)
        field_t = self.conditions(bench).field_t
        if abs(field_t) > bench.limits.highest_field_t:
            raise RefusedError(
                f"a field of {field_t:g} T exceeds the station's limit of {bench.limits.highest_field_t:g} T: "
                "lower minimum_field"
            )
        if self.probe_window > self.probe_time:
            raise RefusedError(
                f"probe_window = {self.probe_window:g} ns is longer than probe_time = {self.probe_time:g} ns"
            )
        frequencies = self.frequencies_ghz(sample, field_t)
        low, high = (limit * 1e-9 for limit in bench.role("microwave").frequency_range_hz())
        if frequencies[0] < low or frequencies[-1] > high:
            raise RefusedError(
                f"the sweep from {frequencies[0]:.3f} to {frequencies[-1]:.3f} GHz leaves the range of "
                f"{bench.instrument_name('microwave')}, {low:.4g} to {high:.4g} GHz: choose a lower field or set "
                "frequency_start and frequency_stop"
            )
        limit_dbm = bench.limits.highest_microwave_power_dbm
        if self.microwave_power > limit_dbm:
            raise RefusedError(
                f"microwave_power = {self.microwave_power:g} dBm exceeds the station's limit of {limit_dbm:g} dBm"
            )
        if self.continues is not None:
            _, _, planned = self._plan(frequencies)
            done = self.continues.table("data").n_points
            refuse_nothing_missing(self.continues, done, planned * len(frequencies), "points", "counting_time")

    def field_t(self, station_t: float) -> float:
        """Field of the sweep: the station's, or ``minimum_field`` in its direction where that is larger."""
        if abs(station_t) >= self.minimum_field:
            return station_t
        return math.copysign(self.minimum_field, station_t or 1.0)

    def conditions(self, bench: Bench) -> Conditions:
        """The station's temperature, and the field of the sweep. The magnet stays there when the sweep has ended."""
        return bench.conditions.model_copy(update={"field_t": self.field_t(bench.conditions.field_t)})

    def frequencies_ghz(self, sample: Mapping[str, object], field_t: float) -> list[float]:
        """Frequencies of a sweep in order, GHz; in the control off resonance those of the shifted window."""
        start, stop = self.frequency_start, self.frequency_stop
        if start == 0.0 or stop == 0.0:
            centre, half = expected_window_ghz(sample, field_t, highest=self.line == "highest")
            start, stop = start or max(centre - half, LOWEST_GHZ), stop or centre + half
        if stop <= start:
            raise RefusedError(f"frequency_stop = {stop:g} GHz must lie above frequency_start = {start:g} GHz")
        if self.control == OFF_RESONANCE:
            shift = self.control_shift * (stop - start) * outward_direction(sample, highest=self.line == "highest")
            start, stop = start + shift, stop + shift
        return [float(f) for f in np.linspace(start, stop, self.frequency_points)]

    def sequence(self, laser_rate_hz: float) -> PulseSequence:
        """Reset, pump, microwave, probe."""
        return plan_sequence(
            laser_rate_hz=laser_rate_hz,
            reset_ns=self.reset_time,
            pump_ns=self.pump_time,
            dark_ns=self.microwave_time + 200.0,
            probe_ns=self.probe_time,
            microwave_ns=self.microwave_time,
        )

    def cycle_parameters_ns(self) -> dict[str, float]:
        """As every spin experiment, and microwave_time."""
        return {**super().cycle_parameters_ns(), "microwave_time": self.microwave_time}

    def measuring_time_s(self) -> float:
        """Counting time of the sweeps, s."""
        return 2.0 * float(self.counting_time) * int(self.frequency_points)

    def comparable_counts(self, histogram: FloatArray, sequence: PulseSequence) -> float:
        """Counts of probe and reset: those that a point keeps."""
        probed = window_counts(histogram, sequence.probe_start_ns, self.probe_window)
        return probed + brightness_monitor(histogram, sequence)

    def execute(self) -> None:
        """Spectrum, resonance of the light, then the microwave sweeps."""
        field_t = self._role("magnet", Magnet).field_t()  # type: ignore[type-abstract]
        line = self.find_line(field_t)
        sequence = self.sequence(self.pulse_source.repetition_rate_hz())
        self.note_sequence(sequence)
        self.recorder.note("probe", {"spin_projection": probed_projection(self.sample, self.line == "highest")})
        self.bring_into_resonance(line, sequence)
        table = self._table()
        frequencies, counting_s, n_sweeps = self._plan(self.frequencies_ghz(self.sample, field_t))
        self.recorder.note(
            "sweeps",
            {
                "frequencies": len(frequencies),
                "start_ghz": frequencies[0],
                "stop_ghz": frequencies[-1],
                "counting_s": counting_s,
                "planned": n_sweeps,
            },
        )
        done = 0
        if self.continues is not None:
            done = take_over_rows(self.continues, self.recorder, table, [column.name for column in COLUMNS])
        self.microwave.set_power(self.microwave_power)
        self._sweep(table, sequence, frequencies, counting_s, done, n_sweeps)
        self.microwave.set_output(False)
        self.close_gates()
        darken(self)

    def _plan(self, frequencies: list[float]) -> tuple[list[float], float, int]:
        """Frequencies (GHz), counting time per point (s) and number of sweeps; a continued run keeps its own."""
        if self.continues is None:
            return frequencies, self.counting_time / self.sweeps, self.sweeps
        note = self.continues.notes.get("sweeps")
        if not isinstance(note, dict):
            raise RefusedError(f"{self.continues.path.name} does not note its sweeps: repeat the run")
        frequencies = [float(f) for f in np.linspace(note["start_ghz"], note["stop_ghz"], int(note["frequencies"]))]
        counting_s = float(note["counting_s"])
        return frequencies, counting_s, math.ceil(self.counting_time / counting_s - 1e-9)

    def _sweep(
        self,
        table: PointTable,
        sequence: PulseSequence,
        frequencies: list[float],
        counting_s: float,
        done: int,
        n_sweeps: int,
    ) -> None:
        """Measure the points from number ``done`` on; after each sweep the run may have enough."""
        total = n_sweeps * len(frequencies)
        for point in range(done, total):
            sweep, k = divmod(point, len(frequencies))
            if k == 0 and 0 < sweep < n_sweeps and self.enough():
                self.note_early_end(sweep, n_sweeps, "sweeps")
                return
            what = f"counting at {frequencies[k]:.4f} GHz, sweep {sweep + 1} of {n_sweeps}"
            self.checkpoint(0.2 + 0.8 * point / total, what)
            first_on = (sweep + k) % 2 == 0
            self._record_point(table, sequence, frequencies[k], counting_s, sweep=sweep, first_on=first_on)

    def _record_point(
        self,
        table: PointTable,
        sequence: PulseSequence,
        frequency_ghz: float,
        counting_s: float,
        *,
        sweep: int,
        first_on: bool,
    ) -> None:
        """Count with the microwave on and off, in the order that ``first_on`` says; one row."""
        reached_hz = self.microwave.set_frequency(frequency_ghz * 1e9)
        counts: dict[bool, float] = {}
        monitor: dict[bool, float] = {}
        for on in (first_on, not first_on):
            if counts:
                self.checkpoint_again()
            self.microwave.set_output(on, gated=True)
            histogram = self.record_cycle_histogram(sequence, counting_s)
            counts[on] = window_counts(histogram, sequence.probe_start_ns, self.probe_window)
            monitor[on] = brightness_monitor(histogram, sequence)
        table.append(
            frequency=reached_hz * 1e-9,
            counts=counts[True],
            counts_reference=counts[False],
            monitor=monitor[True],
            monitor_reference=monitor[False],
            field=self._role("magnet", Magnet).field_t(),  # type: ignore[type-abstract]
            temperature=self._role("cryostat", Cryostat).temperature_k(),  # type: ignore[type-abstract]
            sweep=sweep,
            duration=counting_s,
        )

    def _table(self) -> PointTable:
        return self.recorder.table(
            "data",
            title="Probe fluorescence against microwave frequency",
            signal="counts",
            axes=("frequency",),
            columns=COLUMNS,
        )


def _first_dopant(sample: Mapping[str, object]) -> Mapping[str, float] | None:
    dopants = sample.get("dopants")
    return dopants[0] if isinstance(dopants, list) and dopants else None


def probed_projection(sample: Mapping[str, object], highest: bool) -> float:
    """S_z that the pumped sigma-plus line reads: +S for the highest line (electron-hole exchange of Mn)."""
    dopant = _first_dopant(sample)
    spin = float(dopant["spin"]) if dopant else 2.5
    return spin if highest else -spin


def outward_direction(sample: Mapping[str, object], *, highest: bool) -> float:
    """+1 or -1: the direction in frequency in which no other transition of the dopant follows.

    The steps of a spin S in an axial field D lie at |g mu_B B + D (2 m - 1)|/h: that between +S and S - 1 is the
    outermost one on the side of D's sign, that between -S and -S + 1 on the other.
    """
    dopant = _first_dopant(sample)
    zero_field = float(dopant["zero_field_d_uev"]) if dopant else 1.0
    return (1.0 if highest else -1.0) * math.copysign(1.0, zero_field)


def expected_window_ghz(sample: Mapping[str, object], field_t: float, *, highest: bool) -> tuple[float, float]:
    """Centre and half width of the sweep from the sample sheet's literature values, GHz.

    nu = |g mu_B B sign + D (2S - 1)|/h for the outermost step of a spin S; half width: the hyperfine multiplet
    plus a margin of about one spacing. A sheet without dopant: around the free electron's resonance. Only where to
    look: the result does not use these numbers.
    """
    dopant = _first_dopant(sample)
    if dopant is None:
        return FREE_ELECTRON_G * BOHR_GHZ_PER_T * abs(field_t), NO_DOPANT_HALF_WIDTH_GHZ
    spin = float(dopant["spin"])
    sign = 1.0 if highest else -1.0
    zero_field = float(dopant["zero_field_d_uev"]) * UEV_TO_GHZ * (2.0 * spin - 1.0)
    centre = abs(sign * float(dopant["g_factor"]) * BOHR_GHZ_PER_T * field_t + zero_field)
    hyperfine = abs(float(dopant["hyperfine_uev"])) * UEV_TO_GHZ
    return centre, hyperfine * (float(dopant["nuclear_spin"]) + 1.2) + 0.05
