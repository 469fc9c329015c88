"""Resonant spin pumping: can light prepare the dopant's spin?"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from instruments.bench import Bench
from instruments.roles import Magnet
from procedures.continuing import refuse_nothing_missing, take_over_rows
from procedures.controls import HELICITY_SWAPPED, LASER_BLOCKED, OFF_RESONANCE
from procedures.experiment import BooleanParameter, FloatParameter, IntegerParameter
from procedures.light import LINEAR_DEG, SIGMA_MINUS_DEG, SIGMA_PLUS_DEG, darken, point_analyser
from procedures.resonance import ChosenLine, SpinExperiment, histogram_times_ns
from procedures.sequence import PulseSequence, plan_sequence
from runfile.reader import RunFile
from runfile.writer import Column, FixedAxis, PointTable

PUMP, DETUNED, LINEAR_SIGMA_PLUS, LINEAR_SIGMA_MINUS, CROSSED = range(5)
ENOUGH = 0.999
"""A condition counted for this share of its time lacks nothing."""


@dataclass
class Progress:
    """Seconds counted so far under each condition, and pump batches: ``done`` of ``planned``, ``batch_s`` each."""

    planned: int
    batch_s: float
    done: int = 0
    seconds: dict[int, float] = field(default_factory=dict)

    def add(self, condition: int, duration_s: float) -> None:
        """One more record."""
        self.seconds[condition] = self.seconds.get(condition, 0.0) + duration_s
        self.done += condition == PUMP


class SpinPumping(SpinExperiment):
    """Reset, resonant circular pump on one line, dark, probe; fluorescence against time in the sequence.

    A line fluoresces only while the spin is in the state the line belongs to, so the fading of the fluorescence
    during the pump is the emptying of that state. Controls: a detuned pump must not fluoresce, a linear pump must
    not orient the spin.
    """

    NAME: ClassVar[str] = "spin-pumping"
    CONTROLS: ClassVar[tuple[str, ...]] = (LASER_BLOCKED, HELICITY_SWAPPED, OFF_RESONANCE)
    KEY_PARAMETERS: ClassVar[tuple[str, ...]] = ("line", "duration", "pump_time", "dark_time")
    RESUMES: ClassVar[str] = "the missing pump batches, then the controls; spectrum and resonance are found anew"
    DURATIONS: ClassVar[tuple[str, ...]] = ("duration", "batches")

    dark_time = FloatParameter(
        "Dark time before the probe",
        description="how long the spin is left alone before the probe asks what it remembers",
        units="ns",
        default=300.0,
        minimum=50.0,
        maximum=1e7,
    )
    duration = FloatParameter(
        "Measuring time",
        description="of the pump alone; controls and set-up come on top",
        units="s",
        default=60.0,
        minimum=0.1,
        maximum=86400.0,
    )
    batches = IntegerParameter(
        "Batches",
        description="equal parts of the measuring time, recorded one by one",
        default=12,
        minimum=1,
        maximum=100000,
    )
    controls = BooleanParameter(
        "Measure the controls",
        description="linear and detuned pump, after the measurement: without them the verdict cannot exclude artefacts",
        default=True,
    )
    control_fraction = FloatParameter(
        "Measuring time of each control relative to the measurement",
        description="longer controls make their errors smaller",
        default=0.25,
        minimum=0.01,
        maximum=1.0,
    )
    control_detuning = FloatParameter(
        "Detuning of the control, in line spacings",
        description="how far the detuned pump, or that of the control off resonance, stands outside the multiplet",
        default=1.0,
        minimum=0.1,
        maximum=5.0,
    )

    def check(self, bench: Bench, sample: Mapping[str, object]) -> None:
        """Refuse as every spin experiment, and a run to continue that lacks nothing."""
        super().check(bench, sample)
        if self.continues is not None:
            progress = self._progress_of(self.continues)
            if not any(self._missing_s(progress, condition) for condition in self._conditions_after()):
                refuse_nothing_missing(self.continues, progress.done, progress.planned, "batches", "duration")

    def sequence(self, laser_rate_hz: float) -> PulseSequence:
        """Reset, pump, dark, probe."""
        return plan_sequence(
            laser_rate_hz=laser_rate_hz,
            reset_ns=self.reset_time,
            pump_ns=self.pump_time,
            dark_ns=self.dark_time,
            probe_ns=self.probe_time,
        )

    def cycle_parameters_ns(self) -> dict[str, float]:
        """As every spin experiment, and dark_time."""
        return {**super().cycle_parameters_ns(), "dark_time": self.dark_time}

    def measuring_time_s(self) -> float:
        """Counting time of the pump, s."""
        return float(self.duration)

    def execute(self) -> None:
        """Spectrum, resonance, then pump batches and controls."""
        field_t = self._role("magnet", Magnet).field_t()  # type: ignore[type-abstract]
        line = self.find_line(field_t)
        sequence = self.sequence(self.pulse_source.repetition_rate_hz())
        self.note_sequence(sequence)
        highest = (self.line == "highest") != (self.control == HELICITY_SWAPPED)
        self.recorder.note("probe", {"spin_projection_sign": 1 if highest else -1})
        self.bring_into_resonance(line, sequence)
        table = self._table(sequence)
        progress = Progress(self.batches, self.duration / self.batches)
        if self.continues is not None:
            take_over_rows(self.continues, self.recorder, table, ("counts", "condition", "duration"))
            progress = self._progress_of(self.continues)
        if self.control == OFF_RESONANCE:
            away_mev = self._away_mev(line)
            self.recorder.note("off_resonance", {"pump_detuning_mev": away_mev})
            self.shift_pump(line, away_mev)
        self._pump(table, sequence, progress)
        self._measure_controls(table, sequence, line, progress)
        self.close_gates()
        darken(self)

    def _pump(self, table: PointTable, sequence: PulseSequence, progress: Progress) -> None:
        while progress.done < progress.planned:
            self.checkpoint(0.2 + 0.6 * progress.done / progress.planned, "pumping")
            self._record(table, sequence, progress, PUMP, progress.batch_s)
            if progress.done < progress.planned and self.enough():
                self.note_early_end(progress.done, progress.planned, "batches")
                return

    def _conditions_after(self) -> tuple[int, ...]:
        """What is measured after the pump, in this order."""
        crossed = (CROSSED,) if self.control == HELICITY_SWAPPED else ()
        if not self.controls or self.control == OFF_RESONANCE:
            return crossed
        return (*crossed, LINEAR_SIGMA_PLUS, LINEAR_SIGMA_MINUS, DETUNED)

    def _missing_s(self, progress: Progress, condition: int) -> float:
        """Seconds a condition lacks of its share of the time that was pumped; 0: nothing."""
        wanted_s = progress.seconds.get(PUMP, 0.0) * self.control_fraction
        done_s = progress.seconds.get(condition, 0.0)
        return wanted_s - done_s if done_s < ENOUGH * wanted_s else 0.0

    def _measure_controls(
        self, table: PointTable, sequence: PulseSequence, line: ChosenLine, progress: Progress
    ) -> None:
        excitation_deg, analyser_deg = self.helicity_deg, self.helicity_deg
        # The plates of each condition: excitation, analyser.
        plates = {
            CROSSED: (self.helicity_deg, -self.helicity_deg),
            LINEAR_SIGMA_PLUS: (LINEAR_DEG, SIGMA_PLUS_DEG),
            LINEAR_SIGMA_MINUS: (LINEAR_DEG, SIGMA_MINUS_DEG),
            DETUNED: (self.helicity_deg, self.helicity_deg),
        }
        names = {CROSSED: "crossed analyser", DETUNED: "detuned pump"}
        after = self._conditions_after()
        for k, condition in enumerate(after):
            missing_s = self._missing_s(progress, condition)
            if not missing_s:
                continue
            self.checkpoint(0.8 + 0.2 * k / len(after), f"control: {names.get(condition, 'linear pump')}")
            if plates[condition][0] != excitation_deg:
                self.excitation_quarter_wave.rotate_to(plates[condition][0])
            if plates[condition][1] != analyser_deg:
                point_analyser(self, plates[condition][1])
            excitation_deg, analyser_deg = plates[condition]
            if condition == DETUNED:
                away_mev = self._away_mev(line)
                self.shift_pump(line, away_mev)
                self._record(table, sequence, progress, condition, missing_s)
                self.shift_pump(line, -away_mev)
            else:
                self._record(table, sequence, progress, condition, missing_s)

    def _away_mev(self, line: ChosenLine) -> float:
        """How far the detuned pump is shifted, meV: outwards, away from the other lines."""
        spacing_mev = min(line.selectivity.nearest_line_mev, 20 * line.fwhm_mev)
        return float(self.control_detuning * spacing_mev * (1.0 if self.line == "highest" else -1.0))

    def _record(
        self, table: PointTable, sequence: PulseSequence, progress: Progress, condition: int, duration_s: float
    ) -> None:
        counts = self.record_cycle_histogram(sequence, duration_s)
        table.append(counts=counts.astype("i8"), condition=condition, duration=duration_s)
        progress.add(condition, duration_s)

    def _progress_of(self, earlier: RunFile) -> Progress:
        """What an earlier run has counted; batches go on as long as its own were."""
        table = earlier.table("data")
        condition, seconds = np.asarray(table.column("condition")), np.asarray(table.column("duration"))
        pumped = seconds[condition == PUMP]
        batch_s = float(pumped[0]) if pumped.size else self.duration / self.batches
        progress = Progress(math.ceil(self.duration / batch_s - 1e-9), batch_s)
        for kind, duration_s in zip(condition, seconds, strict=True):
            progress.add(int(kind), float(duration_s))
        return progress

    def _table(self, sequence: PulseSequence) -> PointTable:
        time_ns = histogram_times_ns(sequence)
        codes = "0 pump, 1 detuned, 2 linear (sigma+), 3 linear (sigma-), 4 crossed analyser"
        return self.recorder.table(
            "data",
            title="Fluorescence of the phonon replica against time in the pulse sequence",
            signal="counts",
            axes=("batch", "time"),
            columns=(
                Column("counts", "counts", "Photons per bin", (time_ns.size,), dtype="i8", axes=("time",)),
                Column("condition", "", codes, dtype="i4"),
                Column("duration", "s", "Live time (s)"),
            ),
            fixed_axes=(FixedAxis("time", "ns", "Time after the trigger, left edge of the bin (ns)", time_ns),),
        )
