"""Numbers and units on the axes: always those of the view that is shown, and never on top of one another."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.views import Curve, View
from runmanager.gui import wording
from runmanager.gui.plot_axis import ALL, DECADES, SOME, labelled, tick_text
from runmanager.gui.plot_view import PlotView
from runmanager.gui.wording import THIN_SPACE


@pytest.fixture
def plot(qtbot):
    made = PlotView()
    qtbot.addWidget(made)
    made.resize(600, 400)
    made.show()
    return made


def view(x_label, x, *, y_label="counts", y=None, log_y=False):
    points = np.asarray(x, dtype=float)
    values = np.ones_like(points) if y is None else np.asarray(y, dtype=float)
    return View("v", "title", x_label, y_label, (Curve("c", points, values),), log_y=log_y)


def drawn(axis, value):
    """The number beside the tick at ``value``, without the spaces between thousands."""
    text = axis.tickStrings([value], axis.autoSIPrefixScale * axis.scale, abs(value) / 1000.0)[0]
    return float(text.replace(THIN_SPACE, ""))


def test_a_plot_used_again_keeps_no_prefix_of_its_earlier_view(plot):
    axis = plot.plot_item.getAxis("bottom")
    for first, second in (("Delay (ns)", "photon energy (meV)"), ("Bench time (s)", "wavelength (nm)")):
        plot.show_view(view(first, [1e3, 5e3, 9e3]))
        plot.visible_range()
        plot.show_view(view(second, [2044.0, 2050.0, 2056.0]))
        plot.visible_range()
        assert axis.labelString().count(second) == 1
        assert drawn(axis, 2050.0) == pytest.approx(2050.0)


def test_a_prefix_changes_number_and_unit_together(plot):
    axis = plot.plot_item.getAxis("bottom")
    plot.show_view(view("photon energy (meV)", [2044.0, 2056.0]))
    plot.show_view(view("Delay (ns)", [0.0, 3000.0]))
    plot.visible_range()
    assert "(µs)" in axis.labelString()
    assert drawn(axis, 2000.0) == pytest.approx(2.0)
    plot.reset()
    plot.show_view(view("Delay (ns)", [0.0, 30.0]))
    plot.visible_range()
    assert "(ns)" in axis.labelString()
    assert drawn(axis, 20.0) == pytest.approx(20.0)


def test_a_label_without_room_stands_above_with_the_unit_of_the_numbers(plot, qtbot):
    text = "photons per second and per square micrometre of the sample (V)"
    plot.resize(500, 110)
    plot.show_view(view("x", [0.0, 1.0], y_label=text, y=[2e-3, 5e-3]))
    axis = plot.plot_item.getAxis("left")
    qtbot.waitUntil(lambda: not axis.label.isVisible())
    assert "of the sample (V)" in plot.head._legend.text()
    assert drawn(axis, 4e-3) == pytest.approx(4e-3)
    plot.resize(500, 900)
    qtbot.waitUntil(axis.label.isVisible)
    assert "(mV)" in axis.labelString()
    assert drawn(axis, 4e-3) == pytest.approx(4.0)
    assert "sample" not in plot.head._legend.text()


def test_on_a_low_logarithmic_axis_only_decades_are_written(plot):
    plot.show_view(view("x", [0.0, 1.0, 2.0], y=[1.0, 30.0, 2000.0], log_y=True))
    axis = plot.plot_item.getAxis("left")
    ticks = [np.log10(n) for n in (1, 2, 3, 5, 9, 10, 20)]
    axis.setHeight(40)
    axis.resize(50.0, 40.0)
    assert [text for text in axis.logTickStrings(ticks, 1.0, 1.0) if text] == ["1", "10¹"]


def test_how_many_numbers_fit_on_a_decade():
    assert labelled(1000.0, 15.0) == ALL
    assert labelled(60.0, 15.0) == SOME
    assert labelled(20.0, 15.0) == DECADES


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (1_000_000.0, 0, f"1{THIN_SPACE}000{THIN_SPACE}000"),
        (20_000.0, 0, f"20{THIN_SPACE}000"),
        (9_999.5, 1, "9999.5"),
        (0.0, 0, "0"),
        (-0.0, 1, "0.0"),
        (2e-5, 5, "2e-05"),
        (3e9, 0, "3e+09"),
    ],
)
def test_numbers_at_ticks(value, places, text):
    assert tick_text(value, places) == text


@pytest.mark.parametrize(
    ("unit", "shown"), [("um", "µm"), ("counts/us", "counts/µs"), ("nm", "nm"), ("umbra", "umbra")]
)
def test_units_are_written_as_physicists_do(unit, shown):
    assert wording.shown_unit(unit) == shown


@given(st.floats(-1e12, 1e12))
def test_a_limit_reads_as_the_number_it_is(value):
    assert float(wording.number(value).replace(THIN_SPACE, "")) == pytest.approx(value, rel=1e-11, abs=1e-300)
