import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sims.coherence.estimates import (
    NuclearDensity,
    dipolar_linewidth_fwhm_t,
    host_kanai_t2_s,
    kanai_t2_s,
    ligand_proton_t2_star_s,
    surface_spin_sigma_rad_per_s,
)
from sims.coherence.geometry import (
    median_surface_inverse_sixth_per_nm4,
    shell_inverse_sixth_per_nm3,
    surface_inverse_sixth_per_nm4,
)
from sims.matter.nuclei import with_isotopes


@pytest.mark.parametrize(
    ("host", "t2_ms"),
    [("ZnS", 2.8), ("ZnSe", 1.5), ("CdTe", 0.73), ("CdSe", 0.70), ("CdS", 0.66), ("PbS", 0.59), ("InP", 0.011)],
)
def test_bulk_hosts_by_the_scaling_law(host, t2_ms):
    assert host_kanai_t2_s(host) * 1e3 == pytest.approx(t2_ms, rel=0.05)


def test_isotopes_of_equal_strength_halve_the_squared_time():
    one = NuclearDensity(1.0, 0.5, 1.0)
    assert kanai_t2_s([one, one]) == pytest.approx(kanai_t2_s([one]) / np.sqrt(2))


def test_host_without_nuclear_spins_is_not_limited():
    assert host_kanai_t2_s(with_isotopes("CdSe", 1.0)) == float("inf")


@given(st.floats(0.01, 0.7), st.floats(2.0, 50.0))
@settings(max_examples=30, deadline=None)
def test_time_is_inverse_to_the_density(density, factor):
    dense, dilute = (kanai_t2_s([NuclearDensity(1.2, 0.5, n)]) for n in (density, density / factor))
    assert dilute / dense == pytest.approx(factor)


@pytest.mark.parametrize(("radius", "t2_star_us"), [(2.0, 1.36), (3.0, 2.75)])
def test_ligand_protons_of_a_centred_dopant(radius, t2_star_us):
    assert ligand_proton_t2_star_s(radius) * 1e6 == pytest.approx(t2_star_us, abs=0.006)


def test_surface_rate_of_a_centred_dopant_falls_with_the_fourth_power():
    assert surface_inverse_sixth_per_nm4(2.0) / surface_inverse_sixth_per_nm4(4.0) == pytest.approx(16.0)


@pytest.mark.parametrize(("shell_nm", "factor"), [(1.0, 28.0), (1.5, 83.0)])
def test_a_shell_shields_the_median_dopant(shell_nm, factor):
    bare, shelled = (median_surface_inverse_sixth_per_nm4(2.0, shell) for shell in (0.15, shell_nm))
    assert bare / shelled == pytest.approx(factor, rel=0.03)


def test_median_over_random_dopants_by_drawing_them():
    rng = np.random.default_rng(4)
    distances = 2.0 * np.cbrt(rng.random(20_001))
    drawn = np.median([surface_inverse_sixth_per_nm4(2.5, float(d)) for d in distances])
    assert drawn == pytest.approx(median_surface_inverse_sixth_per_nm4(2.0, 0.5), rel=0.05)


@given(st.floats(0.5, 5.0), st.floats(0.0, 0.95))
@settings(max_examples=25, deadline=None)
def test_surface_integral_by_direct_sum(radius, part):
    cosines, weights = np.polynomial.legendre.leggauss(400)
    d = part * radius
    direct = 2 * np.pi * radius**2 * np.sum(weights / (radius**2 + d**2 - 2 * radius * d * cosines) ** 3)
    assert surface_inverse_sixth_per_nm4(radius, d) == pytest.approx(direct, rel=1e-6)


def test_shell_is_the_surface_integrated():
    radii = np.linspace(2.0, 3.0, 20_001)
    surfaces = [surface_inverse_sixth_per_nm4(float(r), 1.1) for r in radii]
    assert shell_inverse_sixth_per_nm3(2.0, 1.0, 1.1) == pytest.approx(np.trapezoid(surfaces, radii), rel=1e-6)


@pytest.mark.parametrize(("fraction", "width_mt"), [(0.001, 0.17), (0.02, 3.4)])
def test_dipolar_linewidth_in_cdse(fraction, width_mt):
    assert dipolar_linewidth_fwhm_t(fraction, 0.0561) * 1e3 == pytest.approx(width_mt, rel=0.02)


def test_spin_five_halves_is_three_times_as_wide():
    assert dipolar_linewidth_fwhm_t(0.001, 0.0561, spin=2.5) == pytest.approx(
        3 * dipolar_linewidth_fwhm_t(0.001, 0.0561), rel=1e-12
    )


def test_two_electrons_at_one_nanometre_by_hand():
    strength = 2 * np.pi * 52.04e6
    expected = strength * np.sqrt(0.8 * 0.25 * 4 * np.pi)
    assert surface_spin_sigma_rad_per_s(1.0, 1.0, g=2.00232, surface_g=2.00232) == pytest.approx(expected, rel=1e-3)


def test_unphysical_numbers_are_refused():
    with pytest.raises(ValueError, match="inner_radius_nm"):
        ligand_proton_t2_star_s(-2.0)
    with pytest.raises(ValueError, match="must lie inside"):
        surface_inverse_sixth_per_nm4(2.0, 2.0)
    with pytest.raises(ValueError, match=r"spin = 0\.4"):
        NuclearDensity(1.0, 0.4, 1.0)
    with pytest.raises(ValueError, match="density_per_nm3"):
        NuclearDensity(1.0, 0.5, 0.0)
    with pytest.raises(ValueError, match="dopant_fraction"):
        dipolar_linewidth_fwhm_t(1.2, 0.056)
    with pytest.raises(ValueError, match="Nothing"):
        host_kanai_t2_s("Nothing")
