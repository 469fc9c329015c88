"""The Hamiltonian as printed, written once more with plain numpy, against the library.

Nothing of sims is used for the expected values: own spin matrices, own constants, own envelope integrals.
"""

import numpy as np
import pytest
from scipy.optimize import brentq

from sims.dot.exchange import exact_electron_splitting_mev, exchange_constants, mean_field_electron_splitting_mev
from sims.dot.exciton import exciton_hamiltonian
from sims.dot.ground import resonance_fields_t
from sims.dot.sample import Dopant, Sample, load_sample
from sims.envelope.sphere import electron_density_per_nm3, hole_density_per_nm3

MU_B, MU_N, PLANCK = 5.7883818060e-2, 3.15245125844e-5, 4.135667696e-3  # meV/T, meV/T, meV/GHz
Array = np.ndarray


def spin(s: float) -> tuple[Array, Array, Array]:
    m = np.arange(s, -s - 1, -1)
    up = np.diag(np.sqrt(s * (s + 1) - m[1:] * (m[1:] + 1)), 1).astype(complex)
    return (up + up.T) / 2, (up - up.T) / 2j, np.diag(m).astype(complex)


def kron(*factors: Array) -> Array:
    result = np.eye(1)
    for factor in factors:
        result = np.kron(result, factor)
    return result


def printed_exciton(
    i_e: float, i_h: float, delta0: float, splitting: float, g_e: float, kappa: float, g: float, field: Array
) -> Array:
    """I_e S.s + I_h S.J - 2 eta s.J - (Delta/2)(Jz^2 - 5/4) + mu_B B.(g_e s - 2 kappa J + g S)."""
    s, j, mn = spin(0.5), spin(1.5), spin(2.5)
    one_s, one_j, one_mn = np.eye(2), np.eye(4), np.eye(6)
    h = -splitting / 2 * kron(one_s, j[2] @ j[2] - 1.25 * one_j, one_mn)
    for a in range(3):
        h = h + i_e * kron(s[a], one_j, mn[a]) + i_h * kron(one_s, j[a], mn[a])
        h = h - 2 * delta0 / 3 * kron(s[a], j[a], one_mn)
        h = h + MU_B * field[a] * g_e * kron(s[a], one_j, one_mn)
        h = h + MU_B * field[a] * (-2 * kappa * kron(one_s, j[a], one_mn) + g * kron(one_s, one_j, mn[a]))
    return h


def without_crystal_field(sample: Sample) -> Sample:
    free = sample.dopants[0].model_copy(update={"zero_field_d_uev": 0.0, "cubic_a_uev": 0.0})
    return sample.model_copy(update={"dopants": (free,)})


CDTE = without_crystal_field(load_sample("mn-cdte-znte"))


def printed_cdte(field: tuple[float, float, float], splitting: float = 30.0) -> Array:
    return printed_exciton(-0.07, 0.15, 1.0, splitting, -0.5, 0.2, 2.0, np.array(field))


def bright_lines(hamiltonian: Array, field_z: float = 0.0) -> list[float]:
    """Energies of the sigma+ heavy-hole lines: state |e-1/2, h+3/2, m> of largest weight, ground energy taken off."""
    energies, vectors = np.linalg.eigh(hamiltonian)
    rows = 4 * 6 + np.arange(6)
    ground = 2.0 * MU_B * field_z * np.arange(2.5, -3, -1)
    return [energies[np.argmax(np.abs(vectors[row]) ** 2)] - ground[k] for k, row in enumerate(rows)]


@pytest.mark.parametrize("field", [(0.0, 0.0, 0.0), (0.0, 0.0, 9.45), (1.0, -2.0, 3.0)])
def test_whole_spectrum_of_the_cdte_exciton(field: tuple[float, float, float]) -> None:
    expected = np.linalg.eigvalsh(printed_cdte(field))
    found = np.linalg.eigvalsh(exciton_hamiltonian(CDTE, field))
    assert np.ptp(expected - found) < 1e-9  # the library's zero of energy is the bright exciton


def test_line_spacings_and_total_splitting() -> None:
    heavy = sorted(bright_lines(printed_cdte((0, 0, 0), 1e6)))
    assert heavy[-1] - heavy[0] == pytest.approx(1.304, abs=6e-4)
    assert np.diff(heavy)[::-1] == pytest.approx([0.257, 0.259, 0.260, 0.263, 0.266], abs=6e-4)
    mixed = sorted(bright_lines(printed_cdte((0, 0, 0))))
    assert mixed[-1] - mixed[0] == pytest.approx(1.306, abs=6e-4)
    library = bright_lines(exciton_hamiltonian(CDTE, (0, 0, 0)))
    assert np.ptp(library) == pytest.approx(mixed[-1] - mixed[0], abs=1e-9)


def test_bright_dark_crossings_and_the_last_gap() -> None:
    """2 x 2 blocks |e+1/2, h-3/2, m>, |e-1/2, h-3/2, m+1>: the heavy-hole problem solved by hand."""
    i_e, i_h = -0.07, 0.15

    def difference(field: float, m: float) -> float:
        bright = i_e * m / 2 - 1.5 * i_h * m + 0.5 + MU_B * field * (-0.25 + 0.6 + 2 * m)
        dark = -i_e * (m + 1) / 2 - 1.5 * i_h * (m + 1) - 0.5 + MU_B * field * (0.25 + 0.6 + 2 * (m + 1))
        return bright - dark

    fields = [brentq(difference, 0.0, 20.0, args=(m,)) for m in (1.5, 0.5, -0.5, -1.5, -2.5)]
    assert fields == pytest.approx([7.5, 8.0, 8.45, 8.95, 9.45], abs=0.05)
    sample = CDTE.model_copy(update={"hh_lh_splitting_mev": 1e6})
    for field, m in zip(fields, (1.5, 0.5, -0.5, -1.5, -2.5), strict=True):
        energies, vectors = np.linalg.eigh(exciton_hamiltonian(sample, (0.0, 0.0, field)))
        weight = np.abs(vectors[3 * 6 + round(2.5 - m)]) ** 2
        pair = np.argsort(weight)[-2:]
        coupling = np.sqrt(8.75 - m * (m + 1)) * abs(i_e)
        assert weight[pair] == pytest.approx([0.5, 0.5], abs=2e-3)
        assert abs(np.diff(energies[pair])[0]) == pytest.approx(coupling, abs=1e-6)
    assert np.sqrt(5) * 0.07 == pytest.approx(0.157, abs=5e-4)


def test_flip_time_at_the_last_crossing() -> None:
    assert PLANCK * 1e3 / (2 * np.sqrt(5) * 0.07) == pytest.approx(13.2, abs=0.05)


def test_exchange_of_a_centred_dopant_in_cdse() -> None:
    """Densities from their definitions, by quadrature on a grid; 1S3/2 hole of mass ratio .28."""
    r = np.linspace(1e-6, 2.0, 400_001)
    psi = np.sin(np.pi * r / 2) / r
    electron = (np.pi / 2) ** 2 / (4 * np.pi * np.trapezoid(psi**2 * r**2, r))
    root = np.sqrt(0.28)

    def j0(x: Array) -> Array:
        return np.sin(x) / x

    def j2(x: Array) -> Array:
        return (3 / x**2 - 1) * np.sin(x) / x - 3 * np.cos(x) / x**2

    k = brentq(lambda x: j0(x) * j2(root * x) + j2(x) * j0(root * x), 3.0, 6.0)
    c = j0(k) / j0(root * k)
    r0 = j0(k * r / 2) - c * j0(root * k * r / 2)
    r2 = j2(np.maximum(k * r / 2, 1e-3)) + c * j2(np.maximum(root * k * r / 2, 1e-3))
    hole = (1 - c) ** 2 / (4 * np.pi * np.trapezoid((r0**2 + r2**2) * r**2, r))
    assert electron * 8 == pytest.approx(1.571, abs=1e-3)
    assert electron_density_per_nm3(0.0, 2.0) == pytest.approx(electron, rel=1e-6)
    assert hole_density_per_nm3(0.0, 2.0, 0.28) == pytest.approx(hole, rel=1e-4)

    dopant = Dopant(element="Mn", position_nm=0.0, n0_alpha_mev=230.0, n0_beta_mev=-1270.0)
    changes = {"core_radius_nm": 2.0, "shell": "none", "shell_thickness_nm": 0.0, "dopants": (dopant,)}
    sample = load_sample("mn-cdse-cds").model_copy(update=changes)
    found = exchange_constants(sample, dopant)
    assert found.electron_mev == pytest.approx(-230.0 * 0.0561 * electron, rel=1e-5)
    assert found.electron_mev == pytest.approx(-2.53, abs=0.01)
    assert found.hole_mev == pytest.approx(1270.0 / 3 * 0.0561 * hole, rel=1e-3)
    assert found.hole_mev == pytest.approx(6.65, abs=0.02)


@pytest.mark.parametrize(("radius_nm", "expected"), [(1.5, 12.8), (2.0, 5.39), (2.5, 2.76), (3.0, 1.60)])
def test_zero_field_electron_splitting_in_cds(radius_nm: float, expected: float) -> None:
    density = np.pi / (2 * radius_nm**3)
    independent = 2.5 * 220.0 * 0.0499 * density
    assert independent == pytest.approx(expected, abs=0.03)
    assert mean_field_electron_splitting_mev(2.5, 220.0, 0.0499, density) == pytest.approx(independent)
    # The 3 x form is the exact J = 3 to J = 2 splitting of S.s.
    product = sum(np.kron(a, b) for a, b in zip(spin(0.5), spin(2.5), strict=True))
    levels = np.linalg.eigvalsh(-220.0 * 0.0499 * density * product)
    assert exact_electron_splitting_mev(2.5, 220.0, 0.0499, density) == pytest.approx(np.ptp(levels))


def test_centre_over_volume_average() -> None:
    r = np.linspace(1e-6, 1.0, 200_001)
    density = np.sin(np.pi * r) ** 2 / (2 * np.pi * r**2)
    by_volume = np.trapezoid(density * 4 * np.pi * r**2, r) / (4 * np.pi / 3)
    assert electron_density_per_nm3(0.0, 1.0) / by_volume == pytest.approx(6.580, abs=1e-3)


def test_x_band_fields_of_mn_in_cdse_by_bisection() -> None:
    """g mu_B B.S + A I.S - g_N mu_N B.I on 36 states; frequency of -1/2 to +1/2 for each m_I against the field."""
    g, hyperfine = 2.003, -62.2e-4 * 0.1239841984
    s, i = spin(2.5), spin(2.5)
    coupling = hyperfine * sum(np.kron(a, b) for a, b in zip(s, i, strict=True))

    def mismatch(field: float, m_i: float) -> float:
        h = coupling + field * (MU_B * g * np.kron(s[2], np.eye(6)) - 1.3819 * MU_N * np.kron(np.eye(6), i[2]))
        energies, vectors = np.linalg.eigh(h)
        column = round(2.5 - m_i)
        upper, lower = (energies[np.argmax(np.abs(vectors[6 * row + column]))] for row in (2, 3))
        return float((upper - lower) / PLANCK - 9.4)

    expected = sorted(1e3 * brentq(mismatch, 0.30, 0.37, args=(m,), xtol=1e-9) for m in np.arange(2.5, -3, -1))
    assert expected == pytest.approx([318.53, 324.91, 331.42, 338.07, 344.84, 351.74], abs=0.02)
    dopant = Dopant(element="Mn", position_nm=0, g_factor=g, hyperfine_uev=1e3 * hyperfine)
    assert 1e3 * resonance_fields_t(dopant, 9.4, 0.45) == pytest.approx(expected, abs=2e-3)
