"""The dot's surroundings act on the stream: blinking, spectral jumps behind a filter, bleaching.

All act by thinning: a photon is drawn with the largest chance of detection it can have and kept with the ratio of
its momentary chance to that. Thinning detections independently of the dot's state leaves an exact realisation,
because a photon that is not detected leaves the dot as one that is. What is left out: the surroundings do not change
the dot's own rates, so spectral jumps are right for excitation far above the lines, not for resonant excitation.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sims.dot.blinking import OnOff, SwitchRecord
from sims.dot.dwell import Exponential
from sims.photons.events import PhotonEvents
from sims.photons.process import FloatArray, check_detection

BLOCK = 1024


@dataclass(frozen=True)
class SpectralJumps:
    """All lines jump together: with ``rate_per_s`` a new shift is drawn from a normal law of width ``spread_mev``.

    Observed jumps are .1 to 5 meV. The shift's correlation falls as exp(-rate t).
    """

    rate_per_s: float
    spread_mev: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.rate_per_s) and 0 < self.rate_per_s <= 1e6):
            raise ValueError(f"rate_per_s = {self.rate_per_s}: must lie above 0 and not above 1e6")
        if not (np.isfinite(self.spread_mev) and 0 <= self.spread_mev <= 100):
            raise ValueError(f"spread_mev = {self.spread_mev}: must lie in 0...100")


class ShiftedDetection:
    """Detection chances against the lines' common shift, linear between the shifts given.

    ``shift_mev`` (m,) increasing; ``detection`` (m, n_detectors, n_transitions). Beyond the ends the end values hold.
    Give ``highest`` to PhotonSource.
    """

    def __init__(self, shift_mev: FloatArray, detection: FloatArray) -> None:
        self.shift_mev = np.asarray(shift_mev, dtype=np.float64)
        self.detection = np.asarray(detection, dtype=np.float64)
        if self.shift_mev.ndim != 1 or self.shift_mev.size < 2 or not np.all(np.diff(self.shift_mev) > 0):
            raise ValueError("shift_mev must hold at least two values in increasing order")
        if self.detection.ndim != 3 or len(self.detection) != self.shift_mev.size:
            raise ValueError(f"detection has shape {self.detection.shape}; it must be (shifts, detectors, transitions)")
        for table in self.detection:
            check_detection(table, self.detection.shape[2])
        # The sum over the detectors of the largest values may exceed 1 although each sum does not.
        self.highest = check_detection(self.detection.max(axis=0), self.detection.shape[2])

    def keep_chance(
        self, shift_mev: FloatArray, detector: npt.NDArray[np.uint8], transition: npt.NDArray[np.uint16]
    ) -> FloatArray:
        """Momentary over highest chance of each photon, (n,)."""
        place = np.interp(shift_mev, self.shift_mev, np.arange(self.shift_mev.size))
        below = np.minimum(place.astype(np.int64), self.shift_mev.size - 2)
        share = place - below
        low = self.detection[below, detector, transition]
        high = self.detection[below + 1, detector, transition]
        return np.asarray((low + share * (high - low)) / self.highest[detector, transition], dtype=np.float64)


@dataclass(frozen=True)
class Surroundings:
    """What happens around the dot; None: nothing of it. ``bleaching_s``: mean time until the dot dies for ever."""

    blinking: OnOff | None = None
    jumps: SpectralJumps | None = None
    shifted: ShiftedDetection | None = None
    bleaching_s: float | None = None

    def __post_init__(self) -> None:
        if (self.jumps is None) != (self.shifted is None):
            raise ValueError("spectral jumps need the detection against shift (shifted), and the reverse")
        if self.bleaching_s is not None and not (np.isfinite(self.bleaching_s) and self.bleaching_s > 0):
            raise ValueError(f"bleaching_s = {self.bleaching_s}: must be finite and above 0")

    def act_on(self, photons: Iterable[PhotonEvents], rng: np.random.Generator) -> Iterator[PhotonEvents]:
        """The photons that remain; in pieces as they come. The result does not depend on how the stream is cut."""
        switch_rng, jump_rng, thin_rng = rng.spawn(3)
        switches = None if self.blinking is None else SwitchRecord(self.blinking, switch_rng)
        shifts = None if self.jumps is None else ShiftRecord(self.jumps, jump_rng)
        end_s = np.inf if self.bleaching_s is None else float(rng.exponential(self.bleaching_s))
        for piece in photons:
            time_s = np.asarray(1e-12 * piece.time_ps, dtype=np.float64)
            chance = np.ones(len(piece))
            if switches is not None and self.blinking is not None:
                chance[~switches.is_on(time_s)] = self.blinking.off_brightness
            if shifts is not None and self.shifted is not None:
                chance *= self.shifted.keep_chance(shifts.shift_mev(time_s), piece.detector, piece.transition)
            chance[time_s >= end_s] = 0.0
            yield piece.only(thin_rng.random(len(piece)) < chance)


class ShiftRecord:
    """One realisation of spectral jumps from time 0 on, to be asked for ever later times.

    Jumps are kept for ``keep_s`` before the latest times asked for, so that a window may be looked at again.
    """

    def __init__(self, jumps: SpectralJumps, rng: np.random.Generator, keep_s: float = 0.0) -> None:
        self._jumps, self._rng, self._keep_s = jumps, rng, keep_s
        self._waits = Exponential(jumps.rate_per_s)
        self._times = np.zeros(1)  # begin of each shift
        self._shifts = rng.normal(0.0, jumps.spread_mev, 1)

    def shift_mev(self, time_s: FloatArray) -> FloatArray:
        """Shift at the sorted times (n,), not earlier than ``keep_s`` before those asked for last."""
        if time_s.size == 0:
            return np.empty(0)
        self._extend(float(time_s[-1]))
        number = np.maximum(np.searchsorted(self._times, time_s, side="right") - 1, 0)
        result = self._shifts[number]
        old = max(0, int(np.searchsorted(self._times, float(time_s[0]) - self._keep_s, side="right")) - 1)
        self._times, self._shifts = self._times[old:], self._shifts[old:]
        return np.asarray(result, dtype=np.float64)

    def between(self, begin_s: float, end_s: float) -> tuple[FloatArray, FloatArray]:
        """Borders (k + 1,) of the pieces of [begin_s, end_s] without a jump, and the shift in each, meV (k,)."""
        first = self.shift_mev(np.array([begin_s]))
        self._extend(end_s)
        inside = (self._times > begin_s) & (self._times < end_s)
        borders = np.concatenate([[begin_s], self._times[inside], [end_s]])
        return borders, np.concatenate([first, self._shifts[inside]])

    def _extend(self, until_s: float) -> None:
        times, shifts, last = [self._times], [self._shifts], float(self._times[-1])
        while last <= until_s:
            times.append(last + np.cumsum(self._waits.draw_s(BLOCK, self._rng)))
            shifts.append(self._rng.normal(0.0, self._jumps.spread_mev, BLOCK))
            last = float(times[-1][-1])
        if len(times) > 1:
            self._times, self._shifts = np.concatenate(times), np.concatenate(shifts)
