"""Pulsed Hanbury Brown-Twiss: is the dot a single emitter, and how long does it live?"""

import math
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from analysis.correlation import coincidences
from instruments.bench import Bench
from procedures.continuing import note_continued, refuse_nothing_missing, refuse_other_period
from procedures.controls import LASER_BLOCKED
from procedures.dark import record_dark
from procedures.experiment import FloatParameter, IntegerParameter, OpticalExperiment
from procedures.light import (
    ANALYSER_ROLES,
    LIGHT_ROLES,
    darken,
    emission_wavelength_nm,
    gate_of,
    point_at_counters,
    pulse_train,
    refuse_blinding_light,
    refuse_excitation,
    refuse_fast_trigger,
    tune_readout,
)
from procedures.tag_batches import EarlierTags, TagBatch
from runfile.writer import Column, FixedAxis, PointTable

GAP_PS = 10**12
"""Between the last batch of an earlier run and the first new one: how long it really was plays no role."""


class Antibunching(OpticalExperiment):
    """Non-resonant pulses, photons of the whole multiplet on a 50:50 beam splitter, every tag kept."""

    NAME: ClassVar[str] = "g2"
    NEEDS: ClassVar[tuple[str, ...]] = (*LIGHT_ROLES, *ANALYSER_ROLES, "time_tagger", "cryostat", "magnet")
    CONTROLS: ClassVar[tuple[str, ...]] = (LASER_BLOCKED,)
    KEY_PARAMETERS: ClassVar[tuple[str, ...]] = ("duration", "excitation_wavelength", "modulator_level")
    RESUMES: ClassVar[str] = "the missing seconds; earlier photons are taken over batch by batch"
    DURATIONS: ClassVar[tuple[str, ...]] = ("duration",)

    duration = FloatParameter(
        "Measuring time",
        description="the error of g2(0) falls with its square root",
        units="s",
        default=60.0,
        minimum=0.1,
        maximum=86400.0,
    )
    batch = FloatParameter(
        "Time per batch",
        description="photons reach the disk batch by batch; a run can be stopped, paused or ended between two",
        units="s",
        default=5.0,
        minimum=0.1,
        maximum=600.0,
    )
    pulse_divider = IntegerParameter(
        "Laser pulses per trigger",
        description="every so many pulses of the oscillator one excites the dot; the dot must have decayed in between",
        default=16,
        minimum=1,
        maximum=10000,
    )
    trigger_divider = IntegerParameter(
        "Triggers per recorded trigger tag",
        description="every so many excitations the time tagger records one: enough to follow the laser's clock",
        default=1000,
        minimum=1,
        maximum=10**6,
    )
    modulator_level = FloatParameter(
        "Modulator level of the excitation",
        description="transmission sin²(π/2 · V/5 V): 5 V lets all light through",
        units="V",
        default=5.0,
        minimum=0.5,
        maximum=5.0,
    )
    grating = IntegerParameter(
        "Grating",
        description="coarse: the exit slit shall pass the whole multiplet",
        units="1/mm",
        default=300,
        minimum=1,
        maximum=3600,
    )
    exit_slit = FloatParameter(
        "Exit slit",
        description="wide: the whole multiplet; narrow: less background",
        units="um",
        default=3000.0,
        minimum=10.0,
        maximum=3000.0,
    )
    bin_width = IntegerParameter(
        "Bin of the coincidence histogram",
        description="of the plot and the histogram in the file; the analysis goes back to the photons",
        units="ps",
        default=1000,
        minimum=1,
        maximum=10**6,
    )
    maximum_delay = FloatParameter(
        "Longest delay of the coincidence histogram",
        description="of the plot and the histogram in the file; the analysis goes back to the photons",
        units="ns",
        default=2000.0,
        minimum=10.0,
        maximum=1e6,
    )

    def check(self, bench: Bench, sample: Mapping[str, object]) -> None:
        """Refuse light the laser cannot give and triggers faster than the delay generator."""
        super().check(bench, sample)
        emission_nm = emission_wavelength_nm(sample, self.emission_wavelength)
        refuse_excitation(bench, self.excitation_wavelength, emission_nm)
        refuse_fast_trigger(self.pulse_divider, bench.role("pulse_source").repetition_rate_hz())
        if self.continues is not None:
            earlier = EarlierTags(self.continues)
            earlier.refuse_other_channels(_channels(bench))
            n_planned = self.batches(earlier.batch_s)
            refuse_nothing_missing(self.continues, earlier.n_batches, n_planned, "batches", "duration")

    def execute(self) -> None:
        """Set up the light once, then record batch after batch of tags."""
        centre_nm = emission_wavelength_nm(self.sample, self.emission_wavelength)
        self.checkpoint(0.0, "pointing the spectrograph at the lines")
        point_at_counters(self, centre_nm, self.grating, self.exit_slit)
        self.analyser_half_wave.rotate_to(0.0)
        self.analyser_quarter_wave.rotate_to(0.0)
        self.excitation_quarter_wave.rotate_to(0.0)
        self.checkpoint(0.0, "tuning the laser")
        tune_readout(self, self.excitation_wavelength)
        period_ns = pulse_train(self, self.pulse_divider, self.modulator_level)
        self.gates.set_gate(gate_of(self, "probe"), 0.0, 0.4 * period_ns * 1e-9, divider=self.trigger_divider)
        if self.light_blocked:
            record_dark(self, self.duration, self._dark_counts)
        recording = _Recording(self, period_ns)
        if self.continues is not None:
            recording.take_over(EarlierTags(self.continues))
        self.checkpoint(0.0, "letting light to the sample")
        self.beam_shutter.open()
        refuse_blinding_light(self)
        recording.measure()
        darken(self)

    def _dark_counts(self, duration_s: float) -> tuple[float, float]:
        """Tags of both detectors per second of live time, times ``duration_s``."""
        tags = self.time_tagger.record_tags(duration_s, self.bench.wiring.tagger.detectors)
        scale = duration_s / tags.duration_s
        return tags.timestamps_ps.size * scale, math.sqrt(tags.timestamps_ps.size + 1.0) * scale

    def batches(self, batch_s: float) -> int:
        """Batches of ``batch_s`` in the measuring time."""
        return max(1, math.ceil(float(self.duration) / batch_s - 1e-9))

    def maximum_delay_ps(self) -> int:
        """Longest delay of the histogram, ps: a whole number of bins."""
        return max(1, round(float(self.maximum_delay) * 1000 / int(self.bin_width))) * int(self.bin_width)


class _Recording:
    """The growing record of one run: tags, histogram rows and what an analysis must know of the pulses."""

    def __init__(self, experiment: Antibunching, period_ns: float) -> None:
        self._experiment, self._period_ns = experiment, period_ns
        tagger = experiment.bench.wiring.tagger
        self._first, self._second = tagger.detectors
        self._channels = _channels(experiment.bench)
        self._table = self._histogram_table()
        self._planned = experiment.batches(experiment.batch)
        self._batch_s = experiment.duration / self._planned
        self._starts_ps: list[int] = []
        self._live_s = 0.0
        self._offset_ps = 0

    def take_over(self, earlier: EarlierTags) -> None:
        """Copy the complete batches of an earlier run; its batch length and its count of time go on."""
        experiment = self._experiment
        refuse_other_period(earlier.name, earlier.period_ns, self._period_ns)
        self._batch_s, self._planned = earlier.batch_s, experiment.batches(earlier.batch_s)
        self._offset_ps = earlier.end_ps + GAP_PS
        note_continued(experiment.recorder, earlier.name, earlier.n_batches, taken_over=False)
        for batch in earlier.batches():
            done = len(self._starts_ps)
            experiment.checkpoint(done / self._planned, f"taking over batch {done + 1} of {earlier.name}")
            self._keep(batch)
        self._note_pulses()
        note_continued(experiment.recorder, earlier.name, earlier.n_batches, taken_over=True)

    def measure(self) -> None:
        """Record the batches that are missing; after each the run may have enough."""
        experiment = self._experiment
        inputs = (self._first, self._second, self._channels["divided_trigger"])
        origin_s = experiment.bench.clock.now_s()
        while (done := len(self._starts_ps)) < self._planned:
            experiment.checkpoint(done / self._planned, f"recording photons, batch {done + 1} of {self._planned}")
            start_ps = self._offset_ps + round((experiment.bench.clock.now_s() - origin_s) * 1e12)
            tags = experiment.time_tagger.record_tags(self._batch_s, inputs)
            self._note_pulses(start_ps)
            self._keep(TagBatch(start_ps, tags.timestamps_ps + start_ps, tags.channel, tags.duration_s))
            if done + 1 < self._planned and experiment.enough():
                experiment.note_early_end(done + 1, self._planned, "batches")
                return

    def _keep(self, batch: TagBatch) -> None:
        """Tags first, then the row that makes the batch complete."""
        recorder = self._experiment.recorder
        self._starts_ps.append(batch.start_ps)
        self._live_s += batch.live_s
        recorder.append_tags(batch.timestamps_ps, batch.channel)
        recorder.set_tag_metadata(duration_s=self._live_s, channels=self._channels)
        counts = coincidences(
            batch.timestamps_ps[batch.channel == self._first],
            batch.timestamps_ps[batch.channel == self._second],
            self._experiment.bin_width,
            self._experiment.maximum_delay_ps(),
        )
        self._table.append(coincidences=counts, live_time=batch.live_s)

    def _note_pulses(self, *next_start_ps: int) -> None:
        self._experiment.recorder.note(
            "pulses",
            {
                "period_ns": self._period_ns,
                "trigger_divider": self._experiment.trigger_divider,
                "batch_starts_ps": [*self._starts_ps, *next_start_ps],
                "batch_duration_s": self._batch_s,
            },
        )

    def _histogram_table(self) -> PointTable:
        limit_ps = self._experiment.maximum_delay_ps()
        delay_ns = np.arange(-limit_ps, limit_ps, self._experiment.bin_width) / 1000.0
        return self._experiment.recorder.table(
            "data",
            title="Coincidences of the two detectors",
            signal="coincidences",
            axes=("batch", "delay"),
            columns=(
                Column("coincidences", "counts", "Coincidences", (delay_ns.size,), dtype="i8", axes=("delay",)),
                Column("live_time", "s", "Live time (s)"),
            ),
            fixed_axes=(FixedAxis("delay", "ns", "Delay t2 - t1, left edge of the bin (ns)", delay_ns),),
        )


def _channels(bench: Bench) -> dict[str, int]:
    tagger = bench.wiring.tagger
    first, second = tagger.detectors
    return {"detector_1": first, "detector_2": second, "divided_trigger": tagger.divided_trigger}
