import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sims.basics.spins import placed_scalar_product
from sims.dot.exchange import (
    carrier_densities,
    effective_field_t,
    electron_exchange_mev,
    exact_electron_splitting_mev,
    exchange_constants,
    hole_exchange_mev,
    mean_field_electron_splitting_mev,
    sample_layers,
    sample_pair,
)
from sims.dot.sample import Sample, parse_sample
from sims.envelope.sphere import electron_density_per_nm3
from sims.matter.hosts import material

CDS_VOLUME_NM3 = material("CdS").cation_volume_nm3


def test_exchange_of_a_centred_dopant_in_a_bare_cdse_dot(default_sample: Sample) -> None:
    dopant = default_sample.dopants[0].model_copy(update={"position_nm": 0.0})
    bare = default_sample.model_copy(update={"shell": "none", "shell_thickness_nm": 0.0})
    exchange = exchange_constants(bare, dopant)
    assert exchange.electron_mev == pytest.approx(-2.53, abs=0.01)
    assert exchange.hole_mev == pytest.approx(6.65, abs=0.01)


def test_override_replaces_the_computed_exchange(cdte_sample: Sample) -> None:
    exchange = exchange_constants(cdte_sample, cdte_sample.dopants[0])
    assert (exchange.electron_mev, exchange.hole_mev) == (-0.07, 0.15)


@pytest.mark.parametrize(
    ("radius_nm", "mean_field_mev", "exact_mev"),
    [(1.5, 12.78, 15.33), (2.0, 5.39, 6.47), (2.5, 2.76, 3.31), (3.0, 1.60, 1.92)],
)
def test_zero_field_electron_splitting_of_cds_in_both_forms(
    radius_nm: float, mean_field_mev: float, exact_mev: float
) -> None:
    density = electron_density_per_nm3(0.0, radius_nm)
    assert mean_field_electron_splitting_mev(2.5, 220.0, CDS_VOLUME_NM3, density) == pytest.approx(
        mean_field_mev, abs=0.01
    )
    assert exact_electron_splitting_mev(2.5, 220.0, CDS_VOLUME_NM3, density) == pytest.approx(exact_mev, abs=0.01)


def test_effective_field_of_the_dopant_on_the_electron() -> None:
    splitting = mean_field_electron_splitting_mev(2.5, 220.0, CDS_VOLUME_NM3, electron_density_per_nm3(0.0, 2.0))
    assert effective_field_t(splitting) == pytest.approx(47.0, abs=0.5)


@settings(deadline=None)
@given(st.sampled_from([0.5, 1.0, 1.5, 2.0, 2.5]), st.floats(10.0, 400.0), st.floats(0.001, 0.5))
def test_exact_form_is_the_splitting_of_the_hamiltonian(spin: float, n0_alpha: float, density: float) -> None:
    constant = electron_exchange_mev(n0_alpha, 0.05, density)
    energies = np.linalg.eigvalsh(constant * placed_scalar_product((spin, 0), (0.5, 1), (round(2 * spin + 1), 2)))
    exact = exact_electron_splitting_mev(spin, n0_alpha, 0.05, density)
    assert energies[-1] - energies[0] == pytest.approx(exact, rel=1e-9)
    # alpha > 0 is ferromagnetic: the 2S + 2 states of total spin S + 1/2 lie lowest.
    assert np.sum(energies < np.mean([energies[0], energies[-1]])) == round(2 * spin + 2)


def test_signs_for_manganese() -> None:
    assert electron_exchange_mev(220.0, 0.05, 0.2) < 0
    assert hole_exchange_mev(-1800.0, 0.05, 0.2) == pytest.approx(1800 * 0.05 * 0.2 / 3)


def test_effective_mass_model_spreads_the_carriers_and_reaches_into_the_shell(default_sample: Sample) -> None:
    real = default_sample.model_copy(update={"envelope_model": "effective-mass"})
    hard = carrier_densities(default_sample, 1.18)
    soft = carrier_densities(real, 1.18)
    # A type-I step of 326 meV keeps the electron nearer to the core than one well over core and shell does.
    assert soft.electron_per_nm3 > 2 * hard.electron_per_nm3
    assert carrier_densities(default_sample, 2.2).hole_per_nm3 == 0.0
    assert carrier_densities(real, 2.2).hole_per_nm3 > 0.0
    pair = sample_pair(real)
    assert sum(pair.hole.layer_fractions()) == pytest.approx(1.0, abs=1e-3)


def test_shells_become_layers_whose_interface_is_on_their_inner_side(default_sample: Sample) -> None:
    fields = default_sample.model_dump(exclude={"shell", "shell_thickness_nm"}) | {
        "shells": [
            {"material": "CdS", "thickness_nm": 1.0, "interface_nm": 0.4},
            {"material": "ZnS", "thickness_nm": 0.6},
        ]
    }
    layers = sample_layers(parse_sample(fields, "test"))
    assert [(layer.host, layer.thickness_nm, layer.interface_nm) for layer in layers] == [
        ("CdSe", 2.0, 0.4), ("CdS", 1.0, 0.0), ("ZnS", 0.6, 0.0),
    ]  # fmt: skip


def test_a_host_without_a_gamma8_hole_uses_one_band(default_sample: Sample) -> None:
    lead = default_sample.model_copy(update={"host": "PbS", "shell": "none", "shell_thickness_nm": 0.0})
    density = carrier_densities(lead, 0.5)
    assert density.hole_per_nm3 == density.electron_per_nm3 == electron_density_per_nm3(0.5, 2.0)


def test_zero_exchange_needs_no_envelope(default_sample: Sample) -> None:
    dopant = default_sample.dopants[0].model_copy(update={"n0_alpha_mev": 0.0, "n0_beta_mev": 0.0})
    odd = default_sample.model_copy(update={"host": "La2O2S", "shell": "none", "envelope_model": "effective-mass"})
    exchange = exchange_constants(odd, dopant)
    assert (exchange.electron_mev, exchange.hole_mev) == (0.0, 0.0)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -1.0])
def test_unphysical_numbers_are_refused_by_name(default_sample: Sample, bad: float) -> None:
    with pytest.raises(ValueError, match="density_per_nm3"):
        electron_exchange_mev(220.0, 0.05, bad)
    with pytest.raises(ValueError, match="cation_volume_nm3"):
        hole_exchange_mev(-1000.0, bad, 0.1)
    with pytest.raises(ValueError, match="spin"):
        exact_electron_splitting_mev(bad, 220.0, 0.05, 0.1)
    with pytest.raises(ValueError, match="position_nm"):
        carrier_densities(default_sample, bad)


def test_a_spin_that_is_no_half_integer_is_refused() -> None:
    with pytest.raises(ValueError, match=r"spin = 2\.3"):
        mean_field_electron_splitting_mev(2.3, 220.0, 0.05, 0.1)
    with pytest.raises(ValueError, match="g_factor"):
        effective_field_t(1.0, 0.0)
