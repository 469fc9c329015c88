"""Circularly polarised photoluminescence: sigma-plus and sigma-minus spectra of the dot, optionally against field."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from instruments.bench import Bench
from instruments.roles import Magnet
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
from procedures.spectra import CALIBRATION_OFFSET_NM, calibrate_analyser, expose_spectrum, spectrum_table


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

    exposure_time = FloatParameter("Exposure time", units="s", default=5.0, minimum=0.01, maximum=3600.0)
    repeats = IntegerParameter("Exposures per polarisation", default=12, minimum=1, maximum=10000)
    pulse_divider = IntegerParameter("Laser pulses per trigger", default=10, minimum=1, maximum=1000)
    modulator_level = FloatParameter(
        "Modulator level of the excitation", units="V", default=5.0, minimum=0.5, maximum=5.0
    )
    grating = IntegerParameter("Grating", units="1/mm", default=1800, minimum=1, maximum=3600)
    analyser_offset = FloatParameter(
        "Angle added to both analyser settings",
        description="90 deg swaps sigma+ and sigma-",
        units="deg",
        default=0.0,
        minimum=-180.0,
        maximum=180.0,
    )
    calibrate = BooleanParameter("Calibrate the analyser first", default=True)
    calibration_exposure = FloatParameter(
        "Exposure time of the calibration", units="s", default=0.3, minimum=0.001, maximum=60.0
    )
    calibration_level = FloatParameter(
        "Modulator level of the calibration", units="V", default=1.0, minimum=0.5, maximum=5.0
    )
    field_points = IntegerParameter(
        "Field values", description="1: stay at the station's field", default=1, minimum=1, maximum=1000
    )
    field_start = FloatParameter("First field", units="T", default=0.0, minimum=-20.0, maximum=20.0)
    field_stop = FloatParameter("Last field", units="T", default=0.0, minimum=-20.0, maximum=20.0)

    def check(self, bench: Bench, sample: Mapping[str, object]) -> None:
        """Refuse light the lasers cannot give, and a field sweep beyond the station's limit."""
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

    def fields_t(self) -> list[float | None]:
        """Fields to visit, T; None: stay where the magnet is."""
        if self.field_points == 1:
            return [None]
        return [float(b) for b in np.linspace(self.field_start, self.field_stop, self.field_points)]

    def execute(self) -> None:
        """Calibrate; then at each field alternate sigma-plus and sigma-minus exposures."""
        magnet = self._role("magnet", Magnet)  # type: ignore[type-abstract]
        centre_nm = emission_wavelength_nm(self.sample, self.emission_wavelength)
        axis_nm = point_at_camera(self, centre_nm, self.grating)
        self.analyser_half_wave.rotate_to(0.0)
        if self.calibrate:
            calibrate_analyser(
                self,
                axis_nm,
                centre_nm + CALIBRATION_OFFSET_NM,
                self.calibration_exposure,
                self.calibration_level,
            )
        self.excitation_quarter_wave.rotate_to(0.0)
        tune_readout(self, self.excitation_wavelength)
        pulse_train(self, self.pulse_divider, self.modulator_level)
        table = spectrum_table(self, "data", "Circularly polarised photoluminescence", axis_nm)
        fields = self.fields_t()
        settings = (SIGMA_PLUS_DEG + self.analyser_offset, SIGMA_MINUS_DEG + self.analyser_offset)
        self.recorder.note("analyser", {"sigma_plus_deg": SIGMA_PLUS_DEG, "sigma_minus_deg": SIGMA_MINUS_DEG})
        done, total = 0, len(fields) * self.repeats * 2
        for target_t in fields:
            if target_t is None:
                field_t = magnet.field_t()
            else:  # a ramp takes minutes: the dot waits in the dark
                self.beam_shutter.close()
                self.checkpoint(0.1 + 0.9 * done / total, f"ramping to {target_t:.3f} T")
                field_t = magnet.set_field(target_t)
            self.beam_shutter.open()
            for repeat in range(self.repeats):
                for angle_deg in settings if repeat % 2 == 0 else settings[::-1]:
                    self.checkpoint(0.1 + 0.9 * done / total, f"exposing at {field_t:.3f} T")
                    expose_spectrum(self, table, analyser_deg=angle_deg, field_t=field_t, exposure_s=self.exposure_time)
                    done += 1
        darken(self)
