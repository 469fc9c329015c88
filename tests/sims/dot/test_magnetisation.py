"""Equations (3) and (4): Brillouin function, giant Zeeman splitting, signs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sims.basics.constants import BOHR_MAGNETON_MEV_PER_T, BOLTZMANN_MEV_PER_K
from sims.basics.spins import projections
from sims.dot.magnetisation import (
    GiantZeeman,
    brillouin_function,
    circular_dichroism,
    effective_g,
    fraction_for_effective_g,
    giant_zeeman_of,
    giant_zeeman_splitting_mev,
    mean_spin,
    saturation_splitting_mev,
)
from sims.matter.quantity import NotEstablishedError

SPINS = st.sampled_from([0.5, 1.0, 1.5, 2.0, 2.5, 3.5])
MN_ZNSE = GiantZeeman(fraction=0.0038, n0_alpha_mev=260.0, n0_beta_mev=-1310.0)


@pytest.mark.parametrize(("temperature_k", "expected"), [(2.0, -1.5643), (4.2, -0.8788), (300.0, -0.0131)])
def test_mean_spin_of_manganese_at_one_tesla(temperature_k: float, expected: float) -> None:
    assert float(mean_spin(1.0, temperature_k)) == pytest.approx(expected, abs=1e-4)


@given(spin=SPINS, field_t=st.floats(-20, 20), temperature_k=st.floats(0.3, 300))
def test_mean_spin_is_the_boltzmann_mean_over_the_levels(spin: float, field_t: float, temperature_k: float) -> None:
    m = projections(spin)
    exponent = -2.0 * BOHR_MAGNETON_MEV_PER_T * m * field_t / (BOLTZMANN_MEV_PER_K * temperature_k)
    weight = np.exp(exponent - exponent.max())
    assert float(mean_spin(field_t, temperature_k, spin)) == pytest.approx(m @ weight / weight.sum(), abs=1e-9)


@given(spin=SPINS, argument=st.floats(-1e-3, 1e-3))
def test_brillouin_function_is_smooth_at_zero(spin: float, argument: float) -> None:
    assert float(brillouin_function(spin, argument)) == pytest.approx((spin + 1) / (3 * spin) * argument, abs=1e-9)


def test_printed_form_of_equation_four() -> None:
    x = 2.0 * BOHR_MAGNETON_MEV_PER_T * 3.0 / (2 * BOLTZMANN_MEV_PER_K * 5.0)
    printed = -0.5 * (6 / np.tanh(6 * x) - 1 / np.tanh(x))
    assert float(mean_spin(3.0, 5.0)) == pytest.approx(printed, rel=1e-12)


def test_znse_with_g_of_minus_200_saturates_near_15_mev() -> None:
    fraction = fraction_for_effective_g(-200.0, MN_ZNSE, 2.0)
    model = GiantZeeman(fraction, 260.0, -1310.0)
    assert fraction == pytest.approx(0.0038, abs=1e-4)
    assert effective_g(model, 2.0) == pytest.approx(-200.0)
    assert saturation_splitting_mev(model) == pytest.approx(-14.8, abs=0.1)


def test_low_field_slope_is_the_effective_g() -> None:
    slope = float(giant_zeeman_splitting_mev(MN_ZNSE, 1e-4, 2.0)) / (BOHR_MAGNETON_MEV_PER_T * 1e-4)
    assert slope == pytest.approx(effective_g(MN_ZNSE, 2.0), rel=1e-5)


def test_signs_of_manganese_and_copper() -> None:
    copper = GiantZeeman(0.004, n0_alpha_mev=0.0, n0_beta_mev=500.0, spin=0.5, g_factor=2.15)
    assert float(giant_zeeman_splitting_mev(MN_ZNSE, 3.0, 2.0)) < 0
    assert float(giant_zeeman_splitting_mev(copper, 3.0, 2.0)) > 0
    assert saturation_splitting_mev(MN_ZNSE) == pytest.approx(float(giant_zeeman_splitting_mev(MN_ZNSE, 1e3, 1.0)))


def test_models_from_the_ion_table_have_the_known_signs() -> None:
    splitting = {
        (element, host): float(giant_zeeman_splitting_mev(giant_zeeman_of(element, host, 0.004), 3.0, 2.0))
        for element, host in (("Mn", "ZnSe"), ("Mn", "CdS"), ("Co", "CdSe"), ("Cr", "ZnSe"))
    }
    assert [np.sign(value) for value in splitting.values()] == [-1, -1, -1, 1]
    with pytest.raises(NotEstablishedError, match=r"Cu2\+ in ZnSe.*N0alpha"):
        giant_zeeman_of("Cu", "ZnSe", 0.004)


def test_intrinsic_and_exchange_part_oppose_each_other_for_manganese() -> None:
    model = GiantZeeman(0.001, 230.0, -1270.0, intrinsic_g=1.5)
    assert float(giant_zeeman_splitting_mev(model, 2.0, 4.0)) > float(
        giant_zeeman_splitting_mev(GiantZeeman(0.001, 230.0, -1270.0), 2.0, 4.0)
    )


def test_the_coupled_dopants_look_warmer() -> None:
    assert float(mean_spin(2.0, 2.0, antiferromagnetic_k=1.0)) == pytest.approx(float(mean_spin(2.0, 3.0)))


def test_dichroism_is_the_splitting_over_twice_the_standard_deviation() -> None:
    sigma, splitting = 10.0, 0.2
    energy = sigma
    plus, minus = (np.exp(-((energy - s * splitting / 2) ** 2) / (2 * sigma**2)) for s in (1, -1))
    assert float(circular_dichroism(splitting, 2.354820045 * sigma)) == pytest.approx(
        (plus - minus) / (plus + minus), rel=1e-3
    )


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: mean_spin(1.0, -1.0), "temperature_k"),
        (lambda: mean_spin(1.0, float("nan")), "temperature_k"),
        (lambda: mean_spin(float("inf"), 1.0), "field_t"),
        (lambda: mean_spin(1.0, 1.0, spin=0.7), "spin 0.7"),
        (lambda: GiantZeeman(1.5, 200.0, -1000.0), "fraction = 1.5"),
        (lambda: GiantZeeman(0.1, float("nan"), -1000.0), "n0_alpha_mev"),
        (lambda: fraction_for_effective_g(1e9, MN_ZNSE, 2.0), "wanted_g"),
        (lambda: circular_dichroism(0.1, 0.0), "fwhm_mev"),
    ],
)
def test_unphysical_input_is_refused_by_name(call: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()  # type: ignore[operator]
