"""Thorlabs PM100D optical power meter (USB, SCPI); plays PowerMeter.

Wire: LF. ``SYST:SENSOR:IDN?`` answers name, serial, calibration, type, subtype and flags (1: measures power,
32: wavelength can be set). Source: PM100D write-your-own-application manual. Firmware seen: none.
"""

from typing import ClassVar, Unpack

from instruments.errors import NotReadyError
from instruments.visa import LabInstrument, VisaOptions, limit_pair

POWER_SENSOR, WAVELENGTH_SETTABLE = 1, 32
OVERRANGE_W = 1e9  # the meter answers 9.9e37 when it cannot measure


class Pm100d(LabInstrument):
    """Average power in W at the wavelength the sensor's calibration is taken at, in nm."""

    MODEL: ClassVar[str] = "pm100d"
    WRITE_TERMINATOR = b"\n"
    READ_TERMINATOR = b"\n"

    def __init__(
        self,
        name: str,
        address: str | None = None,
        *,
        wavelength_limits_nm: tuple[float, float] = (400.0, 1100.0),
        **visa: Unpack[VisaOptions],
    ) -> None:
        super().__init__(name, address, **visa)
        self._wavelength_limits_nm = limit_pair(name, "wavelength_limits_nm", wavelength_limits_nm, "nm")
        self._sensor_checked = False
        low, high = self._wavelength_limits_nm
        self.wavelength = self.add_parameter(
            "wavelength",
            unit="nm",
            get_cmd=lambda: self.ask_float("SENS:CORR:WAV?"),
            set_cmd=self._set_wavelength,
            docstring=f"Control the wavelength the calibration is taken at, nm, from {low:g} to {high:g}.",
        )
        self.power = self.add_parameter(
            "power",
            unit="W",
            get_cmd=self._power,
            docstring="Measure the average power, W, from 0 to the sensor's range.",
        )

    def set_wavelength(self, wavelength_nm: float) -> float:
        """Set the calibration wavelength; returns the wavelength read back, nm."""
        self.wavelength(wavelength_nm)
        return float(self.wavelength())

    def power_w(self) -> float:
        """Average power, W (slightly negative in the dark). NotReadyError when over range or without sensor."""
        return float(self.power())

    # Inside

    def _require_sensor(self) -> None:
        if self._sensor_checked:
            return
        cmd = "SYST:SENSOR:IDN?"
        reply = self.ask(cmd)
        fields = reply.split(",")
        if len(fields) != 6 or not fields[5].strip().isdigit():
            raise self.bad_reply(cmd, reply, "six fields, the last a number")
        flags = int(fields[5])
        if not (flags & POWER_SENSOR and flags & WAVELENGTH_SETTABLE):
            raise NotReadyError(f"{self.name}: sensor '{fields[0]}' is no photodiode power sensor; plug one in")
        self._sensor_checked = True

    def _power(self) -> float:
        with self.lock:
            self._require_sensor()
            power_w = self.ask_float("MEAS:POW?")
        if abs(power_w) > OVERRANGE_W:
            raise NotReadyError(f"{self.name}: power is over the sensor's range; attenuate the beam")
        return power_w

    def _set_wavelength(self, wavelength_nm: float) -> None:
        self.require_within("wavelength", wavelength_nm, *self._wavelength_limits_nm, "nm")
        with self.lock:
            self._require_sensor()
            self.write(f"SENS:CORR:WAV {wavelength_nm:.3f}")
