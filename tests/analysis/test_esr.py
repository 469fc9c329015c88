"""ESR from run file to verdict."""

from collections.abc import Callable, Iterable

import numpy as np
import pytest

from analysis import registry
from analysis.errors import AnalysisError
from analysis.esr import analyse, dopant_of, figure, probed_projection
from analysis.resonances import line_shape
from analysis.spin_hamiltonian import DopantSpin, sticks
from runfile.reader import RunFile
from runfile.records import Column
from runfile.writer import RunWriter

Fill = Callable[[RunWriter], None]
MakeRun = Callable[..., RunFile]

NOTES = {"probe": {"spin_projection": 2.5}}
D_GHZ, A_GHZ, FIELD_T = 1.209, -0.186, 0.15


def fill_with(
    rng: np.random.Generator,
    *,
    height: float = 0.4,
    counts: int = 3000,
    n: int = 160,
    lines: Iterable[int] = range(6),
    drift: float = 0.0,
    monitor: bool = False,
    unsteady: float = 0.0,
) -> Fill:
    def fill(writer: RunWriter) -> None:
        names = [
            ("frequency", "GHz"),
            ("counts", "counts"),
            ("counts_reference", "counts"),
            ("field", "T"),
            ("temperature", "K"),
        ]
        names += [("monitor", "counts"), ("monitor_reference", "counts")] if monitor else []
        table = writer.table(
            "data", title="d", signal="counts", axes=("frequency",), columns=[Column(k, u, k) for k, u in names]
        )
        found = sticks(DopantSpin(), D_GHZ, A_GHZ, FIELD_T, 2.5, 1.5)
        picked = np.isin(found.line, list(lines))
        for frequency in np.linspace(8.2, 9.9, n):
            shape = line_shape(frequency - found.frequency_ghz[picked], 0.02, "Lorentzian") @ found.share[picked]
            bright = np.exp(0.2 * rng.normal(size=2)) if monitor else np.ones(2)
            level = counts * (1 + drift * (frequency - 9)) * (1 + unsteady * np.sin(40 * frequency))
            row = {
                "frequency": frequency,
                "counts": float(rng.poisson(level * bright[0] * (1 + height * shape))),
                "counts_reference": float(rng.poisson(level * bright[1])),
                "field": FIELD_T + 1e-6 * rng.normal(),
                "temperature": 4.0,
            }
            if monitor:
                row |= {
                    "monitor": float(rng.poisson(30000 * bright[0])),
                    "monitor_reference": float(rng.poisson(30000 * bright[1])),
                }
            table.append(**row)

    return fill


def test_six_lines_pass_and_numbers_are_right(make_run: MakeRun) -> None:
    analysis = registry.analyse(make_run("esr", fill_with(np.random.default_rng(1)), notes=NOTES))
    assert analysis.verdict.passed, analysis.verdict.reason
    results = analysis.results
    truth = {
        "resonance_frequency": 4 * D_GHZ + 2.0 * 13.99624493 * FIELD_T,
        "hyperfine_constant": 186.0,
        "zero_field_splitting": 1209.0,
        "linewidth": 20.0,
        "contrast": 0.4,
    }
    for name, value in truth.items():
        assert abs(results[name].value - value) < 4 * results[name].stderr, name
    assert results["hyperfine_constant"].unit == "MHz"
    assert "A → 0" in results["resonance_frequency"].method


def test_blinking_is_taken_out_by_the_monitor(make_run: MakeRun) -> None:
    fill = fill_with(np.random.default_rng(2), monitor=True)
    analysis = analyse(make_run("esr", fill, notes=NOTES))
    assert analysis.verdict.passed, analysis.verdict.reason
    assert abs(analysis.results["zero_field_splitting"].value - 1209.0) < 2


def test_a_slow_drift_is_forgiven_a_wavy_reference_is_not(make_run: MakeRun) -> None:
    drifting = analyse(make_run("esr", fill_with(np.random.default_rng(3), drift=0.1), notes=NOTES))
    assert drifting.verdict.passed, drifting.verdict.reason
    wavy = analyse(make_run("esr", fill_with(np.random.default_rng(3), unsteady=0.15), notes=NOTES))
    assert "reference without microwave varies" in wavy.verdict.reason


def test_nothing_there_gives_no_number_and_one_sentence(make_run: MakeRun) -> None:
    analysis = analyse(make_run("esr", fill_with(np.random.default_rng(4), height=0.0), notes=NOTES))
    assert np.isnan(analysis.results["resonance_frequency"].value)
    assert "no resonance between 8.200 and 9.900 GHz" in analysis.verdict.reason


def test_a_missing_line_is_counted(make_run: MakeRun) -> None:
    analysis = analyse(make_run("esr", fill_with(np.random.default_rng(5), lines=range(5)), notes=NOTES))
    assert "5 of 6 hyperfine lines" in analysis.verdict.reason


def test_facts_of_the_sheet_and_the_probe() -> None:
    assert dopant_of({"dopants": []}) == DopantSpin()
    assert dopant_of({"dopants": [{"g_factor": 2.1, "spin": None}]}).g_factor == 2.1
    assert probed_projection({"probe": {"spin_projection": -2.5}}, DopantSpin()) == (-2.5, ())
    assumed, warnings = probed_projection({}, DopantSpin())
    assert assumed == 2.5
    assert "is assumed" in warnings[0]


def test_empty_or_short_sweeps_are_errors_of_one_line(make_run: MakeRun) -> None:
    with pytest.raises(AnalysisError, match="holds no point"):
        analyse(make_run("esr", fill_with(np.random.default_rng(6), n=0), notes=NOTES))
    with pytest.raises(AnalysisError, match="at least 8"):
        analyse(make_run("esr", fill_with(np.random.default_rng(6), n=4), notes=NOTES))


def test_unknown_procedure_is_refused(make_run: MakeRun) -> None:
    with pytest.raises(AnalysisError, match="no analysis for procedure 'tea'"):
        registry.analyse(make_run("tea", lambda writer: None))


def test_figure_has_units_and_residuals(make_run: MakeRun) -> None:
    drawn = figure(make_run("esr", fill_with(np.random.default_rng(7)), notes=NOTES))
    assert drawn.axes[1].get_xlabel() == "microwave frequency (GHz)"
    assert drawn.axes[0].get_ylabel().startswith("contrast")


def test_undecided_sign_of_a_is_said_and_covered(make_run: MakeRun) -> None:
    fill = fill_with(np.random.default_rng(8), height=0.14, counts=900)
    analysis = analyse(make_run("esr", fill, notes=NOTES))
    coupling = analysis.results["hyperfine_constant"]
    assert any("do not tell the sign of A" in warning for warning in analysis.warnings)
    assert abs(coupling.value - 186.0) < 2.5 * coupling.stderr
    sheet = {"dopants": [{"g_factor": 2.0, "zero_field_d_uev": 5.0, "hyperfine_uev": -0.77}]}
    known = analyse(make_run("esr", fill, notes=NOTES, sample=sheet))
    assert known.results["hyperfine_constant"].stderr < coupling.stderr
    assert "A·D negative" in known.results["hyperfine_constant"].method


def test_a_wrong_sign_on_the_sheet_is_overruled_by_clear_data(make_run: MakeRun) -> None:
    sheet = {"dopants": [{"g_factor": 2.0, "zero_field_d_uev": 5.0, "hyperfine_uev": 0.77}]}
    analysis = analyse(make_run("esr", fill_with(np.random.default_rng(1)), notes=NOTES, sample=sheet))
    assert any("contradict the sign of A" in warning for warning in analysis.warnings)
    assert abs(analysis.results["hyperfine_constant"].value - 186.0) < 4 * analysis.results["hyperfine_constant"].stderr
