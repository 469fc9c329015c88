"""Decoding PicoQuant's 32-bit T2 and T3 records, chunk by chunk.

``ptufile`` decodes; what it does not do is done here: carrying the overflow count from one chunk to the next,
refusing records that no device writes, and telling the sync input of T2 records from input 1.

Bit fields: PicoQuant, "Time Tagged File Format Demos", C and Python readers of PTU files (functions for PicoHarp
T2/T3 and HydraHarp T2/T3).
"""

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from analysis.readers.base import CHUNK_RECORDS, RawChunk, TagFileError, checked_reach, one_converter
from analysis.tags import IntArray, absolute_times_ps

if TYPE_CHECKING:
    import ptufile

PICOHARP_TYPES = frozenset({0x00010203, 0x00010303})
_PICOHARP_T3 = 0x00010303
_PICOHARP_DEAD_NS = 95.0
"""PicoQuant's glossary (tcspc.com), "T2 mode": within a channel, not across channels; T2 mode knows no router."""
_OVERFLOW_CHANNEL = 0x3F
_HYDRAHARP_1_T2 = 0x00010204
"""Counts one overflow a record, whatever the record says."""
_MOST_OVERFLOWS = 127
"""Of one T2 record that ``ptufile`` counts right: it multiplies 2^25 ticks in 32 bits."""


@dataclass(frozen=True)
class RecordLayout:
    """Where the records are and what they count.

    ``offset``: bytes before the first record. ``tick_ps``: unit of the T2 time tags, or the sync period (T3).
    ``bin_ps``: unit of the T3 nanotimes. ``decoder``: an open PtuFile of the right record type.
    """

    path: Path
    offset: int
    n_records: int
    record_type: int
    is_t3: bool
    tick_ps: float
    bin_ps: float
    decoder: "ptufile.PtuFile"


def missing_pairs(record_type: int) -> str:
    """What :attr:`analysis.readers.base.Head.missing_pairs` says of records of this type.

    In T3 mode one of the PicoHarp 300's two inputs is the sync: several detectors can only be at a router before the
    other one, whatever the header says of a router. All other devices have a converter for each input.
    """
    return one_converter("PicoHarp 300 with a router", _PICOHARP_DEAD_NS) if record_type == _PICOHARP_T3 else ""


def decoder_of(record_type: int, *, is_t3: bool) -> "ptufile.PtuFile":
    """A PtuFile without records, for record types whose files have another header."""
    import ptufile

    def tag(name: str, value: int) -> bytes:
        return struct.pack("<32siIq", name.encode(), -1, 0x10000008, value)

    header = b"PQTTTR\0\0" + b"1.0.00\0\0"
    header += tag("Measurement_Mode", 3 if is_t3 else 2)
    header += tag("TTResultFormat_TTTRRecType", record_type)
    header += struct.pack("<32siIq", b"Header_End", -1, 0xFFFF0008, 0)
    return ptufile.PtuFile(io.BytesIO(header))


def decode_chunks(layout: RecordLayout) -> Iterator[RawChunk]:
    """All photons of the file, in raw chunks. TagFileError for impossible or missing records."""
    overflow_ticks, done = 0, 0
    with layout.path.open("rb") as stream:
        stream.seek(layout.offset)
        while done < layout.n_records:
            wanted = min(CHUNK_RECORDS, layout.n_records - done)
            raw = np.frombuffer(stream.read(4 * wanted), dtype="<u4")
            if len(raw) < wanted:
                raise TagFileError(f"cannot read {layout.path}: it became shorter while it was read; copy it again")
            _refuse_illegal(layout, raw, done)
            _refuse_endless(layout, raw, overflow_ticks)
            chunk, overflow_ticks = _decode(layout, raw, overflow_ticks, (done + wanted) / layout.n_records)
            done += wanted
            yield chunk


def _decode(
    layout: RecordLayout, raw: npt.NDArray[np.uint32], before_ticks: int, fraction: float
) -> tuple[RawChunk, int]:
    """Photons of one chunk, and the overflow at its end in ticks."""
    # A record of zeros is an event at time tag 0: decoded last, its time is what has overflowed so far.
    decodable, left_out_ticks = _few_overflows_each(layout, np.append(raw, np.uint32(0)))
    records = layout.decoder.decode_records(decodable)
    time_ticks = records["time"].astype(np.int64) + left_out_ticks
    after_ticks = before_ticks + int(time_ticks[-1])
    records, time_ticks = records[:-1], time_ticks[:-1]
    latest = before_ticks + int(time_ticks.max(initial=0))
    checked_reach(layout.path, latest + 1, layout.tick_ps)
    is_photon = records["channel"] >= 0
    photons = records[is_photon]
    channel = _channel_numbers(layout, raw[is_photon], photons["channel"])
    ticks = time_ticks[is_photon] + before_ticks
    nanotimes: IntArray | None = None
    if layout.is_t3:
        nanotimes = np.rint(photons["dtime"].astype(np.int64) * layout.bin_ps).astype(np.int64)
    zero = np.zeros(ticks.size, dtype=np.int64)
    times = absolute_times_ps(ticks, layout.tick_ps, zero if nanotimes is None else nanotimes)
    chunk = RawChunk(
        times,
        channel,
        end_ps=int(latest * layout.tick_ps),
        fraction=fraction,
        nanotimes_ps=nanotimes,
        sync_index=ticks if layout.is_t3 else None,
    )
    return chunk, after_ticks


def _few_overflows_each(layout: RecordLayout, raw: npt.NDArray[np.uint32]) -> tuple[npt.NDArray[np.uint32], IntArray]:
    """The records (n,) with overflow counts that ``ptufile`` can multiply, and the ticks left out up to each (n,)."""
    excess = np.zeros(raw.size, dtype=np.int64)
    if not _counts_overflows(layout):
        return raw, excess
    is_overflow = _is_overflow(raw)
    excess[is_overflow] = np.maximum((raw[is_overflow] & 0x1FFFFFF).astype(np.int64) - _MOST_OVERFLOWS, 0)
    return raw - excess.astype(np.uint32), np.cumsum(excess << 25)


def _counts_overflows(layout: RecordLayout) -> bool:
    """Whether an overflow record counts overflows of 2^25 ticks each (elsewhere it is at most 2^28 ticks)."""
    return not (layout.is_t3 or layout.record_type in PICOHARP_TYPES or layout.record_type == _HYDRAHARP_1_T2)


def _is_overflow(raw: npt.NDArray[np.uint32]) -> npt.NDArray[np.bool_]:
    return np.asarray(raw >= (1 << 31 | _OVERFLOW_CHANNEL << 25))


def _channel_numbers(
    layout: RecordLayout, raw: npt.NDArray[np.uint32], decoded: npt.NDArray[np.int8]
) -> npt.NDArray[np.uint8]:
    """Numbers as on the front panel: inputs from 1; in T2 files 0 is sync.

    PicoHarp T2 counts its two inputs 0 (sync) and 1. The other devices mark sync in T2 by the special bit, and
    ``ptufile`` gives it the same number as their first input.
    """
    if layout.record_type in PICOHARP_TYPES and not layout.is_t3:
        return decoded.astype(np.uint8)
    numbers = decoded.astype(np.uint8) + np.uint8(1)
    if not layout.is_t3:
        numbers[(raw >> 31).astype(bool)] = 0
    return numbers


def _refuse_illegal(layout: RecordLayout, raw: npt.NDArray[np.uint32], n_before: int) -> None:
    """TagFileError for the first record that the device cannot have written."""
    if layout.record_type in PICOHARP_TYPES:
        number = raw >> 28
        # special records have 15; T3 photons 1 to 4 (router), T2 photons 0 to 4
        illegal = (number > 4) & (number != 15)
        if layout.is_t3:
            illegal |= number == 0
    else:
        number = (raw >> 25) & 0x3F
        lowest = 1 if layout.is_t3 else 0
        illegal = (raw >= 1 << 31) & (number != _OVERFLOW_CHANNEL) & ((number > 15) | (number < lowest))
    if illegal.any():
        first = int(np.argmax(illegal))
        raise TagFileError(
            f"cannot read {layout.path}: record {n_before + first} ({int(raw[first]):#010x}) is none that the device "
            "writes; the file is damaged or its header names the wrong device"
        )


def _refuse_endless(layout: RecordLayout, raw: npt.NDArray[np.uint32], before_ticks: int) -> None:
    """TagFileError when overflow records claim more time than 64 bits hold: the decoder would wrap round."""
    if not _counts_overflows(layout):
        return
    wraps = raw[_is_overflow(raw)] & 0x1FFFFFF
    # at least 1 ps, because ticks are int64, too
    checked_reach(layout.path, before_ticks + (int(wraps.sum(dtype=np.int64)) << 25), max(layout.tick_ps, 1.0))
