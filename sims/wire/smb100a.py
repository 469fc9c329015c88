"""The SMB100A's wire: smb100a.yaml in short or long SCPI form."""

from sims.bench.smb100a import FREQUENCY_RANGE_HZ, POWER_RANGE_DBM, Smb100a
from sims.wire.line import NETWORK
from sims.wire.scpi import ScpiSpelling
from sims.wire.values import RefusedError, flag, number
from sims.wire.yaml_device import Binding, YamlDevice

_SPELLING = ScpiSpelling(
    ("FREQuency", "POWer", "OUTPut", "PULM", "POLarity", "SYSTem", "ERRor"),
    optional=("STATe", "CW", "FIXed", "LEVel", "IMMediate", "AMPLitude", "NEXT"),
    optional_first=("SOURce",),
)
_FREQUENCY_UNITS = {"HZ": 1.0, "KHZ": 1e3, "MHZ": 1e6, "GHZ": 1e9}
_POWER_UNITS = {"DBM": 1.0}


class Smb100aWire(YamlDevice):
    """A plain SCPI generator."""

    def __init__(self, generator: Smb100a) -> None:
        self._generator = generator
        bindings = {
            "preset": Binding(set=self._preset),
            "clear": Binding(set=self._clear),
            "frequency": Binding(lambda: generator.frequency_hz, self._set_frequency),
            "power": Binding(lambda: generator.power_dbm, self._set_power),
            "output": Binding(lambda: generator.rf_on, self._set_output),
            "pulse_modulation": Binding(lambda: generator.pulse_modulation_on, self._set_pulse_modulation),
            "pulse_source": Binding(lambda: "EXT" if generator.pulse_source_external else "INT", self._set_source),
            "pulse_polarity": Binding(lambda: "INV" if generator.pulse_inverted else "NORM", self._set_polarity),
        }
        super().__init__("smb100a", NETWORK, bindings)

    def canonical(self, text: str) -> str:
        """Each of the commands joined by ``;`` in short form."""
        return _SPELLING.canonical_line(text)

    def _preset(self, rest: str) -> None:
        _nothing(rest)
        self._generator.preset()

    def _clear(self, rest: str) -> None:
        _nothing(rest)
        self.clear_errors()

    def _set_frequency(self, text: str) -> None:
        limits = {"MIN": FREQUENCY_RANGE_HZ[0], "MAX": FREQUENCY_RANGE_HZ[1]}
        word = text.strip().upper()
        self._generator.set_frequency(limits[word] if word in limits else number(text, _FREQUENCY_UNITS))

    def _set_power(self, text: str) -> None:
        limits = {"MIN": POWER_RANGE_DBM[0], "MAX": POWER_RANGE_DBM[1]}
        word = text.strip().upper()
        self._generator.set_power(limits[word] if word in limits else number(text, _POWER_UNITS))

    def _set_output(self, text: str) -> None:
        self._generator.rf_on = flag(text)

    def _set_pulse_modulation(self, text: str) -> None:
        self._generator.pulse_modulation_on = flag(text)

    def _set_source(self, text: str) -> None:
        self._generator.pulse_source_external = _choice(
            text, {"EXT": True, "EXTERNAL": True, "INT": False, "INTERNAL": False}
        )

    def _set_polarity(self, text: str) -> None:
        self._generator.pulse_inverted = _choice(text, {"INV": True, "INVERTED": True, "NORM": False, "NORMAL": False})


def _choice(text: str, choices: dict[str, bool]) -> bool:
    try:
        return choices[text.strip().upper()]
    except KeyError:
        raise RefusedError("bad_value") from None


def _nothing(rest: str) -> None:
    if rest.strip():
        raise RefusedError("bad_value")
