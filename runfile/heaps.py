"""Damage that HDF5 does not survive: its global heaps are looked through before it reads any text of variable length.

Such text is kept in collections of objects ("global heap", HDF5 File Format Specification 3.0, section III.E). HDF5
2.0 goes from object to object by the lengths it finds there; where damage has made a length nought it stays on the
spot for ever, in C, where no signal reaches it.
"""

import mmap
from collections.abc import Iterator
from pathlib import Path

import h5py

_SIGNATURE = b"GCOL\x01\0\0\0"
_HEAD_BYTES = 16
"""Of a collection, and of each object in it."""
_SMALL_BYTES = 1 << 20
"""Files up to this size are looked through whole, larger ones without the chunks of their datasets."""


def damaged_heap(path: Path, file: h5py.File) -> bool:
    """Whether a global heap of the open ``file`` would keep HDF5 from coming back."""
    size = path.stat().st_size
    if size < _HEAD_BYTES:
        return False
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        parts = [(0, size)] if size <= _SMALL_BYTES else _without_chunks(file, size)
        return any(not _leads_on(content, place) for start, stop in parts for place in _heaps(content, start, stop))


def _without_chunks(file: h5py.File, size: int) -> list[tuple[int, int]]:
    try:
        return list(_outside(sorted(_chunks(file)), size))
    except (OSError, RuntimeError, KeyError, ValueError, TypeError):
        return [(0, size)]  # killed while a group was made, or damaged: then all of it, which takes longer


def _heaps(content: mmap.mmap, start: int, stop: int) -> Iterator[int]:
    place = content.find(_SIGNATURE, start, stop)
    while place >= 0:
        yield place
        place = content.find(_SIGNATURE, place + 1, stop)


def _leads_on(content: mmap.mmap, place: int) -> bool:
    """Whether every object of the collection is followed by something that lies behind it and inside."""
    end = place + _number(content, place + 8)
    if end > len(content):
        return True  # HDF5 refuses this itself
    place += _HEAD_BYTES
    while place + _HEAD_BYTES <= end:
        is_object = content[place : place + 2] != b"\0\0"
        length = _number(content, place + 8)
        # the length of an object is that of its content, the length of the free space, number 0, includes its head
        step = _HEAD_BYTES + -(-length // 8) * 8 if is_object else length
        if not 0 < step <= end - place:
            return False
        place += step
    return True


def _number(content: mmap.mmap, place: int) -> int:
    return int.from_bytes(content[place : place + 8], "little")


def _chunks(file: h5py.File) -> list[tuple[int, int]]:
    """Where the chunks of all datasets begin and end in the file, in bytes."""
    extents: list[tuple[int, int]] = []

    def note(chunk: h5py.h5d.StoreInfo) -> None:
        extents.append((chunk.byte_offset, chunk.byte_offset + chunk.size))

    def look(_: str, item: h5py.HLObject) -> None:
        if isinstance(item, h5py.Dataset) and item.chunks:
            item.id.chunk_iter(note)

    file.visititems(look)
    return extents


def _outside(extents: list[tuple[int, int]], size: int) -> Iterator[tuple[int, int]]:
    """The parts of a file of ``size`` bytes between ``extents``, which are in order of their begin."""
    start = 0
    for begin, end in extents:
        if begin > start:
            yield start, begin
        start = max(start, end)
    if start < size:
        yield start, size
