"""Pulsed photon correlation: peak areas per laser pulse, g2(0) with exact intervals, blinking envelope.

Delays are t(detector 2) − t(detector 1) and counted in laser pulses. All photons of one pulse belong together: a
peak is a whole period wide, there is no window to choose.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import optimize, stats

from analysis.correlation import coincidences
from analysis.poisson import ratio_calibrated_interval, ratio_interval, ratio_profile_interval

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

_PAIR_BUDGET = 2e8
_SEARCH_PULSES = 50
_SURE_DIP = 1e-3
_OUTLIER = 6.0
"""Standard deviations above the others from which a peak is no ordinary neighbour (cascades bunch the centre)."""
_DEEP_DIP = 0.9
_MOST_SIDE_PEAKS = 5
_WORTH_CORRECTING = 0.1
_NO_SIDE = 0.00135


@dataclass(frozen=True)
class PulsePeaks:
    """Coincidences per peak: ``counts[i]`` pairs at ``offset[i]`` pulse periods, both shape (n,), ascending.

    ``poisson_level``: expected pairs per peak for light without memory, N1·N2 / number of pulses in the live time.
    """

    offset: IntArray
    counts: IntArray
    poisson_level: float

    def at(self, offset: int) -> int:
        """Pairs of the peak at ``offset``; ValueError outside the counted range."""
        index = offset - int(self.offset[0])
        if not 0 <= index < self.counts.size:
            raise ValueError(f"peak {offset} lies outside the counted peaks {self.offset[0]} to {self.offset[-1]}")
        return int(self.counts[index])


@dataclass(frozen=True)
class Centre:
    """Where pairs of one and the same pulse are found. ``found``: the dip itself shows it beyond doubt."""

    offset: int
    found: bool


@dataclass(frozen=True)
class Background:
    """Shares of the counts of each detector that know no pulse: dark counts and unpulsed light over all counts.

    Nothing is subtracted for light that arrives after the next pulse: an emitter that is still excited cannot send
    two photons within the period, and photons of independent emitters fill all peaks alike, so such light moves
    photons to another period but adds no pair to the centre.
    """

    uncorrelated_1: float = 0.0
    uncorrelated_2: float = 0.0

    def __post_init__(self) -> None:
        for name in ("uncorrelated_1", "uncorrelated_2"):
            value = getattr(self, name)
            if not 0.0 <= value <= 1.0:
                raise ValueError(f"{name} is a share of the counts, from 0 to 1, got {value}")


@dataclass(frozen=True)
class Antibunching:
    """g2(0) of one measurement.

    ``centre_counts`` pairs in the centre peak, ``adjacent_counts`` in its ``n_adjacent`` neighbours together,
    ``far_counts`` in ``n_far`` peaks far away, where fast blinking is forgotten. ``accidentals``: expected
    pairs in the centre that are not of one pulse. ``adjacent``, ``far``, ``poisson``: ratio with its 68 % and
    95 % intervals, by normalisation; ``corrected``: whether accidentals were subtracted.
    """

    centre: Centre
    centre_counts: int
    adjacent_counts: int
    n_adjacent: int
    far_counts: int
    n_far: int
    poisson_level: float
    accidentals: float
    corrected: bool
    raw: float
    adjacent: "Ratio"
    far: "Ratio"
    poisson: "Ratio"


@dataclass(frozen=True)
class Ratio:
    """A ratio of counts with two-sided intervals.

    ``interval_68``, ``interval_95``: cover at least what they say (exact), or profile likelihood where accidental
    pairs are subtracted. ``calibrated_68``, ``calibrated_95``: cover what they say on average over truths (see
    :mod:`analysis.poisson`).
    """

    value: float
    interval_68: tuple[float, float]
    interval_95: tuple[float, float]
    calibrated_68: tuple[float, float]
    calibrated_95: tuple[float, float]

    @property
    def stderr(self) -> float:
        """Half the width of the calibrated 68 % interval."""
        return (self.calibrated_68[1] - self.calibrated_68[0]) / 2.0


@dataclass(frozen=True)
class Envelope:
    """Blinking seen in the side peaks: level·(1 + Σ bunching_i·exp(−|delay|/time_i)), delays in pulse periods."""

    level: float
    bunching: tuple[float, ...]
    time_periods: tuple[float, ...]
    offset: FloatArray
    mean_counts: FloatArray
    stderr_counts: FloatArray

    def model(self, offset: npt.ArrayLike) -> FloatArray:
        """Expected counts per peak at ``offset`` periods from the centre."""
        distance = np.abs(np.asarray(offset, dtype=np.float64))
        total = np.ones_like(distance)
        for amplitude, time in zip(self.bunching, self.time_periods, strict=True):
            total += amplitude * np.exp(-distance / time)
        return self.level * total


def peaks_by_index(index_1: IntArray, index_2: IntArray, n_pulses: int, reach: int | None = None) -> PulsePeaks:
    """Peak areas from the number of the pulse that each photon belongs to (exact, whatever the period).

    ``n_pulses``: of the live time, without pauses (:mod:`analysis.live_time`).
    ``reach``: peaks counted to each side; by default as many as some 10⁸ pairs allow, at most 20000.
    """
    level = index_1.size * index_2.size / max(n_pulses, 1)
    reach = affordable_reach(level) if reach is None else reach
    counts = coincidences(index_1, index_2, 1, reach)
    return PulsePeaks(np.arange(-reach, reach, dtype=np.int64), counts, level)


def affordable_reach(level: float) -> int:
    """Peaks to count to each side when each holds ``level`` pairs: some 10⁸ pairs, from 20 to 20000 peaks."""
    return int(np.clip(_PAIR_BUDGET / (2.0 * max(level, 1e-9)), 20, 20_000))


def find_centre(peaks: PulsePeaks) -> Centre:
    """The peak within 50 pulses that is lower than its surroundings beyond doubt, else the peak at 0.

    Detector cables of different length move the centre by whole periods. Taking the lowest peak of many
    would invent antibunching, so the dip must have a chance below 10⁻³ among all the peaks searched, and a depth
    of a tenth at least.
    """
    near = np.abs(peaks.offset) <= _SEARCH_PULSES
    counts, offset = peaks.counts[near], peaks.offset[near]
    lowest = int(np.argmin(counts))
    neighbours = np.concatenate([counts[max(0, lowest - 5) : lowest], counts[lowest + 1 : lowest + 6]])
    usual = float(np.median(neighbours))
    neighbours = neighbours[neighbours <= usual + _OUTLIER * np.sqrt(usual + 1.0)]  # a bunched centre is none of them
    # the surroundings are counted too: compare as two parts of one binomial
    total = int(neighbours.sum()) + int(counts[lowest])
    chance = float(stats.binom.cdf(counts[lowest], total, 1.0 / (neighbours.size + 1))) * counts.size
    deep = bool(counts[lowest] < _DEEP_DIP * neighbours.mean())
    return Centre(int(offset[lowest]), True) if deep and chance < _SURE_DIP else Centre(0, False)


def evaluate(peaks: PulsePeaks, background: Background = Background()) -> Antibunching:
    """g2(0) from the peak areas, in three normalisations, with exact intervals.

    Adjacent: against the neighbours of the centre (see :func:`side_peaks`; free of slower blinking). Far: against
    the outer half of the counted peaks. Poisson: against N1·N2/N_pulses. Accidental pairs are subtracted when
    they exceed a tenth of the half-width of the exact interval; then the intervals are profile likelihood, else
    conditional binomial.
    Raises ValueError when the neighbours hold no pairs.
    """
    centre = find_centre(peaks)
    n_centre = peaks.at(centre.offset)
    m = 2 * side_peaks(peaks, centre.offset)
    n_adjacent = _sides(peaks, centre.offset, m // 2)
    if n_adjacent == 0:
        raise ValueError("no coincidences in the peaks beside the centre: the record is too short to tell g2(0)")
    distance = np.abs(peaks.offset - centre.offset)
    far = distance > max(2, int(distance.max()) // 2)
    n_far, counts_far = int(far.sum()), int(peaks.counts[far].sum())
    accidentals = _uncorrelated_level(peaks.poisson_level, background)
    plain = _ratio(n_centre, n_adjacent, float(m), 0.0)
    half_width = (plain.interval_68[1] - plain.interval_68[0]) / 2.0
    worth = accidentals * m / n_adjacent > _WORTH_CORRECTING * half_width
    subtracted = accidentals if worth else 0.0
    huge = 10**9  # a level that is known
    return Antibunching(
        centre=centre,
        centre_counts=n_centre,
        adjacent_counts=n_adjacent,
        n_adjacent=m,
        far_counts=counts_far,
        n_far=n_far,
        poisson_level=peaks.poisson_level,
        accidentals=accidentals,
        corrected=worth,
        raw=plain.value,
        adjacent=_ratio(n_centre, n_adjacent, float(m), subtracted),
        far=_ratio(n_centre, counts_far, float(n_far), subtracted),
        poisson=_ratio(n_centre, huge, huge / peaks.poisson_level, subtracted),
    )


def side_peaks(peaks: PulsePeaks, centre: int) -> int:
    """How many peaks on each side are one level: up to 5, as long as they differ by chance only (p > 5 %)."""
    for number in range(_MOST_SIDE_PEAKS, 1, -1):
        counts = np.array([peaks.at(centre + sign * k) for k in range(1, number + 1) for sign in (-1, 1)])
        mean = max(float(counts.mean()), 1e-12)
        if float(stats.chi2.sf(np.sum((counts - mean) ** 2) / mean, counts.size - 1)) > 0.05:
            return number
    return 1


def _sides(peaks: PulsePeaks, centre: int, number: int) -> int:
    return sum(peaks.at(centre - k) + peaks.at(centre + k) for k in range(1, number + 1))


def _uncorrelated_level(level: float, background: Background) -> float:
    """Pairs per peak with at least one count that is no photon of a pulse; they know no delay."""
    b1, b2 = background.uncorrelated_1, background.uncorrelated_2
    return level * (b1 + b2 - b1 * b2)


def _ratio(centre: int, side: int, n_side: float, accidentals: float) -> Ratio:
    """(centre − accidentals) / (side/n_side − accidentals) with intervals; a negative estimate becomes zero.

    Unknown where the side peaks hold no pairs, or accidental ones alone would give as many (three standard deviations).
    """
    net = side - n_side * accidentals
    if side == 0 or net <= 0.0 or (accidentals > 0.0 and stats.poisson.sf(side - 1, n_side * accidentals) > _NO_SIDE):
        unknown = (0.0, float("inf"))
        return Ratio(float("nan"), unknown, unknown, unknown, unknown)
    value = max(0.0, (centre - accidentals) * n_side / net)
    if accidentals > 0.0:
        exact = [
            ratio_profile_interval(centre, side, n_side, c, offset=accidentals, side_offset=accidentals)
            for c in (0.68, 0.95)
        ]
        return Ratio(value, exact[0], exact[1], exact[0], exact[1])
    exact = [ratio_interval(centre, side, n_side, c) for c in (0.68, 0.95)]
    calibrated = [ratio_calibrated_interval(centre, side, n_side, c) for c in (0.68, 0.95)]
    return Ratio(value, exact[0], exact[1], calibrated[0], calibrated[1])


def blinking_envelope(peaks: PulsePeaks, centre: int) -> Envelope:
    """Mean pairs per side peak against distance, in logarithmic bins, and up to two exponentials through them.

    Poisson maximum likelihood; an exponential is kept when it improves the likelihood by more than 6 (about
    three standard deviations with its two parameters).
    """
    distance = np.abs(peaks.offset - centre)
    usable = (distance > 0) & (distance <= peaks.offset.size // 2 - abs(centre) - 1)
    distance, counts = distance[usable], peaks.counts[usable]
    edges = np.unique(np.round(np.geomspace(1, distance.max() + 1, 60)).astype(np.int64))
    group = np.digitize(distance, edges) - 1
    n_peaks = np.bincount(group, minlength=edges.size)
    keep = n_peaks > 0
    total = np.bincount(group, weights=counts, minlength=edges.size)[keep].astype(np.float64)
    where = (np.bincount(group, weights=distance, minlength=edges.size)[keep] / n_peaks[keep]).astype(np.float64)
    width = n_peaks[keep].astype(np.float64)
    level = float(total[-8:].sum() / width[-8:].sum())
    best = np.array([np.log(max(level, 1e-9))])
    best_nll = _envelope_nll(best, where, width, total)
    for _ in range(2):
        trial, nll = _fit_envelope(best, where, width, total)
        if best_nll - nll < 6.0:
            break
        best, best_nll = trial, nll
    order = np.argsort(best[2::2])
    return Envelope(
        level=float(np.exp(best[0])),
        bunching=tuple(float(np.exp(best[1::2][i])) for i in order),
        time_periods=tuple(float(np.exp(best[2::2][i])) for i in order),
        offset=where,
        mean_counts=total / width,
        stderr_counts=np.sqrt(np.maximum(total, 1.0)) / width,
    )


def _envelope_nll(parameters: FloatArray, where: FloatArray, width: FloatArray, total: FloatArray) -> float:
    model = np.ones_like(where)
    for log_amplitude, log_time in zip(parameters[1::2], parameters[2::2], strict=True):
        model += np.exp(log_amplitude - where / np.exp(log_time))
    expected = np.maximum(np.exp(parameters[0]) * model * width, 1e-12)
    return float(np.sum(expected - total * np.log(expected)))


def _fit_envelope(
    previous: FloatArray, where: FloatArray, width: FloatArray, total: FloatArray
) -> tuple[FloatArray, float]:
    """One exponential more than ``previous``, from several starting times."""
    best, best_nll = previous, np.inf
    for start in np.geomspace(2.0, where[-1] / 2.0, 5):
        guess = np.concatenate([previous, [np.log(0.5), np.log(start)]])
        bounds = [(guess[0] - 5, guess[0] + 5)] + [(-12, 8), (-1, np.log(where[-1] * 3))] * (guess.size // 2)
        fit = optimize.minimize(_envelope_nll, guess, (where, width, total), bounds=bounds, method="L-BFGS-B")
        if fit.fun < best_nll:
            best, best_nll = np.asarray(fit.x, dtype=np.float64), float(fit.fun)
    return best, best_nll
