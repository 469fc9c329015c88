"""Shutter, lasers and microwave as an experiment gets them: no light before the interlocks, no tuning with light on.

The rule: the beam shutter is closed while any wavelength moves, and opened again only when the laser has settled and
the oscillator is mode-locked. In a control run a blocked shutter never opens and a blocked microwave never starts,
whatever the experiment asks for: its steps stay those of the real run.
"""

from collections.abc import Callable

from instruments.roles import FineTunableLaser, MicrowaveSource, Shutter, TunableLaser


class GuardedShutter:
    """The beam shutter; ``before_light`` is called before each opening and forbids it by raising.

    ``blocked``: it stays closed; opening then is everything but the opening.
    """

    def __init__(self, shutter: Shutter, before_light: Callable[[], None], *, blocked: bool = False) -> None:
        self._shutter, self._before_light, self._blocked = shutter, before_light, blocked
        self._opened = False

    @property
    def opened(self) -> bool:
        """True when the last command was to open."""
        return self._opened

    def open(self) -> None:
        """Open and confirm, after the interlocks; InterlockError or NotReadyError when it must not be opened."""
        self._before_light()
        if self._blocked:
            self._shutter.close()
            return
        self._shutter.open()
        self._opened = True

    def close(self) -> None:
        """Close and confirm."""
        self._shutter.close()
        self._opened = False

    def is_open(self) -> bool:
        """Read the state."""
        return self._shutter.is_open()


class GuardedLaser:
    """A tunable laser whose wavelength moves behind the closed beam shutter only."""

    def __init__(self, laser: TunableLaser, shutter: GuardedShutter) -> None:
        self._laser, self._shutter = laser, shutter

    def wavelength_range_nm(self) -> tuple[float, float]:
        """Shortest and longest wavelength it can be set to, nm."""
        return self._laser.wavelength_range_nm()

    def wavelength_nm(self) -> float:
        """Wavelength as the device reports it, nm."""
        return self._laser.wavelength_nm()

    def spectral_width_nm(self) -> float:
        """Full width at half maximum of the emitted spectrum, nm."""
        return self._laser.spectral_width_nm()

    def tune(self, wavelength_nm: float) -> float:
        """Close the beam shutter, tune, wait; returns the wavelength reached, nm. The beam shutter stays closed."""
        self._shutter.close()
        return self._laser.tune(wavelength_nm)

    def open_output(self) -> None:
        """Open the laser's own shutter."""
        self._laser.open_output()

    def close_output(self) -> None:
        """Close the laser's own shutter."""
        self._laser.close_output()

    def output_is_open(self) -> bool:
        """Read the laser's own shutter."""
        return self._laser.output_is_open()


class GuardedFineLaser(GuardedLaser):
    """A laser that can be shifted by picometres: dark on the way, open again afterwards if it was."""

    def __init__(self, laser: FineTunableLaser, shutter: GuardedShutter) -> None:
        super().__init__(laser, shutter)
        self._fine_laser = laser

    def shift(self, delta_nm: float) -> float:
        """Shift by ``delta_nm``, wait for lock; returns the total shift since the last tune(), nm."""
        was_open = self._shutter.opened
        if was_open:
            self._shutter.close()
        total_nm = self._fine_laser.shift(delta_nm)
        if was_open:
            self._shutter.open()
        return total_nm


def guarded(laser: TunableLaser, shutter: GuardedShutter) -> GuardedLaser:
    """``laser`` behind ``shutter``, with shift() if it has it."""
    if isinstance(laser, FineTunableLaser):
        return GuardedFineLaser(laser, shutter)
    return GuardedLaser(laser, shutter)


class GuardedMicrowave:
    """The microwave generator; knows whether its output is on. ``blocked``: the output is never switched on."""

    def __init__(self, source: MicrowaveSource, *, blocked: bool = False) -> None:
        self._source, self._blocked = source, blocked
        self._on, self._gated = False, True

    @property
    def is_on(self) -> bool:
        """True when the last command was to switch the output on."""
        return self._on

    @property
    def gated(self) -> bool:
        """True when the last command was to let the output follow its gate."""
        return self._gated

    def frequency_range_hz(self) -> tuple[float, float]:
        """Lowest and highest frequency, Hz."""
        return self._source.frequency_range_hz()

    def set_frequency(self, frequency_hz: float) -> float:
        """Set the frequency; returns the frequency read back, Hz."""
        return self._source.set_frequency(frequency_hz)

    def set_power(self, power_dbm: float) -> float:
        """Set the power at the output socket; returns the power read back, dBm."""
        return self._source.set_power(power_dbm)

    def set_output(self, on: bool, *, gated: bool = True) -> None:
        """Output on or off, confirmed by read-back; a blocked one is switched off instead of on."""
        wanted = on and not self._blocked
        self._source.set_output(wanted, gated=gated)
        self._on, self._gated = wanted, gated

    def output_is_on(self) -> bool:
        """Read the output state."""
        return self._source.output_is_on()
