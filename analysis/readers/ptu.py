"""PicoQuant PTU files, T2 and T3, of PicoHarp, HydraHarp, MultiHarp and TimeHarp: the header, by ``ptufile``."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.readers import picoquant_records
from analysis.readers.base import Head, RawChunk, TagFileError, positive_ps
from analysis.readers.picoquant_records import RecordLayout

if TYPE_CHECKING:
    import ptufile

MAGIC = b"PQTTTR"
_TAG_BYTES = 48
_SYNC_TOLERANCE = 0.02


class PtuSource:
    """A PTU file. TagFileError when the header is damaged or names fewer or more records than there are."""

    def __init__(self, path: Path) -> None:
        import ptufile

        try:
            # opened here, because ptufile leaves the file open when it refuses it
            with path.open("rb") as stream, _complaints_of_ptufile() as complaints, ptufile.PtuFile(stream) as file:
                self._layout = _layout(path, file)
                self.head = _head(path, file, self._layout, complaints)
        except TagFileError:
            raise
        except Exception as error:  # a damaged header makes the reader fail in ways it does not name
            reason = str(error).split("\n", maxsplit=1)[0]
            raise TagFileError(f"cannot read {path}: the PTU file is truncated or damaged ({reason})") from error

    def raw_chunks(self) -> Iterator[RawChunk]:
        """Yield all photons in the order of the file."""
        return picoquant_records.decode_chunks(self._layout)


def _layout(path: Path, file: "ptufile.PtuFile") -> RecordLayout:
    offset = int(file.record_offset)
    _refuse_broken_header(path, offset)
    n_records = _n_records(path, int(file.tags.get("TTResult_NumberOfRecords", 0)), path.stat().st_size - offset)
    is_t3 = bool(file.is_t3)
    record_type = int(file.record_type)
    if ("T3" in file.record_type.name) != is_t3:
        raise TagFileError(
            f"cannot read {path}: the header says measurement mode T{3 if is_t3 else 2}, but records of type "
            f"{file.record_type.name}; the header is damaged"
        )
    tick_ps = positive_ps(path, "sync period" if is_t3 else "time base", float(file.global_resolution))
    bin_ps = positive_ps(path, "TCSPC resolution", float(file.tcspc_resolution)) if is_t3 else tick_ps
    decoder = picoquant_records.decoder_of(record_type, is_t3=is_t3)
    return RecordLayout(path, offset, n_records, record_type, is_t3, tick_ps, bin_ps, decoder)


def _refuse_broken_header(path: Path, offset: int) -> None:
    """The records start right after the tag that ends the header: a reader that stopped elsewhere is lost."""
    with path.open("rb") as stream:
        stream.seek(max(0, offset - _TAG_BYTES))
        last_tag = stream.read(_TAG_BYTES)
    if not last_tag.startswith(b"Header_End\0"):
        raise TagFileError(f"cannot read {path}: the PTU header is damaged: it holds a tag of unknown type")


def _n_records(path: Path, promised: int, n_bytes: int) -> int:
    """Number of records; refuses a file that holds fewer than its header says."""
    present = n_bytes // 4
    if promised > present:
        raise TagFileError(f"cannot read {path}: the file is truncated: {present} of {promised} records; copy it again")
    return promised if promised > 0 else present


def _head(path: Path, file: "ptufile.PtuFile", layout: RecordLayout, complaints: list[str]) -> Head:
    promised = int(file.tags.get("TTResult_NumberOfRecords", 0))
    if promised <= 0:
        complaints = [*complaints, f"TTResult_NumberOfRecords={promised}; all that follows the header is read"]
    told = [f"the PTU header is odd ({len(complaints)} complaints), the first: {complaints[0]}"] if complaints else []
    n_beyond = (path.stat().st_size - layout.offset) // 4 - layout.n_records
    if n_beyond > 0:
        told.append(
            f"metadata contradict the data: the header says {layout.n_records} records, {n_beyond} more follow in the "
            "file; they are not read"
        )
    told += _sync_warnings(file.tags, layout)
    plain = {key: value for key, value in file.tags.items() if isinstance(value, str | int | float | bool)}
    metadata = {**plain, "record_type": str(file.record_type.name), "resolution_ps": layout.bin_ps}
    return Head(
        path,
        "ptu",
        metadata,
        sync_period_ps=layout.tick_ps if layout.is_t3 else None,
        stated_rate_hz=_input_rate_hz(file.tags),
        elapsed_s=_elapsed_s(file.tags),
        warnings=tuple(told),
        missing_pairs=picoquant_records.missing_pairs(layout.record_type),
    )


def _input_rate_hz(tags: Mapping[str, Any]) -> float | None:
    rates = tags.get("TTResult_InputRate", [])
    total = float(np.atleast_1d(np.asarray(rates, dtype=np.float64)).sum())
    return total if np.isfinite(total) and total > 0.0 else None


def _elapsed_s(tags: Mapping[str, Any]) -> float | None:
    """How long the recording ran (header, ms); None where it is not stated."""
    elapsed_ms = tags.get("TTResult_StopAfter")
    return elapsed_ms * 1e-3 if isinstance(elapsed_ms, int) and elapsed_ms > 0 else None


def _sync_warnings(tags: Mapping[str, Any], layout: RecordLayout) -> list[str]:
    """The header states the sync period twice: as global resolution and as rate of the sync input."""
    rate_hz = tags.get("TTResult_SyncRate")
    if not layout.is_t3 or not isinstance(rate_hz, int) or rate_hz <= 0:
        return []
    if abs(rate_hz * layout.tick_ps * 1e-12 - 1.0) < _SYNC_TOLERANCE:
        return []
    return [
        f"the header contradicts itself: a sync period of {layout.tick_ps / 1e3:.4g} ns, but {rate_hz} syncs per "
        f"second, which is {1e9 / rate_hz:.4g} ns; the period is used"
    ]


class _Collector(logging.Handler):
    """Appends each message, as one line, to ``found``."""

    def __init__(self, found: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._found = found

    def emit(self, record: logging.LogRecord) -> None:
        self._found.append(" ".join(record.getMessage().split()))


@contextmanager
def _complaints_of_ptufile() -> Iterator[list[str]]:
    """What the reader logs about the file, collected instead of printed line by line."""
    found: list[str] = []
    handler = _Collector(found)
    logger = logging.getLogger("ptufile")
    logger.addHandler(handler)
    try:
        yield found
    finally:
        logger.removeHandler(handler)
