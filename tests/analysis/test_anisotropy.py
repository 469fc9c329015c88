"""G factor and anisotropy: the formulas, their errors, and a measured set."""

from pathlib import Path

import numpy as np
import pytest

from analysis.anisotropy import Total, anisotropy, g_factor


def test_formulas_and_errors() -> None:
    g = g_factor(Total(6000), Total(10_000))
    assert g == (pytest.approx(0.6), pytest.approx(0.6 * np.sqrt(1 / 6000 + 1 / 10_000)))
    value, _ = anisotropy(Total(30_000), Total(25_000), (0.6, 0.0))
    assert value == pytest.approx((30 - 0.6 * 25) / (30 + 1.2 * 25))


def test_stated_error_is_the_scatter() -> None:
    rng = np.random.default_rng(1)
    values, errors = [], []
    for _ in range(400):
        g = g_factor(Total(rng.poisson(6000)), Total(rng.poisson(10_000)))
        value, error = anisotropy(Total(rng.poisson(30_000)), Total(rng.poisson(25_000)), g)
        values.append(value)
        errors.append(error)
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.1)


def test_measured_set(real_data: Path) -> None:
    """Reference G = 0.601 and r = 0.181; dark counts from the channels before the rise."""

    def total(name: str) -> Total:
        counts = np.loadtxt(real_data / f"anisotropy_{name}.txt", skiprows=10)[:, 1]
        recorded, dark = 3693, counts[250:900]
        return Total(counts.sum(), dark.mean() * recorded, np.sqrt(dark.sum()) * recorded / dark.size)

    g = g_factor(total("HV"), total("HH"))
    assert g[0] == pytest.approx(0.601, abs=0.001)
    assert anisotropy(total("VV"), total("VH"), g)[0] == pytest.approx(0.181, abs=0.001)


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="hv shows no light"):
        g_factor(Total(5, dark=5), Total(10))
    with pytest.raises(ValueError, match="not negative"):
        Total(-1)
    with pytest.raises(ValueError, match="G must be above 0"):
        anisotropy(Total(5), Total(5), (0.0, 0.0))
