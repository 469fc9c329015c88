"""The dot's photons on the two detectors: the stream with spin memory, or cycle by cycle.

The rule. A train of pulses or continuous light (at most ``STREAM_STEPS`` steps in a cycle, a dot of at most
``STREAM_STATES`` states) whose record holds at least ``STREAM_PHOTONS`` photons is drawn by
:class:`sims.photons.source.PhotonSource`: the dopant's spin and dark excitons are remembered from cycle to cycle. Its
tables take 0.3 to 0.8 s to build, once for a setting. All else (sequences with dozens of pulses, sweeps with a new
setting for every record, short looks) is drawn cycle by cycle (:mod:`sims.dot.photons`): what such records are folded
on, the cycle, is exact in both.
Every record begins in the periodic steady state: between two records the dot forgets (microseconds).

Blinking thins both. Spectral jumps move the lines behind the slit; where a laser is resonant they also move the lines
under the laser: then each piece between jumps has its own response, cycle by cycle.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from sims.basics.spins import FloatArray
from sims.bench.detectors import Times
from sims.bench.fluctuations import Fluctuations, grouped
from sims.dot.photons import draw_photons
from sims.dot.response import Response
from sims.dot.stimulus import Cycle
from sims.photons.from_dot import jump_process
from sims.photons.source import PhotonSource
from sims.photons.surroundings import ShiftedDetection

PS_PER_S = 1e12

STREAM_STEPS = 4
"""Segments and pulses of the longest cycle that is streamed."""

STREAM_STATES = 256
"""States of the largest dot that is streamed: more would need gigabytes of tables."""

STREAM_PHOTONS = 20_000
"""Expected photons in a record from which the stream's tables pay."""

MOST_SHIFTS = 128
"""Spectral positions in one record for which the dot is solved anew; more are grouped (steps of a tenth of the rms)."""

MOST_CAMERA_SHIFTS = 32
"""Spectral positions in one exposure; more are grouped (steps of a fifth of the rms)."""

GRID_SIGMA, GRID_POINTS = 5.0, 161
"""Detection against the lines' shift is tabulated over so many rms jumps."""


@dataclass(frozen=True)
class DetectionAt:
    """Chance (2, n_transitions) that a photon of each transition fires each detector, against the lines' shift."""

    at_shift_mev: Callable[[float], FloatArray]


class DotLight:
    """Draws the photons of one dot on one table; keeps the stream's tables of the last setting."""

    def __init__(self, fluctuations: Fluctuations, jump_mev: float, rng: np.random.Generator) -> None:
        self._fluctuations, self._jump_mev, self._rng = fluctuations, jump_mev, rng
        self._kept: _Kept | None = None

    def photons(self, response: Response, detection: DetectionAt, begin_ps: int, duration_ps: int) -> list[Times]:
        """Photons that fire each detector, sorted, in [0, duration_ps) after ``begin_ps``, the start of a cycle.

        ValueError where a cycle holds more photons than the dot's statistics are exact for, or the seconds asked for
        hold too many spectral jumps.
        """
        centre = detection.at_shift_mev(0.0)
        expected = float(centre.sum(axis=0) @ response.rates()) * duration_ps / PS_PER_S
        jumping = self._fluctuations.is_jumping
        if is_streamed(response, expected) and not (jumping and is_resonant(response)):
            times, detector = self._streamed(response, centre, detection, begin_ps, duration_ps)
        elif jumping:
            times, detector = self._between_jumps(response, detection, begin_ps, duration_ps)
        else:
            times, detector = draw_photons(response.detections(centre), None, duration_ps / PS_PER_S, self._rng)
        bright = self._fluctuations.brightness(_clock_s(begin_ps, times))
        kept = self._rng.random(times.size) < bright
        return [times[kept & (detector == i)] for i in (0, 1)]

    def _streamed(
        self, response: Response, centre: FloatArray, detection: DetectionAt, begin_ps: int, duration_ps: int
    ) -> tuple[Times, npt.NDArray[np.uint8]]:
        """With the memory of the spin; photons outside the slit at their moment's shift are taken away."""
        if self._kept is None or self._kept.response is not response or not np.array_equal(self._kept.centre, centre):
            shifted = self._against_shift(detection) if self._fluctuations.is_jumping else None
            source = PhotonSource(
                jump_process(response.dot, response.cycle), centre if shifted is None else shifted.highest
            )
            self._kept = _Kept(response, centre, source, shifted)
        events = self._kept.source.stream(duration_ps / PS_PER_S, self._rng)
        shifted = self._kept.shifted
        if shifted is not None and len(events):
            shift = self._fluctuations.shift_mev(_clock_s(begin_ps, events.time_ps))
            chance = shifted.keep_chance(shift, events.detector, events.transition)
            events = events.only(self._rng.random(len(events)) < chance)
        return events.time_ps, events.detector

    def _against_shift(self, detection: DetectionAt) -> ShiftedDetection:
        shift_mev = np.linspace(-GRID_SIGMA, GRID_SIGMA, GRID_POINTS) * self._jump_mev
        return ShiftedDetection(shift_mev, np.stack([detection.at_shift_mev(float(shift)) for shift in shift_mev]))

    def _between_jumps(
        self, response: Response, detection: DetectionAt, begin_ps: int, duration_ps: int
    ) -> tuple[Times, npt.NDArray[np.uint8]]:
        """Cycle by cycle, every spectral position with its own response and its own share of the cycles."""
        period_ps = 1e3 * response.cycle.period_ns
        begin_s, n_cycles = begin_ps / PS_PER_S, int(np.ceil(duration_ps / period_ps))
        borders_s, shifts = self._fluctuations.shift_pieces(begin_s, begin_s + n_cycles * period_ps / PS_PER_S)
        first = np.rint((borders_s - begin_s) * PS_PER_S / period_ps).astype(np.int64)
        first[0], first[-1] = 0, n_cycles
        n_in_piece = np.diff(first)
        position, _, group = grouped(shifts, n_in_piece.astype(np.float64), MOST_SHIFTS)
        resonant = is_resonant(response)
        times, detectors = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.uint8)]
        for number, shift in enumerate(position.tolist()):
            pieces = np.flatnonzero((group == number) & (n_in_piece > 0))
            ends = np.cumsum(n_in_piece[pieces])
            if pieces.size == 0:
                continue
            shifted = response.dot.respond(_lasers_moved(response.cycle, -shift)) if resonant else response
            moments = shifted.detections(detection.at_shift_mev(shift))
            drawn, detector = draw_photons(moments, None, float(ends[-1]) * period_ps / PS_PER_S, self._rng)
            # Cycles are independent: those of one position are dealt out to its pieces of the record.
            cycle = np.minimum((drawn / period_ps).astype(np.int64), ends[-1] - 1)
            which = np.searchsorted(ends, cycle, side="right")
            moved = first[pieces[which]] - (ends[which] - n_in_piece[pieces[which]])
            times.append(drawn + np.rint(moved * period_ps).astype(np.int64))
            detectors.append(detector)
        joined, detector = np.concatenate(times), np.concatenate(detectors)
        order = np.argsort(joined, kind="stable")
        joined, detector = joined[order], detector[order]
        inside = joined < duration_ps
        return joined[inside], detector[inside]


@dataclass(frozen=True)
class _Kept:
    """The stream of the last setting; ``centre`` is the detection at rest."""

    response: Response
    centre: FloatArray
    source: PhotonSource
    shifted: ShiftedDetection | None


def is_streamed(response: Response, expected_photons: float) -> bool:
    """The rule: a short cycle, a dot that is not too large, and a record with enough photons."""
    steps = len(response.cycle.segments) + len(response.cycle.pulses)
    states = response.dot.scheme.n_states
    return steps <= STREAM_STEPS and states <= STREAM_STATES and expected_photons >= STREAM_PHOTONS


def is_resonant(response: Response) -> bool:
    """True when some continuous light lies below the absorption edge: its effect depends on the lines' position."""
    edge_mev = response.dot.absorption_edge_mev
    return any(light.energy_mev < edge_mev for segment in response.cycle.segments for light in segment.lights)


def exposed_rates(response: Response, shift_mev: float) -> FloatArray:
    """Photons a second of each transition (n,) while the lines stand ``shift_mev`` from their mean."""
    if shift_mev == 0.0 or not is_resonant(response):
        return response.rates()
    return response.dot.respond(_lasers_moved(response.cycle, -shift_mev)).rates()


def _lasers_moved(cycle: Cycle, shift_mev: float) -> Cycle:
    """The cycle with every laser moved: lines that jump up see lasers that are as much lower."""
    segments = tuple(
        replace(
            segment,
            lights=tuple(replace(light, energy_mev=light.energy_mev + shift_mev) for light in segment.lights),
        )
        for segment in cycle.segments
    )
    pulses = tuple(replace(pulse, energy_mev=pulse.energy_mev + shift_mev) for pulse in cycle.pulses)
    return Cycle(segments, pulses)


def _clock_s(begin_ps: int, times_ps: Times) -> FloatArray:
    return np.asarray((begin_ps + times_ps) / PS_PER_S, dtype=np.float64)
