import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sims.matter.alloys import alloy
from sims.matter.hosts import HOSTS
from sims.matter.isotopes import ISOTOPES, spin_free_fraction, spin_isotopes
from sims.matter.nuclei import nuclear_species, with_isotopes


@pytest.mark.parametrize(
    ("isotope", "moment_in_nuclear_magnetons"),
    # Magnetic moments as tabulated by N. J. Stone (2005), an independent list.
    [("1H", 2.7928), ("31P", 1.1316), ("67Zn", 0.8755), ("77Se", 0.5351), ("111Cd", -0.5949), ("113Cd", -0.6223),
     ("115In", 5.5408), ("125Te", -0.8885), ("133Cs", 2.5820), ("139La", 2.7830), ("127I", 2.8133), ("33S", 0.6438)],
)  # fmt: skip
def test_gyromagnetic_ratios_agree_with_tabulated_moments(isotope: str, moment_in_nuclear_magnetons: float) -> None:
    found = next(entry for entry in ISOTOPES if entry.name == isotope)
    assert found.g_factor * found.spin == pytest.approx(moment_in_nuclear_magnetons, rel=5e-4)


def test_spins_are_half_integers_and_abundances_do_not_exceed_one() -> None:
    for isotope in ISOTOPES:
        assert (2 * isotope.spin) % 1 == 0
        assert isotope.spin > 0
    for element in {isotope.element for isotope in ISOTOPES}:
        assert 0 < sum(isotope.abundance for isotope in spin_isotopes(element)) <= 1 + 1e-9


def test_natural_cdse_has_a_quarter_of_its_cadmium_and_eight_percent_of_its_selenium_with_spin() -> None:
    species = {entry.isotope: entry for entry in nuclear_species("CdSe")}
    assert set(species) == {"111Cd", "113Cd", "77Se"}
    assert species["111Cd"].abundance + species["113Cd"].abundance == pytest.approx(0.25, abs=0.001)
    assert species["77Se"].sublattice == "anion"
    assert species["77Se"].density_per_nm3(0.0561) == pytest.approx(1.360, abs=1e-3)


@pytest.mark.parametrize("name", HOSTS)
def test_no_sublattice_is_overfull(name: str) -> None:
    species = nuclear_species(name)
    for sublattice in {entry.sublattice for entry in species}:
        assert sum(entry.abundance for entry in species if entry.sublattice == sublattice) <= 1 + 1e-9


def test_sites_per_cation_of_perovskite_and_oxysulphide() -> None:
    assert {e.isotope: e.sites_per_cation for e in nuclear_species("CsPbBr3")} == {
        "207Pb": 1.0, "133Cs": 1.0, "79Br": 3.0, "81Br": 3.0,
    }  # fmt: skip
    assert {e.element: e.sites_per_cation for e in nuclear_species("Y2O2S")} == {"Y": 1.0, "O": 1.0, "S": 0.5}


@settings(deadline=None)
@given(st.floats(0.0, 1.0))
def test_purity_is_reached_and_natural_proportions_are_kept(purity: float) -> None:
    species = {entry.isotope: entry.abundance for entry in nuclear_species(with_isotopes("CdTe", {"Cd": purity}))}
    cadmium = species.get("111Cd", 0.0) + species.get("113Cd", 0.0)
    assert cadmium == pytest.approx(1 - purity, abs=1e-12)
    assert species["125Te"] == 0.0707
    if cadmium > 1e-6:
        assert species["111Cd"] / species["113Cd"] == pytest.approx(12.80 / 12.22)


def test_one_number_purifies_every_element_at_least_to_it() -> None:
    species = {entry.isotope: entry.abundance for entry in nuclear_species(with_isotopes("CdS", 0.99))}
    assert species["33S"] == pytest.approx(0.0076)  # sulphur is purer by nature
    assert species["111Cd"] + species["113Cd"] == pytest.approx(0.01)
    assert nuclear_species(with_isotopes("CdSe", 1.0)) == ()


def test_elements_without_a_spin_free_isotope_are_refused_by_name() -> None:
    assert spin_free_fraction("In") == spin_free_fraction("Br") == spin_free_fraction("La") == 0.0
    with pytest.raises(ValueError, match="purity of In"):
        with_isotopes("InP", 0.9)
    species = {entry.isotope: entry.abundance for entry in nuclear_species(with_isotopes("CsPbBr3", {"Pb": 0.999}))}
    assert species["207Pb"] == pytest.approx(0.001)
    assert species["79Br"] == 0.5069


@pytest.mark.parametrize("bad", [-0.1, 1.1, float("nan")])
def test_impossible_purity_or_element_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="purity of Cd"):
        with_isotopes("CdSe", {"Cd": bad})
    with pytest.raises(ValueError, match="Zn"):
        with_isotopes("CdSe", {"Zn": 0.9})


def test_alloy_shares_its_anion_sites() -> None:
    species = {entry.isotope: entry for entry in nuclear_species(alloy("CdSe", "CdS", 0.25))}
    assert species["77Se"].abundance == pytest.approx(0.25 * 0.0763)
    assert species["33S"].abundance == pytest.approx(0.75 * 0.0076)
    cadmium = [entry.abundance for entry in nuclear_species(alloy("CdSe", "CdS", 0.25)) if entry.element == "Cd"]
    assert np.sum(cadmium) == pytest.approx(0.2502)
