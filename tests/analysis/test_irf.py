"""The instrument response."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.irf import jitter_cumulative, jitter_response, measured_response


@given(st.floats(0.02, 1.0), st.floats(0.0, 2.0))
def test_jitter_is_a_distribution(sigma: float, tail: float) -> None:
    cumulative = jitter_cumulative(np.linspace(-10.0, 60.0, 2001), sigma, tail)
    assert cumulative[0] == pytest.approx(0.0, abs=1e-12)
    assert cumulative[-1] == pytest.approx(1.0, abs=1e-9)
    assert np.diff(cumulative).min() > -1e-12


def test_jitter_has_the_mean_and_variance_of_gaussian_plus_exponential() -> None:
    response = jitter_response(20_000, 0.001, 5.0, 0.15, 0.46)
    axis = (np.arange(20_000) + 0.5) * 0.001
    mean = response.weights @ axis
    assert mean == pytest.approx(5.46, abs=1e-3)
    assert response.weights @ (axis - mean) ** 2 == pytest.approx(0.15**2 + 0.46**2, rel=1e-3)


def test_dark_counts_are_subtracted_and_the_dead_range_is_dark() -> None:
    counts = np.full(100, 7.0)
    counts[40] += 1000.0
    response = measured_response(counts, 0.1, recorded=(10, 90), dark=(50, 90))
    assert response.dark_per_bin == 7.0
    assert response.weights[40] == pytest.approx(1.0)
    assert response.weights[:10].sum() == 0.0


@pytest.mark.parametrize(
    ("counts", "options", "match"),
    [
        ([1.0, -1.0, 3.0], {}, "negative"),
        ([1.0, np.nan, 3.0], {}, "not finite"),
        ([0.0, 0.0, 0.0], {}, "no light"),
        ([1.0, 2.0, 3.0], {"dark": (2, 5)}, "dark bins"),
    ],
)
def test_what_is_no_response_is_refused(counts: list[float], options: dict[str, tuple[int, int]], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        measured_response(counts, 0.1, **options)


@pytest.mark.parametrize(("peak", "sigma"), [(-1.0, 0.1), (5.0, 0.0), (5.0, float("nan"))])
def test_unphysical_jitter_is_refused(peak: float, sigma: float) -> None:
    with pytest.raises(ValueError, match=r"response|jitter"):
        jitter_response(100, 0.1, peak, sigma)
