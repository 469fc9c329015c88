"""What is read of one file: contents, pictures, comparison, re-analysis, job, report."""

import json
import os
import time
from pathlib import Path

import numpy as np
import pytest
from matplotlib import image  # noqa: TID253

from analysis import registry
from analysis.views import Curve, Image, View
from runfile.errors import RunFileError
from runfile.reader import RunFile
from runfile.results import Analysis, Check, Result, Verdict
from runmanager.catalogue import contents, job_of, reanalysis, thumbnails
from runmanager.catalogue.comparison import read_comparison
from runmanager.catalogue.reading_process import ReadingProcesses, read_without_locks
from runmanager.errors import BadInputError

ESR = {"frequency_points": (41, ""), "line": ("highest", ""), "microwave_power": (3.5, "dBm")}


def size_of(png: bytes, tmp_path: Path) -> tuple[int, int]:
    path = tmp_path / "picture.png"
    path.write_bytes(png)
    height, width = image.imread(path).shape[:2]
    return width, height


# --- contents ---------------------------------------------------------------------------------------------------------


def test_contents_hold_all_a_run_file_says(folder):
    found = contents.read_contents(folder / "a.h5")
    assert found.title == "esr on dot-1"
    assert found.parameters["duration"] == (60.0, "s")
    assert found.analysis is not None
    assert found.analysis.warnings == ("a warning of importance",)
    assert found.log[0].endswith("measuring")
    assert found.notes == {"lines": {"n": 6}}
    assert found.snapshot["opo"]["wavelength"] == 560.0
    assert found.facts["bench"] == "twin, seed 7"
    assert found.versions["solotron"] == "0.0.9"


def test_a_torn_file_is_refused_in_one_line(folder):
    with pytest.raises(BadInputError, match="truncated") as refusal:
        contents.read_contents(folder / "torn.h5")
    assert "\n" not in str(refusal.value)


def test_a_photon_file_shows_its_header_and_its_coincidences(real_data):
    found = contents.read_contents(real_data / "hbt_t3_80MHz.ptu")
    assert found.facts["pulse period"].startswith("12.49")
    assert found.parameters["HW_Type"] == ("HydraHarp 400", "")
    assert "coincidences" in {view.name for view in contents.read_views(real_data / "hbt_t3_80MHz.ptu", with_fit=False)}


# --- pictures ---------------------------------------------------------------------------------------------------------


def test_the_runs_own_figure_is_scaled_down(folder, tmp_path):
    pixels = np.zeros((800, 1280, 3))
    pixels[:, 640:] = 1.0
    image.imsave(folder / "a.png", pixels)
    png = thumbnails.make_thumbnail(folder / "a.h5")
    assert size_of(png, tmp_path) == (320, 200)
    small = image.imread(tmp_path / "picture.png")
    assert small[100, 10, 0] == 0.0
    assert small[100, 310, 0] == 1.0


def test_block_means_keep_the_mean():
    pixels = np.random.default_rng(1).random((30, 40, 4))
    assert thumbnails.block_means(pixels, 5).mean() == pytest.approx(pixels.mean())


def test_without_a_figure_the_first_plot_is_drawn(write, tmp_path):
    png = thumbnails.make_thumbnail(write(tmp_path / "x.h5", procedure="a new one"))
    assert size_of(png, tmp_path) == (320, 200)


def test_a_damaged_figure_is_drawn_anew(write, tmp_path):
    path = write(tmp_path / "x.h5", procedure="a new one")
    path.with_suffix(".png").write_bytes(b"\x89PNG\r\n\x1a\n damaged")
    assert size_of(thumbnails.make_thumbnail(path), tmp_path) == (320, 200)


def test_nothing_to_draw_is_no_picture(folder):
    assert thumbnails.make_thumbnail(folder / "torn.h5") == b""


def test_every_kind_of_plot_can_be_drawn(tmp_path):
    x = np.linspace(0.1, 10.0, 50)
    curves = tuple(Curve(kind, x, x**2, kind=kind) for kind in ("points", "line", "steps", "fit"))
    sweep = Image(x, x[:5], np.outer(x, x[:5]), "counts")
    for view in (
        View("a", "t", "x (s)", "y (V)", curves),
        View("b", "t", "x (s)", "y (V)", curves, log_y=True, log_x=True),
        View("c", "t", "x (s)", "y (V)", image=sweep),
    ):
        assert size_of(thumbnails.drawn(view), tmp_path) == (320, 200)


# --- comparison -------------------------------------------------------------------------------------------------------


def test_runs_are_labelled_by_what_differs(write, tmp_path):
    paths = [
        write(tmp_path / f"{k}.h5", procedure="x", parameters={"power": (k, "dBm"), "line": ("low", "")})
        for k in (1.0, 2.0)
    ]
    found = read_comparison(paths)
    assert found.labels == ("power = 1 dBm", "power = 2 dBm")
    assert found.columns[:2] == ("power", "verdict")
    assert found.cells[0][:2] == ("1.0", "✓ passed")
    assert "lifetime" in found.columns
    (view,) = (view for view in found.views if view.name == "data")
    assert {curve.label.split(":")[0] for curve in view.curves} == set(found.labels)


def test_equal_runs_go_by_their_files(write, tmp_path):
    paths = [write(tmp_path / f"{name}.h5", procedure="x") for name in "ab"]
    assert read_comparison(paths).labels == ("a", "b")


def test_unreadable_files_are_left_out_and_told(folder, write):
    other = write(folder / "x.h5")
    found = read_comparison([folder / "a.h5", folder / "torn.h5", other])
    assert len(found.labels) == 2
    assert "torn.h5" in found.remarks[0]


def test_one_run_alone_is_not_compared(folder):
    with pytest.raises(BadInputError, match="fewer than two"):
        read_comparison([folder / "a.h5", folder / "torn.h5"])


# --- re-analysis ------------------------------------------------------------------------------------------------------


@pytest.fixture
def _analysis_of_today(monkeypatch):
    """Today's code finds another lifetime, no longer ``n_lines``, and something new."""
    today = Analysis(
        {
            "lifetime": Result(15.09, 0.04, "ns", "better fit"),
            "unclear": Result(float("nan"), float("nan"), "1", "could not be"),
            "brightness": Result(1.0, 0.1, "1", "new"),
        },
        Verdict((Check("fit", False, "too bright"),)),
    )
    monkeypatch.setattr(registry, "analyse", lambda run: today)


@pytest.mark.usefixtures("_analysis_of_today")
def test_stored_and_today_stand_side_by_side(folder, write):
    found = reanalysis.reanalyse(write(folder / "x.h5", lifetime_ns=15.0))
    lines = {line.name: line for line in found.lines}
    assert list(lines) == ["lifetime", "unclear", "brightness", "n_lines"]
    assert lines["lifetime"].difference == pytest.approx(0.09 / 0.05)
    assert np.isnan(lines["unclear"].difference)
    assert lines["brightness"].stored is None
    assert lines["n_lines"].today is None
    assert found.largest_difference == pytest.approx(1.8)
    assert found.stored_by == "0.0.9"


@pytest.mark.usefixtures("_analysis_of_today")
def test_looking_writes_nothing(folder):
    before = (folder / "a.h5").read_bytes()
    reanalysis.reanalyse(folder / "a.h5")
    assert (folder / "a.h5").read_bytes() == before


@pytest.mark.usefixtures("_analysis_of_today")
def test_storing_keeps_the_earlier_analysis(folder):
    found = reanalysis.reanalyse(folder / "a.h5")
    kept = reanalysis.store(found)
    with RunFile(folder / "a.h5") as run:
        assert run.analysis().results["lifetime"].value == 15.09
    assert json.loads(kept.read_text())["results"]["lifetime"]["value"] == 14.0
    assert kept.parent == folder


@pytest.mark.usefixtures("_analysis_of_today")
def test_a_file_changed_meanwhile_is_not_overwritten(folder):
    found = reanalysis.reanalyse(folder / "a.h5")
    os.utime(folder / "a.h5", (1, 1))
    with pytest.raises(BadInputError, match="changed since"):
        reanalysis.store(found)
    assert not list(folder.glob("*.json"))


def test_what_cannot_be_analysed_is_told(folder, monkeypatch):
    def fail(run):
        raise RunFileError("no such table")

    monkeypatch.setattr(registry, "analyse", fail)
    with pytest.raises(BadInputError, match="no such table"):
        reanalysis.reanalyse(folder / "a.h5")


@pytest.mark.parametrize(
    ("stored", "today", "expected"),
    [
        (Result(1.0, 0.3, "ns", ""), Result(2.0, 0.4, "ns", ""), 2.0),
        (Result(1.0, 0.0, "ns", ""), Result(2.0, 0.5, "ns", ""), 2.0),
        (Result(1.0, 0.0, "1", ""), Result(1.0, 0.0, "1", ""), 0.0),
        (Result(1.0, 0.0, "1", ""), Result(2.0, 0.0, "1", ""), float("nan")),
        (Result(1.0, 0.1, "ns", ""), Result(1.0, 0.1, "us", ""), float("nan")),
    ],
)
def test_difference_in_units_of_the_combined_error(stored, today, expected):
    assert reanalysis.compare("x", stored, today).difference == pytest.approx(expected, nan_ok=True)


# --- job --------------------------------------------------------------------------------------------------------------


def test_a_twin_run_gives_its_job_back(write, tmp_path):
    found = job_of.read_job(write(tmp_path / "runs" / "x.h5", parameters=ESR, seed=11))
    job = found.job
    assert (job.procedure, job.seed, job.twin, job.out) == ("esr", 11, True, tmp_path / "runs")
    assert dict(job.settings) == {"frequency_points": "41", "line": "highest", "microwave_power": "3.5"}
    assert job.station.read_text() == "twin: true\n"
    assert Path(job.sample).read_text() == "name: dot-1\n"
    assert any("no parameter" in remark for remark in found.remarks)


def test_its_settings_are_taken_by_the_engine(write, tmp_path):
    from runmanager.engine import make_experiment

    job = job_of.job_from_run_file(write(tmp_path / "x.h5", parameters=ESR))
    experiment = make_experiment(job.procedure, job.settings)
    assert (experiment.frequency_points, experiment.microwave_power) == (41, 3.5)


def test_a_run_of_real_hardware_never_brings_its_station_back(write, tmp_path):
    path = write(tmp_path / "x.h5", parameters=ESR, seed=None)
    today = tmp_path / "station.yaml"
    with_station = job_of.read_job(path, station=today)
    assert (with_station.job.station, with_station.job.twin) == (today, False)
    without = job_of.read_job(path)
    assert (without.job.station, without.job.twin) == (None, True)
    assert any("real hardware" in remark for remark in without.remarks)


def test_parameters_of_another_day_are_left_out_and_told(write, tmp_path):
    path = write(tmp_path / "x.h5", parameters={"wobble": (3.0, ""), "frequency_points": (10**9, "")})
    found = job_of.read_job(path)
    assert found.job.settings == ()
    assert sum(remark.startswith("left out: esr") for remark in found.remarks) == 2


def test_built_in_station_and_sample_go_by_their_names(write, tmp_path, monkeypatch):
    from instruments import station

    monkeypatch.setattr(RunFile, "station", station.TEMPLATE.read_text(encoding="utf-8"))
    assert job_of.job_from_run_file(write(tmp_path / "x.h5", parameters=ESR)).station is None


def test_an_unknown_procedure_is_refused_with_the_known_ones(write, tmp_path):
    with pytest.raises(BadInputError, match=r"'juggling' is unknown.*esr"):
        job_of.read_job(write(tmp_path / "x.h5", procedure="juggling"))


# --- processes --------------------------------------------------------------------------------------------------------


def die():
    os._exit(9)


def lock_setting():
    return os.environ.get("HDF5_USE_FILE_LOCKING")


def test_reading_processes_do_not_lock_and_outlive_a_death():
    from concurrent.futures.process import BrokenProcessPool

    with ReadingProcesses(1) as readers:
        with pytest.raises(BrokenProcessPool):
            readers.submit(die).result(timeout=60)
        assert readers.submit(lock_setting).result(timeout=60) == "FALSE"
    with pytest.raises(RuntimeError, match="closed"):
        readers.submit(lock_setting)


def test_closing_does_not_wait_for_a_long_reading():
    readers = ReadingProcesses(1)
    readers.submit(lock_setting).result(timeout=60)
    readers.submit(time.sleep, 50)
    began = time.monotonic()
    readers.close()
    assert time.monotonic() - began < 20


def test_without_locks_is_said_in_the_environment(monkeypatch):
    monkeypatch.setenv("HDF5_USE_FILE_LOCKING", "TRUE")
    read_without_locks()
    assert lock_setting() == "FALSE"
