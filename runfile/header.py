"""What a run file says before the first point: what is measured, with what, on what."""

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py

from runfile import layout
from runfile.encoding import to_json
from runfile.records import Parameter


def utc_now() -> str:
    """Wall-clock time, UTC, ISO 8601 with milliseconds."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")


def write_header(
    h5: h5py.File,
    path: Path,
    *,
    procedure: str,
    title: str,
    parameters: Mapping[str, Parameter],
    station: str,
    snapshot: Mapping[str, Any],
    sample_sheet: str,
    sample: Mapping[str, Any],
    conditions: Mapping[str, float],
    versions: Mapping[str, str],
    seed: int | None,
) -> None:
    """Everything that is known when the run begins, with ``exit_status`` "running"."""
    version = versions.get("solotron", "unknown")
    layout.set_attributes(
        h5,
        NX_class="NXroot",
        default="entry",
        file_name=path.name,
        file_time=utc_now(),
        creator=f"solotron {version}",
        format_name=layout.FORMAT_NAME,
        format_version=layout.FORMAT_VERSION,
    )
    entry = layout.make_group(h5, "entry", "NXentry")
    _write_entry(entry, path, title)
    process = layout.make_group(entry, "process", "NXprocess")
    layout.make_group(process, "notes", "NXcollection")
    layout.put_text(process, "program", "solotron")
    layout.put_text(process, "version", version)
    layout.put_text(process, "procedure", procedure)
    layout.put_text(process, "versions", to_json(dict(versions)))
    encoded = {name: {"value": item.value, "unit": item.unit} for name, item in parameters.items()}
    layout.put_text(process, "parameters", to_json(encoded))
    if seed is not None:
        process.create_dataset("seed", data=seed)
    instrument = layout.make_group(entry, "instrument", "NXinstrument")
    layout.put_text(instrument, "station", station)
    layout.put_text(instrument, "snapshot", to_json(snapshot))
    _write_sample(entry, sample_sheet, sample, conditions)
    _write_empty_plot(entry)


def _write_entry(entry: h5py.Group, path: Path, title: str) -> None:
    """Fields of fixed size, so that the end of the run overwrites them in place."""
    layout.set_attributes(entry, default=layout.DEFAULT_TABLE)
    layout.put_text(entry, "title", title)
    layout.put_text(entry, "definition", layout.FORMAT_NAME)
    layout.put_text(entry, "experiment_identifier", path.stem)
    entry.create_dataset("start_time", data=utc_now(), dtype=layout.SHORT_TEXT)
    entry.create_dataset("end_time", data="", dtype=layout.SHORT_TEXT)
    entry.create_dataset("exit_status", data=layout.RUNNING, dtype=layout.SHORT_TEXT)
    duration = entry.create_dataset("duration_s", data=float("nan"))
    layout.set_attributes(duration, units="s", long_name="duration on the bench's clock (s)")
    entry.create_dataset("log", shape=(0,), maxshape=(None,), chunks=(256,), dtype=layout.LOG_LINE)


def _write_sample(
    entry: h5py.Group, sample_sheet: str, sample: Mapping[str, Any], conditions: Mapping[str, float]
) -> None:
    group = layout.make_group(entry, "sample", "NXsample")
    layout.put_text(group, "name", str(sample.get("name", "")))
    layout.put_text(group, "sheet", sample_sheet)
    layout.put_text(group, "sample", to_json(sample))
    layout.put_text(group, "conditions", to_json(conditions))
    for name, (field, unit) in layout.CONDITION_FIELDS.items():
        if name in conditions:
            dataset = group.create_dataset(field, data=float(conditions[name]))
            layout.set_attributes(dataset, units=unit)


def _write_empty_plot(entry: h5py.Group) -> None:
    """A default plot without points: viewers open a file whose run ended before its first table, too."""
    group = layout.make_group(entry, layout.DEFAULT_TABLE, "NXdata")
    layout.put_text(group, "title", "nothing recorded yet")
    layout.set_attributes(group, signal=layout.NOTHING_YET, axes=["."])
    signal = group.create_dataset(layout.NOTHING_YET, shape=(0,), dtype="f8")
    layout.set_attributes(signal, units="", long_name="nothing recorded yet")


def split_log_lines(message: str) -> list[str]:
    """``message`` as log lines with the time, none longer than a log entry holds (UTF-8 bytes)."""
    stamp = utc_now()
    pieces = []
    for line in message.splitlines() or [""]:
        piece = stamp
        for word in line.split(" "):
            for part in _cut(word, layout.MAX_LOG_LINE_BYTES - len(stamp) - 1):
                if len(f"{piece} {part}".encode()) > layout.MAX_LOG_LINE_BYTES:
                    pieces.append(piece)
                    piece = stamp
                piece = f"{piece} {part}"
        pieces.append(piece)
    return pieces


def _cut(word: str, max_bytes: int) -> list[str]:
    """A word in parts of at most ``max_bytes`` (four bytes a character at most)."""
    step = max_bytes // 4
    return [word[i : i + step] for i in range(0, len(word), step)] if len(word.encode()) > max_bytes else [word]
