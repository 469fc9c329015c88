"""Ornstein-Uhlenbeck noise of the qubit's detuning: exact decay, exact sample paths; 1/f noise as a sum of them.

delta(t) is Gaussian with <delta(t) delta(t')> = sigma^2 exp(-|t - t'|/tau). The coherence is L = exp(-chi),
chi = (sigma^2/2) double integral of y(t) y(t') exp(-|t - t'|/tau), y the sequence's signs
(Klauder and Anderson, Phys. Rev. 125, 912 (1962); Cywinski et al., Phys. Rev. B 77, 174509 (2008)).
Sample paths use Gillespie's exact update of (delta, integral of delta) (Phys. Rev. E 54, 2084 (1996)).
"""

from dataclasses import dataclass
from math import log

import numpy as np
import numpy.typing as npt

from sims.basics import checks
from sims.coherence.checks import times
from sims.coherence.sequences import Sequence

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class OrnsteinUhlenbeck:
    """Detuning noise: rms ``sigma_rad_per_s`` (rad/s, >= 0) and memory ``correlation_time_s`` (s, > 0)."""

    sigma_rad_per_s: float
    correlation_time_s: float

    def __post_init__(self) -> None:
        checks.not_negative("sigma_rad_per_s", self.sigma_rad_per_s)
        checks.positive("correlation_time_s", self.correlation_time_s)

    def spectrum_rad2_per_s(self, frequency_hz: npt.ArrayLike) -> FloatArray:
        """One-sided power spectrum of the detuning, 4 sigma^2 tau/(1 + (2 pi f tau)^2), in (rad/s)^2 per Hz."""
        turns = 2 * np.pi * np.asarray(frequency_hz, dtype=np.float64) * self.correlation_time_s
        checks.all_finite("frequency_hz", frequency_hz)
        return np.asarray(4 * self.sigma_rad_per_s**2 * self.correlation_time_s / (1 + turns**2), dtype=np.float64)


def excess(x: FloatArray) -> FloatArray:
    """Value of x - 1 + exp(-x) to full relative precision for x >= 0."""
    small = np.minimum(x, 0.05)
    series = small**2 / 2 * (1 - small / 3 * (1 - small / 4 * (1 - small / 5 * (1 - small / 6 * (1 - small / 7)))))
    return np.asarray(np.where(x < 0.05, series, x + np.expm1(-x)), dtype=np.float64)


def decay_exponent(noise: OrnsteinUhlenbeck, sequence: Sequence, total_times_s: npt.ArrayLike) -> FloatArray:
    """chi(T), shape (times,): the exact double integral, interval by interval.

    The running ``memory`` is the integral of y(t') exp(-(t - t')/tau)/tau up to the present pulse. Relative rounding
    error about 1e-16 tau/T. For Ramsey chi = sigma^2 tau^2 (T/tau - 1 + exp(-T/tau)); for Hahn's echo
    sigma^2 tau^2 (T/tau - 3 + 4 exp(-T/2tau) - exp(-T/tau)). ValueError for times that are negative or not finite.
    """
    scaled = times("total_times_s", total_times_s) / noise.correlation_time_s
    double_integral = np.zeros_like(scaled)
    memory = np.zeros_like(scaled)
    for share, sign in zip(sequence.durations, sequence.signs, strict=True):
        lost = -np.expm1(-share * scaled)
        double_integral += 2 * excess(share * scaled) + 2 * sign * lost * memory
        memory = memory * (1 - lost) + sign * lost
    scale = noise.sigma_rad_per_s * noise.correlation_time_s
    return np.asarray(scale**2 * np.maximum(double_integral, 0.0) / 2, dtype=np.float64)


def coherence(noises: tuple[OrnsteinUhlenbeck, ...], sequence: Sequence, total_times_s: npt.ArrayLike) -> FloatArray:
    """L(T) = exp(-sum of chi) of independent noises, shape (times,), within 0 ... 1."""
    instants = times("total_times_s", total_times_s)
    total = np.zeros_like(instants)
    for noise in noises:
        total += decay_exponent(noise, sequence, instants)
    return np.asarray(np.exp(-total), dtype=np.float64)


def sample_paths(
    noise: OrnsteinUhlenbeck, time_step_s: float, n_steps: int, n_paths: int, rng: np.random.Generator
) -> FloatArray:
    """Detuning in rad/s at 0, dt, 2 dt ..., shape (paths, steps + 1): stationary and exact for any step."""
    step = checks.positive("time_step_s", time_step_s) / noise.correlation_time_s
    if n_steps < 0 or n_paths < 1:
        raise ValueError(f"n_steps is {n_steps} and n_paths {n_paths}: needed at least 0 and 1")
    keep, kick = np.exp(-step), np.sqrt(-np.expm1(-2 * step))
    paths = rng.standard_normal((n_paths, n_steps + 1))
    for k in range(n_steps):
        paths[:, k + 1] = keep * paths[:, k] + kick * paths[:, k + 1]
    return np.asarray(noise.sigma_rad_per_s * paths, dtype=np.float64)


def sample_phases(
    noise: OrnsteinUhlenbeck, sequence: Sequence, total_time_s: float, n_paths: int, rng: np.random.Generator
) -> FloatArray:
    """Phases in rad collected by ``n_paths`` qubits, shape (paths,); exact, without any time grid."""
    if n_paths < 1:
        raise ValueError(f"n_paths is {n_paths}: at least one path is needed")
    detuning = rng.standard_normal(n_paths)
    phase = np.zeros(n_paths)
    scaled = checks.positive("total_time_s", total_time_s) / noise.correlation_time_s
    for share, sign in zip(sequence.durations, sequence.signs, strict=True):
        moments = _interval_moments(share * scaled)
        end, area = moments.draw(detuning, rng)
        phase += sign * area
        detuning = end
    return np.asarray(noise.sigma_rad_per_s * noise.correlation_time_s * phase, dtype=np.float64)


def monte_carlo_coherence(
    noise: OrnsteinUhlenbeck, sequence: Sequence, total_time_s: float, n_paths: int, rng: np.random.Generator
) -> tuple[float, float]:
    """Mean of cos(phase) and its standard error over ``n_paths`` (>= 2) exact paths."""
    if n_paths < 2:
        raise ValueError(f"n_paths is {n_paths}: a standard error needs at least two paths")
    values = np.cos(sample_phases(noise, sequence, total_time_s, n_paths, rng))
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(n_paths))


def one_over_f(
    amplitude_rad2_per_s2: float, lowest_hz: float, highest_hz: float, per_decade: int = 4
) -> tuple[OrnsteinUhlenbeck, ...]:
    """Noises whose summed one-sided spectrum is amplitude/f between the two frequencies.

    Switching rates 2 pi f spaced evenly in log f, each with variance amplitude x (step of ln f): the integral of
    4 gamma/(gamma^2 + omega^2) over ln gamma is 1/f (Dutta and Horn, Rev. Mod. Phys. 53, 497 (1981)).
    ValueError unless 0 < lowest < highest and per_decade >= 1.
    """
    checks.not_negative("amplitude_rad2_per_s2", amplitude_rad2_per_s2)
    if checks.positive("highest_hz", highest_hz) <= checks.positive("lowest_hz", lowest_hz) or per_decade < 1:
        raise ValueError(
            f"lowest_hz {lowest_hz}, highest_hz {highest_hz}, per_decade {per_decade}: "
            "the band must rise and hold at least one noise a decade"
        )
    count = max(2, 1 + round(per_decade * np.log10(highest_hz / lowest_hz)))
    frequencies = np.geomspace(lowest_hz, highest_hz, count)
    sigma = float(np.sqrt(amplitude_rad2_per_s2 * log(highest_hz / lowest_hz) / (count - 1)))
    return tuple(OrnsteinUhlenbeck(sigma, float(1 / (2 * np.pi * f))) for f in frequencies)


@dataclass(frozen=True)
class _IntervalMoments:
    """Joint Gaussian of (end value, area) of unit noise over one interval, given its start; times in units of tau."""

    keep: float
    mean_area: float
    end_sigma: float
    area_on_end: float
    rest_sigma: float

    def draw(self, start: FloatArray, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        kick, rest = rng.standard_normal(start.size), rng.standard_normal(start.size)
        end = self.keep * start + self.end_sigma * kick
        area = self.mean_area * start + self.area_on_end * kick + self.rest_sigma * rest
        return end, area


def _interval_moments(x: float) -> _IntervalMoments:
    lost = float(-np.expm1(-x))
    end_variance = float(-np.expm1(-2 * x))
    covariance = lost**2
    area_variance = float(2 * excess(np.array([x]))[0] - lost**2)
    end_sigma = float(np.sqrt(end_variance))
    rest = max(0.0, area_variance - covariance**2 / end_variance)
    return _IntervalMoments(float(np.exp(-x)), lost, end_sigma, covariance / end_sigma, float(np.sqrt(rest)))
