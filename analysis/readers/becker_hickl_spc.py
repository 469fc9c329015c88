"""Becker & Hickl SPC files (FIFO mode) of the SPC-130, -140, -150, -160, -180 and -830 cards.

Source: W. Becker, The bh TCSPC Handbook, 9th edition, "FIFO files, SPC-130/830/140/150/160": the first 32-bit word
holds the macro-time clock in units of 0.1 ns (bits 0-23); each further word bits 0-11 macro time, 12-15 routing,
16-27 ADC, 28 marker, 29 gap, 30 macro-time overflow, 31 invalid. An invalid word with overflow and without marker
holds the number of overflows in bits 0-27. Times are measured from the photon to the next sync, so the ADC counts
backwards. The width of an ADC channel stands in the set-up (.set) file beside it.
"""

import math
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from analysis.readers.base import (
    CHUNK_RECORDS,
    Head,
    RawChunk,
    TagFileError,
    checked_reach,
    one_converter,
    positive_ps,
)
from analysis.tags import IntArray, absolute_times_ps

_READ_CARDS = frozenset(
    {0x20, 0x25, 0x26, 0x28, 0x2A, 0x2B, 0x2E, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A}
)
"""Codes in the set-up file's revision (bits 4-11) of cards that write this layout."""
_LARGEST_SETUP_BYTES = 1 << 24
_DEAD_TIME_NS = 100.0
"""A file is of one card, and a card has one converter: several channels are those of a router before it."""
_SLOWEST_CLOCK_TENTHS_NS = 100_000
_PARAMETER = re.compile(rb"#SP \[(SP_TAC_R|SP_TAC_G),[A-Z],([-+0-9.eE]+)\]")


@dataclass(frozen=True)
class SpcFormat:
    """What an SPC file does not say itself. ``tac_window_ns``: full range of the ADC, TAC range over gain (ns)."""

    tac_window_ns: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.tac_window_ns) and self.tac_window_ns > 0.0):
            raise ValueError(f"the TAC window must be a positive number of ns, not {self.tac_window_ns}")


class SpcSource:
    """An SPC file; its set-up file, if there is one beside it, or ``spc`` gives the unit of the nanotimes.

    Without either there are no nanotimes and a warning says so. Arrival times have the resolution of the macro
    clock, because that clock need not be the laser's. Markers are left out. Channels are routing + 1.
    """

    def __init__(self, path: Path, spc: SpcFormat | None = None) -> None:
        size = path.stat().st_size
        if size < 8 or size % 4:
            raise TagFileError(f"cannot read {path}: {size} bytes are no whole 32-bit records; the file is truncated")
        with path.open("rb") as stream:
            (first,) = struct.unpack("<I", stream.read(4))
        tenths = first & 0xFFFFFF
        if not 0 < tenths <= _SLOWEST_CLOCK_TENTHS_NS:
            raise TagFileError(
                f"cannot read {path}: its macro-time clock would be {tenths / 10:g} ns, outside 0.1 ns to 10 µs; "
                "it is damaged or of another card (SPC-6xx, SPC-QC and DPC files are not read)"
            )
        self._n_records = size // 4 - 1
        self._clock_ps = tenths * 100.0
        window_ns = spc.tac_window_ns if spc is not None else _window_from_setup(path)
        self._bin_ps = None if window_ns is None else positive_ps(path, "ADC bin", window_ns * 1e-9 / 4096)
        told = () if self._bin_ps else ("no set-up file (.set) beside it: the nanotimes have no unit and are left out",)
        metadata = {"macro_clock_ps": self._clock_ps, "resolution_ps": self._bin_ps or self._clock_ps}
        missing = one_converter("an SPC card with a router", _DEAD_TIME_NS)
        self.head = Head(path, "spc", metadata, warnings=told, missing_pairs=missing)

    def raw_chunks(self) -> Iterator[RawChunk]:
        """Yield all photons in the order of the file."""
        path, overflows, done = self.head.path, 0, 0
        with path.open("rb") as stream:
            stream.seek(4)
            while done < self._n_records:
                wanted = min(CHUNK_RECORDS, self._n_records - done)
                raw = np.frombuffer(stream.read(4 * wanted), dtype="<u4")
                if len(raw) < wanted:
                    raise TagFileError(f"cannot read {path}: it became shorter while it was read; copy it again")
                done += wanted
                chunk, overflows = self._decode(raw, overflows, done / self._n_records)
                yield chunk

    def _decode(self, raw: npt.NDArray[np.uint32], before: int, fraction: float) -> tuple[RawChunk, int]:
        invalid, overflow, marker = _bit(raw, 31), _bit(raw, 30), _bit(raw, 28)
        n_overflows = np.where(invalid & overflow & ~marker, raw & 0x0FFFFFFF, overflow).astype(np.int64)
        so_far = before + np.cumsum(n_overflows)
        after = int(so_far[-1])
        checked_reach(self.head.path, (after + 1) << 12, self._clock_ps)
        photons = ~invalid
        kept = raw[photons]
        ticks = (so_far[photons] << 12) + (kept & 0xFFF)
        times = absolute_times_ps(ticks, self._clock_ps, np.zeros(ticks.size, dtype=np.int64))
        nanotimes: IntArray | None = None
        if self._bin_ps is not None:
            nanotimes = np.rint((4095 - ((kept >> 16) & 0xFFF).astype(np.int64)) * self._bin_ps).astype(np.int64)
        channel = (((kept >> 12) & 0xF) + 1).astype(np.uint8)
        lost = bool(_bit(raw, 29).any())
        told = ("the recorder's memory overflowed: photons are missing (gap bits in the records)",) if lost else ()
        end_ps = int((after << 12) * self._clock_ps)
        latest_ps = max(end_ps, int(times.max())) if times.size else end_ps
        return RawChunk(times, channel, latest_ps, fraction, nanotimes, warnings=told), after


def _bit(raw: npt.NDArray[np.uint32], number: int) -> npt.NDArray[np.bool_]:
    return ((raw >> number) & 1).astype(bool)


def _window_from_setup(path: Path) -> float | None:
    """TAC range over gain, ns, from the .set file beside the SPC file; None where there is none."""
    beside = [path.with_suffix(suffix) for suffix in (".set", ".SET", ".Set")]
    setup = next((name for name in beside if name.is_file()), None)
    if setup is None:
        return None
    with setup.open("rb") as stream:
        content = stream.read(_LARGEST_SETUP_BYTES)
    card = int.from_bytes(content[:2], "little") >> 4 & 0xFF
    if card not in _READ_CARDS:
        raise TagFileError(f"cannot read {path}: {setup.name} names a card (code {card:#x}) of another record layout")
    found = dict(_PARAMETER.findall(content))
    try:
        window_ns = 1e9 * float(found[b"SP_TAC_R"]) / float(found[b"SP_TAC_G"])
    except (KeyError, ValueError, ZeroDivisionError) as error:
        raise TagFileError(f"cannot read {path}: {setup.name} gives no TAC range and gain; state the window") from error
    if not (math.isfinite(window_ns) and window_ns > 0.0):
        raise TagFileError(f"cannot read {path}: {setup.name} gives a TAC window of {window_ns:g} ns")
    return window_ns
