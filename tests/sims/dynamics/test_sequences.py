"""Pulse sequences: pieces fit together, frames do not show, nonsense is refused."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from sims.basics.constants import PLANCK_MEV_PER_GHZ
from sims.basics.spins import ComplexArray, spin_operators
from sims.dot.sample import Dopant, Sample, load_sample
from sims.dot.stimulus import Environment
from sims.dynamics.model import DotModel, build_model, saturation_rabi_mev
from sims.dynamics.pumping import outer_line, resonant_segment
from sims.dynamics.resonance import spin_model
from sims.dynamics.segments import Light, MicrowaveDrive, Pairs, Segment, segment_operators
from sims.dynamics.sequences import Sequencer
from sims.dynamics.superoperator import HBAR_MEV_NS
from sims.dynamics.system import restricted


@settings(max_examples=10, deadline=None)
@given(st.floats(0.05, 0.95))
def test_cutting_a_segment_changes_nothing(share: float) -> None:
    model, segment = CUT_MODEL, CUT_SEGMENT
    whole = Sequencer(model.system).run([segment], model.ground_mixture()).final
    pieces = [replace(segment, duration_ns=share * 40.0), replace(segment, duration_ns=(1 - share) * 40.0)]
    assert np.allclose(Sequencer(model.system).run(pieces, model.ground_mixture()).final, whole, atol=1e-9)


def _cut_case() -> tuple[DotModel, Segment]:
    model = build_model(load_sample("mn-cdte-znte"), Environment(4.0, (0, 0, 0.5)), heavy_holes_only=True)
    line = outer_line(model)
    light = Light(line.detuning_mev, saturation_rabi_mev(model.sample, 4.0, 1.0), fwhm_mev=0.01)
    return model, Segment(40.0, (light,), microwave=MicrowaveDrive(14.0, 0.3, 0.4), mixing_per_ns=1e-3)


CUT_MODEL, CUT_SEGMENT = _cut_case()


@settings(max_examples=8, deadline=None)
@given(st.floats(0, 5), st.floats(-1, 1), st.floats(0, 0.05))
def test_states_stay_physical_under_any_light(saturation: float, detuning: float, pairs: float) -> None:
    model = CUT_MODEL
    segments = [
        resonant_segment(model, saturation, detuning, 30.0, (0.6, 0.0, 0.8)),
        Segment(20.0),
        Segment(50.0, pairs=Pairs(pairs, 0.3, 0.5)),
    ]
    final = Sequencer(model.system).run(segments, model.ground_mixture()).final
    assert np.trace(final).real == pytest.approx(1, abs=1e-9)
    assert np.linalg.eigvalsh(final)[0] > -1e-9


def test_watching_in_a_dark_gap_equals_running_up_to_it(heavy_model: DotModel) -> None:
    line = outer_line(heavy_model)
    segments = [resonant_segment(heavy_model, 1.0, line.detuning_mev, 30.0), Segment(10.0)]
    projector = heavy_model.projector(heavy_model.exciton)
    watched = Sequencer(heavy_model.system).run(segments, heavy_model.ground_mixture(), np.array([34.0]), [projector])
    up_to = [segments[0], Segment(4.0)]
    final = Sequencer(heavy_model.system).run(up_to, heavy_model.ground_mixture()).final
    assert watched.values[0, 0] == pytest.approx(np.trace(projector @ final).real, abs=1e-11)


def integrated(hamiltonian: ComplexArray, shaken: ComplexArray, drive: MicrowaveDrive, duration: float) -> ComplexArray:
    """Propagator of H + M cos(2πft + φ) by short steps at their middle times: no rotating-wave approximation."""
    steps = 15000
    dt = duration / steps
    result = np.eye(len(hamiltonian), dtype=complex)
    for k in range(steps):
        angle = 2 * np.pi * drive.frequency_ghz * (k + 0.5) * dt + drive.phase_rad
        energies, vectors = np.linalg.eigh(hamiltonian + shaken * np.cos(angle))
        result = (vectors * np.exp(-1j * energies * dt / HBAR_MEV_NS)) @ vectors.conj().T @ result
    return result


def test_microwave_frame_agrees_with_direct_integration(axial_sample: Sample) -> None:
    """Spin 5/2 in a tilted field, one pulse near resonance: the state, phases included."""
    model = spin_model(axial_sample.dopants[0], Environment(4.0, (0.1, 0.05, 0.3)))
    drive = MicrowaveDrive(9.0, 2.0, 0.7)
    start = model.pure(2)
    final = Sequencer(model.system).run([Segment(30.0, microwave=drive)], start).final
    shaken = model.system.moment_mev_per_t[0] * 1e-3 * drive.field_mt
    exact = integrated(model.system.hamiltonian_mev, shaken, drive, 30.0)
    assert np.allclose(final, exact @ start @ exact.conj().T, atol=0.02)  # Bloch–Siegert, Ω/4f


def test_closed_sequences_equal_those_with_next_to_no_relaxation(axial_sample: Sample) -> None:
    """The n x n route against the n² x n² one, in a tilted field, with values along the way."""
    environment = Environment(4.0, (0.1, 0.05, 0.3))
    closed = spin_model(axial_sample.dopants[0], environment)
    opened = spin_model(axial_sample.dopants[0], environment, t2_us=1e9)
    pulse = Segment(9.0, microwave=MicrowaveDrive(9.0, 0.5, 0.7))
    segments = [pulse, Segment(13.0), pulse]
    times = np.array([0.0, 4.0, 9.0, 15.0, 31.0])
    watched = [closed.population(0.5), closed.system.from_product_basis(spin_operators(2.5).x)]
    runs = [Sequencer(m.system).run(segments, m.pure(2), times, watched) for m in (closed, opened)]
    assert np.allclose(runs[0].values, runs[1].values, atol=1e-8)
    assert np.allclose(runs[0].final, runs[1].final, atol=1e-8)


def test_light_and_microwave_together_in_an_axial_field(axial_sample: Sample) -> None:
    """The frame that holds both still exists for one helicity; without the light it must give the plain nutation."""
    model = build_model(axial_sample, Environment(4.0, (0, 0, 0.34)), heavy_holes_only=True)
    drive = MicrowaveDrive(9.517446558597973, 0.5)
    weak = Segment(12.0, (Light(0.65, 1e-12),), microwave=drive)
    alone = Sequencer(restricted(model.system, model.ground)).run(
        [Segment(12.0, microwave=drive)], np.diag([0, 0, 1.0, 0, 0, 0]).astype(complex)
    )
    start = np.zeros((30, 30), dtype=complex)
    start[2, 2] = 1.0
    both = Sequencer(model.system).run([weak], start).final
    assert np.allclose(both[:6, :6], alone.final, atol=1e-6)
    assert alone.final[2, 2].real < 0.9


def test_linear_light_with_resonant_microwave_is_refused(axial_sample: Sample) -> None:
    model = build_model(axial_sample, Environment(4.0, (0.2, 0, 0.34)), heavy_holes_only=True)
    resonance = (model.system.energies_mev[3] - model.system.energies_mev[2]) / PLANCK_MEV_PER_GHZ
    segment = Segment(1.0, (Light(0.0, 0.01, (1.0, 0.0, 0.0)),), microwave=MicrowaveDrive(resonance, 0.5))
    with pytest.raises(ValueError, match="no rotating frame"):
        segment_operators(model.system, segment)


def test_quarter_turn_about_x_then_y_keeps_the_phase_of_the_microwave() -> None:
    """Two π/2 pulses of phases 0 and φ, whatever lies between, raise a spin ½ with probability (1 + cos φ)/2."""
    dopant = Dopant(element="Mn", position_nm=0.0, spin=0.5, nuclear_spin=0.0)
    model = spin_model(dopant, Environment(4.0, (0, 0, 0.3)))
    lower, upper = model.level(-0.5), model.level(0.5)
    length = 0.25 / model.nutation_ghz(lower, upper, 1.0)
    drive = MicrowaveDrive(model.frequency_ghz(lower, upper), 1.0)
    for phase in (0.0, 0.8, np.pi / 2, np.pi):
        second = replace(drive, phase_rad=phase)
        segments = [Segment(length, microwave=drive), Segment(7.3), Segment(length, microwave=second)]
        final = Sequencer(model.system).run(segments, model.pure(lower)).final
        assert final[upper, upper].real == pytest.approx((1 + np.cos(phase)) / 2, abs=1e-9)


def test_spin_half_nutates_as_a_rotation_matrix() -> None:
    model = spin_model(Dopant(element="Mn", position_nm=0.0, spin=0.5, nuclear_spin=0.0), Environment(4.0, (0, 0, 1.0)))
    lower, upper = model.level(-0.5), model.level(0.5)
    nutation = model.nutation_ghz(lower, upper, 0.7)
    drive = MicrowaveDrive(model.frequency_ghz(lower, upper), 0.7)
    final = Sequencer(model.system).run([Segment(11.0, microwave=drive)], model.pure(lower)).final
    turn = expm(-1j * 2 * np.pi * nutation * 11.0 * spin_operators(0.5).x)
    assert final[upper, upper].real == pytest.approx(abs(turn[0, 1]) ** 2, abs=1e-9)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Segment(-1.0), "duration_ns"),
        (lambda: Segment(1.0, (Light(float("nan"), 0.01),)), "detuning_mev"),
        (lambda: Segment(1.0, (Light(0.0, -0.01),)), "rabi_mev"),
        (lambda: Segment(1.0, (Light(0.0, 0.01), Light(0.1, 0.01))), "no frame"),
        (lambda: Segment(1.0, pairs=Pairs(0.1, 2.0)), "circularity"),
        (lambda: Segment(1.0, microwave=MicrowaveDrive(0.0, 1.0)), "frequency_ghz"),
        (lambda: Segment(1.0, microwave=MicrowaveDrive(9.0, 1.0, 0.0, (1.0, 1.0, 0.0))), "unit vector"),
    ],
)
def test_nonsense_is_refused_by_name(heavy_model: DotModel, make: Callable[[], Segment], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Sequencer(heavy_model.system).run([make()], heavy_model.ground_mixture())


def test_times_outside_the_sequence_are_refused(heavy_model: DotModel) -> None:
    with pytest.raises(ValueError, match="the sequence ends at 5"):
        Sequencer(heavy_model.system).run([Segment(5.0)], heavy_model.ground_mixture(), np.array([6.0]))


def test_light_on_a_bare_spin_is_refused(axial_sample: Sample) -> None:
    model = spin_model(axial_sample.dopants[0], Environment(4.0))
    with pytest.raises(ValueError, match="light asked for"):
        Sequencer(model.system).run([Segment(1.0, (Light(0.0, 0.01),))], model.thermal_state())
    with pytest.raises(ValueError, match="pairs asked for"):
        Sequencer(model.system).run([Segment(1.0, pairs=Pairs(0.1))], model.thermal_state())
