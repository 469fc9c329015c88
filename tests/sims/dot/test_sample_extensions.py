"""Sample files beyond one Mn2+: other ions, shells, charge, pairs, warnings."""

import warnings
from typing import Any

import pytest

from sims.dot.sample import NotEstablished, Sample, SampleError, load_sample, parse_sample
from sims.dot.sample_defaults import nearest_cations_nm
from sims.matter.dopants import ion_in_host

CDTE = {"host": "CdTe", "shell": "ZnTe"}
NO_SHELL = {"shell": "none", "shell_thickness_nm": 0.0}


def fields(**changes: Any) -> dict[str, Any]:
    base = load_sample("undoped-cdse-cds").model_dump()
    for name in ("dark_t1_us", "energy_transfer_ps", "inner_emission"):
        base.pop(name)
    return base | changes


def quiet(given: dict[str, Any]) -> Sample:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotEstablished)
        return parse_sample(given, "test")


def test_numbers_left_out_come_from_the_ion_table_of_the_host() -> None:
    dopant = parse_sample(fields(dopants=[{"element": "Mn", "position_nm": 1.0}]), "test").dopants[0]
    known = ion_in_host("Mn", "CdSe")
    assert dopant.g_factor == known.g_factor.value == 2.003
    assert dopant.hyperfine_uev == pytest.approx(-0.771, abs=1e-3)
    assert dopant.n0_beta_mev == known.n0_beta_mev.value
    assert (dopant.spin, dopant.nuclear_spin) == (2.5, 2.5)


@pytest.mark.parametrize(
    ("element", "spin", "nuclear_spin"),
    [("Mn", 2.5, 2.5), ("Cu", 0.5, 1.5), ("Co", 1.5, 3.5), ("Cr", 2.0, 0.0), ("Fe", 2.5, 0.0), ("Er", 0.5, 0.0)],
)
def test_six_ions_have_their_spins(element: str, spin: float, nuclear_spin: float) -> None:
    dopant = quiet(fields(dopants=[{"element": element, "position_nm": 1.0}])).dopants[0]
    assert (dopant.spin, dopant.nuclear_spin) == (spin, nuclear_spin)


def test_unknown_exchange_is_zero_and_one_warning_names_it() -> None:
    with pytest.warns(NotEstablished) as caught:
        sample = parse_sample(fields(dopants=[{"element": "Er", "position_nm": 1.0}]), "test")
    assert sample.dopants[0].n0_alpha_mev == sample.dopants[0].n0_beta_mev == 0.0
    assert len(caught) == 1
    text = str(caught[0].message)
    assert "\n" not in text
    for word in ("Er3+", "CdSe", "n0_alpha_mev", "n0_beta_mev"):
        assert word in text


def test_stated_numbers_do_not_warn() -> None:
    stated = {"element": "Er", "position_nm": 1.0, "electron_exchange_mev": 0.0, "hole_exchange_mev": 0.0}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        parse_sample(fields(dopants=[stated], dark_t1_us=10.0), "test")


def test_a_sample_survives_its_own_dump_without_a_warning() -> None:
    sample = quiet(fields(dopants=[{"element": "Co", "position_nm": 1.0}], charge=-1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert parse_sample(sample.model_dump(), "again") == sample


def test_strain_sets_the_crystal_field_of_chromium() -> None:
    base = {"element": "Cr", "position_nm": 1.0}
    one, two = (quiet(fields(**CDTE, dopants=[base | {"axial_strain": strain}])).dopants[0] for strain in (0.05, 0.10))
    assert 500 <= one.axial_d_uev <= 3000
    assert two.axial_d_uev == pytest.approx(2 * one.axial_d_uev)
    unstrained = quiet(fields(**CDTE, dopants=[base])).dopants[0]
    assert 1000 <= unstrained.axial_d_uev <= 3000


def test_the_slowest_known_relaxation_time_of_chromium_is_used() -> None:
    assert quiet(fields(dopants=[{"element": "Cr", "position_nm": 1.0}])).dark_t1_us == 2.0


def test_nearest_neighbours_fall_silent_and_distant_ions_do_not() -> None:
    near = nearest_cations_nm("CdSe")
    assert near == pytest.approx(0.43, abs=0.01)

    def pair(distance_nm: float) -> Sample:
        ions = [
            {"element": "Mn", "position_nm": distance_nm, "direction": [1, 0, 0]},
            {"element": "Mn", "position_nm": 0.0},
            {"element": "Mn", "position_nm": 1.9, "direction": [0, 0, 1]},
        ]
        return parse_sample(fields(dopants=ions), "test")

    assert (len(pair(near).dopants), len(pair(near).silent_dopants)) == (1, 2)
    assert pair(near).dopants[0].position_nm == 1.9
    assert (len(pair(2 * near).dopants), len(pair(2 * near).silent_dopants)) == (3, 0)


def test_copper_plus_is_silent() -> None:
    sample = quiet(fields(dopants=[{"element": "Cu", "position_nm": 1.0, "oxidation_state": 1}]))
    assert (len(sample.dopants), len(sample.silent_dopants)) == (0, 1)


def test_shells_and_shell_give_the_same_geometry() -> None:
    listed = parse_sample(fields(**NO_SHELL, shells=[{"material": "CdS", "thickness_nm": 3.0}]), "test")
    assert listed.layers == parse_sample(fields(), "test").layers
    assert listed.outer_radius_nm == 5.0


MN = {"element": "Mn", "position_nm": 1.0}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"shells": [{"material": "CdS", "thickness_nm": 1.0}]}, ["shells", "not both"]),
        (
            {"shell": "none", "shell_thickness_nm": 0.0, "shells": [{"material": "Kryptonite", "thickness_nm": 1.0}]},
            ["shells.0.material", "Kryptonite", "CdS"],
        ),
        (
            {
                "shell": "none",
                "shell_thickness_nm": 0,
                "shells": [{"material": "CdS", "thickness_nm": 1, "interface_nm": 2}],
            },
            ["interface_nm", "wider"],
        ),
        ({"core_radius_nm": -2.0}, ["core_radius_nm", "-2"]),
        ({"charge": 2}, ["charge", "2"]),
        ({"dopants": [MN | {"position_nm": -1.0}]}, ["dopants.0.position_nm", "-1"]),
        ({"dopants": [MN | {"position_nm": 7.0}]}, ["dopants.0.position_nm", "outside the dot"]),
        ({"dopants": [MN | {"spin": 0.0}]}, ["spin", "at least 1/2"]),
        ({"dopants": [MN | {"nuclear_spin": 0.7}]}, ["nuclear_spin", "0.7"]),
        ({"dopants": [MN | {"direction": [0, 0, 0]}]}, ["direction"]),
        ({"dopants": [MN | {"oxidation_state": 3}]}, ["oxidation_state", "Mn2+"]),
        ({"dopants": [MN | {"direction": [0, 0, 1]}] * 2}, ["one lattice site"]),
        ({"dopants": [MN] * 4}, ["dopants", "3"]),
        ({"dopants": [MN], "dopant_exchange": [{"first": 0, "second": 1, "exchange_mev": 0.1}]}, ["dopant_exchange.0"]),
        ({"dopants": "Mn"}, ["dopants"]),
        ({"dopants": [MN], "inner_emission": None}, ["inner_emission", "state it"]),
        ({"blinking": {"power_law": {"longest_on_s": 1e-4}}}, ["longest_on_s", "shortest_s"]),
        ({"lifetime_ns": float("nan")}, ["lifetime_ns", "finite"]),
    ],
)
def test_unphysical_samples_are_refused_by_name_in_one_line(changes: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(SampleError) as caught:
        parse_sample(fields(**changes), "test")
    assert "\n" not in str(caught.value)
    for word in words:
        assert word in str(caught.value)
