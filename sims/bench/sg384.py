"""Stanford Research Systems SG384: microwave generator to 4.05 GHz with pulse modulation at the N-type output."""

from dataclasses import dataclass, replace
from enum import IntEnum

from sims.bench.smb100a import MicrowaveOutput

FREQUENCY_RANGE_HZ = (0.0, 4.05e9)
RF_RANGE_HZ = (950e3, 4.05e9)
"""Where the N-type output works; below, only the low-frequency output does."""
RF_POWER_RANGE_DBM = (-110.0, 16.5)
LF_POWER_RANGE_DBM = (-47.0, 13.0)
_DERATED_FROM_HZ = 3e9
_DERATING_DB_PER_HZ = 3.5e-9
_STEP_HZ = 1e-6
LONGEST_LIST = 10_000


class Modulation(IntEnum):
    """Kinds of modulation (``TYPE``)."""

    AM = 0
    FM = 1
    PHASE = 2
    SWEEP = 3
    PULSE = 4
    BLANK = 5
    IQ = 6


EXTERNAL = 5
"""Pulse (and analogue) modulation function: the rear input."""


@dataclass(frozen=True)
class Settings:
    """Everything that a preset resets."""

    frequency_hz: float = 10e6
    phase_deg: float = 0.0
    rf_power_dbm: float = 0.0
    lf_power_dbm: float = 0.0
    rf_on: bool = False
    lf_on: bool = False
    modulation_on: bool = False
    modulation: Modulation = Modulation.FM
    pulse_function: int = 3  # square


@dataclass(frozen=True)
class ListPoint:
    """One state of the list mode; None leaves a setting alone."""

    frequency_hz: float | None = None
    phase_deg: float | None = None
    rf_power_dbm: float | None = None


class Sg384:
    """Preset at construction: RF off, 10 MHz, 0 dBm, no modulation.

    Only the external pulse input is simulated as a gate; with the internal pulse generator the RF counts as ungated.
    Blanking is the inverse of a pulse and counts as ungated too.
    """

    def __init__(self) -> None:
        self.settings = Settings()
        self.list_points: list[ListPoint] = []
        self.list_enabled = False
        self.list_index = 0

    def preset(self) -> None:
        """The instrument's default settings; the list is lost."""
        self.settings = Settings()
        self.list_points, self.list_enabled, self.list_index = [], False, 0

    def set_frequency(self, frequency_hz: float) -> None:
        """0 to 4.05 GHz in steps of 1 µHz (ValueError beyond). Power above what the new frequency allows is cut."""
        low_hz, high_hz = FREQUENCY_RANGE_HZ
        if not low_hz <= frequency_hz <= high_hz:
            raise ValueError(f"SG384: {frequency_hz} Hz is not between {low_hz:g} and {high_hz:g} Hz")
        rounded_hz = round(frequency_hz / _STEP_HZ) * _STEP_HZ
        power_dbm = min(self.settings.rf_power_dbm, highest_power_dbm(rounded_hz))
        self.settings = replace(self.settings, frequency_hz=rounded_hz, rf_power_dbm=power_dbm)

    def set_rf_power(self, power_dbm: float) -> None:
        """-110 to +16.5 dBm in steps of 0.01 dB, less above 3 GHz (ValueError beyond)."""
        low_dbm, high_dbm = RF_POWER_RANGE_DBM[0], highest_power_dbm(self.settings.frequency_hz)
        if not low_dbm <= power_dbm <= high_dbm:
            raise ValueError(f"SG384: {power_dbm} dBm is not between {low_dbm:g} and {high_dbm:g} dBm")
        self.settings = replace(self.settings, rf_power_dbm=round(power_dbm, 2))

    def set_lf_power(self, power_dbm: float) -> None:
        """-47 to +13 dBm at the low-frequency output (ValueError beyond)."""
        low_dbm, high_dbm = LF_POWER_RANGE_DBM
        if not low_dbm <= power_dbm <= high_dbm:
            raise ValueError(f"SG384: {power_dbm} dBm is not between {low_dbm:g} and {high_dbm:g} dBm")
        self.settings = replace(self.settings, lf_power_dbm=round(power_dbm, 2))

    def set_phase(self, phase_deg: float) -> None:
        """-360 to 360 degrees (ValueError beyond)."""
        if not -360.0 <= phase_deg <= 360.0:
            raise ValueError(f"SG384: phase {phase_deg} degrees is not between -360 and 360")
        self.settings = replace(self.settings, phase_deg=round(phase_deg, 2))

    def is_gated(self) -> bool:
        """True when the RF follows the rear pulse input."""
        now = self.settings
        return now.modulation_on and now.modulation is Modulation.PULSE and now.pulse_function == EXTERNAL

    def trigger_list(self) -> None:
        """Go to the next state of the list, if it is enabled; after the last comes the first."""
        if not self.list_enabled or not self.list_points:
            return
        point = self.list_points[self.list_index]
        self.list_index = (self.list_index + 1) % len(self.list_points)
        if point.frequency_hz is not None:
            self.set_frequency(point.frequency_hz)
        if point.phase_deg is not None:
            self.set_phase(point.phase_deg)
        if point.rf_power_dbm is not None:
            self.set_rf_power(min(point.rf_power_dbm, highest_power_dbm(self.settings.frequency_hz)))

    def output(self) -> MicrowaveOutput | None:
        """What leaves the N-type connector, None while the RF is off or the frequency too low for it."""
        now = self.settings
        if not now.rf_on or now.frequency_hz < RF_RANGE_HZ[0]:
            return None
        return MicrowaveOutput(now.frequency_hz, now.rf_power_dbm, self.is_gated())


def highest_power_dbm(frequency_hz: float) -> float:
    """Largest power at the N-type output: 16.5 dBm, less by 3.5 dB per GHz above 3 GHz."""
    return round(RF_POWER_RANGE_DBM[1] - _DERATING_DB_PER_HZ * max(0.0, frequency_hz - _DERATED_FROM_HZ), 2)
