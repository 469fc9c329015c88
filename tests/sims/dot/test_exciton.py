import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sims.basics.spins import FloatArray, projections
from sims.dot.exciton import (
    carrier_amplitudes,
    dipole_rows,
    exciton_hamiltonian,
    exciton_manifold,
    ground_manifold,
    stokes_vectors,
)
from sims.dot.sample import Sample, load_sample

Field = tuple[float, float, float]
FIELDS = st.tuples(*3 * [st.floats(-10, 10)])


def spectrum(sample: Sample, field_t: Field) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Transition energies, sigma-plus and sigma-minus strengths, <Sz> of the final state; all (n_g, n_x)."""
    ground, exciton = ground_manifold(sample, field_t), exciton_manifold(sample, field_t)
    dipoles = np.einsum("qc,cgi->qgi", dipole_rows(), carrier_amplitudes(ground, exciton))
    energies = exciton.energies_mev[None, :] - ground.energies_mev[:, None]
    m = projections(sample.dopants[0].spin) if sample.dopants else np.zeros(1)
    sz = np.einsum("mg,m->g", np.abs(ground.vectors) ** 2, m) if len(sample.dopants) < 2 else np.zeros(1)
    plus, minus = np.abs(dipoles[0]) ** 2, np.abs(dipoles[1]) ** 2
    return energies, plus, minus, np.broadcast_to(sz[:, None], energies.shape)


def heavy_only(sample: Sample) -> Sample:
    return sample.model_copy(update={"hh_lh_splitting_mev": 1e6})


def test_cdte_has_exactly_six_heavy_hole_lines_with_the_known_spacings(cdte_sample: Sample) -> None:
    energies, plus, _, _ = spectrum(heavy_only(cdte_sample), (0, 0, 0))
    lines = np.sort(energies[(plus > 0.02) & (energies < 100)])
    assert lines.size == 6
    assert np.diff(lines)[::-1] == pytest.approx([0.257, 0.259, 0.260, 0.263, 0.266], abs=5e-4)
    assert lines[-1] - lines[0] == pytest.approx(1.304, abs=5e-4)


def test_cdte_total_splitting_with_light_holes(cdte_sample: Sample) -> None:
    energies, plus, _, _ = spectrum(cdte_sample, (0, 0, 0))
    lines = np.sort(energies[plus > 0.5])
    assert lines[-1] - lines[0] == pytest.approx(1.306, abs=5e-4)


def test_dark_admixture_of_the_cdte_lines_is_below_one_percent(cdte_sample: Sample) -> None:
    _, plus, _, _ = spectrum(heavy_only(cdte_sample), (0, 0, 0))
    bright = plus[plus > 0.5]
    assert np.all(bright > 1 - 0.0075)
    assert np.min(bright) < 1 - 0.002


def test_sigma_plus_is_lowest_on_the_spin_down_dopant_and_sigma_minus_mirrors_it(cdte_sample: Sample) -> None:
    energies, plus, minus, sz = spectrum(cdte_sample, (0, 0, 0))
    order_plus = sz[plus > 0.5][np.argsort(energies[plus > 0.5])]
    order_minus = sz[minus > 0.5][np.argsort(energies[minus > 0.5])]
    assert order_plus == pytest.approx([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5], abs=0.01)
    assert order_minus == pytest.approx(-order_plus, abs=0.01)


def test_sigma_minus_lines_cross_their_dark_partners_at_the_known_fields(cdte_sample: Sample) -> None:
    # The known fields are those without crystal field; D0 = 7 micro-eV moves the outer two by 0.2 T.
    free = cdte_sample.dopants[0].model_copy(update={"zero_field_d_uev": 0.0, "cubic_a_uev": 0.0})
    sample = heavy_only(cdte_sample).model_copy(update={"dopants": (free,)})
    fields = np.arange(7.0, 10.0, 0.025)
    # At a crossing the brightest transition of a ground level holds only half of the strength.
    share = np.array([np.max(spectrum(sample, (0, 0, field))[2], axis=1) for field in fields])
    crossings = sorted(fields[np.argmin(share[:, g])] for g in range(share.shape[1]) if share[:, g].min() < 0.6)
    assert crossings == pytest.approx([7.5, 8.0, 8.45, 8.95, 9.45], abs=0.05)


def test_gap_of_the_last_crossing(cdte_sample: Sample) -> None:
    sample = heavy_only(cdte_sample)
    gaps = []
    for field in np.arange(9.5, 9.75, 0.01):
        energies, _, minus, sz = spectrum(sample, (0, 0, field))
        row = int(np.argmin(sz[:, 0]))
        pair = np.argsort(minus[row])[-2:]
        gaps.append(abs(energies[row, pair[0]] - energies[row, pair[1]]))
    assert min(gaps) == pytest.approx(0.157, abs=0.003)


def test_default_dot_has_six_lines_spaced_one_and_a_half_to_two_mev(default_sample: Sample) -> None:
    energies, plus, minus, _ = spectrum(default_sample, (0, 0, 0))
    lines = np.sort(energies[(plus > 0.3) & (energies < 12)])
    assert lines.size == 6
    assert np.all((np.diff(lines) > 1.5) & (np.diff(lines) < 2.0))
    weak = (plus + minus)[((plus + minus) < 0.3) & (energies < 12)]
    assert weak.max() < 0.006


def test_two_dopants_give_more_than_six_lines() -> None:
    energies, plus, _, _ = spectrum(load_sample("two-mn-cdse-cds"), (0, 0, 0))
    assert energies.shape == (36, 288)
    assert np.unique(np.round(energies[(plus > 0.3) & (energies < 12)], 1)).size > 20


def test_undoped_dot_has_one_line_split_only_by_its_asymmetry() -> None:
    sample = load_sample("undoped-cdse-cds").model_copy(update={"anisotropic_splitting_mev": 0.2})
    ground, exciton = ground_manifold(sample, (0, 0, 0)), exciton_manifold(sample, (0, 0, 0))
    dipoles = np.einsum("qc,cgi->qgi", dipole_rows(), carrier_amplitudes(ground, exciton))[:, 0]
    stokes = stokes_vectors(dipoles[0], dipoles[1])
    bright = np.flatnonzero((stokes[:, 0] > 0.5) & (exciton.energies_mev < 12))
    assert np.diff(exciton.energies_mev[bright]) == pytest.approx([0.2], rel=0.02)
    assert stokes[bright, 1] / stokes[bright, 0] == pytest.approx([1, -1], abs=1e-3)


def test_without_splitting_the_f2_states_are_dark() -> None:
    sphere = load_sample("undoped-cdse-cds").model_copy(update={"hh_lh_splitting_mev": 0.0})
    ground, exciton = ground_manifold(sphere, (0, 0, 0)), exciton_manifold(sphere, (0, 0, 0))
    dipoles = np.einsum("qc,cgi->qgi", dipole_rows(), carrier_amplitudes(ground, exciton))
    strength = np.sum(np.abs(dipoles) ** 2, axis=(0, 1))
    assert strength == pytest.approx([0] * 5 + [4 / 3] * 3, abs=1e-9)


@settings(max_examples=20, deadline=None)
@given(field_t=FIELDS)
def test_hamiltonian_is_hermitian(default_sample: Sample, field_t: Field) -> None:
    matrix = exciton_hamiltonian(default_sample, field_t)
    assert np.allclose(matrix, matrix.conj().T, atol=1e-12)


@settings(max_examples=10, deadline=None)
@given(field_t=FIELDS)
def test_every_product_state_emits_as_a_whole_hole_state(default_sample: Sample, field_t: Field) -> None:
    """Sum rule: total strength of all transitions is the trace of the dipoles, whatever the field."""
    ground, exciton = ground_manifold(default_sample, field_t), exciton_manifold(default_sample, field_t)
    dipoles = np.einsum("qc,cgi->qgi", dipole_rows(), carrier_amplitudes(ground, exciton))
    assert np.sum(np.abs(dipoles) ** 2) == pytest.approx(4 * 6, rel=1e-9)


@settings(max_examples=10, deadline=None)
@given(field_t=st.floats(0.05, 9.0))
def test_reversing_the_field_swaps_sigma_plus_and_sigma_minus(default_sample: Sample, field_t: float) -> None:
    e_up, plus_up, minus_up, _ = spectrum(default_sample, (0, 0, field_t))
    e_down, plus_down, minus_down, _ = spectrum(default_sample, (0, 0, -field_t))

    def profile(energies: FloatArray, strength: FloatArray) -> FloatArray:
        grid = np.linspace(-8, 8, 200)
        shape = np.exp(-((grid[:, None] - energies.ravel()) ** 2) / 0.02)
        return np.asarray(shape @ strength.ravel(), dtype=np.float64)

    assert np.allclose(profile(e_up, plus_up), profile(e_down, minus_down), atol=1e-5)
    assert np.allclose(profile(e_up, minus_up), profile(e_down, plus_down), atol=1e-5)


def test_a_field_across_the_axis_leaves_the_unpolarised_spectrum_without_helicity(cdte_sample: Sample) -> None:
    _, plus, minus, _ = spectrum(cdte_sample, (3.0, 0.0, 0.0))
    assert plus.sum() == pytest.approx(minus.sum(), rel=1e-9)
