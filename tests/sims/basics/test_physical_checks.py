"""Refusals by name: each check lets a possible number through and names the one that is not."""

from collections.abc import Callable

import pytest

from sims.basics import checks
from sims.basics.spins import dimension, projections, spin_operators

NUMBER_CHECKS = [checks.finite, checks.positive, checks.not_negative, checks.fraction, checks.half_integer_spin]


@pytest.mark.parametrize("check", NUMBER_CHECKS)
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf"), "4", None])
def test_every_check_refuses_what_is_not_a_finite_number_by_name(check: Callable[..., float], bad: float) -> None:
    with pytest.raises(checks.UnphysicalInputError, match="radius_nm = "):
        check("radius_nm", bad)


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (checks.positive, 1e-9, 0.0),
        (checks.not_negative, 0.0, -1e-9),
        (checks.fraction, 1.0, 1.0001),
        (checks.half_integer_spin, 2.5, 0.3),
        (checks.half_integer_spin, 1.0, 0.0),
    ],
)
def test_checks_know_their_limits(check: Callable[..., float], good: float, bad: float) -> None:
    assert check("x", good) == good
    with pytest.raises(checks.UnphysicalInputError, match="x = "):
        check("x", bad)


@pytest.mark.parametrize("bad", [-1, 1.5, float("nan")])
def test_a_count_is_a_whole_number(bad: int) -> None:
    assert checks.at_least("count", 3, 0) == 3
    with pytest.raises(checks.UnphysicalInputError, match="count = "):
        checks.at_least("count", bad, 0)


@pytest.mark.parametrize("bad", [(0.0, 1.0), (0.0, float("nan"), 0.0), 3.0])
def test_a_field_has_three_finite_components(bad: tuple[float, float, float]) -> None:
    assert checks.field_vector([0.0, 1.0, 2.0]) == (0.0, 1.0, 2.0)
    with pytest.raises(checks.UnphysicalInputError, match="field_t"):
        checks.field_vector(bad)


@pytest.mark.parametrize("bad", [(0.0, 0.0, 1.1), (float("nan"), 0.0, 0.0), (1.0, 0.0), "sigma+"])
def test_light_is_polarised_by_at_most_one(bad: tuple[float, float, float]) -> None:
    assert checks.stokes_vector("stokes", (0.0, 0.0, -1.0)) == (0.0, 0.0, -1.0)
    with pytest.raises(checks.UnphysicalInputError, match="stokes"):
        checks.stokes_vector("stokes", bad)


@pytest.mark.parametrize("spin", [float("nan"), float("inf"), -0.5, 0.3])
@pytest.mark.parametrize("function", [dimension, projections, spin_operators])
def test_an_impossible_spin_is_refused_by_name(function: Callable[[float], object], spin: float) -> None:
    with pytest.raises(ValueError, match=r"spin .* is not a non-negative multiple of 1/2"):
        function(spin)
