import pytest

from sims.matter.quantity import (
    NotEstablishedError,
    Quantity,
    not_established,
    require_finite,
    require_fraction,
    require_not_negative,
    require_positive,
)


def test_asking_for_a_value_nobody_established_names_host_and_property() -> None:
    with pytest.raises(NotEstablishedError, match="InP: n0_alpha_mev is not established"):
        not_established("meV").required("InP", "n0_alpha_mev")


@pytest.mark.parametrize(
    ("value", "uncertainty", "source"),
    [(float("nan"), 0.0, "x"), (float("inf"), 0.0, "x"), (1.0, -1.0, "x"), (1.0, float("nan"), "x"), (1.0, 0.0, "")],
)
def test_a_quantity_without_finite_numbers_or_source_is_refused(value: float, uncertainty: float, source: str) -> None:
    with pytest.raises(ValueError, match=r"value|uncertainty"):
        Quantity(value, "meV", uncertainty, source)


@pytest.mark.parametrize("check", [require_finite, require_positive, require_not_negative, require_fraction])
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_every_check_refuses_what_is_not_finite_by_name(check: object, bad: float) -> None:
    with pytest.raises(ValueError, match="radius_nm"):
        check("radius_nm", bad)  # type: ignore[operator]


def test_checks_know_their_limits() -> None:
    assert require_fraction("x", 1.0) == 1.0
    assert require_not_negative("x", 0.0) == 0.0
    for check, bad in ((require_positive, 0.0), (require_not_negative, -1e-9), (require_fraction, 1.0001)):
        with pytest.raises(ValueError, match="x = "):
            check("x", bad)
