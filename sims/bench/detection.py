"""From emission lines and scattered laser light to detection probabilities: analyser, spectrograph, detector."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from sims.bench import optics, spectrometer
from sims.bench.config import SpadTruth, TableConfig
from sims.bench.illumination import HC_MEV_NM, JOULE_PER_MEV, excitation_stokes, plate
from sims.bench.lasers import LaserOutput
from sims.bench.pem200 import mean_mueller
from sims.bench.state import BenchState
from sims.dot.stimulus import Cycle

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Lines:
    """Spectral lines: energies and full widths in meV, shape (n,), Stokes vectors of shape (n, 4)."""

    energy_mev: FloatArray
    fwhm_mev: FloatArray
    stokes: FloatArray

    @property
    def wavelength_nm(self) -> FloatArray:
        """Vacuum wavelengths, shape (n,)."""
        return np.asarray(HC_MEV_NM / self.energy_mev)

    @property
    def fwhm_nm(self) -> FloatArray:
        """Full widths at half maximum in wavelength, shape (n,)."""
        return np.asarray(self.wavelength_nm * self.fwhm_mev / self.energy_mev)


@dataclass(frozen=True)
class Scatter:
    """One laser's light in the collected beam, photons: constant rates and bursts within the cycle."""

    lines: Lines  # of one line
    rate_hz: tuple[tuple[float, float, float], ...]  # (start_ns, stop_ns, photons a second)
    bursts: tuple[tuple[float, float], ...]  # (time_ns, mean photons)

    def photons_per_cycle(self) -> float:
        """Mean number in one cycle."""
        constant = sum((stop - start) * 1e-9 * rate for start, stop, rate in self.rate_hz)
        return constant + sum(mean for _, mean in self.bursts)


def scatter(state: BenchState, cycle: Cycle, config: TableConfig) -> list[Scatter]:
    """The laser light that comes back from the sample into the collected beam; [] in the dark."""
    found: list[Scatter] = []
    share = config.collection.laser_scatter
    if state.cwave is not None and any(segment.lights for segment in cycle.segments):
        lines = _laser_line(state, config, state.cwave)
        edges = np.concatenate([[0.0], np.cumsum([segment.duration_ns for segment in cycle.segments])])
        photon_j = float(lines.energy_mev[0]) * JOULE_PER_MEV
        rates = tuple(
            (float(edges[i]), float(edges[i + 1]), share * sum(light.power_w for light in segment.lights) / photon_j)
            for i, segment in enumerate(cycle.segments)
        )
        found.append(Scatter(lines, rates, ()))
    if state.opo is not None and cycle.pulses:
        lines = _laser_line(state, config, state.opo)
        photon_j = float(lines.energy_mev[0]) * JOULE_PER_MEV
        bursts = tuple((pulse.time_ns, share * pulse.energy_j / photon_j) for pulse in cycle.pulses)
        found.append(Scatter(lines, (), bursts))
    return found


def _laser_line(state: BenchState, config: TableConfig, laser: LaserOutput) -> Lines:
    energy_mev = HC_MEV_NM / laser.wavelength_nm
    stokes = np.array([1.0, *excitation_stokes(state, config, laser.wavelength_nm)])
    fwhm_mev = energy_mev * laser.fwhm_nm / laser.wavelength_nm
    return Lines(np.array([energy_mev]), np.array([fwhm_mev]), stokes[None, :])


def analyser_transmission(state: BenchState, config: TableConfig, lines: Lines) -> FloatArray:
    """Share of each line's light that passes the analyser, shape (n,)."""
    path = config.collection
    linear = optics.polariser(0.0, path.polariser_extinction)
    shares = np.empty(len(lines.energy_mev))
    for i, (wavelength_nm, stokes) in enumerate(zip(lines.wavelength_nm, lines.stokes, strict=True)):
        quarter = plate(state.analyser_quarter_deg, path.quarter_wave, float(wavelength_nm), -1)
        half = plate(state.analyser_half_deg, path.half_wave, float(wavelength_nm), -1)
        train = half @ quarter
        if state.modulator_nm > 0.0:
            train = mean_mueller(state.modulator_nm, float(wavelength_nm)) @ train
        shares[i] = optics.transmission(linear @ train, stokes)
    return shares


def before_spectrograph(state: BenchState, config: TableConfig, lines: Lines) -> FloatArray:
    """Probability that an emitted photon of each line enters the spectrograph and meets no absorber, shape (n,)."""
    return config.collection.efficiency * state.coupling * scattered_before_spectrograph(state, config, lines)


def scattered_before_spectrograph(state: BenchState, config: TableConfig, lines: Lines) -> FloatArray:
    """The same for light that already is in the collected beam, shape (n,)."""
    return config.spectrograph.throughput * analyser_transmission(state, config, lines)


def slit_share(state: BenchState, config: TableConfig, lines: Lines, *, laser: bool) -> FloatArray:
    """Share of each line's light that passes the side exit slit, shape (n,).

    Lasers are taken as Gaussian lines on a floor of stray light; emission lines are Lorentzian.
    """
    if state.exit != "side":
        return np.zeros(len(lines.energy_mev))
    if is_zero_order(state):
        return np.ones(len(lines.energy_mev))
    truth = config.spectrograph
    half_mm = state.side_slit_um / 2000
    positions = np.array([-half_mm, half_mm])
    low, high = spectrometer.wavelengths_nm(positions, true_centre_nm(state, config), state.grooves_per_mm)
    if not laser:
        return spectrometer.window_share(low, high, lines.wavelength_nm, lines.fwhm_nm, truth.resolution_nm)
    sigma = np.hypot(lines.fwhm_nm, truth.resolution_nm) / spectrometer.FWHM_PER_SIGMA
    inside = ndtr((high - lines.wavelength_nm) / sigma) - ndtr((low - lines.wavelength_nm) / sigma)
    return np.asarray(inside + truth.stray_light * (1 - inside))


def is_zero_order(state: BenchState) -> bool:
    """True when the grating is a mirror and passes every wavelength."""
    return abs(state.centre_nm) < 0.5


def true_centre_nm(state: BenchState, config: TableConfig) -> float:
    """Wavelength that really falls on the middle of the focal plane."""
    return 0.0 if is_zero_order(state) else state.centre_nm + config.spectrograph.centre_offset_nm


def camera_edges_nm(state: BenchState, config: TableConfig) -> FloatArray:
    """True wavelengths at the borders of the camera's pixels, shape (n_pixels + 1,)."""
    camera = config.camera
    return spectrometer.pixel_edges_nm(
        camera.n_pixels, camera.pixel_um, true_centre_nm(state, config), state.grooves_per_mm
    )


def camera_share(state: BenchState, config: TableConfig, lines: Lines, *, laser: bool) -> FloatArray:
    """Share of each line's light on each camera pixel, shape (n_lines, n_pixels)."""
    n_pixels = config.camera.n_pixels
    shares = np.zeros((len(lines.energy_mev), n_pixels))
    if state.exit != "front":
        return shares
    edges = camera_edges_nm(state, config)
    truth = config.spectrograph
    zero_order = is_zero_order(state)
    for i, (wavelength_nm, fwhm_nm) in enumerate(zip(lines.wavelength_nm, lines.fwhm_nm, strict=True)):
        if zero_order:  # a white image of the entrance slit
            shares[i] = spectrometer.line_on_pixels(edges, 0.0, 0.0, truth.resolution_nm)
        elif laser:
            width_nm = float(np.hypot(fwhm_nm, truth.resolution_nm))
            shares[i] = spectrometer.line_on_pixels(edges, wavelength_nm, 0.0, width_nm) + truth.stray_light / n_pixels
        else:
            shares[i] = spectrometer.line_on_pixels(edges, wavelength_nm, fwhm_nm, truth.resolution_nm)
    return shares


def spad_share(index: int, spad: SpadTruth, config: TableConfig) -> float:
    """Probability that a photon behind the side slit reaches and fires detector ``index`` (0 or 1)."""
    ratio = config.cables.beam_splitter_ratio
    return spad.efficiency * (ratio if index == 0 else 1 - ratio)
