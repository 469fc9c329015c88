"""How steady an emitter is: levels, on and off times and the memory of its light, from the photons of two detectors.

Puts change points (:mod:`analysis.blinking`), the laws of the stays (:mod:`analysis.dwell_times`) and the logarithmic
correlation (:mod:`analysis.fcs`) together, as a report or a notebook shows them.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from analysis import blinking, dwell_times, fcs
from analysis.change_points import resolved_dwell_s
from analysis.errors import AnalysisError
from analysis.log_correlation import (
    BlockCorrelation,
    default_edges_ps,
    log_correlation,
    log_edges_ps,
    pulsed_edges_ps,
    together,
)
from analysis.tags import PhotonStream, Progress
from runfile.results import Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure

IntArray = npt.NDArray[np.int64]

__all__ = ["Brightness", "RateTrace", "evaluate", "evaluate_stream", "figure"]

_MOST_PHOTONS = 3_000_000
_RATE_BINS = 1000
_BLOCKS = 20
_WORTH_TELLING = 1.1
_FIRST_LAG_S = 2e-7
"""Beyond the dead time and most afterpulses of the usual detectors."""


@dataclass(frozen=True)
class RateTrace:
    """Photons of both detectors in equal stretches of the whole record: ``counts`` (n,) over ``duration_s``."""

    counts: IntArray
    duration_s: float

    @property
    def width_s(self) -> float:
        """Length of a stretch."""
        return self.duration_s / self.counts.size

    @property
    def edges_s(self) -> npt.NDArray[np.float64]:
        """Borders of the stretches, (n + 1,)."""
        return np.linspace(0.0, self.duration_s, self.counts.size + 1)


@dataclass(frozen=True)
class Brightness:
    """What was found. ``on_off``, ``on_law``, ``off_law``: None without blinking or with too few stays.

    ``rate``: the whole record; all else is of its first ``duration_s``. ``remarks``: what was left out or could not be
    determined, and why.
    """

    rate: RateTrace
    duration_s: float
    trace: blinking.BlinkingTrace
    on_off: blinking.OnOff | None
    on_law: dwell_times.DwellFit | None
    off_law: dwell_times.DwellFit | None
    correlation: BlockCorrelation
    relaxations: fcs.RelaxationFit
    remarks: tuple[str, ...]

    @property
    def results(self) -> dict[str, Result]:
        """All named results."""
        found = {**blinking.results(self.trace), **fcs.results(self.relaxations)}
        for name, law in (("on_times", self.on_law), ("off_times", self.off_law)):
            if law is not None:
                found[f"{name}_{'mean' if law.exponent_68 is None else 'exponent'}"] = dwell_times.result_of(law)
        return found


def evaluate(
    detector_1_ps: IntArray, detector_2_ps: IntArray, duration_s: float, *, period_ps: float | None = None
) -> Brightness:
    """Trace of both detectors together; correlation between them (free of dead time and afterpulses).

    Times int64 ps, sorted, from 0 to ``duration_s``. ``period_ps``: of pulsed light: each lag holds whole
    pulses then. A record that ends with its last pulse is as long as its last photon says.
    Of a long record the first 3 million photons are looked at, and a remark says so; the rate is that of the whole.
    Raises AnalysisError for too few photons or too short a record; ValueError for times outside the record.
    """
    times = together((detector_1_ps, detector_2_ps))
    if times.size:
        duration_s = max(duration_s, float(times[-1] + 1) * 1e-12)
    counts = np.histogram(times * 1e-12, _RATE_BINS, (0.0, duration_s))[0].astype(np.int64)
    end_ps = int(times[_MOST_PHOTONS]) if times.size > _MOST_PHOTONS else None
    return _evaluate((detector_1_ps, detector_2_ps), RateTrace(counts, duration_s), end_ps, period_ps)


def evaluate_stream(
    stream: PhotonStream,
    channels: tuple[int, int],
    duration_s: float,
    *,
    period_ps: float | None = None,
    report: Progress | None = None,
) -> Brightness:
    """As :func:`evaluate` in bounded memory: the rate of the whole record, all else of its first 3 million photons.

    ``channels``: the two detectors; ``duration_s`` as the stream's summary tells it. Reads the stream once. Raises what
    :func:`evaluate` and the reader raise.
    """
    kept: tuple[list[IntArray], list[IntArray]] = ([], [])
    counts, n_kept, last_ps = np.zeros(_RATE_BINS, np.int64), 0, 0
    for chunk in stream.iter_chunks(report):
        parts = [chunk.timestamps_ps[chunk.channel == channel] for channel in channels]
        last_ps = max(last_ps, *(int(part[-1]) for part in parts if part.size), 0)
        for part in parts:
            place = np.minimum((part * (1e-12 * _RATE_BINS / duration_s)).astype(np.int64), _RATE_BINS - 1)
            counts += np.bincount(place, minlength=_RATE_BINS)
        if n_kept <= _MOST_PHOTONS:
            for store, part in zip(kept, parts, strict=True):
                store.append(part.copy())
                n_kept += part.size
    first, second = (np.concatenate([np.zeros(0, np.int64), *store]) for store in kept)
    times = together((first, second))
    end_ps = int(times[_MOST_PHOTONS]) if times.size > _MOST_PHOTONS else None
    whole_s = max(duration_s, float(last_ps + 1) * 1e-12)
    return _evaluate((first, second), RateTrace(counts, whole_s), end_ps, period_ps)


def _evaluate(
    detectors: tuple[IntArray, IntArray], rate: RateTrace, end_ps: int | None, period_ps: float | None
) -> Brightness:
    """``detectors``: times, ps, of which those before ``end_ps`` (None: all) are looked at photon by photon."""
    remarks = []
    duration_s = rate.duration_s
    detector_1_ps, detector_2_ps = detectors
    if end_ps is not None:
        duration_s = float(end_ps) * 1e-12
        remarks.append(
            f"levels and correlation are those of the first {duration_s:.4g} s of {rate.duration_s:.4g} s "
            f"({_MOST_PHOTONS} photons)"
        )
        detector_1_ps, detector_2_ps = (each[each < end_ps] for each in detectors)
    times = together((detector_1_ps, detector_2_ps))
    correlation = log_correlation(
        detector_1_ps, detector_2_ps, duration_s, edges_ps=_edges(duration_s, period_ps), blocks=_BLOCKS
    )
    relaxations = fcs.fit_relaxations(correlation)
    dispersion, least = blinking.unresolved_bunching(
        times.size / duration_s, [(term.amplitude, term.time_s) for term in relaxations.terms]
    )
    if dispersion > _WORTH_TELLING:
        remarks.append(
            "the light is bunched at lags too short to be resolved photon by photon: its counts scatter "
            f"{dispersion:.2g} times more than Poisson's; the change points allow for it, and on and off times below "
            f"{least} photons are in the correlation only"
        )
    trace = blinking.blinking_trace(times, duration_s, dispersion=dispersion, least_photons=least)
    switching, on_law, off_law = None, None, None
    try:
        switching = blinking.on_off(trace)
        dark, bright = float(trace.rate_per_s[0]), float(trace.rate_per_s[1])
        on_law = _law(switching.on_s, dispersion * resolved_dwell_s(max(dark, 1.0), bright), duration_s)
        off_law = _law(switching.off_s, dispersion * resolved_dwell_s(bright, dark), duration_s)
    except AnalysisError as error:
        remarks.append(str(error))
    return Brightness(
        rate,
        duration_s,
        trace,
        switching,
        on_law,
        off_law,
        correlation,
        fcs.fit_relaxations(correlation),
        tuple(remarks),
    )


def figure(found: Brightness) -> "Figure":
    """Trace with its levels, correlation with its relaxations, and the lengths of the stays."""
    from analysis.brightness_figure import draw

    return draw(found)


def _edges(duration_s: float, period_ps: float | None) -> IntArray:
    """Lag bins from a few 100 ns to a hundredth of the record."""
    if period_ps is None:
        return default_edges_ps(duration_s, first_lag_s=_FIRST_LAG_S, blocks=_BLOCKS)
    last_ps = round(duration_s / _BLOCKS / 5.0 * 1e12)
    try:
        edges = pulsed_edges_ps(period_ps, last_ps)
        kept = edges[edges >= _FIRST_LAG_S * 1e12]
        return kept if kept.size > 8 else log_edges_ps(round(_FIRST_LAG_S * 1e12), last_ps)
    except ValueError as error:
        raise AnalysisError(f"the record of {duration_s:g} s is too short for a correlation: {error}") from error


def _law(stays_s: npt.NDArray[np.float64], shortest_s: float, duration_s: float) -> dwell_times.DwellFit:
    return dwell_times.best_law(stays_s, shortest_s, duration_s)
