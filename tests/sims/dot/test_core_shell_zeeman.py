import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sims.dot.core_shell_zeeman import KineticExchange, bussian_series, uniform_doping_splitting_mev

SHELLS_NM = (0.0, 0.4, 0.8, 1.0)


def test_shares_and_normalised_splitting_against_shell_thickness() -> None:
    rows = bussian_series(SHELLS_NM)
    assert [row.electron_in_core for row in rows] == pytest.approx([0.963, 0.578, 0.282, 0.204], abs=6e-4)
    assert [row.hole_in_core for row in rows] == pytest.approx([0.995, 0.869, 0.534, 0.386], abs=6e-4)
    assert [row.normalised_splitting for row in rows] == pytest.approx([0.99, 0.82, 0.49, 0.36], abs=0.006)


@settings(max_examples=8, deadline=None)
@given(st.floats(140.0, 300.0), st.floats(1.4, 2.2))
def test_no_sign_change_for_any_published_offset(valence_step_mev: float, core_radius_nm: float) -> None:
    rows = bussian_series((0.0, 0.5, 1.0, 2.0, 3.0), core_radius_nm, valence_step_mev)
    splitting = [row.normalised_splitting for row in rows]
    assert min(splitting) > 0
    assert np.all(np.diff(splitting) < 0)
    assert all(row.electron_in_core < row.hole_in_core for row in rows)


def test_a_declared_kinetic_exchange_can_turn_the_sign() -> None:
    rows = bussian_series(SHELLS_NM, kinetic=KineticExchange(electron_slope=-6.0))
    assert rows[0].normalised_splitting < 0
    assert bussian_series(SHELLS_NM, kinetic=KineticExchange()) == bussian_series(SHELLS_NM)


def test_giant_zeeman_splitting_of_manganese_is_negative_and_saturates_at_the_bulk_value() -> None:
    # x = .38 %, N0(alpha - beta) = 1.57 eV, <S_z> = -5/2: the 14.8 meV of g_eff = -200 at 2 K.
    full = uniform_doping_splitting_mev(0.0038, -2.5, 260.0, -1310.0, 1.0, 1.0)
    assert full == pytest.approx(-14.9, abs=0.1)
    assert uniform_doping_splitting_mev(0.0038, 2.5, 260.0, -1310.0, 1.0, 1.0) == -full


@pytest.mark.parametrize(
    ("numbers", "words"),
    [((1.5, -2.5, 1.0, -1.0, 1.0, 1.0), "dopant_fraction"), ((0.1, np.nan, 1.0, -1.0, 1.0, 1.0), "spin_z"),
     ((0.1, -2.5, 1.0, -1.0, 1.2, 1.0), "electron_share"), ((0.1, -2.5, 1.0, np.inf, 1.0, 1.0), "n0_beta_mev")],
)  # fmt: skip
def test_unphysical_numbers_are_refused_by_name(numbers: tuple[float, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        uniform_doping_splitting_mev(*numbers)


def test_unphysical_dots_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="core_radius_nm"):
        bussian_series((0.4,), -1.0)
    with pytest.raises(ValueError, match="thickness_nm"):
        bussian_series((-0.4,))
    with pytest.raises(ValueError, match="slope"):
        bussian_series((0.4,), kinetic=KineticExchange(float("nan")))
