"""The views of each procedure: the numbers recorded, the fit of the analysis, and whatever a cut-off run allows."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import registry
from analysis.polarised_pl import HC_MEV_NM
from analysis.resonances import line_shape
from analysis.spin_hamiltonian import DopantSpin, sticks
from analysis.spin_pumping import Histogram
from analysis.view_spin_pumping import cycle_view
from analysis.views import Curve, View, views
from runfile.live_run import LiveRun, RunFacts, RunSnapshot
from runfile.reader import RunFile
from runfile.records import Column, FixedAxis, Parameter
from runfile.writer import RunWriter

Floats = npt.NDArray[np.float64]
Fill = Callable[[Any, int], None]
"""Records the first n rows of the main table into a writer or into the memory."""

MN = {"name": "dot", "dopants": [{"spin": 2.5, "nuclear_spin": 2.5, "g_factor": 2.0, "zero_field_d_uev": 5.0}]}
TIME = np.arange(0.0, 3300.0, 2.0)
WAVELENGTH = np.linspace(604.0, 607.5, 400)
ENERGY = HC_MEV_NM / WAVELENGTH
N_BATCHES, BATCH_S, PERIOD_PS = 6, 0.5, 200_000


def spectrum(rng: np.random.Generator, areas: Floats) -> Floats:
    places = 2047.0 + 1.7 * (np.arange(6) - 2.5)
    shape = np.exp(-0.5 * ((ENERGY[:, None] - places) / 0.1) ** 2) @ areas
    return rng.poisson(shape + 3.0).astype(np.float64)


def spin_pumping(target: Any, n: int) -> None:
    """Twelve pump batches and the three controls; efficiency 0.75, 90 ns."""
    rng = np.random.default_rng(5)
    pump = (TIME >= 1400) & (TIME < 2400)
    shape = np.full(TIME.size, 0.2)
    shape[TIME < 1200] += 30.0
    faded = 0.25 + 0.75 * np.exp(-(TIME[pump] - 1400) / 90.0)
    target.note(
        "sequence",
        {
            "reset_start_ns": 0.0,
            "reset_width_ns": 1200.0,
            "pump_start_ns": 1400.0,
            "pump_width_ns": 1000.0,
            "probe_start_ns": 2700.0,
            "probe_width_ns": 200.0,
            "background_windows_ns": [[3100.0, 3300.0]],
        },
    )
    table = target.table(
        "data",
        title="Fluorescence",
        signal="counts",
        axes=("batch", "time"),
        columns=(
            Column("counts", "counts", "counts", (TIME.size,), dtype="i8", axes=("time",)),
            Column("condition", "", "condition", dtype="i4"),
            Column("duration", "s", "duration"),
        ),
        fixed_axes=(FixedAxis("time", "ns", "time (ns)", TIME),),
    )
    for condition in ([0] * 12 + [2, 3, 1])[:n]:
        expected = shape.copy()
        expected[pump] += {0: 10.0 * faded, 1: 0.0}.get(condition, 10.0 * (0.5 + 0.5 * faded))
        table.append(counts=rng.poisson(expected * 3.0), condition=condition, duration=3.0)


def polarised_pl(target: Any, n: int) -> None:
    """Exposures at ±45° in turn, σ⁺ twice as strong as σ⁻."""
    rng = np.random.default_rng(6)
    table = target.table(
        "data",
        title="Spectra",
        signal="counts",
        axes=("exposure", "wavelength"),
        columns=(
            Column("counts", "counts", "c", (400,), axes=("wavelength",)),
            Column("counts_errors", "counts", "e", (400,), axes=("wavelength",)),
            Column("analyser_angle", "deg", "a"),
            Column("field", "T", "b"),
            Column("exposure_time", "s", "t"),
        ),
        fixed_axes=(FixedAxis("wavelength", "nm", "wavelength (nm)", WAVELENGTH),),
    )
    for k in range(n):
        counts = spectrum(rng, np.full(6, 800.0 if k % 2 == 0 else 400.0))
        table.append(
            counts=counts,
            counts_errors=np.sqrt(counts + 9.0),
            analyser_angle=45.0 if k % 2 == 0 else -45.0,
            field=0.0,
            exposure_time=5.0,
        )


def esr(target: Any, n: int) -> None:
    """Two sweeps of 80 points over a multiplet."""
    rng = np.random.default_rng(7)
    target.note("probe", {"spin_projection": 2.5})
    names = [("frequency", "GHz"), ("counts", ""), ("counts_reference", ""), ("field", "T"), ("temperature", "K")]
    table = target.table(
        "data", title="Sweep", signal="counts", axes=("frequency",), columns=[Column(k, u, k) for k, u in names]
    )
    found = sticks(DopantSpin(), 1.209, -0.186, 0.15, 2.5, 1.5)
    frequencies = np.tile(np.linspace(8.2, 9.9, 80), 2)[:n]
    for frequency in frequencies:
        shape = line_shape(frequency - found.frequency_ghz, 0.03, "Lorentzian") @ found.share
        on, off = rng.poisson(3000 * (1 + 0.4 * shape)), rng.poisson(3000)
        table.append(frequency=frequency, counts=on, counts_reference=off, field=0.15, temperature=4.0)


def g2(target: Any, n: int) -> None:
    """Batches of photons of one emitter, lifetime 15 ns, every 1000th pulse tagged."""
    rng = np.random.default_rng(8)
    delay_ns = np.arange(-1000.0, 1000.0, 10.0)
    table = target.table(
        "data",
        title="Coincidences",
        signal="coincidences",
        axes=("batch", "delay"),
        columns=(
            Column("coincidences", "", "pairs", (delay_ns.size,), dtype="i8", axes=("delay",)),
            Column("live_time", "s", "t"),
        ),
        fixed_axes=(FixedAxis("delay", "ns", "delay (ns)", delay_ns),),
    )
    n_pulses = round(BATCH_S * 1e12 / PERIOD_PS)
    starts: list[int] = []
    for k in range(n):
        starts.append(k * 600_000_000_000)
        pulse = np.unique(rng.integers(0, n_pulses, 20_000))
        times = starts[k] + pulse * PERIOD_PS + 5000 + rng.exponential(15_000.0, pulse.size).astype(np.int64)
        trigger = starts[k] + np.arange(0, n_pulses, 1000) * PERIOD_PS
        stamps = np.concatenate([times, trigger])
        channel = np.concatenate([rng.integers(1, 3, times.size), np.full(trigger.size, 4)])
        order = np.argsort(stamps, kind="stable")
        target.append_tags(stamps[order], channel[order])
        target.set_tag_metadata(
            duration_s=BATCH_S * (k + 1), channels={"detector_1": 1, "detector_2": 2, "divided_trigger": 4}
        )
        note = {"period_ns": PERIOD_PS / 1e3, "trigger_divider": 1000, "batch_starts_ps": starts}
        target.note("pulses", note | {"batch_duration_s": BATCH_S})
        table.append(coincidences=rng.poisson(2.0, delay_ns.size), live_time=BATCH_S)


FILLS: dict[str, tuple[Fill, int]] = {
    "spin-pumping": (spin_pumping, 15),
    "polarised-pl": (polarised_pl, 8),
    "esr": (esr, 160),
    "g2": (g2, N_BATCHES),
}


def in_memory(procedure: str, n: int | None = None, control: str = "none") -> RunSnapshot:
    fill, everything = FILLS[procedure]
    live = LiveRun(RunFacts(Path("run.h5"), procedure, "a run", {"control": Parameter(control)}, MN))
    fill(live, everything if n is None else n)
    return live.snapshot()


@pytest.fixture(scope="module")
def full() -> dict[str, tuple[View, ...]]:
    """Views with fits of the whole run of each procedure."""
    return {name: views(in_memory(name)) for name in FILLS}


def named(found: tuple[View, ...], name: str) -> View:
    return next(view for view in found if view.name == name)


def fit_of(view: View) -> Curve:
    return next(curve for curve in view.curves if curve.kind == "fit")


def check_shapes(view: View) -> None:
    for curve in view.curves:
        for values in (curve.y, curve.y_error, curve.y_error_low):
            assert values is None or values.shape == curve.x.shape, (view.name, curve.label)
            assert values is None or values.dtype == np.float64
        assert curve.y_error is None or np.all(curve.y_error >= 0)
    if view.image is not None:
        assert view.image.values.shape == (view.image.x.size, view.image.y.size)
    assert all((view.name, view.title, view.x_label, view.y_label))


@pytest.mark.parametrize("procedure", FILLS)
def test_every_view_is_whole_and_named_once(procedure: str, full: dict[str, tuple[View, ...]]) -> None:
    names = [view.name for view in full[procedure]]
    assert len(set(names)) == len(names)
    for view in full[procedure]:
        check_shapes(view)
        assert not view.remark
        assert view.curves or view.image is not None


@pytest.mark.parametrize("procedure", FILLS)
def test_without_fit_the_data_are_the_same(procedure: str, full: dict[str, tuple[View, ...]]) -> None:
    plain = views(in_memory(procedure), with_fit=False)
    assert not any(curve.kind == "fit" for view in plain for curve in view.curves)
    for view in plain:
        if view.name == "decay":
            continue  # drawn of the newest photons in other bins
        fitted = named(full[procedure], view.name)
        data = [curve for curve in fitted.curves if curve.kind != "fit"]
        assert (view.x_label, view.y_label, view.x_range) == (fitted.x_label, fitted.y_label, fitted.x_range)
        for one, other in zip(view.curves, data, strict=True):
            assert one.label == other.label
            np.testing.assert_array_equal(one.y, other.y)


@pytest.mark.parametrize("procedure", FILLS)
def test_file_and_memory_give_the_same_views(tmp_path: Path, procedure: str) -> None:
    writer = RunWriter.create(
        tmp_path / "run.h5",
        procedure=procedure,
        title="a run",
        parameters={},
        station="",
        snapshot={},
        sample_sheet="",
        sample=MN,
        conditions={},
        versions={},
        seed=None,
    )
    fill, n = FILLS[procedure]
    with writer:
        fill(writer, n)
        writer.finish("completed", 1.0)
    with RunFile(tmp_path / "run.h5") as run:
        from_file = views(run, with_fit=False)
    from_memory = views(in_memory(procedure), with_fit=False)
    assert [view.name for view in from_file] == [view.name for view in from_memory]
    for one, other in zip(from_file, from_memory, strict=True):
        for a, b in zip(one.curves, other.curves, strict=True):
            np.testing.assert_array_equal(a.y, b.y)
        if one.image is not None and other.image is not None:
            np.testing.assert_array_equal(one.image.values, other.image.values)


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(sorted(FILLS)), st.integers(0, 14), st.booleans())
def test_a_run_that_has_just_begun_never_fails(procedure: str, n: int, with_fit: bool) -> None:
    found = views(in_memory(procedure, min(n, FILLS[procedure][1])), with_fit=with_fit)
    for view in found:
        check_shapes(view)
    assert bool(found) == (n > 0)


@pytest.mark.parametrize("procedure", FILLS)
def test_a_run_without_tables_has_no_views(procedure: str) -> None:
    live = LiveRun(RunFacts(Path("run.h5"), procedure, "a run"))
    assert views(live.snapshot()) == ()


def test_fit_of_the_transient_is_the_analysis(full: dict[str, tuple[View, ...]]) -> None:
    results = registry.analyse(in_memory("spin-pumping")).results
    transient = named(full["spin-pumping"], "transient")
    efficiency, time = results["pumping_efficiency"], results["pumping_time"]
    fit = fit_of(transient)
    assert f"efficiency {efficiency.value:.3f}" in fit.label
    assert f"time {time.value:.0f}" in fit.label
    pump = transient.curves[0]
    assert pump.label == "resonant pump"
    assert pump.y_error is not None
    late = pump.x > 20
    assert np.mean(((pump.y - fit.y) / pump.y_error)[late] ** 2) < 2.0


def test_transient_holds_every_photon_of_the_pump(full: dict[str, tuple[View, ...]]) -> None:
    run = in_memory("spin-pumping")
    table = run.table()
    chosen = table.column("condition") == 0
    window = (TIME >= 1400.0 - 20.0) & (TIME < 2400.0)
    counts = table.column("counts")[chosen][:, window].sum()
    live_s = table.column("duration")[chosen].sum()
    shown = named(full["spin-pumping"], "transient").curves[0]
    # a rest of fewer than one bin is dropped
    assert shown.y.sum() * live_s == pytest.approx(counts, rel=0.02)
    assert shown.y.sum() * live_s <= counts + 1e-6


def test_every_condition_is_drawn(full: dict[str, tuple[View, ...]]) -> None:
    labels = [curve.label for curve in named(full["spin-pumping"], "cycle").curves]
    assert labels == ["resonant pump", "detuned pump", "linear pump, σ⁺ analyser", "linear pump, σ⁻ analyser"]
    image = named(full["spin-pumping"], "batches").image
    assert image is not None
    assert image.y.tolist() == list(range(1, 16))


def test_rate_follows_measuring_time(full: dict[str, tuple[View, ...]]) -> None:
    rate = named(full["spin-pumping"], "rate").curves[1]
    np.testing.assert_allclose(rate.x, 1.5 + 3.0 * np.arange(15))
    np.testing.assert_allclose(rate.y, 600 * 30.2, rtol=0.05)


def test_spectra_show_the_polarisation_of_the_analysis(full: dict[str, tuple[View, ...]]) -> None:
    spectra = named(full["polarised-pl"], "spectra")
    degree = registry.analyse(in_memory("polarised-pl")).results["circular_polarisation"]
    assert f"{degree.value:+.3f} ± {degree.stderr:.3f}" in spectra.title
    assert degree.value == pytest.approx(1.0 / 3.0, abs=0.05)
    assert [curve.label for curve in spectra.curves] == ["σ⁺", "σ⁻", "σ⁺ fit: 6 lines", "σ⁻ fit: 6 lines"]
    assert np.all(np.diff(spectra.curves[0].x) > 0)
    assert spectra.x_range is not None
    assert spectra.x_range[0] < 2042.75 < 2051.25 < spectra.x_range[1]


def test_one_setting_of_the_analyser_is_shown_as_it_is() -> None:
    spectra = named(views(in_memory("polarised-pl", 1)), "spectra")
    assert [curve.label for curve in spectra.curves] == ["analyser at +45°"]
    assert "two settings" in spectra.remark


def test_populations_add_up(full: dict[str, tuple[View, ...]]) -> None:
    population = named(full["polarised-pl"], "populations").curves[0]
    assert population.x.tolist() == [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5]
    assert population.y.sum() == pytest.approx(1.0)


def test_resonances_are_those_of_the_analysis(full: dict[str, tuple[View, ...]]) -> None:
    result = registry.analyse(in_memory("esr")).results["resonance_frequency"]
    fit = fit_of(named(full["esr"], "sweep"))
    assert f"{result.value:.4f} ± {result.stderr:.4f} GHz" in fit.label
    data = named(full["esr"], "sweep").curves[0]
    expected = np.interp(data.x, fit.x, fit.y)
    assert data.y_error is not None
    assert np.mean(((data.y - expected) / data.y_error) ** 2) < 1.5


def test_repeated_sweeps_are_a_picture(full: dict[str, tuple[View, ...]]) -> None:
    image = named(full["esr"], "sweeps").image
    assert image is not None
    assert image.values.shape == (80, 2)
    partial = named(views(in_memory("esr", 100), with_fit=False), "sweeps").image
    assert partial is not None
    assert np.sum(np.isfinite(partial.values)) == 100


def test_counts_of_all_sweeps_are_added(full: dict[str, tuple[View, ...]]) -> None:
    table = in_memory("esr").table()
    on = named(full["esr"], "counts").curves[0]
    assert on.y.sum() == table.column("counts").sum()
    assert on.x.size == 80


def test_a_short_sweep_says_why_there_is_no_fit() -> None:
    sweep = named(views(in_memory("esr", 5)), "sweep")
    assert sweep.remark.startswith("no fit: the sweep has 5 points")
    assert len(sweep.curves) == 1


def test_coincidences_are_the_sum_of_all_batches(full: dict[str, tuple[View, ...]]) -> None:
    pairs = named(full["g2"], "coincidences").curves[0]
    np.testing.assert_array_equal(pairs.y, in_memory("g2").table().column("coincidences").sum(axis=0))
    assert pairs.y_error is not None
    assert np.all(pairs.y_error > 0)


def test_peaks_and_lifetime_are_those_of_the_analysis(full: dict[str, tuple[View, ...]]) -> None:
    results = registry.analyse(in_memory("g2")).results
    assert f"g²(0) = {results['g2_zero'].value:.3g}" in named(full["g2"], "peaks").title
    labels = [curve.label for curve in named(full["g2"], "decay").curves if curve.kind == "fit"]
    assert len(labels) == 2
    assert all(abs(float(label.split("τ = ")[1].split(" ")[0]) - 15.0) < 1.0 for label in labels)


def test_decay_of_the_newest_photons_has_the_scale_of_all(full: dict[str, tuple[View, ...]]) -> None:
    """The area under a decay is the detector's rate, with the fit's bins and without."""
    plain = named(views(in_memory("g2"), with_fit=False), "decay")
    fitted = [curve for curve in named(full["g2"], "decay").curves if curve.kind != "fit"]
    assert "newest" in plain.remark
    for one, other in zip(plain.curves, fitted, strict=True):
        areas = [float(curve.y.sum() * np.diff(curve.x)[0]) for curve in (one, other)]
        assert areas[0] == pytest.approx(areas[1], rel=0.03)


def test_rates_are_counted_batch_by_batch(full: dict[str, tuple[View, ...]]) -> None:
    tags = in_memory("g2").tags()
    rate = named(full["g2"], "rate").curves[0]
    assert rate.x.tolist() == pytest.approx([0.6 * k + 0.25 for k in range(N_BATCHES)])
    assert rate.y.sum() * BATCH_S == pytest.approx(np.sum(tags.channel == 1))


def test_rates_do_not_depend_on_the_order_of_tags() -> None:
    from analysis.view_g2 import rate_views
    from runfile.records import TagRecord

    run = in_memory("g2", 3)
    tags = run.tags()
    order = np.random.default_rng(1).permutation(tags.timestamps_ps.size)
    mixed = TagRecord(tags.timestamps_ps[order], tags.channel[order], tags.duration_s, tags.channels)
    for one, other in zip(rate_views(run, tags)[0].curves, rate_views(run, mixed)[0].curves, strict=True):
        np.testing.assert_array_equal(one.y, other.y)


@pytest.mark.parametrize("procedure", FILLS)
def test_dark_runs_are_not_fitted(procedure: str) -> None:
    found = views(in_memory(procedure, control="laser blocked"), with_fit=True)
    assert found
    assert not any(curve.kind == "fit" for view in found for curve in view.curves)


def test_a_cycle_with_many_empty_bins_is_not_drawn_logarithmically(full: dict[str, tuple[View, ...]]) -> None:
    assert named(full["spin-pumping"], "cycle").log_y
    faint = np.zeros(TIME.size)
    faint[::40] = 1.0
    assert not cycle_view("t", {0: Histogram(TIME, faint, 1.0)}).log_y


def esr_with_monitor(target: Any, bright: Floats) -> None:
    """Two sweeps of eight points without a resonance; the dot's brightness changes between on and off."""
    names = ("frequency", "counts", "counts_reference", "monitor", "monitor_reference", "field", "duration", "sweep")
    table = target.table(
        "data", title="Sweep", signal="counts", axes=("frequency",), columns=[Column(k, "", k) for k in names]
    )
    for k in range(16):
        table.append(
            frequency=8.0 + 0.1 * (k % 8),
            counts=1000.0 * bright[k],
            counts_reference=1000.0,
            monitor=5000.0 * bright[k],
            monitor_reference=5000.0,
            field=0.15,
            duration=2.0,
            sweep=k // 8,
        )


def test_brightness_does_not_look_like_contrast() -> None:
    live = LiveRun(RunFacts(Path("run.h5"), "esr", "a run", sample=MN))
    bright = np.random.default_rng(3).uniform(0.5, 1.5, 16)
    esr_with_monitor(live, bright)
    found = views(live.snapshot(), with_fit=False)
    image = named(found, "sweeps").image
    assert image is not None
    np.testing.assert_allclose(image.values, 0.0, atol=1e-12)
    rate = named(found, "rate").curves[0]
    np.testing.assert_allclose(rate.y, 2500.0 * bright)
    np.testing.assert_allclose(rate.x, 2.0 + 4.0 * np.arange(16))
