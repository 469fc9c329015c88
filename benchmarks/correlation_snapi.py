"""PicoQuant's own library as the judge: the same tags, written as a PTU file, through its offline correlation.

    PYTHONPATH=. peers/bin/python benchmarks/correlation_snapi.py    (after peers/bin/pip install snapi)

snAPI reads files only, gives t(channel 1) − t(channel 2), and rounds bin edges as floating-point numbers: delays that
lie exactly on an edge may go to either side. The tags here are such that none does: even times in channel 1, odd in 2.
"""

import contextlib
import os
import struct
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

from analysis.correlation import coincidences

IntArray = npt.NDArray[np.int64]
WIDTH_PS, REACH_PS = 1_000, 100_000
_INTEGER, _FLOAT, _TEXT, _END = 0x10000008, 0x20000008, 0x4001FFFF, 0xFFFF0008
_OVERFLOW_PS = 1 << 25
_HYDRAHARP_2_T2 = 0x00010204


def write_ptu(path: Path, first: IntArray, second: IntArray) -> None:
    """A HydraHarp T2 file of two channels, 1 ps resolution (record layout: PicoQuant's PTU description)."""
    times = np.concatenate([first, second])
    order = np.argsort(times, kind="stable")
    times, channel = times[order], np.repeat([0, 1], [first.size, second.size])[order].astype(np.uint32)
    n_overflows = np.diff(times // _OVERFLOW_PS, prepend=0)
    place = np.arange(times.size) + np.cumsum(n_overflows > 0)
    records = np.zeros(times.size + int((n_overflows > 0).sum()), dtype="<u4")
    records[place] = (channel << np.uint32(25)) | (times % _OVERFLOW_PS).astype(np.uint32)
    records[place[n_overflows > 0] - 1] = np.uint32(0xFE000000) | n_overflows[n_overflows > 0].astype(np.uint32)
    duration_ms = int(times[-1] // 10**9) + 1
    header = b"PQTTTR\0\x001.0.00\0\0" + _text("File_GUID", "{00000000-0000-0000-0000-000000000000}")
    header += _text("HW_Type", "HydraHarp 400") + _text("HW_PartNo", "930010") + _text("HW_Version", "2.0")
    header += _text("HW_SerialNo", "1000001") + _number("HW_InpChannels", 3) + _real("HW_BaseResolution", 1e-12)
    header += _number("Measurement_Mode", 2) + _number("Measurement_SubMode", 0)
    header += _number("TTResultFormat_TTTRRecType", _HYDRAHARP_2_T2) + _number("TTResultFormat_BitsPerRecord", 32)
    header += _number("MeasDesc_AcquisitionTime", duration_ms) + _real("MeasDesc_GlobalResolution", 1e-12)
    header += _real("MeasDesc_Resolution", 1e-12) + _number("TTResult_StopAfter", duration_ms)
    header += _number("TTResult_NumberOfRecords", records.size) + _number("TTResult_SyncRate", 0)
    path.write_bytes(header + _tag("Header_End", _END, struct.pack("<q", 0)) + records.tobytes())


def _tag(name: str, kind: int, value: bytes) -> bytes:
    return name.encode().ljust(32, b"\0") + struct.pack("<iI", -1, kind) + value


def _number(name: str, value: int) -> bytes:
    return _tag(name, _INTEGER, struct.pack("<q", value))


def _real(name: str, value: float) -> bytes:
    return _tag(name, _FLOAT, struct.pack("<d", value))


def _text(name: str, value: str) -> bytes:
    padded = value.encode().ljust((len(value) // 8 + 1) * 8, b"\0")
    return _tag(name, _TEXT, struct.pack("<q", len(padded))) + padded


def snapi_counts(path: Path) -> tuple[IntArray, float]:
    """Coincidences of channels 1 and 2 that snAPI finds in that file, and the seconds that took, decoding included."""
    from snAPI.Main import MeasMode, snAPI

    device = snAPI()
    device.getFileDevice(str(path))
    device.initDevice(MeasMode.T2)
    device.correlation.setG2Parameters(1, 2, float(REACH_PS), float(WIDTH_PS), False)
    begin = time.perf_counter()
    device.correlation.measure(0, True, False)
    elapsed = time.perf_counter() - begin
    counts, _ = device.correlation.getG2Data()
    return np.rint(np.array(counts)).astype(np.int64), elapsed


def main() -> None:
    """Compare, and say so in one sentence on standard error (snAPI itself talks on standard output)."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000_000
    rng = np.random.default_rng(1)
    first, second = (2 * np.cumsum(rng.exponential(5e5, n).astype(np.int64)) + odd for odd in (0, 1))
    coincidences(first[:1000], second[:1000], WIDTH_PS, REACH_PS)
    begin = time.perf_counter()
    ours = coincidences(second, first, WIDTH_PS, REACH_PS)
    own = time.perf_counter() - begin
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):  # snAPI leaves logs where it is started
        path = Path(folder) / "tags.ptu"
        write_ptu(path, first, second)
        theirs, elapsed = snapi_counts(path)
    verdict = "identical" if np.array_equal(ours, theirs) else f"different in {np.count_nonzero(ours != theirs)} bins"
    sys.stderr.write(
        f"PicoQuant snAPI, {n:.0e} + {n:.0e} tags, ±100 ns, 1 ns bins: counts {verdict} ({ours.sum()} pairs); "
        f"{2 * n / elapsed / 1e6:.3g} Mtags/s, decoding included; solotron {2 * n / own / 1e6:.3g} from memory.\n"
    )
    sys.stderr.flush()
    os._exit(0 if verdict == "identical" else 1)  # its threads do not always end by themselves


if __name__ == "__main__":
    main()
