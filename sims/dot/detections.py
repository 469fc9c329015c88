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

from sims.basics.spins import FloatArray
from sims.dot.blocks import Blocks, divide
from sims.dot.propagation import Propagation

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
        p = self.propagation
        later_rate = self.rate_rows.sum(axis=0)
        after = p.backward([later_rate @ step.integral for step in p.propagators])
        total = np.zeros_like(self.singles)
        for step, bins in p.bins_by_step():
            begin, at_end = p.start[bins], after[bins]
            populations = (begin, begin @ step.half.T, begin @ step.whole.T)
            later = (
                later_rate @ step.integral + at_end @ step.whole,
                later_rate @ step.half_integral + at_end @ step.half,
                at_end,
            )
            for channel, jump in enumerate(self.jumps):
                for weight, before, expected in zip((1, 4, 1), populations, later, strict=True):
                    total[channel, bins] += weight * np.sum((before @ jump.T) * expected, axis=1)
            total[:, bins] *= step.duration_ns / 6
        return total

    @cached_property
    def second_of_pair(self) -> FloatArray:
        """Mean number of pairs whose second photon falls into each bin, (n_channels, N)."""
        p = self.propagation
        inside, arriving = self.after_detection(np.arange(p.n_bins), self.jumps.sum(axis=0))
        seen = p.forward(arriving)
        result = inside.T.copy()
        for step, bins in p.bins_by_step():
            result[:, bins] += (self.rate_rows @ step.integral) @ seen[bins].T
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
    def blocks(self) -> Blocks:
        """The cycle in blocks, for drawing second photons."""
        return divide(self.propagation, self.rate_rows)

    @cached_property
    def fall(self) -> FloatArray:
        """Logarithm of the detection rate at the start of each bin over that at its end, (n_channels, N)."""
        p = self.propagation
        tiny = 1e-12 * float(np.max(self.singles, initial=0.0)) + 1e-300
        begin = self.rate_rows @ p.start.T
        end = np.empty_like(begin)
        for step, bins in p.bins_by_step():
            end[:, bins] = (self.rate_rows @ step.whole) @ p.start[bins].T
        return np.asarray(np.log(np.maximum(begin, tiny) / np.maximum(end, tiny)), dtype=np.float64)

    def after_detection(self, bins: IntArray, jump: FloatArray) -> tuple[FloatArray, FloatArray]:
        """What follows a detection by ``jump`` in each of the ``bins``, weighted with its probability.

        Returns the detections later in the same bin by channel, (n, n_channels), and the populations at its end,
        (n, n_states). Simpson in the bin.
        """
        p = self.propagation
        inside = np.empty((bins.size, self.rate_rows.shape[0]))
        arriving = np.empty((bins.size, p.start.shape[1]))
        numbers = p.step[bins]
        for number in np.unique(numbers):
            step, chosen = p.propagators[number], np.flatnonzero(numbers == number)
            begin = p.start[bins[chosen]]
            populations = (begin, begin @ step.half.T, begin @ step.whole.T)
            first, middle, last = (before @ jump.T for before in populations)
            integral = first @ step.integral.T + 4 * (middle @ step.half_integral.T)
            inside[chosen] = integral @ self.rate_rows.T * (step.duration_ns / 6)
            at_end = first @ step.whole.T + 4 * (middle @ step.half.T) + last
            arriving[chosen] = at_end * (step.duration_ns / 6)
        return inside, arriving


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
