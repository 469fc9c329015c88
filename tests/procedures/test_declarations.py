"""What every experiment must say of itself for a window, a queue and a command line."""

import math
from typing import Any

import numpy as np
import pytest

from analysis.esr import esr_results
from analysis.resonances import fit_multiplet, line_shape, make_sweep
from analysis.spin_hamiltonian import DopantSpin, sticks
from procedures.experiment import FloatParameter, IntegerParameter
from procedures.registry import PROCEDURES, controls, key_parameters, load, result_names

PURE_NUMBERS = {"control_fraction", "control_detuning", "control_shift"}
PARAMETERS = [(name, key, p) for name in PROCEDURES for key, p in load(name).parameters().items()]


@pytest.mark.parametrize(("name", "key", "parameter"), PARAMETERS)
def test_every_parameter_is_described_in_a_line(name: str, key: str, parameter: Any) -> None:
    assert parameter.name
    assert parameter.description, f"{name}: {key} has no description"
    assert parameter.description != parameter.name
    assert len(parameter.description) < 120
    assert "\n" not in parameter.description


@pytest.mark.parametrize(("name", "key", "parameter"), PARAMETERS)
def test_every_number_has_limits_and_every_quantity_a_unit(name: str, key: str, parameter: Any) -> None:
    if not isinstance(parameter, FloatParameter | IntegerParameter):
        return
    assert math.isfinite(parameter.minimum)
    assert math.isfinite(parameter.maximum)
    assert abs(parameter.maximum) < 1e9, "pymeasure's own default is no limit"
    assert parameter.minimum <= parameter.default <= parameter.maximum
    if isinstance(parameter, FloatParameter) and key not in PURE_NUMBERS:
        assert parameter.units, f"{name}: {key} has no unit"


@pytest.mark.parametrize("name", PROCEDURES)
def test_key_parameters_are_few_and_exist(name: str) -> None:
    keys = key_parameters(name)
    assert 1 <= len(keys) <= 4
    assert set(keys) <= set(load(name).parameters())


@pytest.mark.parametrize("name", PROCEDURES)
def test_results_have_a_name_a_unit_and_a_meaning_each_once(name: str) -> None:
    for control in ("none", *(value for value, _ in controls(name))):
        found = result_names(name, control)
        names = [result.name for result in found]
        assert names
        assert len(set(names)) == len(names)
        assert all(result.unit and result.meaning for result in found)


def test_unknown_names_are_refused() -> None:
    with pytest.raises(KeyError):
        result_names("esp")
    with pytest.raises(KeyError):
        result_names("esr", "laser off")
    with pytest.raises(KeyError):
        result_names("g2", "microwave off")


def test_esr_results_are_those_of_the_analysis() -> None:
    rng = np.random.default_rng(5)
    frequency = np.linspace(8.2, 9.9, 120)
    found = sticks(DopantSpin(), 1.209, -0.186, 0.15, 2.5, 1.5)
    shape = np.array([line_shape(f - found.frequency_ghz, 0.03, "Lorentzian") @ found.share for f in frequency])
    on, off = rng.poisson(3000 * (1 + 0.5 * shape)), rng.poisson(np.full(frequency.size, 3000.0))
    fit = fit_multiplet(make_sweep(frequency, on, off, np.full(frequency.size, 0.15)), DopantSpin(), 2.5)
    results = esr_results(fit, DopantSpin(), 2.5)
    assert {name: result.unit for name, result in results.items()} == {r.name: r.unit for r in result_names("esr")}
