"""Rohde & Schwarz SMB100A microwave generator (SCPI over TCP or GPIB); plays MicrowaveSource.

Wire: LF. The RF follows the pulse-modulation input (the bench's gate) when gated. Every setting is followed by
``SYST:ERR?`` and read back. Source: R&S SMB100A user manual, remote control commands. Firmware seen: none.
"""

from typing import ClassVar, Unpack

from instruments.errors import NotReadyError, WireError
from instruments.visa import LabInstrument, VisaOptions, limit_pair


class Smb100a(LabInstrument):
    """Frequency in Hz, power in dBm at the output socket.

    ``power_limits_dbm``: site policy, protects amplifier and cryostat.
    """

    MODEL: ClassVar[str] = "smb100a"
    WRITE_TERMINATOR = b"\n"
    READ_TERMINATOR = b"\n"

    def __init__(
        self,
        name: str,
        address: str | None = None,
        *,
        frequency_limits_hz: tuple[float, float] = (9e3, 40e9),
        power_limits_dbm: tuple[float, float] = (-120.0, 10.0),
        **visa: Unpack[VisaOptions],
    ) -> None:
        super().__init__(name, address, **visa)
        self._frequency_limits_hz = limit_pair(name, "frequency_limits_hz", frequency_limits_hz, "Hz")
        self._power_limits_dbm = limit_pair(name, "power_limits_dbm", power_limits_dbm, "dBm")
        low_hz, high_hz = self._frequency_limits_hz
        low_dbm, high_dbm = self._power_limits_dbm
        self.frequency = self.add_parameter(
            "frequency",
            unit="Hz",
            get_cmd=lambda: self.ask_float("SOUR:FREQ?"),
            set_cmd=self._set_frequency,
            docstring=f"Control the frequency, Hz, from {low_hz:g} to {high_hz:g}.",
        )
        self.power = self.add_parameter(
            "power",
            unit="dBm",
            get_cmd=lambda: self.ask_float("SOUR:POW?"),
            set_cmd=self._set_power,
            docstring=f"Control the power at the output socket, dBm, from {low_dbm:g} to {high_dbm:g}.",
        )
        self.output = self.add_parameter(
            "output",
            get_cmd=lambda: self.ask_flag("OUTP:STAT?"),
            set_cmd=lambda on: self._setting(f"OUTP:STAT {int(bool(on))}"),
            docstring="Control the RF output: True on, False off (no unit).",
        )
        self.pulse_modulation = self.add_parameter(
            "pulse_modulation",
            get_cmd=lambda: self.ask_flag("SOUR:PULM:STAT?"),
            set_cmd=lambda on: self._setting(f"SOUR:PULM:STAT {int(bool(on))}"),
            docstring="Control the pulse modulation: True the RF follows the gate, False it does not (no unit).",
        )
        self.pulse_source = self.add_parameter(
            "pulse_source",
            get_cmd=lambda: self.ask("SOUR:PULM:SOUR?").strip(),
            set_cmd=lambda source: self._setting(f"SOUR:PULM:SOUR {source}"),
            docstring="Control the source of the pulse modulation: EXT (gate input) or INT (no unit).",
        )

    # MicrowaveSource

    def frequency_range_hz(self) -> tuple[float, float]:
        """Lowest and highest frequency, Hz: the station's limits."""
        return self._frequency_limits_hz

    def set_frequency(self, frequency_hz: float) -> float:
        """Set the frequency; returns the frequency read back, Hz."""
        self.frequency(frequency_hz)
        return float(self.frequency())

    def set_power(self, power_dbm: float) -> float:
        """Set the power; returns the power read back, dBm."""
        self.power(power_dbm)
        return float(self.power())

    def set_output(self, on: bool, *, gated: bool = True) -> None:
        """RF on or off, confirmed; the gate is armed and confirmed before the RF comes on."""
        with self.lock:
            if on:
                self._arm_gate(gated)
            self.output(on)
            if self.output() is not on:
                raise NotReadyError(f"{self.name}: RF output did not switch {'on' if on else 'off'}; check the panel")

    def output_is_on(self) -> bool:
        """Read the RF output state."""
        return bool(self.output())

    # Inside

    def _arm_gate(self, gated: bool) -> None:
        if gated:
            self.pulse_source("EXT")
        self.pulse_modulation(gated)
        armed = self.pulse_modulation() is gated and (not gated or str(self.pulse_source()).startswith("EXT"))
        if not armed:
            raise NotReadyError(f"{self.name}: pulse modulation did not become {gated}; the RF stays off")

    def _setting(self, cmd: str) -> None:
        with self.lock:
            self.write(cmd)
            error = self.ask("SYST:ERR?")
        if error.split(",")[0].strip() not in ("0", "+0"):
            raise WireError(f"{self.name}: '{cmd}' caused the error {error!r}; check the value and the options fitted")

    def _set_frequency(self, frequency_hz: float) -> None:
        self.require_within("frequency", frequency_hz, *self._frequency_limits_hz, "Hz")
        self._setting(f"SOUR:FREQ {frequency_hz:.3f}")

    def _set_power(self, power_dbm: float) -> None:
        remedy = "lower the power or change the station's limit"
        self.require_within("power", power_dbm, *self._power_limits_dbm, "dBm", remedy)
        self._setting(f"SOUR:POW {power_dbm:.2f}")
