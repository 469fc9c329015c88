"""Plain text: one event a line, a column of times and a column of channels. The unit of time must be stated."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from analysis.readers.base import LATEST_PS, Head, RawChunk, TagFileError
from analysis.tags import IntArray, absolute_times_ps

_BLOCK_BYTES = 1 << 20
_LONGEST_LINE = 4096
_LONGEST_NUMBER = 40


@dataclass(frozen=True)
class TextFormat:
    """How to read a text file of events.

    ``time_unit_ps``: what 1 in the time column is (1 for ps, 1000 for ns). ``separator``: None for white space,
    otherwise one character. ``header_lines``: lines to skip at the start; lines that begin with ``comment`` are
    skipped everywhere. ``time_column`` and ``channel_column`` count from 0. ValueError for a unit that is not
    positive, equal or negative columns.
    """

    time_unit_ps: float
    separator: str | None = None
    header_lines: int = 0
    time_column: int = 0
    channel_column: int = 1
    comment: str = "#"

    def __post_init__(self) -> None:
        if not (math.isfinite(self.time_unit_ps) and self.time_unit_ps > 0.0):
            raise ValueError(f"the time unit of a text file must be a positive number of ps, not {self.time_unit_ps}")
        if self.separator is not None and len(self.separator) != 1:
            raise ValueError(f"the separator of a text file must be one character, not {self.separator!r}")
        if min(self.header_lines, self.time_column, self.channel_column) < 0:
            raise ValueError("header lines and columns of a text file are counted from 0")
        if self.time_column == self.channel_column:
            raise ValueError(f"column {self.time_column} cannot hold both times and channels")


class TextSource:
    """A text file of events. Channels are the numbers in the file, 0 to 255."""

    def __init__(self, path: Path, text: TextFormat) -> None:
        self._text = text
        self.head = Head(path, "text", {"resolution_ps": text.time_unit_ps}, starts_at_zero=False)

    def raw_chunks(self) -> Iterator[RawChunk]:
        """Yield all events in the order of the file. TagFileError names the first line that is none."""
        path, size = self.head.path, max(1, self.head.path.stat().st_size)
        with path.open("rb") as stream:
            for _ in range(self._text.header_lines):
                stream.readline(_BLOCK_BYTES)
            line_number = self._text.header_lines + 1
            while block := stream.read(_BLOCK_BYTES):
                block += stream.readline(_LONGEST_LINE)
                lines = block.splitlines()
                if max(len(line) for line in lines) > _LONGEST_LINE:
                    raise TagFileError(f"cannot read {path}: it has a line of more than {_LONGEST_LINE} characters")
                yield self._chunk(lines, line_number, stream.tell() / size)
                line_number += len(lines)

    def _chunk(self, lines: list[bytes], line_number: int, fraction: float) -> RawChunk:
        separator = None if self._text.separator is None else self._text.separator.encode()
        comment = self._text.comment.encode()
        times: list[bytes] = []
        channels: list[bytes] = []
        for number, line in enumerate(lines, start=line_number):
            stripped = line.strip()
            if not stripped or (comment and stripped.startswith(comment)):
                continue
            words = stripped.split(separator)
            if len(words) <= max(self._text.time_column, self._text.channel_column):
                raise self._no_event(number, line)
            times.append(words[self._text.time_column])
            channels.append(words[self._text.channel_column])
        try:
            numbers = _channels(channels)
            arrival_ps = _times_ps(times, self._text.time_unit_ps)
        except ValueError as error:
            first = next((n for n, line in enumerate(lines, line_number) if self._is_bad(line)), line_number)
            raise self._no_event(first, lines[first - line_number], str(error)) from error
        return RawChunk(arrival_ps, numbers, int(arrival_ps.max()) if arrival_ps.size else 0, fraction)

    def _is_bad(self, line: bytes) -> bool:
        """True for a line that alone cannot be read as an event."""
        separator = None if self._text.separator is None else self._text.separator.encode()
        stripped = line.strip()
        if not stripped or (self._text.comment and stripped.startswith(self._text.comment.encode())):
            return False
        words = stripped.split(separator)
        try:
            _channels([words[self._text.channel_column]])
            _times_ps([words[self._text.time_column]], self._text.time_unit_ps)
        except ValueError:
            return True
        return False

    def _no_event(self, line_number: int, line: bytes, reason: str = "") -> TagFileError:
        shown = line[:60].decode("ascii", errors="replace")
        because = f" ({reason})" if reason else ""
        return TagFileError(
            f"cannot read {self.head.path}: line {line_number}, {shown!r}, is no event{because}; "
            "state header lines, separator and columns of the file"
        )


def _channels(words: list[bytes]) -> npt.NDArray[np.uint8]:
    numbers = _integers(words)
    if numbers is None or (numbers.size and (int(numbers.min()) < 0 or int(numbers.max()) > 255)):
        raise ValueError("channels are whole numbers from 0 to 255")
    return numbers.astype(np.uint8)


def _times_ps(words: list[bytes], unit_ps: float) -> IntArray:
    """Whole numbers exactly; others rounded to ps. ValueError for what is no time."""
    ticks = _integers(words)
    if ticks is not None:
        if ticks.size and max(abs(int(ticks.max())), abs(int(ticks.min()))) * unit_ps >= LATEST_PS:
            raise ValueError("times must stay below 104 days; is the time unit right?")
        return absolute_times_ps(ticks, unit_ps, np.zeros(ticks.size, dtype=np.int64))
    values = np.array(words, dtype="S").astype(np.float64) * unit_ps
    if not np.all(np.abs(values) < LATEST_PS):
        raise ValueError("times must be finite numbers below 104 days")
    return np.rint(values).astype(np.int64)


def _integers(words: list[bytes]) -> IntArray | None:
    """The words as whole numbers, None when one of them is none."""
    if any(len(word) > _LONGEST_NUMBER for word in words):
        raise ValueError(f"numbers have at most {_LONGEST_NUMBER} characters")
    try:
        return np.array(words, dtype="S").astype(np.int64)
    except (ValueError, OverflowError):
        return None
