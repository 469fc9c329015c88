"""The data sets of interval_coverage.py: each function draws a truth, then data, and returns the stated intervals."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pump_ladder import Ladder, experiment, fitted, pumping_time_ns

from analysis.antibunching import Background, PulsePeaks, evaluate
from analysis.decay_data import decay_data
from analysis.decay_models import ONE, STRETCHED, TWO
from analysis.g2_cw import CwCoincidences, fit_cw, jitter_difference
from analysis.gate_pairs import GatePairs
from analysis.irf import jitter_response, measured_response
from analysis.lifetime import fit_tail, fit_tail_from_peak
from analysis.poisson import calibrated_interval, poisson_interval
from analysis.polarimetry import AnalyserCalibration, calibrate, degree, invert, response
from analysis.reconvolution import fit_decay, lifetime_interval
from analysis.stokes import analyser_rows, measure_stokes
from analysis.time_gating import extrapolate
from analysis.two_port import PortCounts, TwoPortCalibration, polarisation_degree

FloatArray = npt.NDArray[np.float64]
Interval = tuple[float, float]
Stated = dict[str, tuple[float, Interval, Interval]]
"""Result name → (truth, 68 % interval, 95 % interval)."""

BIN_NS = 0.1
ANGLES = np.arange(-90.0, 90.0, 22.5)


def from_error(truth: float, value: float, stderr: float) -> tuple[float, Interval, Interval]:
    """The normal intervals that a standard error states."""
    return (
        truth,
        (value - 0.99446 * stderr, value + 0.99446 * stderr),
        (value - 1.95996 * stderr, value + 1.95996 * stderr),
    )


def few_counts(rng: np.random.Generator) -> Stated:
    """A Poisson mean between 0 and 10."""
    mean = rng.uniform(0.0, 10.0)
    n = int(rng.poisson(mean))
    return {
        "calibrated": (mean, calibrated_interval(n, 0.68), calibrated_interval(n, 0.95)),
        "exact (Garwood)": (mean, poisson_interval(n, 0.68), poisson_interval(n, 0.95)),
    }


def _g2(rng: np.random.Generator, level: float, g: float) -> Stated:
    offset = np.arange(-60, 60)
    centre = int(rng.integers(-3, 4))
    found = evaluate(PulsePeaks(offset, rng.poisson(np.where(offset == centre, g * level, level)), level)).adjacent
    return {
        "calibrated": (g, found.calibrated_68, found.calibrated_95),
        "exact (Clopper-Pearson)": (g, found.interval_68, found.interval_95),
    }


def g2_few(rng: np.random.Generator) -> Stated:
    """g2(0) with 0 to 10 expected pairs in the centre, 30 to 200 in a side peak; cable delay unknown."""
    level = float(np.exp(rng.uniform(np.log(30.0), np.log(200.0))))
    return _g2(rng, level, rng.uniform(0.0, 10.0) / level)


def g2_many(rng: np.random.Generator) -> Stated:
    """g2(0) between 0 and 0.6 with 100 to 3000 pairs in a side peak."""
    level = float(np.exp(rng.uniform(np.log(100.0), np.log(3000.0))))
    return _g2(rng, level, rng.uniform(0.0, 0.6))


def g2_background(rng: np.random.Generator) -> Stated:
    """g2(0) with accidental pairs subtracted: 2 to 10 % uncorrelated counts on each detector."""
    level, g = float(np.exp(rng.uniform(np.log(100.0), np.log(3000.0)))), rng.uniform(0.0, 0.4)
    b1, b2 = rng.uniform(0.02, 0.1, 2)
    accidental = level * (b1 + b2 - b1 * b2)
    offset = np.arange(-60, 60)
    mean = np.where(offset == 0, g * (level - accidental) + accidental, level)
    found = evaluate(PulsePeaks(offset, rng.poisson(mean), level), Background(b1, b2)).adjacent
    return {"stated": (g, found.calibrated_68, found.calibrated_95)}


JITTER = jitter_difference(
    jitter_response(160, 0.1, 6.0, 0.15, 0.46).weights, jitter_response(160, 0.1, 6.0, 0.04, 0.02).weights, 0.1
)


def g2_cw(rng: np.random.Generator) -> Stated:
    """Steady light, 60 to 200 pairs a bin: delays drawn pair by pair from a two-level emitter, both jitters drawn.

    At 20 to 80 pairs a bin the dip may be noise, as the fit then warns; 200 sets there held the truth in 67 % and 92 %
    (g2(0)) and 66 % and 88 % (antibunching time).
    """
    g, t1, level, centre = rng.uniform(0.0, 0.5), rng.uniform(2.0, 6.0), rng.uniform(60.0, 200.0), rng.uniform(-5, 5)
    half = 80.0
    n = rng.poisson(level * 2 * (half + 15.0))
    true_delay = rng.uniform(-half - 15.0, half + 15.0, n)
    kept = rng.random(n) < 1.0 - (1.0 - g) * np.exp(-np.abs(true_delay) / t1)
    delay = true_delay[kept]
    seen = delay + centre + rng.normal(0, 0.04, delay.size) + rng.exponential(0.02, delay.size)
    seen -= rng.normal(0, 0.15, delay.size) + rng.exponential(0.46, delay.size)
    counts = np.histogram(seen, np.arange(-half, half + 0.5, 1.0))[0]
    fit = fit_cw(CwCoincidences(-half, 1.0, counts, level), JITTER)
    return {
        "g2(0)": (g, fit.g2_zero_68, fit.g2_zero_95),
        "antibunching time": (t1, fit.antibunching_68_ns, fit.antibunching_95_ns),
    }


def g2_gated(rng: np.random.Generator) -> Stated:
    """g2(0) extrapolated to late gates beside a biexciton; photons of cascades and pairs drawn one by one."""
    exciton, ratio, n_side = 20.0, rng.uniform(4.0, 12.0), 10
    level = float(np.exp(rng.uniform(np.log(100.0), np.log(2000.0))))
    g, quantum_yield = rng.uniform(0.0, 0.3), rng.uniform(0.0, 0.3)

    def independent(n: int) -> FloatArray:
        return np.asarray(np.minimum(rng.exponential(exciton, n), rng.exponential(exciton, n)))

    cascades = rng.exponential(exciton / ratio, rng.poisson(level * quantum_yield))
    centre = np.concatenate((independent(rng.poisson(level * g)), cascades))
    pairs = GatePairs.of_times(centre, independent(rng.poisson(level * n_side)), n_side)
    found = extrapolate(pairs, exciton)
    return {"g2(0)": (g, found.interval_68, found.interval_95)}


def _times(
    rng: np.random.Generator, n: int, background: int, period: float, *lifetimes: tuple[float, float]
) -> FloatArray:
    """Arrival times (ns) with jitter, 2 ns after the start, wrapped at the period; (lifetime, share) each."""
    parts = [rng.exponential(tau, rng.poisson(n * share)) for tau, share in lifetimes]
    times = np.concatenate(parts)
    times = times + 2.0 + rng.normal(0.0, 0.15, times.size) + rng.exponential(0.1, times.size)
    return np.concatenate((times, rng.uniform(0.0, period, rng.poisson(background)))) % period


def _histogram(times: FloatArray, period: float, bin_ns: float = BIN_NS) -> npt.NDArray[np.int64]:
    return np.histogram(times, np.linspace(0.0, period, round(period / bin_ns) + 1))[0]


def tail(rng: np.random.Generator) -> Stated:
    """One exponential fitted over a stated range without response: 200 to 20000 photons."""
    tau, n = rng.uniform(2.0, 12.0), int(np.exp(rng.uniform(np.log(200.0), np.log(20000.0))))
    fit = fit_tail(_histogram(_times(rng, n, n // 10, 50.0, (tau, 1.0)), 50.0), BIN_NS, 35, 500)
    return {"lifetime": from_error(tau, fit.lifetime_ns, fit.stderr_ns)}


def tail_chosen(rng: np.random.Generator) -> Stated:
    """The lifetime of `solotron analyze`: the range chosen by the fit itself, 1000 to 30000 photons."""
    tau, n = rng.uniform(4.0, 12.0), int(np.exp(rng.uniform(np.log(1000.0), np.log(30000.0))))
    fit = fit_tail_from_peak(_histogram(_times(rng, n, n // 10, 50.0, (tau, 1.0)), 50.0), BIN_NS)
    return {"lifetime": from_error(tau, fit.lifetime_ns, fit.stderr_ns)}


def _response(rng: np.random.Generator, period: float, bin_ns: float = BIN_NS, n: int = 200_000) -> FloatArray:
    times = 2.0 + rng.normal(0.0, 0.15, n) + rng.exponential(0.1, n) - 0.17  # the laser comes 0.17 ns earlier
    return _histogram(times, period, bin_ns).astype(np.float64)


def reconvolved(rng: np.random.Generator) -> Stated:
    """One exponential of 0.3 to 6 ns through a measured response, shift fitted, period 25 ns."""
    tau, n, period = rng.uniform(0.3, 6.0), int(np.exp(rng.uniform(np.log(500.0), np.log(20000.0)))), 25.0
    data = decay_data(
        _histogram(_times(rng, n, n // 10, period, (tau, 1.0)), period),
        measured_response(_response(rng, period), BIN_NS),
        period_ns=period,
    )
    fit = fit_decay(data, ONE)
    return {
        "Fisher": from_error(tau, fit.lifetimes_ns[0], fit.stderrs_ns[0]),
        "profile": (tau, lifetime_interval(fit, 0, 0.68), lifetime_interval(fit, 0, 0.95)),
    }


def two_lifetimes(rng: np.random.Generator) -> Stated:
    """Two exponentials, 30000 photons: 0.5 to 1.2 ns and 4 to 7 ns, 30 to 70 % each."""
    fast, slow, share, period = rng.uniform(0.5, 1.2), rng.uniform(4.0, 7.0), rng.uniform(0.3, 0.7), 50.0
    data = decay_data(
        _histogram(_times(rng, 30_000, 1500, period, (fast, share), (slow, 1.0 - share)), period),
        measured_response(_response(rng, period), BIN_NS),
        period_ns=period,
    )
    fit = fit_decay(data, TWO)
    return {
        "fast lifetime": from_error(fast, fit.lifetimes_ns[0], fit.stderrs_ns[0]),
        "slow lifetime": from_error(slow, fit.lifetimes_ns[1], fit.stderrs_ns[1]),
        "share of the fast": from_error(share, fit.fractions[0], fit.fraction_errors[0]),
    }


def stretched(rng: np.random.Generator) -> Stated:
    """A stretched exponential, 20000 photons, τ 3 to 6 ns, β 0.6 to 0.9; times drawn as τ·γ^(1/β)."""
    tau, beta, period = rng.uniform(3.0, 6.0), rng.uniform(0.6, 0.9), 60.0
    n = rng.poisson(20_000)
    light = tau * rng.standard_gamma(1.0 / beta, n) ** (1.0 / beta)
    times = light + 2.0 + rng.normal(0.0, 0.15, n) + rng.exponential(0.1, n)
    times = np.concatenate((times, rng.uniform(0.0, period, rng.poisson(1000)))) % period
    measured = measured_response(_response(rng, period, 0.2), 0.2)
    fit = fit_decay(decay_data(_histogram(times, period, 0.2), measured, period_ns=period), STRETCHED)
    return {
        "time constant": from_error(tau, fit.lifetimes_ns[0], fit.stderrs_ns[0]),
        "stretch": from_error(beta, fit.stretch, fit.stretch_stderr),
    }


def piled_up(rng: np.random.Generator) -> Stated:
    """0.1 to 0.6 photons a cycle on a recorder that takes the first only; drawn cycle by cycle."""
    tau, rate, period, n_cycles = rng.uniform(2.0, 6.0), rng.uniform(0.1, 0.6), 50.0, 30_000
    per_cycle = rng.poisson(rate, n_cycles)
    times = 2.0 + rng.exponential(tau, int(per_cycle.sum()))
    times += rng.normal(0.0, 0.15, times.size) + rng.exponential(0.1, times.size)
    first = np.minimum.reduceat(times, (np.cumsum(per_cycle) - per_cycle)[per_cycle > 0])
    data = decay_data(
        _histogram(first[first < period], period), measured_response(_response(rng, period), BIN_NS), n_cycles=n_cycles
    )
    fit = fit_decay(data, ONE)
    return {"lifetime": from_error(tau, fit.lifetimes_ns[0], fit.stderrs_ns[0])}


def two_port(rng: np.random.Generator) -> Stated:
    """Degree of polarisation, 30 to 3000 photons, crosstalk 0.5 to 5 %, efficiency ratio 0.7 to 1.4, dark counts."""
    x1, x2 = rng.uniform(0.005, 0.05, 2)
    ratio, truth, dark = rng.uniform(0.7, 1.4), rng.uniform(-0.9, 0.9), rng.uniform(0.0, 5.0)
    matrix = np.array([[1 - x1, x1], [ratio * x2, ratio * (1 - x2)]])

    def record(n: float, degree_of_light: float) -> PortCounts:
        mean = matrix @ (n * np.array([1 + degree_of_light, 1 - degree_of_light]) / 2.0) + dark
        counts, darks = rng.poisson(mean), rng.poisson([4.0 * dark, 4.0 * dark])
        return PortCounts(int(counts[0]), int(counts[1]), int(darks[0]), int(darks[1]), 4.0)

    calibration = TwoPortCalibration(*(record(n, p) for n, p in ((4000, 1.0), (3000, -1.0), (2500, 0.0))))
    light = float(np.exp(rng.uniform(np.log(30.0), np.log(3000.0))))
    found = polarisation_degree(record(light, truth), calibration, seed=int(rng.integers(2**31)))
    return {"degree": (truth, found.interval_68, found.interval_95)}


def _calibrated(rng: np.random.Generator, retardance: float, offset: float) -> AnalyserCalibration:
    mean = 4e4 * (analyser_rows(ANGLES, retardance, offset) @ np.array([1.0, 1.0, 0.0, 0.0]))
    counts = rng.poisson(mean)
    return calibrate(ANGLES, counts, np.sqrt(np.maximum(counts, 1.0)))


def circular(rng: np.random.Generator) -> Stated:
    """Degree of circular polarisation from two settings of a calibrated plate, 300 to 30000 photons."""
    retardance, offset, truth = rng.uniform(75.0, 88.0), rng.uniform(-3.0, 3.0), rng.uniform(-0.95, 0.95)
    n = float(np.exp(rng.uniform(np.log(300.0), np.log(30_000.0))))
    counts = rng.poisson(response([45.0, -45.0], retardance, offset) @ (n * np.array([1 + truth, 1 - truth]) / 2.0))
    seen = counts[:, None].astype(np.float64)
    found = invert(seen, np.maximum(seen, 1.0), [45.0, -45.0], [1.0, 1.0], _calibrated(rng, retardance, offset))
    covariance = np.array(
        [[found.variance_plus[0], found.covariance[0]], [found.covariance[0], found.variance_minus[0]]]
    )
    value, error = degree(float(found.sigma_plus[0]), float(found.sigma_minus[0]), covariance, found.mixing)
    return {"degree": from_error(truth, value, error)}


def stokes(rng: np.random.Generator) -> Stated:
    """Full Stokes vector from eight plate angles, 1000 to 100000 photons, background known to a tenth."""
    retardance, offset = rng.uniform(80.0, 100.0), rng.uniform(-3.0, 3.0)
    length, direction = rng.uniform(0.1, 0.9), rng.normal(size=3)
    vector = np.concatenate(([1.0], length * direction / np.linalg.norm(direction)))
    n = float(np.exp(rng.uniform(np.log(1000.0), np.log(100_000.0)))) / 4.0
    dark = 0.05 * n
    counts = rng.poisson(n * (analyser_rows(ANGLES, retardance, offset) @ vector) + dark)
    found = measure_stokes(
        counts,
        ANGLES,
        np.ones(ANGLES.size),
        _calibrated(rng, retardance, offset),
        background_hz=max(0.0, dark + rng.normal(0.0, 0.1 * dark)),
        background_stderr_hz=0.1 * dark,
    )
    return {
        "circular degree": from_error(float(vector[3]), *found.circular_degree),
        "total degree": from_error(length, *found.total_degree),
    }


def pumping(rng: np.random.Generator) -> Stated:
    """Pumping efficiency and time of a six-level spin that fades with several times, 5000 to 200000 photons."""
    ladder = Ladder(
        saturation=rng.uniform(0.7, 3.0),
        flip_ns=rng.uniform(20.0, 60.0),
        mixing_ns=float(np.exp(rng.uniform(np.log(60.0), np.log(500.0)))),
        neighbours=rng.uniform(0.0, 1.0),
    )
    photons = float(np.exp(rng.uniform(np.log(5000.0), np.log(200_000.0))))
    expected, efficiency = experiment(ladder, photons, background=photons * rng.uniform(0.0, 5e-5), split_ns=2.0)
    found = fitted(rng.poisson(expected).astype(np.float64))
    results = {
        "efficiency": (efficiency, found.efficiency_interval, found.efficiency, found.efficiency_error),
        "time": (pumping_time_ns(ladder), found.time_interval_ns, found.time_ns, found.time_error_ns),
    }
    return {
        name: (truth, one, from_error(truth, value, error)[2]) for name, (truth, one, value, error) in results.items()
    }


@dataclass(frozen=True)
class Estimator:
    """One row group of the table."""

    title: str
    draw: Callable[[np.random.Generator], Stated]


ESTIMATORS = {
    "few-counts": Estimator("Poisson mean", few_counts),
    "g2-few": Estimator("pulsed g2(0), few counts", g2_few),
    "g2-many": Estimator("pulsed g2(0)", g2_many),
    "g2-background": Estimator("pulsed g2(0), background subtracted", g2_background),
    "g2-cw": Estimator("cw g2(0)", g2_cw),
    "g2-gated": Estimator("time-gated g2(0), extrapolated", g2_gated),
    "tail": Estimator("tail fit, range given", tail),
    "tail-chosen": Estimator("tail fit, range chosen", tail_chosen),
    "reconvolution": Estimator("reconvolution, one lifetime", reconvolved),
    "two-lifetimes": Estimator("reconvolution, two lifetimes", two_lifetimes),
    "stretched": Estimator("reconvolution, stretched", stretched),
    "pile-up": Estimator("reconvolution with pile-up", piled_up),
    "two-port": Estimator("two-detector analyser", two_port),
    "circular": Estimator("quarter-wave analyser", circular),
    "stokes": Estimator("Stokes vector", stokes),
    "pumping": Estimator("resonant spin pumping", pumping),
}
