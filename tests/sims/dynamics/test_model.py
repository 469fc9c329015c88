"""The dot as an open system: size, light, relaxation."""

import numpy as np
import pytest
import qutip

from sims.basics.constants import BOLTZMANN_MEV_PER_K
from sims.dot.exciton import ground_manifold
from sims.dot.relaxation import exciton_relaxation, ground_relaxation
from sims.dot.sample import Sample
from sims.dot.stimulus import Environment
from sims.dynamics.hermitian_basis import population_support, support
from sims.dynamics.liouvillian import Liouvillian
from sims.dynamics.model import DotModel, build_model, jones, line_rate_operators, saturation_rabi_mev
from sims.dynamics.pumping import optical_lines, outer_line, resonant_segment
from sims.dynamics.reduction import reachable
from sims.dynamics.sequences import Segment, Sequencer, segment_operators
from sims.dynamics.superoperator import HBAR_MEV_NS, real_generator


@pytest.mark.parametrize(
    ("options", "levels"),
    [
        ({"heavy_holes_only": True}, 30),
        ({}, 54),
        ({"biexciton": True}, 60),
        ({"heavy_holes_only": True, "nuclei": True}, 180),
    ],
)
def test_number_of_levels(axial_sample: Sample, options: dict[str, bool], levels: int) -> None:
    assert build_model(axial_sample, Environment(4.0), **options).size == levels


@pytest.mark.parametrize(("heavy", "dark", "lit"), [(True, 50, 72), (False, 302, 378)])
def test_unknowns_reachable_from_populations_in_an_axial_field(
    axial_sample: Sample, heavy: bool, dark: int, lit: int
) -> None:
    model = build_model(axial_sample, Environment(4.0, (0, 0, 1.0)), heavy_holes_only=heavy)
    populations = population_support(model.size)
    for segment, expected in ((Segment(1.0), dark), (resonant_segment(model, 1.0, 0.6, 1.0), lit)):
        parts = segment_operators(model.system, segment)
        assert reachable((real_generator(parts.hamiltonian_mev, parts.collapse),), populations).size == expected


def test_six_lines_over_1304_uev(heavy_model: DotModel) -> None:
    plus = [line.detuning_mev for line in optical_lines(heavy_model) if line.strength[0] > 0.5]
    assert len(plus) == 6
    assert plus[-1] - plus[0] == pytest.approx(1.304, abs=0.002)


def test_bright_exciton_decays_with_the_stated_lifetime(axial_sample: Sample) -> None:
    quiet = axial_sample.model_copy(
        update={"exciton_dopant_flip_ns": None, "electron_flip_ns": None, "hole_flip_ns": None, "dark_lifetime_ns": 0.3}
    )
    model = build_model(quiet, Environment(4.0, (0, 0, 1.0)), heavy_holes_only=True)
    start = np.zeros((30, 30), dtype=complex)
    start[outer_line(model).exciton, outer_line(model).exciton] = 1.0
    rho = Liouvillian(model.system.hamiltonian_mev, model.system.collapse).evolve(start, np.array([0.6]))
    assert np.trace(rho[0][np.ix_(model.exciton, model.exciton)]).real == pytest.approx(np.exp(-2), rel=1e-9)


def test_population_rates_are_those_of_the_rate_model(axial_sample: Sample) -> None:
    """Σ|C|² among eigenstates equals sims.dot.relaxation: same steps, same detailed balance."""
    environment = Environment(4.0, (0.0, 0.0, 0.7))
    only_flips = axial_sample.model_copy(update={"dark_lifetime_ns": 1e7, "lifetime_ns": 1e5})
    model = build_model(only_flips, environment)
    inside = np.ix_(model.exciton, model.exciton)
    ours = sum(np.abs(c[inside]) ** 2 for c in model.system.collapse)
    vectors = model.system.basis[inside]
    theirs = exciton_relaxation(only_flips, model.system.energies_mev[model.exciton], vectors, 4.0)
    off_diagonal = ~np.eye(48, dtype=bool)
    assert np.allclose(ours[off_diagonal], theirs[off_diagonal], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("field_t", [(0.0, 0.0, 3.0), (2.0, 0.0, 1.0)])
def test_dark_steady_state_is_in_detailed_balance(axial_sample: Sample, field_t: tuple[float, float, float]) -> None:
    warm = axial_sample.model_copy(update={"dark_t1_us": 1.0})
    model = build_model(warm, Environment(1.5, field_t), heavy_holes_only=True)
    rho = Liouvillian(model.system.hamiltonian_mev, model.system.collapse).steady_state()
    energies = model.system.energies_mev[model.ground]
    weight = np.exp(-(energies - energies.min()) / (BOLTZMANN_MEV_PER_K * 1.5))
    assert np.diag(rho).real[model.ground] == pytest.approx(weight / weight.sum(), abs=1e-7)


def test_ground_relaxation_agrees_with_the_rate_model(axial_sample: Sample) -> None:
    model = build_model(axial_sample, Environment(2.0, (0, 0, 1.0)), heavy_holes_only=True)
    inside = np.ix_(model.ground, model.ground)
    ours = sum(np.abs(c[inside]) ** 2 for c in model.system.collapse)
    ground = ground_manifold(axial_sample, (0, 0, 1.0))
    order = np.argsort(model.system.energies_mev[model.ground])
    theirs = ground_relaxation(axial_sample, ground, 2.0, 1e3 * axial_sample.dark_t1_us)
    their_order = np.argsort(ground.energies_mev)
    off_diagonal = ~np.eye(6, dtype=bool)
    a, b = ours[np.ix_(order, order)], theirs[np.ix_(their_order, their_order)]
    assert np.allclose(a[off_diagonal], b[off_diagonal], rtol=1e-6)


def test_exciton_model_agrees_with_qutip(axial_sample: Sample) -> None:
    model = build_model(axial_sample, Environment(4.0, (0.0, 0.0, 1.0)), heavy_holes_only=True)
    parts = segment_operators(model.system, resonant_segment(model, 1.0, outer_line(model).detuning_mev, 1.0))
    theirs = qutip.steadystate(
        qutip.Qobj(parts.hamiltonian_mev / HBAR_MEV_NS), [qutip.Qobj(c) for c in parts.collapse]
    ).full()
    ours = Liouvillian(parts.hamiltonian_mev, parts.collapse)
    assert np.allclose(ours.steady_state(), theirs, atol=1e-9)
    assert np.allclose(ours.evolve(model.ground_mixture(), np.array([1e5]))[0], theirs, atol=1e-8)


def test_vector_dipole_keeps_the_coherence_of_the_dopant(axial_sample: Sample) -> None:
    """A superposition of dopant states survives emission when exchange and flips are off."""
    dopant = axial_sample.dopants[0].model_copy(
        update={"electron_exchange_mev": 0.0, "hole_exchange_mev": 0.0, "zero_field_d_uev": 0.0}
    )
    bare = axial_sample.model_copy(
        update={
            "dopants": (dopant,),
            "exciton_dopant_flip_ns": None,
            "electron_flip_ns": None,
            "hole_flip_ns": None,
            "spin_t2_us": 1e6,
        }
    )
    model = build_model(bare, Environment(4.0), heavy_holes_only=True)
    product = np.zeros(30, dtype=complex)
    plus_one = 6 + 6 * 2  # carriers kept: (+½,+3/2), (+½,−3/2), (−½,+3/2), (−½,−3/2)
    product[plus_one], product[plus_one + 3] = np.sqrt(0.5), np.sqrt(0.5)
    vector = model.system.basis.conj().T @ product
    run = Sequencer(model.system).run([Segment(30.0)], np.outer(vector, vector.conj()))
    ground = model.system.to_product_basis(run.final)[:6, :6]
    assert abs(ground[0, 3]) == pytest.approx(0.5, abs=2e-4)


def test_light_of_all_lines_is_the_light_of_the_dot(heavy_model: DotModel) -> None:
    start = np.zeros((30, 30), dtype=complex)
    start[outer_line(heavy_model).exciton, outer_line(heavy_model).exciton] = 1.0
    every = [(int(g), int(x)) for g in heavy_model.ground for x in heavy_model.exciton]
    lines = sum(np.trace(o @ start).real for o in line_rate_operators(heavy_model, every))
    whole = sum(np.trace(o @ start).real for o in heavy_model.photon_rate_operators())
    assert lines == pytest.approx(whole, rel=1e-12)
    assert lines == pytest.approx(0.95 / 0.3, rel=0.01)


def test_biexciton_decays_to_the_exciton_and_then_to_the_ground(axial_sample: Sample) -> None:
    model = build_model(axial_sample, Environment(4.0), heavy_holes_only=True, biexciton=True)
    start = np.zeros((36, 36), dtype=complex)
    start[model.biexciton[0], model.biexciton[0]] = 1.0
    watched = [model.projector(levels) for levels in (model.biexciton, model.exciton, model.ground)]
    times = np.linspace(0, 200, 101)
    values = Sequencer(model.system).run([Segment(200.0)], start, times, watched).values
    assert values[1, 0] == pytest.approx(np.exp(-2.0 / 0.2), rel=1e-6)
    assert values[1, 1] > 0.01
    assert values[-1, 2] == pytest.approx(1.0, abs=1e-6)


def test_jones_amplitudes_give_back_the_stokes_vector() -> None:
    for stokes in [(0.0, 0.0, 1.0), (0.0, 0.0, -1.0), (1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.48, 0.6, 0.64)]:
        plus, minus = jones(stokes)
        cross = plus * np.conj(minus)
        back = (-2 * cross.real, 2 * cross.imag, abs(plus) ** 2 - abs(minus) ** 2)
        assert back == pytest.approx(stokes, abs=1e-12)


def test_unphysical_models_are_refused_by_name(axial_sample: Sample) -> None:
    with pytest.raises(ValueError, match="temperature_k"):
        build_model(axial_sample, Environment(0.0))
    with pytest.raises(ValueError, match="field_t"):
        build_model(axial_sample, Environment(4.0, (0.0, float("nan"), 0.0)))
    with pytest.raises(ValueError, match="charge = 1"):
        build_model(axial_sample.model_copy(update={"charge": 1}), Environment(4.0))
    with pytest.raises(ValueError, match="nuclei"):
        build_model(axial_sample.model_copy(update={"dopants": ()}), Environment(4.0), nuclei=True)
    with pytest.raises(ValueError, match="fully polarised"):
        jones((0.5, 0.0, 0.0))
    with pytest.raises(ValueError, match="saturation"):
        saturation_rabi_mev(axial_sample, 4.0, -1.0)


def test_support_counts_what_is_there() -> None:
    assert support(np.diag([0.5, 0.5, 0]).astype(complex)).sum() == 2
