"""Where to start the fit of a hyperfine multiplet: a grid of exact line patterns, matched to the measured contrast.

An axial Hamiltonian keeps M = m_S + m_I, so it falls into blocks of at most 2I + 1 states that are quick to
diagonalise for thousands of pairs (D, A) at once. Perturbation theory will not do: at zero field the hyperfine
coupling mixes neighbouring m_S so strongly that lines move by up to 100 MHz beyond second order.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.spin_hamiltonian import BOHR_GHZ_PER_T, DopantSpin, d_from_centre

FloatArray = npt.NDArray[np.float64]

_COARSE_STEP_GHZ = 0.025
_COUPLINGS_GHZ = np.arange(0.04, 0.40, 0.010)
_KEPT_PER_SIGN = 6


@dataclass(frozen=True)
class Candidate:
    """A possible start: D, A and width (GHz), line height, and how much χ² it explains."""

    d_ghz: float
    a_ghz: float
    width_ghz: float
    height: float
    score: float


def candidates(
    frequency_ghz: FloatArray,
    contrast: FloatArray,
    error: FloatArray,
    field_t: float,
    dopant: DopantSpin,
    ends: tuple[float, float],
    n_kept: int = 3,
) -> list[Candidate]:
    """The best matches for both signs of A, best first; contrast and its error at each point, (n_points,).

    ``ends``: projections (start, target) of the transition. Rhombic and cubic terms are ignored here.
    """
    step = float(np.ptp(frequency_ghz)) / max(frequency_ghz.size - 1, 1)
    coarse_width = max(0.035, 1.5 * step)
    low, high = float(frequency_ghz.min()), float(frequency_ghz.max())
    centres = np.arange(low, high + _COARSE_STEP_GHZ, max(_COARSE_STEP_GHZ, step))
    d = np.array([d_from_centre(dopant, float(c), field_t, *ends) for c in centres])
    matcher = _Matcher(frequency_ghz, contrast, error)
    found: list[Candidate] = []
    for sign in (1.0, -1.0) if dopant.nuclear_spin > 0 else (1.0,):
        tried: list[tuple[Candidate, FloatArray]] = []
        for coupling in _COUPLINGS_GHZ if dopant.nuclear_spin > 0 else (0.0,):
            places = exact_lines(dopant, d, np.full(d.size, sign * coupling), field_t, ends)
            score, height = matcher.match(places, coarse_width)
            for best in np.argsort(score)[::-1][:2]:
                here = Candidate(
                    float(d[best]), float(sign * coupling), coarse_width, float(height[best]), float(score[best])
                )
                tried.append((here, places[best]))
        tried.sort(key=lambda pair: -pair[0].score)
        refined = [_refine(matcher, coarse, places, ends, step) for coarse, places in tried[:_KEPT_PER_SIGN]]
        found += sorted(refined, key=lambda one: -one.score)[:n_kept]
    return sorted(found, key=lambda one: -one.score)


class _Matcher:
    """Weighted least squares of a constant plus a line pattern of given places; weights are those of the data."""

    def __init__(self, frequency_ghz: FloatArray, contrast: FloatArray, error: FloatArray) -> None:
        self._frequency = frequency_ghz
        self._weight = 1.0 / error**2
        self._total = float(np.sum(self._weight))
        self._signal = contrast - float(np.sum(self._weight * contrast)) / self._total

    def match(self, places_ghz: FloatArray, width_ghz: float) -> tuple[FloatArray, FloatArray]:
        """χ² explained and best height for each pattern; ``places_ghz`` (n_patterns, n_lines)."""
        u = 2.0 * (self._frequency[:, None, None] - places_ghz) / width_ghz
        lines = (1.0 / (1.0 + u**2)).sum(axis=2)
        lines -= (self._weight @ lines) / self._total
        power = (self._weight * self._signal) @ lines
        norm = np.maximum(self._weight @ lines**2, 1e-300)
        return np.asarray(power**2 / norm), np.asarray(power / norm)


def _refine(
    matcher: _Matcher, coarse: Candidate, places: FloatArray, ends: tuple[float, float], step: float
) -> Candidate:
    """Shift and stretch the pattern by fractions of the coarse grid, and try narrower lines."""
    centre = float(np.mean(places))
    best = coarse
    for stretch in np.linspace(-0.006, 0.006, 7):
        scaled = centre + (places - centre) * (1.0 + stretch / max(abs(coarse.a_ghz), 1e-3))
        shifts = np.linspace(-0.015, 0.015, 13)
        for width in sorted({max(0.010, 0.7 * step), max(0.018, step), coarse.width_ghz}):
            score, height = matcher.match(scaled + shifts[:, None], width)
            k = int(np.argmax(score))
            if score[k] > best.score:
                # The centre's slope with D is m_start² − m_target² in size; its sign is that of the branch.
                slope = abs(ends[0] ** 2 - ends[1] ** 2)
                best = Candidate(
                    coarse.d_ghz + float(shifts[k]) / slope,
                    coarse.a_ghz + float(np.sign(coarse.a_ghz) * stretch),
                    width,
                    float(height[k]),
                    float(score[k]),
                )
    return best


def exact_lines(
    dopant: DopantSpin, d_ghz: FloatArray, a_ghz: FloatArray, field_t: float, ends: tuple[float, float]
) -> FloatArray:
    """Line positions (n, n_lines), m_I = −I first, for n pairs (D, A); axial, the main component of each line."""
    start, target = ends
    lines = np.empty((d_ghz.size, dopant.n_lines))
    for k in range(dopant.n_lines):
        nuclear = -dopant.nuclear_spin + k
        first = _level(dopant, d_ghz, a_ghz, field_t, start, nuclear)
        second = _level(dopant, d_ghz, a_ghz, field_t, target, nuclear)
        lines[:, k] = np.abs(first - second)
    return lines


def _level(
    dopant: DopantSpin, d_ghz: FloatArray, a_ghz: FloatArray, field_t: float, m: float, nuclear: float
) -> FloatArray:
    """Energy (n,), GHz, of the eigenstate that is mostly |m, nuclear⟩, from its block of constant m + nuclear."""
    total = m + nuclear
    s, i = dopant.spin, dopant.nuclear_spin
    members = [x for x in s - np.arange(round(2 * s) + 1) if abs(total - x) <= i + 1e-9]
    block = np.zeros((d_ghz.size, len(members), len(members)))
    for row, x in enumerate(members):
        y = total - x
        block[:, row, row] = d_ghz * x**2 + dopant.g_factor * BOHR_GHZ_PER_T * field_t * x + a_ghz * x * y
        if row + 1 < len(members):  # the next member has m lower by one, m_I higher by one
            flip = np.sqrt((s * (s + 1) - x * (x - 1)) * max(i * (i + 1) - y * (y + 1), 0.0))
            block[:, row, row + 1] = block[:, row + 1, row] = 0.5 * a_ghz * flip
    energy, states = np.linalg.eigh(block)
    own = members.index(m)
    chosen = np.argmax(states[:, own, :] ** 2, axis=1)
    return np.asarray(energy[np.arange(d_ghz.size), chosen], dtype=np.float64)
