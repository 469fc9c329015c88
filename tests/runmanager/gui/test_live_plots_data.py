"""What of a curve is drawn: thinning, error bars, logarithmic axes, labels, colours."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from runmanager.gui.plot_colours import SIGMA_MINUS, SIGMA_PLUS, curve_colours, polarisation
from runmanager.gui.plot_data import axis_label, bars_on_axis, bin_edges, drawn_points, even_rows, on_axis, step_edges
from runmanager.gui.rate_history import RateHistory
from runmanager.gui.target_time import outlook, time_left_s

finite = st.floats(-1e6, 1e6)


@given(hnp.arrays(float, st.integers(1, 400), elements=finite), st.integers(1, 40))
def test_thinning_keeps_the_highest_and_the_lowest_point(y, n_columns):
    x = np.arange(y.size, dtype=float)
    drawn = drawn_points(x, y, -math.inf, math.inf, n_columns)
    assert y[drawn].max() == y.max()
    assert y[drawn].min() == y.min()


@given(hnp.arrays(float, st.integers(1, 400), elements=finite), st.integers(1, 40))
def test_thinning_leaves_a_few_points_a_column_in_order(y, n_columns):
    drawn = drawn_points(np.arange(y.size, dtype=float), y, -math.inf, math.inf, n_columns)
    assert drawn.size <= 2 * n_columns + 4
    assert np.all(np.diff(drawn) > 0)


def test_few_points_are_all_drawn():
    x = np.arange(20.0)
    assert list(drawn_points(x, x, -math.inf, math.inf, 10)) == list(range(20))


def test_only_the_range_in_view_and_its_neighbours_are_drawn():
    x = np.arange(1000.0)
    assert list(drawn_points(x, x, 499.5, 502.5, 100)) == [499, 500, 501, 502, 503]


def test_a_curve_that_runs_back_is_not_cut():
    x = np.concatenate([np.arange(10.0), np.arange(10.0)[::-1]])
    assert drawn_points(x, x, 3.0, 4.0, 100).size == 20


def test_a_spike_in_a_million_points_is_drawn():
    y = np.zeros(1_000_000)
    y[123_457] = 5.0
    drawn = drawn_points(np.arange(y.size, dtype=float), y, -math.inf, math.inf, 800)
    assert 123_457 in drawn
    assert drawn.size < 3000


def test_missing_values_do_not_hide_the_others():
    y = np.full(1000, np.nan)
    y[500] = 1.0
    assert 500 in drawn_points(np.arange(1000.0), y, -math.inf, math.inf, 10)


def test_no_points_are_no_problem():
    assert drawn_points(np.empty(0), np.empty(0), 0.0, 1.0, 100).size == 0


def test_zero_counts_have_no_place_on_a_logarithmic_axis():
    heights = on_axis(np.array([0.0, 10.0, -3.0]), log=True)
    assert np.isnan(heights[[0, 2]]).all()
    assert heights[1] == pytest.approx(1.0)


def test_error_bars_on_a_logarithmic_axis_end_where_value_and_error_say():
    up, down = bars_on_axis(np.array([100.0]), np.array([50.0]), np.array([50.0]), log=True)
    assert 10 ** (2 + up[0]) == pytest.approx(150.0)
    assert 10 ** (2 - down[0]) == pytest.approx(50.0)


def test_an_error_bar_that_reaches_zero_stays_finite_on_a_logarithmic_axis():
    up, down = bars_on_axis(np.array([1.0, 100.0]), np.ones(2), np.ones(2), log=True)
    assert np.isfinite(up).all()
    assert down[0] == pytest.approx(1.0)  # a decade below the smallest value


def test_an_unknown_error_has_no_bar():
    up, down = bars_on_axis(np.array([1.0, 2.0]), np.array([np.nan, 0.5]), np.array([0.2, np.inf]), log=False)
    assert (list(up), list(down)) == ([0.0, 0.5], [0.2, 0.0])


def test_the_last_bin_is_as_wide_as_the_others():
    assert list(bin_edges(np.array([0.0, 2.0, 4.0]))) == [0.0, 2.0, 4.0, 6.0]


def test_step_edges_lie_half_way():
    assert list(step_edges(np.array([1.0, 2.0, 4.0]))) == [0.5, 1.5, 3.0, 5.0]


@given(hnp.arrays(float, st.integers(2, 30), elements=st.floats(-100, 100), unique=True))
def test_uneven_centres_are_drawn_to_scale(centres):
    pixels, left, width = even_rows(centres)
    middles = left + (np.arange(pixels.size) + 0.5) * width / pixels.size
    edges = step_edges(np.sort(centres))
    for pixel, middle in zip(pixels, middles, strict=True):
        cell = int(np.searchsorted(np.sort(centres), centres[pixel]))
        assert edges[cell] - 1e-6 * width <= middle <= edges[cell + 1] + 1e-6 * width


def test_evenly_spaced_centres_keep_one_pixel_each():
    pixels, left, width = even_rows(np.array([1.0, 2.0, 3.0]))
    assert (list(pixels), left, width) == ([0, 1, 2], 0.5, 3.0)


@pytest.mark.parametrize(
    ("label", "unit", "scale"),
    [("Delay (ns)", "s", 1e-9), ("Frequency (GHz)", "Hz", 1e9), ("Energy (meV)", "", 1.0), ("Counts", "", 1.0)],
)
def test_only_units_that_take_prefixes_are_taken_apart(label, unit, scale):
    found = axis_label(label)
    assert (found.unit, found.scale) == (unit, scale)


def test_a_label_that_keeps_its_unit_stays_whole():
    assert axis_label("photon energy (meV)").text == "photon energy (meV)"


@pytest.mark.parametrize(
    ("label", "sign"),
    [("σ⁺", "+"), ("σ- spectrum", "-"), ("sigma-plus", "+"), ("sigma-minus", "-"), ("σ⁺ and σ⁻", ""), ("decay", "")],
)
def test_polarisation_is_read_off_the_label(label, sign):
    assert polarisation(label) == sign


@pytest.mark.parametrize("dark", [True, False])
def test_sigma_has_the_same_colours_on_both_grounds_and_nobody_else_has_them(dark):
    labels = ["pump", "σ⁻", "detuned", "σ⁺", "other"]
    colours = curve_colours(labels, [False] * 5, dark=dark, foreground="#123456")
    assert (colours[3], colours[1]) == (SIGMA_PLUS, SIGMA_MINUS)
    assert len(set(colours)) == 5


def test_fits_are_drawn_in_the_foreground_colour():
    assert curve_colours(["a", "a"], [False, True], dark=False, foreground="#123456")[1] == "#123456"


def test_rates_are_kept_in_bounded_memory_without_losing_their_mean():
    history = RateHistory(most_points=100)
    for k in range(12_800):
        history.add(float(k), 1000.0 + k % 2)
    time_s, rate_cps = history.points()
    assert time_s.size <= 100
    assert rate_cps == pytest.approx(np.full(time_s.size, 1000.5))
    assert np.all(np.diff(time_s) > 0)


def test_a_rate_that_is_not_finite_is_left_out():
    history = RateHistory()
    history.add(1.0, math.nan)
    assert history.points()[0].size == 0


def test_the_strip_can_show_the_last_minutes_only():
    history = RateHistory()
    for k in range(100):
        history.add(float(k), 1.0)
    assert history.points(since_s=90.0)[0][0] == 90.0


@given(st.floats(1.0, 1e5), st.floats(0.01, 10.0), st.floats(0.01, 10.0))
def test_time_to_target_is_what_makes_the_extrapolated_error_the_target(elapsed_s, stderr, target):
    left_s = time_left_s(elapsed_s, stderr, target)
    reached = stderr * math.sqrt(elapsed_s / (elapsed_s + left_s))
    assert reached == pytest.approx(min(stderr, target))


def test_a_target_that_is_met_is_reached():
    assert outlook(100.0, 0.5, 1.0) == ("reached", "")


def test_the_extrapolation_is_called_one():
    off, still = outlook(100.0, 2.0, 1.0)
    assert (off, still) == ("2 ×", "≈ 5 min 00 s if 1/√t")


def test_without_an_error_nothing_is_extrapolated():
    assert outlook(100.0, math.nan, 1.0) == ("no error yet", "")
