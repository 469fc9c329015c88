"""g2(0) of the photons that come within a gate after their pulse, and what late gates say of a biexciton.

The statistics are those of :mod:`analysis.time_gating`; here they meet a whole measurement, in memory or as a stream.
"""

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from analysis.errors import AnalysisError
from analysis.g2 import Evaluation
from analysis.g2_stream import PeakCounter
from analysis.gate_pairs import gate_pairs, late_pulses, parts_of, peak_times_ps
from analysis.lifetime import combine
from analysis.poisson import ratio_calibrated_interval, ratio_interval
from analysis.tags import Progress
from analysis.time_gating import GatedRatio, GateExtrapolation, extrapolate, scan_gates
from runfile.results import Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_REACH = 10_000
_SCANNED_LIFETIMES = 2.5
_SCANNED_GATES = 26
_LEAST_STEPS = 5.0
"""Recorder bins that the lifetime must span for gates to make sense."""


@dataclass(frozen=True)
class Gate:
    """Photons from ``start_ns`` (≥ 0) to ``stop_ns`` after their pulse are kept; 0 is each detector's signal peak."""

    start_ns: float
    stop_ns: float

    def __post_init__(self) -> None:
        if not (isfinite(self.start_ns) and isfinite(self.stop_ns) and 0.0 <= self.start_ns < self.stop_ns):
            raise ValueError(f"a gate needs 0 <= start < stop, in ns, got {self.start_ns} and {self.stop_ns}")


@dataclass(frozen=True)
class GatedG2:
    """Pairs of the photons within a gate.

    ``centre_counts`` in the centre peak, ``side_counts`` in the ``n_side`` peaks beside it; ``kept``: share of
    the photons of each detector within the gate. Background is left in.
    """

    gate: Gate
    centre_counts: int
    side_counts: int
    n_side: int
    kept: tuple[float, float]

    @property
    def value(self) -> float:
        """Centre over the mean side peak; NaN without side pairs."""
        return self.centre_counts * self.n_side / self.side_counts if self.side_counts else float("nan")


@dataclass(frozen=True)
class GateScan:
    """g2(0) at growing gates, and extrapolated to a late one (None, with ``remark``, where it cannot be)."""

    gates: tuple[GatedRatio, ...]
    late: GateExtrapolation | None
    lifetime_ns: float
    remark: str = ""


def gated_g2(evaluation: Evaluation, gate: Gate, report: Progress | None = None) -> GatedG2:
    """g2(0) of the photons within ``gate``; a stream is read twice more.

    Raises AnalysisError where times within the period cannot be used, the gate reaches beyond the period, or no
    centre can be told.
    """
    photons = evaluation.photons
    if photons.timing_fault:
        raise AnalysisError(f"no time gate can be set: {photons.timing_fault}")
    if gate.stop_ns * 1e3 > photons.period_ps:
        raise AnalysisError(
            f"the gate ends {gate.stop_ns:g} ns after the pulse, the next pulse comes after "
            f"{photons.period_ps * 1e-3:.6g} ns; choose an earlier end"
        )
    try:
        found = evaluation.antibunching
    except ValueError as error:
        raise AnalysisError(str(error)) from error
    centre, n_side = found.centre.offset, found.n_adjacent
    reach = abs(centre) + n_side + 1
    if reach > _MOST_REACH:
        raise AnalysisError(f"the centre peak lies {centre} pulses away: no gate can be set so far")
    peaks_ps = peak_times_ps(photons, _half(report, 0))
    cuts_ps = photons.cuts_ps()
    pairs = PeakCounter(reach, late_pulses(photons))
    kept = np.zeros(2, dtype=np.int64)
    for parts in parts_of(photons, _half(report, 1)):
        pulses = []
        for k, part in enumerate(parts):
            since_ns = ((part.phase_ps - cuts_ps[k]) % part.period_ps - peaks_ps[k]) * 1e-3
            inside = (since_ns >= gate.start_ns) & (since_ns < gate.stop_ns)
            kept[k] += np.count_nonzero(inside)
            pulses.append(part.own_pulse(cuts_ps[k])[inside])
        pairs.add(pulses[0], pulses[1])
    counts = pairs.counts()
    sides = [counts[reach + centre + sign * k] for k in range(1, n_side // 2 + 1) for sign in (-1, 1)]
    n_photons = (photons.detector_1.n_photons, photons.detector_2.n_photons)
    share = (float(kept[0]) / max(n_photons[0], 1), float(kept[1]) / max(n_photons[1], 1))
    return GatedG2(gate, int(counts[reach + centre]), int(sum(sides)), n_side, share)


def results(found: GatedG2) -> dict[str, Result]:
    """``g2_zero_gated`` (68 %), ``g2_zero_gated_95`` and the pairs behind them."""
    n, m, exposure = found.centre_counts, found.side_counts, float(found.n_side)
    method = (
        f"centre peak over the mean of {found.n_side} side peaks, both photons {found.gate.start_ns:g} to "
        f"{found.gate.stop_ns:g} ns after their detector's signal peak ({found.kept[0]:.1%} and {found.kept[1]:.1%} of "
        "the photons); background left in"
    )
    low, high = ratio_calibrated_interval(n, m, exposure, 0.68) if m else (0.0, float("inf"))
    exact = ratio_interval(n, m, exposure, 0.95) if m else (0.0, float("inf"))
    stderr = (high - low) / 2.0
    return {
        "g2_zero_gated": Result(
            found.value, stderr, "1", f"{method}; interval right on average over truths (Jeffreys)", (low, high), 0.68
        ),
        "g2_zero_gated_95": Result(
            found.value, stderr, "1", f"{method}; Clopper-Pearson interval (covers at least 95 %)", exact, 0.95
        ),
        "centre_counts_gated": Result(float(n), float(np.sqrt(n)), "1", method),
        "side_counts_gated": Result(m / exposure, float(np.sqrt(m)) / exposure, "1", method),
    }


def scan(evaluation: Evaluation, report: Progress | None = None) -> GateScan | None:
    """Gates up to 2.5 lifetimes after the peak and g2(0) extrapolated; None where the decay is too short for gates.

    Too short: fewer than five bins of the recorder a lifetime, or no lifetime at all. A stream is read twice more.
    """
    photons = evaluation.photons
    if photons.timing_fault or not evaluation.decays:
        return None
    lifetime_ns = combine([decay.fit for decay in evaluation.decays])[0]
    if lifetime_ns * 1e3 < _LEAST_STEPS * photons.resolution_ps:
        return None
    try:
        centre = evaluation.antibunching.centre.offset
        if abs(centre) > _MOST_REACH:
            return None
        pairs = gate_pairs(photons, centre, report=report)
        gates = scan_gates(pairs, np.linspace(0.0, _SCANNED_LIFETIMES * lifetime_ns, _SCANNED_GATES))
    except ValueError:
        return None
    kept = tuple(gate for gate in gates if gate.side_counts > 0)
    if not kept:
        return None
    try:
        return GateScan(kept, extrapolate(pairs, lifetime_ns), lifetime_ns)
    except ValueError as error:
        return GateScan(kept, None, lifetime_ns, f"not extrapolated to a late gate: {error}")


def scan_results(found: GateScan) -> dict[str, Result]:
    """``g2_zero_late_gate`` with ``biexciton_share`` (and ``biexciton_lifetime`` where a cascade is seen)."""
    late = found.late
    if late is None:
        return {}
    half = (late.interval_68[1] - late.interval_68[0]) / 2.0
    method = f"{late.method}; background left in"
    half_cascade = (late.cascade_68[1] - late.cascade_68[0]) / 2.0
    told = {
        "g2_zero_late_gate": Result(late.g2_zero, half, "1", method, late.interval_68, 0.68),
        "g2_zero_late_gate_95": Result(late.g2_zero, half, "1", method, late.interval_95, 0.95),
        "biexciton_share": Result(
            late.cascade, half_cascade, "1", f"cascade pairs over pairs of a side peak; {late.method}",
            late.cascade_68, 0.68,
        ),
    }  # fmt: skip
    if isfinite(late.biexciton_lifetime_ns):
        told["biexciton_lifetime"] = Result(
            late.biexciton_lifetime_ns, late.biexciton_lifetime_stderr_ns, "ns", f"posterior median; {late.method}"
        )
    return told


def figure(found: GateScan) -> "Figure":
    """g2(0) against the gate."""
    from analysis.gated_g2_figure import draw

    return draw(found)


def _half(report: Progress | None, number: int) -> Progress | None:
    """Progress of the first or second of two readings."""
    if report is None:
        return None
    return lambda fraction, what: report((number + fraction) / 2.0, what)
