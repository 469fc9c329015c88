"""Circularly polarised photoluminescence: sigma-plus and sigma-minus spectra of the dot, optionally against field."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from instruments.bench import Bench
from instruments.roles import FloatArray, Magnet
from procedures.continuing import refuse_nothing_missing, take_over_rows
from procedures.controls import LASER_BLOCKED
from procedures.dark import record_dark
from procedures.errors import RefusedError
from procedures.experiment import BooleanParameter, FloatParameter, IntegerParameter, OpticalExperiment
from procedures.light import (
    ANALYSER_ROLES,
    LIGHT_ROLES,
    SIGMA_MINUS_DEG,
    SIGMA_PLUS_DEG,
    darken,
    emission_wavelength_nm,
    point_at_camera,
    pulse_train,
    refuse_excitation,
    refuse_fast_trigger,
    refuse_out_of_range,
    tune_readout,
)
from procedures.spectra import (
    CALIBRATION_OFFSET_NM,
    SPECTRUM_COLUMNS,
    calibrate_analyser,
    expose_spectrum,
    refuse_moved_spectrum,
    refuse_other_axis,
    spectrum_errors,
    spectrum_table,
)
from runfile.reader import RunFile
from runfile.writer import PointTable


@dataclass(frozen=True)
class Exposure:
    """One spectrum of the plan: number of its field, that field (T; None: where the magnet is), and plate setting.

    ``begins_round``: before it, both settings have been exposed equally often and in both orders.
    """

    field_number: int
    target_t: float | None
    angle_deg: float
    begins_round: bool


class PolarisedPhotoluminescence(OpticalExperiment):
    """Spectra behind both settings of the analyser, whose response is calibrated with laser light first."""

    NAME: ClassVar[str] = "polarised-pl"
    NEEDS: ClassVar[tuple[str, ...]] = (
        *LIGHT_ROLES,
        *ANALYSER_ROLES,
        "resonant_laser",
        "camera",
        "magnet",
        "cryostat",
    )

    CONTROLS: ClassVar[tuple[str, ...]] = (LASER_BLOCKED,)
    KEY_PARAMETERS: ClassVar[tuple[str, ...]] = ("exposure_time", "repeats", "excitation_wavelength", "field_points")
    RESUMES: ClassVar[str] = "the missing exposures; the analyser is calibrated anew"
    DURATIONS: ClassVar[tuple[str, ...]] = ("repeats",)

    exposure_time = FloatParameter(
        "Exposure time",
        description="of one spectrum; several short ones show how far the dot blinks, one long one does not",
        units="s",
        default=5.0,
        minimum=0.01,
        maximum=3600.0,
    )
    repeats = IntegerParameter(
        "Exposures per polarisation",
        description="at each field, alternating between the two polarisations",
        default=12,
        minimum=1,
        maximum=10000,
    )
    pulse_divider = IntegerParameter(
        "Laser pulses per trigger",
        description="every so many pulses of the oscillator one excites the dot",
        default=10,
        minimum=1,
        maximum=1000,
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
        description="fine enough to resolve the lines",
        units="1/mm",
        default=1800,
        minimum=1,
        maximum=3600,
    )
    analyser_offset = FloatParameter(
        "Angle added to both analyser settings",
        description="90 deg swaps sigma+ and sigma-: the results must stay the same",
        units="deg",
        default=0.0,
        minimum=-180.0,
        maximum=180.0,
    )
    calibrate = BooleanParameter(
        "Calibrate the analyser first",
        description="with laser light; otherwise a perfect plate is assumed and crosstalk of some per cent is possible",
        default=True,
    )
    calibration_exposure = FloatParameter(
        "Exposure time of the calibration",
        description="of each of its eight angles",
        units="s",
        default=0.3,
        minimum=0.001,
        maximum=60.0,
    )
    calibration_level = FloatParameter(
        "Modulator level of the calibration",
        description="low: the laser line must not saturate the camera",
        units="V",
        default=1.0,
        minimum=0.5,
        maximum=5.0,
    )
    field_points = IntegerParameter(
        "Field values", description="1: stay at the station's field", default=1, minimum=1, maximum=1000
    )
    field_start = FloatParameter(
        "First field",
        description="of the field sweep; without meaning for one field value",
        units="T",
        default=0.0,
        minimum=-20.0,
        maximum=20.0,
    )
    field_stop = FloatParameter(
        "Last field",
        description="of the field sweep; without meaning for one field value",
        units="T",
        default=0.0,
        minimum=-20.0,
        maximum=20.0,
    )

    def check(self, bench: Bench, sample: Mapping[str, object]) -> None:
        """Refuse light the lasers cannot give, and a field sweep beyond the station's limit."""
        super().check(bench, sample)
        emission_nm = emission_wavelength_nm(sample, self.emission_wavelength)
        refuse_excitation(bench, self.excitation_wavelength, emission_nm)
        if self.calibrate:
            refuse_out_of_range(bench, "resonant_laser", emission_nm + CALIBRATION_OFFSET_NM, "the calibration's light")
        refuse_fast_trigger(self.pulse_divider, bench.role("pulse_source").repetition_rate_hz())
        limit_t = bench.limits.highest_field_t
        worst_t = max(abs(self.field_start), abs(self.field_stop))
        if self.field_points > 1 and worst_t > limit_t:
            raise RefusedError(
                f"a field sweep to {worst_t:g} T exceeds the station's limit of {limit_t:g} T: "
                "reduce field_start/field_stop or, if the magnet allows it, raise limits.highest_field_t in the "
                "station file"
            )
        if self.continues is not None and not self.missing(self.continues):
            made = self.continues.table("data").n_points
            refuse_nothing_missing(self.continues, made, len(self.plan()), "exposures", "repeats")

    def fields_t(self) -> list[float | None]:
        """Fields to visit, T; None: stay where the magnet is."""
        if self.field_points == 1:
            return [None]
        return [float(b) for b in np.linspace(self.field_start, self.field_stop, self.field_points)]

    def measuring_time_s(self) -> float:
        """Exposure time of all spectra, s."""
        return float(self.exposure_time) * len(self.plan())

    def plan(self) -> list[Exposure]:
        """All exposures in order; the two polarisations alternate and the order turns round."""
        settings = (SIGMA_PLUS_DEG + self.analyser_offset, SIGMA_MINUS_DEG + self.analyser_offset)
        return [
            Exposure(number, target_t, angle_deg, begins_round=repeat % 2 == 0 and turn == 0)
            for number, target_t in enumerate(self.fields_t())
            for repeat in range(self.repeats)
            for turn, angle_deg in enumerate(settings if repeat % 2 == 0 else settings[::-1])
        ]

    def missing(self, earlier: RunFile) -> list[Exposure]:
        """Exposures of the plan that an earlier run has not made. With more repeats, its fields get more each."""
        plan = self.plan()
        made = _exposures_made(earlier, plan)
        left = []
        for exposure in plan:
            key = (exposure.field_number, exposure.angle_deg)
            if made.get(key, 0) > 0:
                made[key] -= 1
            else:
                left.append(exposure)
        return left

    def execute(self) -> None:
        """Calibrate; then at each field alternate sigma-plus and sigma-minus exposures."""
        centre_nm = emission_wavelength_nm(self.sample, self.emission_wavelength)
        self.checkpoint(0.0, "pointing the spectrograph at the lines")
        axis_nm = point_at_camera(self, centre_nm, self.grating)
        if self.continues is not None:
            refuse_other_axis(self.continues, axis_nm)
        self.analyser_half_wave.rotate_to(0.0)
        if self.light_blocked:
            record_dark(self, self.measuring_time_s(), self._dark_counts)
        if self.calibrate:
            calibrate_analyser(
                self,
                axis_nm,
                centre_nm + CALIBRATION_OFFSET_NM,
                self.calibration_exposure,
                self.calibration_level,
            )
        self.excitation_quarter_wave.rotate_to(0.0)
        self.checkpoint(0.08, "tuning the laser")
        tune_readout(self, self.excitation_wavelength)
        pulse_train(self, self.pulse_divider, self.modulator_level)
        table = spectrum_table(self, "data", "Circularly polarised photoluminescence", axis_nm)
        self.recorder.note("analyser", {"sigma_plus_deg": SIGMA_PLUS_DEG, "sigma_minus_deg": SIGMA_MINUS_DEG})
        exposures = self.plan()
        if self.continues is not None:
            exposures = self.missing(self.continues)
            take_over_rows(self.continues, self.recorder, table, SPECTRUM_COLUMNS)
        self._expose(table, exposures, axis_nm)
        darken(self)

    def _expose(self, table: PointTable, exposures: list[Exposure], axis_nm: FloatArray) -> None:
        """Make the exposures that are left; at the last field the run may have enough after two repeats."""
        total, last_field = len(self.plan()), self.field_points - 1
        at_field, field_t = -1, 0.0
        for done, exposure in enumerate(exposures, start=total - len(exposures)):
            at_last = at_field == exposure.field_number == last_field
            if at_last and exposure.begins_round and self.enough():
                self.note_early_end(done, total, "exposures")
                return
            if exposure.field_number != at_field:
                field_t = self._reach_field(exposure.target_t, 0.1 + 0.9 * done / total)
                at_field = exposure.field_number
                self.beam_shutter.open()
            self.checkpoint(0.1 + 0.9 * done / total, f"exposing at {field_t:.3f} T")
            counts, errors = expose_spectrum(
                self, table, analyser_deg=exposure.angle_deg, field_t=field_t, exposure_s=self.exposure_time
            )
            if self.continues is not None and done == total - len(exposures) and not self.light_blocked:
                refuse_moved_spectrum(
                    self.continues, axis_nm, counts, errors, angle_deg=exposure.angle_deg, field_t=field_t
                )

    def _reach_field(self, target_t: float | None, fraction: float) -> float:
        """Go to a field with the dot in the dark (a ramp takes minutes); the field reached, T."""
        magnet = self._role("magnet", Magnet)  # type: ignore[type-abstract]
        if target_t is None:
            return magnet.field_t()
        self.beam_shutter.close()
        self.checkpoint(fraction, f"ramping to {target_t:.3f} T")
        return magnet.set_field(target_t)

    def _dark_counts(self, duration_s: float) -> tuple[float, float]:
        """Photo-electrons of the whole camera in one exposure, as long as those of the run, scaled to the time."""
        n_exposures = max(1, round(duration_s / self.exposure_time))
        total, variance = 0.0, 0.0
        for _ in range(n_exposures):
            counts = self.camera.expose(self.exposure_time)
            total += float(counts.sum())
            variance += float(np.sum(spectrum_errors(self, counts) ** 2))
        scale = duration_s / (n_exposures * self.exposure_time)
        return total * scale, math.sqrt(variance) * scale


def _exposures_made(earlier: RunFile, plan: list[Exposure]) -> dict[tuple[int, float], int]:
    """Number of exposures an earlier run made, by (number of the field, plate setting) of the plan."""
    table = earlier.table("data")
    made: dict[tuple[int, float], int] = {}
    for angle_deg, field_t in zip(table.column("analyser_angle"), table.column("field"), strict=True):
        nearest = min(plan, key=lambda e: (_field_distance_t(e, field_t), _plate_distance_deg(e, angle_deg)))
        key = (nearest.field_number, nearest.angle_deg)
        made[key] = made.get(key, 0) + 1
    return made


def _field_distance_t(exposure: Exposure, field_t: float) -> float:
    return 0.0 if exposure.target_t is None else abs(exposure.target_t - field_t)


def _plate_distance_deg(exposure: Exposure, angle_deg: float) -> float:
    """A wave plate turned by 180 deg is the same plate."""
    return abs((exposure.angle_deg - angle_deg + 90.0) % 180.0 - 90.0)
