"""The master equation with more than one dopant and with a nucleus, in cases small enough to evolve in a moment."""

import numpy as np
import pytest

from sims.dot.sample import Sample
from sims.dot.sample_parts import Dopant
from sims.dot.stimulus import Environment
from sims.dynamics.model import build_model
from sims.dynamics.pumping import Transient, outer_line, pumping_transient, resonant_segment
from sims.dynamics.segments import Light, Pairs, Segment
from sims.dynamics.sequences import Sequencer
from sims.dynamics.superoperator import HBAR_MEV_NS

DURATION_NS = 200.0


def copper(exchange: float, hyperfine_uev: float = 0.0) -> Dopant:
    """Spin 1/2 with I = 3/2; exchange as a share of Mn:CdTe's."""
    return Dopant(
        element="Cu",
        position_nm=1.0,
        g_factor=2.1,
        hyperfine_uev=hyperfine_uev,
        electron_exchange_mev=-0.07 * exchange,
        hole_exchange_mev=0.15 * exchange,
    )


def pumped(
    sample: Sample,
    dopants: tuple[Dopant, ...],
    field_t: tuple[float, float, float],
    *,
    nuclei: bool = False,
    biexciton: bool = False,
) -> Transient:
    doped = sample.model_copy(update={"dopants": dopants})
    model = build_model(doped, Environment(4.0, field_t), heavy_holes_only=True, nuclei=nuclei, biexciton=biexciton)
    light = resonant_segment(model, 1.0, outer_line(model).detuning_mev, DURATION_NS)
    return pumping_transient(model, light, n_times=21)


def test_a_second_dopant_without_exchange_only_watches(axial_sample: Sample) -> None:
    """Without flips under the exciton: those of the second dopant would tell that there is one, and widen the line."""
    still = {"exciton_dopant_flip_ns": None, "light_on_mixing_ns": None, "dark_t1_us": 1e12}
    quiet, field = axial_sample.model_copy(update=still), (0.0, 0.0, 0.5)
    one = pumped(quiet, (copper(1.0),), field)
    two = pumped(quiet, (copper(1.0), copper(0.0)), field)
    assert two.rate_per_ns == pytest.approx(one.rate_per_ns, rel=1e-9)
    assert two.populations.reshape(-1, 2, 2).sum(axis=2) == pytest.approx(one.populations, abs=1e-9)


@pytest.mark.parametrize("field_t", [(0.0, 0.0, 0.5), (0.2, 0.1, 0.5)])
def test_two_dopants_keep_probability_and_positivity(axial_sample: Sample, field_t: tuple[float, float, float]) -> None:
    run = pumped(axial_sample, (copper(1.0), copper(0.4)), field_t, biexciton=True)
    assert np.trace(run.final).real == pytest.approx(1.0, abs=1e-9)
    assert np.linalg.eigvalsh(run.final).min() > -1e-9
    assert run.efficiency > 0.3


def test_a_nucleus_without_hyperfine_coupling_changes_nothing(axial_sample: Sample) -> None:
    field = (0.0, 0.0, 0.3)
    bare = pumped(axial_sample, (copper(1.0),), field)
    with_nucleus = pumped(axial_sample, (copper(1.0),), field, nuclei=True)
    assert with_nucleus.rate_per_ns == pytest.approx(bare.rate_per_ns, rel=1e-8)


def test_hyperfine_coupling_costs_pumping_at_zero_field_but_not_in_a_field(axial_sample: Sample) -> None:
    def loss(field_z_t: float) -> float:
        field = (0.0, 0.0, field_z_t)
        coupled = pumped(axial_sample, (copper(1.0, hyperfine_uev=-2.0),), field, nuclei=True)
        return pumped(axial_sample, (copper(1.0),), field).efficiency - coupled.efficiency

    assert loss(0.0) > 0.03
    assert abs(loss(1.0)) < 0.3 * loss(0.0)


def test_light_and_pairs_reach_the_biexciton(axial_sample: Sample) -> None:
    """Two pi pulses of opposite helicity, each on its line, climb both steps; two of the same do not; pairs do."""
    still = {"exciton_dopant_flip_ns": None, "light_on_mixing_ns": None, "biexciton_binding_mev": 3.0}
    bare = axial_sample.model_copy(update={"dopants": (copper(0.0),), "bright_dark_splitting_mev": 0.0, **still})
    model = build_model(bare, Environment(4.0, (0.0, 0.0, 0.3)), heavy_holes_only=True, biexciton=True)
    share = model.projector(model.biexciton)
    line = outer_line(model)
    strong, length_ns = 0.6, np.pi * HBAR_MEV_NS / 0.6
    first = Segment(length_ns, (Light(line.detuning_mev, strong, (0.0, 0.0, 1.0)),))
    second = Segment(length_ns, (Light(-3.0 - line.detuning_mev, strong, (0.0, 0.0, -1.0)),))
    run = Sequencer(model.system).run([first, second], model.ground_mixture())
    assert np.trace(share @ run.final).real > 0.8
    same = Sequencer(model.system).run([first, first], model.ground_mixture())
    assert np.trace(share @ same.final).real < 0.01
    pairs = Sequencer(model.system).run([Segment(50.0, pairs=Pairs(2.0 / bare.lifetime_ns))], model.ground_mixture())
    assert 0.01 < np.trace(share @ pairs.final).real < 0.5
    assert np.trace(pairs.final).real == pytest.approx(1.0, abs=1e-9)
