"""Blinking: the dot is on or off, and stays so for dwell times of a telegraph or of power laws.

``OnOff`` holds the two laws, ``SwitchRecord`` one realisation. It starts in its stationary state.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sims.basics.spins import FloatArray
from sims.dot.dwell import BoundedPowerLaw, Dwell, Exponential
from sims.dot.sample import Blinking

BLOCK = 512
"""Dwell times drawn at once; a fixed number, so that the times do not depend on how far they are asked for."""


@dataclass(frozen=True)
class OnOff:
    """On and off dwell times; ``off_brightness`` is the emission of the off state relative to the on state."""

    on: Dwell
    off: Dwell
    off_brightness: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.off_brightness <= 1:
            raise ValueError(f"off_brightness = {self.off_brightness}: must lie in 0...1")
        if not np.isfinite(self.off.mean_s):
            raise ValueError("the off state is never left: the dot would stay dark; give it a finite mean time")

    @property
    def on_fraction(self) -> float:
        """Mean share of the time in the on state."""
        on = self.on.mean_s
        return 1.0 if not np.isfinite(on) else on / (on + self.off.mean_s)

    @property
    def mean_brightness(self) -> float:
        """Mean emission relative to the on state."""
        return self.on_fraction + (1 - self.on_fraction) * self.off_brightness

    @property
    def is_steady(self) -> bool:
        """True when the dot never blinks."""
        return not np.isfinite(self.on.mean_s) or self.off_brightness == 1.0


def telegraph(on_to_off_per_s: float, off_to_on_per_s: float, off_brightness: float = 0.0) -> OnOff:
    """Two-state telegraph."""
    return OnOff(Exponential(on_to_off_per_s), Exponential(off_to_on_per_s), off_brightness)


def on_off(blinking: Blinking) -> OnOff:
    """The dwell times that a sample file states: power laws where it gives them, a telegraph else."""
    law = blinking.power_law
    if law is None:
        return telegraph(blinking.on_to_off_per_s, blinking.off_to_on_per_s, blinking.off_brightness)
    return OnOff(
        BoundedPowerLaw(law.on_exponent, law.shortest_s, law.longest_on_s),
        BoundedPowerLaw(law.off_exponent, law.shortest_s, law.longest_off_s),
        blinking.off_brightness,
    )


class SwitchRecord:
    """One realisation of blinking from time 0 on, to be asked for ever later times.

    Switches are kept for ``keep_s`` before the latest times asked for, so that a window may be looked at again.
    """

    def __init__(self, switch: OnOff, rng: np.random.Generator, keep_s: float = 0.0) -> None:
        self._switch, self._rng, self._keep_s = switch, rng, keep_s
        self._first_on = bool(rng.random() < switch.on_fraction)
        self._switches = np.array([(switch.on if self._first_on else switch.off).rest_s(rng)])
        self._dropped = 0

    def is_on(self, time_s: FloatArray) -> npt.NDArray[np.bool_]:
        """State at the sorted times (n,), not earlier than ``keep_s`` before those asked for last."""
        if time_s.size == 0:
            return np.empty(0, dtype=np.bool_)
        self._extend(float(time_s[-1]))
        passed = np.searchsorted(self._switches, time_s, side="right")
        on = ((passed + self._dropped) % 2 == 0) == self._first_on
        self._drop(float(time_s[0]) - self._keep_s)
        return np.asarray(on, dtype=np.bool_)

    def between(self, begin_s: float, end_s: float) -> tuple[bool, FloatArray]:
        """State at ``begin_s`` (True: on) and the sorted times of the switches in (begin_s, end_s)."""
        starts_on = bool(self.is_on(np.array([begin_s]))[0])
        self._extend(end_s)
        first, last = np.searchsorted(self._switches, (begin_s, end_s), side="right")
        return starts_on, self._switches[first:last].copy()

    def _drop(self, before_s: float) -> None:
        old = int(np.searchsorted(self._switches, before_s, side="right"))
        old = min(old, self._switches.size - 1)  # the last one is where the record goes on
        self._switches, self._dropped = self._switches[old:], self._dropped + old

    def _extend(self, until_s: float) -> None:
        parts = [self._switches]
        last, count = float(self._switches[-1]), self._dropped + self._switches.size
        while last <= until_s:
            first_on = self._first_on == (count % 2 == 0)
            waits = np.empty(2 * BLOCK)
            waits[0::2] = (self._switch.on if first_on else self._switch.off).draw_s(BLOCK, self._rng)
            waits[1::2] = (self._switch.off if first_on else self._switch.on).draw_s(BLOCK, self._rng)
            parts.append(last + np.cumsum(waits))
            last, count = float(parts[-1][-1]), count + 2 * BLOCK
        if len(parts) > 1:
            self._switches = np.concatenate(parts)


def on_fraction(blinking: Blinking) -> float:
    """Mean fraction of time in the on state."""
    return on_off(blinking).on_fraction


def mean_brightness(blinking: Blinking) -> float:
    """Mean emission relative to the on state."""
    return on_off(blinking).mean_brightness


def switching_times_s(blinking: Blinking, duration_s: float, rng: np.random.Generator) -> tuple[bool, FloatArray]:
    """State at time 0 (True: on) drawn from the stationary mix, and the sorted times of all switches."""
    return SwitchRecord(on_off(blinking), rng).between(0.0, duration_s)


def is_on(starts_on: bool, switches_s: FloatArray, time_s: FloatArray) -> npt.NDArray[np.bool_]:
    """State at the given times."""
    odd = np.searchsorted(switches_s, time_s, side="right") % 2 == 1
    return np.asarray(odd != starts_on, dtype=np.bool_)


def brightness(starts_on: bool, switches_s: FloatArray, begin_s: float, end_s: float, off_brightness: float) -> float:
    """Mean emission in [begin_s, end_s] relative to a dot that is always on; ``switches_s`` as from ``between``."""
    if end_s <= begin_s:
        return 1.0 if starts_on else off_brightness
    lengths = np.diff(np.concatenate([[begin_s], switches_s, [end_s]]))
    on = float(lengths[0 if starts_on else 1 :: 2].sum()) / (end_s - begin_s)
    return on + (1 - on) * off_brightness


def exposure_brightness(blinking: Blinking, duration_s: float, rng: np.random.Generator) -> float:
    """Emission over one exposure relative to a dot that is always on; drawn."""
    starts_on, switches = switching_times_s(blinking, duration_s, rng)
    return brightness(starts_on, switches, 0.0, duration_s, blinking.off_brightness)
