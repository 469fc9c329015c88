import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sims.matter.hosts import HOSTS, material
from sims.matter.lattice import Lattice, cubic, sites_in_sphere


@pytest.mark.parametrize("name", HOSTS)
def test_number_of_sites_in_a_large_sphere_is_volume_over_volume_per_cation(name: str) -> None:
    lattice = material(name).lattice
    sites = sites_in_sphere(lattice, 4.0, "cation", offset_nm=np.array([0.1, 0.05, 0.02]))
    assert len(sites) == pytest.approx(4 / 3 * np.pi * 4.0**3 / lattice.cation_volume_nm3, rel=0.02)


@pytest.mark.parametrize(
    ("name", "bond_nm", "neighbours"),
    [("ZnSe", 0.2454, 4), ("CdSe", 0.2630, 4), ("PbS", 0.2968, 6), ("CsPbBr3", 0.2937, 6)],
)
def test_a_cation_has_the_right_number_of_anions_at_bond_length(name: str, bond_nm: float, neighbours: int) -> None:
    anions = sites_in_sphere(material(name).lattice, 1.05 * bond_nm, "anion", centre_on="cation")
    assert len(anions) == neighbours
    assert np.linalg.norm(anions, axis=1) == pytest.approx(bond_nm, rel=0.01)


def test_twelve_cation_neighbours_in_zinc_blende_and_wurtzite() -> None:
    for name in ("ZnSe", "CdSe"):
        lattice = material(name).lattice
        reach = 1.05 * lattice.nearest_cation_distance_nm
        assert len(sites_in_sphere(lattice, reach, "cation", centre_on="cation")) == 13


def test_oxysulphide_metal_has_four_oxygens_and_three_sulphurs() -> None:
    lattice = material("La2O2S").lattice
    assert len(sites_in_sphere(lattice, 0.26, "oxygen", centre_on="cation")) == 4
    assert len(sites_in_sphere(lattice, 0.32, "anion", centre_on="cation")) == 3


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(HOSTS), st.floats(0.3, 1.5), st.integers(0, 10**6))
def test_shifting_by_a_lattice_vector_changes_nothing(name: str, radius_nm: float, seed: int) -> None:
    lattice = material(name).lattice
    rng = np.random.default_rng(seed)
    offset = rng.random(3) @ lattice.vectors_nm
    shifted = offset + rng.integers(-2, 3, 3) @ lattice.vectors_nm
    one = sites_in_sphere(lattice, radius_nm, "cation", offset_nm=offset)
    other = sites_in_sphere(lattice, radius_nm, "cation", offset_nm=shifted)
    assert len(one) == len(other)
    assert np.sort(np.linalg.norm(one, axis=1)) == pytest.approx(np.sort(np.linalg.norm(other, axis=1)), abs=1e-9)


def test_nonsense_lattices_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="structure 'diamond'"):
        Lattice("diamond", 0.5, 0.5, "x")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="a_nm"):
        cubic("zinc-blende", -0.5, "x")
    with pytest.raises(ValueError, match="c_nm"):
        Lattice("rock-salt", 0.5, 0.6, "x")
    with pytest.raises(ValueError, match="oxygen"):
        sites_in_sphere(material("CdSe").lattice, 1.0, "oxygen")
