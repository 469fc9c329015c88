"""What the process that runs the queue tells those who watch it, and what they may ask of it.

One message is one JSON object in bytes; arrays travel as base64 of their raw little-endian bytes. Nothing is pickled.
"""

from dataclasses import dataclass
from enum import StrEnum

from analysis.views import View
from runfile.results import Result


@dataclass(frozen=True)
class Hello:
    """First message to a new watcher: who runs the queue, and which entry is running (None: none)."""

    pid: int
    entry_id: int | None
    paused: bool


@dataclass(frozen=True)
class Started:
    """An entry has begun; from here on the store has its run file, too."""

    entry_id: int
    procedure: str
    run_file: str


@dataclass(frozen=True)
class Progress:
    """Fraction done (0-1), what is going on, bench seconds since the start; at most 10 a second."""

    entry_id: int
    fraction: float
    what: str
    bench_s: float


@dataclass(frozen=True)
class CountRates:
    """One point of the count-rate strip: detector name → counts per second over the last record."""

    entry_id: int
    bench_s: float
    rates_cps: dict[str, float]


@dataclass(frozen=True)
class Views:
    """What the plots show now: complete, replaces the earlier ones. Made from memory, never from the file."""

    entry_id: int
    views: tuple[View, ...]


@dataclass(frozen=True)
class RunningResults:
    """The analysis of what is there so far, with today's uncertainties. ``remark``: why there is none yet."""

    entry_id: int
    results: dict[str, Result]
    remark: str = ""


@dataclass(frozen=True)
class LogLine:
    """One line of the log; ``level`` as in logging (INFO, WARNING, ERROR, CRITICAL)."""

    entry_id: int | None
    level: str
    text: str


@dataclass(frozen=True)
class StateChanged:
    """The queue was paused, resumed, emptied or changed: read the store again."""

    entry_id: int | None
    paused: bool


@dataclass(frozen=True)
class RoleStatus:
    """One role of the bench as last seen: identity, key values with their units, whether its interlock is satisfied."""

    role: str
    identity: str
    values: tuple[tuple[str, str], ...]
    interlock: str = ""
    satisfied: bool = True


@dataclass(frozen=True)
class BenchStatus:
    """All roles, read at a checkpoint of the run (never beside it: one instrument, one conversation)."""

    entry_id: int | None
    roles: tuple[RoleStatus, ...]


@dataclass(frozen=True)
class Finished:
    """An entry has ended; its ending is in the store."""

    entry_id: int
    status: str
    exit_code: int


Event = (
    Hello | Started | Progress | CountRates | Views | RunningResults | LogLine | StateChanged | BenchStatus | Finished
)


class Command(StrEnum):
    """What a watcher may ask. PAUSE: at the next safe checkpoint, light off; STOP_AFTER: quit after this entry."""

    PAUSE = "pause"
    RESUME = "resume"
    ABORT = "abort"
    STOP_AFTER = "stop-after"
    WAKE = "wake"
