"""Finding and fitting lines: recall, false positives, honest errors."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import voigt_profile

from analysis.line_shape import pixel_edges, pixel_profile, voigt_fwhm
from analysis.lines import _covariance, fit_areas, fit_lines, refit_lines

FloatArray = npt.NDArray[np.float64]

PIXEL_MEV = 0.05
READ_NOISE = 4.0


def axis(n: int = 700) -> FloatArray:
    return 2048.0 + PIXEL_MEV * (np.arange(n) - n / 2)


def spectrum(
    rng: np.random.Generator,
    centres: npt.ArrayLike,
    areas: npt.ArrayLike,
    sigma: float,
    hwhm: float,
    background: float = 20.0,
    n: int = 700,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Counts, variance of Voigt lines averaged over pixels by brute force, with shot and read noise."""
    energy = axis(n)
    inside = PIXEL_MEV * (np.arange(21) - 10) / 21
    expected = np.full(n, background)
    for centre, area in zip(centres, areas, strict=True):
        profile = voigt_profile(energy[:, None] + inside - centre, sigma, hwhm)
        expected = expected + area * PIXEL_MEV * profile.mean(axis=1)
    counts = rng.poisson(expected) + rng.normal(0.0, READ_NOISE, n)
    return energy, counts, np.maximum(counts, 0.0) + READ_NOISE**2


CASES = {
    "six wide apart": (1.7, 6, 0.08, 0.06, 30000, 4.0),
    "six thermalised": (1.7, 6, 0.08, 0.06, 60000, 10.0),
    "six close": (0.26, 6, 0.02, 0.025, 30000, 3.0),
    "thirteen": (0.9, 13, 0.08, 0.06, 60000, 6.0),
    "twenty": (0.6, 20, 0.05, 0.05, 80000, 4.0),
    "one": (1.0, 1, 0.08, 0.06, 3000, 1.0),
    "none": (1.0, 0, 0.08, 0.06, 0, 1.0),
}


@pytest.mark.parametrize("name", CASES)
def test_finds_the_number_of_lines(name: str) -> None:
    spacing, n, sigma, hwhm, total, ratio = CASES[name]
    for seed in range(6):
        rng = np.random.default_rng(seed)
        centres = 2048.0 + spacing * (np.arange(n) - (n - 1) / 2) + rng.uniform(-0.03, 0.03)
        areas = np.geomspace(ratio, 1.0, n) if n else np.zeros(0)
        areas = total * areas / areas.sum() if n else areas
        fit = fit_lines(*spectrum(rng, centres, areas, sigma, hwhm))
        assert fit.n_lines == n
        assert fit.goodness > 1e-4


def test_noise_alone_gives_no_line() -> None:
    for seed in range(60):
        fit = fit_lines(*spectrum(np.random.default_rng(seed), [], [], 0.08, 0.06, background=5.0))
        assert fit.n_lines == 0


def test_errors_cover_the_truth() -> None:
    centres = 2048.0 + 1.7 * (np.arange(6) - 2.5) + 0.013
    areas = 20000 * np.geomspace(4, 1, 6) / 10
    energy_pull, area_pull = [], []
    for seed in range(60):
        fit = fit_lines(*spectrum(np.random.default_rng(seed), centres, areas, 0.06, 0.06))
        assert fit.n_lines == 6
        energy_pull.extend((fit.energy_mev - centres) / fit.energy_error_mev)
        area_pull.extend((fit.area - areas) / fit.area_error)
    assert abs(np.mean(energy_pull)) < 0.2
    assert abs(np.mean(area_pull)) < 0.2
    assert np.mean(np.abs(energy_pull) < 1.0) == pytest.approx(0.683, abs=0.08)
    assert np.mean(np.abs(area_pull) < 1.0) == pytest.approx(0.683, abs=0.08)


def test_replica_and_biexciton_are_not_counted() -> None:
    rng = np.random.default_rng(5)
    main = 2056.0 + 1.0 * np.arange(6)
    energy, counts, variance = spectrum(rng, main, np.full(6, 50000.0), 0.05, 0.05)
    weak = spectrum(rng, 2045.0 + 1.0 * np.arange(6), np.full(6, 700.0), 0.05, 0.05, background=0.0)
    broad = spectrum(rng, [2036.0], [10000.0], 1.2, 0.3, background=0.0)
    fit = fit_lines(energy, counts + weak[1] + broad[1], variance + weak[2] + broad[2])
    assert fit.n_lines == 6
    assert fit.energy_mev == pytest.approx(main, abs=0.01)
    assert fit.reduced_chi2 < 1.3


def test_dark_group_below_is_fitted_but_not_counted() -> None:
    bright, dark = 2048.0 + 0.26 * np.arange(6), 2047.2 + 0.17 * np.arange(4)
    areas = np.concatenate((np.full(6, 20000.0), np.full(4, 3500.0)))
    fit = fit_lines(*spectrum(np.random.default_rng(3), np.concatenate((bright, dark)), areas, 0.03, 0.02))
    assert fit.n_lines == 6
    assert fit.faint_lines == 4
    assert fit.energy_mev == pytest.approx(bright, abs=0.01)


def test_axis_may_fall_and_be_uneven() -> None:
    rng = np.random.default_rng(2)
    energy, counts, variance = spectrum(rng, [2047.0, 2049.0], [5000.0, 3000.0], 0.08, 0.05)
    forward = fit_lines(energy, counts, variance)
    backward = fit_lines(energy[::-1], counts[::-1], variance[::-1])
    assert backward.energy_mev == pytest.approx(forward.energy_mev, abs=1e-6)
    assert backward.model[::-1] == pytest.approx(forward.model)


def test_refit_follows_a_shifted_spectrum() -> None:
    centres = np.array([2047.0, 2048.5, 2050.0])
    areas = np.full(3, 8000.0)
    first = fit_lines(*spectrum(np.random.default_rng(1), centres, areas, 0.08, 0.05))
    second = refit_lines(*spectrum(np.random.default_rng(2), centres + 0.05, areas, 0.08, 0.05), first)
    assert np.abs(second.energy_mev - centres - 0.05).max() < 5 * second.energy_error_mev.max()
    areas_found, covariance = fit_areas(*spectrum(np.random.default_rng(3), centres, 0.5 * areas, 0.08, 0.05), first)
    assert np.all(np.abs(areas_found - 0.5 * areas) < 5 * np.sqrt(np.diag(covariance)) + 0.02 * areas)


def test_refuses_arrays_that_do_not_belong_together() -> None:
    with pytest.raises(ValueError, match="three arrays of one length"):
        fit_lines(np.arange(20.0), np.ones(19), np.ones(20))
    with pytest.raises(ValueError, match="not finite"):
        fit_lines(np.arange(20.0), np.full(20, np.nan), np.ones(20))


@settings(max_examples=25, deadline=None)
@given(
    centre=st.floats(2040.0, 2056.0),
    sigma=st.floats(0.02, 0.5),
    hwhm=st.floats(0.0, 0.3),
)
def test_profile_holds_its_area_and_its_derivatives(centre: float, sigma: float, hwhm: float) -> None:
    edges = pixel_edges(axis())
    profile = pixel_profile(edges, np.array([centre]), sigma**2, hwhm)
    tails = hwhm / np.pi * (1 / (centre - edges[0]) + 1 / (edges[-1] - centre))
    assert profile.fraction.sum() == pytest.approx(1.0 - tails, abs=2e-3)
    step = 1e-4 * sigma
    ahead = pixel_profile(edges, np.array([centre + step]), sigma**2, hwhm).fraction
    behind = pixel_profile(edges, np.array([centre - step]), sigma**2, hwhm).fraction
    assert profile.d_energy == pytest.approx((ahead - behind) / (2 * step), abs=2e-3 * np.abs(profile.d_energy).max())


def test_voigt_width_limits() -> None:
    assert voigt_fwhm(1.0, 0.0) == pytest.approx(2.3548, rel=1e-3)
    assert voigt_fwhm(0.0, 1.0) == pytest.approx(2.0, rel=1e-3)


def test_faint_lines_below_the_floor_do_not_spoil_the_fit() -> None:
    main = 2045.0 + 2.0 * np.arange(4)
    faint = np.sort(np.concatenate([main[:-1] + 0.7, main[:-1] + 1.3]))
    areas = np.concatenate([np.full(4, 1e5), np.full(6, 85.0)])  # each some 4.5 sigma: together a poor fit
    found = [
        fit_lines(*spectrum(np.random.default_rng(k), np.concatenate([main, faint]), areas, 0.08, 0.01))
        for k in range(4)
    ]
    assert [fit.n_lines for fit in found] == [4, 4, 4, 4]
    assert np.mean([fit.reduced_chi2 for fit in found]) < 1.3
    assert sum(fit.faint_lines for fit in found) >= 5


def test_line_at_the_edge_of_the_window_is_not_called_located() -> None:
    theta = np.array([1.0, 0.01, 0.01, 0.0, 5.0, 100.0, 100.0])  # the first line ended on its lower bound
    low, high = np.full(7, -np.inf), np.full(7, np.inf)
    low[3:5], high[3:5] = 0.0, 10.0
    jacobian = np.random.default_rng(1).normal(size=(50, 7))
    covariance = _covariance(jacobian, np.ones(50), theta, low, high)
    assert np.sqrt(covariance[3, 3]) == pytest.approx(10.0)
    assert 0.0 < covariance[4, 4] < 1.0
