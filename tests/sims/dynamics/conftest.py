"""Dots used by several tests of the dynamics."""

import pytest

from sims.dot.sample import Sample, load_sample
from sims.dot.stimulus import Environment
from sims.dynamics.model import DotModel, build_model


@pytest.fixture(scope="session")
def axial_sample() -> Sample:
    """Mn:CdTe without the cubic term, so that a field along z conserves the total projection."""
    sample = load_sample("mn-cdte-znte")
    dopant = sample.dopants[0].model_copy(update={"cubic_a_uev": 0.0})
    return sample.model_copy(update={"dopants": (dopant,)})


@pytest.fixture(scope="session")
def heavy_model(axial_sample: Sample) -> DotModel:
    """30 levels at zero field and 4 K."""
    return build_model(axial_sample, Environment(4.0), heavy_holes_only=True)
