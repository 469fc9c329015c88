"""Resonant spin pumping: can light prepare the dopant's spin?"""

from typing import ClassVar

from instruments.roles import Magnet
from procedures.experiment import BooleanParameter, FloatParameter, IntegerParameter
from procedures.light import LINEAR_DEG, SIGMA_MINUS_DEG, SIGMA_PLUS_DEG, darken, point_analyser
from procedures.resonance import ChosenLine, SpinExperiment, histogram_times_ns
from procedures.sequence import PulseSequence, plan_sequence
from runfile.writer import Column, FixedAxis, PointTable

PUMP, DETUNED, LINEAR_SIGMA_PLUS, LINEAR_SIGMA_MINUS = range(4)


class SpinPumping(SpinExperiment):
    """Reset, resonant circular pump on one line, dark, probe; fluorescence against time in the sequence.

    A line fluoresces only while the spin is in the state the line belongs to, so the fading of the fluorescence
    during the pump is the emptying of that state. Controls: a detuned pump must not fluoresce, a linear pump must
    not orient the spin.
    """

    NAME: ClassVar[str] = "spin-pumping"

    dark_time = FloatParameter("Dark time before the probe", units="ns", default=300.0, minimum=50.0, maximum=1e7)
    duration = FloatParameter("Measuring time", units="s", default=60.0, minimum=0.1, maximum=86400.0)
    batches = IntegerParameter("Batches", default=12, minimum=1, maximum=100000)
    controls = BooleanParameter("Measure the controls", default=True)
    control_fraction = FloatParameter(
        "Measuring time of each control relative to the measurement", default=0.25, minimum=0.01, maximum=1.0
    )
    control_detuning = FloatParameter(
        "Detuning of the control, in line spacings", default=1.0, minimum=0.1, maximum=5.0
    )

    def execute(self) -> None:
        """Spectrum, resonance, then pump batches and controls."""
        field_t = self._role("magnet", Magnet).field_t()  # type: ignore[type-abstract]
        line = self.find_line(field_t)
        sequence = plan_sequence(
            laser_rate_hz=self.pulse_source.repetition_rate_hz(),
            reset_ns=self.reset_time,
            pump_ns=self.pump_time,
            dark_ns=self.dark_time,
            probe_ns=self.probe_time,
        )
        self.recorder.note("sequence", sequence.describe())
        self.recorder.note("probe", {"spin_projection_sign": 1 if self.line == "highest" else -1})
        self.bring_into_resonance(line, sequence)
        table = self._table(sequence)
        batch_s = self.duration / self.batches
        for k in range(self.batches):
            self.checkpoint(0.2 + 0.6 * k / self.batches, "pumping")
            self._record(table, sequence, PUMP, batch_s)
        if self.controls:
            self._measure_controls(table, sequence, line)
        self.close_gates()
        darken(self)

    def _measure_controls(self, table: PointTable, sequence: PulseSequence, line: ChosenLine) -> None:
        control_s = self.duration * self.control_fraction
        self.checkpoint(0.8, "control: linear pump")
        self.excitation_quarter_wave.rotate_to(LINEAR_DEG)
        self._record(table, sequence, LINEAR_SIGMA_PLUS, control_s)
        point_analyser(self, SIGMA_MINUS_DEG)
        self.checkpoint(0.87, "control: linear pump, other helicity")
        self._record(table, sequence, LINEAR_SIGMA_MINUS, control_s)
        self.checkpoint(0.94, "control: detuned pump")
        point_analyser(self, SIGMA_PLUS_DEG)
        self.excitation_quarter_wave.rotate_to(SIGMA_PLUS_DEG)
        spacing_mev = min(line.selectivity.nearest_line_mev, 20 * line.fwhm_mev)
        away_mev = self.control_detuning * spacing_mev * (1.0 if self.line == "highest" else -1.0)
        self.shift_pump(line, away_mev)
        self._record(table, sequence, DETUNED, control_s)
        self.shift_pump(line, -away_mev)

    def _record(self, table: PointTable, sequence: PulseSequence, condition: int, duration_s: float) -> None:
        counts = self.record_cycle_histogram(sequence, duration_s)
        table.append(counts=counts.astype("i8"), condition=condition, duration=duration_s)

    def _table(self, sequence: PulseSequence) -> PointTable:
        time_ns = histogram_times_ns(sequence)
        return self.recorder.table(
            "data",
            title="Fluorescence of the phonon replica against time in the pulse sequence",
            signal="counts",
            axes=("batch", "time"),
            columns=(
                Column("counts", "counts", "Photons per bin", (time_ns.size,), dtype="i8", axes=("time",)),
                Column("condition", "", "0 pump, 1 detuned, 2 linear (sigma+), 3 linear (sigma-)", dtype="i4"),
                Column("duration", "s", "Live time (s)"),
            ),
            fixed_axes=(FixedAxis("time", "ns", "Time after the trigger, left edge of the bin (ns)", time_ns),),
        )
