"""Thorlabs SC10: beam shutter controller."""

from enum import IntEnum

from sims.bench.clock import VirtualClock


class ShutterMode(IntEnum):
    """Operating modes (the numbers on the wire)."""

    MANUAL = 1
    AUTO = 2
    SINGLE = 3
    REPEAT = 4
    EXTERNAL_GATE = 5


class Sc10:
    """Manual mode and closed at construction. Nothing is wired to its gate input, so mode 5 keeps it closed."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._mode = ShutterMode.MANUAL
        self._enabled = False
        self._enabled_from_s = 0.0
        self.open_ms = 200
        self.closed_ms = 200
        self.repetitions = 1
        self.interlock_tripped = False

    @property
    def mode(self) -> ShutterMode:
        """Operating mode."""
        return self._mode

    def set_mode(self, mode: ShutterMode) -> None:
        """Change the mode; the shutter is disabled (closed) by it."""
        self._mode = mode
        self._enabled = False

    @property
    def enabled(self) -> bool:
        """Enabled: open in manual mode; in single and repeat mode until the sequence has ended."""
        if self._enabled and self._sequence_ended():
            self._enabled = False
        return self._enabled and not self.interlock_tripped

    def toggle(self) -> None:
        """Enable when disabled and the reverse: the device has no other command."""
        self._enabled = not self.enabled
        self._enabled_from_s = self._clock.now_s()

    def _sequence_ended(self) -> bool:
        cycles = {ShutterMode.SINGLE: 1, ShutterMode.REPEAT: self.repetitions}.get(self._mode)
        if cycles is None:
            return False
        return self._running_ms() >= cycles * (self.open_ms + self.closed_ms)

    def _running_ms(self) -> float:
        return (self._clock.now_s() - self._enabled_from_s) * 1e3

    def is_open(self) -> bool:
        """True when light passes."""
        if not self.enabled or self._mode is ShutterMode.EXTERNAL_GATE:
            return False
        if self._mode is ShutterMode.MANUAL:
            return True
        return self._running_ms() % (self.open_ms + self.closed_ms) < self.open_ms
