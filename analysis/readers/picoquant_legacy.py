"""PicoQuant's files before PTU: PT2, PT3 (PicoHarp 300, format 2.0) and HT2, HT3 (HydraHarp, formats 1.0 and 2.0).

Only the headers are read here; the records are the same as in PTU files. Header fields and their order: PicoQuant,
file access demos for PT2, PT3, HT2 and HT3 that came with the PicoHarp 300 and HydraHarp 400 software.
"""

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from analysis.readers import picoquant_records
from analysis.readers.base import Head, RawChunk, TagFileError, positive_ps
from analysis.readers.picoquant_records import RecordLayout

PICOHARP_MAGIC = b"PicoHarp 300\0"
HYDRAHARP_MAGIC = b"HydraHarp\0"
TIMEHARP_MAGIC = b"TimeHarp 200\0"

_COMMON = struct.Struct("<16s6s18s12s18s2s256s")
"""Ident, FormatVersion, CreatorName, CreatorVersion, FileTime, CRLF, Comment."""
_DISPLAY_BYTES = 8 * 8 + 3 * 12 + 4 * 4 + 20
"""Display curves, parameters, repeat group: nothing about photons."""
_PICOHARP_TICK_S = 4e-12
_HYDRAHARP_TICK_S = 1e-12
_MOST_INPUTS = 64
_MOST_IMAGE_WORDS = 4096


@dataclass(frozen=True)
class _Legacy:
    """What the header says about the records."""

    mode: int
    record_type: int
    n_records: int
    offset: int
    sync_rate_hz: int
    bin_s: float
    rate_hz: float | None
    metadata: dict[str, object]


class LegacySource:
    """A PT2, PT3, HT2 or HT3 file. TagFileError when its header is damaged or of another version."""

    def __init__(self, path: Path) -> None:
        try:
            with path.open("rb") as stream:
                header = _read_header(path, stream)
        except struct.error as error:
            raise TagFileError(f"cannot read {path}: the file is truncated inside its header; copy it again") from error
        present = (path.stat().st_size - header.offset) // 4
        if not 0 <= header.n_records <= present:
            raise TagFileError(
                f"cannot read {path}: the file is truncated: {present} of {header.n_records} records; copy it again"
            )
        is_t3 = header.mode == 3
        if is_t3 and header.sync_rate_hz <= 0:
            raise TagFileError(f"cannot read {path}: the header says {header.sync_rate_hz} syncs per second")
        tick_s = 1.0 / header.sync_rate_hz if is_t3 else header.bin_s
        tick_ps = positive_ps(path, "sync period" if is_t3 else "time base", tick_s)
        bin_ps = positive_ps(path, "resolution", header.bin_s)
        decoder = picoquant_records.decoder_of(header.record_type, is_t3=is_t3)
        self._layout = RecordLayout(
            path, header.offset, header.n_records, header.record_type, is_t3, tick_ps, bin_ps, decoder
        )
        self.head = Head(
            path,
            "picoquant-legacy",
            {**header.metadata, "resolution_ps": bin_ps},
            sync_period_ps=tick_ps if is_t3 else None,
            stated_rate_hz=header.rate_hz,
            missing_pairs=picoquant_records.missing_pairs(header.record_type),
        )

    def raw_chunks(self) -> Iterator[RawChunk]:
        """Yield all photons in the order of the file."""
        return picoquant_records.decode_chunks(self._layout)


def _read_header(path: Path, stream: BinaryIO) -> _Legacy:
    ident, version, _, _, file_time, _, comment = _take(stream, _COMMON)
    name, version_text = _text(ident), _text(version)
    readers = {("PicoHarp 300", "2.0"): _picoharp, ("HydraHarp", "1.0"): _hydraharp, ("HydraHarp", "2.0"): _hydraharp}
    reader = readers.get((name, version_text))
    if reader is None:
        raise TagFileError(
            f"cannot read {path}: {name!r} files of format {version_text!r} are not read; "
            "convert it to PTU with PicoQuant's software"
        )
    header = reader(path, stream, version_text)
    if header.mode not in (2, 3):
        raise TagFileError(f"cannot read {path}: measurement mode {header.mode} holds no time tags (T2 is 2, T3 is 3)")
    told = {"device": name, "format_version": version_text, "file_time": _text(file_time), "comment": _text(comment)}
    return _Legacy(**{**header.__dict__, "metadata": told})


def _picoharp(path: Path, stream: BinaryIO, version: str) -> _Legacy:
    # curves, bits, routing channels, boards, active curve, mode, sub mode, range, offset, acquisition time, stop at,
    # stop on overflow, restart, linear/log, time axis from, to, count axis from, to
    words = _take(stream, struct.Struct("<18i"))
    _refuse_other_sizes(path, int(words[1]))
    _skip(stream, _DISPLAY_BYTES)
    # identification, part number, serial, sync divider, four discriminator levels, resolution (ns), router, enabled
    hardware = _take(stream, struct.Struct("<16s8s6if2i"))
    _skip(stream, 4 * 24)
    # external devices, two reserved, rates of inputs 0 and 1, stop after, stop reason, records, image header size
    counts = _take(stream, struct.Struct("<9i"))
    offset = _after_image_header(path, stream, int(counts[8]))
    mode = int(words[5])
    is_t3 = mode == 3
    return _Legacy(
        mode,
        0x00010303 if is_t3 else 0x00010203,
        int(counts[7]),
        offset,
        int(counts[3]),
        float(hardware[8]) * 1e-9 if is_t3 else _PICOHARP_TICK_S,
        _positive(counts[4] if is_t3 else counts[3] + counts[4]),
        {},
    )


def _hydraharp(path: Path, stream: BinaryIO, version: str) -> _Legacy:
    # curves, bits, active curve, mode, sub mode, binning, resolution (ps), offset, acquisition time, stop at, stop on
    # overflow, restart, linear/log, time axis from, to, count axis from, to
    words = _take(stream, struct.Struct("<6id10i"))
    _refuse_other_sizes(path, int(words[1]))
    _skip(stream, _DISPLAY_BYTES)
    # identification, part number, serial, number of modules, ten modules of two words
    _skip(stream, 16 + 8 + 4 + 4 + 10 * 8)
    # base resolution, inputs enabled, inputs present, clock source, external devices, markers, sync divider, three
    # settings of the sync input
    hardware = _take(stream, struct.Struct("<dQ8i"))
    n_inputs = int(hardware[2])
    if not 0 < n_inputs <= _MOST_INPUTS:
        raise TagFileError(f"cannot read {path}: the header says {n_inputs} inputs; the header is damaged")
    # module, two discriminator settings, offset, rate
    inputs = [_take(stream, struct.Struct("<5i")) for _ in range(n_inputs)]
    # sync rate, stop after, stop reason, image header size, records
    sync_rate_hz, _, _, image_words, n_records = _take(stream, struct.Struct("<4iq"))
    offset = _after_image_header(path, stream, image_words)
    mode, second = int(words[3]), version == "2.0"
    types = {(3, False): 0x00010304, (3, True): 0x01010304, (2, False): 0x00010204, (2, True): 0x01010204}
    return _Legacy(
        mode,
        types.get((mode, second), 0),
        n_records,
        offset,
        sync_rate_hz,
        float(words[6]) * 1e-12 if mode == 3 else _HYDRAHARP_TICK_S,
        _positive(sum(values[4] for values in inputs)),
        {},
    )


def _refuse_other_sizes(path: Path, bits: int) -> None:
    if bits != 32:
        raise TagFileError(f"cannot read {path}: the header says records of {bits} bits, not 32; it is damaged")


def _after_image_header(path: Path, stream: BinaryIO, n_words: int) -> int:
    """Position of the first record, after an image header of ``n_words`` 32-bit words."""
    if not 0 <= n_words <= _MOST_IMAGE_WORDS:
        raise TagFileError(f"cannot read {path}: the header says {n_words} words of image header; it is damaged")
    return stream.tell() + 4 * n_words


def _positive(rate: float) -> float | None:
    return float(rate) if math.isfinite(rate) and rate > 0 else None


def _take(stream: BinaryIO, layout: struct.Struct) -> tuple[Any, ...]:
    return layout.unpack(stream.read(layout.size))


def _skip(stream: BinaryIO, n_bytes: int) -> None:
    stream.seek(n_bytes, 1)


def _text(field: bytes) -> str:
    return field.split(b"\0", maxsplit=1)[0].decode("windows-1252", errors="replace").strip()
