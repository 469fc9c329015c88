"""Stanford Research Systems SG384 microwave generator (also SG382, SG386) at its N-type output; plays MicrowaveSource.

QCoDeS' ``SG384`` is not subclassed: it cannot select the pulse input (``PFNC``), never asks ``LERR?``, and its
parameters know no limits of the site.

Wire: TCP port 5025 or GPIB, LF sent, CR LF received. The RF follows the rear pulse input (the bench's gate) when gated:
``TYPE 4`` pulse modulation, ``PFNC 5`` external, ``MODL 1`` on. Every setting is followed by ``LERR?`` and read back;
above 3 GHz the generator lowers the power by itself, so a change of frequency reads the power back, too.
Source: SG380 series manual, remote programming; public drivers. Firmware seen: none.
"""

from typing import ClassVar, Unpack

from instruments.errors import NotReadyError, WireError
from instruments.visa import LabInstrument, VisaOptions, limit_pair

PULSE = 4
EXTERNAL = 5
FREQUENCY_STEP_HZ = 1e-3
POWER_STEP_DB = 0.01
MODULATIONS = {0: "AM", 1: "FM", 2: "phase", 3: "sweep", 4: "pulse", 5: "blank", 6: "IQ", 7: "QAM", 8: "CPM", 9: "VSB"}


class Sg384(LabInstrument):
    """Frequency in Hz, power in dBm at the N-type socket.

    ``power_limits_dbm``: site policy, protects amplifier and cryostat.
    """

    MODEL: ClassVar[str] = "sg384"
    WRITE_TERMINATOR = b"\n"
    READ_TERMINATOR = b"\r\n"

    def __init__(
        self,
        name: str,
        address: str | None = None,
        *,
        frequency_limits_hz: tuple[float, float] = (950e3, 4.05e9),
        power_limits_dbm: tuple[float, float] = (-110.0, 10.0),
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
            get_cmd=lambda: self.ask_float("FREQ?"),
            set_cmd=self._set_frequency,
            docstring=f"Control the frequency, Hz, from {low_hz:g} to {high_hz:g}.",
        )
        self.power = self.add_parameter(
            "power",
            unit="dBm",
            get_cmd=lambda: self.ask_float("AMPR?"),
            set_cmd=self._set_power,
            docstring=f"Control the power at the N-type output, dBm, from {low_dbm:g} to {high_dbm:g}.",
        )
        self.output = self.add_parameter(
            "output",
            get_cmd=lambda: self.ask_flag("ENBR?"),
            set_cmd=lambda on: self._setting(f"ENBR {int(bool(on))}"),
            docstring="Control the RF output: True on, False off (no unit).",
        )
        self.modulation = self.add_parameter(
            "modulation",
            get_cmd=lambda: self.ask_flag("MODL?"),
            set_cmd=lambda on: self._setting(f"MODL {int(bool(on))}"),
            docstring="Control the modulation: True on, False off (no unit).",
        )
        self.modulation_type = self.add_parameter(
            "modulation_type",
            get_cmd=self._modulation_type,
            docstring="Get the kind of modulation (no unit): 'pulse' when gated, else 'AM', 'FM' and so on.",
        )

    # MicrowaveSource

    def frequency_range_hz(self) -> tuple[float, float]:
        """Lowest and highest frequency, Hz: the station's limits."""
        return self._frequency_limits_hz

    def set_frequency(self, frequency_hz: float) -> float:
        """Set the frequency; returns the frequency read back, Hz.

        NotReadyError when it was not taken, or when the generator had to lower the power for it.
        """
        with self.lock:
            power_dbm = self.power()
            self.frequency(frequency_hz)
            reached_hz, reached_dbm = float(self.frequency()), self.power()
        if abs(reached_dbm - power_dbm) > POWER_STEP_DB:
            raise NotReadyError(
                f"{self.name}: at {frequency_hz:g} Hz the power fell from {power_dbm:g} to {reached_dbm:g} dBm, as the "
                "output is weaker above 3 GHz; choose a power that all frequencies allow"
            )
        if abs(reached_hz - frequency_hz) > FREQUENCY_STEP_HZ:
            raise NotReadyError(f"{self.name}: frequency {frequency_hz:g} Hz was not taken, it is {reached_hz:g} Hz")
        return reached_hz

    def set_power(self, power_dbm: float) -> float:
        """Set the power; returns the power read back, dBm. NotReadyError when it was not taken."""
        with self.lock:
            self.power(power_dbm)
            reached_dbm = float(self.power())
        if abs(reached_dbm - power_dbm) > POWER_STEP_DB:
            raise NotReadyError(f"{self.name}: power {power_dbm:g} dBm was not taken, it is {reached_dbm:g} dBm")
        return reached_dbm

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
            self._setting(f"TYPE {PULSE}")
            self._setting(f"PFNC {EXTERNAL}")
        self.modulation(gated)
        armed = self.modulation() is gated
        if gated:
            modulation = self.ask_int("TYPE?"), self.ask_int("PFNC?")
            armed = armed and modulation == (PULSE, EXTERNAL)
        if not armed:
            raise NotReadyError(f"{self.name}: the external pulse modulation did not become {gated}; the RF stays off")

    def _modulation_type(self) -> str:
        code = self.ask_int("TYPE?")
        if code not in MODULATIONS:
            raise self.bad_reply("TYPE?", str(code), "a kind of modulation from 0 to 9")
        return MODULATIONS[code]

    def _setting(self, cmd: str) -> None:
        with self.lock:
            self.write(cmd)
            error = self.ask_int("LERR?")
        if error:
            raise WireError(f"{self.name}: '{cmd}' caused error {error}; check the value and the manual's error list")

    def _set_frequency(self, frequency_hz: float) -> None:
        self.require_within("frequency", frequency_hz, *self._frequency_limits_hz, "Hz")
        self._setting(f"FREQ {frequency_hz:.3f}")

    def _set_power(self, power_dbm: float) -> None:
        remedy = "lower the power or change the station's limit"
        self.require_within("power", power_dbm, *self._power_limits_dbm, "dBm", remedy)
        self._setting(f"AMPR {power_dbm:.2f}")
