"""Time-gated g2: how much of the centre peak is the biexciton, and what remains without it.

A quantum dot with two excitons emits a biexciton photon soon after the pulse and then an exciton photon: a pair in the
centre peak although there is one emitter. Keeping only photons later than a gate after their pulse suppresses such
pairs, because the first photon of a cascade is early (Mangum et al., Opt. Express 21, 7419 (2013)). With the whole
period kept, centre over side peak is the ratio of the quantum yields biexciton/exciton (Nair et al., Nano Lett. 11,
1136 (2011)).

A pair passes the gate when its *earlier* photon (of the two times since the pulse) does, so all gates follow from one
number per pair, m = min(t1, t2). Gates of one record share pairs and are not independent; m in separate bins is.
With biexciton lifetime τ_B and exciton lifetime τ_X, cascades fall off as exp(−m/τ_B), pairs of two different pulses as
exp(−2m/τ_X), so the ratio of centre to side pairs at m is

    r(m) = g + c · exp(−κ m),     κ = 1/τ_B − 2/τ_X

and g is g2(0) extrapolated to a late gate: other emitters and background, which have no cascade.
"""

from dataclasses import dataclass
from math import isfinite

import numpy as np
import numpy.typing as npt
from scipy import stats

from analysis.gate_pairs import GatePairs
from analysis.poisson import ratio_calibrated_interval, ratio_interval

FloatArray = npt.NDArray[np.float64]

_LEAST_SIDE_PAIRS = 60
_MOST_BINS = 24
_PAIRS_PER_BIN = 15
_FINE_BINS = 2000
_LATTICE = (80, 60, 20)
_SLOWEST, _QUICKEST = 1.0, 30.0
"""κ in units of 1/τ_X."""
_SURE = 0.9999
_SEEN = 6.0


@dataclass(frozen=True)
class GatedRatio:
    """g2(0) of the pairs whose photons both come later than ``gate_ns`` after their pulse.

    ``exact_95``: covers at least 95 %. ``calibrated_68``: right on average over truths. Gates share pairs.
    """

    gate_ns: float
    centre_counts: int
    side_counts: int
    value: float
    calibrated_68: tuple[float, float]
    exact_95: tuple[float, float]


@dataclass(frozen=True)
class GateExtrapolation:
    """g2(0) without biexciton; intervals are profile likelihood.

    ``g2_zero``: g of the maximum likelihood; ``cascade``: cascade pairs over pairs of one side peak from the start of
    the fit on (where that is the pulse itself, about the ratio of quantum yields biexciton/exciton), with its 68 %
    interval; ``biexciton_lifetime_ns``: posterior median of τ_B with half its 68 % interval (NaN where no cascade is
    seen).
    ``deviance_drop``: gain of the cascade over none (two parameters; above 6 it counts as seen).
    """

    g2_zero: float
    interval_68: tuple[float, float]
    interval_95: tuple[float, float]
    cascade: float
    cascade_68: tuple[float, float]
    biexciton_lifetime_ns: float
    biexciton_lifetime_stderr_ns: float
    deviance_drop: float
    method: str


def scan_gates(pairs: GatePairs, gates_ns: npt.ArrayLike) -> tuple[GatedRatio, ...]:
    """g2(0) at each gate (n,). Raises ValueError for gates that are not finite."""
    gates = np.atleast_1d(np.asarray(gates_ns, dtype=np.float64))
    if not np.all(np.isfinite(gates)):
        raise ValueError("gates must be finite times, ns")
    result = []
    for gate in gates:
        later = pairs.time_ns >= gate
        n, m = int(pairs.centre[later].sum()), int(pairs.side[later].sum())
        value = n * pairs.n_side / m if m else float("nan")
        exposure = float(pairs.n_side)
        result.append(
            GatedRatio(
                gate_ns=float(gate),
                centre_counts=n,
                side_counts=m,
                value=value,
                calibrated_68=ratio_calibrated_interval(n, m, exposure, 0.68),
                exact_95=ratio_interval(n, m, exposure, 0.95),
            )
        )
    return tuple(result)


def extrapolate(
    pairs: GatePairs, exciton_lifetime_ns: float, *, start_ns: float = 0.0, stop_ns: float | None = None
) -> GateExtrapolation:
    """g2(0) extrapolated to a late gate, from pairs with ``start_ns`` ≤ m < ``stop_ns``.

    ``start_ns``: after the detectors' response has passed. ``stop_ns``: default four exciton lifetimes later, beyond
    which pairs are background. τ_B is taken to lie between τ_X/32 and τ_X/3 (a biexciton radiates four times as fast
    as an exciton, or faster): a slower component cannot be told from g. Raises ValueError for fewer than 60 side pairs
    or a lifetime that is not above 0.
    """
    if not (isfinite(exciton_lifetime_ns) and exciton_lifetime_ns > 0.0 and isfinite(start_ns)):
        raise ValueError(f"needs an exciton lifetime above 0 ns and a start, got {exciton_lifetime_ns}, {start_ns}")
    stop = start_ns + 4.0 * exciton_lifetime_ns if stop_ns is None else stop_ns
    inside = (pairs.time_ns >= start_ns) & (pairs.time_ns < stop)
    within = GatePairs(pairs.time_ns[inside], pairs.centre[inside], pairs.side[inside], pairs.n_side)
    n_centre, n_side_pairs = int(within.centre.sum()), int(within.side.sum())
    if n_side_pairs < _LEAST_SIDE_PAIRS:
        raise ValueError(
            f"{n_side_pairs} side pairs between {start_ns:g} and {stop:g} ns; {_LEAST_SIDE_PAIRS} at least are needed"
        )
    lattice = _likelihood(within, exciton_lifetime_ns)
    log_likelihood = lattice.log_likelihood
    best = np.unravel_index(int(np.argmax(log_likelihood)), log_likelihood.shape)
    drop = 2.0 * float(log_likelihood.max() - log_likelihood[:, 0, :].max())
    by_g, by_cascade = (2.0 * (log_likelihood.max() - log_likelihood.max(axis=other)) for other in ((1, 2), (0, 2)))
    by_kappa = np.exp(log_likelihood - log_likelihood.max()).sum(axis=(0, 1))
    lifetimes = 1.0 / (lattice.kappa + 2.0 / exciton_lifetime_ns)
    tau_low, tau_middle, tau_high = _quantiles(lifetimes[::-1], by_kappa[::-1], (0.16, 0.5, 0.84))
    seen = drop > _SEEN
    return GateExtrapolation(
        g2_zero=float(lattice.g[best[0]]),
        interval_68=_interval(lattice.g, by_g, 0.68),
        interval_95=_interval(lattice.g, by_g, 0.95),
        cascade=float(lattice.cascade[best[1]]),
        cascade_68=_interval(lattice.cascade, by_cascade, 0.68),
        biexciton_lifetime_ns=tau_middle if seen else float("nan"),
        biexciton_lifetime_stderr_ns=(tau_high - tau_low) / 2.0 if seen else float("nan"),
        deviance_drop=drop,
        method=(
            f"{n_centre} centre and {n_side_pairs} pairs of {pairs.n_side} side peaks whose earlier photon comes "
            f"{start_ns:.4g} to {stop:.4g} ns after the pulse; likelihood of g + c·exp(−κm) in bins of m "
            "given their pairs, profile-likelihood intervals; "
            f"exciton lifetime {exciton_lifetime_ns:.4g} ns"
        ),
    )


@dataclass(frozen=True)
class _Lattice:
    """log-likelihood (n_g, n_cascade, n_kappa) on values spaced evenly in √g, √cascade and ln κ."""

    g: FloatArray
    cascade: FloatArray
    kappa: FloatArray
    log_likelihood: FloatArray


def _likelihood(pairs: GatePairs, lifetime_ns: float) -> _Lattice:
    """Binomial likelihood: of the pairs in a bin of m, the share r/(r + n_side) is in the centre peak.

    Given the sum of centre and side pairs of a bin, the unknown level of the bin drops out. The exponential is
    averaged over the side pairs of each bin, so bins may be wide.
    """
    edges = _edges_ns(pairs)
    n_bins, n_side = edges.size + 1, pairs.n_side
    in_bin = np.searchsorted(edges, pairs.time_ns, side="right")
    side = np.bincount(in_bin, weights=pairs.side, minlength=n_bins)
    centre = np.bincount(in_bin, weights=pairs.centre, minlength=n_bins)
    late = slice(n_bins // 2, n_bins)
    most_g = ratio_interval(int(centre[late].sum()), int(side[late].sum()), n_side, _SURE)[1]
    most_cascade = ratio_interval(int(centre.sum()), int(side.sum()), n_side, _SURE)[1]
    g = most_g * np.linspace(0.0, 1.0, _LATTICE[0]) ** 2
    cascade = most_cascade * np.linspace(0.0, 1.0, _LATTICE[1]) ** 2
    kappa = np.geomspace(_SLOWEST, _QUICKEST, _LATTICE[2]) / lifetime_ns
    since_first = pairs.time_ns - pairs.time_ns[pairs.side > 0][0]
    fall = np.stack(  # a row a κ: mean of the exponential over the side pairs of each bin
        [np.bincount(in_bin, weights=pairs.side * np.exp(-k * since_first), minlength=n_bins) for k in kappa]
    )
    shape = fall / side / (fall.sum(axis=1) / side.sum())[:, None]  # mean over all side pairs is 1
    total = np.zeros((g.size, cascade.size, kappa.size))
    for k in range(n_bins):
        ratio = g[:, None, None] + cascade[:, None] * shape[:, k]
        total -= (centre[k] + side[k]) * np.log(ratio + n_side)
        if centre[k] > 0.0:
            total += centre[k] * np.log(np.maximum(ratio, 1e-300))
    return _Lattice(g, cascade, kappa, total)


def _edges_ns(pairs: GatePairs) -> FloatArray:
    """Edges between up to 24 bins of m of as many side pairs each; every bin holds its own lower edge."""
    running = np.cumsum(pairs.side)
    n = int(running[-1])
    n_bins = int(np.clip(n // _PAIRS_PER_BIN, 4, _MOST_BINS))
    rank = np.ceil(np.linspace(0.0, 1.0, n_bins + 1)[1:-1] * (n - 1)).astype(np.int64)
    edges = np.unique(pairs.time_ns[np.searchsorted(running, rank, side="right")])
    result: FloatArray = edges[edges > pairs.time_ns[pairs.side > 0][0]]  # times in steps: some edges are equal
    return result


def _quantiles(values: FloatArray, weights: FloatArray, levels: tuple[float, ...]) -> tuple[float, ...]:
    """Where the cumulative weight, linear between the values, reaches ``levels``."""
    steps = np.concatenate(([0.0], np.cumsum((weights[1:] + weights[:-1]) / 2.0)))
    return tuple(float(x) for x in np.interp(levels, steps / steps[-1], values))


def _interval(values: FloatArray, deviance: FloatArray, confidence: float) -> tuple[float, float]:
    """Where the profile deviance (n,), linear in √value between the points, is below that of ``confidence``.

    It reaches down to 0 where 0 is not excluded.
    """
    root = np.linspace(np.sqrt(values[0]), np.sqrt(values[-1]), _FINE_BINS)
    inside = root[np.interp(root, np.sqrt(values), deviance) <= float(stats.chi2.ppf(confidence, 1))]
    return float(inside[0]) ** 2, float(inside[-1]) ** 2
