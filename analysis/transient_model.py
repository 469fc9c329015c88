"""Fluorescence of a pumped spin against time: the expected counts of every bin, with derivatives.

While the light is on, the addressed population relaxes from p0 towards p_ss, and the efficiency at the end of the pump
is e = 1 − F_end/F_0 (= 1 − p_end/p0 where only that population fluoresces): F_0 is the fluorescence of the initial
population once the exciton has settled. The exciton does not settle at once, and that delay must not be taken for
pumping. Rate equations of spin → exciton (→ exciton with flipped spin) → other spin, with a slow return towards the
initial mixture, give to first order in (exciton times)/τ, u after the light went on,

    F(u) = F_ss R(0, u) + (F_0 − F_ss) Σ_i s_i (1 + T_x/τ_i) R(1/τ_i, u),

R(λ, u): e^{−λu} followed by the exciton, which has its own response time T_x = 1/(2W + 1/τ_r + 1/τ_f) under the light
(W pump rate, τ_r lifetime, τ_f spin flip); a share f = τ_r/(τ_r + τ_f) of the photons comes from flipped excitons and
is late by another τ_r. (1 + T_x/τ): the population does not leave before there is an exciton. The initial loss
rate (1 − F_ss/F_0) Σ s_i/τ_i = W T_x/τ_f closes the set, so T_x alone is free. τ_r comes from the decay after the
gate, fitted jointly, as are the delays of the two detectors and the background.

A spin 1/2 relaxes with one time. A ladder of 2S + 1 states has 2S; of these the light excites two that differ: the
emptying of the addressed state, and the slower equilibration of the others, from which mixing refills it. The second
has the small share s of the excess and κ times the pumping time τ, at which the excess has fallen to 1/e:

    (1 − s) e^{−τ/τ_1} + s e^{−1/κ} = 1/e,   τ_2 = κ τ.

Few counts cannot tell s from nought, but to leave it out would make F_0 and τ wrong by more than their errors. So s and
κ are always fitted, with what is assumed of them beforehand as two further "counts": s = 0 ± 0.15, κ = 3 within a
factor of 1.7. F_ss, the limit of a pump without end, would hang on what is slower than the gate; F_end does not.
"""

from dataclasses import dataclass
from math import exp, log

import numpy as np
import numpy.typing as npt

from analysis.likelihood import Model

FloatArray = npt.NDArray[np.float64]

F0, EFFICIENCY, TIME, RATIO, DELAY, DARK, LIFETIME, TAIL, SLOW_SHARE, SLOWNESS, SPLIT, PROBE = range(12)
"""Indices of the fit's parameters: F_0 (counts/ns), e, τ (ns), T_x/τ_r, delay (ns), background (counts/ns), τ_r (ns),
fluorescence where the decay after the gate begins (counts/ns), s, κ, difference between the delays of the two detectors
(ns), F_probe (counts/ns)."""
N_PUMP = PROBE
"""Parameters of the pump window alone."""
SLOW_SHARE_SIGMA = 0.15
"""Standard deviation of s about nought that is assumed before a photon is counted."""
USUAL_SLOWNESS, SLOWNESS_FACTOR = 3.0, 1.7
"""κ assumed beforehand, and the factor by which it may well differ (1σ of its logarithm)."""
_BEFOREHAND_COUNTS = 1e6


@dataclass(frozen=True)
class Window:
    """Bins of the histogram in one gate: left edges (ns, relative to the gate's start), common width, counts (n,).

    ``decay_left_ns``, ``decay_counts``: bins after the gate, left edges relative to the first of them; may be empty.
    """

    left_ns: FloatArray
    bin_ns: float
    counts: FloatArray
    gate_ns: float
    decay_left_ns: FloatArray
    decay_counts: FloatArray


def _curve(theta: FloatArray, left_ns: FloatArray, bin_ns: float, gate_ns: float, f_start: float | None) -> FloatArray:
    """Expected counts in each bin, background included; left edges (n,) of adjoining bins from the gate's opening.

    ``gate_ns``: length of the pump. ``f_start``: settled fluorescence of the initial population (counts/ns), None
    for F_0.
    """
    f0, e, _, ratio, delay, dark, lifetime = (float(x) for x in theta[:TAIL])
    response = ratio * lifetime
    parts = relaxation(theta)
    left = sum(share * exp(-gate_ns / time) for share, time in parts)
    limit = e / (1.0 - left)
    late = _flipped_share(max(limit, 0.0) * sum(share / time for share, time in parts), response, lifetime)
    steady = f0 * (1.0 - limit)
    excess = (f0 if f_start is None else f_start) - steady
    edges = np.maximum(np.append(left_ns, left_ns[-1] + bin_ns) - delay, 0.0)

    def area(scale: float) -> FloatArray:
        return np.asarray(-scale * np.diff(np.exp(-edges / scale)), dtype=np.float64)

    fast, free = area(response), area(lifetime)
    follow = (fast - free) / (1.0 - lifetime / response)

    def driven(drive: FloatArray, rate: float) -> FloatArray:
        prompt = drive - fast
        delayed = (drive - free) / _away_from_zero(1.0 - rate * lifetime) - follow
        mixed = (1.0 - late) * prompt + late * delayed
        return np.asarray(mixed / _away_from_zero(1.0 - rate * response), dtype=np.float64)

    light = steady * driven(np.diff(edges), 0.0)
    for share, time in parts:
        light = light + excess * share * (1.0 + response / time) * driven(area(time), 1.0 / time)
    return np.asarray(light + dark * bin_ns, dtype=np.float64)


def relaxation(theta: FloatArray) -> list[tuple[float, float]]:
    """Shares and times (ns) of the components of the excess fluorescence; one where the slow share is nought."""
    time, slow, slowness = float(theta[TIME]), float(theta[SLOW_SHARE]), float(theta[SLOWNESS])
    if slow == 0.0:
        return [(1.0, time)]
    left = (exp(-1.0) - slow * exp(-1.0 / slowness)) / (1.0 - slow)
    return [(1.0 - slow, -time / log(left)), (slow, slowness * time)]


def _flipped_share(loss_rate: float, response_ns: float, lifetime_ns: float) -> float:
    """Share of photons from excitons whose dopant has flipped, from loss = W T_x/τ_f and 1/T_x = 2W + 1/τ_r + 1/τ_f.

    Eliminating W leaves T_x y² − (1 − T_x/τ_r) y + 2 loss = 0 for y = 1/τ_f; the smaller root is the flip slower
    than the light. Where the loss is larger than any flip rate allows, the double root.
    """
    b = 1.0 - response_ns / lifetime_ns
    root = np.sqrt(max(b * b - 8.0 * loss_rate * response_ns, 0.0))
    flip_rate = (b - root) / (2.0 * response_ns)
    return float(flip_rate / (flip_rate + 1.0 / lifetime_ns))


def _away_from_zero(x: float) -> float:
    return x if abs(x) > 1e-4 else 1e-4


def pump_data(window: Window, dark_counts: float) -> FloatArray:
    """What was counted, in the order of :func:`pump_model`."""
    beforehand = np.full(2, _BEFOREHAND_COUNTS)
    return np.concatenate((window.counts, [dark_counts], window.decay_counts, beforehand))


def pump_model(window: Window, dark_ns: float) -> Model:
    """Expected counts of the window's bins, the dark windows, the decay and the prior knowledge, with derivatives."""
    shape = shape_model(window, window.gate_ns, probe=False)

    def model(theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        expected, slopes = shape(theta)
        dark_slope = np.zeros((1, theta.size))
        dark_slope[0, DARK] = dark_ns
        decay, decay_slopes = _decay(theta, window)
        beforehand, beforehand_slopes = _beforehand(theta)
        return (
            np.concatenate((expected, [theta[DARK] * dark_ns], decay, beforehand)),
            np.vstack((slopes, dark_slope, decay_slopes, beforehand_slopes)),
        )

    return model


def _beforehand(theta: FloatArray) -> tuple[FloatArray, FloatArray]:
    """What is known of the second component beforehand, as two counts whose Poisson noise is its uncertainty."""
    noise = _BEFOREHAND_COUNTS**0.5
    slopes = np.zeros((2, theta.size))
    slopes[0, SLOW_SHARE] = noise / SLOW_SHARE_SIGMA
    slopes[1, SLOWNESS] = noise / (log(SLOWNESS_FACTOR) * float(theta[SLOWNESS]))
    off = np.array([theta[SLOW_SHARE] / SLOW_SHARE_SIGMA, log(theta[SLOWNESS] / USUAL_SLOWNESS) / log(SLOWNESS_FACTOR)])
    return _BEFOREHAND_COUNTS + noise * off, slopes


def _decay(theta: FloatArray, window: Window) -> tuple[FloatArray, FloatArray]:
    """Exponential decay after the gate, integrated over bins, and its derivatives."""
    lifetime, tail = float(theta[LIFETIME]), float(theta[TAIL])
    start, stop = window.decay_left_ns, window.decay_left_ns + window.bin_ns
    low, high = np.exp(-start / lifetime), np.exp(-stop / lifetime)
    slopes = np.zeros((start.size, theta.size))
    slopes[:, TAIL] = lifetime * (low - high)
    slopes[:, LIFETIME] = tail * (low - high + (start * low - stop * high) / lifetime)
    slopes[:, DARK] = window.bin_ns
    return np.asarray(tail * slopes[:, TAIL] + theta[DARK] * window.bin_ns), slopes


def shape_model(window: Window, pump_ns: float, *, probe: bool) -> Model:
    """The curve and its derivatives: exact for rates, by small differences for the parameters of the shape.

    ``pump_ns``: length of the pump gate, at whose end the efficiency is taken.
    """

    def evaluate(theta: FloatArray) -> FloatArray:
        """The mean of two detectors, one behind the longer cable."""
        f_start, half = float(theta[PROBE]) if probe else None, 0.5 * float(theta[SPLIT])
        early = _curve(theta, window.left_ns + half, window.bin_ns, pump_ns, f_start)
        return (
            early
            if half == 0.0
            else 0.5 * (early + _curve(theta, window.left_ns - half, window.bin_ns, pump_ns, f_start))
        )

    def model(theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        value = evaluate(theta)
        slopes = np.zeros((window.left_ns.size, theta.size))
        slopes[:, DARK] = window.bin_ns
        varied = [F0, PROBE] if probe else []
        if not probe and theta[F0] > 0:
            slopes[:, F0] = (value - theta[DARK] * window.bin_ns) / theta[F0]
        for k in [EFFICIENCY, TIME, RATIO, DELAY, LIFETIME, SLOW_SHARE, SLOWNESS, SPLIT, *varied]:
            step = np.zeros(theta.size)
            step[k] = 1e-6 * max(abs(float(theta[k])), 1e-2)
            slopes[:, k] = (evaluate(theta + step) - value) / step[k]
        return value, slopes

    return model
