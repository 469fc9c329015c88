"""The common beginning of the spin experiments: find the lines, choose one, bring the narrow laser onto it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from analysis.lines import LineFit, fit_lines
from analysis.window import zero_phonon_window
from instruments.bench import Bench
from instruments.roles import FineTunableLaser, FloatArray
from procedures.addressing import Overlap, overlap, refuse_unless_selective
from procedures.errors import RefusedError
from procedures.experiment import FloatParameter, IntegerParameter, ListParameter, OpticalExperiment
from procedures.light import (
    ANALYSER_ROLES,
    LIGHT_ROLES,
    SIGMA_PLUS_DEG,
    emission_wavelength_nm,
    point_analyser,
    point_at_camera,
    point_at_counters,
    pulse_train,
    refuse_blinding_light,
    refuse_excitation,
    refuse_fast_trigger,
    refuse_out_of_range,
    shut_gates,
    tune_readout,
    tune_resonant,
)
from procedures.line_scan import lorentzian_centre
from procedures.sequence import PulseSequence, program
from procedures.spectra import expose_spectrum, spectrum_table
from procedures.units import energy_mev, wavelength_nm, width_mev
from runfile.writer import Column

HISTOGRAM_BIN_PS = 2000
SPECTRUM_GRATING, REPLICA_GRATING = 1800, 1200  # 1/mm: resolves the lines; passes the whole replica
SPECTRUM_DIVIDER = 10  # laser pulses per excitation of the spectrum
NARROWEST_LINE_MEV = 0.1  # taken for a line that has not been measured yet


@dataclass(frozen=True)
class ChosenLine:
    """The line to be pumped: its energy, the multiplet's centre, line width (meV), and the laser against it."""

    energy_mev: float
    centre_mev: float
    fwhm_mev: float
    selectivity: Overlap


class SpinExperiment(OpticalExperiment):
    """Shared parameters and steps of spin-pumping and esr."""

    NEEDS: ClassVar[tuple[str, ...]] = (
        *LIGHT_ROLES,
        *ANALYSER_ROLES,
        "resonant_laser",
        "camera",
        "time_tagger",
        "cryostat",
        "magnet",
    )

    line = ListParameter(
        "Line to pump, in sigma+",
        description="at 4 K flips out of it must go downhill",
        choices=["highest", "lowest"],
        default="highest",
    )
    replica_offset = FloatParameter(
        "Phonon energy of the detected replica", units="meV", default=26.0, minimum=5.0, maximum=100.0
    )
    exit_slit = FloatParameter("Exit slit", units="um", default=3000.0, minimum=10.0, maximum=3000.0)
    reset_time = FloatParameter("Reset", units="ns", default=1200.0, minimum=0.0, maximum=1e6)
    pump_time = FloatParameter("Pump", units="ns", default=1000.0, minimum=50.0, maximum=1e6)
    probe_time = FloatParameter("Probe", units="ns", default=200.0, minimum=20.0, maximum=1e6)
    reset_level = FloatParameter("Modulator level of the reset", units="V", default=5.0, minimum=0.5, maximum=5.0)
    pump_level = FloatParameter("Modulator level of pump and probe", units="V", default=5.0, minimum=0.5, maximum=5.0)
    pump_detuning = FloatParameter(
        "Detuning of the pump from the line", units="meV", default=0.0, minimum=-50.0, maximum=50.0
    )
    expected_spacing = FloatParameter(
        "Line spacing the sample should have, to refuse a hopeless laser early",
        units="meV",
        default=1.0,
        minimum=0.01,
        maximum=50.0,
    )
    spectrum_exposure = FloatParameter(
        "Exposure time of the spectrum", units="s", default=5.0, minimum=0.01, maximum=3600.0
    )
    scan_half_width = FloatParameter(
        "Half width of the scan for the resonance", units="meV", default=0.35, minimum=0.01, maximum=5.0
    )
    scan_points = IntegerParameter("Points of the scan", default=21, minimum=7, maximum=201)
    scan_time = FloatParameter("Counting time per scan point", units="s", default=1.0, minimum=0.01, maximum=600.0)

    def check(self, bench: Bench, sample: Mapping[str, object]) -> None:
        """Refuse a laser whose spectrum is wider than the lines are apart, before anything moves."""
        emission_nm = emission_wavelength_nm(sample, self.emission_wavelength)
        laser = bench.role("resonant_laser")
        name = bench.instrument_name("resonant_laser")
        width = width_mev(emission_nm, laser.spectral_width_nm())
        refuse_unless_selective(overlap(width, NARROWEST_LINE_MEV, (self.expected_spacing,)), name)
        if not isinstance(laser, FineTunableLaser):
            raise RefusedError(
                f"{name} cannot be shifted by picometres onto a line: bind the role resonant_laser to a source that "
                "can (for example the C-WAVE)"
            )
        refuse_excitation(bench, self.excitation_wavelength, emission_nm)
        refuse_out_of_range(bench, "resonant_laser", emission_nm, "the emission of the dot")
        refuse_fast_trigger(SPECTRUM_DIVIDER, bench.role("pulse_source").repetition_rate_hz())

    def find_line(self, field_t: float) -> ChosenLine:
        """Take the sigma-plus spectrum, count the lines, choose the one to pump, check the laser against it."""
        centre_nm = emission_wavelength_nm(self.sample, self.emission_wavelength)
        axis_nm = point_at_camera(self, centre_nm, SPECTRUM_GRATING)
        self.analyser_half_wave.rotate_to(0.0)
        self.excitation_quarter_wave.rotate_to(SIGMA_PLUS_DEG)
        tune_readout(self, self.excitation_wavelength)
        pulse_train(self, SPECTRUM_DIVIDER, self.reset_level)
        self.beam_shutter.open()
        table = spectrum_table(self, "spectra", "Sigma-plus spectrum before pumping", axis_nm)
        self.checkpoint(0.02, "taking the spectrum")
        counts, errors = expose_spectrum(
            self, table, analyser_deg=SIGMA_PLUS_DEG, field_t=field_t, exposure_s=self.spectrum_exposure
        )
        self.beam_shutter.close()
        return self._choose(_lines_of(axis_nm, counts, errors, self.replica_offset))

    def _choose(self, lines: LineFit) -> ChosenLine:
        energies = np.sort(lines.energy_mev)
        if energies.size == 0:
            raise RefusedError(
                "the spectrum shows no line at all: check emission_wavelength, alignment and that the dot is not dark"
            )
        index = energies.size - 1 if self.line == "highest" else 0
        laser = self.resonant_laser
        chosen_nm = wavelength_nm(float(energies[index]))
        selectivity = overlap(
            width_mev(chosen_nm, laser.spectral_width_nm()),
            lines.fwhm_mev,
            [float(e - energies[index]) for k, e in enumerate(energies) if k != index],
        )
        self.recorder.note("overlap", selectivity.describe())
        self.recorder.note(
            "lines",
            {"energies_mev": [float(e) for e in energies], "pumped": index, "fwhm_mev": lines.fwhm_mev},
        )
        refuse_unless_selective(selectivity, self.bench.instrument_name("resonant_laser"))
        return ChosenLine(
            energy_mev=float(energies[index]),
            centre_mev=float(np.mean(energies)),
            fwhm_mev=lines.fwhm_mev,
            selectivity=selectivity,
        )

    def bring_into_resonance(self, line: ChosenLine, sequence: PulseSequence) -> None:
        """Park on the phonon replica, start the sequence, scan the narrow laser over the line, stop at its top.

        Ends with the laser at the fitted maximum plus ``pump_detuning`` and the shutter open.
        """
        replica_nm = wavelength_nm(line.centre_mev - self.replica_offset)
        point_at_counters(self, replica_nm, REPLICA_GRATING, self.exit_slit)
        point_analyser(self, SIGMA_PLUS_DEG)
        self.excitation_quarter_wave.rotate_to(SIGMA_PLUS_DEG)
        tune_readout(self, self.excitation_wavelength)
        tune_resonant(self, wavelength_nm(line.energy_mev))
        program(
            self.gates,
            dict(self.bench.wiring.gates),
            sequence,
            reset_level_v=self.reset_level,
            pump_level_v=self.pump_level,
        )
        self.beam_shutter.open()
        refuse_blinding_light(self)
        self._scan(line, sequence)
        self.shift_pump(line, self.pump_detuning)

    def shift_pump(self, line: ChosenLine, detuning_mev: float) -> None:
        """Shift the narrow laser by ``detuning_mev`` in photon energy, relative to where it is."""
        if detuning_mev:
            self._narrow_laser().shift(-nm_of_mev(line.energy_mev, detuning_mev))

    def _narrow_laser(self) -> FineTunableLaser:
        return self._role("resonant_laser", FineTunableLaser)  # type: ignore[type-abstract]

    def _scan(self, line: ChosenLine, sequence: PulseSequence) -> None:
        """Scan over the line, fit a Lorentzian, leave the laser at its centre."""
        table = self.recorder.table(
            "scan",
            title="Replica fluorescence while the narrow laser crosses the line",
            signal="counts",
            axes=("shift",),
            columns=(
                Column("shift", "nm", "Shift of the narrow laser (nm)"),
                Column("counts", "counts", "Counts in the pump window"),
                Column("monitor", "counts", "Counts in the reset window: follows the dot's brightness"),
            ),
        )
        laser = self._narrow_laser()
        # Never as far as the next line: its resonance would pass for the chosen one.
        half_mev = min(self.scan_half_width, 0.45 * line.selectivity.nearest_line_mev)
        half_nm = nm_of_mev(line.energy_mev, half_mev)
        reached_nm, shifts, counts, monitor = 0.0, [], [], []
        for k, target_nm in enumerate(np.linspace(-half_nm, half_nm, self.scan_points)):
            self.checkpoint(0.05 + 0.1 * k / self.scan_points, "scanning the narrow laser over the line")
            reached_nm = laser.shift(float(target_nm) - reached_nm)
            histogram = self.record_cycle_histogram(sequence, self.scan_time)
            shifts.append(reached_nm)
            counts.append(window_counts(histogram, sequence.pump_start_ns, sequence.pump_width_ns))
            monitor.append(brightness_monitor(histogram, sequence))
            table.append(shift=shifts[-1], counts=counts[-1], monitor=monitor[-1])
        centre_nm = lorentzian_centre(np.array(shifts), np.array(counts), np.array(monitor))
        self.recorder.note("resonance", {"shift_nm": centre_nm})
        laser.shift(centre_nm - reached_nm)

    def record_cycle_histogram(self, sequence: PulseSequence, duration_s: float) -> FloatArray:
        """Photons of both detectors against time in the cycle, shape (n_bins,)."""
        tagger = self.bench.wiring.tagger
        counts = self.time_tagger.record_histogram(
            tagger.trigger, tagger.detectors, HISTOGRAM_BIN_PS, histogram_bins(sequence), duration_s
        )
        return np.asarray(counts.sum(axis=0), dtype=np.float64)

    def close_gates(self) -> None:
        """All gates shut."""
        shut_gates(self, "pump", "probe", "readout", "microwave")


def histogram_bins(sequence: PulseSequence) -> int:
    """Number of histogram bins that cover one cycle."""
    return int(np.floor(sequence.period_ns * 1000 / HISTOGRAM_BIN_PS))


def histogram_times_ns(sequence: PulseSequence) -> FloatArray:
    """Left edges of the histogram bins, ns after the trigger."""
    return np.arange(histogram_bins(sequence), dtype=np.float64) * (HISTOGRAM_BIN_PS / 1000.0)


def nm_of_mev(at_energy_mev: float, delta_mev: float) -> float:
    """Size in nm of a small step in photon energy (its sign is kept: blue is still positive here)."""
    return wavelength_nm(at_energy_mev) * delta_mev / at_energy_mev


def window_counts(histogram: FloatArray, start_ns: float, width_ns: float) -> float:
    """Counts in a window of the cycle histogram."""
    bin_ns = HISTOGRAM_BIN_PS / 1000.0
    return float(histogram[round(start_ns / bin_ns) : round((start_ns + width_ns) / bin_ns)].sum())


def brightness_monitor(histogram: FloatArray, sequence: PulseSequence) -> float:
    """Counts while the reset light is on: proportional to how long the blinking dot was bright; 0 without reset."""
    return window_counts(histogram, sequence.reset_start_ns, sequence.reset_width_ns)


def _lines_of(axis_nm: FloatArray, counts: FloatArray, errors: FloatArray, lo_mev: float) -> LineFit:
    order = np.argsort(energy_mev(1.0) / axis_nm)
    energies = (energy_mev(1.0) / axis_nm)[order]
    keep = zero_phonon_window(energies, counts[order], lo_mev)
    return fit_lines(energies[keep], counts[order][keep], errors[order][keep] ** 2)
