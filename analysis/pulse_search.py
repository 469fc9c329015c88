"""Is the light pulsed, and with which period exactly, where the file does not say?"""

import numpy as np
import numpy.typing as npt

from analysis.correlation import coincidences

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

_TRIGGER_TAGS = 100_000
_REGULAR_WITHIN = 0.02
_REGULAR_SHARE = 0.9
_BIN_PS = 500
_NEAREST_PS, _FARTHEST_PS = 1_000_000, 5_000_000
_FIRST_SPAN = 8.0
_LONGEST_WINDOW = 4e4
"""Periods up to which delays within windows are used; then times from the start of the record."""
_ENOUGH = 20_000
_TRIALS = 121
_WIDEST_BIN_PS = 10_000
_PAIR_BUDGET = 2e8
_LOWEST_CYCLES = 4
"""Periods that fit into the delays searched, at least."""
_SURE_POWER = 40.0
"""Chance of noise: 4000 frequencies times exp(-40)."""
_ABOVE_SURROUNDINGS = 30.0


def trigger_period_ps(times_ps: IntArray) -> float | None:
    """Spacing of the tags of one channel, ps, where they come regularly as a laser trigger does; None otherwise.

    ``times_ps``: ascending; the first 100 000 are looked at. Regular: nine of ten spacings within 2 % of the median.
    """
    spacing = np.diff(times_ps[:_TRIGGER_TAGS])
    if spacing.size < 20:
        return None
    usual = float(np.median(spacing))
    regular = float(np.mean(np.abs(spacing - usual) <= _REGULAR_WITHIN * usual))
    return usual if usual > 0.0 and regular >= _REGULAR_SHARE else None


def whole_steps_ps(times_ps: IntArray, width_ps: int) -> int:
    """The smallest multiple of the steps in which the times come that is not below ``width_ps``.

    The step is the largest common divisor of the differences of ``times_ps`` (ascending, two at least).
    """
    step_ps = max(1, int(np.gcd.reduce(np.diff(times_ps))))
    return -(-width_ps // step_ps) * step_ps


def comb_period_ps(times_ps: IntArray) -> float | None:
    """Rough pulse period, ps, from photons of all detectors together; None where no pulses show.

    Photons of pulsed light have delays that repeat with the period. Delays from 1 to 5 µs are looked at, where
    neither antibunching nor afterpulses disturb: periods from 1 ns to 1 µs are found. A frequency counts when its
    power is 40 times that of the counting noise and stands out of its neighbours (slow bunching does not). Bins are
    whole steps of the recorder, so that its clock is not taken for a laser; None for steps above 10 ns.
    """
    width_ps = whole_steps_ps(times_ps, _BIN_PS)
    if width_ps > _WIDEST_BIN_PS:
        return None
    pairs_each = times_ps.size * 2.0 * _FARTHEST_PS / max(1, int(times_ps[-1]) - int(times_ps[0]))
    times_ps = times_ps[: max(1000, int(_PAIR_BUDGET / max(pairs_each, 1.0)))]  # a wrong unit must not take hours
    first, last = _NEAREST_PS // width_ps, _FARTHEST_PS // width_ps
    counts = coincidences(times_ps, times_ps, width_ps, last * width_ps)[last + first :]
    total = int(counts.sum())
    if total < 100:
        return None
    place = np.linspace(-1.0, 1.0, counts.size)
    level = np.polynomial.Polynomial.fit(place, counts.astype(np.float64), 2)(place)
    power = np.abs(np.fft.rfft(counts - level)) ** 2 / total
    power[:_LOWEST_CYCLES] = 0.0
    best = int(np.argmax(power))
    around = np.concatenate([power[max(_LOWEST_CYCLES, best - 12) : max(0, best - 2)], power[best + 3 : best + 13]])
    if not around.size or power[best] < max(_SURE_POWER, _ABOVE_SURROUNDINGS * float(np.median(around))):
        return None
    return counts.size * width_ps / (best + _between(power, best))


def refine_period_ps(times_ps: IntArray, guess_ps: float) -> float:
    """Pulse period, ps, fitted to ascending photon times from a guess good to 3 %.

    Maximises |Σ exp(2πi t/T)| over ever longer spans of time, eight times longer at each step and fully covered by
    photons, so that the period is never mistaken by a whole pulse. Raises ValueError when the light is not pulsed
    with such a period, in step from the first photon to the last.
    """
    times = times_ps - int(times_ps[0])
    record, span, tolerance, period = float(times[-1]), _FIRST_SPAN * guess_ps, 0.03, float(guess_ps)
    while True:
        short = span < _LONGEST_WINDOW * guess_ps
        part = _delays_in_windows(times, span) if short else _thinned(times[times <= span])
        period = _strongest(part, period, tolerance, guess_ps)
        if span >= record:
            return period
        tolerance = 0.3 * period / span
        span = min(8.0 * span, max(record, 8.0 * guess_ps))


def _delays_in_windows(times: IntArray, span_ps: float) -> FloatArray:
    """Time of each photon since the first one of its window of ``span_ps``; thinned out."""
    window = times // int(span_ps)
    begins = np.flatnonzero(np.diff(window, prepend=-1))
    delay = times - np.repeat(times[begins], np.diff(begins, append=times.size))
    return _thinned(delay[delay > 0])


def _thinned(values: IntArray) -> FloatArray:
    return values[:: max(1, values.size // _ENOUGH)].astype(np.float64)


def _strongest(part: FloatArray, period_ps: float, tolerance: float, guess_ps: float) -> float:
    """Period within ``tolerance`` (relative) with which the times are most in step."""
    if part.size:
        trial = period_ps * (1.0 + np.linspace(-tolerance, tolerance, _TRIALS))
        strength = np.array([np.abs(np.exp(2j * np.pi / t * part).mean()) for t in trial])
        if strength.max() >= 5.0 / np.sqrt(part.size):
            return float(trial[np.argmax(strength)])
    raise ValueError(f"the photons show no pulses with a period near {guess_ps / 1e3:.4g} ns")


def _between(power: FloatArray, best: int) -> float:
    """Where the maximum lies between its neighbours, -0.5 to 0.5: the ratio of amplitudes of a cut sine."""
    if best + 1 >= power.size:
        return 0.0
    below, above = np.sqrt(power[best - 1]), np.sqrt(power[best + 1])
    peak = float(np.sqrt(power[best]))
    return float(above / (above + peak)) if above > below else -float(below / (below + peak))
