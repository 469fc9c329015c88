"""Symmetries of the Hamiltonians, whatever the ion, the charge and the field."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sims.dot.dopant import along_axes, dopant_hamiltonian, electron_nuclear_hamiltonian
from sims.dot.exciton import exciton_hamiltonian, ground_hamiltonian, ground_manifold
from sims.dot.sample import Dopant, Sample, load_sample

FIELDS = st.tuples(*3 * [st.floats(-10, 10)])
IONS = st.sampled_from(["Mn", "Cu", "Co", "Cr", "Fe", "Er"])
Field = tuple[float, float, float]


def sphere(charge: int) -> Sample:
    """A dot without any axis: no heavy-light splitting, no crystal field."""
    sample = load_sample("mn-cdse-cds")
    free = sample.dopants[0].model_copy(update={"zero_field_d_uev": 0.0})
    return sample.model_copy(update={"hh_lh_splitting_mev": 0.0, "charge": charge, "dopants": (free,)})


@settings(max_examples=20, deadline=None)
@given(field_t=FIELDS, charge=st.sampled_from([-1, 0, 1]))
def test_hamiltonians_are_hermitian(field_t: Field, charge: int) -> None:
    sample = load_sample("mn-cdte-znte").model_copy(update={"charge": charge, "hh_lh_mixing_mev": 2.0})
    for matrix in (exciton_hamiltonian(sample, field_t), ground_hamiltonian(sample, field_t)):
        assert np.allclose(matrix, matrix.conj().T, atol=1e-12)


@settings(max_examples=20, deadline=None)
@given(field_t=FIELDS, charge=st.sampled_from([-1, 0, 1]))
def test_levels_of_a_sphere_depend_only_on_the_size_of_the_field(field_t: Field, charge: int) -> None:
    sample, strength = sphere(charge), float(np.linalg.norm(field_t))
    for hamiltonian in (exciton_hamiltonian, ground_hamiltonian):
        turned = np.linalg.eigvalsh(hamiltonian(sample, field_t))
        straight = np.linalg.eigvalsh(hamiltonian(sample, (0.0, 0.0, strength)))
        assert turned == pytest.approx(straight, abs=1e-9)


@settings(max_examples=20, deadline=None)
@given(field_t=FIELDS, charge=st.sampled_from([-1, 0, 1]))
def test_reversing_the_field_keeps_the_levels(field_t: Field, charge: int) -> None:
    """Time reversal."""
    sample = load_sample("mn-cdte-znte").model_copy(update={"charge": charge})
    back = (-field_t[0], -field_t[1], -field_t[2])
    for hamiltonian in (exciton_hamiltonian, ground_hamiltonian):
        assert np.linalg.eigvalsh(hamiltonian(sample, field_t)) == pytest.approx(
            np.linalg.eigvalsh(hamiltonian(sample, back)), abs=1e-9
        )


@settings(max_examples=20, deadline=None)
@given(element=IONS, field_t=FIELDS, axes=st.tuples(*3 * [st.floats(-180, 180)]))
def test_turning_crystal_and_field_together_keeps_the_levels(element: str, field_t: Field, axes: Field) -> None:
    base = Dopant.model_validate(
        {"element": element, "position_nm": 0, "zero_field_d_uev": 30.0, "zero_field_e_uev": 7.0, "cubic_a_uev": 3.0}
    )
    turned = base.model_copy(update={"crystal_axes_deg": axes})
    turned_axes = np.array(along_axes(tuple(np.eye(3, dtype=complex)), axes)).real  # rows: the turned x, y, z
    new_field = tuple(float(b) for b in np.asarray(field_t) @ turned_axes)
    assert np.linalg.eigvalsh(dopant_hamiltonian(turned, new_field)) == pytest.approx(  # type: ignore[arg-type]
        np.linalg.eigvalsh(dopant_hamiltonian(base, field_t)), abs=1e-9
    )


@pytest.mark.parametrize("element", ["Mn", "Cu", "Co", "Er"])
def test_kramers_ions_keep_degenerate_pairs_without_field(element: str) -> None:
    ion = Dopant.model_validate(
        {"element": element, "position_nm": 0, "zero_field_d_uev": 30.0, "zero_field_e_uev": 7.0, "axial_strain": 0.01}
    )
    energies = np.linalg.eigvalsh(dopant_hamiltonian(ion, (0, 0, 0)))
    assert energies[::2] == pytest.approx(energies[1::2], abs=1e-12)


def test_chromium_under_strain_has_its_zero_projection_lowest() -> None:
    ion = Dopant(element="Cr", position_nm=0, spin=2.0, zero_field_d_uev=2000.0)
    energies = np.linalg.eigvalsh(dopant_hamiltonian(ion, (0, 0, 0)))
    assert energies - energies[0] == pytest.approx([0, 2, 2, 8, 8])


def test_nuclear_zeeman_energy_of_manganese() -> None:
    """10.57 MHz/T for the free nucleus: the electron-nuclear trace over one electron level moves by that."""
    ion = Dopant(element="Mn", position_nm=0, hyperfine_uev=0.0)
    energies = np.linalg.eigvalsh(electron_nuclear_hamiltonian(ion, (0, 0, 1.0)))
    lowest = np.diff(energies[:6]) / 4.135667696e-3 * 1e3
    assert lowest == pytest.approx(np.full(5, 10.576), abs=0.01)


@pytest.mark.parametrize("field_t", [(0, 0, np.nan), (np.inf, 0, 0), (0, 0)])
def test_a_field_that_is_none_is_refused_by_name(field_t: Field, cdte_sample: Sample) -> None:
    for call in (exciton_hamiltonian, ground_hamiltonian, ground_manifold):
        with pytest.raises(ValueError, match="field_t"):
            call(cdte_sample, field_t)
