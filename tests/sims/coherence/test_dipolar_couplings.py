import numpy as np
import pytest

from sims.coherence.bath import SpinBath, joined, of_one_isotope
from sims.coherence.dipolar import (
    Field,
    Qubit,
    close_pairs,
    default_pairs,
    electron_coupling_rad_per_s,
    hyperfine_vectors,
    pair_tensors,
    secular_pair_couplings,
)
from sims.matter.isotopes import spin_isotopes

PROTON = spin_isotopes("H")[0]
CHLORINE = spin_isotopes("Cl")[0]


def test_electron_and_proton_one_nanometre_apart_couple_by_79_khz():
    assert electron_coupling_rad_per_s(PROTON.gyromagnetic_ratio_rad_per_s_per_t, 2.0, 1.0) / (
        2 * np.pi
    ) == pytest.approx(78.98e3, rel=1e-4)


def test_two_protons_one_nanometre_apart_couple_by_120_hz():
    bath = of_one_isotope(np.array([[1.0, 0, 0], [2.0, 0, 0]]), PROTON)
    pair = np.array([[0, 1]])
    assert secular_pair_couplings(bath, pair, Field(1.0))[0] / (2 * np.pi) == pytest.approx(120.12, rel=1e-3)
    assert secular_pair_couplings(bath, pair, Field(1.0, (1, 0, 0)))[0] / (2 * np.pi) == pytest.approx(
        -240.24, rel=1e-3
    )


def test_hyperfine_vector_is_twice_as_long_along_the_field_and_reversed_across():
    bath = of_one_isotope(np.array([[0, 0, 1.0], [1.0, 0, 0]]), PROTON)
    along, across = hyperfine_vectors(bath, Qubit(), Field(1.0))
    np.testing.assert_allclose(along, [0, 0, 2 * 2 * np.pi * 78.98e3], rtol=1e-4)
    np.testing.assert_allclose(across, -along / 2, atol=1e-6)


def test_contact_coupling_adds_along_the_axis():
    bath = SpinBath(np.array([[0, 0, 50.0]]), np.array([0.5]), np.array([1e8]), ("x",), np.array([1e6]))
    assert hyperfine_vectors(bath, Qubit(), Field(0.1, (0, 1, 0)))[0, 1] == pytest.approx(1e6, rel=1e-3)


def test_pair_tensor_has_no_trace():
    bath = of_one_isotope(np.random.default_rng(0).normal(size=(4, 3)), PROTON)
    tensors = pair_tensors(bath, np.array([[0, 1], [2, 3]]))
    np.testing.assert_allclose(np.trace(tensors, axis1=1, axis2=2), 0.0, atol=1e-9 * np.abs(tensors).max())


def test_only_equal_isotopes_pair_when_asked():
    bath = joined(
        of_one_isotope(np.array([[1.0, 0, 0], [1.2, 0, 0]]), PROTON), of_one_isotope(np.array([[1.1, 0, 0]]), CHLORINE)
    )
    assert close_pairs(bath, 0.5, same_isotope=True).tolist() == [[0, 1]]
    assert close_pairs(bath, 0.5, same_isotope=False).tolist() == [[0, 1], [0, 2], [1, 2]]


def test_few_spins_all_pair_by_default():
    bath = of_one_isotope(np.random.default_rng(0).normal(size=(7, 3)), PROTON)
    assert len(default_pairs(bath, 30, same_isotope=True)) == 21


def test_lone_spin_has_no_pair():
    bath = of_one_isotope(np.array([[1.0, 0, 0]]), PROTON)
    assert default_pairs(bath, 30, same_isotope=True).shape == (0, 2)
    assert close_pairs(bath, 1.0, same_isotope=True).shape == (0, 2)


@pytest.mark.parametrize(("spin", "level"), [(2.5, -2.5), (2.5, 1.0), (2.5, 3.5), (0.5, float("nan"))])
def test_missing_levels_are_refused(spin, level):
    with pytest.raises(ValueError, match="upper_projection"):
        Qubit(spin, level)


def test_unphysical_baths_fields_and_spins_are_refused():
    with pytest.raises(ValueError, match=r"spin = 0\.7"):
        Qubit(0.7, 0.2)
    with pytest.raises(ValueError, match="magnitude_t"):
        Field(-1.0)
    with pytest.raises(ValueError, match="axis"):
        Field(1.0, (0, 0, 0))
    with pytest.raises(ValueError, match="at the dopant itself"):
        of_one_isotope(np.zeros((1, 3)), PROTON)
    with pytest.raises(ValueError, match="multiple of 1/2"):
        SpinBath(np.ones((1, 3)), np.array([0.75]), np.array([1e8]), ("x",))
    with pytest.raises(ValueError, match="NaN"):
        SpinBath(np.array([[1.0, np.nan, 0]]), np.array([0.5]), np.array([1e8]), ("x",))
