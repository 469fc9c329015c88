"""Coherent Chameleon Ultra: a mode-locked Ti:sapphire oscillator, the pulse clock and the pump of the bench."""

import math
from enum import IntEnum

from sims.bench.clock import VirtualClock
from sims.bench.lasers import LaserOutput
from sims.bench.motion import at_rest, begin

_TUNING_SPEED_NM_PER_S = 40.0
_MODE_LOCK_SEARCH_S = 2.0
_RECOVERY_S = 20.0
_PEAK_POWER_W = 3.2
_PEAK_WAVELENGTH_NM = 800.0
_GAIN_WIDTH_NM = 180.0
_PULSE_DURATION_S = 140e-15
_SPEED_OF_LIGHT_NM_PER_S = 2.99792458e17
_SECH2_TIME_BANDWIDTH = 0.315


class TuningStatus(IntEnum):
    """What the laser is busy with (the numbers its query gives)."""

    READY = 0
    TUNING = 1
    MODE_LOCK_SEARCH = 2
    RECOVERY = 3


class ModeLock(IntEnum):
    """State of the pulses (the numbers its query gives)."""

    OFF = 0
    LOCKED = 1
    CW = 2


class Chameleon:
    """Warm and mode-locked at construction, with its shutter closed.

    A wavelength beyond the range is clamped without a word, as the real laser does.
    """

    minimum_nm = 680
    maximum_nm = 1080
    nominal_repetition_rate_hz = 80e6
    serial_number = "GDP.1176459.7712"

    def __init__(self, clock: VirtualClock, wavelength_nm: int = 820) -> None:
        self._clock = clock
        self._travel = at_rest(float(wavelength_nm))
        self._wavelength_nm = wavelength_nm
        self._laser_on = True
        self._lasing_from_s = -1e9
        self._shutter_open = False
        self._faults: tuple[int, ...] = ()
        self._key_on = True
        self.heartbeat_on = False
        self.heartbeat_period_s = 10
        self._last_contact_s = clock.now_s()
        self._mode_lock_lost = False
        self._stuck = False

    def lose_mode_lock(self) -> None:
        """Fall back to continuous light, as after a knock; it does not come back by itself."""
        self._mode_lock_lost = True

    def stick(self) -> None:
        """Stay in "tuning" for ever."""
        self._stuck = True

    def contact(self) -> None:
        """Any traffic on its wire: resets the heartbeat (which first fires if the silence was too long)."""
        self._watch()
        self._last_contact_s = self._clock.now_s()

    def _watch(self) -> None:
        silence_s = self._clock.now_s() - self._last_contact_s
        if self.heartbeat_on and silence_s > self.heartbeat_period_s:
            self._laser_on = False

    @property
    def wavelength_nm(self) -> int:
        """Wavelength it is set to."""
        return self._wavelength_nm

    def set_wavelength(self, wavelength_nm: int) -> None:
        """Begin tuning; beyond 680-1080 nm the nearest limit is taken silently."""
        self._wavelength_nm = min(max(wavelength_nm, self.minimum_nm), self.maximum_nm)
        now_s = self._clock.now_s()
        here_nm = self._travel.at(now_s)
        self._travel = begin(here_nm, float(self._wavelength_nm), now_s, _TUNING_SPEED_NM_PER_S)

    @property
    def laser_on(self) -> bool:
        """Lasing, or on the way to it; False in standby."""
        self._watch()
        return self._laser_on

    def set_laser(self, on: bool) -> None:
        """Switch on (clears faults whose cause is gone, takes a recovery time) or to standby.

        Refused silently with the key off, as on the device.
        """
        was_on = self.laser_on
        self._laser_on = on and self._key_on and not self._faults
        if self._laser_on and not was_on:
            self._lasing_from_s = self._clock.now_s() + _RECOVERY_S

    @property
    def key_on(self) -> bool:
        """Position of the key switch."""
        return self._key_on

    def turn_key(self, on: bool) -> None:
        """Turn the key by hand; off stops the laser."""
        self._key_on = on
        if not on:
            self._laser_on = False

    @property
    def faults(self) -> tuple[int, ...]:
        """Codes of active faults (1 head interlock, 2 external interlock, 3 power supply interlock)."""
        return self._faults

    def set_faults(self, *codes: int) -> None:
        """Make faults active (an interlock opens) or, without a code, remove them. A fault stops the laser."""
        self._faults = tuple(codes)
        if codes:
            self._laser_on = False
            self._shutter_open = False

    @property
    def shutter_open(self) -> bool:
        """Position of its shutter."""
        return self._shutter_open

    def set_shutter(self, is_open: bool) -> None:
        """Move the shutter; it stays closed while a fault is active."""
        self._shutter_open = is_open and not self._faults

    def status(self) -> TuningStatus:
        """What it is busy with."""
        now_s = self._clock.now_s()
        if self.laser_on and now_s < self._lasing_from_s:
            return TuningStatus.RECOVERY
        if self._stuck or not self._travel.is_done(now_s):
            return TuningStatus.TUNING
        if self.laser_on and now_s < self._travel.end_s + self._search_time_s():
            return TuningStatus.MODE_LOCK_SEARCH
        return TuningStatus.READY

    def _search_time_s(self) -> float:
        return _MODE_LOCK_SEARCH_S if self._travel.duration_s > 0.0 else 0.0

    def mode_lock(self) -> ModeLock:
        """Pulses, continuous light (while tuning or searching) or nothing."""
        status = self.status()
        if not self.laser_on or status is TuningStatus.RECOVERY:
            return ModeLock.OFF
        locked = status is TuningStatus.READY and not self._mode_lock_lost
        return ModeLock.LOCKED if locked else ModeLock.CW

    @property
    def repetition_rate_hz(self) -> float:
        """80 MHz while mode-locked (also on the sync output), otherwise 0."""
        return self.nominal_repetition_rate_hz if self.mode_lock() is ModeLock.LOCKED else 0.0

    def power_w(self) -> float:
        """Average power inside its shutter at the present wavelength."""
        if self.mode_lock() is ModeLock.OFF:
            return 0.0
        detuning = (self._travel.at(self._clock.now_s()) - _PEAK_WAVELENGTH_NM) / _GAIN_WIDTH_NM
        return _PEAK_POWER_W * math.exp(-(detuning**2))

    def output(self) -> LaserOutput | None:
        """The beam behind the shutter: pulses of 140 fs (sech², transform limited); None when there are none."""
        if not self._shutter_open or self.mode_lock() is not ModeLock.LOCKED:
            return None
        wavelength_nm = float(self._wavelength_nm)
        bandwidth_hz = _SECH2_TIME_BANDWIDTH / _PULSE_DURATION_S
        fwhm_nm = wavelength_nm**2 * bandwidth_hz / _SPEED_OF_LIGHT_NM_PER_S
        return LaserOutput(wavelength_nm, fwhm_nm, self.power_w(), self.nominal_repetition_rate_hz)
