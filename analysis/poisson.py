"""Intervals for counts and for ratios of counts. No square roots: they are wrong at 0 to 5 counts.

Counts are whole numbers, so no interval can cover every true mean with the same probability. Two honest choices:

- *exact* (Garwood; Clopper-Pearson for ratios): covers **at least** what it says, whatever the truth. At a few counts
  that means some 80 % for "68 %". Right for a claim ("this is a single emitter").
- *calibrated* (Jeffreys): covers what it says **on average over truths**, as error bars are read; at one particular
  small mean it may cover more or less. Right for a standard error. Brown, Cai and DasGupta, Statistical Science 16,
  101 (2001) and Statistica Sinica 13, 19 (2003) compare these and recommend it at small counts.
"""

import math

from scipy import optimize, stats


def poisson_interval(counts: int, confidence: float) -> tuple[float, float]:
    """Two-sided interval for the mean of a Poisson distribution of which ``counts`` were seen.

    Garwood, Biometrika 28, 437 (1936): each tail holds half of 1 − ``confidence``. The lower edge is 0 for
    zero counts.
    """
    _check(counts, confidence)
    tail = (1.0 - confidence) / 2.0
    lower = float(stats.chi2.ppf(tail, 2 * counts)) / 2.0 if counts > 0 else 0.0
    return lower, float(stats.chi2.ppf(1.0 - tail, 2 * counts + 2)) / 2.0


def ratio_interval(numerator: int, denominator: int, exposure_ratio: float, confidence: float) -> tuple[float, float]:
    """Two-sided interval for (mean of numerator) / (mean of denominator) × ``exposure_ratio``.

    Given the sum of two Poisson counts, one of them is binomial; the interval is Clopper and Pearson's for
    that binomial (exact: it covers at least ``confidence``). Example: a centre peak of ``numerator`` counts
    against ``m`` side peaks with ``denominator`` counts in all has ``exposure_ratio`` m. The upper edge is
    infinite for an empty denominator.
    """
    _check(numerator, confidence)
    _check(denominator, confidence)
    tail = (1.0 - confidence) / 2.0
    low = float(stats.beta.ppf(tail, numerator, denominator + 1)) if numerator > 0 else 0.0
    high = float(stats.beta.ppf(1.0 - tail, numerator + 1, denominator)) if denominator > 0 else 1.0
    return exposure_ratio * _odds(low), exposure_ratio * _odds(high)


def calibrated_interval(counts: int, confidence: float) -> tuple[float, float]:
    """Two-sided interval for a Poisson mean that covers ``confidence`` on average over truths.

    Quantiles of the gamma distribution of shape counts + 1/2 (Jeffreys' prior); the lower edge is 0 for zero counts.
    Raises ValueError for negative counts or a confidence outside (0, 1).
    """
    _check(counts, confidence)
    tail = (1.0 - confidence) / 2.0
    lower = float(stats.gamma.ppf(tail, counts + 0.5)) if counts > 0 else 0.0
    return lower, float(stats.gamma.ppf(1.0 - tail, counts + 0.5))


def ratio_calibrated_interval(
    numerator: int, denominator: int, exposure_ratio: float, confidence: float
) -> tuple[float, float]:
    """Interval for (mean of numerator) / (mean of denominator) × ``exposure_ratio``, right on average over truths.

    As :func:`ratio_interval`, with the quantiles of the beta distribution (numerator + 1/2, denominator + 1/2):
    Jeffreys' interval of the binomial share. The lower edge is 0 for an empty numerator, the upper infinite for an
    empty denominator. Raises ValueError for negative counts or a confidence outside (0, 1).
    """
    _check(numerator, confidence)
    _check(denominator, confidence)
    tail = (1.0 - confidence) / 2.0
    a, b = numerator + 0.5, denominator + 0.5
    # odds from the smaller of p and 1 − p: the difference would lose its digits for a large denominator
    low = float(stats.beta.ppf(tail, a, b)) if numerator > 0 else 0.0
    high = float(stats.beta.ppf(1.0 - tail, a, b)) if denominator > 0 else 1.0
    return exposure_ratio * _odds(low), exposure_ratio * _odds(high)


def ratio_profile_interval(
    numerator: int,
    denominator: int,
    exposure_ratio: float,
    confidence: float,
    *,
    offset: float = 0.0,
    side_offset: float = 0.0,
) -> tuple[float, float]:
    """Profile-likelihood interval for r: numerator ~ Poisson(r·s + offset), denominator ~ Poisson(m·(s + side_offset)).

    ``s`` is the level of one side peak (unknown, profiled out), m the ``exposure_ratio``; ``offset`` and
    ``side_offset`` are the known mean numbers of counts in the numerator and in one side peak that do not belong to it
    (accidental coincidences). The ratio is bounded by zero; the upper edge is infinite where the side peaks may be
    accidental altogether. Needs ``denominator`` > 0.
    """
    _check(numerator, confidence)
    _check(denominator, confidence)
    if denominator == 0 or offset < 0.0 or side_offset < 0.0:
        raise ValueError(f"needs denominator > 0 and offsets >= 0, got {denominator}, {offset} and {side_offset}")
    threshold = float(stats.chi2.ppf(confidence, 1)) / 2.0

    def nll(ratio: float) -> float:
        return _profile_nll(ratio, numerator, denominator, exposure_ratio, offset, side_offset)

    side = denominator / exposure_ratio - side_offset
    # the largest likelihood is that of side peaks without light, when these hold no more than accidental pairs
    darkest = _nll(max(float(numerator), offset), numerator) + _nll(exposure_ratio * side_offset, denominator)
    best = max(0.0, (numerator - offset) / side) if side > 0.0 else 0.0
    floor = min(nll(best), darkest)
    lower = 0.0
    if best > 0.0 and nll(0.0) - floor > threshold:
        lower = float(optimize.brentq(lambda ratio: nll(ratio) - floor - threshold, 0.0, best))
    if darkest - floor <= threshold:
        return lower, math.inf
    step = (math.sqrt(numerator + 1.0) + 1.0) / side
    upper = best + step
    while nll(upper) - floor < threshold:
        upper += step
        step *= 1.5
    return lower, float(optimize.brentq(lambda ratio: nll(ratio) - floor - threshold, best, upper))


def _profile_nll(ratio: float, n: int, m: int, exposure: float, offset: float, side_offset: float) -> float:
    """Negative log-likelihood at ``ratio``, minimised over the level s of a side peak.

    With e the exposure, a the offset and b the side offset, d/ds = 0 gives a quadratic in s:
    (r + e)·r·s² + [(r + e)·(r·b + a) − (n + m)·r]·s + (r + e)·a·b − n·r·b − m·a = 0.
    """
    total = ratio + exposure
    if ratio == 0.0:
        level = m / exposure - side_offset
    else:
        half = (total * (ratio * side_offset + offset) - (n + m) * ratio) / 2.0
        rest = total * offset * side_offset - n * ratio * side_offset - m * offset
        level = (-half + math.sqrt(max(half * half - total * ratio * rest, 0.0))) / (total * ratio)
    level = max(level, 0.0)
    return _nll(ratio * level + offset, n) + _nll(exposure * (level + side_offset), m)


def _nll(mean: float, counts: int) -> float:
    """Negative log-likelihood of ``counts`` for this mean, without the part that does not depend on it."""
    if mean > 0.0:
        return mean - counts * math.log(mean)
    return 0.0 if counts == 0 else math.inf


def _odds(probability: float) -> float:
    return math.inf if probability >= 1.0 else probability / (1.0 - probability)


def _check(counts: int, confidence: float) -> None:
    if not counts >= 0:
        raise ValueError(f"counts must not be negative, got {counts}")
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}")
