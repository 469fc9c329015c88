"""NKT SuperK FIANIUM white-light laser with a VARIA filter on one Interbus; plays TunableLaser and PulsedSource.

Wire: see ``nkt_interbus``. Laser at address 15: 30h emission (0 off, 3 on), 32h interlock (low byte: 0 open,
1 waiting for a reset, 2 good), 34h pulse picker, 36h watchdog, 37h power level in 0.1 %, 66h status. VARIA at 16:
32h neutral density in 0.1 %, 33h upper edge (short-wave pass), 34h lower edge (long-wave pass), both in 0.1 nm,
66h status with bits 12-14 while a filter moves. There is no shutter: the output is the emission. The interlock is
never reset and the watchdog never changed from here. Source: NKT register files 60h and 68h, SuperK VARIA product
guide (band 10-100 nm wide between 400 and 840 nm). Firmware seen: none.
"""

from typing import ClassVar, Unpack

from instruments.errors import InterlockError, LimitError, NotReadyError
from instruments.nkt_interbus import InterbusInstrument
from instruments.visa import VisaOptions, limit_pair, positive

EMISSION_ON = 3
INTERLOCK_GOOD = 2
INTERLOCK_WORDS = {0: "open", 1: "closed, but waiting for a reset"}
EMISSION_BIT = 1 << 0
LASER_FAULTS = {
    1: "interlock relays off",
    2: "interlock supply voltage low",
    3: "interlock loop open",
    4: "disabled from outside",
    5: "supply voltage low",
    6: "module temperature out of range",
    15: "error code present",
}
FILTER_FAULTS = {5: "supply voltage low", 15: "error code present"}
FILTERS_MOVING = 0b111 << 12
NARROWEST_BAND_NM, WIDEST_BAND_NM = 10.0, 100.0


class SuperK(InterbusInstrument):
    """Wavelength is the middle of the band the filter passes, ``bandwidth_nm`` its width (10 to 100 nm).

    ``repetition_rate_hz`` is that of the seed laser from the data sheet; the pulse picker's ratio is read.
    """

    MODEL: ClassVar[str] = "superk"

    def __init__(
        self,
        name: str,
        address: str | None = None,
        *,
        wavelength_limits_nm: tuple[float, float] = (400.0, 840.0),
        bandwidth_nm: float = 10.0,
        repetition_rate_hz: float = 78e6,
        laser_module: int = 15,
        filter_module: int = 16,
        **visa: Unpack[VisaOptions],
    ) -> None:
        super().__init__(name, address, **visa)
        self._edge_limits_nm = limit_pair(name, "wavelength_limits_nm", wavelength_limits_nm, "nm")
        self._bandwidth_nm = self.require_within(
            "bandwidth", positive(name, "bandwidth_nm", bandwidth_nm, "nm"), NARROWEST_BAND_NM, WIDEST_BAND_NM, "nm"
        )
        self._seed_rate_hz = positive(name, "repetition_rate_hz", repetition_rate_hz, "Hz")
        self._laser, self._filter = laser_module, filter_module
        self._add_laser_parameters()
        self._add_filter_parameters()

    def _add_laser_parameters(self) -> None:
        laser = self._laser
        self.emission = self.add_parameter(
            "emission",
            get_cmd=lambda: self.read_number(laser, 0x30, 1) == EMISSION_ON,
            set_cmd=lambda on: self.write_number(laser, 0x30, EMISSION_ON if on else 0, 1),
            docstring="Control whether the laser emits: True or False (no unit).",
        )
        self.power_level = self.add_parameter(
            "power_level",
            unit="%",
            get_cmd=lambda: self.read_number(laser, 0x37, 2) / 10,
            set_cmd=self._set_power_level,
            docstring="Control the power level, %, from 0 to 100 in steps of 0.1.",
        )
        self.interlock = self.add_parameter(
            "interlock",
            get_cmd=lambda: self.read_number(laser, 0x32, 2) & 0xFF,
            docstring="Get the interlock: 0 open, 1 waiting for a reset by hand, 2 good (no unit).",
        )
        self.watchdog = self.add_parameter(
            "watchdog",
            unit="s",
            get_cmd=lambda: self.read_number(laser, 0x36, 1),
            docstring="Get the silence after which emission stops, s, from 0 (never) to 255.",
        )
        self.pulse_picker = self.add_parameter(
            "pulse_picker",
            get_cmd=lambda: max(1, self.read_number(laser, 0x34, 2)),
            docstring="Get the ratio of the pulse picker, from 1 (every pulse) to 65535 (no unit).",
        )

    def _add_filter_parameters(self) -> None:
        module, (low, high) = self._filter, self._edge_limits_nm
        self.upper_edge = self.add_parameter(
            "upper_edge",
            unit="nm",
            get_cmd=lambda: self.read_number(module, 0x33, 2) / 10,
            set_cmd=lambda edge_nm: self._set_edge(0x33, "upper edge", edge_nm),
            docstring=f"Control the band's upper edge, nm, from {low:g} to {high:g} in steps of 0.1.",
        )
        self.lower_edge = self.add_parameter(
            "lower_edge",
            unit="nm",
            get_cmd=lambda: self.read_number(module, 0x34, 2) / 10,
            set_cmd=lambda edge_nm: self._set_edge(0x34, "lower edge", edge_nm),
            docstring=f"Control the band's lower edge, nm, from {low:g} to {high:g} in steps of 0.1.",
        )
        self.transmission = self.add_parameter(
            "transmission",
            unit="%",
            get_cmd=lambda: self.read_number(module, 0x32, 2) / 10,
            set_cmd=self._set_transmission,
            docstring="Control the transmission of the neutral-density filter, %, from 0 to 100 in steps of 0.1.",
        )

    def get_idn(self) -> dict[str, str | None]:
        """Get the identity: serial numbers of laser and filter."""
        serial = f"{self.read_text(self._laser, 0x65)} {self.read_text(self._filter, 0x65)}"
        return {"vendor": "NKT Photonics", "model": "SuperK FIANIUM + VARIA", "serial": serial, "firmware": None}

    # PulsedSource

    def repetition_rate_hz(self) -> float:
        """Pulse repetition rate, Hz: the seed's (data sheet) over the pulse picker's ratio."""
        return self._seed_rate_hz / int(self.pulse_picker())

    def assert_mode_locked(self) -> None:
        """Raise InterlockError for an interlock or fault; the seed pulses whenever the laser is powered."""
        interlock = int(self.interlock())
        if interlock != INTERLOCK_GOOD:
            word = INTERLOCK_WORDS.get(interlock, f"in state {interlock}")
            raise InterlockError(f"{self.name}: interlock is {word}; close the loop and reset it at the laser")
        self._require_no_fault("laser", self.read_number(self._laser, 0x66, 2), LASER_FAULTS)
        self._require_no_fault("filter", self.read_number(self._filter, 0x66, 2), FILTER_FAULTS)

    # TunableLaser

    def wavelength_range_nm(self) -> tuple[float, float]:
        """Shortest and longest middle of the band, nm, at the bandwidth of the station file."""
        low, high = self._edge_limits_nm
        return low + self._bandwidth_nm / 2, high - self._bandwidth_nm / 2

    def wavelength_nm(self) -> float:
        """Middle of the band, nm, from the edges read back."""
        return (float(self.lower_edge()) + float(self.upper_edge())) / 2

    def spectral_width_nm(self) -> float:
        """Width of the band, nm, from the edges read back (a flat top: full width at half maximum)."""
        return float(self.upper_edge()) - float(self.lower_edge())

    def tune(self, wavelength_nm: float) -> float:
        """Emission off, move both edges, wait until they stand; returns the middle of the band reached, nm."""
        low, high = self.wavelength_range_nm()
        self.require_within("wavelength", wavelength_nm, low, high, "nm", "choose another or change the station")
        with self.lock:
            self.close_output()
            self.lower_edge(wavelength_nm - self._bandwidth_nm / 2)
            self.upper_edge(wavelength_nm + self._bandwidth_nm / 2)
        self.wait_until(self._filters_stand, timeout_s=30.0, poll_s=0.2, what=f"filters at {wavelength_nm:g} nm")
        return self.wavelength_nm()

    def open_output(self) -> None:
        """Switch emission on; refused with an interlock or fault, or while a filter moves."""
        with self.lock:
            self.assert_mode_locked()
            if not self._filters_stand():
                raise NotReadyError(f"{self.name}: a filter of the VARIA still moves; wait for it, then switch on")
            self.emission(True)
        self.wait_until(
            lambda: bool(self.emission()) and self._status_says_emission(),
            timeout_s=15.0,
            poll_s=0.2,
            what="emission on",
        )

    def close_output(self) -> None:
        """Switch emission off and confirm it by register and status."""
        self.emission(False)
        self.wait_until(
            lambda: not self.emission() and not self._status_says_emission(),
            timeout_s=5.0,
            poll_s=0.1,
            what="emission off",
        )

    def output_is_open(self) -> bool:
        """Read whether the laser emits (register or status says so)."""
        return bool(self.emission()) or self._status_says_emission()

    # Inside

    def _status_says_emission(self) -> bool:
        return bool(self.read_number(self._laser, 0x66, 2) & EMISSION_BIT)

    def _filters_stand(self) -> bool:
        return not self.read_number(self._filter, 0x66, 2) & FILTERS_MOVING

    def _require_no_fault(self, module: str, status: int, faults: dict[int, str]) -> None:
        active = [text for bit, text in faults.items() if status >> bit & 1]
        if active:
            raise InterlockError(f"{self.name}: {module}: {', '.join(active)}; look at the laser's display")

    def _set_edge(self, register: int, what: str, edge_nm: float) -> None:
        low, high = self._edge_limits_nm
        self.require_within(what, edge_nm, low, high, "nm", "choose another or change the station")
        tenths = round(edge_nm * 10)
        with self.lock:
            self.write_number(self._filter, register, tenths, 2)
            reached = self.read_number(self._filter, register, 2)
        if reached != tenths:
            raise LimitError(
                f"{self.name}: {what} {tenths / 10:g} nm was clamped to {reached / 10:g} nm by the filter; "
                "choose one inside its range"
            )

    def _set_power_level(self, level_percent: float) -> None:
        self.require_within("power level", level_percent, 0.0, 100.0, "%")
        self.write_number(self._laser, 0x37, round(level_percent * 10), 2)

    def _set_transmission(self, transmission_percent: float) -> None:
        self.require_within("transmission", transmission_percent, 0.0, 100.0, "%")
        self.write_number(self._filter, 0x32, round(transmission_percent * 10), 2)
