import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sims.matter.alloys import BOWINGS, alloy
from sims.matter.hosts import gap_mev, material
from sims.matter.quantity import NotEstablishedError


@pytest.mark.parametrize("pair", sorted(sorted(pair) for pair in BOWINGS))
def test_ends_are_the_pure_hosts(pair: list[str]) -> None:
    for fraction, pure in ((1.0, pair[0]), (0.0, pair[1])):
        mixed = alloy(pair[0], pair[1], fraction)
        assert gap_mev(mixed, 77.0) == pytest.approx(gap_mev(material(pure), 77.0))
        assert mixed.bulk == material(pure).bulk


def test_gap_has_bowing_and_the_rest_is_linear() -> None:
    half = alloy("CdSe", "CdS", 0.5)
    assert half.gap_0k_mev == pytest.approx((1834 + 2580) / 2 - 400 / 4)
    assert half.electron_mass == pytest.approx((0.13 + 0.20) / 2)
    assert half.quantity("gap_0k_mev").uncertainty > material("CdSe").quantity("gap_0k_mev").uncertainty


@settings(deadline=None)
@given(st.floats(0.01, 0.99))
def test_vegard_in_volume_even_across_structures(fraction: float) -> None:
    mixed = alloy("CdSe", "ZnSe", fraction)
    ends = [material(name).lattice.cation_volume_nm3 for name in ("CdSe", "ZnSe")]
    assert mixed.lattice.cation_volume_nm3 == pytest.approx(fraction * ends[0] + (1 - fraction) * ends[1])
    assert mixed.lattice.structure == ("wurtzite" if fraction >= 0.5 else "zinc-blende")


def test_an_entry_missing_at_one_end_is_missing_in_between() -> None:
    mixed = alloy("CdS", "ZnS", 0.5)
    assert mixed.quantity("luttinger_1").value is None
    with pytest.raises(NotEstablishedError, match="luttinger_1"):
        mixed.value("luttinger_1")


@pytest.mark.parametrize("bad", [-0.1, 1.01, float("nan")])
def test_fraction_out_of_range_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="fraction"):
        alloy("CdSe", "CdS", bad)


def test_unknown_bowing_asks_for_one_and_takes_it() -> None:
    with pytest.raises(NotEstablishedError, match="CdSe with InP"):
        alloy("CdSe", "InP", 0.5)
    assert alloy("CdS", "ZnTe", 0.5, bowing=0.0).gap_0k_mev == pytest.approx((2580 + 2394) / 2)
    with pytest.raises(ValueError, match="sublattices"):
        alloy("CdSe", "CsPbBr3", 0.5, bowing=0.0)
