import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sims.dot.microwave import microwave_map
from sims.dot.response import Dot
from sims.dot.sample import Sample, load_sample
from sims.dot.stimulus import Cycle, Environment, Microwave, Segment

SAMPLES = {name: load_sample(name) for name in ("mn-cdse-cds", "mn-cdte-znte", "two-mn-cdse-cds")}
fields = st.one_of(st.just(0.0), st.floats(-2.0, 2.0), st.floats(-1e-5, 1e-5))


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(sorted(SAMPLES)),
    field_z_t=fields,
    field_x_t=st.sampled_from([0.0, 0.1]),
    frequency_ghz=st.floats(0.05, 60.0),
    field_mt=st.floats(0.0, 50.0),
    duration_ns=st.floats(0.1, 1e4),
)
def test_a_microwave_neither_loses_nor_makes_population(
    name: str, field_z_t: float, field_x_t: float, frequency_ghz: float, field_mt: float, duration_ns: float
) -> None:
    environment = Environment(4.0, (field_x_t, 0.0, field_z_t))
    result = microwave_map(SAMPLES[name], environment, Microwave(frequency_ghz, field_mt), duration_ns)
    assert result.sum(axis=0) == pytest.approx(1.0, abs=1e-12)
    assert result.min() >= 0.0
    assert result.max() <= 1.0 + 1e-12


@pytest.mark.parametrize("frequency_ghz", [1.21, 2.42, 4.3, 4.84, 5.3])
@pytest.mark.parametrize("field_t", [1e-6, -1e-6])
def test_the_map_at_zero_field_is_the_limit_of_a_vanishing_field(
    default_sample: Sample, frequency_ghz: float, field_t: float
) -> None:
    """All fields, frequencies and strengths of one resonance move by far less than its width."""
    microwave = Microwave(frequency_ghz, 0.6)
    zero = microwave_map(default_sample, Environment(4.0), microwave, 1000.0)
    near = microwave_map(default_sample, Environment(4.0, (0.0, 0.0, field_t)), microwave, 1000.0)
    assert np.abs(near - zero).max() < 0.01


def test_a_cycle_with_microwave_keeps_its_population(default_dot: Dot) -> None:
    dark = Segment(100.0)
    response = default_dot.respond(Cycle((dark, Segment(500.0, (), Microwave(4.84, 5.0)), dark)))
    assert response.populations.sum(axis=1) == pytest.approx(1.0, abs=1e-9)
