"""Bringing light to the dot, always in the same order: shutter closed, tune, laser opened, shutter opened."""

import math
from collections.abc import Mapping

from instruments.bench import Bench
from instruments.roles import FloatArray, Spectrograph
from procedures.errors import RefusedError
from procedures.experiment import Experiment
from procedures.units import wavelength_nm as to_wavelength_nm

SIGMA_PLUS_DEG = 45.0  # quarter-wave plates: +45° makes and passes sigma-plus
SIGMA_MINUS_DEG = -45.0
LINEAR_DEG = 0.0
RECOVERY_S = 100e-9  # of a delay generator after its last gate, before it accepts a trigger

LIGHT_ROLES = ("readout_laser", "pulse_source", "shutter", "gates", "excitation_quarter_wave")
ANALYSER_ROLES = ("analyser_quarter_wave", "analyser_half_wave", "spectrograph")


def emission_wavelength_nm(sample: Mapping[str, object], given_nm: float) -> float:
    """Where to look for the dot's emission: as given, or (0) as the sample sheet says."""
    if given_nm > 0.0:
        return given_nm
    sheet = sample.get("emission_mev")
    if not isinstance(sheet, int | float):
        raise RefusedError(
            "the sample sheet states no emission_mev, so the spectrograph cannot be pointed: "
            "set emission_wavelength (nm) or add emission_mev to the sample file"
        )
    return to_wavelength_nm(float(sheet))


def refuse_out_of_range(bench: Bench, role: str, wavelength_nm: float, what: str) -> None:
    """RefusedError when the laser in ``role`` cannot be tuned to ``wavelength_nm``; asks nothing that moves."""
    low_nm, high_nm = bench.role(role).wavelength_range_nm()
    if not low_nm <= wavelength_nm <= high_nm:
        raise RefusedError(
            f"{what}, {wavelength_nm:.6g} nm, is outside the range of {bench.instrument_name(role)}, "
            f"{low_nm:g} to {high_nm:g} nm: choose another or correct the limits in the station file"
        )


def refuse_excitation(bench: Bench, excitation_nm: float, emission_nm: float) -> None:
    """RefusedError when the pulsed laser cannot reach ``excitation_nm`` or the emission is not red of it."""
    refuse_out_of_range(bench, "readout_laser", excitation_nm, "excitation_wavelength")
    if emission_nm <= excitation_nm:
        raise RefusedError(
            f"the emission at {emission_nm:.6g} nm is not red of excitation_wavelength = {excitation_nm:.6g} nm, so "
            "this light cannot excite it: choose a shorter excitation_wavelength or check emission_wavelength"
        )


def refuse_fast_trigger(divider: int, laser_rate_hz: float) -> None:
    """RefusedError when triggers ``divider`` laser pulses apart come before the delay generator has recovered."""
    period_s = 1.0 / laser_rate_hz
    if (divider - 0.5) * period_s < RECOVERY_S:
        raise RefusedError(
            f"pulse_divider = {divider} triggers every {divider * period_s * 1e9:.3g} ns, but the delay generator "
            f"needs {RECOVERY_S * 1e9:.0f} ns after a gate: use at least {math.ceil(RECOVERY_S / period_s + 0.5)}"
        )


def darken(experiment: Experiment) -> None:
    """Close the beam shutter and the outputs of the lasers."""
    experiment.beam_shutter.close()
    experiment.readout_laser.close_output()
    experiment.pulse_source.close_output()
    if "resonant_laser" in experiment.NEEDS:
        experiment.resonant_laser.close_output()


def tune_readout(experiment: Experiment, wavelength_nm: float) -> float:
    """Tune the pulsed laser behind the closed shutter and open its output; wavelength reached, nm."""
    experiment.beam_shutter.close()
    experiment.pulse_source.assert_mode_locked()
    experiment.pulse_source.open_output()
    reached_nm = experiment.readout_laser.tune(wavelength_nm)
    experiment.readout_laser.open_output()
    return reached_nm


def tune_resonant(experiment: Experiment, wavelength_nm: float) -> float:
    """Tune the narrow laser behind the closed shutter and open its output; wavelength reached, nm."""
    experiment.beam_shutter.close()
    reached_nm = experiment.resonant_laser.tune(wavelength_nm)
    experiment.resonant_laser.open_output()
    return reached_nm


def gate_of(experiment: Experiment, use: str) -> str:
    """Output of the delay generator that is cabled to ``use`` (pump, readout, microwave, probe)."""
    return str(getattr(experiment.bench.wiring.gates, use))


def shut_gates(experiment: Experiment, *uses: str) -> None:
    """Shut the gates of these uses (pump, readout, microwave, probe)."""
    for use in uses:
        experiment.gates.disable_gate(gate_of(experiment, use))


def pulse_train(experiment: Experiment, divider: int, level_v: float) -> float:
    """Let every ``divider``-th pulse of the read-out laser through, all other gates shut; pulse period, ns."""
    gates = experiment.gates
    laser_rate_hz = experiment.pulse_source.repetition_rate_hz()
    refuse_fast_trigger(divider, laser_rate_hz)
    period_s = 1.0 / laser_rate_hz
    shut_gates(experiment, "pump", "probe", "microwave")
    gates.trigger_on_laser(divider)
    gates.set_gate(gate_of(experiment, "readout"), 0.0, 0.5 * period_s, level_v)
    return divider * period_s * 1e9


def point_analyser(experiment: Experiment, quarter_wave_deg: float) -> float:
    """Turn the analyser's quarter-wave plate (half-wave at 0°); angle read back, degrees."""
    return experiment.analyser_quarter_wave.rotate_to(quarter_wave_deg)


def refuse_blinding_light(experiment: Experiment) -> None:
    """Close the shutter and raise RefusedError when a photon counter counts more than the station allows."""
    limit_hz = experiment.bench.limits.highest_count_rate_hz
    rates = experiment.time_tagger.count_rates_hz(experiment.bench.wiring.tagger.detectors)
    channel, worst_hz = max(rates.items(), key=lambda item: item[1])
    if worst_hz > limit_hz:
        experiment.beam_shutter.close()
        raise RefusedError(
            f"the photon counter on input {channel} counts {worst_hz:.3g} Hz, above the station's limit of "
            f"{limit_hz:.3g} Hz: lower the modulator level or narrow the exit slit"
        )


def point_at_camera(experiment: Experiment, wavelength_nm: float, groove_per_mm: int) -> FloatArray:
    """Point the spectrograph, light to the camera; wavelength at each pixel, nm."""
    _point(experiment.spectrograph, wavelength_nm, groove_per_mm, "front")
    return experiment.spectrograph.wavelength_axis_nm(experiment.camera.n_pixels(), experiment.camera.pixel_um())


def point_at_counters(experiment: Experiment, wavelength_nm: float, groove_per_mm: int, slit_um: float) -> None:
    """Point the spectrograph, light through the exit slit to the photon counters."""
    _point(experiment.spectrograph, wavelength_nm, groove_per_mm, "side")
    experiment.spectrograph.set_exit_slit_um(slit_um)


def _point(spectrograph: Spectrograph, wavelength_nm: float, groove_per_mm: int, exit_name: str) -> None:
    spectrograph.select_grating(groove_per_mm)
    spectrograph.set_centre_wavelength(wavelength_nm)
    spectrograph.select_exit(exit_name)
