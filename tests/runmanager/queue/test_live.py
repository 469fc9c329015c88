"""Watchers are told what is in memory: soon, decimated, and never more than can be sent."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis import registry, views
from analysis.errors import AnalysisError
from analysis.views import Curve, Image, View
from runfile.live_run import RunFacts
from runfile.records import Column, FixedAxis, Parameter
from runfile.results import Analysis, Check, Result, Verdict
from runmanager.observer import TableFacts
from runmanager.queue import codec, events
from runmanager.queue.count_rates import TableRates, TagRates
from runmanager.queue.live import LiveFeed, with_last_fits
from runmanager.queue.thinning import MOST_NUMBERS, numbers_in, thin

FACTS = RunFacts(Path("run.h5"), "g2", "a run", {"counting_time": Parameter(2.0, "s")})
COLUMNS = (Column("counts", "counts", "Photons"), Column("duration", "s", "Live time (s)"))
TABLE = TableFacts("data", "t", "counts", (".",), COLUMNS)
DATA = View("decay", "", "", "", (Curve("data", np.arange(3.0), np.arange(3.0)),))
FITTED = View("decay", "", "", "", (*DATA.curves, Curve("fit", np.arange(3.0), np.ones(3), kind="fit")))
RESULTS = {"tau": Result(1.0, 0.1, "ns", "fit")}


@pytest.fixture(autouse=True)
def quick_analysis(monkeypatch: pytest.MonkeyPatch) -> None:
    """Views and results that cost nothing."""
    monkeypatch.setattr(views, "views", lambda run, with_fit: (FITTED if with_fit else DATA,))
    monkeypatch.setattr(registry, "analyse", lambda run: Analysis(RESULTS, Verdict(())))


def told_of_a_short_run(**options: Any) -> list[events.Event]:
    """What a feed tells of a run of three rows that is over at once."""
    told: list[events.Event] = []
    feed = LiveFeed(7, told.append, **options)
    feed.start()
    feed.run_opened(FACTS)
    feed.table_made(TABLE)
    for counts in (10, 20, 30):
        feed.row_recorded("data", {"counts": counts, "duration": 2.0})
    feed.progressed(0.5, "measuring", 12.0)
    feed.logged("a line")
    feed.finished("completed", 12.0)
    feed.analysed(Analysis({"tau": Result(2.0, 0.2, "ns", "all")}, Verdict((Check("a", True, "good"),))))
    feed.close()
    return told


def of(told: list[events.Event], kind: type) -> list[Any]:
    return [event for event in told if type(event) is kind]


def test_watcher_is_told_start_progress_log_and_the_final_result() -> None:
    told = told_of_a_short_run()
    assert of(told, events.Started) == [events.Started(7, "g2", "run.h5")]
    assert of(told, events.Progress)[-1] == events.Progress(7, 0.5, "measuring", 12.0)
    assert of(told, events.LogLine) == [events.LogLine(7, "INFO", "a line")]
    assert of(told, events.RunningResults)[-1].results["tau"].value == 2.0
    assert of(told, events.Views)[-1].views == (FITTED,)


def test_final_result_is_told_once() -> None:
    results = of(told_of_a_short_run(), events.RunningResults)
    assert [each.results["tau"].value for each in results].count(2.0) == 1


def test_count_rate_is_counts_over_the_time_of_the_new_rows() -> None:
    rates = of(told_of_a_short_run(), events.CountRates)
    assert rates[-1].rates_cps == {"counts": pytest.approx(10.0)}


def test_nothing_is_drawn_when_nobody_watches() -> None:
    told = told_of_a_short_run(wanted=lambda: False)
    assert not of(told, events.Views)
    assert not of(told, events.RunningResults)
    assert of(told, events.Started)


def test_progress_and_run_file_are_kept() -> None:
    kept: list[tuple[float, str]] = []
    opened: list[Path] = []
    told_of_a_short_run(save_progress=lambda fraction, what: kept.append((fraction, what)), opened=opened.append)
    assert kept == [(0.5, "measuring")]
    assert opened == [Path("run.h5")]


def test_growing_run_is_shown_before_it_ends() -> None:
    told: list[events.Event] = []
    feed = LiveFeed(1, told.append)
    feed.start()
    feed.run_opened(FACTS)
    feed.table_made(TABLE)
    deadline_s = time.monotonic() + 10.0
    while not (of(told, events.Views) and of(told, events.RunningResults)):
        feed.row_recorded("data", {"counts": 1, "duration": 1.0})
        assert time.monotonic() < deadline_s
    assert of(told, events.RunningResults)[0].results == RESULTS
    feed.close()


def test_analysis_that_cannot_be_made_yet_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def too_little(run: object) -> Analysis:
        raise AnalysisError("no batch yet")

    monkeypatch.setattr(registry, "analyse", too_little)
    told: list[events.Event] = []
    feed = LiveFeed(1, told.append)
    feed.run_opened(FACTS)
    feed.refresh()
    feed.start()
    feed.close()
    assert of(told, events.RunningResults) == [events.RunningResults(1, {}, "no batch yet")]


def test_snapshot_is_what_was_recorded_so_far() -> None:
    feed = LiveFeed(1, lambda event: None)
    assert feed.snapshot() is None
    feed.run_opened(FACTS)
    feed.table_made(TABLE)
    feed.rows_recorded("data", {"counts": np.array([1, 2]), "duration": np.array([1.0, 1.0])})
    feed.tags_recorded(np.array([5, 6]), np.array([1, 2]))
    feed.noted("fact", {"a": 1})
    snapshot = feed.snapshot()
    assert snapshot is not None
    np.testing.assert_array_equal(snapshot.table().column("counts"), [1, 2])
    assert snapshot.notes == {"fact": {"a": 1}}
    assert snapshot.tags().timestamps_ps.tolist() == [5, 6]


def test_row_is_copied_when_it_is_told() -> None:
    feed = LiveFeed(1, lambda event: None)
    feed.run_opened(FACTS)
    columns = (Column("y", "", "y", (2,), axes=("pixel",)),)
    axes = (FixedAxis("pixel", "", "pixel", np.arange(2)),)
    feed.table_made(TableFacts("data", "t", "y", (".", "pixel"), columns, axes))
    row = np.array([1.0, 2.0])
    feed.row_recorded("data", {"y": row})
    row[:] = 0.0  # the caller uses his array again
    feed.rows_recorded("data", {"y": np.array([[3.0, 4.0]])})
    snapshot = feed.snapshot()
    assert snapshot is not None
    np.testing.assert_array_equal(snapshot.table().column("y"), [[1, 2], [3, 4]])


def test_feed_that_fails_says_so_and_takes_no_more_rows(caplog: pytest.LogCaptureFixture) -> None:
    def fail(event: events.Event) -> None:
        raise OSError("no watcher's socket")

    feed = LiveFeed(3, fail)
    feed.run_opened(FACTS)
    feed.table_made(TABLE)
    feed.start()
    feed.close()
    assert "entry 3 is shown no more (OSError" in caplog.text
    with pytest.raises(RuntimeError):
        feed.row_recorded("data", {"counts": 1, "duration": 1.0})


def test_last_fit_stays_on_newer_data() -> None:
    (merged,) = with_last_fits([DATA], {"decay": FITTED})
    assert [curve.label for curve in merged.curves] == ["data", "fit"]
    assert with_last_fits([DATA], {}) == (DATA,)


def test_rate_of_tags_is_since_the_last_batch() -> None:
    rates = TagRates()
    rates.count(np.array([1, 1, 2, 4]))
    channels = {"detector_1": 1, "detector_2": 2, "divided_trigger": 4}
    assert rates.rates_cps(2.0, channels) == {"detector_1": 1.0, "detector_2": 0.5}
    rates.count(np.array([2, 2, 2]))
    assert rates.rates_cps(3.0, channels) == {"detector_1": 0.0, "detector_2": 3.0}
    assert rates.rates_cps(3.0, channels) == {}


def test_rate_of_a_sweep_uses_the_counting_time() -> None:
    feed = LiveFeed(1, lambda event: None)
    feed.run_opened(FACTS)
    columns = (Column("frequency", "GHz", "f"), Column("counts", "", "n"), Column("counts_reference", "", "n"))
    feed.table_made(TableFacts("data", "t", "counts", ("frequency",), columns))
    feed.row_recorded("data", {"frequency": 1.0, "counts": 8, "counts_reference": 6})
    snapshot = feed.snapshot()
    assert snapshot is not None
    rates = TableRates()
    assert rates.rates_cps(snapshot) == {"counts": 4.0, "counts_reference": 3.0}
    assert rates.rates_cps(snapshot) == {}


def test_view_that_only_a_fit_gives_stays_too() -> None:
    assert with_last_fits([DATA], {"peaks": FITTED})[1:] == (FITTED,)


def test_long_views_are_thinned_until_they_can_be_sent_and_say_so() -> None:
    x = np.arange(300_000.0)
    y = np.zeros(300_000)
    y[123_457] = 1.0
    long = View("rate", "", "", "", (Curve("", x, y, y), Curve("short", x[:10], x[:10])), remark="old")
    image = View("sweep", "", "", "", image=Image(x[:1000], x[:2000], np.zeros((1000, 2000)), ""))
    thinned = thin([long, image])
    assert sum(map(numbers_in, thinned)) <= MOST_NUMBERS
    assert len(codec.encode(events.Views(1, thinned))) < codec.MAX_EVENT_BYTES
    curve = thinned[0].curves[0]
    assert curve.x[np.argmax(curve.y)] == 123_457  # the one peak is still there
    assert thinned[0].curves[1].x.size == 10
    assert thinned[0].remark.startswith("old; drawn with at most")
    assert thinned[1].remark.startswith("averaged to")


def test_short_views_are_left_as_they_are() -> None:
    x = np.arange(MOST_NUMBERS / 2)
    short = (View("rate", "", "", "", (Curve("", x, x),)),)
    assert thin(short) == short
