"""Spectra-Physics Mai Tai: a mode-locked Ti:sapphire oscillator behind a stale shutter read-back.

Source: Mai Tai user's manual, RS-232 commands (ON below 100 % warm-up is an execution error; the shutter query is
about a second late; OFF leaves the shutter open; the watchdog turns the pump off).
"""

import math
from collections import deque

from sims.bench.chameleon import ModeLock
from sims.bench.clock import VirtualClock
from sims.bench.lasers import LaserOutput
from sims.bench.motion import at_rest, begin

SHUTTER_READ_BACK_S = 1.0
_TUNING_SPEED_NM_PER_S = 20.0
_MODE_LOCK_SEARCH_S = 3.0
_WARM_UP_S = 120.0
_START_S = 20.0
_PEAK_POWER_W = 2.4
_PEAK_WAVELENGTH_NM = 800.0
_GAIN_WIDTH_NM = 150.0
_PULSE_DURATION_S = 100e-15
_SPEED_OF_LIGHT_NM_PER_S = 2.99792458e17
_SECH2_TIME_BANDWIDTH = 0.315
_MOST_ERRORS = 16


class NotExecutableError(ValueError):
    """The command was understood but cannot be carried out now (the status byte's EXE_ERR)."""


class MaiTai:
    """Warm and mode-locked at construction, with its shutter closed. Plays ``oscillators.Oscillator``."""

    minimum_nm = 690
    maximum_nm = 1020
    nominal_repetition_rate_hz = 80e6
    identity = "Spectra-Physics,MaiTai,HP-1204,0453-8620A/5.10/J40-4420H"

    def __init__(self, clock: VirtualClock, wavelength_nm: int = 800) -> None:
        self._clock = clock
        self._wavelength_nm = wavelength_nm
        self._travel = at_rest(float(wavelength_nm))
        self._warm_from_s: float | None = -1e9
        self._laser_on = True
        self._lasing_from_s = -1e9
        self._shutter_open = False
        self._shutter_moved_s = -1e9
        self._interlock_open = False
        self._last_contact_s = clock.now_s()
        self.watchdog_s = 0
        self.errors: deque[tuple[int, str]] = deque(maxlen=_MOST_ERRORS)

    def contact(self) -> None:
        """A valid command or query: resets the watchdog (which first fires if the silence was too long)."""
        self._watch()
        self._last_contact_s = self._clock.now_s()

    def _watch(self) -> None:
        silent_s = self._clock.now_s() - self._last_contact_s
        if self.watchdog_s and silent_s > self.watchdog_s:
            self._laser_on = False

    # Pump

    def warm_up_percent(self) -> int:
        """0 cold, 100 when the pump may be switched on."""
        if self._warm_from_s is None:
            return 0
        percent = 100.0 * (self._clock.now_s() - self._warm_from_s) / _WARM_UP_S
        return max(1, min(100, int(percent)))

    def cool_down(self) -> None:
        """Mains off and on: cold, not lasing, shutter closed."""
        self._warm_from_s = None
        self._laser_on = False
        self._shutter_open = False

    def switch_on(self) -> None:
        """Begin to warm up (cold) or to lase (warm); NotExecutableError in between or with the interlock open."""
        percent = self.warm_up_percent()
        if self._interlock_open or 0 < percent < 100:
            raise NotExecutableError(f"ON at {percent} % warm-up")
        if percent == 0:
            self._warm_from_s = self._clock.now_s()
        elif not self.laser_on:
            self._laser_on = True
            self._lasing_from_s = self._clock.now_s() + _START_S

    def switch_off(self) -> None:
        """Pump diodes off; the shutter stays as it is."""
        self._laser_on = False

    @property
    def interlock_open(self) -> bool:
        """True while an interlock is open."""
        return self._interlock_open

    def set_interlock(self, is_open: bool) -> None:
        """Open (stops the pump) or close an interlock by hand."""
        self._interlock_open = is_open
        if is_open:
            self._laser_on = False

    @property
    def laser_on(self) -> bool:
        """Lasing, or on the way to it."""
        self._watch()
        return self._laser_on

    # Wavelength

    @property
    def commanded_nm(self) -> int:
        """Wavelength last commanded, whole nm."""
        return self._wavelength_nm

    @property
    def wavelength_nm(self) -> float:
        """Wavelength where the laser stands now."""
        return self._travel.at(self._clock.now_s())

    def set_wavelength(self, wavelength_nm: int) -> None:
        """Begin tuning; NotExecutableError outside the range."""
        if not self.minimum_nm <= wavelength_nm <= self.maximum_nm:
            raise NotExecutableError(f"wavelength {wavelength_nm} nm")
        here_nm = self.wavelength_nm
        self._wavelength_nm = wavelength_nm
        self._travel = begin(here_nm, float(wavelength_nm), self._clock.now_s(), _TUNING_SPEED_NM_PER_S)

    def is_tuning(self) -> bool:
        """True until the commanded wavelength is reached."""
        return not self._travel.is_done(self._clock.now_s())

    # Shutter

    @property
    def shutter_open(self) -> bool:
        """Where the shutter really is."""
        return self._shutter_open

    def shutter_read_back(self) -> bool:
        """What the query says: for a second after a move still the old position."""
        is_stale = self._clock.now_s() - self._shutter_moved_s < SHUTTER_READ_BACK_S
        return self._shutter_open != is_stale

    def set_shutter(self, is_open: bool) -> None:
        """Move the shutter."""
        if is_open != self._shutter_open:
            self._shutter_moved_s = self._clock.now_s()
        self._shutter_open = is_open

    # Light

    def mode_lock(self) -> ModeLock:
        """Pulses, continuous light (while tuning or searching) or nothing."""
        now_s = self._clock.now_s()
        if not self.laser_on or now_s < self._lasing_from_s:
            return ModeLock.OFF
        search_s = _MODE_LOCK_SEARCH_S if self._travel.duration_s > 0.0 else 0.0
        return ModeLock.LOCKED if now_s >= self._travel.end_s + search_s else ModeLock.CW

    @property
    def repetition_rate_hz(self) -> float:
        """80 MHz while mode-locked (also on the sync output), otherwise 0."""
        return self.nominal_repetition_rate_hz if self.mode_lock() is ModeLock.LOCKED else 0.0

    def power_w(self) -> float:
        """Average power inside its shutter at the present wavelength."""
        if self.mode_lock() is ModeLock.OFF:
            return 0.0
        return _PEAK_POWER_W * math.exp(-(((self.wavelength_nm - _PEAK_WAVELENGTH_NM) / _GAIN_WIDTH_NM) ** 2))

    def output(self) -> LaserOutput | None:
        """The beam behind the shutter: pulses of 100 fs (sech², transform limited); None when there are none."""
        if not self._shutter_open or self.mode_lock() is not ModeLock.LOCKED:
            return None
        wavelength_nm = float(self._wavelength_nm)
        bandwidth_hz = _SECH2_TIME_BANDWIDTH / _PULSE_DURATION_S
        fwhm_nm = wavelength_nm**2 * bandwidth_hz / _SPEED_OF_LIGHT_NM_PER_S
        return LaserOutput(wavelength_nm, fwhm_nm, self.power_w(), self.nominal_repetition_rate_hz)
