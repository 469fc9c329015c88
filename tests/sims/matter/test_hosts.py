import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sims.matter.hosts import HOSTS, MATERIALS, conduction_band_minimum_mev, gap_mev, material
from sims.matter.material import BULK_PROPERTIES
from sims.matter.quantity import NotEstablishedError


def test_every_host_of_the_list_is_there() -> None:
    assert set(HOSTS) == {
        "CdSe", "CdS", "ZnSe", "ZnS", "CdTe", "ZnTe", "PbS", "InP",
        "CsPbCl3", "CsPbBr3", "CsPbI3", "La2O2S", "Gd2O2S", "Y2O2S",
    }  # fmt: skip


@pytest.mark.parametrize("name", HOSTS)
def test_every_entry_carries_unit_source_and_uncertainty(name: str) -> None:
    for entry in ("gap_0k_mev", *BULK_PROPERTIES):
        quantity = material(name).quantity(entry)
        assert quantity.unit
        assert quantity.source
        # Nothing measured is exact; only the zero of the band-edge scale is.
        exact = quantity.value is None or (name == "CdSe" and entry == "valence_band_maximum_mev")
        assert exact or quantity.uncertainty > 0, entry


@pytest.mark.parametrize("name", HOSTS)
def test_established_numbers_are_physical(name: str) -> None:
    host = material(name)
    for entry in ("electron_mass", "hole_mass", "static_permittivity", "optical_permittivity", "cation_volume_nm3"):
        value = host.quantity(entry).value
        assert value is None or value > 0
    static, optical = host.quantity("static_permittivity").value, host.quantity("optical_permittivity").value
    assert static is None or optical is None or static > optical


@pytest.mark.parametrize("name", HOSTS)
def test_volume_per_cation_agrees_with_the_lattice(name: str) -> None:
    assert material(name).lattice.cation_volume_nm3 == pytest.approx(material(name).cation_volume_nm3, rel=5e-3)


@pytest.mark.parametrize("name", [name for name in HOSTS if material(name).quantity("luttinger_1").value is not None])
def test_mass_ratio_follows_from_the_luttinger_parameters(name: str) -> None:
    host = material(name)
    spherical = (2 * host.value("luttinger_2") + 3 * host.value("luttinger_3")) / 5
    ratio = (host.value("luttinger_1") - 2 * spherical) / (host.value("luttinger_1") + 2 * spherical)
    assert host.light_to_heavy_mass_ratio == pytest.approx(ratio, abs=0.01)


@pytest.mark.parametrize(
    ("name", "temperature_k", "expected_mev"),
    [
        ("CdSe", 0.0, 1834.0),
        ("CdSe", 300.0, 1742.7),
        ("PbS", 0.0, 283.0),
        ("PbS", 300.0, 418.7),
        ("InP", 300.0, 1353.3),
    ],
)
def test_gap_by_each_law(name: str, temperature_k: float, expected_mev: float) -> None:
    assert gap_mev(material(name), temperature_k) == pytest.approx(expected_mev, abs=0.1)


@settings(deadline=None)
@given(st.sampled_from([n for n in HOSTS if "O2S" not in n]), st.floats(0.0, 249.0), st.floats(0.1, 1.0))
def test_gap_falls_with_temperature_but_rises_in_lead_hosts(name: str, temperature_k: float, step_k: float) -> None:
    change = gap_mev(material(name), temperature_k + step_k) - gap_mev(material(name), temperature_k)
    assert change > 0 if "Pb" in name else change < 0


@pytest.mark.parametrize("bad", [-1.0, float("nan"), float("inf")])
def test_unphysical_temperature_is_refused_by_name(bad: float) -> None:
    with pytest.raises(ValueError, match="temperature_k"):
        gap_mev(MATERIALS["CdSe"], bad)


def test_unknown_host_and_property_are_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"Unobtainium.*CdSe"):
        material("Unobtainium")
    with pytest.raises(ValueError, match=r"colour.*electron_mass"):
        material("CdSe").quantity("colour")


@pytest.mark.parametrize(
    ("name", "entry"), [("InP", "n0_beta_mev"), ("PbS", "light_to_heavy_mass_ratio"), ("La2O2S", "electron_mass")]
)
def test_what_nobody_established_raises_a_named_error(name: str, entry: str) -> None:
    with pytest.raises(NotEstablishedError, match=f"{name}: {entry}"):
        material(name).value(entry)


def test_offsets_put_both_wells_of_znse_cdse_into_cdse() -> None:
    core, shell = material("ZnSe"), material("CdSe")
    step_mev = conduction_band_minimum_mev(core, 4.0) - conduction_band_minimum_mev(shell, 4.0)
    assert step_mev == pytest.approx(800.0, abs=20.0)
    assert 140.0 <= shell.valence_band_maximum_mev - core.valence_band_maximum_mev <= 300.0
