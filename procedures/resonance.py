"""The common beginning of the spin experiments: find the lines, choose one, bring the narrow laser onto it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analysis.lines import LineFit, fit_lines
from analysis.window import zero_phonon_window
from instruments.bench import Bench
from instruments.roles import FineTunableLaser, FloatArray
from procedures.addressing import Overlap, overlap, refuse_unless_selective
from procedures.continuing import refuse_moved_line, refuse_other_sequence
from procedures.controls import HELICITY_SWAPPED
from procedures.dark import record_dark
from procedures.errors import RefusedError
from procedures.experiment import LONGEST_WITHOUT_CHECKPOINT_S
from procedures.light import (
    SIGMA_MINUS_DEG,
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
from procedures.sequence import PulseSequence, program, refuse_long_cycle
from procedures.spectra import expose_spectrum, spectrum_table
from procedures.spin_parameters import SpinParameters
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


class SpinExperiment(SpinParameters):
    """Shared steps of spin-pumping and esr."""

    def check(self, bench: Bench, sample: Mapping[str, object]) -> None:
        """Refuse a laser whose spectrum is wider than the lines are apart, before anything moves."""
        super().check(bench, sample)
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
        laser_rate_hz = bench.role("pulse_source").repetition_rate_hz()
        refuse_fast_trigger(SPECTRUM_DIVIDER, laser_rate_hz)
        refuse_long_cycle(bench, self.sequence(laser_rate_hz), HISTOGRAM_BIN_PS, self.cycle_parameters_ns())

    @property
    def helicity_deg(self) -> float:
        """Angle of excitation and analyser quarter-wave plates: sigma-plus, or sigma-minus in the swapped control."""
        return SIGMA_MINUS_DEG if self.control == HELICITY_SWAPPED else SIGMA_PLUS_DEG

    def sequence(self, laser_rate_hz: float) -> PulseSequence:
        """The pulse sequence that the parameters ask for; RefusedError where its pulses do not fit."""
        raise NotImplementedError

    def cycle_parameters_ns(self) -> dict[str, float]:
        """The parameters that make the sequence longer, ns."""
        return {"reset_time": self.reset_time, "pump_time": self.pump_time, "probe_time": self.probe_time}

    def measuring_time_s(self) -> float:
        """Counting time of the measurement proper, s."""
        raise NotImplementedError

    def comparable_counts(self, histogram: FloatArray, sequence: PulseSequence) -> float:
        """Those counts of a cycle histogram that the run keeps of it: here all."""
        return float(histogram.sum())

    def find_line(self, field_t: float) -> ChosenLine:
        """Take the circular spectrum, count the lines, choose the one to pump, check the laser against it.

        Behind a blocked shutter the spectrum is dark, and the line is where the sample sheet has it.
        """
        centre_nm = emission_wavelength_nm(self.sample, self.emission_wavelength)
        self.checkpoint(0.0, "pointing the spectrograph at the lines")
        axis_nm = point_at_camera(self, centre_nm, SPECTRUM_GRATING)
        self.analyser_half_wave.rotate_to(0.0)
        self.excitation_quarter_wave.rotate_to(self.helicity_deg)
        self.checkpoint(0.01, "tuning the read-out laser")
        tune_readout(self, self.excitation_wavelength)
        pulse_train(self, SPECTRUM_DIVIDER, self.reset_level)
        table = spectrum_table(self, "spectra", "Circularly polarised spectrum before pumping", axis_nm)
        self.checkpoint(0.02, "taking the spectrum")
        self.beam_shutter.open()
        counts, errors = expose_spectrum(
            self, table, analyser_deg=self.helicity_deg, field_t=field_t, exposure_s=self.spectrum_exposure
        )
        self.beam_shutter.close()
        if self.light_blocked:
            return self._expected_line(energy_mev(centre_nm))
        line = self._choose(_lines_of(axis_nm, counts, errors, self.replica_offset))
        if self.continues is not None:
            refuse_moved_line(self.continues, line.energy_mev, line.fwhm_mev)
        return line

    def _expected_line(self, sheet_mev: float) -> ChosenLine:
        """The line where no light shows it: the sample sheet's energy, the spacing that was expected."""
        self.recorder.note(
            "line_from_sheet",
            {"energy_mev": sheet_mev, "why": "laser blocked: no line can be seen, the sample sheet's energy is used"},
        )
        laser_mev = width_mev(wavelength_nm(sheet_mev), self.resonant_laser.spectral_width_nm())
        selectivity = overlap(laser_mev, NARROWEST_LINE_MEV, (self.expected_spacing,))
        return ChosenLine(sheet_mev, sheet_mev, NARROWEST_LINE_MEV, selectivity)

    def note_sequence(self, sequence: PulseSequence) -> None:
        """Note the gate times; RefusedError when the run that is continued had others."""
        if self.continues is not None:
            refuse_other_sequence(self.continues, sequence.describe())
        self.recorder.note("sequence", sequence.describe())

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
        self.checkpoint(0.025, "pointing the spectrograph at the phonon replica")
        replica_nm = wavelength_nm(line.centre_mev - self.replica_offset)
        point_at_counters(self, replica_nm, REPLICA_GRATING, self.exit_slit)
        point_analyser(self, self.helicity_deg)
        self.excitation_quarter_wave.rotate_to(self.helicity_deg)
        self.checkpoint(0.03, "tuning the lasers")
        tune_readout(self, self.excitation_wavelength)
        self.checkpoint(0.04, "tuning the narrow laser to the line")
        tune_resonant(self, wavelength_nm(line.energy_mev))
        program(
            self.gates,
            dict(self.bench.wiring.gates),
            sequence,
            reset_level_v=self.reset_level,
            pump_level_v=self.pump_level,
        )
        if self.light_blocked:
            record_dark(self, self.measuring_time_s(), lambda seconds: self._dark_counts(sequence, seconds))
        self.checkpoint(0.05, "letting light to the sample")
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
        centre_nm = 0.0
        if not self.light_blocked:
            centre_nm = lorentzian_centre(np.array(shifts), np.array(counts), np.array(monitor))
        self.recorder.note("resonance", {"shift_nm": centre_nm})
        laser.shift(centre_nm - reached_nm)

    def _dark_counts(self, sequence: PulseSequence, duration_s: float) -> tuple[float, float]:
        counts = self.comparable_counts(self.record_cycle_histogram(sequence, duration_s), sequence)
        return counts, math.sqrt(counts + 1.0)

    def record_cycle_histogram(self, sequence: PulseSequence, duration_s: float) -> FloatArray:
        """Photons of both detectors against time in the cycle, shape (n_bins,). Long records have checkpoints."""
        tagger = self.bench.wiring.tagger
        n_bins = histogram_bins(sequence)
        parts = max(1, math.ceil(duration_s / LONGEST_WITHOUT_CHECKPOINT_S - 1e-9))
        total = np.zeros(n_bins)
        for part in range(parts):
            if part:
                self.checkpoint_again()
            counts = self.time_tagger.record_histogram(
                tagger.trigger, tagger.detectors, HISTOGRAM_BIN_PS, n_bins, duration_s / parts
            )
            total += counts.sum(axis=0)
        return total

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
