"""Views of photons with their arrival times: coincidences, peak areas, decays; own g2 runs and foreign files alike."""

import numpy as np

from analysis.correlation import delays
from analysis.errors import AnalysisError
from analysis.g2 import Decay, Evaluation, evaluate_photons
from analysis.pulse_search import comb_period_ps, trigger_period_ps
from analysis.pulsed import Detector, PulsedPhotons, from_record
from analysis.pulsed_stream import StreamedPhotons
from analysis.tags import PhotonRecord
from analysis.view_parts import attempt, counted, poisson_bars, rate_curve
from analysis.views import Curve, Floats, View

DELAY_LABEL = "delay t(detector 2) − t(detector 1) (ns)"
_SHOWN_PERIODS = 6
_EDGE_PERIODS = 0.4
"""Left out at both ends, so that no peak is cut through."""
_BINS_PER_PERIOD = 60
_SHOWN_PEAKS = 15
_PHOTONS_PER_BIN = 200
_MOST_RATE_BINS = 300
_SEARCHED_PHOTONS = 1_000_000


def build(record: PhotonRecord, *, with_fit: bool) -> tuple[View, ...]:
    """Views of a foreign record, pulsed or continuous light; only the rates when it is not of two detectors."""
    if not record.timestamps_ps.size:
        return ()
    pulsed, guess_ps = _light(record)
    if not pulsed:
        from analysis.view_cw import build as build_cw

        return (*build_cw(record, with_fit=with_fit), rate_view(record))
    try:
        photons = from_record(record, guess_ps)
    except AnalysisError:
        return (rate_view(record),)
    return (*of_pulsed(photons, with_fit=with_fit), rate_view(record))


def rate_view(record: PhotonRecord) -> View:
    """Counts per second of every channel over the record, in up to 300 bins of some hundred photons."""
    span_s = max(record.duration_s, (int(record.timestamps_ps[-1]) + 1) * 1e-12)
    n_bins = int(np.clip(record.timestamps_ps.size // _PHOTONS_PER_BIN, 1, _MOST_RATE_BINS))
    width_s = span_s / n_bins
    begins_s = np.linspace(0.0, span_s - width_s, n_bins)
    curves = []
    for number in record.channels():
        times_s = record.timestamps_ps[record.channel == number] * 1e-12
        counts = np.histogram(times_s, n_bins, (0.0, span_s))[0].astype(np.float64)
        curves.append(rate_curve(f"channel {number}", begins_s, np.full(n_bins, width_s), counts))
    return View("rate", "Count rates", "time (s)", "counts per second", tuple(curves))


def of_pulsed(photons: PulsedPhotons, *, with_fit: bool) -> tuple[View, ...]:
    """Coincidences around the centre, decays, and with the fits also the areas of the peaks."""
    if not with_fit:
        return (coincidence_view(photons, 0, 0.0), *plain_decay_views(photons, 1.0))
    return of_evaluation(evaluate_photons(photons))


def of_evaluation(evaluation: Evaluation) -> tuple[View, ...]:
    """Coincidences, areas of the peaks, decays, of photons in memory or of a file that was read in chunks."""
    photons = evaluation.photons
    found, remark = attempt(lambda: evaluation.antibunching)
    if found is None:
        return (coincidence_view(photons, 0, 0.0, remark), *decay_views(evaluation))
    middle_ns = found.centre.offset * photons.period_ps * 1e-3
    if not photons.timing_fault:
        middle_ns = evaluation.cable_delay_ns()[0]
    centred = coincidence_view(photons, found.centre.offset, middle_ns)
    return (centred, *peak_views(evaluation), *decay_views(evaluation))


def coincidence_view(photons: PulsedPhotons | StreamedPhotons, centre: int, middle_ns: float, remark: str = "") -> View:
    """All pairs against the delay, some periods on both sides of ``middle_ns``; ``centre``: pulses apart there."""
    period = round(photons.period_ps)
    width = max(1, period // _BINS_PER_PERIOD)
    if photons.resolution_ps > 0:
        width = round(max(1.0, round(width / photons.resolution_ps)) * photons.resolution_ps)
    reach = max((abs(centre) + _SHOWN_PERIODS) * period // width, 1) * width
    counts = photons.coincidences(width, reach).astype(np.float64)
    left_ns = delays(width, reach) * 1e-3
    shown = np.abs(left_ns + 0.5e-3 * width - middle_ns) <= (_SHOWN_PERIODS - _EDGE_PERIODS) * photons.period_ps * 1e-3
    return histogram_view(left_ns[shown], counts[shown], width * 1e-3, remark)


def histogram_view(left_ns: Floats, counts: Floats, width_ns: float, remark: str = "") -> View:
    """Coincidences (n,) in bins that begin at ``left_ns``, with Poisson bars."""
    upper, lower = poisson_bars(counts)
    curve = Curve("pairs", left_ns, counts, upper, "steps", lower)
    label = f"pairs per {width_ns:.3g} ns"
    return View("coincidences", "Coincidences of the two detectors", DELAY_LABEL, label, (curve,), remark=remark)


def peak_views(evaluation: Evaluation) -> tuple[View, ...]:
    """Pairs per pulse separation near the centre, and far away with the blinking envelope. The analysis's numbers."""
    g2, peaks = evaluation.antibunching, evaluation.peaks
    near = np.abs(peaks.offset - g2.centre.offset) <= _SHOWN_PEAKS
    offset = peaks.offset[near].astype(np.float64)
    adjacent = np.full(offset.size, g2.adjacent_counts / g2.n_adjacent)
    low, high = g2.adjacent.interval_95
    title = f"g²(0) = {g2.adjacent.value:.3g} (95 % interval {low:.2g} to {high:.3g})"
    areas = View(
        "peaks",
        title,
        "separation (laser pulses)",
        "pairs per peak",
        (
            counted("pairs", offset, peaks.counts[near].astype(np.float64)),
            Curve(f"mean of {g2.n_adjacent} nearest", offset, adjacent, kind="fit"),
            Curve("light without memory", offset, np.full(offset.size, peaks.poisson_level), kind="line"),
        ),
    )
    envelope, remark = attempt(lambda: evaluation.envelope)
    if envelope is None:
        return (areas,)
    period_us = evaluation.photons.period_ps * 1e-6
    fine = np.geomspace(1.0, float(envelope.offset[-1]), 200)
    curves = (
        Curve("side peaks (mean)", envelope.offset * period_us, envelope.mean_counts, envelope.stderr_counts, "points"),
        Curve("blinking envelope", fine * period_us, envelope.model(fine), kind="fit"),
    )
    far = View("memory", "Side peaks and blinking", "delay (µs)", "pairs per peak", curves, log_x=True, remark=remark)
    return areas, far


def decay_views(evaluation: Evaluation) -> tuple[View, ...]:
    """Decays with their fits; empty where times within the period cannot be used or photons are too few."""
    photons = evaluation.photons
    rates = {d.name: d.n_photons / photons.duration_s for d in (photons.detector_1, photons.detector_2)}
    curves: list[Curve] = []
    for decay in evaluation.decays:
        curves += _decay_curves(decay, rates[decay.detector])
    if not curves:
        return ()
    stop_ns = max(float(curve.x[-1]) for curve in curves if curve.kind == "fit")
    return (_decay_view(tuple(curves), x_range=(-0.15 * stop_ns, 1.1 * stop_ns)),)


def plain_decay_views(photons: PulsedPhotons, share: float) -> tuple[View, ...]:
    """Decays without fit, in 400 bins over the period. ``share``: of the run's tags these photons are, in (0, 1]."""
    if photons.timing_fault:
        return ()
    detectors = [d for d in (photons.detector_1, photons.detector_2) if d.n_photons]
    remark = "" if share >= 1.0 else f"the newest {share:.0%} of the photons"
    return (_decay_view(tuple(_plain_decay(d, photons.duration_s) for d in detectors), remark),) if detectors else ()


def _decay_view(curves: tuple[Curve, ...], remark: str = "", x_range: tuple[float, float] | None = None) -> View:
    return View(
        "decay",
        "Decay after the laser pulse",
        "time after the peak (ns)",
        "photons per second and ns",
        curves,
        log_y=True,
        remark=remark,
        x_range=x_range,
    )


def _decay_curves(decay: Decay, rate_cps: float) -> list[Curve]:
    """Photons per second and ns against the time after the peak, and the fit over its range.

    ``rate_cps``: of the detector. The histogram lacks what followed another photon closely (afterpulses and, evenly
    over the period, some photons); it is scaled to the whole rate.
    """
    counts, bin_ns = decay.counts.astype(np.float64), decay.bin_ns
    time_ns = _since_peak_ns(counts, bin_ns)
    scale = rate_cps / (max(float(counts.sum()), 1.0) * bin_ns)
    first = round(decay.fit.start_ns / bin_ns)
    last = first + decay.fit.model.size
    label = f"{decay.detector}: τ = {decay.fit.lifetime_ns:.4g} ± {decay.fit.stderr_ns:.1g} ns"
    return [
        counted(decay.detector, time_ns, counts, scale),
        Curve(label, time_ns[first:last], decay.fit.model * scale, kind="fit"),
    ]


def _plain_decay(detector: Detector, live_s: float) -> Curve:
    counts = detector.phase_counts().astype(np.float64)
    bin_ns = detector.period_ps * 1e-3 / counts.size
    since_cut = np.roll(counts, -round(detector.cut_ps * 1e-3 / bin_ns))
    return counted(detector.name, _since_peak_ns(since_cut, bin_ns), since_cut, 1.0 / (live_s * bin_ns))


def _since_peak_ns(counts: Floats, bin_ns: float) -> Floats:
    """Middle of each bin (n,) after the lower edge of the fullest."""
    return np.asarray((np.arange(counts.size) + 0.5 - int(np.argmax(counts))) * bin_ns, dtype=np.float64)


def _light(record: PhotonRecord) -> tuple[bool, float | None]:
    """Whether the light was pulsed, and a first guess of the period (ps) where only the photons know it."""
    trigger_ps = trigger_period_ps(record.timestamps_ps[record.channel == 0])
    if record.sync_period_ps or trigger_ps:
        return True, None
    found_ps = comb_period_ps(record.timestamps_ps[:_SEARCHED_PHOTONS])
    return found_ps is not None, found_ps
