"""Becker & Hickl SDT files: decay histograms, by ``sdtfile`` (optional extra ``formats``).

Header and block layout: W. Becker, The bh TCSPC Handbook, 9th edition, "Data file structure" (bhfile_header,
BHFileBlockHeader). The blocks are checked against the size of the file before ``sdtfile`` reads them, because it
believes what they say about their length.
"""

import importlib
import io
import logging
import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from analysis.readers.base import TagFileError, positive_ps

_HEADER = struct.Struct("<hihiHihIihhHIHH")
"""Revision, info offset, length, set-up offset, length, data offset, blocks, block length, measurement description
offset, number, length, valid, reserved (number of blocks if more than 32766), reserved, check sum."""
_BLOCK_OLD = struct.Struct("<hiiHhII")
_BLOCK_NEW = struct.Struct("<BBIIHhII")
_VALID, _CHECK_SUM = 0x5555, 0x55AA
SDT_MARKS = frozenset({(0x5555, _CHECK_SUM), (0x1111, _CHECK_SUM)})
_MANY_BLOCKS = 0x7FFF
_COMPRESSED = 0x1000
_ITEM_BYTES = {0x000: 2, 0x100: 4, 0x200: 8}
_HISTOGRAMS = frozenset({"DECAY_BLOCK", "PAGE_BLOCK"})
_HIGHEST_COMPRESSION = 1100


@dataclass(frozen=True)
class DecayCurve:
    """A histogram of photons against time after the laser pulse.

    ``counts``: int64, shape (bins,). ``bin_width_ps``: width of a bin. ``block`` and ``curve``: its place in the
    file, from 0. ``mode``: how it was made, e.g. "MEAS_DATA".
    """

    counts: npt.NDArray[np.int64]
    bin_width_ps: float
    block: int
    curve: int
    mode: str


def sdt_mark(start: bytes) -> tuple[int, int]:
    """The two words by which an SDT file is known; (0, 0) when the file is too short."""
    if len(start) < _HEADER.size:
        return (0, 0)
    fields = _HEADER.unpack_from(start)
    return (int(fields[11]), int(fields[14]))


def read_decays(path: Path | str) -> tuple[DecayCurve, ...]:
    """All decay curves of an SDT file.

    Raises TagFileError for a foreign, truncated or damaged file, for one without decay curves, and when the package
    ``sdtfile`` is not installed.
    """
    path = Path(path)
    try:
        with path.open("rb") as stream:
            _check_blocks(path, stream)
    except OSError as error:
        raise TagFileError(f"cannot read {path}: {error.strerror}") from error
    except (struct.error, zipfile.BadZipFile) as error:
        raise TagFileError(f"cannot read {path}: the SDT file is truncated or damaged ({error})") from error
    try:
        sdtfile = importlib.import_module("sdtfile")
    except ModuleNotFoundError as error:
        raise TagFileError(f"cannot read {path}: SDT files need the package sdtfile: pip install sdtfile") from error
    logging.getLogger("sdtfile").addHandler(logging.NullHandler())
    try:
        # opened here, because sdtfile leaves the file open when it refuses it
        with path.open("rb") as stream, np.errstate(all="ignore"), sdtfile.SdtFile(stream) as file:
            curves = _curves(path, sdtfile, file)
    except TagFileError:
        raise
    except Exception as error:  # a damaged header makes the reader fail in ways it does not name
        reason = str(error).split("\n", maxsplit=1)[0]
        raise TagFileError(f"cannot read {path}: the SDT file is damaged ({reason})") from error
    if not curves:
        raise TagFileError(f"cannot read {path}: it holds no decay curves (images and FIFO curves are not read)")
    return curves


def _curves(path: Path, sdtfile: Any, file: Any) -> tuple[DecayCurve, ...]:  # noqa: ANN401
    curves = []
    for number, (data, header) in enumerate(zip(file.data, file.block_headers, strict=True)):
        kind = sdtfile.BlockType(int(header.block_type))
        if kind.contents not in _HISTOGRAMS or data.ndim > 2 or not data.size:
            continue
        info = file.block_measure_info(number)
        gain, n_bins = float(info.tac_g), int(info.adc_re) or 65536
        if not gain > 0.0 or data.shape[-1] != n_bins:
            raise TagFileError(f"cannot read {path}: block {number}: gain {gain:g}, {n_bins} bins; it is damaged")
        width_ps = positive_ps(path, f"bin width of block {number}", float(info.tac_r) / gain / n_bins)
        rows = np.atleast_2d(data)
        if rows.dtype.kind == "f" and not (np.all(np.isfinite(rows)) and np.all(np.abs(rows) < 2.0**53)):
            raise TagFileError(f"cannot read {path}: block {number} holds impossible counts; it is damaged")
        curves += [DecayCurve(row.astype(np.int64), width_ps, number, k, kind.mode) for k, row in enumerate(rows)]
    return tuple(curves)


def _check_blocks(path: Path, stream: BinaryIO) -> None:
    """Refuse a file whose blocks claim more than the file holds, overlap, or go round in a circle."""
    size = path.stat().st_size
    start = stream.read(_HEADER.size)
    if sdt_mark(start) != (_VALID, _CHECK_SUM):
        raise TagFileError(f"cannot read {path}: it is no finished SDT file (marks {sdt_mark(start)})")
    fields = _HEADER.unpack(start)
    offset, n_blocks = int(fields[5]), int(fields[6])
    if n_blocks == _MANY_BLOCKS:
        n_blocks = int(fields[12])
    layout = _BLOCK_NEW if int(fields[0]) & 0xF >= 15 else _BLOCK_OLD
    n_descriptions, description_bytes = int(fields[9]), int(fields[10])
    if n_blocks < 0 or n_blocks * layout.size > size or n_descriptions * max(1, description_bytes) > size:
        raise TagFileError(f"cannot read {path}: it claims {n_blocks} blocks in {size} bytes; it is damaged")
    for number in range(n_blocks):
        if not 0 <= offset <= size - layout.size:
            raise TagFileError(f"cannot read {path}: block {number} lies outside the file; it is truncated or damaged")
        stream.seek(offset)
        block = layout.unpack(stream.read(layout.size))
        data_at, next_at, block_type, n_bytes = _places(block)
        _check_data(path, stream, number, (data_at, next_at, block_type, n_bytes), size)
        if number + 1 < n_blocks and next_at <= offset:
            raise TagFileError(f"cannot read {path}: block {number} is followed by an earlier one; it is damaged")
        offset = next_at


def _places(block: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Offsets of the data and of the next block, type, length in bytes of a block header of either layout."""
    if len(block) == 8:
        return block[2], block[3], block[4], block[7]
    return block[1], block[2], block[3], block[6]


def _check_data(path: Path, stream: BinaryIO, number: int, places: tuple[int, int, int, int], size: int) -> None:
    data_at, next_at, block_type, n_bytes = places
    claim = f"cannot read {path}: block {number} claims {n_bytes} bytes at {data_at}"
    if not 0 < data_at <= size or n_bytes % _ITEM_BYTES.get(block_type & 0xF00, 2):
        raise TagFileError(f"{claim}, outside the file; it is truncated or damaged")
    if not block_type & _COMPRESSED:
        if data_at + n_bytes > size:
            raise TagFileError(f"{claim}, more than the file holds; it is truncated or damaged")
        return
    if not data_at < next_at <= size:
        raise TagFileError(f"{claim} and the next block at {next_at}; it is truncated or damaged")
    stream.seek(data_at)
    packed = stream.read(next_at - data_at)
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        entries = archive.infolist()
    if len(entries) != 1 or entries[0].file_size != n_bytes or n_bytes > _HIGHEST_COMPRESSION * len(packed):
        raise TagFileError(f"{claim}, which its compressed data do not hold; it is damaged")
