"""Polarised photoluminescence from run file to verdict."""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from scipy.special import voigt_profile

from analysis import registry
from analysis.errors import AnalysisError
from analysis.lines import fit_lines
from analysis.polarised_pl import (
    HC_MEV_NM,
    _crosstalk_ghosts,
    analyse,
    figure,
    fit_field,
    group_values,
    lines_check,
    read_calibration,
    read_spectra,
)
from runfile.reader import RunFile
from runfile.records import Column, FixedAxis
from runfile.writer import RunWriter

FloatArray = npt.NDArray[np.float64]
Fill = Callable[[RunWriter], None]
MakeRun = Callable[..., RunFile]
Multiplet = tuple[FloatArray, FloatArray]

WAVELENGTH = np.linspace(603.0, 608.0, 400)
ENERGY = HC_MEV_NM / WAVELENGTH
WIDTH = np.abs(np.gradient(ENERGY))
SIX = 2047.0 + 1.7 * (np.arange(6) - 2.5)
RETARDANCE, OFFSET = np.radians(85.0), 0.8


def transmission(angle_deg: float) -> tuple[float, float]:
    contrast = np.sin(2 * np.radians(angle_deg - OFFSET)) * np.sin(RETARDANCE)
    return 0.5 * (1 + contrast), 0.5 * (1 - contrast)


def profile(lines: FloatArray, areas: FloatArray) -> FloatArray:
    """Counts per pixel of lines, not normalised to the axis: area is counts."""
    shape = [a * voigt_profile(ENERGY - e, 0.05, 0.05) * WIDTH for e, a in zip(lines, areas, strict=True)]
    return np.sum(shape, axis=0) if shape else np.zeros_like(ENERGY)


def fill_with(
    rng: np.random.Generator,
    plus: Multiplet,
    minus: Multiplet,
    *,
    fields: Iterable[float] = (0.0,),
    zeeman_mev_per_t: float = 0.0,
    repeats: int = 3,
    calibrated: bool = True,
    blink: float = 0.0,
) -> Fill:
    """A writer callback; ``plus``, ``minus``: (lines, areas) per exposure of one second."""

    def fill(writer: RunWriter) -> None:
        if calibrated:
            table = writer.table(
                "calibration",
                title="c",
                signal="counts",
                axes=("analyser_angle",),
                columns=(
                    Column("analyser_angle", "deg", "angle"),
                    Column("counts", "counts", "counts"),
                    Column("counts_errors", "counts", "errors"),
                ),
            )
            for angle in np.arange(-90, 90, 22.5):
                mean = 2e5 * (1 - np.sin(RETARDANCE / 2) ** 2 * np.sin(2 * np.radians(angle - OFFSET)) ** 2)
                count = float(rng.poisson(mean))
                table.append(analyser_angle=angle, counts=count, counts_errors=np.sqrt(count))
        table = writer.table(
            "data",
            title="d",
            signal="counts",
            axes=("exposure", "wavelength"),
            columns=(
                Column("counts", "counts", "counts", (ENERGY.size,), axes=("wavelength",)),
                Column("counts_errors", "counts", "errors", (ENERGY.size,), axes=("wavelength",)),
                Column("analyser_angle", "deg", "angle"),
                Column("field", "T", "field"),
                Column("exposure_time", "s", "time"),
            ),
            fixed_axes=(FixedAxis("wavelength", "nm", "wavelength", WAVELENGTH),),
        )
        for field in fields:
            for _ in range(repeats):
                for angle in (45.0, -45.0):
                    shift = 0.5 * zeeman_mev_per_t * field
                    t_plus, t_minus = transmission(angle)
                    light = t_plus * profile(plus[0] + shift, plus[1]) + t_minus * profile(minus[0] - shift, minus[1])
                    light = light * np.exp(blink * rng.normal())
                    counts = rng.poisson(light + 3.0) + rng.normal(0, 3.0, ENERGY.size)
                    errors = np.sqrt(np.maximum(counts, 0) + 9.0)
                    table.append(
                        counts=counts, counts_errors=errors, analyser_angle=angle, field=field, exposure_time=1.0
                    )

    return fill


def test_six_lines_pass_and_numbers_are_right(make_run: MakeRun) -> None:
    areas_plus, areas_minus = 4000 * np.array([4, 2, 1, 1, 1.5, 2]), 4000 * np.array([3, 1, 1, 1, 1, 1])
    run = make_run("polarised-pl", fill_with(np.random.default_rng(1), (SIX, areas_plus), (SIX, areas_minus)))
    analysis = registry.analyse(run)
    assert analysis.verdict.passed, analysis.verdict.reason
    results = analysis.results
    assert results["n_lines"].value == 6
    for k in range(6):
        line = results[f"line_{k + 1}_energy"]
        assert abs(line.value - SIX[k]) < 4 * line.stderr
    split = results["total_splitting"]
    assert abs(split.value - 8.5) < 4 * split.stderr
    degree = results["circular_polarisation"]
    true_degree = (areas_plus.sum() - areas_minus.sum()) / (areas_plus.sum() + areas_minus.sum())
    assert abs(degree.value - true_degree) < 4 * degree.stderr
    assert degree.stderr < 0.02
    populations = areas_plus + areas_minus[::-1]
    populations = populations / populations.sum()
    for name, truth in zip(("m5_2", "m3_2", "m1_2", "p1_2", "p3_2", "p5_2"), populations, strict=True):
        found = results[f"sz_population_{name}"]
        assert abs(found.value - truth) < 4.5 * found.stderr


def test_stated_errors_cover_the_truth_of_a_blinking_dot(make_run: MakeRun) -> None:
    areas = 3000 * np.array([3, 2, 1.5, 1, 1, 1])
    inside = {"circular_polarisation": [], "total_splitting": [], "sz_population_m5_2": []}
    truth = {"circular_polarisation": 0.0, "total_splitting": 8.5, "sz_population_m5_2": 4 / 19}
    for seed in range(40):
        fill = fill_with(np.random.default_rng(seed), (SIX, areas), (SIX, areas), repeats=6, blink=0.06)
        results = analyse(make_run("polarised-pl", fill)).results
        for name, hits in inside.items():
            hits.append(abs(results[name].value - truth[name]) < results[name].stderr)
    for name, hits in inside.items():
        assert 0.47 < np.mean(hits) < 0.88, name  # 40 seeds: 0.68 ± 3 × 0.07


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (SIX[:1], "found 1 line, a single Mn2\\+ needs 6: the dot looks undoped"),
        (2043 + 0.8 * np.arange(13), "more than"),
    ],
)
def test_other_numbers_of_lines_fail_with_the_reason(make_run: MakeRun, lines: FloatArray, sentence: str) -> None:
    areas = np.full(lines.size, 5000.0)
    analysis = analyse(make_run("polarised-pl", fill_with(np.random.default_rng(2), (lines, areas), (lines, areas))))
    assert not analysis.verdict.passed
    assert re.search(sentence, analysis.verdict.reason)
    assert not any(name.startswith("sz_population") for name in analysis.results)


def test_shifted_helicities_at_zero_field_fail_the_mirror(make_run: MakeRun) -> None:
    areas = np.full(6, 8000.0)
    fill = fill_with(np.random.default_rng(3), (SIX + 0.02, areas), (SIX - 0.02, areas))
    failed = [check.name for check in analyse(make_run("polarised-pl", fill)).verdict.checks if not check.passed]
    assert "mirror" in failed


def test_field_sweep_gives_the_g_factor(make_run: MakeRun) -> None:
    areas = np.full(6, 8000.0)
    fill = fill_with(
        np.random.default_rng(4),
        (SIX, areas),
        (SIX, areas),
        fields=(0.0, 0.5, 1.0, 1.5),
        zeeman_mev_per_t=0.1,
        repeats=2,
    )
    results = analyse(make_run("polarised-pl", fill)).results
    factor = results["exciton_g_factor"]
    assert abs(factor.value - 0.1 / 0.0578838) < 4 * factor.stderr
    assert results["zeeman_splitting_4"].value == pytest.approx(0.15, abs=5 * results["zeeman_splitting_4"].stderr)


def test_missing_calibration_and_single_exposures_are_warned_about(make_run: MakeRun) -> None:
    areas = np.full(6, 8000.0)
    fill = fill_with(np.random.default_rng(5), (SIX, areas), (SIX, areas), repeats=1, calibrated=False)
    warnings = " ".join(analyse(make_run("polarised-pl", fill)).warnings)
    assert "not calibrated" in warnings
    assert "only once" in warnings


def test_empty_table_is_an_error_of_one_line(make_run: MakeRun) -> None:
    fill = fill_with(np.random.default_rng(6), (SIX, SIX), (SIX, SIX), fields=())
    with pytest.raises(AnalysisError, match="holds no exposure"):
        analyse(make_run("polarised-pl", fill))


def test_figure_has_units_and_residuals(make_run: MakeRun) -> None:
    areas = np.full(6, 8000.0)
    drawn = figure(make_run("polarised-pl", fill_with(np.random.default_rng(7), (SIX, areas), (SIX, areas))))
    labels = [axes.get_xlabel() for axes in drawn.axes] + [axes.get_ylabel() for axes in drawn.axes]
    assert "photon energy (meV)" in labels
    assert any("residual" in label for label in labels)


def test_values_are_grouped_in_order() -> None:
    groups = group_values(np.array([1.0, 2.0, 1.0005, 2.0]), 0.002)
    assert [list(g) for g in groups] == [[0, 2], [1, 3]]


def test_sentences_of_the_line_check() -> None:
    assert lines_check(6, 6).passed
    assert "no line at all" in lines_check(0, 6).detail
    assert "too weak or not resolved" in lines_check(4, 6).detail


@pytest.mark.parametrize("number", [1, 5, 11])
def test_broad_lines_are_not_taken_for_several_dopants_or_none(number: int) -> None:
    energy = np.linspace(2030.0, 2066.0, 600)
    counts = 20.0 + sum(5e3 / (1.0 + ((energy - centre) / 1.2) ** 2) for centre in SIX)
    warm = fit_lines(energy, counts, counts)
    assert warm.fwhm_mev > 1.0
    detail = lines_check(number, 6, warm).detail
    assert "dopants cannot be counted" in detail
    assert "meV wide" in detail


def test_sharp_lines_are_counted_for_dopants() -> None:
    energy = np.linspace(2042.0, 2056.0, 1000)
    counts = 20.0 + sum(5e3 / (1.0 + ((energy - centre) / 0.06) ** 2) for centre in 2044.0 + 0.8 * np.arange(13))
    assert "more than one dopant" in lines_check(13, 6, fit_lines(energy, counts, counts)).detail


@pytest.mark.parametrize(("crosstalk", "ghosts"), [(0.02, True), (1e-5, False)])
def test_poorly_calibrated_crosstalk_is_named_as_the_cause(make_run: MakeRun, crosstalk: float, ghosts: bool) -> None:
    both = (SIX, np.full(6, 50_000.0))
    run = make_run("polarised-pl", fill_with(np.random.default_rng(8), both, both, fields=(3.0,), zeeman_mev_per_t=0.1))
    fit = fit_field(read_spectra(run.table("data"), read_calibration(run)[0])[0])
    mixing = np.array([[[0.0, crosstalk], [crosstalk, 0.0]]])
    parts = replace(fit.spectra.components, mixing=mixing)
    fit = replace(fit, spectra=replace(fit.spectra, components=parts))
    assert ("calibrate with more light" in _crosstalk_ghosts(fit)) is ghosts
