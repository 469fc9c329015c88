"""Optical pumping: what the experiments show must come out."""

import numpy as np
import pytest

from sims.dot.sample import Sample
from sims.dot.stimulus import Environment
from sims.dynamics.model import DotModel, build_model
from sims.dynamics.pumping import (
    efficiency_against_transverse_field,
    efficiency_with_frozen_nucleus,
    frozen_nuclear_field_t,
    outer_line,
    pumping_against_power,
    pumping_transient,
    recovery_against_delay,
    reset_segment,
    resonant_segment,
    through_excited_segment,
)
from sims.dynamics.segments import Segment


def test_efficiency_and_time_with_the_dopants_own_nucleus(axial_sample: Sample, heavy_model: DotModel) -> None:
    """Le Gall et al. (2010): 75 % at zero field, tens of ns near saturation."""
    environment = Environment(4.0)
    assert efficiency_with_frozen_nucleus(axial_sample, environment, 1.0, 600.0, n_directions=6) == pytest.approx(
        0.75, abs=0.1
    )
    transient = pumping_transient(
        heavy_model, resonant_segment(heavy_model, 1.0, outer_line(heavy_model).detuning_mev, 600.0)
    )
    assert 30 < transient.time_ns < 100


def test_the_pumped_level_is_emptied(heavy_model: DotModel) -> None:
    """σ⁺ light on the highest line meets m = −5/2 or +5/2, whichever that line belongs to."""
    line = outer_line(heavy_model)
    level = int(np.argmax(np.abs(heavy_model.system.basis[:6, line.ground])))
    transient = pumping_transient(heavy_model, resonant_segment(heavy_model, 1.0, line.detuning_mev, 600.0))
    assert transient.populations[0] == pytest.approx(np.full(6, 1 / 6), abs=1e-9)
    assert int(np.argmin(transient.populations[-1])) == level
    assert transient.populations[-1, level] < 0.05
    assert transient.populations.sum(axis=1) == pytest.approx(1.0, abs=1e-9)


def test_pumping_rate_follows_the_exciton_population(heavy_model: DotModel) -> None:
    """1/τ_pump ∝ n_X = s/(2(1 + s)) within 20 % over a factor of 30 in power."""
    saturations = [0.1, 0.3, 1.0, 3.0]
    runs = pumping_against_power(heavy_model, outer_line(heavy_model).detuning_mev, saturations)
    ratio = np.array([1 / run.time_ns / (s / (2 * (1 + s))) for run, s in zip(runs, saturations, strict=True)])
    assert ratio.max() / ratio.min() < 1.2


def test_efficiency_collapses_over_tens_of_millitesla_of_transverse_field(axial_sample: Sample) -> None:
    efficiency = efficiency_against_transverse_field(
        axial_sample, Environment(4.0), [0.0, 0.01, 0.03, 0.06], 1.5, 500.0
    )
    assert np.all(np.diff(efficiency) < 0)
    assert efficiency[2] < 0.6 * efficiency[0]
    assert efficiency[3] < 0.4 * efficiency[0]


def test_strain_free_dot_is_not_pumped_in_a_transverse_field_of_its_nucleus(axial_sample: Sample) -> None:
    """Without D₀ nothing holds the dopant along z (Goryca et al. 2009): the same nucleus costs far more."""
    free = axial_sample.dopants[0].model_copy(update={"zero_field_d_uev": 0.0})
    strain_free = axial_sample.model_copy(update={"dopants": (free,)})
    environment = Environment(4.0)
    without = efficiency_with_frozen_nucleus(strain_free, environment, 1.5, 400.0, n_directions=4)
    with_strain = efficiency_with_frozen_nucleus(axial_sample, environment, 1.5, 400.0, n_directions=4)
    assert without < with_strain - 0.25


def test_dark_memory_is_flat_to_ten_microseconds_and_goes_with_t1(heavy_model: DotModel) -> None:
    segment = resonant_segment(heavy_model, 1.5, outer_line(heavy_model).detuning_mev, 600.0)
    at_once, ten_us, t1, late = recovery_against_delay(heavy_model, segment, [50.0, 1e4, 1e6, 3e7])
    assert ten_us - at_once < 0.02
    assert 0.4 < t1 < 0.8
    assert late > 0.9


def test_reset_brings_the_fluorescence_back(heavy_model: DotModel) -> None:
    segment = resonant_segment(heavy_model, 1.5, outer_line(heavy_model).detuning_mev, 600.0)
    plain = recovery_against_delay(heavy_model, segment, [50.0])[0]
    # At 4 K pairs leave the dopant in balance with the exciton's exchange field, so not wholly unpolarised.
    reset = recovery_against_delay(heavy_model, segment, [50.0], reset=reset_segment(500.0, 1.0))[0]
    assert plain < 0.2
    assert reset > 3 * plain


def test_pumping_through_an_excited_state_orients_the_dopant(heavy_model: DotModel) -> None:
    m = np.arange(2.5, -3, -1)
    up = pumping_transient(heavy_model, through_excited_segment(heavy_model, 0.5, 1.0, 400.0)).populations[-1] @ m
    down = pumping_transient(heavy_model, through_excited_segment(heavy_model, 0.5, -1.0, 400.0)).populations[-1] @ m
    neither = pumping_transient(heavy_model, through_excited_segment(heavy_model, 0.5, 0.0, 400.0)).populations[-1] @ m
    assert abs(up) > 0.8
    assert down == pytest.approx(-up, abs=1e-6)
    assert neither == pytest.approx(0.0, abs=1e-6)


def test_reversed_field_and_helicity_mirror_the_transient(axial_sample: Sample) -> None:
    rates = []
    for sign in (1, -1):
        model = build_model(axial_sample, Environment(4.0, (0, 0, sign * 0.4)), heavy_holes_only=True)
        rates.append(pumping_transient(model, resonant_segment(model, 1.0, 0.6, 50.0, (0, 0, float(sign)))).rate_per_ns)
    assert rates[0] == pytest.approx(rates[1], abs=1e-9)


def test_turning_the_transverse_field_about_z_changes_nothing(axial_sample: Sample) -> None:
    rates = []
    for angle in (0.0, 1.1):
        field = (0.02 * np.cos(angle), 0.02 * np.sin(angle), 0.0)
        model = build_model(axial_sample, Environment(4.0, field), heavy_holes_only=True)
        rates.append(pumping_transient(model, resonant_segment(model, 1.0, 0.6, 50.0), n_times=11).rate_per_ns)
    assert rates[0] == pytest.approx(rates[1], abs=1e-9)


def test_frozen_field_of_the_nucleus(axial_sample: Sample) -> None:
    """A √(35)/2 / (g μ_B) with A = 0.68 µeV."""
    assert frozen_nuclear_field_t(axial_sample.dopants[0]) == pytest.approx(0.01738, rel=1e-3)


def test_light_that_misses_every_line_is_refused(heavy_model: DotModel) -> None:
    with pytest.raises(ValueError, match="no fluorescence"):
        pumping_transient(heavy_model, Segment(10.0))
    with pytest.raises(ValueError, match="duration_ns"):
        pumping_transient(heavy_model, Segment(0.0))
