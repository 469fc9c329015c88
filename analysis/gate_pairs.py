"""Pairs of the centre and side peaks by the time of their earlier photon, in memory or of a file larger than it.

Times after the pulse are counted in whole steps of 1 ps (of a millionth of the period, where that is more), so that a
record in memory and the same record in chunks give the same numbers, and memory does not grow with the pairs.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

import numpy as np
import numpy.typing as npt

from analysis.pulsed import Detector, PulsedPhotons
from analysis.pulsed_stream import StreamedPhotons
from analysis.tags import Progress

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

_FINE_BINS = 2000
_MOST_STEPS = 1 << 20
_PAIRS_AT_A_TIME = 4_000_000


@dataclass(frozen=True)
class GatePairs:
    """Pairs by the time after the pulse of their earlier photon: ``time_ns`` (n,), ascending.

    ``centre`` (n,): pairs of the centre peak; ``side`` (n,): of ``n_side`` side peaks together.
    """

    time_ns: FloatArray
    centre: IntArray
    side: IntArray
    n_side: int

    @classmethod
    def of_times(cls, centre_ns: npt.ArrayLike, side_ns: npt.ArrayLike, n_side: int) -> "GatePairs":
        """From the time of each single pair, in any order."""
        centre, side = np.asarray(centre_ns, np.float64), np.asarray(side_ns, np.float64)
        time_ns, place = np.unique(np.concatenate([centre, side]), return_inverse=True)
        counts = [np.bincount(each, minlength=time_ns.size) for each in np.split(place, [centre.size])]
        return cls(time_ns, counts[0].astype(np.int64), counts[1].astype(np.int64), n_side)


class GatePairCounter:
    """Counts pairs of photons whose pulses lie ``centre`` ± ``n_side``/2 apart (detector 2 minus detector 1).

    Photons carry the step, from 0 to ``n_steps`` − 1, in which they come after their pulse. They may come by up to
    ``late_pulses`` pulses out of order; those that can still find partners wait. Raises ValueError for photons that are
    later still.
    """

    def __init__(self, centre: int, n_side: int, n_steps: int, late_pulses: int) -> None:
        self._centre = centre
        self._lowest, self._highest = centre - n_side // 2, centre + n_side // 2
        self._late = late_pulses
        self._settled: int | None = None
        none = np.zeros(0, np.int64)
        self._first, self._second = (none, none), (none, none)
        self.centre, self.side = np.zeros(n_steps, np.int64), np.zeros(n_steps, np.int64)

    def add(self, first: tuple[IntArray, IntArray], second: tuple[IntArray, IntArray]) -> None:
        """Pulse numbers and steps of the next photons of both detectors, in any order within the chunk."""
        newest = [int(pulse.max()) for pulse, _ in (first, second) if pulse.size]
        if not newest:
            return
        oldest = min(int(pulse.min()) for pulse, _ in (first, second) if pulse.size)
        if self._settled is not None and oldest < self._settled:
            raise ValueError(f"photons come {self._settled - oldest} pulses later than the {self._late} foreseen")
        self._first, self._second = _by_pulse(self._first, first), _by_pulse(self._second, second)
        # photons that are still to come belong to pulses from here on
        self._settled = max(max(newest) - self._late, self._settled or max(newest) - self._late)
        pulse, step = self._first
        n_ready = int(np.searchsorted(pulse, self._settled - self._highest))
        self._count(pulse[:n_ready], step[:n_ready])
        self._first = pulse[n_ready:].copy(), step[n_ready:].copy()
        needed = min(self._settled, self._settled - self._highest) + self._lowest
        n_spent = int(np.searchsorted(self._second[0], needed))
        self._second = self._second[0][n_spent:].copy(), self._second[1][n_spent:].copy()

    def finish(self) -> None:
        """No photons come any more."""
        self._count(*self._first)
        self._first = np.zeros(0, np.int64), np.zeros(0, np.int64)

    def _count(self, pulse_1: IntArray, step_1: IntArray) -> None:
        pulse_2 = self._second[0]
        begin = np.searchsorted(pulse_2, pulse_1 + self._lowest, "left")
        n_partners = np.searchsorted(pulse_2, pulse_1 + self._highest, "right") - begin
        running = np.cumsum(n_partners)
        done = 0
        while done < pulse_1.size:  # in blocks: many photons a pulse make very many pairs
            counted = int(running[done - 1]) if done else 0
            stop = max(int(np.searchsorted(running, counted + _PAIRS_AT_A_TIME, "right")), done + 1)
            self._count_block(slice(done, stop), (pulse_1, step_1), begin, n_partners)
            done = stop

    def _count_block(
        self, block: slice, first: tuple[IntArray, IntArray], begin: npt.NDArray[np.intp], n_partners: IntArray
    ) -> None:
        n_each = n_partners[block]
        within = np.arange(int(n_each.sum())) - np.repeat(np.cumsum(n_each) - n_each, n_each)
        partner = np.repeat(begin[block], n_each) + within
        pulse_2, step_2 = self._second
        earlier = np.minimum(np.repeat(first[1][block], n_each), step_2[partner])
        in_centre = pulse_2[partner] - np.repeat(first[0][block], n_each) == self._centre
        np.add.at(self.centre, earlier[in_centre], 1)
        np.add.at(self.side, earlier[~in_centre], 1)


def gate_pairs(
    photons: PulsedPhotons | StreamedPhotons, centre: int, n_side: int = 10, report: Progress | None = None
) -> GatePairs:
    """Pairs of the centre peak and of ``n_side`` (even) side peaks with the time of their earlier photon.

    ``centre``: offset of the centre peak in pulses, as :func:`analysis.antibunching.find_centre` finds it. Times count
    from each detector's own signal peak. A stream is read twice. Raises ValueError when times within the period cannot
    be used, or for an odd number of side peaks.
    """
    if photons.timing_fault:
        raise ValueError(f"no time gate can be set: {photons.timing_fault}")
    if n_side < 2 or n_side % 2:
        raise ValueError(f"n_side must be an even number of peaks, 2 at least, got {n_side}")
    peaks_ps, cuts_ps = peak_times_ps(photons, _half(report, 0)), photons.cuts_ps()
    step_ps = max(1, ceil(photons.period_ps / _MOST_STEPS))
    n_before = ceil(photons.period_ps / step_ps)  # steps before the signal peak; 0 is an edge between steps
    counter = GatePairCounter(centre, n_side, 2 * n_before + 1, late_pulses(photons))
    for parts in parts_of(photons, _half(report, 1)):
        first, second = (
            (part.own_pulse(cut), _steps(part, cut, peak, step_ps) + n_before)
            for part, cut, peak in zip(parts, cuts_ps, peaks_ps, strict=True)
        )
        counter.add(first, second)
    counter.finish()
    seen = np.flatnonzero(counter.centre + counter.side)
    time_ns = np.asarray((seen - n_before + 0.5) * (step_ps * 1e-3), dtype=np.float64)
    return GatePairs(time_ns, counter.centre[seen], counter.side[seen], n_side)


def peak_times_ps(photons: PulsedPhotons | StreamedPhotons, report: Progress | None = None) -> tuple[float, float]:
    """Signal peak of each detector after its cut, ps; a stream is read once."""
    counts = np.zeros((2, _FINE_BINS), dtype=np.int64)
    cuts_ps, period_ps = photons.cuts_ps(), photons.period_ps
    for parts in parts_of(photons, report):
        for k, part in enumerate(parts):
            since_cut = (part.phase_ps - cuts_ps[k]) % period_ps
            counts[k] += np.histogram(since_cut, _FINE_BINS, (0.0, period_ps))[0]
    return _peak_time_ps(counts[0], period_ps), _peak_time_ps(counts[1], period_ps)


def parts_of(
    photons: PulsedPhotons | StreamedPhotons, report: Progress | None = None
) -> Iterable[tuple[Detector, Detector]]:
    """The photons of both detectors: all at once, or a stream chunk by chunk."""
    if isinstance(photons, PulsedPhotons):
        return [(photons.detector_1, photons.detector_2)]
    return photons.detectors(report)


def late_pulses(photons: PulsedPhotons | StreamedPhotons) -> int:
    """By how many pulses photons may be out of order."""
    if isinstance(photons, PulsedPhotons):
        return 3
    return int(np.ceil(photons.latest_ps / photons.period_ps)) + 3


def _peak_time_ps(counts: IntArray, period_ps: float) -> float:
    """Where a detector's signal peaks, ps after its cut; ``counts`` (n,): photons against that time over the period."""
    smooth = np.convolve(counts, np.ones(3), mode="same")
    return float(np.argmax(smooth)) * period_ps / counts.size


def _steps(part: Detector, cut_ps: float, peak_ps: float, step_ps: int) -> IntArray:
    since_peak = (part.phase_ps - cut_ps) % part.period_ps - peak_ps
    steps: IntArray = np.floor(since_peak / step_ps).astype(np.int64)
    return steps


def _by_pulse(waiting: tuple[IntArray, IntArray], new: tuple[IntArray, IntArray]) -> tuple[IntArray, IntArray]:
    pulse, step = (np.concatenate(both) for both in zip(waiting, new, strict=True))
    order = np.argsort(pulse, kind="stable")
    return pulse[order], step[order]


def _half(report: Progress | None, number: int) -> Progress | None:
    """Progress of the first or second of two readings."""
    if report is None:
        return None
    return lambda fraction, what: report((number + fraction) / 2.0, what)
