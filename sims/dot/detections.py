"""Mean numbers of detections and of pairs of detections in one cycle.

With A the jump operator weighted by detection, r its column sums and U(t2, t1) the propagator of the
populations, the densities in one cycle are
    singles  l1(t) = r p(t)                  pairs  l2(t1, t2) = r U(t2, t1) A p(t1), t1 < t2
(quantum regression for populations): antibunching and the biexciton cascade follow from the level scheme.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from sims.dot.propagation import Propagation
from sims.dot.spins import FloatArray

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Detections:
    """First and second moments of the detections in one cycle.

    Detectors that see the lines in the same proportions share one channel: ``split`` (n_channels, n_detectors)
    is the probability that a detection of the channel is on the detector. ``rate_rows`` (n_channels, n) is the
    detection rate per population, ``jumps`` (n_channels, n, n) the weighted jump operators.
    """

    propagation: Propagation
    split: FloatArray
    rate_rows: FloatArray
    jumps: FloatArray

    @cached_property
    def singles(self) -> FloatArray:
        """Mean number of detections in each bin, (n_channels, N)."""
        return self.rate_rows @ self.propagation.integral.T

    @property
    def mean_per_cycle(self) -> float:
        """Mean number of detections in a cycle, all detectors."""
        return float(self.singles.sum())

    @cached_property
    def per_detector(self) -> FloatArray:
        """Mean number of detections in a cycle on each detector."""
        return np.asarray(self.split.T @ self.singles.sum(axis=1), dtype=np.float64)

    @cached_property
    def first_of_pair(self) -> FloatArray:
        """Mean number of pairs whose first photon falls into each bin, (n_channels, N). Simpson in the bin."""
        later = self._later
        durations = np.diff(self.propagation.edges_ns)
        total = np.zeros_like(self.singles)
        for weight, populations, after in zip((1, 4, 1), self._populations, later, strict=True):
            total += weight * np.einsum("cij,bj,bi->cb", self.jumps, populations, after, optimize=True)
        return total * durations / 6

    @cached_property
    def second_of_pair(self) -> FloatArray:
        """Mean number of pairs whose second photon falls into each bin, (n_channels, N)."""
        p = self.propagation
        jump = self.jumps.sum(axis=0)
        seen = np.zeros(p.start.shape[1])
        result = np.zeros_like(self.singles)
        for b in range(p.n_bins):
            step = p.propagators[p.step[b]]
            if b in p.map_before:
                seen = p.map_before[b] @ seen
            inside, arriving = self.one_detection(b, jump)
            result[:, b] = self.rate_rows @ (step.integral @ seen) + inside
            seen = step.whole @ seen + arriving
        return result

    @property
    def pairs_per_cycle(self) -> float:
        """Mean number of pairs of detections in a cycle (each unordered pair once), all detectors."""
        return float(self.first_of_pair.sum())

    @cached_property
    def pairs_by_channel(self) -> FloatArray:
        """Mean number of pairs by (channel of the first, channel of the second)."""
        n = self.rate_rows.shape[0]
        if n == 1:
            return np.array([[self.pairs_per_cycle]])
        return np.array(
            [[_restricted(self, first, second).pairs_per_cycle for second in range(n)] for first in range(n)]
        )

    @property
    def g2_zero(self) -> float:
        """Cross-coincidences within a cycle over the product of the singles, for the first two detectors.

        With one detector: twice the pairs over the squared singles. NaN in the dark.
        """
        ordered = self.split.T @ self.pairs_by_channel @ self.split
        rates = self.per_detector
        last = min(1, rates.size - 1)
        product = rates[0] * rates[last]
        return float((ordered[0, last] + ordered[last, 0]) / product) if product > 0 else float("nan")

    @cached_property
    def _populations(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        p = self.propagation
        return p.start, p.middle, p.end

    @cached_property
    def _later(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Expected later detections from each state at start, middle and end of each bin, 3 times (N, n)."""
        p = self.propagation
        row = self.rate_rows.sum(axis=0)
        whole = [row @ step.integral for step in p.propagators]
        half = [row @ step.half_integral for step in p.propagators]
        start, middle, end = np.empty_like(p.start), np.empty_like(p.start), np.empty_like(p.start)
        after = np.zeros(p.start.shape[1])
        for b in range(p.n_bins - 1, -1, -1):
            if b + 1 in p.map_before:
                after = after @ p.map_before[b + 1]
            index = p.step[b]
            step = p.propagators[index]
            end[b] = after
            middle[b] = half[index] + after @ step.half
            after = whole[index] + after @ step.whole
            start[b] = after
        return start, middle, end

    def one_detection(self, b: int, jump: FloatArray) -> tuple[FloatArray, FloatArray]:
        """After a detection in bin b: second ones in the same bin by channel, and populations at its end."""
        p = self.propagation
        step = p.propagators[p.step[b]]
        first, middle, last = (jump @ populations[b] for populations in self._populations)
        inside = self.rate_rows @ (step.integral @ first + 4 * (step.half_integral @ middle))
        arriving = step.whole @ first + 4 * (step.half @ middle) + last
        return inside * step.duration_ns / 6, arriving * step.duration_ns / 6


def detections(
    propagation: Propagation, upper: IntArray, lower: IntArray, rate_per_ns: FloatArray, detection: FloatArray
) -> Detections:
    """Moments for lines (n,) and detection probabilities (n_detectors, n).

    ValueError when the probabilities make no sense.
    """
    probability = np.asarray(detection, dtype=np.float64)
    if probability.ndim != 2 or probability.shape[1] != rate_per_ns.size:
        raise ValueError(
            f"detection has shape {probability.shape}; it must be (n_detectors, {rate_per_ns.size}), "
            "one column for each transition"
        )
    if not np.all((probability >= 0) & (probability <= 1)) or np.any(probability.sum(axis=0) > 1 + 1e-12):
        raise ValueError("detection probabilities must lie in 0...1 and their sum over the detectors must not exceed 1")
    channels, split = _channels(probability)
    n_states = propagation.start.shape[1]
    rows = np.zeros((channels.shape[0], n_states))
    jumps = np.zeros((channels.shape[0], n_states, n_states))
    for number, channel in enumerate(channels):
        np.add.at(rows[number], upper, channel * rate_per_ns)
        np.add.at(jumps[number], (lower, upper), channel * rate_per_ns)
    return Detections(propagation, split, rows, jumps)


def _channels(probability: FloatArray) -> tuple[FloatArray, FloatArray]:
    total = probability.sum(axis=0)
    share = (
        probability.sum(axis=1) / total.sum() if total.sum() > 0 else np.full(len(probability), 1 / len(probability))
    )
    if np.allclose(probability, np.outer(share, total), rtol=1e-9, atol=1e-15):
        return total[None, :], share[None, :]
    return probability, np.eye(len(probability))


def _restricted(moments: Detections, first: int, second: int) -> Detections:
    """The same with only ``first`` as the first and ``second`` as the second photon's channel."""
    return Detections(
        moments.propagation,
        np.eye(1),
        moments.rate_rows[second : second + 1],
        moments.jumps[first : first + 1],
    )
