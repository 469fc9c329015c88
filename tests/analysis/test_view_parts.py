"""What all views share: bars, bins, smaller pictures, comparisons."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from analysis.poisson import poisson_interval
from analysis.view_decimation import decimated, extremes
from analysis.view_parts import batch_image, poisson_bars, rebinned
from analysis.view_spectra import bright_range
from analysis.views import Curve, Image, View, compare, compare_views, differing_parameters, labels_of, thumbnail, views
from runfile.live_run import LiveRun, RunFacts
from runfile.records import Column, FixedAxis, Parameter


@pytest.mark.parametrize("n", [0, 1, 2, 7, 40, 12_345])
def test_bars_are_the_exact_interval(n: int) -> None:
    upper, lower = poisson_bars([n])
    low, high = poisson_interval(n, 0.68269)
    assert n + upper[0] == pytest.approx(high, rel=1e-5)
    assert n - lower[0] == pytest.approx(low, rel=1e-5, abs=1e-12)


def test_no_count_has_an_upper_bar_of_almost_two_and_no_lower_one() -> None:
    upper, lower = poisson_bars(np.zeros((2, 3)))
    assert upper.shape == lower.shape == (2, 3)
    np.testing.assert_allclose(upper, 1.841, atol=1e-3)
    assert not np.any(lower)


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_bars_of_what_is_no_count_are_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="finite and not negative"):
        poisson_bars([1.0, bad])


@given(st.integers(1, 12), hnp.arrays(np.float64, st.integers(12, 60), elements=st.integers(0, 1000)))
def test_rebinning_keeps_all_counts_but_a_rest(step: int, counts: np.ndarray) -> None:
    left, summed = rebinned(np.arange(counts.size, dtype=np.float64), counts, step)
    whole = counts.size // step * step
    assert summed.sum() == counts[:whole].sum()
    np.testing.assert_array_equal(left, np.arange(0, whole, step))


def test_a_picture_of_many_batches_averages_neighbours() -> None:
    rows = np.arange(1000.0)[:, None] * np.ones((1000, 3))
    image = batch_image(np.arange(3.0), rows, np.arange(1.0, 1001.0), "rate")
    assert image.values.shape == (3, image.y.size)
    assert image.y.size <= 200
    np.testing.assert_allclose(image.values[0], image.y - 1.0)
    assert image.values.mean() == pytest.approx(rows.mean())


def view(y: np.ndarray, *, name: str = "sweep", y_label: str = "counts", label: str = "data") -> View:
    x = np.arange(y.size, dtype=np.float64)
    data = Curve(label, x, y, np.sqrt(np.abs(y)), "points", 0.5 * np.sqrt(np.abs(y)))
    return View(name, "a title", "x (ns)", y_label, (data,))


@settings(max_examples=100, deadline=None)
@given(hnp.arrays(np.float64, st.integers(1, 900), elements=st.floats(-1e6, 1e6)), st.integers(2, 200))
def test_fewer_points_keep_the_highest_and_the_lowest(y: np.ndarray, most: int) -> None:
    small = decimated(view(y), most).curves[0]
    assert small.x.size <= max(most, 2)
    assert (small.y.max(), small.y.min()) == (y.max(), y.min())
    where = small.x.astype(int)
    np.testing.assert_array_equal(small.y, y[where])
    assert small.y_error is not None
    assert small.y_error_low is not None
    np.testing.assert_array_equal(small.y_error_low, 0.5 * small.y_error)
    assert np.all(np.diff(small.x) > 0)


def test_points_that_are_no_numbers_do_not_hide_the_others() -> None:
    y = np.full(1000, np.nan)
    y[500] = 3.0
    assert 500 in extremes(y, 20)


def test_a_thumbnail_is_small_and_keeps_what_a_picture_holds() -> None:
    values = np.random.default_rng(1).poisson(5.0, (300, 130)).astype(float)
    image = Image(np.arange(300.0), np.arange(130.0), values, "counts")
    small = thumbnail(View("batches", "t", "x", "y", (Curve("c", np.arange(5e3), np.zeros(5000)),), image))
    assert small.curves[0].x.size <= 200
    assert small.image is not None
    assert small.image.values.shape == (small.image.x.size, small.image.y.size)
    assert max(small.image.values.shape) <= 64
    sizes = np.diff(np.linspace(0, 300, 65).round())[:, None] * np.diff(np.linspace(0, 130, 65).round())
    assert np.sum(small.image.values * sizes) == pytest.approx(values.sum())


def test_a_small_view_stays_as_it_is() -> None:
    small = view(np.arange(20.0))
    np.testing.assert_array_equal(thumbnail(small).curves[0].y, small.curves[0].y)


@pytest.mark.parametrize("bounds", [(1, 5), (10, 0)])
def test_views_of_nothing_are_refused(bounds: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="needs 2 points and 1 pixel"):
        decimated(view(np.arange(5.0)), *bounds)


def test_differing_parameters_are_those_that_differ() -> None:
    found = differing_parameters([{"a": 1, "b": 2.0, "c": "x"}, {"a": 1, "b": 3.0, "c": "x", "d": None}])
    assert found == ({"b": 2.0}, {"b": 3.0, "d": None})


def test_a_switch_is_not_a_number() -> None:
    assert differing_parameters([{"a": True}, {"a": 1}]) == ({"a": True}, {"a": 1})


@given(st.lists(st.dictionaries(st.sampled_from("abcd"), st.integers(0, 2)), min_size=1, max_size=5))
def test_runs_get_one_label_exactly_when_their_parameters_agree(parameters: list[dict[str, int]]) -> None:
    labels = labels_of(parameters, {})
    for i, one in enumerate(parameters):
        for k, other in enumerate(parameters):
            assert (labels[i] == labels[k]) == (one == other)


def test_labels_carry_units_and_stop_at_four() -> None:
    first = {"field": 0.25, "line": "highest", "a": 1, "b": 2, "c": 3}
    second = {"field": 0.5, "line": "lowest", "a": 0, "b": 0, "c": 0}
    labels = labels_of([first, second], {"field": "T"})
    assert labels[0] == "field = 0.25 T, line = highest, a = 1, b = 2, 1 more"


def test_same_views_of_two_runs_stand_in_one_plot() -> None:
    both = compare_views([("one", [view(np.arange(4.0))]), ("two", [view(np.arange(4.0) * 3)])])
    assert [one.name for one in both] == ["sweep"]
    assert [curve.label for curve in both[0].curves] == ["one", "two"]
    np.testing.assert_array_equal(both[0].curves[1].y, np.arange(4.0) * 3)


def test_counts_in_other_bins_are_not_laid_over_each_other() -> None:
    sets = [("one", [view(np.ones(4), y_label="per 2 ns")]), ("two", [view(np.ones(4), y_label="per 4 ns")])]
    apart = compare_views(sets)
    assert [len(one.curves) for one in apart] == [1, 1]
    assert all("other units or bins" in one.remark for one in apart)
    assert [len(one.curves) for one in compare_views(sets, normalise=True)] == [2]


def test_normalised_curves_end_at_one_and_keep_their_relative_errors() -> None:
    y = np.array([1.0, 4.0, 2.0])
    fit = Curve("fit", np.arange(3.0), y * 1.1, kind="fit")
    with_fit = View("sweep", "t", "x (ns)", "counts", (*view(y).curves, fit))
    found = compare_views([("one", [with_fit]), ("two", [view(10 * y)])], normalise=True)[0]
    data = [curve for curve in found.curves if curve.kind != "fit"]
    for curve in data:
        assert curve.y.max() == 1.0
    assert data[0].y_error is not None
    np.testing.assert_allclose(data[0].y_error / data[0].y, np.sqrt(y) / y)
    assert found.curves[1].y.max() == pytest.approx(1.1)
    assert found.y_label == "counts, largest value = 1"


def test_dark_runs_are_not_divided_by_nothing() -> None:
    found = compare_views([("dark", [view(np.zeros(3))])], normalise=True)[0]
    assert not np.any(found.curves[0].y)


def table_run(name: str, **parameters: float) -> LiveRun:
    units = {key: Parameter(value, "s") for key, value in parameters.items()}
    live = LiveRun(RunFacts(Path(f"{name}.h5"), "line-scan", "scan of something", units))
    table = live.table(
        "data",
        title="A scan",
        signal="counts",
        axes=["position"],
        columns=[Column("position", "um", "position (um)"), Column("counts", "counts", "photons")],
    )
    for k in range(5):
        table.append(position=float(k), counts=k * 10.0)
    return live


def test_empty_labels_say_what_differs() -> None:
    runs = [("", table_run("a", exposure=1.0).snapshot()), ("", table_run("b", exposure=2.0).snapshot())]
    assert [curve.label for curve in compare(runs)[0].curves] == ["exposure = 1 s", "exposure = 2 s"]


def test_equal_runs_are_told_apart_by_their_files() -> None:
    runs = [("", table_run("a").snapshot()), ("mine", table_run("b").snapshot())]
    assert [curve.label for curve in compare(runs)[0].curves] == ["a", "mine"]


def test_procedures_without_views_of_their_own_show_their_tables() -> None:
    live = table_run("a")
    spectra = live.table(
        "spectra",
        title="Spectra",
        signal="counts",
        axes=[".", "wavelength"],
        columns=[Column("counts", "counts", "photo-electrons", (4,), axes=("wavelength",))],
        fixed_axes=[FixedAxis("wavelength", "nm", "wavelength (nm)", np.arange(600.0, 604.0))],
    )
    assert [one.name for one in views(live.snapshot())] == ["data"]
    spectra.append(counts=np.arange(4.0))
    data, picture = views(live.snapshot())
    assert (data.x_label, data.y_label) == ("position (um)", "photons")
    np.testing.assert_array_equal(data.curves[0].y, 10.0 * np.arange(5))
    assert picture.image is not None
    np.testing.assert_array_equal(picture.image.values[:, 0], np.arange(4.0))


def test_lines_are_found_without_a_fit() -> None:
    energy = np.linspace(2000.0, 2100.0, 1000)
    rng = np.random.default_rng(3)
    lines = sum(np.exp(-(((energy - e) / 0.2) ** 2)) for e in (2045.0, 2053.0))
    counts = rng.poisson(20.0 + 4000.0 * lines).astype(float)
    found = bright_range(energy, counts)
    assert found is not None
    assert 2041.0 < found[0] < 2044.8
    assert 2053.2 < found[1] < 2057.0
    assert bright_range(energy, rng.poisson(20.0, 1000).astype(float)) is None
