"""Blinking: levels of brightness, on and off times, from the change points of a photon record.

L. P. Watkins and H. Yang, J. Phys. Chem. B 109, 617 (2005): the stretches between change points are clustered into
levels of equal rate; the number of levels is the one of the smallest Bayesian information criterion.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, isfinite, sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.change_points import change_points
from analysis.errors import AnalysisError
from runfile.results import Result

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

__all__ = ["BlinkingTrace", "OnOff", "blinking_trace", "on_off", "results", "unresolved_bunching"]

_NEAR = 3
_LEAST_STAYS = 10
_RESOLVED_PHOTONS = 30
_MOST_GROUPS = 800
"""Stretches of nearly equal rate are pooled beyond this, so that the search for the best borders stays short."""


@dataclass(frozen=True)
class BlinkingTrace:
    """Brightness against time: stretches of constant level; neighbouring stretches have different levels.

    ``borders_s`` (n + 1,), ``counts`` (n,) photons and ``level`` (n,) the number of the level of each stretch;
    ``rate_per_s`` (levels,) ascending, with ``rate_stderr_per_s`` (counting). ``bic`` (tried levels,): the criterion
    for 1, 2, … levels, smaller is better. ``false_alarm``: of the change-point test.
    """

    borders_s: FloatArray
    counts: IntArray
    level: IntArray
    rate_per_s: FloatArray
    rate_stderr_per_s: FloatArray
    bic: FloatArray
    false_alarm: float

    @property
    def dwell_s(self) -> FloatArray:
        """Length of each stretch, (n,)."""
        return np.asarray(np.diff(self.borders_s), dtype=np.float64)

    @property
    def occupation(self) -> FloatArray:
        """Share of the time spent in each level, (levels,)."""
        spent = np.bincount(self.level, weights=self.dwell_s, minlength=self.rate_per_s.size)
        return np.asarray(spent / spent.sum(), dtype=np.float64)


@dataclass(frozen=True)
class OnOff:
    """On and off times. The first and the last stay are left out: their true lengths are not known.

    ``on_s``, ``off_s``: completed stays; ``on_fraction`` of the whole record; ``threshold_per_s`` between the levels.
    """

    on_s: FloatArray
    off_s: FloatArray
    on_fraction: float
    on_fraction_stderr: float
    threshold_per_s: float


def blinking_trace(
    times_ps: npt.ArrayLike,
    duration_s: float,
    *,
    false_alarm: float = 0.01,
    most_levels: int = 6,
    dispersion: float = 1.0,
    least_photons: int = 2,
) -> BlinkingTrace:
    """Change points, levels and the trace they make. Photons of all detectors together, sorted, 0 to ``duration_s``.

    ``dispersion`` and ``least_photons``: for light bunched at lags too short to be resolved, see
    :func:`analysis.change_points.change_points` and :func:`unresolved_bunching`.
    Raises AnalysisError for fewer than 10 photons or most_levels outside 1 to 20; ValueError as
    :func:`analysis.change_points.change_points`.
    """
    if not 1 <= most_levels <= 20:
        raise AnalysisError(f"most_levels must lie in 1 to 20, got {most_levels}")
    times = np.asarray(times_ps)
    if times.size < 10:
        raise AnalysisError(f"the record holds {times.size} photons; a brightness trace needs 10 at least")
    points = change_points(
        times, duration_s, false_alarm=false_alarm, dispersion=dispersion, least_photons=least_photons
    )
    points, borders_s = _sharpened(times, points, duration_s)
    counts = np.diff(np.concatenate([[0], points, [times.size]])).astype(np.int64)
    level, bic = _levels(counts, np.diff(borders_s), most_levels, dispersion)

    changes = np.flatnonzero(np.diff(level)) + 1
    begin = np.concatenate([[0], changes])
    counts, level = np.add.reduceat(counts, begin), level[begin]
    borders_s = borders_s[np.concatenate([begin, [borders_s.size - 1]])]
    photons = np.bincount(level, weights=counts)
    seconds = np.bincount(level, weights=np.diff(borders_s))
    return BlinkingTrace(
        borders_s, counts, level, photons / seconds, np.sqrt(dispersion * photons) / seconds, bic, false_alarm
    )


def unresolved_bunching(rate_per_s: float, terms: Sequence[tuple[float, float]]) -> tuple[float, int]:
    """Dispersion and least number of photons for :func:`blinking_trace` where light flickers too fast to be resolved.

    ``terms``: amplitude and time (s) of the relaxations of g2. Those that pass within 30 photons are not resolved: they
    widen the counts of longer stretches to the variance/mean 1 + 2·rate·Σ A·τ (Mandel, Opt. Lett. 4, 205 (1979), for
    stretches much longer than τ), and a stretch must last for 10 τ to be one. (1, 2) for Poissonian light.
    ValueError for a rate that is not positive and finite.
    """
    if not (isfinite(rate_per_s) and rate_per_s > 0.0):
        raise ValueError(f"the rate must be positive and finite, got {rate_per_s}")
    fast = [(amplitude, time_s) for amplitude, time_s in terms if rate_per_s * time_s < _RESOLVED_PHOTONS]
    dispersion = 1.0 + 2.0 * rate_per_s * sum(amplitude * time_s for amplitude, time_s in fast)
    longest_s = max((time_s for _, time_s in fast), default=0.0)
    return max(1.0, dispersion), min(250, max(2, ceil(10.0 * rate_per_s * longest_s)))


def on_off(trace: BlinkingTrace, *, n_off_levels: int = 1) -> OnOff:
    """Stays in the ``n_off_levels`` darkest levels (off) and in the others (on), joined over level changes within.

    The error of the on fraction is that of a renewal process (Cox, Renewal Theory (1962), ch. 7); needs many switches.
    Stays shorter than :func:`analysis.change_points.resolved_dwell_s` are missed and join their neighbours: fit with
    that as the shortest time. Raises AnalysisError when there is one level only or n_off_levels leaves no on level.
    """
    n_levels = trace.rate_per_s.size
    if n_levels < 2:
        raise AnalysisError("the brightness has one level only: there is no blinking to speak of in this record")
    if not 1 <= n_off_levels < n_levels:
        raise AnalysisError(f"n_off_levels must lie in 1 to {n_levels - 1} for {n_levels} levels, got {n_off_levels}")
    is_on = trace.level >= n_off_levels
    begin = np.concatenate([[0], np.flatnonzero(np.diff(is_on.astype(np.int8))) + 1])
    stays_s, states = np.add.reduceat(trace.dwell_s, begin), is_on[begin]
    complete_s, complete_on = stays_s[1:-1], states[1:-1]
    on_s, off_s = complete_s[complete_on], complete_s[~complete_on]
    fraction = float(stays_s[states].sum() / stays_s.sum())
    cycles = min(on_s.size, off_s.size)
    stderr = float("nan")
    if cycles >= 3:
        relative = np.hypot(on_s.std(ddof=1) / on_s.mean(), off_s.std(ddof=1) / off_s.mean())
        stderr = float(fraction * (1.0 - fraction) * relative / sqrt(cycles))
    threshold = sqrt(max(trace.rate_per_s[n_off_levels - 1], 1e-300) * trace.rate_per_s[n_off_levels])
    return OnOff(on_s, off_s, fraction, stderr, float(threshold))


def results(trace: BlinkingTrace) -> dict[str, Result]:
    """Named results: number of levels, rate and share of time of each; with two or more levels the on fraction."""
    method = (
        f"photon-by-photon change points (false alarm {trace.false_alarm:g} in 1000 photons), levels by least BIC, "
        f"{trace.level.size} stretches"
    )
    found = {"brightness_levels": Result(float(trace.rate_per_s.size), 0.0, "1", method)}
    for number, (rate, stderr) in enumerate(zip(trace.rate_per_s, trace.rate_stderr_per_s, strict=True), start=1):
        found[f"level_{number}_rate"] = Result(float(rate), float(stderr), "1/s", f"{method}; counting error only")
    if trace.rate_per_s.size > 1:
        switching = on_off(trace)
        off = f"off: the darkest level, below {switching.threshold_per_s:.4g} counts/s; {method}"
        found["on_fraction"] = Result(switching.on_fraction, switching.on_fraction_stderr, "1", off)
        for name, stays_s in (("on_time", switching.on_s), ("off_time", switching.off_s)):
            if stays_s.size >= _LEAST_STAYS:
                error = float(stays_s.std(ddof=1) / sqrt(stays_s.size))
                text = f"mean of {stays_s.size} completed stays; {off}"
                found[name] = Result(float(stays_s.mean()), error, "s", text)
    return found


def _sharpened(times_ps: IntArray, points: IntArray, duration_s: float) -> tuple[IntArray, FloatArray]:
    """Number of the photon and time of each border, moved by up to 3 photons to where it is likeliest.

    The rate falls just after a photon, but rises just before one: only so can a dark stretch be empty.
    """
    points = points.copy()
    border_ps = np.concatenate([[0], times_ps[points - 1], [round(duration_s * 1e12)]])
    edge = np.concatenate([[0], points, [times_ps.size]])
    for i in range(1, edge.size - 1):
        near = np.arange(max(edge[i - 1], 1, edge[i] - _NEAR), min(edge[i + 1], times_ps.size - 1, edge[i] + _NEAR) + 1)
        rate_before = (edge[i] - edge[i - 1]) / max(border_ps[i] - border_ps[i - 1], 1)
        rises = rate_before < (edge[i + 1] - edge[i]) / max(border_ps[i + 1] - border_ps[i], 1)
        place_ps = times_ps[near] if rises else times_ps[near - 1]
        inside = (place_ps > border_ps[i - 1]) & (place_ps < border_ps[i + 1])
        if not np.any(inside):
            continue
        near, place_ps = near[inside], place_ps[inside]
        likelihood = _log_likelihood(near - edge[i - 1], (place_ps - border_ps[i - 1]) * 1e-12)
        likelihood = likelihood + _log_likelihood(edge[i + 1] - near, (border_ps[i + 1] - place_ps) * 1e-12)
        best = int(np.argmax(likelihood))
        edge[i], border_ps[i] = near[best], place_ps[best]
    return edge[1:-1].astype(np.int64), border_ps * 1e-12


def _levels(counts: IntArray, dwell_s: FloatArray, most_levels: int, dispersion: float) -> tuple[IntArray, FloatArray]:
    """Level of each stretch (0 the darkest), and the criterion for 1, 2, … levels.

    For given rates a stretch belongs to the level of largest n·ln(I) − I·t, which depends on its own rate n/t only: the
    best levels are intervals of rate, and dynamic programming finds their borders exactly.
    Criterion: −2·ln L + (2G − 1 + changes)·ln(photons): G rates, G − 1 shares, and the changes that are left between
    stretches of different level. Watkins and Yang keep the number of changes fixed; then one false change in light of
    constant rate passes for a level of its own.
    """
    order = np.argsort(counts / dwell_s, kind="stable")
    n_groups = min(order.size, _MOST_GROUPS)
    cut = np.linspace(0, order.size, n_groups + 1).astype(np.int64)
    photons = np.concatenate([[0.0], np.cumsum(counts[order])])[cut]
    seconds = np.concatenate([[0.0], np.cumsum(dwell_s[order])])[cut]

    tried = range(1, min(most_levels, n_groups) + 1)
    best, came_from = [_log_likelihood(photons[1:], seconds[1:])], [np.zeros(n_groups, dtype=np.int64)]
    for _ in tried[1:]:
        value, origin = np.full(n_groups, -np.inf), np.zeros(n_groups, dtype=np.int64)
        for last in range(len(best), n_groups):
            middle = np.arange(len(best), last + 1)
            total = best[-1][middle - 1] + _log_likelihood(
                photons[last + 1] - photons[middle], seconds[last + 1] - seconds[middle]
            )
            origin[last] = middle[int(np.argmax(total))]
            value[last] = total.max()
        best.append(value)
        came_from.append(origin)

    bic, labels = [], []
    for n_levels in tried:
        edges = [n_groups]
        for step in range(n_levels - 1, 0, -1):
            edges.append(int(came_from[step][edges[-1] - 1]))
        members = np.diff(cut[[0, *edges[::-1]]])
        level = np.empty(order.size, dtype=np.int64)
        level[order] = np.repeat(np.arange(n_levels), members)
        shares = float((members * np.log(members / order.size)).sum())
        n_parameters = 2 * n_levels - 1 + int(np.count_nonzero(np.diff(level)))
        fit = float(best[n_levels - 1][-1]) / dispersion + shares
        bic.append(n_parameters * np.log(max(int(counts.sum()), 2)) - 2.0 * fit)
        labels.append(level)
    return labels[int(np.argmin(bic))], np.array(bic)


def _log_likelihood(photons: npt.NDArray[Any], seconds: FloatArray) -> FloatArray:
    """Of Poisson stretches with one common rate, without the terms that no rate changes."""
    rate = np.where(photons > 0, photons / np.maximum(seconds, 1e-300), 1.0)
    return np.asarray(photons * np.log(rate) - photons, dtype=np.float64)
