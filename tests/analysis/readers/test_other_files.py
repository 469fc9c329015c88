"""Becker & Hickl, quTAG, text, Photon-HDF5 and run files."""

from pathlib import Path

import h5py
import numpy as np
import photon_files as make
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.tag_files import (
    OutOfOrderError,
    ReadOptions,
    SpcFormat,
    TagFileError,
    TextFormat,
    kind_of,
    open_stream,
    read,
    read_decays,
)

PS = ReadOptions(text=TextFormat(time_unit_ps=1.0))


def file_of(folder: Path, content: bytes, suffix: str) -> Path:
    path = folder / f"a{suffix}"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("kind", list(make.SAMPLES))
def test_kind_is_known_from_the_content(tmp_path: Path, kind: str) -> None:
    suffix, write = make.SAMPLES[kind]
    expected = {"pt2": "picoquant-legacy", "pt3": "picoquant-legacy", "ht2": "picoquant-legacy"}
    expected |= {"ht3": "picoquant-legacy", "ptu-t2": "ptu", "ptu-t3": "ptu", "ptu-picoharp": "ptu", "run-whole": "run"}
    assert kind_of(write(tmp_path / f"a{suffix}")) == expected.get(kind, kind)


def test_spc_times_nanotimes_and_routing(tmp_path: Path) -> None:
    """Macro clock 12.5 ns; the ADC counts backwards; 50 ns over gain 4 in 4096 channels."""
    records = [make.spc_record(100, 0, 4095), make.spc_record(50, 2, 95, overflow=True)]
    path = file_of(tmp_path, make.spc(records), ".spc")
    path.with_suffix(".set").write_bytes(make.setup())
    record = read(path)
    assert record.timestamps_ps.tolist() == [100 * 12_500, (4096 + 50) * 12_500]
    assert record.channel.tolist() == [1, 3]
    assert record.nanotimes_ps is not None
    assert record.nanotimes_ps.tolist() == [0, round(4000 * 12_500 / 4096)]


def test_spc_counts_of_overflows_markers_and_gaps(tmp_path: Path) -> None:
    """Invalid + overflow holds a count, unless it is a marker: that is one overflow, and no photon."""
    many, marker = 3 << 30 | 7, 3 << 30 | 1 << 28 | 99
    gap = 1 << 29 | make.spc_record(5, 0, 0)
    record = read(file_of(tmp_path, make.spc([many, marker, gap]), ".spc"))
    assert record.timestamps_ps.tolist() == [(8 * 4096 + 5) * 12_500]
    assert any("photons are missing" in warning for warning in record.warnings)


def test_spc_without_setup_has_no_nanotimes_and_says_so(tmp_path: Path) -> None:
    path = file_of(tmp_path, make.spc([make.spc_record(1, 0, 0)]), ".spc")
    record = read(path)
    assert record.nanotimes_ps is None
    assert any("set-up file" in warning for warning in record.warnings)
    assert read(path, ReadOptions(spc=SpcFormat(tac_window_ns=50.0))).nanotimes_ps is not None


def test_spc_of_another_card_is_refused(tmp_path: Path) -> None:
    path = file_of(tmp_path, make.spc([make.spc_record(1, 0, 0)]), ".spc")
    path.with_suffix(".set").write_bytes(make.setup(card=0x8C))
    with pytest.raises(TagFileError, match="another record layout"):
        read(path)


def test_sdt_decays(tmp_path: Path) -> None:
    pytest.importorskip("sdtfile", reason="the optional package sdtfile is not installed")
    curves = read_decays(file_of(tmp_path, make.sdt([[1, 2, 3, 4], [5, 6, 7, 8]]), ".sdt"))
    assert [curve.counts.tolist() for curve in curves] == [[1, 2, 3, 4], [5, 6, 7, 8]]
    assert curves[0].bin_width_ps == pytest.approx(50e3 / 4 / 4)


def test_sdt_is_no_photon_file(tmp_path: Path) -> None:
    with pytest.raises(TagFileError, match=r"decay histograms, .* response of another file \(--irf\)"):
        read(file_of(tmp_path, make.sdt([[1, 2]]), ".sdt"))


@pytest.mark.parametrize("length", [10, 60, -3])
def test_cut_sdt_is_refused(tmp_path: Path, length: int) -> None:
    with pytest.raises(TagFileError, match=r"truncated|damaged|no finished SDT file"):
        read_decays(file_of(tmp_path, make.sdt([[1, 2, 3, 4]])[:length], ".sdt"))


def test_sdt_whose_blocks_go_round_in_a_circle_is_refused(tmp_path: Path) -> None:
    content = bytearray(make.sdt([[1, 2, 3, 4], [5, 6, 7, 8]]))
    first = len(content) - 2 * 30
    content[first + 6 : first + 10] = first.to_bytes(4, "little")
    with pytest.raises(TagFileError, match="followed by an earlier one"):
        read_decays(file_of(tmp_path, bytes(content), ".sdt"))


def test_qutag(tmp_path: Path) -> None:
    """Times count from the first tag; channels are the file's numbers."""
    path = file_of(tmp_path, make.qutag([10_000, 12_000, 17_000], [0, 1, 2]), ".bin")
    record = read(path)
    assert record.timestamps_ps.tolist() == [0, 2_000, 7_000]
    assert record.channel.tolist() == [0, 1, 2]
    assert record.duration_s == pytest.approx(7e-9)
    assert read(path, ReadOptions(qutag_unit_ps=81.0)).timestamps_ps.tolist() == [0, 162_000, 567_000]


def test_qutag_with_impossible_channel_or_half_an_event(tmp_path: Path) -> None:
    stated = ReadOptions(kind="qutag")
    with pytest.raises(TagFileError, match="channel 300"):
        read(file_of(tmp_path, make.qutag([1, 2], [0, 300]), ".bin"), stated)
    with pytest.raises(TagFileError, match="whole 10-byte events"):
        read(file_of(tmp_path, make.qutag([1, 2], [0, 1])[:-4], ".bin"), stated)


@given(
    times=st.lists(st.integers(0, 10**17), min_size=1, max_size=30),
    separator=st.sampled_from(["\t", ",", ";", " "]),
)
@settings(max_examples=40, deadline=None)
def test_text_is_exact_to_the_ps(tmp_path_factory: pytest.TempPathFactory, times: list[int], separator: str) -> None:
    """Whole numbers are never turned into floats, which would lose ps after 2.5 hours."""
    ordered = sorted(times)
    path = tmp_path_factory.mktemp("text") / "a.txt"
    path.write_bytes(make.text(ordered, [k % 4 for k in range(len(ordered))], separator))
    options = ReadOptions(text=TextFormat(1.0, separator=None if separator in "\t " else separator))
    record = read(path, options)
    assert record.timestamps_ps.tolist() == [time - ordered[0] for time in ordered]


def test_text_with_header_columns_and_unit(tmp_path: Path) -> None:
    path = file_of(tmp_path, b"my setup\nchannel;x;time\n2;0;1.5\n1;0;2.0\n", ".csv")
    text = TextFormat(1000.0, separator=";", header_lines=2, time_column=2, channel_column=0)
    record = read(path, ReadOptions(text=text))
    assert record.timestamps_ps.tolist() == [0, 500]
    assert record.channel.tolist() == [2, 1]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"7", ""),
        (b"abc\t1", ""),
        (b"nan\t1", "finite"),
        (b"5\t256", "0 to 255"),
        (b"5\t1.5", "whole"),
        (b"1e30\t1", ""),
    ],
)
def test_text_line_that_is_no_event_is_named(tmp_path: Path, line: bytes, why: str) -> None:
    with pytest.raises(TagFileError, match=f"line 3, .* is no event.*{why}"):
        read(file_of(tmp_path, b"0\t1\n1\t2\n" + line + b"\n", ".txt"), PS)


def test_text_without_a_stated_unit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TagFileError, match="does not say its unit"):
        read(file_of(tmp_path, b"0\t1\n1\t2\n", ".txt"))


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_impossible_units_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match="positive number"):
        TextFormat(value)
    with pytest.raises(ValueError, match="positive number"):
        SpcFormat(value)
    with pytest.raises(ValueError, match="must be from"):
        ReadOptions(qutag_unit_ps=value)


def test_stream_sorts_what_is_late_by_less_than_a_millisecond(tmp_path: Path) -> None:
    path = file_of(tmp_path, make.text([0, 500_000_000, 100, 3_000_000_000], [1, 2, 1, 2]), ".txt")
    chunks = list(open_stream(path, PS).iter_chunks())
    assert np.concatenate([chunk.timestamps_ps for chunk in chunks]).tolist() == [0, 100, 500_000_000, 3_000_000_000]


def test_stream_refuses_what_is_later_and_read_sorts_it(tmp_path: Path) -> None:
    """Two recordings, one behind the other."""
    times = [k * 1_000_000 for k in range(60_000)] * 2
    path = file_of(tmp_path, make.text(times, [1] * len(times)), ".txt")
    with pytest.raises(OutOfOrderError, match="read it as a whole"):
        list(open_stream(path, PS).iter_chunks())
    assert bool(np.all(np.diff(read(path, PS).timestamps_ps) >= 0))


def test_progress_grows_to_one(tmp_path: Path) -> None:
    path = file_of(tmp_path, make.text(range(0, 200_000_000, 1000), [1] * 200_000), ".txt")
    told: list[float] = []
    for _ in open_stream(path, PS).iter_chunks(lambda fraction, _: told.append(fraction)):
        pass
    assert len(told) > 1
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1.0)


def test_summary_before_the_end_is_refused(tmp_path: Path) -> None:
    stream = open_stream(file_of(tmp_path, make.ptu([make.t3(0, 1, 1)]), ".ptu"))
    with pytest.raises(ValueError, match="take all chunks first"):
        stream.summary()
    list(stream.iter_chunks())
    assert stream.summary().counts == {1: 1}


def test_run_file_stream_keeps_the_live_time(tmp_path: Path) -> None:
    """The clock may run on between batches: the live time of a run file is no contradiction."""
    stream = open_stream(make.run_file(tmp_path / "a.h5"))
    photons = sum(chunk.n_photons for chunk in stream.iter_chunks())
    assert (photons, stream.summary().duration_s, stream.summary().warnings) == (50, 1.0, ())
    assert stream.metadata["channels"] == {"detector_1": 1, "detector_2": 2}


def spoil_length(data: h5py.Group) -> None:
    del data["detectors"]
    data["detectors"] = np.zeros(7, dtype=np.uint8)


def spoil_claim(data: h5py.Group) -> None:
    del data["timestamps"]
    data.create_dataset("timestamps", (10**12,), "i8", chunks=(1000,))


def spoil_sign(data: h5py.Group) -> None:
    data["timestamps"][0] = -5


def spoil_type(data: h5py.Group) -> None:
    del data["timestamps"]
    data["timestamps"] = np.zeros(50)


def spoil_unit(data: h5py.Group) -> None:
    data["timestamps_specs/timestamps_unit"][...] = np.nan


@pytest.mark.parametrize(
    ("spoil", "match"),
    [
        (spoil_length, "7 entries for 50"),
        (spoil_claim, "claims 8000000000000 bytes where 0 are stored"),
        (spoil_sign, "negative timestamps"),
        (spoil_type, "no column of integers"),
        (spoil_unit, "outside 1e-15 to 1 s"),
    ],
)
def test_photon_hdf5_that_makes_no_sense_is_refused(tmp_path: Path, spoil: object, match: str) -> None:
    path = make.photon_hdf5(tmp_path / "a.hdf5")
    with h5py.File(path, "r+") as file:
        spoil(file["photon_data"])  # type: ignore[operator]
    with pytest.raises(TagFileError, match=match):
        read(path)
