"""Photon files of other people: decoded exactly, bad ones refused in one line, lies told."""

import struct
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from analysis.tag_files import TagFileError, read


def ptu(
    path: Path, records: list[int], *, t3: bool, rates: tuple[int, int] = (0, 0), promised: int | None = None
) -> Path:
    """A HydraHarp 2 PTU file of the given 32-bit records, from PicoQuant's description of the format."""

    def tag(name: str, kind: int, value: bytes, extra: bytes = b"", index: int = -1) -> bytes:
        return struct.pack("<32siI8s", name.encode(), index, kind, value) + extra

    def text(name: str, value: str) -> bytes:
        padded = value.encode().ljust((len(value) // 8 + 1) * 8, b"\0")
        return tag(name, 0x4001FFFF, struct.pack("<q", len(padded)), padded)

    integer, real = 0x10000008, 0x20000008
    number = len(records) if promised is None else promised
    header = b"PQTTTR\0\0" + b"1.0.00\0\0"
    header += text("File_GUID", "{00000000-0000-0000-0000-000000000000}")
    header += tag("Measurement_Mode", integer, struct.pack("<q", 3 if t3 else 2))
    header += tag("Measurement_SubMode", integer, struct.pack("<q", 0))
    header += tag("TTResultFormat_TTTRRecType", integer, struct.pack("<q", 0x01010304 if t3 else 0x01010204))
    header += tag("TTResultFormat_BitsPerRecord", integer, struct.pack("<q", 32))
    header += tag("MeasDesc_Resolution", real, struct.pack("<d", 16e-12))
    header += tag("MeasDesc_GlobalResolution", real, struct.pack("<d", 12.5e-9 if t3 else 1e-12))
    header += tag("MeasDesc_AcquisitionTime", integer, struct.pack("<q", 1000))
    header += tag("TTResult_SyncRate", integer, struct.pack("<q", 80_000_000))
    for index, rate in enumerate(rates):
        header += tag("TTResult_InputRate", integer, struct.pack("<q", rate), index=index)
    header += tag("TTResult_NumberOfRecords", integer, struct.pack("<q", number))
    header += tag("Header_End", 0xFFFF0008, bytes(8))
    path.write_bytes(header + np.array(records, dtype="<u4").tobytes())
    return path


def t3_record(channel: int, dtime: int, nsync: int) -> int:
    return channel << 25 | dtime << 10 | nsync


def t2_record(channel: int, time: int) -> int:
    return channel << 25 | time


OVERFLOW = 1 << 31 | 63 << 25 | 1
SYNC = 1 << 31


def test_t3_records_become_absolute_times(tmp_path: Path) -> None:
    """The counter of syncs has 10 bits; an overflow record adds 1024."""
    path = ptu(tmp_path / "a.ptu", [t3_record(0, 10, 5), OVERFLOW, t3_record(1, 20, 7)], t3=True)
    record = read(path)
    assert record.sync_index is not None
    assert record.nanotimes_ps is not None
    assert record.sync_index.tolist() == [5, 1031]
    assert record.nanotimes_ps.tolist() == [160, 320]
    assert record.timestamps_ps.tolist() == [5 * 12_500 + 160, 1031 * 12_500 + 320]
    assert record.channel.tolist() == [1, 2]
    assert record.sync_period_ps == pytest.approx(12_500)


def test_t2_records_become_absolute_times(tmp_path: Path) -> None:
    """25 bits of time, in ps here; an overflow record adds 2^25."""
    path = ptu(tmp_path / "b.ptu", [t2_record(0, 100), OVERFLOW, t2_record(1, 200)], t3=False)
    record = read(path)
    assert record.timestamps_ps.tolist() == [100, 2**25 + 200]
    assert len(set(record.channel.tolist())) == 2
    assert record.sync_index is None


def test_rates_that_contradict_the_records_are_told(tmp_path: Path) -> None:
    records = [t3_record(k % 2, 10, k) for k in range(1000)]
    honest = read(ptu(tmp_path / "a.ptu", records, t3=True, rates=(40_000_000, 40_000_000)))
    assert honest.warnings == ()
    lying = read(ptu(tmp_path / "b.ptu", records, t3=True, rates=(400, 400)))
    assert any("contradict" in warning for warning in lying.warnings)
    assert lying.duration_s == pytest.approx(999 * 12.5e-9)


def test_times_beyond_the_sync_period_are_told(tmp_path: Path) -> None:
    record = read(ptu(tmp_path / "a.ptu", [t3_record(0, 30_000, k) for k in range(10)], t3=True))
    assert any("later than one sync period" in warning for warning in record.warnings)


def test_truncated_ptu(tmp_path: Path) -> None:
    path = ptu(tmp_path / "a.ptu", [t3_record(0, 1, 1)] * 10, t3=True, promised=20)
    with pytest.raises(TagFileError, match="10 of 20 records"):
        read(path)


def test_ptu_cut_inside_its_header(tmp_path: Path) -> None:
    path = ptu(tmp_path / "a.ptu", [t3_record(0, 1, 1)], t3=True)
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(TagFileError, match="truncated or damaged"):
        read(path)


def test_ptu_without_photons(tmp_path: Path) -> None:
    with pytest.raises(TagFileError, match="no photons"):
        read(ptu(tmp_path / "a.ptu", [OVERFLOW], t3=True))


def write_empty(path: Path) -> None:
    path.touch()


def write_text(path: Path) -> None:
    path.write_text("time channel\n")


def write_foreign_hdf5(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["x"] = 1


def write_broken_hdf5(path: Path) -> None:
    write_foreign_hdf5(path)
    path.write_bytes(path.read_bytes()[:100])


@pytest.mark.parametrize(
    ("write", "match"),
    [
        (write_empty, "empty"),
        (write_text, "neither"),
        (write_foreign_hdf5, "neither Photon-HDF5 nor"),
        (write_broken_hdf5, "truncated|damaged"),
        (lambda path: None, "No such file"),
    ],
)
def test_bad_files_are_refused_in_one_line(tmp_path: Path, write: Callable[[Path], None], match: str) -> None:
    write(tmp_path / "x.dat")
    with pytest.raises(TagFileError, match=match) as caught:
        read(tmp_path / "x.dat")
    assert "\n" not in str(caught.value)


def photon_hdf5(path: Path, *, duration_s: float, nanotimes: bool = True) -> Path:
    with h5py.File(path, "w") as file:
        file.attrs["format_name"] = np.bytes_("Photon-HDF5")
        file["acquisition_duration"] = duration_s
        file["description"] = np.bytes_("two detectors")
        data = file.create_group("photon_data")
        data["timestamps"] = np.array([0, 3, 8_000_000], dtype=np.int64)
        data["timestamps_specs/timestamps_unit"] = 12.5e-9
        data["detectors"] = np.array([0, 1, 0], dtype=np.uint8)
        if nanotimes:
            data["nanotimes"] = np.array([5, 6, 7], dtype=np.uint16)
            data["nanotimes_specs/tcspc_unit"] = 50e-12
            data["measurement_specs/laser_repetition_rate"] = 80e6
    return path


def test_photon_hdf5_with_nanotimes(tmp_path: Path) -> None:
    record = read(photon_hdf5(tmp_path / "a.h5", duration_s=0.1))
    assert record.timestamps_ps.tolist() == [250, 37_800, 100_000_000_350]
    assert record.channel.tolist() == [1, 2, 1]
    assert record.sync_index is not None
    assert record.sync_index.tolist() == [0, 3, 8_000_000]
    assert record.warnings == ()
    assert record.metadata["description"] == "two detectors"


def test_photon_hdf5_whose_duration_contradicts_its_photons(tmp_path: Path) -> None:
    record = read(photon_hdf5(tmp_path / "a.h5", duration_s=0.01, nanotimes=False))
    assert record.duration_s == pytest.approx(0.1)
    assert any("contradict" in warning for warning in record.warnings)


def test_photon_hdf5_without_a_mandatory_field(tmp_path: Path) -> None:
    path = photon_hdf5(tmp_path / "a.h5", duration_s=0.1)
    with h5py.File(path, "r+") as file:
        del file["photon_data/timestamps_specs"]
    with pytest.raises(TagFileError, match="mandatory"):
        read(path)


def test_real_ptu_file(real_data: Path) -> None:
    record = read(real_data / "hbt_t3_80MHz.ptu")
    assert record.timestamps_ps.size == 396_326
    assert record.channels() == (1, 2)
    assert record.duration_s == pytest.approx(5.0, rel=1e-3)
    assert record.warnings == ()
    assert bool(np.all(np.diff(record.timestamps_ps) >= 0))


def test_cut_real_ptu_file_is_refused(real_data: Path, tmp_path: Path) -> None:
    content = (real_data / "hbt_t3_80MHz.ptu").read_bytes()
    for length in (1000, 5000, len(content) // 2):
        (tmp_path / "cut.ptu").write_bytes(content[:length])
        with pytest.raises(TagFileError, match="truncated"):
            read(tmp_path / "cut.ptu")


@pytest.mark.parametrize("name", [b"MeasDesc_Resolution", b"MeasDesc_GlobalResolution"])
@pytest.mark.parametrize("value", [0.0, -1e-9, float("nan"), float("inf"), 1e-300])
def test_impossible_time_base_is_refused(name: bytes, value: float, tmp_path: Path) -> None:
    path = ptu(tmp_path / "a.ptu", [t3_record(0, 10, 5), t3_record(1, 20, 7)], t3=True)
    content = bytearray(path.read_bytes())
    start = content.index(name) + 40
    content[start : start + 8] = struct.pack("<d", value)
    path.write_bytes(content)
    with pytest.raises(TagFileError, match=r"outside 1e-15 to 1 s"):
        read(path)


def test_odd_header_is_a_warning_not_a_screenful(tmp_path: Path) -> None:
    path = ptu(tmp_path / "a.ptu", [t3_record(0, 10, 5), t3_record(1, 20, 7)], t3=True, promised=0)
    assert any("the PTU header is odd" in warning for warning in read(path).warnings)
