"""Going on with an interrupted run: what is missing is measured, what is there is kept, what differs is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.correlation import coincidences
from procedures import g2
from procedures.errors import RefusedError
from procedures.registry import PROCEDURES, load, resumes
from procedures.tag_batches import EarlierTags
from runfile.reader import RunFile

Settings = dict[str, dict[str, object]]
RecordRun = Callable[..., RunFile]


def n_rows(name: str) -> int:
    """Rows of a complete short run."""
    return {"g2": 6, "polarised-pl": 6, "spin-pumping": 4 + 3, "esr": 24}[name]


@pytest.mark.parametrize("name", PROCEDURES)
@pytest.mark.parametrize("share", [0.2, 0.9])
def test_continued_run_has_the_rows_of_a_whole_one_and_the_earlier_first(
    name: str, share: float, record_run: RecordRun, short: Settings
) -> None:
    rows = max(1, int(share * n_rows(name)))
    earlier = record_run(load(name)(**short[name]), rows=rows)
    assert earlier.table().n_points == rows
    whole = record_run(load(name)(**short[name]), earlier=earlier)
    assert whole.table().n_points == n_rows(name)
    for column in earlier.table().columns:
        np.testing.assert_array_equal(whole.table().column(column)[:rows], earlier.table().column(column))
    assert whole.notes["continues"] == {"run_file": earlier.path.name, "rows": rows, "taken_over": True}


@pytest.mark.parametrize(
    ("name", "column"), [("esr", "frequency"), ("esr", "sweep"), ("polarised-pl", "analyser_angle")]
)
def test_what_is_measured_then_is_what_was_missing(
    name: str, column: str, record_run: RecordRun, short: Settings
) -> None:
    never_interrupted = record_run(load(name)(**short[name])).table().column(column)
    earlier = record_run(load(name)(**short[name]), rows=n_rows(name) // 2)
    whole = record_run(load(name)(**short[name]), earlier=earlier)
    np.testing.assert_array_equal(whole.table().column(column), never_interrupted)


def test_a_run_can_be_continued_twice(record_run: RecordRun, short: Settings) -> None:
    first = record_run(load("g2")(**short["g2"]), rows=2)
    second = record_run(load("g2")(**short["g2"]), earlier=first, rows=4)
    third = record_run(load("g2")(**short["g2"]), earlier=second)
    assert third.table().n_points == 6
    assert third.notes["continues"]["run_file"] == second.path.name


def test_photons_are_taken_over_in_order_and_time_goes_on(record_run: RecordRun, short: Settings) -> None:
    earlier = record_run(load("g2")(**short["g2"]), rows=3)
    whole = record_run(load("g2")(**short["g2"]), earlier=earlier)
    then, now = earlier.tags(), whole.tags()
    np.testing.assert_array_equal(now.timestamps_ps[: then.timestamps_ps.size], then.timestamps_ps)
    np.testing.assert_array_equal(now.channel[: then.channel.size], then.channel)
    assert now.channels == then.channels
    assert now.duration_s == pytest.approx(2 * then.duration_s)
    starts = whole.notes["pulses"]["batch_starts_ps"]
    assert len(starts) == 6
    assert np.all(np.diff(starts) >= whole.notes["pulses"]["batch_duration_s"] * 1e12)
    assert now.timestamps_ps[then.timestamps_ps.size :].min() > then.timestamps_ps.max()


def test_photons_of_a_batch_without_its_row_are_left_out(
    record_run: RecordRun, short: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    histograms = iter(range(100))

    def killed_at_the_third(*times: Any, **options: Any) -> Any:
        if next(histograms) == 2:
            raise KeyboardInterrupt
        return coincidences(*times, **options)

    with monkeypatch.context() as patch:
        patch.setattr(g2, "coincidences", killed_at_the_third)
        with pytest.raises(KeyboardInterrupt):
            record_run(load("g2")(**short["g2"]))
    with RunFile(next(tmp_path.glob("*.h5"))) as killed:
        assert killed.table().n_points == 2
        assert killed.tags().timestamps_ps.size == 90
        whole = record_run(load("g2")(**short["g2"]), earlier=killed)
    assert whole.tags().timestamps_ps.size == 6 * 30
    assert whole.table().n_points == 6
    assert whole.tags().duration_s == pytest.approx(float(np.sum(whole.table().column("live_time"))))


@pytest.mark.parametrize("chunk", [1, 7, 30, 45, 1000])
def test_batches_are_found_whatever_pieces_the_file_is_read_in(
    chunk: int, record_run: RecordRun, short: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = record_run(load("g2")(**short["g2"]))
    monkeypatch.setattr("analysis.readers.run_file.CHUNK_RECORDS", chunk)
    tags, batches = EarlierTags(earlier), list(EarlierTags(earlier).batches())
    assert [batch.start_ps for batch in batches] == tags.starts_ps
    assert [batch.timestamps_ps.size for batch in batches] == [30] * 6
    np.testing.assert_array_equal(np.concatenate([b.timestamps_ps for b in batches]), earlier.tags().timestamps_ps)
    np.testing.assert_array_equal(np.concatenate([b.channel for b in batches]), earlier.tags().channel)
    assert sum(batch.live_s for batch in batches) == pytest.approx(tags.live_s)


def test_batches_of_an_extended_run_stay_as_long_as_they_were(record_run: RecordRun) -> None:
    earlier = record_run(load("g2")(duration=3.0, batch=1.0))
    longer = record_run(load("g2")(duration=5.5, batch=1.0), earlier=earlier)
    assert longer.notes["pulses"]["batch_duration_s"] == 1.0
    assert longer.table().n_points == 6


def test_controls_are_measured_for_what_they_lack(record_run: RecordRun) -> None:
    earlier = record_run(load("spin-pumping")(duration=4.0, batches=2))
    longer = record_run(load("spin-pumping")(duration=8.0, batches=2), earlier=earlier)
    assert list(longer.table().column("condition")) == [0, 0, 2, 3, 1, 0, 0, 2, 3, 1]
    assert list(longer.table().column("duration")) == [2.0, 2.0, 1.0, 1.0, 1.0] * 2


def test_more_repeats_are_added_at_every_field(record_run: RecordRun) -> None:
    sweep = {"field_points": 2, "field_stop": 1.0, "exposure_time": 1.0, "calibrate": False}
    earlier = record_run(load("polarised-pl")(repeats=1, **sweep))
    longer = record_run(load("polarised-pl")(repeats=2, **sweep), earlier=earlier)
    assert list(longer.table().column("field")) == [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0]


# --- refusals


@pytest.mark.parametrize("name", PROCEDURES)
def test_a_complete_run_is_refused_and_what_to_raise_is_said(
    name: str, bench: Any, record_run: RecordRun, short: Settings
) -> None:
    complete = record_run(load(name)(**short[name]))
    bench.calls.clear()
    with pytest.raises(RefusedError, match=r"nothing is missing\. To add to it, raise .*solotron analyze"):
        record_run(load(name)(**short[name]), earlier=complete)
    assert bench.calls == []


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("g2", {"pulse_divider": 32}),
        ("polarised-pl", {"exposure_time": 2.0}),
        ("spin-pumping", {"pump_time": 500.0}),
        ("esr", {"microwave_power": 0.0}),
        ("g2", {"control": "laser blocked"}),
    ],
)
def test_another_parameter_is_refused_by_name_before_anything_moves(
    name: str, changed: dict[str, object], bench: Any, record_run: RecordRun, short: Settings
) -> None:
    earlier = record_run(load(name)(**short[name]), rows=1)
    bench.calls.clear()
    (parameter,) = changed
    with pytest.raises(RefusedError, match=f"measured with {parameter} = "):
        record_run(load(name)(**short[name] | changed), earlier=earlier)
    assert bench.calls == []


def test_another_procedure_sample_or_field_is_refused(bench: Any, record_run: RecordRun, short: Settings) -> None:
    earlier = record_run(load("g2")(**short["g2"]), rows=1)
    with pytest.raises(RefusedError, match="is a run of g2, not of esr"):
        record_run(load("esr")(**short["esr"]), earlier=earlier)
    with pytest.raises(RefusedError, match="another sample sheet"):
        record_run(load("g2")(**short["g2"]), earlier=earlier, sample={"emission_mev": 2046.0})
    bench.conditions = bench.conditions.model_copy(update={"field_t": 0.5})
    with pytest.raises(RefusedError, match=r"measured at field_t = 0, now it is 0\.5"):
        record_run(load("g2")(**short["g2"]), earlier=earlier)


def test_a_run_without_rows_is_refused(record_run: RecordRun, short: Settings) -> None:
    earlier = record_run(load("g2")(**short["g2"]), end_at="letting light")
    with pytest.raises(RefusedError, match="ended before its first complete row: repeat the run"):
        record_run(load("g2")(**short["g2"]), earlier=earlier)


def test_a_run_that_was_interrupted_while_it_took_over_points_to_the_earlier_one(
    record_run: RecordRun, short: Settings
) -> None:
    first = record_run(load("g2")(**short["g2"]), rows=3)
    second = record_run(load("g2")(**short["g2"]), earlier=first, end_at="taking over batch 2")
    with pytest.raises(RefusedError, match=f"took over the rows of {first.path.name}: continue that one"):
        record_run(load("g2")(**short["g2"]), earlier=second)


@pytest.mark.parametrize("name", ["spin-pumping", "esr"])
def test_a_line_that_moved_is_refused_in_the_dark(
    name: str, bench: Any, record_run: RecordRun, short: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = record_run(load(name)(**short[name]), rows=2)
    plain = bench.players["spectrograph"].wavelength_axis_nm
    monkeypatch.setattr(bench.players["spectrograph"], "wavelength_axis_nm", lambda n, um: plain(n, um) * 1.0004)
    monkeypatch.setattr(bench.players["camera"], "expose", _lines_on(plain, bench))
    with pytest.raises(RefusedError, match=r"the line to pump is at .* Repeat the run"):
        record_run(load(name)(**short[name]), earlier=earlier)
    assert [call for call in bench.calls if call[0] == "shutter"][-1] == ("shutter", "close")


def _lines_on(axis_nm: Callable[..., Any], bench: Any) -> Callable[[float], Any]:
    """A camera that sees the six lines on the plain axis."""
    from procedures.units import HC_MEV_NM

    def expose(exposure_s: float) -> Any:
        bench.did("camera", "expose", exposure_s)
        energies = HC_MEV_NM / axis_nm(1024, 20.0)
        clean = sum(2000.0 / (1.0 + ((energies - (2040.8 + 1.7 * k)) / 0.08) ** 2) for k in range(6))
        return np.random.default_rng(1).poisson(clean + 5.0).astype(float)

    return expose


def test_spectra_that_moved_are_refused(
    bench: Any, record_run: RecordRun, short: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = record_run(load("polarised-pl")(**short["polarised-pl"]), rows=4)
    camera = bench.players["camera"]
    plain = camera.expose
    monkeypatch.setattr(camera, "expose", lambda exposure_s: np.roll(plain(exposure_s), 7))
    with pytest.raises(RefusedError, match=r"the lines have moved by 0\.\d+ meV"):
        record_run(load("polarised-pl")(**short["polarised-pl"]), earlier=earlier)


def test_a_dark_moment_is_not_taken_for_a_move(
    bench: Any, record_run: RecordRun, short: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = record_run(load("polarised-pl")(**short["polarised-pl"]), rows=4)
    rng = np.random.default_rng(3)
    monkeypatch.setattr(bench.players["camera"], "expose", lambda exposure_s: rng.normal(0.0, 4.0, 1024))
    assert record_run(load("polarised-pl")(**short["polarised-pl"]), earlier=earlier).table().n_points == 6


def test_another_pulse_rate_is_refused(
    bench: Any, record_run: RecordRun, short: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in (("g2", "the pulses come every"), ("spin-pumping", "the pulse sequence differs")):
        earlier = record_run(load(name)(**short[name]), rows=2)
        with monkeypatch.context() as patch:
            patch.setattr(bench.players["pulse_source"], "repetition_rate_hz", lambda: 76e6)
            with pytest.raises(RefusedError, match=text):
                record_run(load(name)(**short[name]), earlier=earlier)


def test_other_inputs_of_the_time_tagger_are_refused(bench: Any, record_run: RecordRun, short: Settings) -> None:
    earlier = record_run(load("g2")(**short["g2"]), rows=2)
    tagger = bench.wiring.tagger.model_copy(update={"detectors": (3, 4)})
    bench.wiring = bench.wiring.model_copy(update={"tagger": tagger})
    with pytest.raises(RefusedError, match="on the time tagger's inputs"):
        record_run(load("g2")(**short["g2"]), earlier=earlier)


@pytest.mark.parametrize("name", PROCEDURES)
def test_every_procedure_says_what_it_continues(name: str) -> None:
    assert resumes(name)
    assert set(load(name).DURATIONS) <= set(load(name).parameters())
