"""The fading of fluorescence while one spin state is pumped empty: likelihood fit, limits, probe.

The model and its derivation are in :mod:`analysis.transient_model`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.likelihood import (
    Model,
    PoissonFit,
    fit_poisson,
    goodness_probability,
    interval_of_fit,
    significance,
)
from analysis.transient_model import (
    EFFICIENCY,
    F0,
    LIFETIME,
    N_PUMP,
    PROBE,
    SLOW_SHARE,
    SLOWNESS,
    TIME,
    USUAL_SLOWNESS,
    Window,
    pump_data,
    pump_model,
    shape_model,
)

FloatArray = npt.NDArray[np.float64]

_DECAY_STARTS_NS = 16.0
"""After the gate's end, when all delays of the detection are over and only the lifetime is left."""
_LOWER = np.array([0.0, -1.0, 8.0, 0.03, -3.0, 0.0, 0.2, 0.0, -0.3, 1.5, 0.0, 0.0])
_DELAY_MAXIMUM_NS = 15.0
_SECOND = (SLOW_SHARE, SLOWNESS)
_BEYOND_DOUBT = 5.0
_WORTH_A_PROFILE = 2.0
"""Standard deviations of pumping below which the likelihood of its time has no shape to follow."""


@dataclass(frozen=True)
class TransientFit:
    """Result of the fit to one pump window.

    ``interval`` fields are 68 % profile-likelihood intervals (± the standard error below 2σ). ``significance`` is that
    of pumping against constant fluorescence (standard deviations). ``efficiency_limit`` is a 95 % upper limit, for
    when nothing is seen (NaN above 5σ).
    ``fit`` holds all parameters in the order of the module's indices (without the probe).
    """

    fit: PoissonFit
    window: Window
    efficiency: float
    efficiency_error: float
    efficiency_interval: tuple[float, float]
    time_ns: float
    time_error_ns: float
    time_interval_ns: tuple[float, float]
    significance: float
    efficiency_limit: float

    @property
    def goodness(self) -> float:
        """Probability of a deviance at least this large."""
        return goodness_probability(self.fit.deviance, self.fit.dof)

    @property
    def expected(self) -> FloatArray:
        """Fitted counts in each bin of the window, (n,)."""
        return self.fit.expected[: self.window.counts.size]


def cut_window(
    time_ns: FloatArray, counts: FloatArray, start_ns: float, width_ns: float, decay_ns: float = 0.0
) -> Window:
    """Bins while a gate is open; ``time_ns`` left edges of uniform bins, (n_bins,).

    What is counted before it is left out: with many photons the last of the reset's light shows there.

    ``decay_ns``: how long after the gate nothing is switched, to see the exciton decay.
    Raises ValueError when the gate holds fewer than 8 bins.
    """
    bin_ns = float(time_ns[1] - time_ns[0])
    inside = (time_ns >= start_ns - 1e-9) & (time_ns + bin_ns <= start_ns + width_ns + 1e-9)
    if np.sum(inside & (time_ns >= start_ns)) < 8:
        raise ValueError(
            f"the gate from {start_ns:g} to {start_ns + width_ns:g} ns holds fewer than 8 bins of {bin_ns:g} ns"
        )
    stop = start_ns + width_ns
    after = (time_ns >= stop + _DECAY_STARTS_NS) & (time_ns + bin_ns <= stop + decay_ns)
    first = float(time_ns[after][0]) if np.any(after) else 0.0
    return Window(
        left_ns=time_ns[inside] - start_ns,
        bin_ns=bin_ns,
        counts=counts[inside].astype(np.float64),
        gate_ns=width_ns,
        decay_left_ns=time_ns[after] - first,
        decay_counts=counts[after].astype(np.float64),
    )


def window_total(time_ns: FloatArray, counts: FloatArray, windows: Sequence[Sequence[float]]) -> tuple[float, float]:
    """Counts and total width (ns) of the bins that lie wholly inside any of ``windows`` ([start, stop], ns)."""
    bin_ns = float(time_ns[1] - time_ns[0])
    inside = np.zeros(time_ns.shape, dtype=bool)
    for start, stop in windows:
        inside |= (time_ns >= start - 1e-9) & (time_ns + bin_ns <= stop + 1e-9)
    return float(np.sum(counts[inside])), float(np.sum(inside)) * bin_ns


def fit_transient(window: Window, dark_counts: float, dark_ns: float) -> TransientFit:
    """Maximum-likelihood fit of pumping to one window; the background is fitted jointly with the dark windows.

    ``dark_counts`` were counted in ``dark_ns`` of darkness in the same cycles. Raises ValueError when there is no
    dark window, or no fluorescence above it (5σ).
    """
    excess, error = fluorescence(window, dark_counts, dark_ns)
    if not excess > 5.0 * error:
        raise ValueError(f"no fluorescence during the pump: {excess:.1f} ± {error:.1f} counts above the dark level")
    model = pump_model(window, dark_ns)
    data = pump_data(window, dark_counts)
    upper = _upper(window)
    starts = _starts(window, dark_counts / dark_ns)
    low, high = _LOWER[:N_PUMP], upper[:N_PUMP]
    fit = min((fit_poisson(model, data, start, low, high) for start in starts), key=lambda trial: trial.deviance)
    flat = _constant(model, data, fit, upper)
    seen = significance(flat.deviance - fit.deviance, 2)
    interval_e, interval_t = (
        interval_of_fit(model, data, fit, (low, high), k) if seen > _WORTH_A_PROFILE else _from_error(fit, k)
        for k in (EFFICIENCY, TIME)
    )
    return TransientFit(
        fit=fit,
        window=window,
        efficiency=float(fit.values[EFFICIENCY]),
        efficiency_error=_half(interval_e),
        efficiency_interval=interval_e,
        time_ns=float(fit.values[TIME]),
        time_error_ns=_half(interval_t),
        time_interval_ns=interval_t,
        significance=seen,
        efficiency_limit=_upper_limit(model, data, flat, upper, window) if seen < _BEYOND_DOUBT else float("nan"),
    )


def fluorescence(window: Window, dark_counts: float, dark_ns: float) -> tuple[float, float]:
    """Counts above the dark level while the gate is open, with standard error. ValueError without a dark window."""
    if dark_ns <= 0:
        raise ValueError("the sequence has no dark window: the background cannot be told from fluorescence")
    lit = window.left_ns >= 0
    total, width = float(np.sum(window.counts[lit])), float(np.sum(lit)) * window.bin_ns
    scale = width / dark_ns
    return total - scale * dark_counts, float(np.sqrt(total + scale**2 * max(dark_counts, 1.0) + 1.0))


def fit_memory(pump: TransientFit, probe: Window, dark_counts: float, dark_ns: float) -> tuple[float, float]:
    """Fluorescence at the probe's start relative to the pump's end, F_probe/F_end, with standard error.

    1: the spin kept what the pump did; F_0/F_end = 1/(1 − e): it forgot everything. Pump, probe and darkness are fitted
    together, with the probe light taken to be as strong as the pump.
    """
    own, other = pump_model(pump.window, dark_ns), shape_model(probe, pump.window.gate_ns, probe=True)

    def model(theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        expected, slopes = own(theta[:N_PUMP])
        more, more_slopes = other(theta)
        wide = np.hstack((slopes, np.zeros((slopes.shape[0], 1))))
        return np.concatenate((expected, more)), np.vstack((wide, more_slopes))

    data = np.append(pump_data(pump.window, dark_counts), probe.counts)
    values = pump.fit.values
    at_end = max(float(values[F0] * (1 - values[EFFICIENCY])), 1e-3 * float(values[F0]))
    upper = np.append(_upper(pump.window), 50.0 * float(values[F0]) + 1.0)
    start = np.clip(np.append(values, at_end), _LOWER, upper)
    fit = fit_poisson(model, data, start, _LOWER, upper)
    f0, e, f_probe = fit.values[F0], fit.values[EFFICIENCY], fit.values[PROBE]
    f_end = f0 * (1 - e)
    if f_end <= 0:
        return float("nan"), float("nan")
    memory = float(f_probe / f_end)
    gradient = np.zeros(PROBE + 1)
    gradient[F0], gradient[EFFICIENCY], gradient[PROBE] = -memory / f0, memory / (1 - e), 1.0 / f_end
    return memory, float(np.sqrt(max(float(gradient @ fit.covariance @ gradient), 0.0)))


def _upper(window: Window) -> FloatArray:
    most = 50.0 * (float(np.max(window.counts)) + 1.0) / window.bin_ns
    longest = max(3.0 * window.gate_ns, 20.0)
    return np.array([most, 1.0, longest, 0.97, _DELAY_MAXIMUM_NS, most, 200.0, most, 0.3, 12.0, 12.0])


def _starts(window: Window, dark: float) -> list[FloatArray]:
    """Start values for a quick, a usual and a slow pump."""
    lit = window.counts[window.left_ns >= 0] / window.bin_ns
    late = float(np.mean(lit[-max(lit.size // 4, 2) :])) - dark
    kernel = min(8, lit.size)
    early = float(np.max(np.convolve(lit, np.ones(kernel) / kernel, mode="valid"))) - dark
    early = max(early, late, 1e-6)
    e = float(np.clip(1.0 - late / early, 0.02, 0.98))
    lifetime, tail = _lifetime_guess(window, dark)
    times = [max(0.04 * window.gate_ns, 12.0), max(0.1 * window.gate_ns, 15.0), max(0.3 * window.gate_ns, 18.0)]
    return [np.array([early, e, tau, 0.3, 1.0, dark, lifetime, tail, 0.0, USUAL_SLOWNESS, 1.0]) for tau in times]


def _lifetime_guess(window: Window, dark: float) -> tuple[float, float]:
    """Lifetime (ns) as the mean time of the decay's photons, and the decay's first rate (counts/ns)."""
    excess = window.decay_counts - dark * window.bin_ns
    total = float(np.sum(excess))
    if total <= 5.0 * np.sqrt(float(np.sum(window.decay_counts)) + 1.0):
        return 10.0, 1e-3
    mean = float(np.sum(excess * (window.decay_left_ns + 0.5 * window.bin_ns))) / total
    lifetime = float(np.clip(mean, 0.5, 60.0))
    return lifetime, total / lifetime


def _constant(model: Model, data: FloatArray, fit: PoissonFit, upper: FloatArray) -> PoissonFit:
    """Best fit without pumping: e = 0; τ then has no meaning and is held."""
    start = fit.values.copy()
    start[F0] = max(float(start[F0] * (1 - 0.5 * start[EFFICIENCY])), 1e-6)
    start[EFFICIENCY], start[TIME] = 0.0, min(50.0, upper[TIME])
    start[SLOW_SHARE], start[SLOWNESS] = 0.0, USUAL_SLOWNESS
    return fit_poisson(model, data, start, _LOWER[:N_PUMP], upper[:N_PUMP], held=(EFFICIENCY, TIME, *_SECOND))


def _from_error(fit: PoissonFit, index: int) -> tuple[float, float]:
    value, error = float(fit.values[index]), float(fit.errors[index])
    return value - error, value + error


def _upper_limit(model: Model, data: FloatArray, flat: PoissonFit, upper: FloatArray, window: Window) -> float:
    """95 % upper limit of the efficiency, the worst over pumping times from three lifetimes to half the pump.

    A quicker pump could not be told from the exciton's own response.
    """
    limits = []
    shortest = max(3.0 * float(flat.values[LIFETIME]), 20.0)
    for tau in np.geomspace(shortest, max(window.gate_ns / 2, 1.2 * shortest), 4):
        start = flat.values.copy()
        start[TIME], start[EFFICIENCY] = tau, 0.01
        fit = fit_poisson(model, data, start, _LOWER[:N_PUMP], upper[:N_PUMP], held=(TIME, *_SECOND))
        limits.append(max(float(fit.values[EFFICIENCY]), 0.0) + 1.645 * float(fit.errors[EFFICIENCY]))
    return float(min(max(limits), 1.0))


def _half(interval: tuple[float, float]) -> float:
    return 0.5 * (interval[1] - interval[0])
