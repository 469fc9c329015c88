"""Whether a laser can address one line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procedures.addressing import overlap, refuse_unless_selective
from procedures.errors import RefusedError
from procedures.units import energy_mev, wavelength_nm, width_mev


def test_narrow_laser_addresses_one_line() -> None:
    found = overlap(1e-6, 0.1, [1.7, -1.7])
    assert found.selective
    assert found.cross_excitation == pytest.approx(1.0 / (1.0 + (2 * 1.7 / 0.1) ** 2), rel=1e-3)


def test_picosecond_source_several_nanometres_wide_is_refused_with_the_reason() -> None:
    width = width_mev(605.0, 2.5)
    with pytest.raises(RefusedError, match=r"opo_vis is 8\.47 meV wide, but the next line is only 1\.7 meV away"):
        refuse_unless_selective(overlap(width, 0.1, [1.7]), "opo_vis")


def test_single_line_needs_no_selectivity() -> None:
    assert overlap(10.0, 0.1, []).selective


@given(laser=st.floats(1e-6, 20.0), line=st.floats(0.01, 5.0), distance=st.floats(0.01, 20.0))
def test_cross_excitation_is_a_fraction_and_falls_with_distance(laser: float, line: float, distance: float) -> None:
    near, far = overlap(laser, line, [distance]), overlap(laser, line, [2 * distance])
    assert 0.0 <= far.cross_excitation <= near.cross_excitation <= 1.0


@given(st.floats(100.0, 5000.0))
def test_energy_and_wavelength_are_inverse(wavelength: float) -> None:
    assert wavelength_nm(energy_mev(wavelength)) == pytest.approx(wavelength)


def test_one_nanometre_at_600_nm_is_3_4_mev() -> None:
    assert width_mev(600.0, 1.0) == pytest.approx(3.444, abs=1e-3)
