"""NKT SuperK FIANIUM with a VARIA filter: picosecond white light of which two edge filters leave a band.

Source: NKT register files of module types 60h (laser) and 68h (filter); FIU-15 class data sheet values.
"""

from sims.bench.clock import VirtualClock
from sims.bench.lasers import LaserOutput
from sims.bench.motion import Travel, at_rest, begin

_FILTER_SPEED_NM_PER_S = 60.0
_ND_SPEED_PER_S = 0.5
_SETTLE_S = 0.2
_EMISSION_STARTS_S = 2.0
_DENSITY_W_PER_NM = 2.5e-3
"""Spectral density behind the filter at full power; taken as flat over the visible and linear in the power level."""

SHORTEST_NM = 400.0
LONGEST_NM = 840.0
EMISSION_ON = 3


class Varia:
    """The filter. Edges are clamped without a word to 400-840 nm; nothing passes when they cross."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._upper = at_rest(600.0)
        self._lower = at_rest(590.0)
        self._density = at_rest(1.0)

    @property
    def upper_nm(self) -> float:
        """Set-point of the short-wave-pass filter, the band's upper edge, nm."""
        return self._upper.target

    @property
    def lower_nm(self) -> float:
        """Set-point of the long-wave-pass filter, the band's lower edge, nm."""
        return self._lower.target

    @property
    def transmission(self) -> float:
        """Set-point of the neutral-density filter, 0 to 1."""
        return self._density.target

    def set_upper(self, wavelength_nm: float) -> None:
        """Begin to move the upper edge."""
        self._upper = self._begin(self._upper, wavelength_nm)

    def set_lower(self, wavelength_nm: float) -> None:
        """Begin to move the lower edge."""
        self._lower = self._begin(self._lower, wavelength_nm)

    def set_transmission(self, transmission: float) -> None:
        """Begin to move the neutral-density filter (0 to 1, clamped)."""
        now_s = self._clock.now_s()
        target = min(max(transmission, 0.0), 1.0)
        self._density = begin(self._density.at(now_s), target, now_s, _ND_SPEED_PER_S, _SETTLE_S)

    def _begin(self, travel: Travel, wavelength_nm: float) -> Travel:
        now_s = self._clock.now_s()
        target_nm = round(min(max(wavelength_nm, SHORTEST_NM), LONGEST_NM), 1)
        return begin(travel.at(now_s), target_nm, now_s, _FILTER_SPEED_NM_PER_S, _SETTLE_S)

    def moving(self) -> tuple[bool, bool, bool]:
        """Which of the filters 1 (neutral density), 2 (upper edge) and 3 (lower edge) move."""
        now_s = self._clock.now_s()
        return (not self._density.is_done(now_s), not self._upper.is_done(now_s), not self._lower.is_done(now_s))

    def band_nm(self) -> tuple[float, float]:
        """Lower and upper edge where the filters stand now, nm."""
        now_s = self._clock.now_s()
        return self._lower.at(now_s), self._upper.at(now_s)

    def transmission_now(self) -> float:
        """Transmission of the neutral-density filter now."""
        return self._density.at(self._clock.now_s())


class SuperK:
    """The laser; dark, interlock good, power level 100 % at construction. Its filter is ``varia``."""

    nominal_repetition_rate_hz = 78e6
    serial_number = "15083207"
    filter_serial_number = "15081234"

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self.varia = Varia(clock)
        self._emission = False
        self._emits_from_s = 0.0
        self._loop_closed = True
        self._interlock_reset = True
        self._last_contact_s = clock.now_s()
        self.watchdog_s = 0
        self.power_permille = 1000
        self.current_permille = 0
        self.setup_bits = 1
        self.pulse_picker = 1
        self.nim_delay = 0

    def contact(self) -> None:
        """Any valid telegram: resets the watchdog (which first fires if the silence was too long)."""
        self._watch()
        self._last_contact_s = self._clock.now_s()

    def _watch(self) -> None:
        silent_s = self._clock.now_s() - self._last_contact_s
        if self.watchdog_s and silent_s > self.watchdog_s:
            self._emission = False

    @property
    def emission(self) -> bool:
        """Emission as switched (light follows two seconds later)."""
        self._watch()
        return self._emission

    def set_emission(self, on: bool) -> None:
        """Switch; with the interlock not good it stays off without a word."""
        was_on = self.emission
        self._emission = on and self.interlock == 2
        if self._emission and not was_on:
            self._emits_from_s = self._clock.now_s() + _EMISSION_STARTS_S

    def is_emitting(self) -> bool:
        """True when there is light in front of the filter."""
        return self.emission and self._clock.now_s() >= self._emits_from_s

    @property
    def interlock(self) -> int:
        """0 loop open, 1 loop closed but waiting for a reset, 2 good."""
        if not self._loop_closed:
            return 0
        return 2 if self._interlock_reset else 1

    def set_interlock_loop(self, closed: bool) -> None:
        """Open or close the interlock loop by hand; opening stops emission and asks for a reset."""
        self._loop_closed = closed
        if not closed:
            self._interlock_reset = False
            self._emission = False

    def reset_interlock(self) -> None:
        """Reset: good again when the loop is closed."""
        self._interlock_reset = self._loop_closed

    @property
    def repetition_rate_hz(self) -> float:
        """Pulse rate while it emits (also on its sync output), otherwise 0."""
        return self.nominal_repetition_rate_hz / self.pulse_picker if self.is_emitting() else 0.0

    def output(self) -> LaserOutput | None:
        """The filtered beam: centre and width of the band where the edges stand now; None when nothing passes.

        The band is flat; downstream it is taken as a Gaussian line of the same full width at half maximum.
        """
        low_nm, high_nm = self.varia.band_nm()
        width_nm = high_nm - low_nm
        power_w = _DENSITY_W_PER_NM * width_nm * self.power_permille / 1000 * self.varia.transmission_now()
        power_w /= self.pulse_picker
        if not self.is_emitting() or width_nm <= 0.0 or power_w <= 0.0:
            return None
        return LaserOutput((low_nm + high_nm) / 2, width_nm, power_w, self.repetition_rate_hz)
