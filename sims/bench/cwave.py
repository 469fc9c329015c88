"""Hübner C-WAVE: a continuous parametric oscillator whose second harmonic addresses one line of the dot."""

from enum import IntEnum

import numpy as np

from sims.bench.clock import VirtualClock
from sims.bench.lasers import LaserOutput

_LARGEST_DIAL_ERROR_NM = 0.02
_VISIBLE_FWHM_NM = 1e-6  # below 1 MHz at 600 nm
_VISIBLE_POWER_W = 0.1
_SIGNAL_POWER_W = 0.4
_DIAL_S = 30.0
_DIAL_S_PER_NM = 0.2
_MOVE_S = 6.0
_ETALON_S = 1.5
_WARM_UP_S = 60.0
PIEZOS = ("opo", "shg", "eta", "ref")
SHUTTERS = ("las", "las_out", "opo_out", "shg", "shg_out")


class PiezoMode(IntEnum):
    """How a piezo is driven (the numbers on the wire)."""

    HOLD = 0
    SCAN = 1
    CONTROL = 2
    EXTERNAL_RAMP = 3
    MANUAL = 4


class StatusBit(IntEnum):
    """Bits of the status word; a bit that is 0 is well."""

    OPO_STEPPER = 0
    OPO_TEMPERATURE = 1
    SHG_STEPPER = 2
    SHG_TEMPERATURE = 3
    ETALON_COARSE = 4
    OPO_LOCK = 5
    SHG_LOCK = 6
    ETALON_LOCK = 7
    LASER_EMISSION = 8
    REFERENCE_TEMPERATURE = 9
    OPO_STABLE = 10


_DIAL_ORDER = {  # fraction of a dial's duration after which a bit is well
    StatusBit.OPO_STEPPER: 0.2,
    StatusBit.SHG_STEPPER: 0.2,
    StatusBit.ETALON_COARSE: 0.4,
    StatusBit.OPO_TEMPERATURE: 0.6,
    StatusBit.SHG_TEMPERATURE: 0.7,
    StatusBit.ETALON_LOCK: 0.8,
    StatusBit.OPO_STABLE: 0.9,
    StatusBit.OPO_LOCK: 1.0,
    StatusBit.SHG_LOCK: 1.0,
}
_MOVE_BITS = (StatusBit.ETALON_LOCK, StatusBit.OPO_STABLE, StatusBit.OPO_LOCK, StatusBit.SHG_LOCK)
_LOCKS = (StatusBit.OPO_LOCK, StatusBit.SHG_LOCK, StatusBit.ETALON_LOCK)


class CWave:
    """Warm and locked at 560 nm at construction; the visible output shutter is closed.

    Visible 450-650 nm (second harmonic), signal 900-1300 nm. The emitted wavelength misses the dialled one by a
    fixed error of at most 0.02 nm, drawn at construction; relative moves are exact in the emitted wavelength.
    """

    visible_range_nm = (450.0, 650.0)
    signal_range_nm = (900.0, 1300.0)
    serial_number = 4711

    def __init__(self, clock: VirtualClock, rng: np.random.Generator) -> None:
        self._clock = clock
        self._dial_error_nm = float(rng.uniform(-_LARGEST_DIAL_ERROR_NM, _LARGEST_DIAL_ERROR_NM))
        self._dialled_nm = 560.0
        self._shift_nm = 0.0
        self._well_from_s: dict[StatusBit, float] = {}
        self._laser_on = True
        self._shutters = dict.fromkeys(SHUTTERS, False) | {"las": True, "shg": True}
        self._piezo_modes = dict.fromkeys(PIEZOS, PiezoMode.CONTROL)
        self.piezo_outputs = dict.fromkeys(PIEZOS, 0)
        self.temperature_setpoints_mk = {"opo": 60_000, "shg": 45_000, "ref": 32_000}
        self.galvo = 0
        self.mirror = 0

    # --- wavelength -------------------------------------------------------------------------------------------

    @property
    def dialled_nm(self) -> float:
        """The wavelength last dialled (visible, or signal when it is above 900 nm)."""
        return self._dialled_nm

    @property
    def second_harmonic(self) -> bool:
        """True when a visible wavelength is dialled."""
        return self._dialled_nm <= self.visible_range_nm[1]

    def accepts(self, wavelength_nm: float) -> bool:
        """True when the wavelength can be dialled."""
        ranges = (self.visible_range_nm, self.signal_range_nm)
        return any(low_nm <= wavelength_nm <= high_nm for low_nm, high_nm in ranges)

    def dial(self, wavelength_nm: float) -> None:
        """Begin a dial: everything unlocks, moves, and locks again after half a minute or more."""
        if not self.accepts(wavelength_nm):
            raise ValueError(
                f"C-WAVE: {wavelength_nm} nm is in neither {self.visible_range_nm} nor {self.signal_range_nm} nm"
            )
        duration_s = _DIAL_S + _DIAL_S_PER_NM * abs(wavelength_nm - self._dialled_nm)
        self._dialled_nm, self._shift_nm = wavelength_nm, 0.0
        self._piezo_modes = dict.fromkeys(PIEZOS, PiezoMode.CONTROL)
        now_s = self._clock.now_s()
        for bit, fraction in _DIAL_ORDER.items():
            self._well_from_s[bit] = now_s + fraction * duration_s

    def move(self, delta_nm: float) -> None:
        """Shift all elements by ``delta_nm``; unlocks for some seconds. ValueError when that leaves the range."""
        self._shift(delta_nm, _MOVE_BITS, _MOVE_S)

    def move_etalon(self, delta_nm: float) -> None:
        """Shift by the thick etalon alone: picometres, quick."""
        self._shift(delta_nm, (StatusBit.ETALON_LOCK, StatusBit.OPO_LOCK), _ETALON_S)

    def _shift(self, delta_nm: float, bits: tuple[StatusBit, ...], duration_s: float) -> None:
        shift_nm = self._shift_nm + delta_nm
        if not self.accepts(self._dialled_nm + shift_nm):
            raise ValueError(f"C-WAVE: {self._dialled_nm + shift_nm} nm is out of range")
        self._shift_nm = shift_nm
        self._unlock(bits, duration_s)

    def relock_etalon(self) -> None:
        """Catch the etalon lock again."""
        self._unlock((StatusBit.ETALON_LOCK,), _ETALON_S)

    def stop_optimisation(self) -> None:
        """Stop what is going on: what is not locked by now stays as it is until the next dial."""
        now_s = self._clock.now_s()
        for bit, well_s in self._well_from_s.items():
            if well_s > now_s:
                self._well_from_s[bit] = float("inf")

    def _unlock(self, bits: tuple[StatusBit, ...], duration_s: float) -> None:
        until_s = self._clock.now_s() + duration_s
        for bit in bits:
            self._well_from_s[bit] = max(until_s, self._well_from_s.get(bit, 0.0))

    def stick(self) -> None:
        """Never lock again."""
        self._unlock(_MOVE_BITS, float("inf"))

    # --- laser, shutters, piezos ----------------------------------------------------------------------------------

    @property
    def laser_on(self) -> bool:
        """The pump laser's emission."""
        return self._laser_on

    def set_laser(self, on: bool) -> None:
        """Switch the pump laser; after switching on it takes a minute to lock."""
        if on and not self._laser_on:
            self._unlock(tuple(_DIAL_ORDER), _WARM_UP_S)
        self._laser_on = on

    def shutter_open(self, name: str) -> bool:
        """Position of one of the shutters ``SHUTTERS``."""
        return self._shutters[name]

    def set_shutter(self, name: str, is_open: bool) -> None:
        """Move one of the shutters; opening the inner ones costs the lock for a moment."""
        if name in ("las", "shg") and is_open and not self._shutters[name]:
            self._unlock(_MOVE_BITS, _MOVE_S)
        self._shutters[name] = is_open

    def piezo_mode(self, name: str) -> PiezoMode:
        """Mode of one of the piezos ``PIEZOS``."""
        return self._piezo_modes[name]

    def set_piezo_mode(self, name: str, mode: PiezoMode) -> None:
        """Set a piezo's mode; only under control does its lock hold. ValueError when that piezo lacks the mode."""
        manual_allowed = name in ("opo", "shg")
        if (mode is PiezoMode.MANUAL and not manual_allowed) or (mode is PiezoMode.EXTERNAL_RAMP and name != "opo"):
            raise ValueError(f"C-WAVE: piezo {name} has no mode {mode.name}")
        self._piezo_modes[name] = mode

    # --- what comes of it -----------------------------------------------------------------------------------------

    def status_bits(self) -> int:
        """The status word: bit set = not well (see StatusBit)."""
        now_s = self._clock.now_s()
        bad = {bit for bit, well_s in self._well_from_s.items() if now_s < well_s}
        for lock, piezo in zip(_LOCKS, ("opo", "shg", "eta"), strict=True):
            if self._piezo_modes[piezo] is not PiezoMode.CONTROL:
                bad.add(lock)
        if not self._laser_on:
            bad |= {StatusBit.LASER_EMISSION, StatusBit.OPO_STABLE, *_LOCKS}
        if not self._shutters["las"]:
            bad |= {StatusBit.OPO_STABLE, *_LOCKS}
        if not self._shutters["shg"]:
            bad.add(StatusBit.SHG_LOCK)
        return sum(1 << bit for bit in bad)

    def is_locked(self) -> bool:
        """True when OPO, second harmonic and etalon are locked and the pump laser emits."""
        return not any(self.status_bits() >> bit & 1 for bit in (*_LOCKS, StatusBit.LASER_EMISSION))

    def photodiodes(self) -> tuple[int, int, int, int]:
        """Readings of the inner photodiodes: pump, signal, second harmonic, reserve (arbitrary units)."""
        pump = 5000 if self._laser_on else 0
        locked = self.is_locked()
        return (pump, 4000 if locked else 0, 3000 if locked and self.second_harmonic else 0, 0)

    def output(self) -> LaserOutput | None:
        """The beam in use: visible behind ``shg_out``, signal behind ``opo_out``; None unless locked and open."""
        shutter = "shg_out" if self.second_harmonic else "opo_out"
        if not self._shutters[shutter] or not self.is_locked():
            return None
        emitted_nm = self._dialled_nm + self._shift_nm + self._dial_error_nm
        power_w = _VISIBLE_POWER_W if self.second_harmonic else _SIGNAL_POWER_W
        return LaserOutput(emitted_nm, _VISIBLE_FWHM_NM, power_w)
