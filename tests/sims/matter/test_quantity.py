import pytest

from sims.matter.quantity import NotEstablishedError, Quantity, not_established


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
