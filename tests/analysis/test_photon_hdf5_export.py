"""Export to Photon-HDF5: nothing lost, and the validator of phconvert content where it is installed."""

import importlib.util
import json
import os
import struct
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from analysis.photon_hdf5_export import ExportDetails, ExportError, export_photon_hdf5
from analysis.photon_hdf5_titles import title_of
from analysis.tag_files import read
from analysis.tags import PhotonRecord, RecordStream
from runfile.writer import RunWriter
from runmanager.cli import main


def pulsed(n_photons: int = 1000) -> PhotonRecord:
    rng = np.random.default_rng(5)
    sync = np.sort(rng.integers(0, 10**7, n_photons))
    nano = rng.integers(0, 700, n_photons) * 16
    times = sync * 12_500 + nano
    order = np.argsort(times, kind="stable")
    channel = rng.integers(1, 3, n_photons).astype(np.uint8)
    return PhotonRecord(
        times[order], channel[order], 0.125, 12_500.0, nano[order], sync[order], metadata={"resolution_ps": 16.0}
    )


def free_running() -> PhotonRecord:
    times = np.array([0, 7, 1_000_003, 50_000_000_000], dtype=np.int64)
    return PhotonRecord(times, np.array([1, 2, 4, 1], dtype=np.uint8), 0.05)


VALIDATE = """
import sys, warnings
warnings.simplefilter("ignore")
import tables
from phconvert import hdf5
for name in sys.argv[1:]:
    with tables.open_file(name) as file:
        hdf5.assert_valid_photon_hdf5(file, strict_description=True)
"""
"""The reference validator in a process of its own: compiling what phconvert does not need here takes half a minute."""


def test_pulsed_photons_come_back_as_they_were(tmp_path: Path) -> None:
    record = pulsed()
    export_photon_hdf5(RecordStream(record, 100), tmp_path / "a.h5", ExportDetails("dot"))
    again = read(tmp_path / "a.h5")
    assert np.array_equal(again.timestamps_ps, record.timestamps_ps)
    assert np.array_equal(again.nanotimes_ps, record.nanotimes_ps)  # type: ignore[arg-type]
    assert np.array_equal(again.sync_index, record.sync_index)  # type: ignore[arg-type]
    assert np.array_equal(again.channel, record.channel)
    assert again.sync_period_ps == pytest.approx(12_500.0, rel=1e-12)
    assert again.duration_s == 0.125


def test_free_running_photons_come_back_as_they_were(tmp_path: Path) -> None:
    export_photon_hdf5(RecordStream(free_running()), tmp_path / "a.h5", ExportDetails("dot"))
    again = read(tmp_path / "a.h5")
    assert again.timestamps_ps.tolist() == free_running().timestamps_ps.tolist()
    assert again.channel.tolist() == [1, 2, 4, 1]
    assert again.nanotimes_ps is None


def test_the_validator_accepts_it(tmp_path: Path) -> None:
    """Pulsed and free-running photons, laser pulsed or not, with trigger channels and three detectors."""
    for package in ("phconvert", "tables"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package}, with which Photon-HDF5 is validated, is not installed")
    cases = [
        (pulsed(), ExportDetails("dot")),
        (pulsed(), ExportDetails("", laser_repetition_rate_hz=80e6, source_name="a.ptu")),
        (free_running(), ExportDetails("µ-photoluminescence")),
        (free_running(), ExportDetails("dot", laser_repetition_rate_hz=80e6)),
        (free_running(), ExportDetails("dot", non_photon_channels=(4,))),
    ]
    paths = []
    for number, (record, details) in enumerate(cases):
        paths.append(str(tmp_path / f"{number}.h5"))
        export_photon_hdf5(RecordStream(record), Path(paths[-1]), details)
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run(
        [sys.executable, "-c", VALIDATE, *paths], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_trigger_channels_are_no_detectors(tmp_path: Path) -> None:
    details = ExportDetails("dot", non_photon_channels=(4,), source_name="run.h5")
    export_photon_hdf5(RecordStream(free_running()), tmp_path / "a.h5", details)
    with h5py.File(tmp_path / "a.h5") as file:
        assert int(file["setup/num_pixels"][()]) == 2
        assert file["photon_data/measurement_specs/detectors_specs/non_photon_id1"][()].tolist() == [4]


def test_every_node_has_its_official_title(tmp_path: Path) -> None:
    """What the validator compares; also where it is not installed."""
    export_photon_hdf5(RecordStream(pulsed()), tmp_path / "a.h5", ExportDetails("dot", source_name="x"))
    with h5py.File(tmp_path / "a.h5") as file:
        found = {"/": file.attrs["TITLE"]}
        file.visititems(lambda name, item: found.update({f"/{name}": item.attrs["TITLE"]}))
    assert {path: title.decode() for path, title in found.items()} == {path: title_of(path) for path in found}
    assert len(found) > 25


def test_mandatory_fields_of_the_format(tmp_path: Path) -> None:
    export_photon_hdf5(RecordStream(pulsed()), tmp_path / "a.h5", ExportDetails("dot"))
    with h5py.File(tmp_path / "a.h5") as file:
        assert file["photon_data/timestamps_specs/timestamps_unit"][()] == pytest.approx(12.5e-9)
        assert file["photon_data/nanotimes_specs/tcspc_unit"][()] == pytest.approx(16e-12)
        assert int(file["photon_data/nanotimes_specs/tcspc_num_bins"][()]) == 782  # 12.5 ns in 16 ps
        assert file["setup/excitation_cw"][()].tolist() == [0]
        assert file["setup/laser_repetition_rates"][()].tolist() == pytest.approx([80e6])


def test_an_existing_file_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a.h5").write_bytes(b"mine")
    with pytest.raises(ExportError, match="exists already"):
        export_photon_hdf5(RecordStream(pulsed()), tmp_path / "a.h5", ExportDetails("dot"))
    assert (tmp_path / "a.h5").read_bytes() == b"mine"


def test_nothing_is_left_of_an_export_that_failed(tmp_path: Path) -> None:
    details = ExportDetails("dot", non_photon_channels=(1, 2))
    with pytest.raises(ExportError, match="nothing to export"):
        export_photon_hdf5(RecordStream(pulsed()), tmp_path / "a.h5", details)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("rate_hz", [0.0, -1.0, float("nan")])
def test_impossible_repetition_rates_are_refused(rate_hz: float) -> None:
    with pytest.raises(ValueError, match="positive number of Hz"):
        ExportDetails("dot", laser_repetition_rate_hz=rate_hz)


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "tags.bin"
    events = b"".join(struct.pack("<QH", 1000 * k, 1 + k % 2) for k in range(100))
    source.write_bytes(bytes(40) + events)
    assert main(["export", str(source), "--photon-hdf5", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["counts"] == {"1": 50, "2": 50}
    assert read(Path(told["file"])).timestamps_ps.tolist() == list(range(0, 100_000, 1000))


def test_command_line_refuses_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.txt").write_text("0 1\n5 2\n")
    assert main(["export", str(tmp_path / "a.txt"), "--photon-hdf5"]) == 2
    assert "does not say its unit" in capsys.readouterr().err
    assert main(["export", str(tmp_path / "a.txt"), "--photon-hdf5", "--time-unit-ps", "1000"]) == 0


def test_command_line_sorts_what_cannot_be_streamed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two recordings in one file: the stream refuses them, the export reads the file as a whole."""
    lines = [f"{1_000_000 * k} 1\n" for k in range(60_000)] * 2
    (tmp_path / "a.txt").write_text("".join(lines))
    arguments = ["export", str(tmp_path / "a.txt"), "--photon-hdf5", "--time-unit-ps", "1", "--json"]
    assert main(arguments) == 0
    out = Path(json.loads(capsys.readouterr().out)["file"])
    assert read(out).timestamps_ps.size == 120_000
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_command_line_knows_the_triggers_of_a_run_file(tmp_path: Path) -> None:
    path = tmp_path / "run.h5"
    writer = RunWriter.create(
        path, procedure="g2", title="tags", parameters={}, station="", snapshot={}, sample_sheet="", sample={},
        conditions={}, versions={}, seed=1,
    )  # fmt: skip
    with writer:
        writer.append_tags(np.arange(30, dtype=np.int64) * 1000, (np.arange(30) % 3 + 1).astype(np.uint8))
        writer.set_tag_metadata(duration_s=1.0, channels={"detector_1": 1, "detector_2": 2, "divided_trigger": 3})
        writer.finish("completed", 1.0)
    assert main(["export", str(path), "--photon-hdf5", "--laser-rate-hz", "80e6", "--out", str(tmp_path / "b.h5")]) == 0
    with h5py.File(tmp_path / "b.h5") as file:
        assert file["photon_data/measurement_specs/detectors_specs/non_photon_id1"][()].tolist() == [3]
        assert file["setup/excitation_cw"][()].tolist() == [0]
