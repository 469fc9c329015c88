"""Reading photon files, whoever wrote them: as one record in memory, or as a stream larger than the memory.

Known: PicoQuant PTU, PT2, PT3, HT2, HT3; Becker & Hickl SPC and SDT; Photon-HDF5; quTAG binary; text; run files.
What a file says about itself is compared with the photons in it. The photons win; the contradiction is told.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import h5py

from analysis.readers import becker_hickl_spc, picoquant_legacy, ptu, qutag
from analysis.readers.base import OutOfOrderError, TagFileError, TagSource
from analysis.readers.becker_hickl_sdt import SDT_MARKS, DecayCurve, read_decays, sdt_mark
from analysis.readers.becker_hickl_spc import SpcFormat
from analysis.readers.photon_hdf5 import PhotonHdf5Source
from analysis.readers.run_file import RunSource
from analysis.readers.stream import FileStream, collect
from analysis.readers.text import TextFormat, TextSource
from analysis.tags import PhotonRecord, Progress
from runfile import layout
from runfile.heaps import damaged_heap

__all__ = [
    "DecayCurve",
    "FileStream",
    "OutOfOrderError",
    "ReadOptions",
    "SpcFormat",
    "TagFileError",
    "TextFormat",
    "kind_of",
    "open_stream",
    "read",
    "read_decays",
]

_HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
_START_BYTES = 4096
_LEGACY_MAGICS = (picoquant_legacy.PICOHARP_MAGIC, picoquant_legacy.HYDRAHARP_MAGIC)


@dataclass(frozen=True)
class ReadOptions:
    """What a file does not say itself.

    ``kind``: overrides what the content looks like (a name :func:`kind_of` returns). ``text``: columns and unit of
    a text file, which cannot be read without. ``spc``: the TAC window where the set-up file is missing.
    ``qutag_unit_ps``: unit of a quTAG file: 1 for quTAG, 81 (see the device's manual) for the older quTAU.
    """

    kind: str | None = None
    text: TextFormat | None = None
    spc: SpcFormat | None = None
    qutag_unit_ps: float = 1.0

    def __post_init__(self) -> None:
        if self.kind is not None and self.kind not in _SOURCES:
            raise ValueError(f"no kind of photon file is called {self.kind!r}; known: {', '.join(_SOURCES)}")
        if not 1e-3 <= self.qutag_unit_ps <= 1e9:
            raise ValueError(f"the unit of a quTAG file must be from 0.001 to 1e9 ps, not {self.qutag_unit_ps}")


def read(path: Path | str, options: ReadOptions | None = None, report: Progress | None = None) -> PhotonRecord:
    """Read all photons into memory, sorted by time. TagFileError for absent, empty, foreign or damaged files."""
    return collect(_source(Path(path), options or ReadOptions()), report)


def open_stream(path: Path | str, options: ReadOptions | None = None) -> FileStream:
    """The photons in chunks, in bounded memory, for files larger than it. TagFileError as in :func:`read`."""
    return FileStream(_source(Path(path), options or ReadOptions()))


def _source(path: Path, options: ReadOptions) -> TagSource:
    if options.kind is None:
        return _SOURCES[kind_of(path)](path, options)
    _start_of(path)  # says what is wrong with the path
    return _SOURCES[options.kind](path, options)


def kind_of(path: Path) -> str:
    """What the file is from its content, one of "ptu", "picoquant-legacy", "photon-hdf5", "run", "sdt", "spc",
    "qutag", "text"; TagFileError for anything else. SPC files have no mark: they are known by their suffix.
    """
    start = _start_of(path)
    if start.startswith(ptu.MAGIC):
        return "ptu"
    if start.startswith(_HDF5_MAGIC):
        return _kind_of_hdf5(path)
    if start.startswith(_LEGACY_MAGICS):
        return "picoquant-legacy"
    if start.startswith(picoquant_legacy.TIMEHARP_MAGIC):
        raise TagFileError(f"cannot read {path}: TimeHarp 200 files are not read; convert it to PTU or Photon-HDF5")
    if sdt_mark(start) in SDT_MARKS:
        return "sdt"
    if path.suffix.lower() == ".spc":
        return "spc"
    if _is_text(start):
        return "text"
    if qutag.looks_like_qutag(path):
        return "qutag"
    raise TagFileError(
        f"cannot read {path}: it is neither a PTU, PT2, PT3, HT2, HT3, SPC, SDT or quTAG file nor Photon-HDF5 nor text "
        "nor a run file"
    )


def _start_of(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            start = stream.read(_START_BYTES)
    except OSError as error:
        raise TagFileError(f"cannot read {path}: {error.strerror}") from error
    if not start:
        raise TagFileError(f"cannot read {path}: the file is empty")
    return start


def _kind_of_hdf5(path: Path) -> str:
    try:
        with h5py.File(path, "r") as file:
            if damaged_heap(path, file):
                raise TagFileError(f"cannot read {path}: its texts are damaged; copy the file again")
            name = file.attrs.get("format_name")
            if name is None and "identity/format_name" in file:  # where Photon-HDF5 0.5 has it as a data set
                name = file["identity/format_name"][()]
    except (OSError, RuntimeError, ValueError, TypeError, KeyError, OverflowError) as error:
        reason = "the file is truncated; copy it again" if "truncated" in str(error) else "it is damaged or in use"
        raise TagFileError(f"cannot read {path}: {reason}") from error
    name = name.decode(errors="replace") if isinstance(name, bytes) else name
    if isinstance(name, str) and name == layout.FORMAT_NAME:
        return "run"
    if isinstance(name, str) and name == "Photon-HDF5":
        return "photon-hdf5"
    raise TagFileError(f"cannot read {path}: it is an HDF5 file, but neither Photon-HDF5 nor a run file")


def _is_text(start: bytes) -> bool:
    return all(byte in b"\t\n\r" or 32 <= byte < 127 for byte in start)


def _text_source(path: Path, options: ReadOptions) -> TagSource:
    if options.text is None:
        raise TagFileError(
            f"cannot read {path}: a text file does not say its unit of time; state it (and columns, separator, header "
            "lines): it is neither a PTU file nor Photon-HDF5 nor a run file"
        )
    return TextSource(path, options.text)


def _no_tags_in_sdt(path: Path, options: ReadOptions) -> TagSource:
    raise TagFileError(
        f"cannot read {path} as photons: an SDT file holds decay histograms, no times of photons; it can be the "
        "response of another file (--irf), and in a notebook analysis.tag_files.read_decays gives its curves"
    )


_SOURCES: dict[str, Callable[[Path, ReadOptions], TagSource]] = {
    "ptu": lambda path, _: ptu.PtuSource(path),
    "picoquant-legacy": lambda path, _: picoquant_legacy.LegacySource(path),
    "photon-hdf5": lambda path, _: PhotonHdf5Source(path),
    "run": lambda path, _: RunSource(path),
    "sdt": _no_tags_in_sdt,
    "spc": lambda path, options: becker_hickl_spc.SpcSource(path, options.spc),
    "qutag": lambda path, options: qutag.QutagSource(path, options.qutag_unit_ps),
    "text": _text_source,
}
