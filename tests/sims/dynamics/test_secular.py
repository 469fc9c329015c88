"""The rate reduction: right where it says it holds, and it says no where it is not."""

import numpy as np
import pytest

from sims.dot.sample import Sample, load_sample
from sims.dot.stimulus import Environment
from sims.dynamics.model import build_model
from sims.dynamics.pumping import outer_line, resonant_segment
from sims.dynamics.secular import golden_rule_rates, rate_model
from sims.dynamics.segments import Segment
from sims.dynamics.sequences import Sequencer

TIMES = np.linspace(0, 100, 11)


def both(sample: Sample, field_t: tuple[float, float, float]) -> tuple[float, str]:
    """Largest relative difference of the fluorescence from the master equation, and the verdict."""
    model = build_model(sample, Environment(4.0, field_t), heavy_holes_only=True)
    detuning = outer_line(build_model(sample, Environment(4.0), heavy_holes_only=True)).detuning_mev
    segment = resonant_segment(model, 1.0, detuning, 100.0)
    photons = model.photon_rate_operators()
    light = photons[0] + photons[1]
    exact = Sequencer(model.system).run([segment], model.ground_mixture(), TIMES, [light]).values[1:, 0]
    rates = rate_model(model.system, segment)
    populations = rates.evolve(np.diag(model.ground_mixture()).real, TIMES)
    fast = (populations @ np.diag(light).real)[1:]
    return float(np.max(np.abs(fast / exact - 1))), rates.validity.verdict


@pytest.mark.parametrize("field_z", [0.0, 0.1, 1.0, 5.0])
def test_holds_in_an_axial_field(axial_sample: Sample, field_z: float) -> None:
    deviation, verdict = both(axial_sample, (0.0, 0.0, field_z))
    assert deviation < 1e-3
    assert verdict == "holds"


@pytest.mark.parametrize("field_t", [(0.01, 0.0, 0.0), (0.03, 0.0, 0.0), (0.05, 0.0, 0.1), (0.5, 0.0, 1.0)])
def test_says_no_in_a_tilted_field(axial_sample: Sample, field_t: tuple[float, float, float]) -> None:
    deviation, verdict = both(axial_sample, field_t)
    assert deviation > 0.01
    assert verdict.startswith("does not hold, because ")


def test_golden_rule_of_one_line() -> None:
    """W = (Ω²/2)γ/(γ² + Δ²)."""
    hbar_omega, gamma, delta = 1e-4, 3.0, 5.0
    poles = np.array([[0, gamma + 1j * delta], [gamma - 1j * delta, 0]])
    coupling = np.array([[0, hbar_omega / 2], [hbar_omega / 2, 0]], dtype=complex)
    omega = hbar_omega / 6.582119569e-4
    rates = golden_rule_rates(coupling, poles)
    assert rates[0, 1] == pytest.approx(omega**2 / 2 * gamma / (gamma**2 + delta**2), rel=1e-9)


def test_generator_conserves_probability_and_finds_its_steady_state(axial_sample: Sample) -> None:
    model = build_model(axial_sample, Environment(4.0, (0, 0, 1.0)), heavy_holes_only=True)
    rates = rate_model(model.system, resonant_segment(model, 1.0, 0.6, 1.0))
    assert np.allclose(rates.generator.sum(axis=0), 0, atol=1e-12)
    late = rates.evolve(np.diag(model.ground_mixture()).real, np.array([1e6]))[0]
    assert late == pytest.approx(rates.steady_state(), abs=1e-9)


def test_wrong_populations_are_refused(axial_sample: Sample) -> None:
    model = build_model(axial_sample, Environment(4.0), heavy_holes_only=True)
    with pytest.raises(ValueError, match="populations"):
        rate_model(model.system, Segment(1.0)).evolve(np.ones(3), TIMES)


@pytest.mark.parametrize(
    ("saturation", "flip_ns", "mixing_ns", "efficiency", "time_ns"),
    [(3.0, 10.0, 120.0, 0.73, 36.0), (3.0, 20.0, 350.0, 0.79, 70.0), (0.3, 20.0, 400.0, 0.62, 151.0)],
)
def test_twelve_level_pumping_table(
    saturation: float, flip_ns: float, mixing_ns: float, efficiency: float, time_ns: float
) -> None:
    """Six ground and six exciton states, W_k on each line, Γ = 100 µeV, flips at high temperature.

    The table's own model is not printed in full, hence the tolerance; here flips and mixing are steps S± whose mean
    time is the stated one, and the fluorescence is that of the pumped line.
    """
    sample = load_sample("mn-cdte-znte")
    dopant = sample.dopants[0].model_copy(update={"electron_exchange_mev": 0.0, "hole_exchange_mev": 0.173})
    ideal = sample.model_copy(
        update={
            "dopants": (dopant,),
            "linewidth": sample.linewidth.model_copy(update={"gamma0_mev": 0.1, "lo_mev": 0.0}),
            "exciton_dopant_flip_ns": flip_ns,
            "electron_flip_ns": None,
            "hole_flip_ns": None,
            "dark_t1_us": 1e6,
            "quantum_yield": 1.0,
        }
    )
    model = build_model(ideal, Environment(1e4, (0.0, 0.0, 1e-3)), heavy_holes_only=True)
    line = outer_line(model)
    light = resonant_segment(model, saturation, line.detuning_mev, 1.0)
    rates = rate_model(model.system, Segment(1.0, light.lights, mixing_per_ns=1 / mixing_ns))
    times = np.linspace(0, 1000, 4001)
    fluorescence = rates.evolve(np.diag(model.ground_mixture()).real, times)[:, line.exciton]
    peak = int(np.argmax(fluorescence))
    excess = fluorescence[peak:] - fluorescence[-1]
    fall = times[np.argmax(excess < excess[0] / np.e)]
    assert 1 - fluorescence[-1] / fluorescence[peak] == pytest.approx(efficiency, abs=0.06)
    assert fall == pytest.approx(time_ns, rel=0.12)
