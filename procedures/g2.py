"""Pulsed Hanbury Brown-Twiss: is the dot a single emitter, and how long does it live?"""

import math
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from analysis.correlation import coincidences
from instruments.bench import Bench
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
from runfile.writer import Column, FixedAxis, PointTable


class Antibunching(OpticalExperiment):
    """Non-resonant pulses, photons of the whole multiplet on a 50:50 beam splitter, every tag kept."""

    NAME: ClassVar[str] = "g2"
    NEEDS: ClassVar[tuple[str, ...]] = (*LIGHT_ROLES, *ANALYSER_ROLES, "time_tagger", "cryostat", "magnet")

    duration = FloatParameter("Measuring time", units="s", default=60.0, minimum=0.1, maximum=86400.0)
    batch = FloatParameter("Time per batch", units="s", default=5.0, minimum=0.1, maximum=600.0)
    pulse_divider = IntegerParameter("Laser pulses per trigger", default=16, minimum=1, maximum=10000)
    trigger_divider = IntegerParameter("Triggers per recorded trigger tag", default=1000, minimum=1, maximum=10**6)
    modulator_level = FloatParameter(
        "Modulator level of the excitation", units="V", default=5.0, minimum=0.5, maximum=5.0
    )
    grating = IntegerParameter("Grating", units="1/mm", default=300, minimum=1, maximum=3600)
    exit_slit = FloatParameter("Exit slit", units="um", default=3000.0, minimum=10.0, maximum=3000.0)
    bin_width = IntegerParameter("Bin of the coincidence histogram", units="ps", default=1000, minimum=1, maximum=10**6)
    maximum_delay = FloatParameter(
        "Longest delay of the coincidence histogram", units="ns", default=2000.0, minimum=10.0, maximum=1e6
    )

    def check(self, bench: Bench, sample: Mapping[str, object]) -> None:
        """Refuse light the laser cannot give and triggers faster than the delay generator."""
        emission_nm = emission_wavelength_nm(sample, self.emission_wavelength)
        refuse_excitation(bench, self.excitation_wavelength, emission_nm)
        refuse_fast_trigger(self.pulse_divider, bench.role("pulse_source").repetition_rate_hz())

    def execute(self) -> None:
        """Set up the light once, then record batch after batch of tags."""
        centre_nm = emission_wavelength_nm(self.sample, self.emission_wavelength)
        point_at_counters(self, centre_nm, self.grating, self.exit_slit)
        self.analyser_half_wave.rotate_to(0.0)
        self.analyser_quarter_wave.rotate_to(0.0)
        self.excitation_quarter_wave.rotate_to(0.0)
        tune_readout(self, self.excitation_wavelength)
        period_ns = pulse_train(self, self.pulse_divider, self.modulator_level)
        self.gates.set_gate(gate_of(self, "probe"), 0.0, 0.4 * period_ns * 1e-9, divider=self.trigger_divider)
        self.beam_shutter.open()
        refuse_blinding_light(self)
        self._record(period_ns)
        darken(self)

    def _record(self, period_ns: float) -> None:
        tagger = self.bench.wiring.tagger
        first, second = tagger.detectors
        table = self._histogram_table()
        n_batches = max(1, math.ceil(self.duration / self.batch - 1e-9))
        batch_s = self.duration / n_batches
        starts_ps: list[int] = []
        live_s = 0.0
        origin_s = self.bench.clock.now_s()
        for k in range(n_batches):
            self.checkpoint(k / n_batches, f"recording photons, batch {k + 1} of {n_batches}")
            starts_ps.append(round((self.bench.clock.now_s() - origin_s) * 1e12))
            tags = self.time_tagger.record_tags(batch_s, (first, second, tagger.divided_trigger))
            live_s += tags.duration_s
            stamps_ps = tags.timestamps_ps + starts_ps[-1]
            self.recorder.append_tags(stamps_ps, tags.channel)
            self.recorder.set_tag_metadata(
                duration_s=live_s,
                channels={
                    "detector_1": first,
                    "detector_2": second,
                    "divided_trigger": tagger.divided_trigger,
                },
            )
            self.recorder.note(
                "pulses",
                {
                    "period_ns": period_ns,
                    "trigger_divider": self.trigger_divider,
                    "batch_starts_ps": starts_ps,
                    "batch_duration_s": batch_s,
                },
            )
            counts = coincidences(
                stamps_ps[tags.channel == first],
                stamps_ps[tags.channel == second],
                self.bin_width,
                self._maximum_delay_ps(),
            )
            table.append(coincidences=counts, live_time=tags.duration_s)

    def _maximum_delay_ps(self) -> int:
        return int(max(1, round(self.maximum_delay * 1000 / self.bin_width)) * self.bin_width)

    def _histogram_table(self) -> PointTable:
        limit_ps = self._maximum_delay_ps()
        delay_ns = np.arange(-limit_ps, limit_ps, self.bin_width) / 1000.0
        return self.recorder.table(
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
