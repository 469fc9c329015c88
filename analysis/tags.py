"""Photon arrival times in one form, whatever recorded them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from runfile.records import TagRecord

__all__ = ["PhotonRecord", "PulsePhase", "TagRecord", "absolute_times_ps", "fit_period_ps", "pulse_phase"]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PhotonRecord:
    """Detected photons of one measurement, sorted by time; all arrays have the same length.

    ``timestamps_ps`` (int64) count from the start of the record, ``channel`` (uint8) from 1 as on the front
    panel. Where the recorder related each photon to a laser pulse (T3): ``sync_index`` is the number of that
    pulse, ``nanotimes_ps`` the time since it, ``sync_period_ps`` the pulse period. ``warnings``: what in the file
    contradicts the data. ``metadata``: what the file says about itself, not checked.
    """

    timestamps_ps: IntArray
    channel: npt.NDArray[np.uint8]
    duration_s: float
    sync_period_ps: float | None = None
    nanotimes_ps: IntArray | None = None
    sync_index: IntArray | None = None
    warnings: tuple[str, ...] = ()
    metadata: Mapping[str, object] = field(default_factory=dict)

    def channels(self) -> tuple[int, ...]:
        """Channels with photons, ascending."""
        return tuple(int(number) for number in np.unique(self.channel))


@dataclass(frozen=True)
class PulsePhase:
    """Each photon related to the laser pulse before it: number of the pulse and time since it, ps."""

    pulse_index: IntArray
    phase_ps: FloatArray
    period_ps: float


def absolute_times_ps(sync_index: IntArray, sync_period_ps: float, nanotimes_ps: IntArray) -> IntArray:
    """Arrival time of T3 photons: pulse number × period + time since the pulse, int64 ps.

    Whole and fractional ps of the period are multiplied separately: their product in one float would be
    wrong by ps after some hours.
    """
    whole = int(sync_period_ps)
    fraction = np.rint(sync_index * (sync_period_ps - whole)).astype(np.int64)
    times: IntArray = sync_index * whole + fraction + nanotimes_ps
    return times


def pulse_phase(times_ps: IntArray, trigger_ps: IntArray, trigger_divider: int, period_ps: float) -> PulsePhase:
    """Relate photons to laser pulses of which every ``trigger_divider``-th left a tag.

    Between two neighbouring trigger tags the pulses are spaced evenly, so neither a drift of the laser nor a
    pause between batches matters. ``period_ps`` is the nominal pulse period. Raises ValueError for fewer than
    two trigger tags, or when their spacing contradicts period and divider by more than 1 %.
    """
    trigger = np.sort(trigger_ps)
    if trigger.size < 2:
        raise ValueError(f"needs two trigger tags at least, got {trigger.size}")
    spacing = np.diff(trigger)
    measured = float(np.median(spacing)) / trigger_divider
    if abs(measured / period_ps - 1.0) > 0.01:
        raise ValueError(
            f"the trigger tags say a pulse period of {measured / 1e3:.4g} ns, "
            f"period and divider of the run say {period_ps / 1e3:.4g} ns"
        )
    n_pulses = np.maximum(np.rint(spacing / measured), 1.0)
    first_pulse = np.concatenate([[0], np.cumsum(n_pulses)]).astype(np.int64)
    interval = np.clip(np.searchsorted(trigger, times_ps, side="right") - 1, 0, trigger.size - 2)
    local_period = (spacing / n_pulses)[interval]
    elapsed = (times_ps - trigger[interval]).astype(np.float64)
    number = np.floor(elapsed / local_period)
    phase = elapsed - number * local_period
    return PulsePhase(first_pulse[interval] + number.astype(np.int64), phase, measured)


def fit_period_ps(times_ps: IntArray, guess_ps: float) -> float:
    """Refine a pulse period from the arrival times themselves, from a guess good to a few per cent.

    Maximises |Σ exp(2πi t/T)|, first over delays between neighbouring photons, then over ever longer stretches
    of the record, so that the period is never mistaken by a whole pulse. Raises ValueError when the light is not
    pulsed with such a period, in step from the first photon to the last.
    """
    times = np.sort(times_ps) - int(np.min(times_ps))
    period, span, tolerance = float(guess_ps), 8.0 * guess_ps, 0.03
    record = float(times[-1])
    while True:
        part = _delays_within(times, span) if span < _LONGEST_DELAY * guess_ps else _first_photons(times, span)
        period = _strongest(part, period, tolerance, guess_ps)
        if span >= record:
            return period
        tolerance = 0.3 * period / span
        span = min(8.0 * span, max(record, 8.0 * guess_ps))


_LONGEST_DELAY = 4e4
_ENOUGH = 20_000


def _strongest(part: FloatArray, period_ps: float, tolerance: float, guess_ps: float) -> float:
    """Period within ``tolerance`` (relative) with which the times are most in step."""
    trial = period_ps * (1.0 + np.linspace(-tolerance, tolerance, 121))
    strength = np.array([np.abs(np.exp(2j * np.pi / t * part).mean()) for t in trial])
    if strength.max() < 5.0 / np.sqrt(part.size):
        raise ValueError(f"the photons show no pulses with a period near {guess_ps / 1e3:.4g} ns")
    return float(trial[np.argmax(strength)])


def _first_photons(times: IntArray, span_ps: float) -> FloatArray:
    """Photons of the first ``span_ps``, thinned out evenly."""
    near = times[times <= span_ps]
    return near[:: max(1, near.size // _ENOUGH)].astype(np.float64)


def _delays_within(times: IntArray, span_ps: float) -> FloatArray:
    """Delays between photons at most ``span_ps`` apart, thinned out: no common time zero is needed."""
    collected: list[IntArray] = []
    for step in range(1, min(times.size, 50)):
        delay = times[step:] - times[:-step]
        near = delay[delay < span_ps]
        if not near.size or sum(part.size for part in collected) > _ENOUGH:
            break
        collected.append(near[:: max(1, near.size // 5_000)])
    return np.concatenate(collected).astype(np.float64) if collected else np.zeros(1)
