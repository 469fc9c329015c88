"""The ion table: completeness, signs, units."""

import numpy as np
import pytest

from sims.matter.dopants import IONS, ion, ion_in_host, strain_crystal_field_uev, wavenumber_uev
from sims.matter.hosts import HOSTS


@pytest.mark.parametrize("symbol", IONS)
@pytest.mark.parametrize("host", HOSTS)
def test_every_entry_states_source_unit_and_uncertainty(symbol: str, host: str) -> None:
    entry = ion_in_host(symbol, host)
    for name in ("hyperfine_uev", "zero_field_d_uev", "zero_field_e_uev", "cubic_a_uev", "n0_alpha_mev", "n0_beta_mev"):
        quantity = getattr(entry, name)
        assert quantity.source
        assert quantity.unit.lower() == name.rsplit("_", 1)[1]
        assert quantity.uncertainty >= 0
    assert entry.g_factor.value is not None


def test_unknown_element_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"Xx.*Mn"):
        ion("Xx")
    with pytest.raises(ValueError, match="Unobtainium"):
        ion_in_host("Mn", "Unobtainium")


@pytest.mark.parametrize(
    ("host", "per_1e4_cm", "within"), [("ZnS", 64, 0.5), ("ZnSe", 60.4, 0.5), ("CdSe", 62.2, 0.3), ("CdS", 65, 1)]
)
def test_manganese_hyperfine_constants(host: str, per_1e4_cm: float, within: float) -> None:
    value = ion_in_host("Mn", host).hyperfine_uev.value
    assert value is not None
    assert -value / wavenumber_uev(1e-4) == pytest.approx(per_1e4_cm, abs=within)


def test_nuclear_g_factors_are_moments_over_spin() -> None:
    expected = {"Mn": 3.4687 / 2.5, "Cu": 2.2273 / 1.5, "Co": 4.627 / 3.5}
    for symbol, g in expected.items():
        assert ion(symbol).nucleus.g_factor == pytest.approx(g, rel=3e-3)


def test_signs_of_the_giant_zeeman_splitting() -> None:
    assert {symbol: entry.giant_zeeman_sign for symbol, entry in IONS.items()} == {
        "Mn": -1, "Co": -1, "Cu": 1, "Cr": 1, "Fe": 0, "Er": 0,
    }  # fmt: skip
    for symbol, host in (("Mn", "ZnSe"), ("Co", "CdSe"), ("Cr", "ZnSe")):
        entry = ion_in_host(symbol, host)
        assert entry.n0_alpha_mev.value is not None
        assert entry.n0_beta_mev.value is not None
        # E(sigma+) - E(sigma-) = x <Sz> N0 (alpha - beta) with <Sz> < 0
        assert np.sign(entry.n0_beta_mev.value - entry.n0_alpha_mev.value) == entry.ion.giant_zeeman_sign


def test_exchange_of_erbium_copper_and_iron_is_not_established() -> None:
    for symbol in ("Er", "Cu", "Fe"):
        assert ion_in_host(symbol, "ZnSe").n0_beta_mev.value is None


def test_spin_one_half_has_no_crystal_field() -> None:
    for symbol in ("Cu", "Er"):
        assert ion_in_host(symbol, "ZnSe").zero_field_d_uev.value == 0.0
        assert strain_crystal_field_uev(symbol, 0.1, 0.1) == (0.0, 0.0)
