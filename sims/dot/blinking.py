"""Two-state telegraph blinking."""

import numpy as np
import numpy.typing as npt

from sims.basics.spins import FloatArray
from sims.dot.sample import Blinking


def on_fraction(blinking: Blinking) -> float:
    """Mean fraction of time in the on state."""
    return blinking.off_to_on_per_s / (blinking.off_to_on_per_s + blinking.on_to_off_per_s)


def mean_brightness(blinking: Blinking) -> float:
    """Mean emission relative to the on state."""
    on = on_fraction(blinking)
    return on + (1 - on) * blinking.off_brightness


def switching_times_s(blinking: Blinking, duration_s: float, rng: np.random.Generator) -> tuple[bool, FloatArray]:
    """State at time 0 (True: on) drawn from the stationary mix, and the sorted times of all switches."""
    starts_on = bool(rng.random() < on_fraction(blinking))
    if blinking.on_to_off_per_s == 0:
        return True, np.empty(0)
    rates = (blinking.on_to_off_per_s, blinking.off_to_on_per_s)
    now, times = 0.0, []
    mean_pair_s = 1 / rates[0] + 1 / rates[1]
    order = rates if starts_on else rates[::-1]
    while now < duration_s:
        n_pairs = int(1.2 * (duration_s - now) / mean_pair_s) + 10
        waits = rng.standard_exponential((n_pairs, 2)) / np.array(order)
        block = now + np.cumsum(waits.ravel())
        times.append(block)
        now = float(block[-1])
    switches = np.concatenate(times) if times else np.empty(0)
    return starts_on, switches[switches < duration_s]


def is_on(starts_on: bool, switches_s: FloatArray, time_s: FloatArray) -> npt.NDArray[np.bool_]:
    """State at the given times."""
    odd = np.searchsorted(switches_s, time_s, side="right") % 2 == 1
    return np.asarray(odd != starts_on, dtype=np.bool_)


def exposure_brightness(blinking: Blinking, duration_s: float, rng: np.random.Generator) -> float:
    """Emission over one exposure relative to a dot that is always on; drawn."""
    starts_on, switches = switching_times_s(blinking, duration_s, rng)
    borders = np.concatenate([[0.0], switches, [duration_s]])
    lengths = np.diff(borders)
    on = lengths[0 if starts_on else 1 :: 2].sum() / duration_s
    return float(on + (1 - on) * blinking.off_brightness)
