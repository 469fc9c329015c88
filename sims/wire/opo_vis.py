"""The OPO-VIS's wire: opo_vis.yaml."""

from collections.abc import Callable

from sims.bench.opo_vis import OpoVis
from sims.wire.line import serial
from sims.wire.values import flag, whole
from sims.wire.yaml_device import Binding, YamlDevice

_ANGSTROM_PER_NM = 10.0


class OpoVisWire(YamlDevice):
    """Angstrom and milliwatt outside, nanometre and watt inside. Words in any case."""

    def __init__(self, opo: OpoVis) -> None:
        self._opo = opo
        bindings = {
            "status": Binding(opo.status),
            "wavelength": Binding(lambda: opo.signal_wavelength_nm * _ANGSTROM_PER_NM, self._set_wavelength),
            "bandwidth": Binding(lambda: opo.signal_fwhm_nm() * _ANGSTROM_PER_NM),
            "power": Binding(lambda: opo.signal_power_w() * 1e3),
            "visible_power": Binding(lambda: opo.visible_power_w() * 1e3),
            "pump_wavelength": Binding(lambda: (opo.pump_wavelength_nm() or 0.0) * _ANGSTROM_PER_NM),
            "visible_mirror": self._switch("second_harmonic_mirror_in"),
            "pump_in": self._switch("pump_in_open"),
            "pump_out": self._switch("pump_out_open"),
            "opo_out": self._switch("opo_out_open"),
            "beam_splitter": self._switch("pump_bypass"),
        }
        super().__init__("opo_vis", serial(38_400), bindings)

    def _set_wavelength(self, text: str) -> None:
        self._opo.set_signal_wavelength(whole(text) / _ANGSTROM_PER_NM)

    def _switch(self, name: str) -> Binding:
        def read() -> bool:
            return bool(getattr(self._opo, name))

        def write(text: str) -> None:
            setattr(self._opo, name, flag(text))

        setter: Callable[[str], None] = write
        return Binding(read, setter)

    def canonical(self, text: str) -> str:
        """Upper case, single spaces, none round ``=`` and ``?``."""
        words = " ".join(text.upper().split())
        return words.replace(" =", "=").replace("= ", "=").replace(" ?", "?")
