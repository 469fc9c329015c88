"""The live plots of the running entry: events in, plots, strip and results out."""

import math
import time

import numpy as np
import pytest

from analysis.views import Curve, View
from runfile.results import Result
from runmanager.gui.live_plots import LivePlots
from runmanager.gui.plot_grid import PlotGrid
from runmanager.queue.entries import Job, Target
from runmanager.queue.events import CountRates, Finished, LogLine, Progress, RunningResults, Started, Views


def view(name, height=1.0):
    x = np.arange(10.0)
    return View(name, name, "Time (ns)", "Counts", (Curve("measured", x, height * x, None, "points"),))


@pytest.fixture
def live(qtbot):
    made = LivePlots()
    qtbot.addWidget(made)
    made.resize(1000, 700)
    made.show()
    made.show_event(Started(1, "g2", "run.h5"))
    return made


def drawn(qtbot, grid):
    qtbot.waitUntil(grid.is_up_to_date, timeout=5000)


def test_every_view_gets_its_plot(live, qtbot):
    live.show_event(Views(1, (view("coincidences"), view("decay"))))
    drawn(qtbot, live.grid)
    assert live.grid.names() == ("coincidences", "decay")
    assert live.grid.plot("decay").view.name == "decay"


def test_an_update_keeps_the_plot(live, qtbot):
    live.show_event(Views(1, (view("decay"),)))
    drawn(qtbot, live.grid)
    plot = live.grid.plot("decay")
    live.show_event(Views(1, (view("decay", 2.0),)))
    drawn(qtbot, live.grid)
    assert live.grid.plot("decay") is plot
    assert plot.view.curves[0].y[1] == 2.0


def test_plots_are_made_one_in_each_turn_of_the_event_loop(live, qapp, qtbot):
    live.show_event(Views(1, tuple(view(f"view {k}") for k in range(6))))
    live.grid._do_one()
    assert len(live.grid._plots) == 1
    drawn(qtbot, live.grid)
    assert len(live.grid._plots) == 6


def test_only_the_visible_plot_is_drawn(live, qtbot):
    live.show_event(Views(1, (view("decay"), view("rate"))))
    drawn(qtbot, live.grid)
    live.grid.open_tab("rate")
    live.show_event(Views(1, (view("decay", 5.0), view("rate", 5.0))))
    drawn(qtbot, live.grid)
    assert live.grid.plot("rate").view.curves[0].y[1] == 5.0
    assert live.grid.plot("decay").view.curves[0].y[1] == 1.0
    assert not live.grid.plot("decay").isVisible()
    live.grid.open_tab("")
    drawn(qtbot, live.grid)
    assert live.grid.plot("decay").view.curves[0].y[1] == 5.0


def test_the_open_tab_stays_open_when_views_come_and_go(live, qtbot):
    live.show_event(Views(1, (view("decay"), view("rate"))))
    live.grid.open_tab("rate")
    live.show_event(Views(1, (view("scan"), view("decay"), view("rate"))))
    assert live.grid._shown_names() == ["rate"]


def test_another_run_begins_with_nothing_and_uses_the_plots_again(live, qtbot):
    live.show_event(Views(1, (view("decay"),)))
    drawn(qtbot, live.grid)
    plot = live.grid.plot("decay")
    live.show_event(CountRates(1, 1.0, {"detector 1": 5.0}))
    live.show_event(RunningResults(1, {"g2_zero": Result(0.1, 0.01, "1", "fit")}))
    live.show_event(Started(2, "esr", "other.h5"))
    assert live.grid.names() == ()
    assert live.strip.text == "no count rates yet"
    with pytest.raises(KeyError):
        live.results.cell("g2_zero", 1)
    live.show_event(Views(2, (view("sweep"),)))
    drawn(qtbot, live.grid)
    assert live.grid.plot("sweep") is plot


def test_an_entry_that_was_not_announced_begins_a_new_picture(live):
    live.show_event(CountRates(1, 1.0, {"detector 1": 5.0}))
    live.show_event(CountRates(7, 1.0, {"detector 2": 6.0}))
    assert live.strip.text == "detector 2: 6 /s"


def test_events_that_show_nothing_are_passed_over(live):
    live.show_event(CountRates(1, 1.0, {"detector 1": 5.0}))
    live.show_event(LogLine(1, "INFO", "text"))
    live.show_event(Finished(1, "completed", 0))
    assert live.strip.text == "detector 1: 5 /s"


def test_results_stand_with_error_and_unit(live):
    live.show_event(RunningResults(1, {"lifetime": Result(15.03, 0.031, "ns", "fit")}))
    assert live.results.cell("lifetime", 1) == "15.030 ± 0.031 ns"


def test_a_target_tells_how_far_off_and_how_long_still(live):
    live.set_job(Job("g2", until=(Target("g2_zero", 0.01),)))
    live.show_event(Progress(1, 0.5, "measuring", 100.0))
    live.show_event(RunningResults(1, {"g2_zero": Result(0.1, 0.02, "1", "fit")}))
    assert live.results.cell("g2_zero", 2) == "0.01"
    assert live.results.cell("g2_zero", 3) == "2 ×"
    assert live.results.cell("g2_zero", 4) == "≈ 5 min 00 s if 1/√t"


def test_a_target_without_a_result_yet_has_its_row(live):
    live.set_job(Job("g2", until=(Target("g2_zero", 0.01),)))
    assert live.results.cell("g2_zero", 1) == "not yet"


def test_why_there_is_no_result_yet_is_told(live):
    live.show_event(RunningResults(1, {}, "too few photons"))
    assert live.results.remark == "too few photons"


def test_the_strip_shows_ten_minutes_or_the_whole_run(live, qtbot):
    for k in range(100):
        live.show_event(CountRates(1, 20.0 * k, {"detector 1": 1000.0}))
    qtbot.waitUntil(lambda: live.strip.plot.view.curves != ())
    assert live.strip.plot.view.curves[0].x[0] >= 1980.0 - 600.0
    live.strip.show_whole_run(True)
    assert live.strip.plot.view.curves[0].x[0] == 0.0


@pytest.mark.parametrize(
    ("rate", "text"), [(431.0, "431 /s"), (12_400.0, "12.4 k/s"), (1.05e6, "1.05 M/s"), (math.nan, "no reading")]
)
def test_rates_are_readable(live, rate, text):
    live.show_event(CountRates(1, 1.0, {"detector 1": rate}))
    assert live.strip.text == f"detector 1: {text}"


def test_plots_that_are_not_needed_do_not_pile_up(qtbot):
    grid = PlotGrid()
    qtbot.addWidget(grid)
    for k in range(20):
        grid.show_views((view(f"run {k}"), view("decay")))
        drawn(qtbot, grid)
    assert len(grid._plots) + len(grid._spare) <= 3


def test_no_turn_of_the_event_loop_takes_long_when_a_run_begins(live, qapp):
    """Six plots are made and drawn; no single step is longer than a tenth of a second of computing."""
    live.show_event(Views(1, tuple(view(f"view {k}") for k in range(6))))
    longest_s = 0.0
    for _ in range(20):
        began_s = time.process_time()
        live.grid._do_one()
        longest_s = max(longest_s, time.process_time() - began_s)
    assert live.grid.is_up_to_date()
    assert longest_s < 0.1
