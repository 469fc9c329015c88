"""Rohde & Schwarz SMB100A: microwave generator with a pulse modulator."""

from typing import NamedTuple

FREQUENCY_RANGE_HZ = (100e3, 20e9)
POWER_RANGE_DBM = (-145.0, 30.0)


class MicrowaveOutput(NamedTuple):
    """What leaves the RF connector; ``gated``: only while the gate input is high."""

    frequency_hz: float
    power_dbm: float
    gated: bool


class Smb100a:
    """Preset at construction: RF off, 1 GHz, -30 dBm, no pulse modulation. Option SMB-B120 (100 kHz to 20 GHz).

    The internal pulse generator is not simulated: with it as source the RF counts as ungated.
    """

    def __init__(self) -> None:
        self.preset()

    def preset(self) -> None:
        """The instrument's preset."""
        self.frequency_hz = 1e9
        self.power_dbm = -30.0
        self.rf_on = False
        self.pulse_modulation_on = False
        self.pulse_source_external = False
        self.pulse_inverted = False

    def set_frequency(self, frequency_hz: float) -> None:
        """100 kHz to 20 GHz in steps of 1 mHz (ValueError beyond)."""
        low_hz, high_hz = FREQUENCY_RANGE_HZ
        if not low_hz <= frequency_hz <= high_hz:
            raise ValueError(f"SMB100A: {frequency_hz} Hz is not between {low_hz:g} and {high_hz:g} Hz")
        self.frequency_hz = round(frequency_hz, 3)

    def set_power(self, power_dbm: float) -> None:
        """-145 to +30 dBm in steps of 0.01 dB (ValueError beyond)."""
        low_dbm, high_dbm = POWER_RANGE_DBM
        if not low_dbm <= power_dbm <= high_dbm:
            raise ValueError(f"SMB100A: {power_dbm} dBm is not between {low_dbm:g} and {high_dbm:g} dBm")
        self.power_dbm = round(power_dbm, 2)

    def output(self) -> MicrowaveOutput | None:
        """What leaves the connector, None while the RF is off."""
        if not self.rf_on:
            return None
        gated = self.pulse_modulation_on and self.pulse_source_external
        return MicrowaveOutput(self.frequency_hz, self.power_dbm, gated)
