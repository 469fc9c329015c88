"""Many measurements at once: folders, processes, a cluster, and what goes wrong with single files."""

import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from runfile.results import Analysis, Check, Result, Verdict
from runmanager import batch, cli, offline
from runmanager.batch import Outcome, analyse_all, find_files
from runmanager.errors import BadInputError
from runmanager.offline import FileAnalysis

FOUND = Analysis({"answer": Result(42.0, 1.5, "ns", "asked")}, Verdict((Check("asked", True, "it answers"),)))


def analyse(path: Path, *, with_report: bool, options: object = None, wishes: object = None) -> FileAnalysis:
    if "bad" in path.name:
        raise BadInputError(f"{path.name}: truncated,\n copy it again")
    return FileAnalysis(path, "completed", 1.0, FOUND)


def die_of_bad(path: Path) -> Outcome:
    """Runs in a process of its own."""
    if "bad" in path.name:
        os._exit(9)
    return Outcome(path, FileAnalysis(path, "completed", 1.0, FOUND))


def test_folder_gives_its_measurements_in_order_and_each_once(tmp_path: Path) -> None:
    for name in ("b.ptu", "a.h5", "a.html", "notes.txt", "deep/c.HDF5", ".hidden/d.h5"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = find_files([tmp_path / "b.ptu", tmp_path])
    assert [path.relative_to(tmp_path).as_posix() for path in found] == ["b.ptu", "a.h5", "deep/c.HDF5"]


def test_folder_without_measurements_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="is a folder without measurements"):
        find_files([tmp_path])


def test_outcomes_keep_the_order_and_tell_refusals_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offline, "analyse_file", analyse)
    heard: list[tuple[float, str]] = []
    paths = [Path("c.h5"), Path("bad.h5"), Path("a.h5")]
    outcomes = analyse_all(paths, jobs=1, report=lambda fraction, what: heard.append((fraction, what)))
    assert [outcome.path for outcome in outcomes] == paths
    assert [outcome.refusal for outcome in outcomes] == ["", "bad.h5: truncated, copy it again", ""]
    assert heard[-1] == (1.0, "3 of 3: a.h5")


def test_process_that_dies_costs_its_own_file_only() -> None:
    paths = [Path("a.h5"), Path("bad.h5"), Path("c.h5")]
    done = dict(batch._side_by_side(die_of_bad, paths, 2))
    assert sorted(done) == [0, 1, 2]
    assert [done[number].found is not None for number in range(3)] == [True, False, True]
    assert "the process that analysed it died" in done[1].refusal


def test_several_processes_give_what_one_gives(tmp_path: Path) -> None:
    for number in range(2):
        (tmp_path / f"empty{number}.ptu").touch()
    one, two = (analyse_all(find_files([tmp_path]), jobs=jobs) for jobs in (1, 2))
    assert one == two
    assert all("empty" in outcome.refusal for outcome in one)


@pytest.mark.parametrize("jobs", [0, -3])
def test_no_jobs_are_refused(jobs: int) -> None:
    with pytest.raises(BadInputError, match="1 or more"):
        analyse_all([Path("a.h5")], jobs=jobs)


def test_folder_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(offline, "analyse_file", analyse)
    for name in ("a.h5", "bad.ptu"):
        (tmp_path / name).touch()
    assert cli.main(["analyze", str(tmp_path), "--json", "--jobs", "1"]) == 2
    said = capsys.readouterr()
    assert [Path(each["run_file"]).name for each in json.loads(said.out)["analyses"]] == ["a.h5"]
    assert said.err.strip() == "solotron: bad.ptu: truncated, copy it again"


# --- a cluster


def test_scheduler_without_the_package_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(BadInputError, match=r"pip install 'solotron\[cluster\]'"):
        analyse_all([Path("a.h5")], scheduler="tcp://127.0.0.1:1")


@pytest.mark.parametrize(("versions", "words"), [({}, "has no workers"), ({"one": "0.0.1"}, "run solotron 0.0.1")])
def test_workers_must_be_there_and_run_this_version(versions: dict[str, str], words: str) -> None:
    client = SimpleNamespace(run=lambda function: versions)
    with pytest.raises(BadInputError, match=words):
        batch._check_workers(client, "tcp://host:1")


def test_cluster_gives_what_this_computer_gives(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")
    (tmp_path / "empty.ptu").touch()
    with distributed.LocalCluster(n_workers=1, processes=False, dashboard_address=None) as cluster:
        [outcome] = analyse_all(find_files([tmp_path]), scheduler=cluster.scheduler_address)
    assert outcome == analyse_all(find_files([tmp_path]))[0]


# --- the report of a photon file and of a run


def test_report_of_real_photons_has_a_section_on_brightness(real_data: Path, tmp_path: Path) -> None:
    source = real_data / "hbt_t3_80MHz.ptu"
    if not source.is_file():
        pytest.skip(f"{source.name} is not here")
    path = tmp_path / "hbt one.ptu"
    path.write_bytes(source.read_bytes())
    found = offline.analyse_file(path, with_report=True)
    assert found.report == tmp_path / "hbt one.ptu.html"
    page = found.report.read_text()
    for words in (
        "Brightness and memory of the light",
        'lang="en"',
        "<figcaption>",
        "µs",
        'scope="row"',
        "@media print",
    ):
        assert words in page
    document = json.loads((tmp_path / "hbt one.ptu.json").read_text())
    assert document["command"] == "solotron analyze 'hbt one.ptu' --report"
    assert len(document["sha256"]) == 64
    times_us = [1e6 * document["sections"]["brightness"]["results"][f"relaxation_time_{n}"]["value"] for n in (1, 2)]
    assert times_us == pytest.approx([2.97, 10.8], rel=0.35)  # independent fit of the side peaks
    assert (tmp_path / "hbt one.ptu-brightness.png").read_bytes().startswith(b"\x89PNG")


def test_two_measurements_of_one_name_have_reports_of_their_own() -> None:
    from runmanager.html_report import report_path

    assert report_path(Path("x/a.h5"), ".html") == Path("x/a.html")
    assert report_path(Path("x/a.ptu"), ".html") == Path("x/a.ptu.html")
    assert report_path(Path("x/a.hdf5"), ".json") == Path("x/a.hdf5.json")
