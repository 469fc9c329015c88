"""Shutter and lasers as an experiment gets them: no light before the interlocks are looked at, no tuning with light on.

The rule: the beam shutter is closed while any wavelength moves, and opened again only when the laser has settled and
the oscillator is mode-locked.
"""

from collections.abc import Callable

from instruments.roles import FineTunableLaser, Shutter, TunableLaser


class GuardedShutter:
    """The beam shutter; ``before_light`` is called before each opening and forbids it by raising."""

    def __init__(self, shutter: Shutter, before_light: Callable[[], None]) -> None:
        self._shutter, self._before_light = shutter, before_light
        self._opened = False

    @property
    def opened(self) -> bool:
        """True when the last command was to open."""
        return self._opened

    def open(self) -> None:
        """Open and confirm, after the interlocks; InterlockError or NotReadyError when it must not be opened."""
        self._before_light()
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
