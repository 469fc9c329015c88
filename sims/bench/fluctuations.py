"""The slow moods of the dot on the table: blinking and spectral jumps, one realisation along the virtual clock.

Cameras and detectors look at the same realisation: an exposure and a record of the same seconds see the same dark
spells and the same jumps.
"""

import numpy as np
import numpy.typing as npt

from sims.basics.spins import FloatArray
from sims.dot.blinking import SwitchRecord, on_off
from sims.dot.sample import Sample
from sims.photons.surroundings import ShiftRecord, SpectralJumps

REMEMBERED = 1e6
"""Switches (and jumps) that are kept, in mean times. After a pause of this length the state is drawn afresh: the dot
has long forgotten."""


MOST_JUMPS = 5e6
"""Spectral jumps in one record or exposure."""


class Fluctuations:
    """Blinking and spectral position of one dot at the times of the virtual clock (s, from its start).

    ValueError where one look would hold more than ``MOST_JUMPS`` spectral jumps.
    """

    def __init__(self, sample: Sample, rng: np.random.Generator) -> None:
        self._rng = rng
        self._switch = on_off(sample.blinking)
        self._jumps: SpectralJumps | None = None
        spectral = sample.spectral_diffusion
        times_s = [np.inf] if self._switch.is_steady else [self._switch.on.mean_s + self._switch.off.mean_s]
        if spectral.jump_mev > 0:
            self._jumps = SpectralJumps(1.0 / spectral.mean_time_s, spectral.jump_mev)
            times_s.append(spectral.mean_time_s)
        self._keep_s = REMEMBERED * min(times_s)
        self._zero_s = self._latest_s = 0.0
        self._begin_afresh(0.0)

    @property
    def is_jumping(self) -> bool:
        """True when the lines move."""
        return self._jumps is not None

    def brightness(self, time_s: FloatArray) -> FloatArray:
        """Emission relative to the on state at the sorted times, (n,)."""
        if self._switch.is_steady or time_s.size == 0:
            return np.ones(time_s.size)
        self._go_to(float(time_s[0]), float(time_s[-1]))
        on = self._switches.is_on(np.asarray(np.maximum(time_s - self._zero_s, 0.0), dtype=np.float64))
        return np.where(on, 1.0, self._switch.off_brightness)

    def shift_mev(self, time_s: FloatArray) -> FloatArray:
        """Common shift of all lines at the sorted times, meV, (n,)."""
        if self._shifts is None or time_s.size == 0:
            return np.zeros(time_s.size)
        self._go_to(float(time_s[0]), float(time_s[-1]))
        return self._shifts.shift_mev(np.asarray(np.maximum(time_s - self._zero_s, 0.0), dtype=np.float64))

    def shift_pieces(self, begin_s: float, end_s: float) -> tuple[FloatArray, FloatArray]:
        """Borders (k + 1,) of the pieces of [begin_s, end_s] without a jump, s, and the shift in each, meV, (k,)."""
        if self._shifts is None:
            return np.array([begin_s, end_s]), np.zeros(1)
        self._go_to(begin_s, end_s)
        borders, shifts = self._shifts.between(max(begin_s - self._zero_s, 0.0), end_s - self._zero_s)
        return np.asarray(borders + self._zero_s, dtype=np.float64), shifts

    def exposure(self, begin_s: float, end_s: float) -> tuple[FloatArray, FloatArray]:
        """Shifts (k,), meV, and the share of a steady dot's emission over [begin_s, end_s] that comes at each, (k,)."""
        borders, shifts = self.shift_pieces(begin_s, end_s)
        length_s = max(end_s - begin_s, 1e-30)
        if self._switch.is_steady:
            return shifts, np.asarray(np.diff(borders) / length_s, dtype=np.float64)
        self._go_to(begin_s, end_s)
        starts_on, switches = self._switches.between(max(begin_s - self._zero_s, 0.0), end_s - self._zero_s)
        times = np.concatenate([[begin_s], switches + self._zero_s, [max(end_s, begin_s)]])
        on = (np.arange(times.size - 1) % 2 == 0) == starts_on
        emitted = np.cumsum(np.diff(times) * np.where(on, 1.0, self._switch.off_brightness))
        at_borders = np.interp(borders, times, np.concatenate([[0.0], emitted]))
        return shifts, np.asarray(np.diff(at_borders) / length_s, dtype=np.float64)

    def _go_to(self, begin_s: float, end_s: float) -> None:
        if self._jumps is not None and (end_s - begin_s) * self._jumps.rate_per_s > MOST_JUMPS:
            raise ValueError(
                f"{end_s - begin_s:.3g} s hold {(end_s - begin_s) * self._jumps.rate_per_s:.2g} spectral jumps (limit "
                f"{MOST_JUMPS:.0e}): record for a shorter time, or raise spectral_diffusion.mean_time_s of the sample"
            )
        if begin_s - self._latest_s > self._keep_s:
            self._begin_afresh(begin_s)
        self._latest_s = max(self._latest_s, end_s)

    def _begin_afresh(self, zero_s: float) -> None:
        self._zero_s = self._latest_s = zero_s
        self._switches = SwitchRecord(self._switch, self._rng.spawn(1)[0], self._keep_s)
        self._shifts = None if self._jumps is None else ShiftRecord(self._jumps, self._rng.spawn(1)[0], self._keep_s)


def grouped(value: FloatArray, weight: FloatArray, most: int) -> tuple[FloatArray, FloatArray, npt.NDArray[np.int64]]:
    """At most ``most`` groups of near values (n,): their weighted means, summed weights, and the group of each (n,)."""
    if value.size <= most:
        return value, weight, np.arange(value.size, dtype=np.int64)
    low, high = float(value.min()), float(value.max())
    number = np.minimum(((value - low) / max(high - low, 1e-300) * most).astype(np.int64), most - 1)
    _, group = np.unique(number, return_inverse=True)
    total = np.bincount(group, weight)
    count = np.bincount(group)
    mean = np.bincount(group, value * weight) / np.where(total > 0, total, 1.0)
    middle = np.asarray(np.where(total > 0, mean, np.bincount(group, value) / count), dtype=np.float64)
    return middle, np.asarray(total, dtype=np.float64), group.astype(np.int64)
