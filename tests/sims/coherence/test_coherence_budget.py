import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sims.coherence.calibrated import (
    MN_PBS_RADIUS_NM,
    mn_pbs_relaxation,
    mn_pbs_surface_spins,
    power_law_relaxation,
    surface_spins_for_memory,
)
from sims.coherence.dipolar import Field
from sims.coherence.inputs import DotGeometry, Environment, LigandShell
from sims.coherence.noise_sources import ChargeNoise, OtherDopants, SurfaceSpins
from sims.coherence.relaxation import SpinLatticeRelaxation
from sims.coherence.scans import t2_against_purity, t2_against_shell, t2_against_temperature
from sims.coherence.sequences import cpmg, hahn_echo, ramsey
from sims.coherence.t2 import coherence_budget

DOT = DotGeometry("CdSe", 2.0)
MN_PBS = DotGeometry("PbS", MN_PBS_RADIUS_NM)
MN_PBS_PLACE = Environment(
    temperature_k=4.5, ligand=None, surface=mn_pbs_surface_spins(), relaxation=mn_pbs_relaxation()
)
SPARSE_LIGANDS = LigandShell(density_per_nm3=10.0)


def test_mn_pbs_comes_back_at_both_temperatures_and_nuclei_do_not_set_it():
    cold, warm = t2_against_temperature(MN_PBS, MN_PBS_PLACE, (4.5, 295.0), n_baths=2)
    assert cold.t2_s == pytest.approx(8e-6, rel=0.02)
    assert cold.limiting == "surface spins"
    assert cold.channel("lattice nuclei").t2_s > 50 * cold.t2_s
    assert cold.channel("phonons").t2_s == pytest.approx(20e-3)
    assert warm.t2_s == pytest.approx(1e-6, rel=0.05)
    assert warm.limiting == "phonons"


def test_calibrated_surface_has_about_one_spin_a_dot():
    assert 0.5 < mn_pbs_surface_spins().density_per_nm2 * 4 * np.pi * MN_PBS_RADIUS_NM**2 < 3.0


def test_calibrated_density_gives_back_the_memory_it_was_made_for():
    spins = surface_spins_for_memory(3e-6, 1e-4, MN_PBS_RADIUS_NM)
    budget = coherence_budget(MN_PBS, Environment(ligand=None, surface=spins), n_baths=1)
    assert budget.channel("surface spins").t2_s == pytest.approx(3e-6, rel=1e-3)


def test_budget_is_the_product_of_its_channels_and_shares_sum_to_one():
    place = Environment(
        ligand=SPARSE_LIGANDS,
        surface=SurfaceSpins(0.002, 1e-3),
        charge=ChargeNoise(1.0, 1e-6, g_shift_per_mv_per_m=1e-6),
        relaxation=SpinLatticeRelaxation(direct_per_s_per_k=1e3),
    )
    budget = coherence_budget(DOT, place, n_baths=1)
    assert [one.name for one in budget.channels] == [
        "lattice nuclei",
        "ligand protons",
        "surface spins",
        "charge noise",
        "phonons",
    ]
    product = np.prod([one.coherence for one in budget.channels], axis=0)
    np.testing.assert_allclose(budget.coherence, product, atol=1e-12)
    assert sum(one.share for one in budget.channels) == pytest.approx(1.0)
    assert budget.t2_s < min(one.t2_s for one in budget.channels)
    assert budget.channel("phonons").rate_per_s == pytest.approx(0.5 * 4.0 * 1e3)
    assert np.interp(budget.t2_s, budget.total_times_s, budget.coherence) == pytest.approx(np.exp(-1), abs=0.01)


def test_static_ligand_protons_give_the_closed_dephasing_time():
    pure = Environment(field=Field(1.0), isotopic_purity=1.0)
    budget = coherence_budget(DOT, pure, ramsey(), n_baths=2)
    assert budget.limiting == "ligand protons"
    assert budget.t2_s == pytest.approx(1.36e-6, rel=0.03)
    assert budget.exponent == pytest.approx(2.0, abs=0.05)


def test_echo_outlives_free_decay_and_more_pulses_the_echo():
    place = Environment(ligand=None, surface=SurfaceSpins(0.02, 1e-3))
    times = [coherence_budget(DOT, place, s, n_baths=1).t2_s for s in (ramsey(), hahn_echo(), cpmg(8))]
    assert times[0] < times[1] < times[2]


def test_thicker_shell_shields_an_off_centre_dopant():
    dot = DotGeometry("CdSe", 2.0, dopant_nm=(1.2, 0.0, 0.0))
    place = Environment(ligand=None, surface=SurfaceSpins(0.02, 1e-2))
    thin, thick, thicker = t2_against_shell(dot, place, "CdS", (0.0, 1.0, 2.0), n_baths=1)
    assert thin.t2_s < thick.t2_s < thicker.t2_s
    assert thick.channel("lattice nuclei").t2_s < thin.channel("lattice nuclei").t2_s


def test_purification_lengthens_the_time_up_to_no_limit():
    natural, better, best = t2_against_purity(DOT, Environment(ligand=None), (0.0, 0.9, 1.0), n_baths=4)
    assert better.t2_s / natural.t2_s > 2.0
    assert natural.t2_spread_s > 0
    assert best.t2_s == float("inf")
    assert best.limiting == "none"


def test_purity_by_element_enriches_core_and_shell():
    dot = DotGeometry("InP", 1.2, "ZnS", 0.6)
    layers = dot.layers({"Zn": 1.0, "S": 1.0})
    assert layers[1].material.spin_abundances["67Zn"] == 0.0


def test_a_second_dopant_across_the_dot_takes_the_static_coherence():
    far = OtherDopants(((0.0, 0.0, 1.8),), 1e-2)
    budget = coherence_budget(DOT, Environment(ligand=None, other_dopants=far), ramsey(), n_baths=1)
    coupling = 2 * np.pi * 52.04e6 * (2.0 / 2.00232) ** 2 * 2 / 1.8**3
    assert budget.channel("other dopants").t2_s == pytest.approx(np.sqrt(2) / (coupling * np.sqrt(35 / 12)), rel=1e-3)
    assert budget.limiting == "other dopants"


def test_mean_outlives_the_worst_bath():
    sparse = Environment(ligand=None, isotopic_purity=0.9)
    budget = coherence_budget(DOT, sparse, n_baths=4, seed=1)
    assert budget.t2_s > 0
    assert budget.coherence.min() < np.exp(-1) or budget.t2_s == float("inf")


@given(st.floats(2.0, 300.0))
@settings(max_examples=10, deadline=None)
def test_t2_never_exceeds_twice_t1(temperature):
    law = mn_pbs_relaxation()
    place = Environment(temperature_k=temperature, ligand=None, isotopic_purity={"Pb": 1.0, "S": 1.0}, relaxation=law)
    budget = coherence_budget(DotGeometry("PbS", 1.5), place, n_baths=1)
    assert budget.t2_s <= 2 * law.t1_s(temperature, 0.35) * (1 + 1e-9)


def test_relaxation_processes_have_their_temperature_laws():
    direct = SpinLatticeRelaxation(direct_per_s_per_k=10.0)
    assert direct.rate_per_s(4.0, 0.7) == pytest.approx(160.0)
    raman = SpinLatticeRelaxation(raman_per_s=1e-3, raman_exponent=7.0)
    assert raman.rate_per_s(8.0) / raman.rate_per_s(4.0) == pytest.approx(128.0)
    orbach = SpinLatticeRelaxation(orbach_per_s=1e9, orbach_energy_mev=10.0)
    assert orbach.rate_per_s(5.0) == pytest.approx(1e9 / np.expm1(10.0 / (8.617333262e-2 * 5.0)))
    assert SpinLatticeRelaxation().t1_s(300.0) == float("inf")


def test_power_law_passes_through_both_points():
    law = power_law_relaxation(4.5, 1e-2, 295.0, 5e-7, "two points")
    assert law.t1_s(4.5) == pytest.approx(1e-2)
    assert law.t1_s(295.0) == pytest.approx(5e-7)
    assert "calibrated" in mn_pbs_relaxation().origin


def test_same_seed_same_budget():
    first, second = (coherence_budget(DOT, Environment(ligand=None), n_baths=2, seed=4).t2_s for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: DotGeometry("CdSe", -1.0), "core_radius_nm"),
        (lambda: DotGeometry("CdSe", float("nan")), "core_radius_nm"),
        (lambda: DotGeometry("CdSe", 2.0, dopant_nm=(2.1, 0, 0)), "outside the core"),
        (lambda: DotGeometry("CdSe", 2.0, dopant_nm=(float("nan"), 0, 0)), "dopant_nm"),
        (lambda: DotGeometry("Nope", 2.0), "Nope"),
        (lambda: DotGeometry("CdSe", 2.0, "Nope", 1.0), "Nope"),
        (lambda: DotGeometry("CdSe", 2.0, None, 1.0), "give both or neither"),
        (lambda: DotGeometry("CdSe", 2.0, "CdS", 0.0), "give both or neither"),
        (lambda: Environment(temperature_k=-1.0), "temperature_k"),
        (lambda: LigandShell(deuteration=1.5), "deuteration"),
        (lambda: SurfaceSpins(-0.1, 1.0), "density_per_nm2"),
        (lambda: ChargeNoise(1.0, 0.0), "correlation_time_s"),
        (lambda: OtherDopants((), 1.0), "positions_nm"),
        (lambda: coherence_budget(DOT, Environment(other_dopants=OtherDopants(((0, 0, 0.1),), 1.0))), "another dopant"),
        (lambda: SpinLatticeRelaxation(raman_per_s=-1.0), "raman_per_s"),
        (lambda: mn_pbs_relaxation().t1_s(0.0), "temperature_k"),
        (lambda: power_law_relaxation(4.5, 1e-6, 295.0, 1e-3, ""), "must fall"),
        (lambda: coherence_budget(DOT, Environment(), n_baths=0), "n_baths"),
        (lambda: coherence_budget(DOT, Environment(isotopic_purity=1.2)), "purity"),
        (lambda: coherence_budget(DotGeometry("InP", 2.0), Environment(isotopic_purity=0.9)), "In|P"),
        (lambda: t2_against_temperature(DOT, Environment(), (4.0,)), "relaxation is None"),
        (lambda: coherence_budget(DOT, Environment(ligand=None), n_baths=1).channel("moon"), "moon"),
    ],
)
def test_unphysical_inputs_are_refused_by_name(make, named):
    with pytest.raises(ValueError, match=named):
        make()
