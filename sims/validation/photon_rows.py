"""Photons of one dot: correlations, brightness, linewidth, light of the dopant itself."""

import math
from functools import cache, partial

import numpy as np

from sims.basics.spins import FloatArray
from sims.dot.lineshape import linewidth_mev
from sims.dot.response import Dot
from sims.dot.sample import Sample, load_sample
from sims.dot.sample_parts import InnerEmission
from sims.dot.stimulus import ContinuousLight, Cycle, Environment, PulsedLight, Segment
from sims.photons.correlation import expected_correlation
from sims.photons.from_dot import continuous_process
from sims.photons.process import JumpProcess, Stretch
from sims.photons.source import PhotonSource
from sims.validation.check import Check, at_least, at_most, between, within
from sims.validation.sources import BESOMBES_2008, CLOSED, PAPER, SCRIPT, TEXTBOOK

row = partial(Check, "Photons")

UNPOLARISED, SIGMA_PLUS, SIGMA_MINUS = (0.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, 0.0, -1.0)
PAIRS_PER_NS, SATURATING_PAIRS_PER_NS = 0.3, 3.0
SHORTEST_NS = 5.0
"""From here on a line's g2 is ruled by the dopant's flips, no more by the exciton's lifetime."""


def two_levels(pump_per_ns: float, decay_per_ns: float) -> JumpProcess:
    """An emitter without spin."""
    generator = np.array([[-pump_per_ns, decay_per_ns], [pump_per_ns, -decay_per_ns]])
    return JumpProcess((Stretch(10.0, generator),), np.array([1]), np.array([0]), np.array([decay_per_ns]))


def antibunching_deviation() -> float:
    """Largest |g2 - (1 - exp(-(p + d) t))| of two levels, p = 0.1, d = 1 per ns."""
    delay_ns = np.linspace(0.0, 10.0, 101)
    found = expected_correlation(two_levels(0.1, 1.0), np.ones(1), np.ones(1), delay_ns)
    return float(np.abs(found - (1 - np.exp(-1.1 * delay_ns))).max())


@cache
def cdte(pairs_per_ns: float = PAIRS_PER_NS) -> tuple[JumpProcess, FloatArray, FloatArray]:
    """Mn:CdTe at 5 K under continuous non-resonant light; weights of its highest and lowest sigma+ line."""
    dot = Dot(load_sample("mn-cdte-znte"), Environment(5.0))
    one_watt = dot.mean_pairs(PulsedLight(0.0, 2300.0, 1.0, 1.0, UNPOLARISED))
    light = ContinuousLight(2300.0, 1.0, pairs_per_ns * 1e9 / one_watt, UNPOLARISED)
    lines = dot.transitions
    strong = np.flatnonzero((lines.kind == "exciton") & (lines.stokes[:, 3] > 0.3))
    order = strong[np.argsort(lines.energy_mev[strong])]
    high, low = np.zeros(len(lines)), np.zeros(len(lines))
    high[order[-1]], low[order[0]] = 1.0, 1.0
    return continuous_process(dot, light), high, low


def auto_correlation(delay_ns: FloatArray, pairs_per_ns: float = PAIRS_PER_NS) -> FloatArray:
    """g2 of the highest line with itself."""
    process, high, _ = cdte(pairs_per_ns)
    return expected_correlation(process, high, high, delay_ns)


def cross_correlation(delay_ns: FloatArray) -> FloatArray:
    """g2 of the highest line, then the lowest."""
    process, high, low = cdte()
    return expected_correlation(process, high, low, delay_ns)


def bunching_time_ns() -> float:
    """Time in which the excess of the line's g2 over 1 falls to 1/e, from SHORTEST_NS on, saturating light."""
    delay_ns = np.linspace(SHORTEST_NS, 300, 2951)
    excess = auto_correlation(delay_ns, SATURATING_PAIRS_PER_NS) - 1
    return float(delay_ns[np.argmax(excess < excess[0] / math.e)] - delay_ns[0])


def bunching_peak() -> float:
    """Largest g2 of one line with itself."""
    return float(auto_correlation(np.linspace(0.0, 50.0, 501)).max())


def stream_deviation_sigma() -> float:
    """Detected photons of both lines in 4 ms minus the expectation, in standard errors from 100 pieces, seed 4."""
    process, high, low = cdte()
    source = PhotonSource(process, np.stack([0.5 * high, 0.5 * low]))
    duration_s, pieces = 4e-3, 100
    events = source.stream(duration_s, np.random.default_rng(4))
    counts = np.bincount((events.time_ps * pieces // round(duration_s * 1e12)).clip(0, pieces - 1), minlength=pieces)
    expected = float(source.expected_rates_hz().sum()) * duration_s / pieces
    return float((counts.mean() - expected) / (counts.std(ddof=1) / np.sqrt(pieces)))


@cache
def default_dot() -> Dot:
    """The CdSe/CdS dot at 4 K."""
    return Dot(load_sample("mn-cdse-cds"), Environment(4.0))


def pulse_of(pairs: float) -> PulsedLight:
    """A blue pulse that makes that many pairs in the CdSe/CdS dot."""
    one = default_dot().mean_pairs(PulsedLight(0.0, 2300.0, 8.0, 1e-15, UNPOLARISED))
    return PulsedLight(0.0, 2300.0, 8.0, 1e-15 * pairs / one, UNPOLARISED)


def weak_g2() -> float:
    """g2(0) under weak pulses: yield of the biexciton over that of the exciton."""
    response = default_dot().respond(Cycle((Segment(1000.0),), (pulse_of(0.002),)))
    return response.expected_g2_zero(np.full((2, len(default_dot().transitions)), 0.02))


def one_pair_fluence() -> float:
    """Fluence in mJ/cm^2 at 450 nm for one pair a pulse, cross-section 1e-15 cm^2."""
    joule = 1e-12
    pairs = default_dot().mean_pairs(PulsedLight(0.0, 1239841.984 / 450.0, 8.0, joule, UNPOLARISED))
    area_cm2 = np.pi * (0.5e-4 * default_dot().sample.focus_diameter_um) ** 2
    return float(1e3 * joule / area_cm2 / pairs)


def width_mev(temperature_k: float) -> float:
    """Homogeneous linewidth of the CdSe/CdS dot."""
    return linewidth_mev(load_sample("mn-cdse-cds").linewidth, temperature_k)


def above_the_dopant() -> Sample:
    """A dot that emits at 2.4 eV, above the inner transition of Mn at 2.1 eV, with a transfer time of 10 ps."""
    inner = InnerEmission(energy_mev=2100.0, fwhm_mev=200.0, lifetime_us=500.0, quantum_yield=0.5)
    changes = {"emission_mev": 2400.0, "energy_transfer_ps": 10.0, "inner_emission": inner}
    return load_sample("mn-cdse-cds").model_copy(update=changes)


@cache
def transfer_rates(*, sigma_plus: bool) -> tuple[float, float]:
    """Photons per second of exciton and dopant under helical continuous light."""
    dot = Dot(above_the_dopant(), Environment(4.0))
    light = ContinuousLight(2900.0, 1.0, 1e-9, SIGMA_PLUS if sigma_plus else SIGMA_MINUS)
    rates = dot.respond(Cycle((Segment(1000.0, (light,)),))).rates()
    dopant = dot.transitions.kind == "dopant"
    return float(rates[~dopant].sum()), float(rates[dopant].sum())


def dopant_share_percent() -> float:
    """Share of the dopant's own light."""
    exciton, dopant = transfer_rates(sigma_plus=True)
    return 100 * dopant / (exciton + dopant)


def helicity_ratio() -> float:
    """Dopant's light under sigma+ over that under sigma- pumping."""
    return transfer_rates(sigma_plus=True)[1] / transfer_rates(sigma_plus=False)[1]


CHECKS: tuple[Check, ...] = (
    row("Two levels: g2 minus 1 - exp(-(p + d) t)", "", within(0.0, 1e-9), "analytic", CLOSED, antibunching_deviation),
    row(
        "CdTe, one line: g2(0)", "", within(0.0, 1e-9), "analytic", "one photon at a time",
        lambda: float(auto_correlation(np.zeros(1))[0]),
    ),
    row(
        "CdTe, one line: largest g2", "", at_least(2.0), "published", f"{BESOMBES_2008}: bunched", bunching_peak,
        "at most the inverse of the population of that spin state, about 6",
    ),
    row(
        "CdTe, one line, saturating light: time of the bunching", "ns", between(10.0, 40.0), "calibrated",
        f"{BESOMBES_2008}; {PAPER}: ~20 ns, here within a factor of 2", bunching_time_ns,
        "the pump, 3 pairs per ns, was chosen to saturate; the dopant flips under the exciton only, so weaker light "
        "takes longer: 60 ns at 0.3 per ns",
    ),
    row(
        "CdTe, highest then lowest line: g2 at 5 ns", "", at_most(0.7), "published",
        f"{BESOMBES_2008}: antibunched", lambda: float(cross_correlation(np.array([5.0]))[0]),
    ),
    row(
        "CdTe: both correlations at 2 us", "", within(1.0, 0.01), "analytic", "memory is lost",
        lambda: float(auto_correlation(np.array([2000.0]))[0] + cross_correlation(np.array([2000.0]))[0]) / 2,
    ),
    row(
        "CdTe: drawn photons minus expected rate", "sigma", within(0.0, 3.0), "analytic", "Monte Carlo, seed 4",
        stream_deviation_sigma,
    ),
    row(
        "CdSe/CdS, weak pulses: g2(0) = 0.08/0.9", "", within(0.0889, 0.001), "analytic",
        "yield of the biexciton over that of the exciton", weak_g2,
    ),
    row(
        "CdSe/CdS, 450 nm: fluence for one pair, 1e-15 cm^2", "mJ/cm^2", within(0.44, 0.005),
        "independent computation", SCRIPT, one_pair_fluence,
    ),
    row("CdSe/CdS, 4 K: linewidth", "meV", at_most(0.15), "calibrated", f"{TEXTBOOK}: about 0.1 meV",
        partial(width_mev, 4.0), "a sample input"),
    row("CdSe/CdS, 300 K: linewidth", "meV", between(50.0, 60.0), "calibrated", TEXTBOOK, partial(width_mev, 300.0),
        "the phonon strength is a sample input"),
    row(
        "Emission above 2.1 eV: share of the dopant's own light", "%", at_least(99.0), "calibrated",
        f"{PAPER}: transfer beats the exciton's light", dopant_share_percent, "transfer in 10 ps is an input",
    ),
    row(
        "Dopant's own light, sigma+ over sigma- pump", "", within(1.0, 1e-6), "published",
        "independent of the pump's helicity", helicity_ratio,
    ),
)  # fmt: skip
