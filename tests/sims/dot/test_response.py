from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from sims.basics.spins import FloatArray
from sims.dot.ground import resonance_lines
from sims.dot.propagation import step_chain
from sims.dot.rates import dark_generator
from sims.dot.response import Dot, Response
from sims.dot.sample import Sample, SampleError, load_sample
from sims.dot.stimulus import ContinuousLight, Cycle, Environment, Microwave, PulsedLight, Segment

Maker = Callable[..., Cycle]


def fluorescence(response: Response, start_ns: float, stop_ns: float) -> float:
    """Photons in the phonon replica between two times, per cycle."""
    replica = (response.dot.transitions.kind == "replica").astype(float)
    time, rate = response.intensity(replica)
    inside = (time >= start_ns - 1e-6) & (time < stop_ns - 1e-6)
    return float((rate * np.diff(response.edges_ns))[inside].sum() * 1e-9)


def efficiency(response: Response) -> float:
    """1 - Fss/F0 with F0 from an exponential through the pump's fluorescence after the exciton has built up."""
    replica = (response.dot.transitions.kind == "replica").astype(float)
    time, rate = response.intensity(replica)
    steady = rate[np.searchsorted(time, 2390.0)]
    early = (time > 1450) & (time < 1600)
    slope, offset = np.polyfit(time[early] - 1400, np.log(rate[early] - steady), 1)
    assert 30 < -1 / slope < 150
    return float(1 - steady / (steady + np.exp(offset)))


def test_step_propagators_agree_with_the_matrix_exponential(default_dot: Dot) -> None:
    generator = dark_generator(default_dot.scheme)
    n = len(generator)
    for step in step_chain(generator, 0.25, 3):
        block = np.zeros((2 * n, 2 * n))
        block[:n, :n], block[:n, n:] = generator, np.eye(n)
        exact = expm(block * step.duration_ns)
        assert np.allclose(step.whole, exact[:n, :n], atol=1e-12)
        assert np.allclose(step.integral, exact[:n, n:], atol=1e-12)
        assert np.allclose(step.half, expm(generator * step.duration_ns / 2), atol=1e-12)


def test_populations_are_periodic_positive_and_normalised(default_dot: Dot, pump_cycle: Maker) -> None:
    cycle = pump_cycle(default_dot)
    response = default_dot.respond(cycle)
    p = response.propagation
    assert np.all(p.start >= 0)
    assert np.allclose(p.start.sum(axis=1), 1, atol=1e-9)
    first_map = p.map_before[0]
    assert np.allclose(first_map @ p.end[-1], p.start[0], atol=1e-9)
    assert response.edges_ns[-1] == pytest.approx(cycle.period_ns)


@settings(max_examples=10, deadline=None)
@given(step_ns=st.floats(0.3, 5.0))
def test_rates_do_not_depend_on_the_step(
    default_dot: Dot, pulse_of: Callable[..., PulsedLight], step_ns: float
) -> None:
    cycle = Cycle((Segment(33.3), Segment(66.7)), (pulse_of(default_dot, 0.4, 3.1), pulse_of(default_dot, 0.4, 50.0)))
    reference = default_dot.respond(cycle, 0.1).rates()
    assert np.allclose(default_dot.respond(cycle, step_ns).rates(), reference, rtol=1e-6)


def test_intensity_integrates_to_the_rates(default_dot: Dot, pump_cycle: Maker) -> None:
    response = default_dot.respond(pump_cycle(default_dot))
    _, rate = response.intensity(np.ones(len(default_dot.transitions)))
    mean = float(rate @ np.diff(response.edges_ns)) / response.edges_ns[-1]
    assert mean == pytest.approx(response.rates().sum(), rel=1e-9)


def test_each_weak_pulse_gives_one_photon_per_exciton(undoped_dot: Dot, pulse_of: Callable[..., PulsedLight]) -> None:
    sample, mean = undoped_dot.sample, 0.01
    response = undoped_dot.respond(Cycle((Segment(2000.0),), (pulse_of(undoped_dot, mean),)))
    photons = response.rates().sum() * 2e-6
    assert photons == pytest.approx(mean * sample.quantum_yield * (1 - sample.dark_capture_fraction), rel=0.02)


def test_six_lines_stay_visible_at_four_kelvin(default_dot: Dot, pulse_of: Callable[..., PulsedLight]) -> None:
    response = default_dot.respond(Cycle((Segment(12.5),), (pulse_of(default_dot, 0.2),)))
    lines = default_dot.transitions
    strong = (lines.kind == "exciton") & (lines.stokes[:, 3] > 0.3)
    rates = response.rates()[strong]
    assert strong.sum() == 6
    assert rates.max() / rates.min() < 5


def test_reset_leaves_a_nearly_uniform_dopant_and_the_pump_empties_it(default_dot: Dot, pump_cycle: Maker) -> None:
    response = default_dot.respond(pump_cycle(default_dot))
    spin = default_dot.spin_populations(response)
    assert np.allclose(spin.sum(axis=1), 1)
    before = spin[np.searchsorted(response.time_ns, 1399.0)]
    after = spin[np.searchsorted(response.time_ns, 2399.0)]
    assert np.all((before > 0.1) & (before < 0.25))
    assert after[0] < 0.05
    assert 0.65 < efficiency(response) < 0.88


def test_detuned_pump_gives_little_light_and_no_pumping(default_dot: Dot, pump_cycle: Maker) -> None:
    resonant = default_dot.respond(pump_cycle(default_dot))
    detuned = default_dot.respond(pump_cycle(default_dot, detuning_mev=0.9))
    early = (1450.0, 1500.0)
    assert fluorescence(detuned, *early) < 0.05 * fluorescence(resonant, *early)
    spin = default_dot.spin_populations(detuned)
    times = detuned.time_ns
    change = spin[np.searchsorted(times, 2399.0)] - spin[np.searchsorted(times, 1399.0)]
    assert np.abs(change).max() < 0.1


def test_linear_pump_leaves_no_orientation(default_dot: Dot, pump_cycle: Maker) -> None:
    response = default_dot.respond(pump_cycle(default_dot, stokes=(1.0, 0.0, 0.0)))
    spin = default_dot.spin_populations(response)
    assert np.allclose(spin, spin[:, ::-1], atol=1e-4)


def test_faster_pump_at_higher_power(default_dot: Dot, pump_cycle: Maker) -> None:
    left = []
    for s in (0.3, 3.0):
        response = default_dot.respond(pump_cycle(default_dot, saturation=s))
        spin = default_dot.spin_populations(response)[:, 0]
        times = response.time_ns
        left.append(spin[np.searchsorted(times, 1500.0)] / spin[np.searchsorted(times, 1399.0)])
    assert left[1] < 0.7 * left[0]


def test_memory_in_the_dark_outlasts_ten_microseconds(default_dot: Dot, pump_cycle: Maker) -> None:
    short = default_dot.respond(pump_cycle(default_dot, wait=(Segment(100.0),)))
    long = default_dot.respond(pump_cycle(default_dot, wait=(Segment(10000.0),)), 5.0)
    assert fluorescence(long, 12400.0, 12500.0) == pytest.approx(fluorescence(short, 2500.0, 2600.0), rel=0.1)


def test_microwave_on_each_of_six_lines_unpumps_visibly(default_sample: Sample, pump_cycle: Maker) -> None:
    dot = Dot(default_sample, Environment(4.0, (0.0, 0.0, 0.15)))

    def probe(frequency_ghz: float) -> float:
        wait = (Segment(100.0), Segment(1000.0, (), Microwave(frequency_ghz, 0.6)), Segment(100.0))
        return fluorescence(dot.respond(pump_cycle(dot, wait=wait)), 3600.0, 3660.0)

    lines = resonance_lines(default_sample.dopants[0], (0.0, 0.0, 0.15))
    outer = lines.frequency_ghz[(lines.upper_m_s == 2.5) & (lines.lower_m_s == 1.5) & (lines.matrix_element > 1)]
    reference = probe(8.0)
    assert outer.size == 6
    assert all(probe(float(f)) / reference - 1 > 0.2 for f in outer)
    assert abs(probe(float(np.mean(np.sort(outer)[2:4]))) / reference - 1) < 0.05


def test_reversing_field_and_helicity_changes_nothing(default_sample: Sample, pump_cycle: Maker) -> None:
    up = Dot(default_sample, Environment(4.0, (0.0, 0.0, 0.5)))
    down = Dot(default_sample, Environment(4.0, (0.0, 0.0, -0.5)))
    cycle = pump_cycle(up)

    def mirrored(light: ContinuousLight) -> ContinuousLight:
        return replace(light, stokes=(light.stokes[0], light.stokes[1], -light.stokes[2]))

    mirror = Cycle(tuple(replace(s, lights=tuple(mirrored(x) for x in s.lights)) for s in cycle.segments), cycle.pulses)

    def circular(dot: Dot, rates: FloatArray) -> FloatArray:
        lines = dot.transitions
        return np.array([rates.sum(), (rates * lines.stokes[:, 3] / lines.stokes[:, 0]).sum()])

    one = circular(up, up.respond(cycle).rates())
    other = circular(down, down.respond(mirror).rates())
    assert one == pytest.approx(other * [1, -1], rel=1e-6)


def test_two_dopants_respond(pulse_of: Callable[..., PulsedLight]) -> None:
    dot = Dot(load_sample("two-mn-cdse-cds"), Environment(4.0))
    response = dot.respond(Cycle((Segment(50.0),), (pulse_of(dot, 0.3),)), 2.0)
    assert dot.spin_populations(response, 1).sum(axis=1) == pytest.approx(1.0)
    assert response.rates().sum() > 1e6
    with pytest.raises(ValueError, match="has 2 dopants"):
        dot.spin_populations(response, 2)


def test_replica_lies_one_phonon_below_with_its_share(default_dot: Dot) -> None:
    lines = default_dot.transitions
    main = lines.kind != "replica"
    assert lines.energy_mev[~main] == pytest.approx(lines.energy_mev[main] - 26.0)
    assert lines.rate_per_ns[~main].sum() / lines.rate_per_ns[main].sum() == pytest.approx(0.1)


def test_pulses_on_the_borders_of_segments_all_count(undoped_dot: Dot, pulse_of: Callable[..., PulsedLight]) -> None:
    """Two pulses at once, one at a border, one a hair before the end: four pulses' worth of photons."""
    times = (0.0, 300.0, 300.0, 900.0 - 1e-10)
    weak = Cycle((Segment(300.0), Segment(600.0)), tuple(pulse_of(undoped_dot, 1e-3, t) for t in times))
    single = Cycle((Segment(900.0),), (pulse_of(undoped_dot, 1e-3),))
    ratio = undoped_dot.respond(weak).rates().sum() / undoped_dot.respond(single).rates().sum()
    assert ratio == pytest.approx(4.0, rel=5e-3)


@pytest.mark.parametrize(
    ("cycle", "words"),
    [
        (Cycle(()), "at least one segment"),
        (Cycle((Segment(10.0),), (PulsedLight(10.0, 2200.0, 5.0, 1e-12, (0, 0, 0)),)), "outside the cycle"),
    ],
)
def test_impossible_cycles_are_refused(default_dot: Dot, cycle: Cycle, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        default_dot.respond(cycle)


def test_a_rate_model_too_large_is_refused_before_it_is_built(default_sample: Sample) -> None:
    three = default_sample.model_copy(update={"dopants": 3 * default_sample.dopants})
    with pytest.raises(SampleError, match=r"3 dopants give 2160 states.*1500"):
        Dot(three, Environment(4.0))
