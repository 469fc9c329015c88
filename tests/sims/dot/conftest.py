"""Dots and cycles used by several tests."""

from collections.abc import Callable

import pytest

from sims.dot.response import Dot
from sims.dot.sample import Sample, load_sample
from sims.dot.stimulus import ContinuousLight, Cycle, Environment, PulsedLight, Segment

OPO_MEV = 2214.0  # 560 nm
CIRCULAR = (0.0, 0.0, 1.0)


@pytest.fixture(scope="session")
def default_sample() -> Sample:
    return load_sample("mn-cdse-cds")


@pytest.fixture(scope="session")
def cdte_sample() -> Sample:
    return load_sample("mn-cdte-znte")


@pytest.fixture(scope="session")
def default_dot(default_sample: Sample) -> Dot:
    return Dot(default_sample, Environment(4.0))


@pytest.fixture(scope="session")
def undoped_dot() -> Dot:
    return Dot(load_sample("undoped-cdse-cds"), Environment(4.0))


@pytest.fixture(scope="session")
def pulse_of() -> Callable[..., PulsedLight]:
    """A non-resonant pulse that creates a given mean number of pairs."""

    def make(dot: Dot, mean_pairs: float, time_ns: float = 0.0) -> PulsedLight:
        one = dot.mean_pairs(PulsedLight(0.0, OPO_MEV, 8.0, 1.0, CIRCULAR))
        return PulsedLight(time_ns, OPO_MEV, 8.0, mean_pairs / one, CIRCULAR)

    return make


@pytest.fixture(scope="session")
def line_energies() -> Callable[[Dot], list[float]]:
    """Energies of the bright sigma-plus lines, sorted."""

    def find(dot: Dot) -> list[float]:
        lines = dot.transitions
        chosen = (lines.kind == "exciton") & (lines.stokes[:, 3] > 0.3)
        return sorted(lines.energy_mev[chosen].tolist())

    return find


@pytest.fixture(scope="session")
def pump_cycle(
    pulse_of: Callable[..., PulsedLight], line_energies: Callable[[Dot], list[float]]
) -> Callable[..., Cycle]:
    """Reset by pulses, dark, resonant pump of the highest sigma-plus line, dark (microwave), probe, dark."""

    def make(
        dot: Dot,
        saturation: float = 1.5,
        detuning_mev: float = 0.0,
        stokes: tuple[float, float, float] = (0.0, 0.0, 1.0),
        wait: tuple[Segment, ...] = (Segment(300.0),),
    ) -> Cycle:
        light = ContinuousLight(
            line_energies(dot)[-1] + detuning_mev,
            1e-6,
            saturation * dot.sample.resonant_saturation_power_w,
            stokes,
        )
        reset = tuple(pulse_of(dot, 0.5, 12.5 * k) for k in range(96))
        dark, pump, probe = Segment(200.0), Segment(1000.0, (light,)), Segment(100.0, (light,))
        return Cycle((Segment(1200.0), dark, pump, *wait, probe, Segment(400.0)), reset)

    return make
