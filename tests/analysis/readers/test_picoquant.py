"""PicoQuant's files: records of every device, the sync input, overflow counts over chunk borders, lies and damage."""

import tracemalloc
from pathlib import Path

import numpy as np
import photon_files as make
import pytest

from analysis.readers import picoquant_records
from analysis.tag_files import TagFileError, open_stream, read

MULTIHARP_T3, MULTIHARP_T2 = 0x00010307, 0x00010207
TIMEHARP_T3, TIMEHARP_T2 = 0x00010306, 0x00010206
HYDRAHARP_1_T3, HYDRAHARP_1_T2 = 0x00010304, 0x00010204


def file_of(folder: Path, content: bytes, suffix: str = ".ptu") -> Path:
    path = folder / f"a{suffix}"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("record_type", [0x01010304, MULTIHARP_T3, TIMEHARP_T3, 0x00010305])
def test_t3_of_every_device(tmp_path: Path, record_type: int) -> None:
    """10 bits of sync; an overflow record with a count adds it times 1024; channel 0 is input 1."""
    records = [make.t3(0, 10, 5), make.OVERFLOW | 3, make.t3(3, 20, 7)]
    record = read(file_of(tmp_path, make.ptu(records, record_type=record_type)))
    assert record.sync_index is not None
    assert record.sync_index.tolist() == [5, 3 * 1024 + 7]
    assert record.channel.tolist() == [1, 4]


@pytest.mark.parametrize("record_type", [0x01010204, MULTIHARP_T2, TIMEHARP_T2])
def test_t2_tells_sync_from_input_1(tmp_path: Path, record_type: int) -> None:
    """A special record of channel 0 is the sync input; without the special bit it is input 1."""
    records = [make.t2(0, 100), make.SYNC | 150, make.t2(1, 200), make.OVERFLOW | 2, make.t2(0, 1)]
    record = read(file_of(tmp_path, make.ptu(records, record_type=record_type, mode=2)))
    assert record.channel.tolist() == [1, 0, 2, 1]
    assert record.timestamps_ps.tolist() == [100, 150, 200, 2 * 2**25 + 1]


@pytest.mark.parametrize("kind", [0x01010204, MULTIHARP_T2, TIMEHARP_T2, 0x00010205, "ht2"])
@pytest.mark.parametrize("wraps", [1, 127, 128, 200, 256, 5000, 2**25 - 1])
def test_t2_counts_all_overflows_of_one_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: int | str, wraps: int
) -> None:
    """200 overflows are 6.7 ms without a photon; whole and in chunks."""
    records = [make.t2(0, 1000), make.OVERFLOW | wraps, make.t2(1, 2000), make.SYNC | 2500, make.OVERFLOW | wraps]
    records += [make.t2(2, 7)]
    if isinstance(kind, str):
        path = file_of(tmp_path, make.hydraharp(records, mode=2, version=b"2.0"), ".ht2")
    else:
        path = file_of(tmp_path, make.ptu(records, record_type=kind, mode=2))
    expected = [1000, wraps * 2**25 + 2000, wraps * 2**25 + 2500, 2 * wraps * 2**25 + 7]
    whole = read(path)
    assert whole.timestamps_ps.tolist() == expected
    assert whole.channel.tolist() == [1, 2, 0, 3]
    monkeypatch.setattr(picoquant_records, "CHUNK_RECORDS", 2)
    chunks = list(open_stream(path).iter_chunks())
    assert np.concatenate([chunk.timestamps_ps for chunk in chunks]).tolist() == expected


def test_t3_counts_all_overflows_of_one_record(tmp_path: Path) -> None:
    record = read(file_of(tmp_path, make.ptu([make.OVERFLOW | 1023, make.OVERFLOW | 1023, make.t3(0, 10, 5)])))
    assert record.sync_index is not None
    assert record.sync_index.tolist() == [2 * 1023 * 1024 + 5]


def test_first_hydraharp_counts_one_overflow_a_record(tmp_path: Path) -> None:
    """Format 1: the number in an overflow record means nothing; T2 wraps at 33552000."""
    t3 = read(file_of(tmp_path, make.ptu([make.OVERFLOW | 5, make.t3(0, 0, 1)], record_type=HYDRAHARP_1_T3)))
    assert t3.sync_index is not None
    assert t3.sync_index.tolist() == [1025]
    content = make.ptu([make.OVERFLOW | 5, make.t2(0, 1)], record_type=HYDRAHARP_1_T2, mode=2)
    assert read(file_of(tmp_path, content)).timestamps_ps.tolist() == [33_552_001]


def test_picoharp_t2(tmp_path: Path) -> None:
    """Inputs 0 (sync) and 1 as on the panel; 4 ps in old files, wraps at 210698240."""
    records = [make.picoharp_t2(0, 10), make.PICOHARP_OVERFLOW, make.picoharp_t2(1, 3)]
    record = read(file_of(tmp_path, make.picoharp(records, mode=2), ".pt2"))
    assert record.channel.tolist() == [0, 1]
    assert record.timestamps_ps.tolist() == [40, 4 * (210_698_240 + 3)]


@pytest.mark.parametrize("wrapper", ["ptu", "pt3"])
def test_picoharp_t3_channels_are_router_inputs(tmp_path: Path, wrapper: str) -> None:
    records = [make.picoharp_t3(1, 25, 5), make.PICOHARP_OVERFLOW, make.picoharp_t3(4, 50, 7)]
    content = make.picoharp(records) if wrapper == "pt3" else make.ptu(records, record_type=0x00010303)
    record = read(file_of(tmp_path, content, f".{wrapper}"))
    assert record.channel.tolist() == [1, 4]
    assert record.sync_index is not None
    assert record.sync_index.tolist() == [5, 65_543]
    unit_ps = 4 if wrapper == "pt3" else 16
    assert record.nanotimes_ps is not None
    assert record.nanotimes_ps.tolist() == [25 * unit_ps, 50 * unit_ps]


@pytest.mark.parametrize("version", [b"1.0", b"2.0"])
def test_ht3(tmp_path: Path, version: bytes) -> None:
    """Same records as PTU; the sync period comes from the header's sync rate."""
    records = [make.t3(0, 10, 5), make.OVERFLOW | 1, make.t3(1, 20, 7)]
    record = read(file_of(tmp_path, make.hydraharp(records, version=version), ".ht3"))
    assert record.sync_period_ps == pytest.approx(12_500)
    assert record.timestamps_ps.tolist() == [5 * 12_500 + 160, 1031 * 12_500 + 320]


def test_ht2_of_the_first_format_wraps_earlier(tmp_path: Path) -> None:
    records = [make.OVERFLOW | 1, make.t2(1, 7)]
    old = read(file_of(tmp_path, make.hydraharp(records, mode=2, version=b"1.0"), ".ht2"))
    new = read(file_of(tmp_path, make.hydraharp(records, mode=2, version=b"2.0"), ".ht2"))
    assert (old.timestamps_ps[0], new.timestamps_ps[0]) == (33_552_007, 2**25 + 7)


def test_overflows_are_carried_over_chunk_borders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    records = [
        make.OVERFLOW | int(rng.integers(1, 4)) if rng.random() < 0.1 else make.t3(k % 2, k % 500, 1000)
        for k in range(500)
    ]
    path = file_of(tmp_path, make.ptu(records))
    whole = read(path)
    monkeypatch.setattr(picoquant_records, "CHUNK_RECORDS", 7)
    chunks = list(open_stream(path).iter_chunks())
    assert np.concatenate([chunk.timestamps_ps for chunk in chunks]).tolist() == whole.timestamps_ps.tolist()
    assert np.concatenate([chunk.sync_index for chunk in chunks]).tolist() == whole.sync_index.tolist()  # type: ignore[union-attr,arg-type]


@pytest.mark.parametrize(
    ("record", "record_type", "mode"),
    [
        (1 << 31 | 40 << 25, 0x01010304, 3),
        (1 << 31, 0x01010304, 3),
        (0, 0x00010303, 3),
        (7 << 28, 0x00010303, 3),
        (5 << 28, 0x00010203, 2),
    ],
)
def test_records_that_no_device_writes_are_refused(tmp_path: Path, record: int, record_type: int, mode: int) -> None:
    good = make.picoharp_t3(1, 1, 1)
    with pytest.raises(TagFileError, match=r"record 1 .* none that the device writes"):
        read(file_of(tmp_path, make.ptu([good, record], record_type=record_type, mode=mode)))


def test_overflows_that_claim_centuries_are_refused(tmp_path: Path) -> None:
    records = [make.OVERFLOW | 0x1FFFFFF] * 9000 + [make.t2(0, 1)]
    with pytest.raises(TagFileError, match="beyond 104 days"):
        read(file_of(tmp_path, make.ptu(records, record_type=0x01010204, mode=2)))


def test_header_with_an_unknown_tag_type_is_refused(tmp_path: Path) -> None:
    """The records would be looked for in the middle of the header."""
    content = bytearray(make.ptu([make.t3(0, 1, 1)] * 100))
    at = content.index(b"TTResultFormat_BitsPerRecord") + 36
    content[at : at + 4] = b"\x77\x77\x77\x77"
    with pytest.raises(TagFileError, match="tag of unknown type"):
        read(file_of(tmp_path, bytes(content)))


def test_mode_that_contradicts_the_record_type_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TagFileError, match="measurement mode T2, but records of type HydraHarp2T3"):
        read(file_of(tmp_path, make.ptu([make.t3(0, 1, 1)], mode=2)))


def test_records_after_the_promised_ones_are_told(tmp_path: Path) -> None:
    record = read(file_of(tmp_path, make.ptu([make.t3(0, 1, k) for k in range(10)], promised=8)))
    assert record.timestamps_ps.size == 8
    assert any("2 more follow" in warning for warning in record.warnings)


@pytest.mark.parametrize("content", [make.picoharp([1], promised=5), make.hydraharp([1], promised=5)])
def test_cut_legacy_files_are_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(TagFileError, match="1 of 5 records"):
        read(file_of(tmp_path, content, ".pt3"))
    with pytest.raises(TagFileError, match="truncated inside its header"):
        read(file_of(tmp_path, content[:400], ".pt3"))


def test_other_legacy_formats_say_how_to_convert(tmp_path: Path) -> None:
    with pytest.raises(TagFileError, match="convert it to PTU"):
        read(file_of(tmp_path, make.picoharp([1], version=b"1.1"), ".pt3"))
    with pytest.raises(TagFileError, match="TimeHarp 200"):
        read(file_of(tmp_path, b"TimeHarp 200\0".ljust(400, b"\0"), ".t3r"))


def test_real_file_read_in_chunks_is_the_same(real_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = real_data / "hbt_t3_80MHz.ptu"
    whole = read(path)
    monkeypatch.setattr(picoquant_records, "CHUNK_RECORDS", 20_000)
    stream = open_stream(path)
    chunks = list(stream.iter_chunks())
    assert len(chunks) > 10
    assert np.array_equal(np.concatenate([chunk.timestamps_ps for chunk in chunks]), whole.timestamps_ps)
    assert np.array_equal(np.concatenate([chunk.channel for chunk in chunks]), whole.channel)
    assert stream.summary().duration_s == whole.duration_s


def test_real_file_whose_metadata_lie(real_data: Path) -> None:
    """Its records decode to 45 ms where its count rates imply 1.2 s."""
    stream = open_stream(real_data / "hbt_t3_320MHz_bad_metadata.ptu")
    assert sum(chunk.n_photons for chunk in stream.iter_chunks()) == 453_263
    summary = stream.summary()
    assert summary.duration_s == pytest.approx(0.0455, rel=0.01)
    assert any("take 1.2 s, but the records decode to 45.5 ms" in warning for warning in summary.warnings)
    assert any("later than one sync period" in warning for warning in summary.warnings)
    assert any("recording took 10 s, the records decode to 45.5 ms" in warning for warning in summary.warnings)


def test_header_that_contradicts_itself_or_the_records_is_told(tmp_path: Path) -> None:
    """Sync rate against sync period; elapsed time against the records."""
    records = [make.t3(0, 1, k) for k in range(1000)]
    record = read(file_of(tmp_path, make.ptu(records, facts={"TTResult_SyncRate": 40_000_000})))
    assert any("12.5 ns, but 40000000 syncs per second" in warning for warning in record.warnings)
    record = read(file_of(tmp_path, make.ptu(records, facts={"TTResult_StopAfter": 5000})))
    assert any("took 5 s, the records decode to 0.0125 ms" in warning for warning in record.warnings)
    assert read(file_of(tmp_path, make.ptu(records, facts={"TTResult_SyncRate": 80_000_000}))).warnings == ()


def test_memory_of_a_stream_does_not_grow_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight times the records, the same peak."""
    monkeypatch.setattr(picoquant_records, "CHUNK_RECORDS", 10_000)
    peaks = []
    for n_blocks in (5, 40):
        # 100 photons spread over an overflow period each, so that a millisecond holds few of them
        block = [make.t3(k % 2, k, 10 * k) for k in range(100)] + [make.OVERFLOW | 1000]
        path = file_of(tmp_path, make.ptu(block * 100 * n_blocks))
        tracemalloc.start()
        assert sum(chunk.n_photons for chunk in open_stream(path).iter_chunks()) == 100 * 100 * n_blocks
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]
