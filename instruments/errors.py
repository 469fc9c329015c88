"""What can go wrong at the bench. Every message names the instrument, the value, the limit and what to do."""


class BenchError(Exception):
    """Any failure of an instrument, of the wire to it, or of the station file."""

    def __str__(self) -> str:
        # QCoDeS appends "getting <parameter>" to an exception's arguments; the message stays the first one.
        return str(self.args[0]) if self.args else ""


class LimitError(BenchError):
    """A value was refused before a byte went out."""


class WireError(BenchError):
    """A reply was missing, garbled or an error message; names instrument, command and reply."""


class NotReadyError(BenchError):
    """The instrument did not reach the asked state in time, or is busy, warming up, unlocked."""


class InterlockError(BenchError):
    """An interlock, key switch, fault or quench forbids the action until a person has looked."""


class QuenchError(InterlockError):
    """The magnet has quenched: nothing is sent to it until a person has looked and reset it."""


class StationError(BenchError):
    """The station file is wrong: unknown driver or key, a role without instrument, an unreachable address."""


class InUseError(StationError):
    """Another program drives the instrument now; the message names it. Nothing was sent."""


class UnsafeError(BenchError):
    """The safe state could not be confirmed by read-back; says what to do by hand."""
