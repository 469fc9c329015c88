"""The law of a detector's timing error: a Gaussian core and, for a share of the clicks, an exponential tail.

The error is drawn in whole steps of a picosecond (the tags' unit; wider for very slow detectors) with the exact
chance of each step, from the distribution function of the exponentially modified Gaussian
    F(x) = Phi(x/s) - exp(s^2/(2 t^2) - x/t) Phi(x/s - s/t)
(Grushka, Anal. Chem. 44, 1733 (1972)).
"""

import numpy as np
from scipy.special import log_ndtr, ndtr

from sims.photons.process import FloatArray

MOST_STEPS = 40_000
REACH_SIGMA = 10.0
REACH_TAIL = 45.0
"""Errors beyond 10 sigma or 45 tail times (chance below 1e-19) do not occur."""


def jitter_law(sigma_ps: float, tail_ps: float, tail_fraction: float) -> tuple[int, int, FloatArray]:
    """Earliest error (ps), width of a step (ps) and the chance of each step, (n_steps,).

    Step k holds errors that round to earliest + k * width (for a width of 1 ps; else those from there on).
    """
    tail = tail_ps if tail_fraction > 0 else 0.0
    earliest = -int(np.ceil(REACH_SIGMA * sigma_ps))
    latest = int(np.ceil(REACH_SIGMA * sigma_ps + REACH_TAIL * tail))
    width = max(1, int(np.ceil((latest - earliest + 1) / MOST_STEPS)))
    grid = np.arange(earliest, latest + width + 1, width, dtype=np.float64)
    borders: FloatArray = np.asarray(grid - (0.5 if width == 1 else 0.0), dtype=np.float64)
    share: FloatArray = np.asarray((1 - tail_fraction) * _core(borders, sigma_ps), dtype=np.float64)
    if tail_fraction > 0:
        late = _with_tail(borders, sigma_ps, tail) if tail > 0 else _core(borders, sigma_ps)
        share = np.asarray(share + tail_fraction * late, dtype=np.float64)
    return earliest, width, np.maximum(np.diff(share), 0.0)


def _core(x_ps: FloatArray, sigma_ps: float) -> FloatArray:
    if sigma_ps == 0:
        return np.asarray(x_ps >= 0, dtype=np.float64)
    return np.asarray(ndtr(x_ps / sigma_ps), dtype=np.float64)


def _with_tail(x_ps: FloatArray, sigma_ps: float, tail_ps: float) -> FloatArray:
    if sigma_ps == 0:
        return np.asarray(-np.expm1(-np.maximum(x_ps, 0.0) / tail_ps), dtype=np.float64)
    # In logarithms: the two factors over- and underflow when the tail is much shorter than the core.
    log_slow = 0.5 * (sigma_ps / tail_ps) ** 2 - x_ps / tail_ps + log_ndtr(x_ps / sigma_ps - sigma_ps / tail_ps)
    return np.asarray(np.clip(ndtr(x_ps / sigma_ps) - np.exp(np.minimum(log_slow, 0.0)), 0.0, 1.0), dtype=np.float64)
