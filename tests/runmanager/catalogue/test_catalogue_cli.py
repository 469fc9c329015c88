import json

import pytest

from runmanager import cli
from runmanager.catalogue import places


@pytest.fixture(autouse=True)
def _environment_as_before(monkeypatch):
    monkeypatch.setenv("HDF5_USE_FILE_LOCKING", "BEST_EFFORT")  # put back after the command has changed it


def test_runs_are_listed_newest_first(folder, capsys):
    assert cli.main(["runs", str(folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5
    assert lines[-1].endswith("torn.h5")
    assert "unreadable" in lines[-1]


def test_a_search_narrows_and_says_how_it_was_understood(folder, capsys):
    assert cli.main(["runs", str(folder), "--search", "verdict:failed"]) == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines()[0].endswith("b.h5")
    assert "1 of 5 measurements" in captured.err
    assert "verdict failed" in captured.err


def test_json_is_one_object(folder, capsys):
    assert cli.main(["runs", str(folder), "--json", "--limit", "2"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert len(document["measurements"]) == 2
    run = next(each for each in document["measurements"])
    assert run["verdict"] is None or set(run["verdict"]) == {"passed", "reason"}
    assert run["started"].startswith("20")


def test_a_wrong_search_is_refused_with_code_2(folder, capsys):
    assert cli.main(["runs", str(folder), "--search", "lifetim>3"]) == 2
    assert "did you mean lifetime" in capsys.readouterr().err


def test_a_missing_folder_is_refused_with_code_2(tmp_path, capsys):
    assert cli.main(["runs", str(tmp_path / "nowhere")]) == 2
    assert "nowhere" in capsys.readouterr().err


def test_a_limit_below_one_is_refused(folder, capsys):
    assert cli.main(["runs", str(folder), "--limit", "0"]) == 2
    assert "--limit" in capsys.readouterr().err


def test_rebuild_reads_everything_again(folder, capsys):
    cli.main(["runs", str(folder)])
    assert cli.main(["runs", str(folder), "--rebuild"]) == 0
    assert "5 of 5" in capsys.readouterr().err
    assert places.index_beside(folder).is_file()


def test_catalogue_is_another_name_for_it(folder, capsys):
    assert cli.main(["catalogue", str(folder), "--search", "kind:run"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 4
