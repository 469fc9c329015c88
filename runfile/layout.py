"""Names inside the run file: the one place that spells them out.

The layout follows NeXus (``NX_class`` attributes, ``signal`` and ``axes`` of ``NXdata``) so that silx, h5web,
NeXpy, nexusformat and xarray find the default plot without this package.
"""

import h5py
import numpy as np

FORMAT_NAME = "solotron run"
FORMAT_VERSION = 1
"""Raised when an older reader could misread a newer file; readers refuse versions above their own."""

ENTRY = "/entry"
PROCESS = "/entry/process"
NOTES = "/entry/process/notes"
INSTRUMENT = "/entry/instrument"
SAMPLE = "/entry/sample"
PHOTONS = "/entry/photons"
LOG = "/entry/log"
DEFAULT_TABLE = "data"
NOTHING_YET = "nothing_recorded_yet"
"""Signal of the empty default plot that stands in ``data`` until the run makes that table."""
RESERVED_GROUPS = frozenset({"process", "instrument", "sample", "photons", "log"})

POINT = "point"
"""Column that counts the rows of every table; written last, so a row without it was never completed."""
NO_POINT = -1

RUNNING = "running"
EXIT_STATUSES = ("completed", "aborted", "failed")

TAG_CHUNK = 65_536
"""Time tags in one chunk."""
TABLE_CHUNK_BYTES = 131_072
"""Of a column's chunk; a longer row is a chunk of its own."""
MAX_LOG_LINE_BYTES = 240

TEXT = h5py.string_dtype("utf-8")
SHORT_TEXT = h5py.string_dtype("utf-8", 32)
LOG_LINE = h5py.string_dtype("utf-8", MAX_LOG_LINE_BYTES)

CONDITION_FIELDS = {
    "temperature_k": ("temperature", "K"),
    "field_t": ("magnetic_field", "T"),
}
"""Conditions with a standard NeXus name under /entry/sample: name -> (dataset, unit)."""


def set_attributes(target: h5py.HLObject, **attributes: object) -> None:
    """Write HDF5 attributes; sequences of strings become string arrays, as NeXus asks."""
    for name, value in attributes.items():
        if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
            target.attrs[name] = np.array(list(value), dtype=TEXT)
        else:
            target.attrs[name] = value


def make_group(parent: h5py.Group, name: str, nx_class: str) -> h5py.Group:
    """Create a group with its NeXus class."""
    group = parent.create_group(name)
    group.attrs["NX_class"] = nx_class
    return group


def put_text(group: h5py.Group, name: str, text: str) -> None:
    """Store a scalar string dataset, replacing one of the same name."""
    if name in group:
        del group[name]
    group.create_dataset(name, data=text, dtype=TEXT)
