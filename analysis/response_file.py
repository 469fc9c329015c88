"""A measured response that is a histogram: text of counts in bins, whoever wrote it, or one curve of an SDT file.

What a text file does not say is asked for, not guessed: counts alone have no bin width, and a first column of 1, 2, 3 …
may be channel numbers as well as nanoseconds.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from analysis import tag_files
from analysis.errors import AnalysisError
from analysis.tag_files import TagFileError

__all__ = ["TextResponse", "read_response"]

FloatArray = npt.NDArray[np.float64]

_LEAST_ROWS = 10
_EVEN = 0.01
_AGREES = 1e-3
_LARGEST_BYTES = 64_000_000
_MOST_COUNTS = 1e15
_STATED_WIDTH = re.compile(
    r"(?<![0-9.,eE+-])([0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?)\s*(ps|ns)\s*/\s*(?:ch|channel|bin)\b"
)
"""As some TCSPC programs write into their header: ``Time calibration: 2.743484E-02ns/ch``."""
_NOT_TEXT = frozenset(range(32)) - frozenset(b"\t\n\r\f\v")


@dataclass(frozen=True)
class TextResponse:
    """A response as a histogram: bin centres (ns, evenly spaced, ascending) and counts, both (n,).

    ``source``: the file, for messages.
    """

    time_ns: FloatArray
    counts: FloatArray
    source: str = "the response"


def read_response(
    path: Path, options: tag_files.ReadOptions | None = None, bin_ps: float | None = None
) -> TextResponse | Path:
    """A histogram, or the path itself when it is a photon file (which is read on the measurement's own bins).

    ``bin_ps``: bin width where the file does not say it; text is then a histogram whatever ``options`` say. Otherwise
    it is taken for photons when ``options`` describe its columns. Raises AnalysisError for text that is no histogram or
    whose bin width is unknown or contradicts ``bin_ps``, TagFileError for a file that is neither.
    """
    if bin_ps is not None and not 1e-3 <= bin_ps <= 1e9:
        raise AnalysisError(f"the bin width of a response must be from 0.001 to 1e9 ps, got {bin_ps:g}")
    if _is_text(path):
        if bin_ps is None and options is not None and options.text is not None:
            return path
        return _of_text(path, bin_ps)
    kind = tag_files.kind_of(path)
    if bin_ps is not None:
        raise AnalysisError(f"{path}: it says its bin width itself (a {kind} file); leave --irf-bin-ps out")
    return _of_sdt(path) if kind == "sdt" else path


def _is_text(path: Path) -> bool:
    """Whether the file begins without control characters (a µ or ü in the header does no harm)."""
    try:
        with path.open("rb") as file:
            start = file.read(4096)
    except OSError as error:
        raise TagFileError(f"cannot read {path}: {error.strerror}") from error
    return bool(start) and path.suffix.lower() != ".spc" and not _NOT_TEXT.intersection(start)


def _of_sdt(path: Path) -> TextResponse:
    curves = tag_files.read_decays(path)
    if len(curves) != 1:
        raise AnalysisError(
            f"{path}: it holds {len(curves)} decay curves, a response is one; write the one you mean as two columns of "
            "text, time (ns) and counts"
        )
    return _of_counts(path, curves[0].counts.astype(np.float64), curves[0].bin_width_ps * 1e-3)


def _of_text(path: Path, bin_ps: float | None) -> TextResponse:
    if path.stat().st_size > _LARGEST_BYTES:
        raise AnalysisError(
            f"{path}: {path.stat().st_size / 1e6:.0f} MB of text are no histogram of a response; photons as text need "
            "--time-unit-ps"
        )
    text = path.read_bytes().decode("utf-8", errors="replace").lstrip("\ufeff")
    table = _table(path, text)
    width_ns = _width_ns(path, text, bin_ps)
    if table.shape[1] > 2:
        raise AnalysisError(
            f"{path}: {table.shape[1]} columns of numbers; a response has one (counts) or two columns (time in ns, or "
            "channel number, and counts): cut out the others"
        )
    counts = table[:, -1]
    if not np.all(np.isfinite(table)) or np.any(counts < 0.0):
        raise AnalysisError(f"{path}: times and counts of a response must be finite, counts not negative")
    if counts.max() > _MOST_COUNTS:
        raise AnalysisError(
            f"{path}: a bin with {counts.max():.3g} counts; no detector counts more than {_MOST_COUNTS:g} in a bin: "
            "are these raw counts, in the last column?"
        )
    if table.shape[1] == 2:
        return _of_columns(path, table[:, 0], counts, width_ns)
    if width_ns is None:
        raise AnalysisError(
            f"{path}: one column of {counts.size} counts, and nothing says how wide its bins are; state it: "
            f"--irf {path} --irf-bin-ps PS"
        )
    return _of_counts(path, counts, width_ns)


def _of_columns(path: Path, first: FloatArray, counts: FloatArray, width_ns: float | None) -> TextResponse:
    """``first``: time in ns, or the number of the channel, whose width must then be known."""
    steps = np.diff(first)
    step = float(steps.mean())
    if not np.all(steps > 0.0) or float(np.ptp(steps)) > _EVEN * step:
        raise AnalysisError(f"{path}: the times of a response must ascend in equal steps")
    if np.all(steps == 1.0):
        if width_ns is None:
            raise AnalysisError(
                f"{path}: the first column counts {first[0]:g}, {first[1]:g}, {first[2]:g} …: channel numbers, or ns? "
                f"State how wide a bin is: --irf {path} --irf-bin-ps PS (1000 if the column is in ns)"
            )
        return TextResponse(first * width_ns, counts, str(path))
    if width_ns is not None and abs(step / width_ns - 1.0) > _EVEN:
        raise AnalysisError(
            f"{path}: the first column ascends in steps of {step:.6g}, which as ns contradicts the stated bin width of "
            f"{width_ns:.6g} ns"
        )
    return TextResponse(first, counts, str(path))


def _of_counts(path: Path, counts: FloatArray, width_ns: float) -> TextResponse:
    return TextResponse(np.asarray((np.arange(counts.size) + 0.5) * width_ns, dtype=np.float64), counts, str(path))


def _width_ns(path: Path, text: str, bin_ps: float | None) -> float | None:
    """Bin width that header or user state; AnalysisError where they contradict each other."""
    stated = {float(value) * (1.0 if unit == "ns" else 1e-3) for value, unit in _STATED_WIDTH.findall(text)}
    if bin_ps is not None:
        stated.add(bin_ps * 1e-3)
    if not stated:
        return None
    low, high = min(stated), max(stated)
    if not low > 0.0:
        raise AnalysisError(
            f"{path}: the header states a bin width of {low:g} ns, which is none; correct that line to the true width, "
            "or delete it and state --irf-bin-ps PS"
        )
    if high / low - 1.0 > _AGREES:
        raise AnalysisError(
            f"{path}: bin widths of {' and '.join(f'{width:.6g} ns' for width in sorted(stated))} are stated (header, "
            "--irf-bin-ps); which one is right?"
        )
    return bin_ps * 1e-3 if bin_ps is not None else low


def _table(path: Path, text: str) -> FloatArray:
    """The numbers below the header, (n_rows, n_columns): every line after the last one that is not numbers.

    AnalysisError where there are fewer than ten rows, or a line of something else (a comment, too, because numbers
    before it may belong to the header) stands among the numbers.
    """
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    mark = next((mark for mark in ("\t", ";", ",") if lines and mark in lines[-1][1]), None)
    rows = [(number, line, _numbers(line, mark)) for number, line in lines]
    odd = [k for k, (_, _, row) in enumerate(rows) if not row]
    first = odd[-1] + 1 if odd else 0
    table = [row for _, _, row in rows[first:] if row]
    if len(table) < _LEAST_ROWS:
        told = f"the last line that is not numbers is line {rows[odd[-1]][0]}: {rows[odd[-1]][1][:60]!r}" if odd else ""
        raise AnalysisError(
            f"{path}: a response as text needs ten rows at least of counts, or of time (ns) and counts; there are "
            f"{len(table)}{'; ' if told else ''}{told}"
        )
    widths = {len(row) for row in table}
    if len(widths) > 1:
        raise AnalysisError(f"{path}: its rows hold from {min(widths)} to {max(widths)} numbers; it is damaged")
    if any(row and len(row) in widths for _, _, row in rows[:first]):
        raise AnalysisError(
            f"{path}: line {rows[odd[-1]][0]}, {rows[odd[-1]][1][:60]!r}, stands among rows of numbers: header, or "
            "damaged? Keep only the rows that are the histogram"
        )
    return np.array(table, dtype=np.float64)


def _numbers(line: str, mark: str | None) -> list[float]:
    """The numbers of a line; none where it holds anything else."""
    try:
        return [float(field) for field in line.split(mark)]
    except ValueError:
        return []
