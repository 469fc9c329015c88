"""Where the light of a measured response is: the peak that must stand out of its dark level."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError

FloatArray = npt.NDArray[np.float64]

_SMOOTH = 5
_ABOVE_NOISE = 3.0
_BEYOND_DOUBT = 10.0
_FEW = 1000.0


@dataclass(frozen=True)
class Peak:
    """``net`` (n,): counts without the dark level, turned so that the peak is at n // 2.

    ``before``, ``after``: the nearest bins on either side where the light fades into the noise.
    """

    net: FloatArray
    before: int
    after: int


def peak_of(counts: FloatArray, dark: float, where: str) -> Peak:
    """The peak of a response (n,), whose axis is a circle, above ``dark`` counts a bin.

    Five bins together are compared with the noise of the dark level: the peak must be ten standard deviations above it,
    and on either side there must be bins within three. AnalysisError, naming ``where``, if not.
    """
    peak = int(np.argmax(np.convolve(counts, np.ones(_SMOOTH), mode="same")))
    middle = counts.size // 2
    net = np.roll(counts, middle - peak) - dark
    noise = float(np.sqrt(_SMOOTH * max(dark, 0.2)))
    smooth = np.convolve(net, np.ones(_SMOOTH), mode="same")
    faint = np.flatnonzero(smooth <= _ABOVE_NOISE * noise)
    before, after = faint[faint < middle], faint[faint > middle]
    if smooth[middle] < _BEYOND_DOUBT * noise or not before.size or not after.size:
        few = f" (its counts add up to {counts.sum():.3g}: are they raw counts?)" if counts.sum() < _FEW else ""
        raise AnalysisError(
            f"{where}: no peak stands out of the dark level{few}; a response needs light of a pulsed laser, its pulses "
            "apart, and dark time recorded before and after them"
        )
    return Peak(net, int(before[-1]), int(after[0]))


def quiet_level(counts: FloatArray) -> float:
    """Mean of the quarter of neighbouring bins with least light."""
    length = max(counts.size // 4, 1)
    running = np.concatenate(([0.0], np.cumsum(counts)))
    return float((running[length:] - running[:-length]).min()) / length
