"""The PM100D's wire: pm100d.yaml in short or long SCPI form."""

from sims.bench.pm100d import WAVELENGTH_RANGE_NM, Pm100d
from sims.wire.line import USB
from sims.wire.scpi import ScpiSpelling
from sims.wire.values import RefusedError, number, whole
from sims.wire.yaml_device import Binding, YamlDevice

_SPELLING = ScpiSpelling(
    (
        "SYSTem",
        "SENSOR",
        "IDN",
        "ERRor",
        "CORRection",
        "WAVelength",
        "AVERage",
        "COUNt",
        "MEASure",
        "POWer",
        "READ",
        "CONFigure",
        "FETCh",
        "ABORt",
        "INITiate",
        "STATus",
        "OPERation",
        "PTRansition",
        "NTRansition",
    ),
    optional=("SENSe", "SCALar", "NEXT", "EVENt", "IMMediate"),
)
_SECONDS_PER_AVERAGE = 3e-4


class Pm100dWire(YamlDevice):
    """A power meter whose readings take 0.3 ms an average."""

    def __init__(self, meter: Pm100d) -> None:
        self._meter = meter
        bindings = {
            "sensor": Binding(lambda: ",".join(meter.sensor_fields)),
            "clear": Binding(set=self._clear),
            "wavelength": Binding(lambda: meter.wavelength_nm, lambda text: meter.set_wavelength(number(text))),
            "shortest": Binding(lambda: WAVELENGTH_RANGE_NM[0]),
            "longest": Binding(lambda: WAVELENGTH_RANGE_NM[1]),
            "averages": Binding(lambda: meter.averages, self._set_averages),
            "power": Binding(meter.power_w),
            "reading": Binding(meter.power_w),
            "fetched": Binding(meter.power_w),
            "rising": Binding(set=_transitions),
            "falling": Binding(set=_transitions),
        }
        super().__init__("pm100d", USB, bindings)

    def canonical(self, text: str) -> str:
        """Each of the commands joined by ``;`` in short form."""
        return _SPELLING.canonical_line(text)

    def thinking_s(self, text: str) -> float:
        """A reading lasts as long as its averages."""
        return self._meter.averages * _SECONDS_PER_AVERAGE if text in ("MEAS:POW?", "READ?") else 0.0

    def _set_averages(self, text: str) -> None:
        self._meter.averages = whole(text, 1, 3000)

    def _clear(self, rest: str) -> None:
        if rest.strip():
            raise RefusedError("bad_value")
        self.clear_errors()


def _transitions(text: str) -> None:
    """A transition filter of the status register: accepted; nothing on this meter changes while one looks."""
    whole(text, 0, 65535)
