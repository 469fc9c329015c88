"""Hyperfine lines: the exact Hamiltonian against published numbers, the fit against its own errors."""

import numpy as np
import numpy.typing as npt
import pytest
from scipy.optimize import brentq

from analysis.resonance_search import exact_lines
from analysis.resonances import A_GHZ, D_GHZ, Sweep, contrast, fit_multiplet, line_shape, make_sweep
from analysis.spin_hamiltonian import (
    BOHR_GHZ_PER_T,
    DopantSpin,
    centre_ghz,
    d_from_centre,
    hamiltonian_ghz,
    neighbours,
    sticks,
)

FloatArray = npt.NDArray[np.float64]

MN = DopantSpin(g_factor=2.0, expected_d_ghz=1.2)
CM_GHZ = 29.9792458


def kron_hamiltonian(d: float, a: float, field: float, g: float = 2.0) -> FloatArray:
    """The same operator written with complex S_x, S_y, S_z."""
    m = np.arange(2.5, -3, -1)
    sz = np.diag(m).astype(complex)
    plus = np.diag(np.sqrt(2.5 * 3.5 - m[1:] * (m[1:] + 1)), 1).astype(complex)
    sx, sy = (plus + plus.T) / 2, (plus - plus.T) / 2j
    one = np.eye(6)
    total = d * np.kron(sz @ sz - 35 / 12 * one, one) + g * BOHR_GHZ_PER_T * field * np.kron(sz, one)
    return total + a * sum(np.kron(s, s) for s in (sx, sy, sz))


def test_hamiltonian_agrees_with_a_second_writing() -> None:
    one = np.linalg.eigvalsh(hamiltonian_ghz(MN, 1.2, -0.186, 0.07))
    assert one == pytest.approx(np.linalg.eigvalsh(kron_hamiltonian(1.2, -0.186, 0.07)), abs=1e-9)


def test_x_band_fields_of_manganese_in_cadmium_selenide() -> None:
    """Central transition at 9.400 GHz, g = 2.003, A = −62.2e-4 cm⁻¹: six published fields (mT)."""
    dopant = DopantSpin(g_factor=2.003)
    coupling = -62.2e-4 * CM_GHZ
    fields = []
    for line in range(6):

        def miss(field: float, line: int = line) -> float:
            found = sticks(dopant, 0.0, coupling, field, 0.5, -0.5)
            own = found.line == line
            return float(np.sum((found.frequency_ghz * found.share)[own])) - 9.4

        fields.append(1e3 * brentq(miss, 0.25, 0.42))
    assert sorted(fields) == pytest.approx([318.53, 324.91, 331.42, 338.07, 344.84, 351.74], abs=0.05)


def test_zero_field_centres_are_two_and_four_d() -> None:
    assert centre_ghz(MN, 1.2, 0.0, 2.5, 1.5) == pytest.approx(4.8)
    assert centre_ghz(MN, 1.2, 0.0, 1.5, 0.5) == pytest.approx(2.4)
    assert d_from_centre(MN, 4.8, 0.0, 2.5, 1.5) == pytest.approx(1.2)
    assert d_from_centre(MN, centre_ghz(MN, 1.2, 0.3, -2.5, -1.5), 0.3, -2.5, -1.5) == pytest.approx(1.2)


def test_shares_of_each_line_add_up_and_do_not_depend_on_a_tiny_field() -> None:
    at_zero, nearly = sticks(MN, 1.2, -0.186, 0.0, 2.5, 1.5), sticks(MN, 1.2, -0.186, 1e-7, 2.5, 1.5)
    grid = np.linspace(4.0, 6.0, 4001)
    for line in range(6):
        here, there = at_zero.line == line, nearly.line == line
        assert at_zero.share[here].sum() == pytest.approx(1.0)
        curves = [
            line_shape(grid[:, None] - found.frequency_ghz[own], 0.01, "Lorentzian") @ found.share[own]
            for found, own in ((at_zero, here), (nearly, there))
        ]
        assert curves[0] == pytest.approx(curves[1], abs=5e-3)


def test_search_pattern_agrees_with_the_full_diagonalisation() -> None:
    for field in (0.15, 0.3, 1.0):
        found = sticks(MN, 1.2, -0.186, field, 2.5, 1.5)
        full = [found.frequency_ghz[np.argmax(np.where(found.line == k, found.share, 0.0))] for k in range(6)]
        block = exact_lines(MN, np.array([1.2]), np.array([-0.186]), field, (2.5, 1.5))[0]
        assert block == pytest.approx(full, abs=2e-3)


def test_neighbours_whose_distance_depends_on_d() -> None:
    assert neighbours(MN, 2.5) == (1.5,)
    assert neighbours(MN, 0.5) == (1.5,)
    with pytest.raises(ValueError, match="at least 8"):
        fit_multiplet(make_sweep(np.arange(5.0), np.ones(5), np.ones(5), np.zeros(5)), MN, 2.5)


def sweep_of(
    rng: np.random.Generator,
    *,
    d: float = 1.209,
    a: float = -0.186,
    field: float = 0.15,
    counts: int = 4000,
    height: float = 0.3,
    width: float = 0.016,
    n: int = 150,
    monitor: int | None = None,
) -> Sweep:
    centre = centre_ghz(MN, d, field, 2.5, 1.5)
    frequency = np.linspace(centre - 0.75, centre + 0.75, n)
    found = sticks(MN, d, a, field, 2.5, 1.5)
    lines = line_shape(frequency[:, None] - found.frequency_ghz, width, "Gaussian") @ found.share
    bright = np.ones((2, n)) if monitor is None else np.exp(0.15 * rng.normal(size=(2, n)))
    on, off = rng.poisson(counts * bright[0] * (1 + height * lines)), rng.poisson(counts * bright[1])
    watched = (None, None) if monitor is None else rng.poisson(monitor * bright)
    return make_sweep(frequency, on, off, np.full(n, field), *watched)


@pytest.mark.parametrize("a", [-0.186, 0.186])
@pytest.mark.parametrize("field", [0.0, 0.15])
def test_fit_finds_d_and_a_of_either_sign(a: float, field: float) -> None:
    fit = fit_multiplet(sweep_of(np.random.default_rng(2), a=a, field=field), MN, 2.5)
    assert fit.fit.values[D_GHZ] == pytest.approx(1.209, abs=5 * fit.fit.errors[D_GHZ])
    assert fit.fit.values[A_GHZ] == pytest.approx(a, abs=5 * fit.fit.errors[A_GHZ])
    assert fit.significance > 10
    assert fit.shape == "Gaussian"


def test_plain_equal_spacing_would_be_wrong_at_zero_field() -> None:
    found = sticks(MN, 1.209, -0.186, 0.0, 2.5, 1.5)
    lines = [np.sum((found.frequency_ghz * found.share)[found.line == k]) for k in range(6)]
    assert abs(np.mean(lines) - 4 * 1.209) > 0.03


def test_errors_cover_the_truth() -> None:
    inside, lines = [], []
    truth = centre_ghz(MN, 1.209, 0.15, 2.5, 1.5)
    exact = exact_lines(MN, np.array([1.209]), np.array([-0.186]), 0.15, (2.5, 1.5))[0]
    for seed in range(24):
        fit = fit_multiplet(sweep_of(np.random.default_rng(seed), n=90), MN, 2.5)
        lines.append(np.abs(np.sort(fit.line_frequency_ghz) - np.sort(exact)) < fit.line_frequency_error_ghz)
        inside.append(abs(fit.centre_ghz - truth) < fit.centre_error_ghz)
        inside.append(abs(abs(fit.fit.values[A_GHZ]) - 0.186) < fit.fit.errors[A_GHZ] * fit.error_scale)
    assert np.mean(inside) == pytest.approx(0.683, abs=0.2)  # 48 draws: three standard deviations
    assert np.mean(lines) == pytest.approx(0.683, abs=0.2)  # 24 draws of two numbers: as many


def test_monitor_takes_the_blinking_out() -> None:
    rng = np.random.default_rng(5)
    fit = fit_multiplet(sweep_of(rng, monitor=40000), MN, 2.5)
    assert fit.error_scale < 1.2
    assert fit.significance > 10
    assert fit.fit.values[D_GHZ] == pytest.approx(1.209, abs=5 * fit.centre_error_ghz)


def test_unmonitored_blinking_enlarges_the_errors() -> None:
    rng = np.random.default_rng(6)
    seen = sweep_of(rng, monitor=40000)
    n = seen.on.size
    blind = make_sweep(
        seen.frequency_ghz, rng.poisson(4000 * np.exp(0.15 * rng.normal(size=n))), np.full(n, 4000.0), seen.field_t
    )
    assert fit_multiplet(blind, MN, 2.5).error_scale > 3


def test_nothing_there_is_not_significant() -> None:
    for seed in range(5):
        assert fit_multiplet(sweep_of(np.random.default_rng(seed), height=0.0, n=100), MN, 2.5).significance < 5


def test_contrast_is_relative_to_the_expected_ratio() -> None:
    sweep = make_sweep([1.0, 2.0], [200, 100], [100, 100], [0, 0], [2000, 1000], [1000, 1000])
    assert contrast(sweep)[0] == pytest.approx([0.0, 0.0])
