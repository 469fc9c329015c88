"""Where lines may be in a spectrum: matched filters of several widths, and the window around the main lines."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import median_filter, uniform_filter1d

from analysis.line_shape import pixel_edges

FloatArray = npt.NDArray[np.float64]

_TRIAL_WIDTHS_PER_PIXEL = np.array([1.2, 1.8, 2.7, 4.0, 6.0, 9.0, 13.5])
_SATELLITE_HEIGHT = 0.04
"""Peaks lower than this, relative to the highest, are satellites (phonon replica, biexciton), not lines of the dot."""


@dataclass(frozen=True)
class Spectrum:
    """Pixels in order of energy (meV), their edges (n + 1,), counts, and the variance that is not shot noise, (n,).

    ``gain``: shot-noise variance per count of signal.
    """

    energy: FloatArray
    edges: FloatArray
    counts: FloatArray
    other_variance: FloatArray
    gain: float

    @property
    def pixel(self) -> float:
        """Typical width of a pixel, meV."""
        return float(np.median(np.diff(self.energy)))

    def variance(self, model: FloatArray) -> FloatArray:
        """Variance expected if ``model`` is true; never below that of a tenth of a count."""
        floor = 0.1 * self.gain**2 if self.gain > 0 else 1e-12 * float(np.max(self.other_variance))
        return np.asarray(self.gain * np.maximum(model, 0.0) + np.maximum(self.other_variance, 0.0) + floor)


def prepare(
    energy_mev: npt.ArrayLike, counts: npt.ArrayLike, variance: npt.ArrayLike, gain: float
) -> tuple[Spectrum, npt.NDArray[np.intp]]:
    """Check, sort by energy, split off shot noise; also the order that sorts. ValueError as :func:`lines.fit_lines`."""
    energy, signal, spread = (np.asarray(a, dtype=np.float64) for a in (energy_mev, counts, variance))
    if not (energy.ndim == 1 and energy.shape == signal.shape == spread.shape and energy.size >= 8):
        raise ValueError(
            f"a spectrum needs three arrays of one length of at least 8, got shapes {energy.shape}, "
            f"{signal.shape}, {spread.shape}"
        )
    if not (np.all(np.isfinite(energy)) and np.all(np.isfinite(signal)) and np.all(spread >= 0)):
        raise ValueError("a spectrum holds values that are not finite or variances below zero: mask them first")
    order = np.argsort(energy)
    energy, signal, spread = energy[order], signal[order], spread[order]
    if np.any(np.diff(energy) <= 0):
        raise ValueError("a spectrum holds the same energy twice: average or mask one of the pixels")
    other = spread - gain * signal if gain > 0 else spread
    other = median_filter(other, size=min(9, energy.size), mode="nearest") if gain > 0 else other
    return Spectrum(energy, pixel_edges(energy), signal, other, gain), order


def cut(spectrum: Spectrum, inside: npt.NDArray[np.bool_]) -> Spectrum:
    """The part of a spectrum whose pixels are ``inside`` (one contiguous stretch)."""
    first, last = (int(k) for k in np.flatnonzero(inside)[[0, -1]])
    part = slice(first, last + 1)
    return Spectrum(
        spectrum.energy[part],
        spectrum.edges[first : last + 2],
        spectrum.counts[part],
        spectrum.other_variance[part],
        spectrum.gain,
    )


def main_window(spectrum: Spectrum, floor: float) -> npt.NDArray[np.bool_]:
    """Pixels around the high peaks, with a margin of several widths; everything when there is no peak."""
    guesses = first_guesses(spectrum, floor, spectrum.counts.size)
    if not guesses:
        return np.ones(spectrum.counts.shape, dtype=bool)
    places = np.concatenate([energies for energies, _ in guesses])
    width = min(width for _, width in guesses)
    first, last = float(places.min()), float(places.max())
    finest = max(guesses, key=lambda guess: guess[0].size)[0]
    spacing = float(np.median(np.diff(finest))) if finest.size > 1 else 0.0
    margin = max(12.0 * width, 1.5 * spacing, 12.0 * spectrum.pixel)
    return np.asarray((spectrum.energy >= first - margin) & (spectrum.energy <= last + margin), dtype=bool)


def matched_filter(spectrum: Spectrum, residual: FloatArray, variance: FloatArray, fwhm: float) -> FloatArray:
    """Signal-to-noise ratio of a Gaussian line of width ``fwhm`` centred on each pixel, (n_pixels,)."""
    half = max(int(np.ceil(1.5 * fwhm / spectrum.pixel)), 1)
    half = min(half, (spectrum.counts.size - 1) // 2)
    offset = np.arange(-half, half + 1) * spectrum.pixel
    kernel = np.exp(-0.5 * (offset * 2.3548 / fwhm) ** 2)
    numerator = np.convolve(residual / variance, kernel, mode="same")
    denominator = np.convolve(1.0 / variance, kernel**2, mode="same")
    return np.asarray(numerator / np.sqrt(denominator), dtype=np.float64)


def first_guesses(spectrum: Spectrum, floor: float, max_lines: int) -> list[tuple[FloatArray, float]]:
    """Separate maxima of matched filters of several widths: one guess (energies, width) per number of maxima.

    A crowded multiplet looks to a wide filter like one broad line, so the width cannot be chosen before the fit.
    """
    background = np.full_like(spectrum.counts, float(np.percentile(spectrum.counts, 30)))
    smooth = median_filter(spectrum.counts, size=3)
    variance = spectrum.variance(np.maximum(smooth, background))
    height = uniform_filter1d(spectrum.counts, 3) - background
    high = height > _SATELLITE_HEIGHT * float(np.max(height))
    guesses: dict[int, tuple[FloatArray, float]] = {}
    for width_in_pixels in _TRIAL_WIDTHS_PER_PIXEL:
        width = float(width_in_pixels * spectrum.pixel)
        ratio = matched_filter(spectrum, spectrum.counts - background, variance, width)
        peak = (ratio[1:-1] >= ratio[:-2]) & (ratio[1:-1] > ratio[2:]) & (ratio[1:-1] > floor) & high[1:-1]
        places = np.flatnonzero(peak) + 1
        places = places[np.argsort(ratio[places])[::-1]]
        chosen: list[int] = []
        for place in places:
            energy = spectrum.energy[place]
            if all(abs(energy - spectrum.energy[c]) > 1.2 * width for c in chosen):
                chosen.append(int(place))
        chosen = chosen[:max_lines]
        if chosen:
            guesses.setdefault(len(chosen), (np.sort(spectrum.energy[chosen]), width))
    return list(guesses.values())
