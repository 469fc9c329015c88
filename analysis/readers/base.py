"""What every reader of photon files gives: a head, and raw chunks of photons in the order of the file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError
from analysis.tags import IntArray

CHUNK_RECORDS = 1 << 19
"""Records that are decoded at a time: some 30 MB while it lasts."""
LATEST_PS = 9_000_000_000_000_000_000
"""Times are int64 ps: 104 days. What reaches beyond is damaged."""
CONTRADICTION = 1.5
"""Factor between two statements about the same quantity from which on they contradict each other."""


class TagFileError(AnalysisError):
    """A photon file cannot be read; one line that names the file and the reason."""


class OutOfOrderError(TagFileError):
    """The photons are too far out of order to be read in chunks; read the file as a whole."""


@dataclass(frozen=True)
class Head:
    """What a file says before its first photon.

    ``sync_period_ps``: None where photons are not related to pulses. ``stated_rate_hz``: counts per second on all
    channels, None where not stated. ``stated_duration_s``: length of the record, None where not stated.
    ``duration_is_live_time``: gaps of the clock are no part of it, so the photons may span more.
    ``starts_at_zero``: the clock of the time tags starts with the record; otherwise the first tag counts as start.
    ``missing_pairs``: why pairs near zero delay are missing where several channels have photons, "" if they are not.
    """

    path: Path
    kind: str
    metadata: Mapping[str, object]
    sync_period_ps: float | None = None
    stated_rate_hz: float | None = None
    stated_duration_s: float | None = None
    duration_is_live_time: bool = False
    elapsed_s: float | None = None
    starts_at_zero: bool = True
    warnings: tuple[str, ...] = ()
    missing_pairs: str = ""


@dataclass(frozen=True)
class RawChunk:
    """Photons as they come in the file; may be empty, and out of order by a little.

    ``end_ps``: latest time the file has reached, overflow and marker records included. ``fraction``: how much of
    the file is read. ``warnings``: what was found wrong in this part (the same words each time it is found).
    """

    timestamps_ps: IntArray
    channel: npt.NDArray[np.uint8]
    end_ps: int
    fraction: float
    nanotimes_ps: IntArray | None = None
    sync_index: IntArray | None = None
    warnings: tuple[str, ...] = field(default=())


class TagSource(Protocol):
    """A photon file of one kind. Opening it reads the head; raises TagFileError."""

    @property
    def head(self) -> Head:
        """What the file says before its first photon."""
        ...

    def raw_chunks(self) -> Iterator[RawChunk]:
        """Yield all photons, from the start; may be called again. TagFileError when the records are damaged."""
        ...


def positive_ps(path: Path, what: str, value_s: float) -> float:
    """A time of the header (s) in ps; TagFileError unless between a femtosecond and a second."""
    if not 1e-15 <= value_s <= 1.0:
        raise TagFileError(
            f"cannot read {path}: the header's {what} is {value_s:g} s, outside 1e-15 to 1 s; the header is damaged"
        )
    return value_s * 1e12


def checked_reach(path: Path, latest_ticks: int, tick_ps: float) -> None:
    """Refuse times that int64 ps cannot hold, before they are computed."""
    if not latest_ticks * tick_ps < LATEST_PS:
        raise TagFileError(
            f"cannot read {path}: its photons reach {latest_ticks * tick_ps * 1e-12:.3g} s, beyond 104 days; "
            "the records are damaged or the time unit is wrong"
        )


def one_converter(device: str, dead_time_ns: float) -> str:
    """What is wrong with pairs where all detectors share the time converter of ``device``."""
    return (
        f"all detectors share one time converter ({device}): of photons that come within its dead time, some "
        f"{dead_time_ns:g} ns, only the first is recorded, so that pairs near zero delay are missing and g2(0) is too "
        "low"
    )


def seconds(value_s: float) -> str:
    """A duration for people."""
    return f"{value_s:.3g} s" if value_s >= 1.0 else f"{value_s * 1e3:.3g} ms"
