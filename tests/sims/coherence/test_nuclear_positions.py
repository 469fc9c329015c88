import numpy as np
import pytest
from scipy.spatial import cKDTree

from sims.coherence.lattice import Layer, bond_length_nm, dopant_site_nm, nuclear_bath
from sims.coherence.noise_sources import SurfaceSpins
from sims.coherence.surroundings import ligand_protons, surface_spin_bath
from sims.matter.hosts import HOSTS, material
from sims.matter.nuclei import nuclear_species, with_isotopes

CENTRE = (0.0, 0.0, 0.0)


@pytest.mark.parametrize("host", HOSTS)
def test_number_of_nuclear_spins_follows_density_and_abundance(host):
    radius = 3.0
    bath = nuclear_bath([Layer(host, radius)], CENTRE, np.random.default_rng(3))
    lattice = material(host).lattice
    volume = 4 / 3 * np.pi * radius**3
    expected = sum(one.density_per_nm3(lattice.cation_volume_nm3) * volume for one in nuclear_species(host))
    assert len(bath) == pytest.approx(expected, abs=4 * np.sqrt(expected) + 0.04 * expected)


@pytest.mark.parametrize(("host", "bond_nm"), [("CdTe", 0.2806), ("PbS", 0.2968), ("ZnSe", 0.2454)])
def test_bond_lengths(host, bond_nm):
    assert bond_length_nm(material(host).lattice) == pytest.approx(bond_nm, rel=0.003)


def test_same_seed_same_bath_other_seed_other_bath():
    first, second, third = (nuclear_bath([Layer("CdSe", 2.0)], CENTRE, np.random.default_rng(s)) for s in (1, 1, 2))
    np.testing.assert_array_equal(first.positions_nm, second.positions_nm)
    assert first.positions_nm.shape != third.positions_nm.shape or np.any(first.positions_nm != third.positions_nm)


def test_dopant_takes_a_cation_site_and_its_atom_is_gone():
    layers = [Layer("InP", 2.0)]
    site = dopant_site_nm(layers, (1.0, 0.3, 0.0))
    assert np.linalg.norm(site - (1.0, 0.3, 0.0)) < 0.35
    bath = nuclear_bath(layers, site, np.random.default_rng(0))
    nearest = bath.positions_nm[np.argmin(np.linalg.norm(bath.positions_nm, axis=1))]
    assert np.linalg.norm(nearest) == pytest.approx(bond_length_nm(material("InP").lattice), rel=1e-6)


def test_shell_holds_its_own_isotopes_and_leaves_no_atom_on_another():
    layers = [Layer("InP", 1.2), Layer("CsPbBr3", 2.2)]
    bath = nuclear_bath(layers, CENTRE, np.random.default_rng(0))
    radius = np.linalg.norm(bath.positions_nm, axis=1)
    names = np.array(bath.names)
    assert radius[np.isin(names, ["113In", "115In", "31P"])].max() <= 1.2 + 1e-6
    assert radius[np.isin(names, ["133Cs", "79Br", "81Br"])].min() > 1.2
    distances, _ = cKDTree(bath.positions_nm).query(bath.positions_nm, k=2)
    assert distances[:, 1].min() > 0.7 * bond_length_nm(material("CsPbBr3").lattice) - 1e-9


def test_spin_free_host_has_an_empty_bath():
    pure = with_isotopes("CdSe", 1.0)
    assert len(nuclear_bath([Layer(pure, 2.0)], CENTRE, np.random.default_rng(0))) == 0


def test_protons_fill_the_shell_at_their_density_and_keep_apart():
    bath = ligand_protons(2.0, CENTRE, np.random.default_rng(2))
    radius = np.linalg.norm(bath.positions_nm, axis=1)
    assert 2.0 <= radius.min() <= radius.max() <= 3.0
    assert len(bath) == pytest.approx(60 * 4 / 3 * np.pi * 19, abs=4 * 70)
    distances, _ = cKDTree(bath.positions_nm).query(bath.positions_nm, k=2)
    assert distances[:, 1].min() > 0.15


def test_surface_spins_sit_on_the_surface():
    bath = surface_spin_bath(SurfaceSpins(0.5, 1e-3), 2.5, (1.0, 0, 0), np.random.default_rng(2))
    np.testing.assert_allclose(np.linalg.norm(bath.positions_nm + np.array([1.0, 0, 0]), axis=1), 2.5)
    assert len(bath) == pytest.approx(39, abs=25)


def test_unphysical_dots_are_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="outer_radius_nm"):
        Layer("CdSe", -2.0)
    with pytest.raises(ValueError, match="Unobtainium"):
        Layer("Unobtainium", 2.0)
    with pytest.raises(ValueError, match="outside the dot"):
        dopant_site_nm([Layer("CdSe", 2.0)], (2.5, 0, 0))
    with pytest.raises(ValueError, match="wider than the last"):
        nuclear_bath([Layer("CdSe", 2.0), Layer("CdS", 1.5)], CENTRE, rng)
    with pytest.raises(ValueError, match="dopant_nm"):
        ligand_protons(2.0, (2.5, 0, 0), rng)
    with pytest.raises(ValueError, match="too dense"):
        ligand_protons(2.0, CENTRE, rng, density_per_nm3=500.0)
