"""Which oscillator pumps the table and whose sync output the delay generator hears, when there is more than one."""

from typing import Protocol

from sims.bench.chameleon import ModeLock
from sims.bench.lasers import LaserOutput


class Oscillator(Protocol):
    """What the table uses of a mode-locked titanium-sapphire laser."""

    @property
    def shutter_open(self) -> bool:
        """Position of its shutter."""
        ...

    @property
    def laser_on(self) -> bool:
        """Lasing, or on the way to it."""
        ...

    @property
    def repetition_rate_hz(self) -> float:
        """Pulse rate while mode-locked (also on the sync output), otherwise 0."""
        ...

    def mode_lock(self) -> ModeLock:
        """Pulses, continuous light or nothing."""
        ...

    def output(self) -> LaserOutput | None:
        """The beam behind the shutter; None when there is none."""
        ...


class PulseTrain(Protocol):
    """A source that brings its own pulses and its own sync output (no Ti:sapphire laser behind it)."""

    @property
    def repetition_rate_hz(self) -> float:
        """Pulse rate while it emits, otherwise 0."""
        ...


class Oscillators:
    """Two oscillators in front of one pump port: a flip mirror lets in the one whose shutter is open.

    With both shutters open the first keeps the port, with both closed too. Plays ``Oscillator``.
    """

    def __init__(self, first: Oscillator, second: Oscillator) -> None:
        self._first = first
        self._second = second

    def selected(self) -> Oscillator:
        """The oscillator that has the pump port now."""
        takes_second = self._second.shutter_open and not self._first.shutter_open
        return self._second if takes_second else self._first

    @property
    def shutter_open(self) -> bool:
        """Position of the shutter of the one selected."""
        return self.selected().shutter_open

    @property
    def laser_on(self) -> bool:
        """Whether the one selected lases."""
        return self.selected().laser_on

    @property
    def repetition_rate_hz(self) -> float:
        """Pulse rate of the one selected while mode-locked, otherwise 0."""
        return self.selected().repetition_rate_hz

    def mode_lock(self) -> ModeLock:
        """State of the pulses of the one selected."""
        return self.selected().mode_lock()

    def output(self) -> LaserOutput | None:
        """Beam of the one selected."""
        return self.selected().output()


def sync_rate_hz(oscillators: Oscillators, supercontinuum: PulseTrain) -> float:
    """Rate on the delay generator's trigger input, Hz; 0 when nothing triggers it.

    A supercontinuum source that emits lends its own sync output; otherwise the selected oscillator's is plugged in.
    """
    return supercontinuum.repetition_rate_hz or oscillators.repetition_rate_hz
