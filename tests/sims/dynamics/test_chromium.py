import numpy as np
import pytest

from sims.basics.checks import UnphysicalInputError
from sims.dynamics.chromium import (
    Chromium,
    chromium_levels,
    d0_from_strain_mev,
    dark_relaxation,
    projection_populations,
)

ZERO = (0.0, 0.0, 0.0)


def test_strain_levels() -> None:
    energies, _ = chromium_levels(Chromium(2.0), ZERO)
    assert energies == pytest.approx([0, 2, 2, 8, 8])
    energies, _ = chromium_levels(Chromium(2.0, 0.1), ZERO)
    assert energies[2] - energies[1] == pytest.approx(6 * 0.1)


def test_only_zero_and_one_are_populated_when_cold() -> None:
    populations = projection_populations(Chromium(1.0), ZERO, 5.0)
    assert populations[[0, 4]].sum() < 1e-3
    assert populations[2] > populations[1] > 0.05
    assert populations.sum() == pytest.approx(1.0)


def test_measured_t1_at_5_kelvin_and_faster_when_hotter() -> None:
    ion = Chromium(2.0, 0.1)
    assert dark_relaxation(ion, ZERO, 5.0).t1_us == pytest.approx(2.0)
    hotter = [dark_relaxation(ion, ZERO, t).t1_us for t in (5.0, 10.0, 20.0, 40.0)]
    assert hotter == sorted(hotter, reverse=True)


@pytest.mark.parametrize("field", [ZERO, (0.0, 0.0, 1.0), (0.5, 0.2, 0.1)])
def test_dark_relaxation_ends_in_thermal_equilibrium(field: tuple[float, float, float]) -> None:
    relaxation = dark_relaxation(Chromium(1.5, 0.2), field, 5.0)
    assert relaxation.generator_per_us.sum(axis=0) == pytest.approx(np.zeros(5), abs=1e-9)
    energies = relaxation.energies_mev
    thermal = np.exp(-(energies - energies[0]) / (8.617333262e-2 * 5.0))
    end = relaxation.populations(np.array([0, 0, 0, 0, 1.0]), np.array([0.0, 200.0]))
    assert end[0] == pytest.approx([0, 0, 0, 0, 1])
    assert end[1] == pytest.approx(thermal / thermal.sum(), abs=1e-6)


def test_strain_is_linear() -> None:
    assert d0_from_strain_mev(-2e-2, 2e-2, -50.0) == pytest.approx(2.0)
    assert d0_from_strain_mev(-4e-2, 4e-2, -50.0) == pytest.approx(4.0)


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda: Chromium(float("nan")), "zero_field_d_mev"),
        (lambda: dark_relaxation(Chromium(0.0), ZERO, 5.0), "all levels coincide"),
        (lambda: dark_relaxation(Chromium(1.0), ZERO, 0.0), "temperature_k"),
        (lambda: dark_relaxation(Chromium(1.0), ZERO, 5.0).populations(np.ones(5), np.array([1.0])), "start"),
        (lambda: chromium_levels(Chromium(1.0), (0.0, float("nan"), 0.0)), "field_t.y"),
    ],
)
def test_unphysical_chromium_input_is_refused_by_name(action, message: str) -> None:
    with pytest.raises(UnphysicalInputError, match=message):
        action()
