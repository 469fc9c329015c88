"""Forecast, several files, JSON for scripts, the page, and the command line's words."""

import json
import math
from pathlib import Path
from typing import Any, NoReturn

import pytest

from instruments.station import TEMPLATE
from runfile.results import Analysis, Check, Result, Verdict
from runmanager import cli, engine, forecast, offline, output, station_check
from runmanager.engine import RunOutcome, RunRequest
from runmanager.errors import BadInputError
from runmanager.forecast import Forecast
from runmanager.html_report import write_report
from runmanager.offline import FileAnalysis
from runmanager.station_check import Finding, StationFindings

RESULTS = {
    "sure": Result(15.04, 0.13, "ns", "fit"),
    "unsure": Result(math.nan, math.inf, "1", "fit", interval=(0.0, math.inf), confidence=0.95),
}


def analysis(*, passed: bool = True) -> Analysis:
    return Analysis(RESULTS, Verdict((Check("bright", passed, "bright <enough> & more"),)), ("mind the gap",))


def strict(text: str) -> Any:
    """Parse JSON as the standard has it: no NaN, no Infinity; one object, nothing else."""

    def refuse(word: str) -> NoReturn:
        raise AssertionError(f"{word} is not JSON")

    return json.loads(text, parse_constant=refuse)


# --- JSON


def test_outcome_is_one_strict_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_outcome(RunOutcome(Path("a.h5"), "completed", analysis(), math.nan), as_json=True)
    document = strict(capsys.readouterr().out)
    assert set(document) == {"run_file", "exit_status", "results", "verdict", "warnings", "duration_s"}
    assert document["duration_s"] is None
    assert document["results"]["unsure"]["value"] is None
    assert document["results"]["unsure"]["interval"] == [0.0, None]
    assert set(document["verdict"]) == {"passed", "reason", "checks"}


def test_file_of_a_killed_run_is_strict_json_and_readable_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    killed = FileAnalysis(Path("killed.h5"), "running", math.nan, analysis())
    output.print_analyses([killed], as_json=True, several=False)
    assert strict(capsys.readouterr().out)["duration_s"] is None
    output.print_analyses([killed], as_json=False, several=False)
    assert "killed.h5  (running, unknown duration)" in capsys.readouterr().out


def test_instrument_that_is_off_is_strict_json_and_readable_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    found = StationFindings(
        (Finding("laser", True, "Maker L1", 3.25, "readout_laser"), Finding("sc10", False, "", math.nan, "no answer"))
    )
    output.print_station(found, as_json=True)
    document = strict(capsys.readouterr().out)
    assert document["passed"] is False
    assert [row["round_trip_ms"] for row in document["instruments"]] == [3.25, None]
    output.print_station(found, as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("ok      laser")
    assert "3.2 ms" in lines[0]
    assert lines[1].startswith("MISSING sc10")
    assert "nan" not in lines[1]


# --- forecast


@pytest.mark.parametrize(
    ("passed", "violations", "code"), [(True, (), 0), (False, (), 1), (True, ("too hot",), 2), (False, ("x",), 2)]
)
def test_exit_code_of_a_forecast(passed: bool, violations: tuple[str, ...], code: int) -> None:
    assert Forecast("g2", 1.0, 1, analysis(passed=passed), violations).exit_code == code


def test_refused_run_is_a_violation_of_the_forecast(capsys: pytest.CaptureFixture[str]) -> None:
    found = forecast.forecast(RunRequest("g2", settings=(("pulse_divider", "2"),)))
    assert found.exit_code == 2
    [violation] = found.violations
    assert "the delay generator needs 100 ns" in violation
    output.print_forecast(found, as_json=True)
    document = strict(capsys.readouterr().out)
    assert (document["duration_s"], document["photons"], document["results"]) == (0.0, 0, {})
    output.print_forecast(found, as_json=False)
    assert capsys.readouterr().out.splitlines() == ["g2 would not start", f"violation: {violation}"]


def test_forecast_of_wrong_input_is_bad_input() -> None:
    with pytest.raises(BadInputError, match="no parameter 'durration'"):
        forecast.forecast(RunRequest("g2", settings=(("durration", "2"),)))


# --- several files


def test_bad_file_among_several_does_not_hide_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def analyse_file(path: Path, *, with_report: bool, **_: object) -> FileAnalysis:
        if path.name == "bad.h5":
            raise BadInputError("bad.h5: truncated")
        return FileAnalysis(path, "completed", 1.0, analysis())

    monkeypatch.setattr(offline, "analyse_file", analyse_file)
    assert cli.main(["analyze", "--json", "a.h5", "bad.h5", "c.h5"]) == 2
    said = capsys.readouterr()
    assert [each["run_file"] for each in strict(said.out)["analyses"]] == ["a.h5", "c.h5"]
    assert "solotron: bad.h5: truncated" in said.err


def test_several_files_have_the_worst_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def analyse_file(path: Path, *, with_report: bool, **_: object) -> FileAnalysis:
        return FileAnalysis(path, "completed", 1.0, analysis(passed=path.name != "b.h5"))

    monkeypatch.setattr(offline, "analyse_file", analyse_file)
    assert cli.main(["analyze", "a.h5", "b.h5"]) == 1
    assert cli.main(["analyze", "a.h5", "c.h5"]) == 0
    assert capsys.readouterr().out.count("FAILED") == 1


# --- station check


def test_instrument_without_a_role_is_reported_and_the_others_are_asked(tmp_path: Path) -> None:
    station = tmp_path / "station.yaml"
    text = TEMPLATE.read_text()
    assert "  magnet: ami430\n" in text
    station.write_text(text.replace("  magnet: ami430\n", ""))
    found = {finding.instrument: finding for finding in station_check.check(station, twin=True).findings}
    assert not found["ami430"].ok
    assert "plays no role" in found["ami430"].detail
    assert all(finding.ok for name, finding in found.items() if name != "ami430"), found


def test_unreachable_instrument_does_not_hide_the_others(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assemble = station_check.assemble

    def flaky(config: Any, sheet: Any, **options: Any) -> Any:
        if "shutter" in options["needs"]:
            raise BadInputError("instrument 'sc10' cannot be reached;\n check the cable")
        return assemble(config, sheet, **options)

    monkeypatch.setattr(station_check, "assemble", flaky)
    assert cli.main(["station", "check", "--json"]) == 1
    rows = {row["instrument"]: row for row in strict(capsys.readouterr().out)["instruments"]}
    assert [name for name, row in rows.items() if not row["ok"]] == ["sc10"]
    assert rows["sc10"]["detail"] == "instrument 'sc10' cannot be reached; check the cable"
    assert rows["dg645"]["identity"]


# --- the page


def test_page_holds_everything_and_escapes_what_is_not_ours(tmp_path: Path) -> None:
    from matplotlib.figure import Figure

    path = tmp_path / "my run.h5"
    page = write_report(path, "g2 on <dot>", analysis(passed=False), Figure()).read_text()
    assert "g2 on &lt;dot&gt;" in page
    assert "bright &lt;enough&gt; &amp; more" in page
    assert "Verdict: failed" in page
    assert "15.04 ± 0.13 ns" in page
    assert "could not be determined" in page
    assert "solotron analyze &#x27;my run.h5&#x27; --report" in page
    assert "http" not in page, "self-contained"
    assert (tmp_path / "my run.png").read_bytes().startswith(b"\x89PNG")


# --- the command line


def test_parameters_are_listed_with_default_unit_and_explanation(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["procedures", "esr"]) == 0
    said = capsys.readouterr().out
    assert "frequency_start = 0 GHz    First frequency (0: around the expected resonance)" in said


def test_settings_are_taken_in_order_and_keep_their_units() -> None:
    options = cli.build_parser().parse_args(["run", "g2", "--set", "duration = 60 s", "--set", "batch=2"])
    assert options.settings == [("duration", "60 s"), ("batch", "2")]


@pytest.mark.parametrize("words", [["run", "g2", "--set", "duration"], ["run", "g2", "--seed", "-1"], ["fly"], []])
def test_words_it_does_not_know_are_exit_code_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(words) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_exit_code_of_the_command_is_the_outcome_s(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = RunOutcome(Path("a.h5"), "failed", analysis(), 1.0, message="it broke\nhere", unsafe="close it")
    monkeypatch.setattr(engine, "run", lambda request, report: outcome)
    assert cli.main(["run", "g2"]) == 4
    said = capsys.readouterr().err
    assert "SAFE STATE NOT CONFIRMED. Do this by hand now: close it" in said
    assert "run failed: it broke here" in said


def test_run_that_would_break_off_is_not_forecast_as_if_it_would_last(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_forecast(Forecast("g2", 61.0, 12, analysis(), ("no such\ngrating",)), as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["g2 would break off after 1 min 01 s and count 12 photons", "violation: no such grating"]
