"""Coherent/APE Chameleon OPO-VIS: visible pulses, the second harmonic of the parametric oscillator's signal."""

import math

import numpy as np

from sims.bench.chameleon import ModeLock
from sims.bench.clock import VirtualClock
from sims.bench.lasers import LaserOutput
from sims.bench.motion import at_rest, begin
from sims.bench.oscillators import Oscillator

_TUNING_SPEED_NM_PER_S = 20.0
_OPTIMISING_S = 3.0
_SIGNAL_EFFICIENCY = 0.22
_SECOND_HARMONIC_EFFICIENCY = 0.30
_VISIBLE_FWHM_NM = 2.5
_LARGEST_DIAL_ERROR_NM = 0.02


class OpoVis:
    """Signal 1000-1500 nm, visible 500-750 nm. Pumped by the Chameleon when that emits into an open pump shutter.

    The emitted visible wavelength misses the dialled one by a fixed error of at most 0.02 nm, drawn at
    construction. All shutters are closed at construction except the pump's input.
    """

    signal_minimum_nm = 1000.0
    signal_maximum_nm = 1500.0
    pump_minimum_nm = 740.0
    pump_maximum_nm = 880.0

    def __init__(self, chameleon: Oscillator, clock: VirtualClock, rng: np.random.Generator) -> None:
        self._chameleon = chameleon
        self._clock = clock
        self._travel = at_rest(1120.0)
        self._dial_error_nm = float(rng.uniform(-_LARGEST_DIAL_ERROR_NM, _LARGEST_DIAL_ERROR_NM))
        self._refused = False
        self.pump_in_open = True
        self.pump_out_open = False
        self.opo_out_open = False
        self.second_harmonic_mirror_in = True
        self.pump_bypass = False

    @property
    def signal_wavelength_nm(self) -> float:
        """Signal wavelength where the cavity stands now."""
        return self._travel.at(self._clock.now_s())

    def set_signal_wavelength(self, signal_nm: float) -> None:
        """Begin tuning the signal, 1000-1500 nm; beyond, nothing moves and the status says so."""
        self._refused = not self.signal_minimum_nm <= signal_nm <= self.signal_maximum_nm
        if not self._refused:
            here_nm = self.signal_wavelength_nm
            self._travel = begin(here_nm, signal_nm, self._clock.now_s(), _TUNING_SPEED_NM_PER_S)

    def pump_wavelength_nm(self) -> float | None:
        """Wavelength of the pump light that comes in, None when none does."""
        beam = self._chameleon.output() if self.pump_in_open and not self.pump_bypass else None
        return None if beam is None else beam.wavelength_nm

    def status(self) -> str:
        """The device's own words: OK, no pump, wait for pump, out of range, tuning (nnnn nm), optimizing."""
        if self._pump_is_settling():
            return "wait for pump"
        pump_nm = self.pump_wavelength_nm()
        if pump_nm is None:
            return "no pump"
        if self._refused or not self.pump_minimum_nm <= pump_nm <= self.pump_maximum_nm:
            return "out of range"
        now_s = self._clock.now_s()
        if not self._travel.is_done(now_s):
            return f"tuning ({self.signal_wavelength_nm:.0f} nm)"
        if self._travel.duration_s > 0.0 and now_s < self._travel.end_s + _OPTIMISING_S:
            return "optimizing"
        return "OK"

    def _pump_is_settling(self) -> bool:
        arrives = self._chameleon.shutter_open and self.pump_in_open and not self.pump_bypass
        return arrives and self._chameleon.laser_on and self._chameleon.mode_lock() is not ModeLock.LOCKED

    def signal_power_w(self) -> float:
        """Power of the signal inside the box; 0 unless pumped and tuned."""
        beam = self._chameleon.output()
        if beam is None or self.status() not in ("OK", "optimizing"):
            return 0.0
        return _SIGNAL_EFFICIENCY * beam.average_power_w

    def visible_power_w(self) -> float:
        """Power of the second harmonic inside the box."""
        return _SECOND_HARMONIC_EFFICIENCY * self.signal_power_w() if self.second_harmonic_mirror_in else 0.0

    def visible_fwhm_nm(self) -> float:
        """FWHM of the visible light: femtosecond pulses, several nanometres wide at every wavelength."""
        return _VISIBLE_FWHM_NM

    def signal_fwhm_nm(self) -> float:
        """FWHM of the signal; the second harmonic of a Gaussian is √2 wider in frequency, so √2/4 in wavelength."""
        return self.visible_fwhm_nm() * 4.0 / math.sqrt(2.0)

    def output(self) -> LaserOutput | None:
        """The visible beam; None when its shutter is closed, it is tuning, or nothing pumps it."""
        if not self.opo_out_open or not self.second_harmonic_mirror_in or self.status() != "OK":
            return None
        emitted_nm = self.signal_wavelength_nm / 2.0 + self._dial_error_nm
        rate_hz = self._chameleon.repetition_rate_hz
        return LaserOutput(emitted_nm, self.visible_fwhm_nm(), self.visible_power_w(), rate_hz)
