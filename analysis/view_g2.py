"""Views of a g2 run: coincidences as they grow, peak areas, decays, and the rates of the detectors."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError
from analysis.g2 import evaluate_photons
from analysis.pulsed import from_tags
from analysis.view_parts import (
    MOST_IMAGE_BINS,
    attempt,
    batch_image,
    bin_centres,
    column,
    column_sum,
    has_rows,
    rate_curve,
    rebinned,
)
from analysis.view_photons import DELAY_LABEL, decay_views, histogram_view, peak_views, plain_decay_views
from analysis.views import Floats, View
from runfile.reading import RecordedRun
from runfile.records import TagRecord

Times = npt.NDArray[np.int64]

_NEWEST_TAGS = 100_000
"""Tags of which the decay is drawn when there is no time for all."""


def build(run: RecordedRun, *, with_fit: bool) -> tuple[View, ...]:
    """Coincidences, peak areas (with the fits), decay, batches, rates."""
    found: list[View] = []
    if has_rows(run, "data", "coincidences", "delay"):
        found.append(_histogram(run))
    if run.has_tags():
        tags = run.tags()
        found += _with_fits(run, tags) if with_fit else _without_fits(run, tags)
        found += rate_views(run, tags)
    if found and found[0].name == "coincidences":
        found.append(_batches(run))
    return tuple(found)


def _histogram(run: RecordedRun) -> View:
    table = run.table("data")
    delay_ns, counts = column(table, "delay"), column_sum(table, "coincidences")
    return histogram_view(delay_ns, counts, _width_ns(delay_ns))


def _with_fits(run: RecordedRun, tags: TagRecord) -> list[View]:
    try:
        evaluation = evaluate_photons(from_tags(tags, run.notes.get("pulses"), str(run.path)))
    except (AnalysisError, ValueError):
        return []  # one detector, or not even a trigger's spacing: the coincidences are shown all the same
    areas, _ = attempt(lambda: peak_views(evaluation))
    return [*(areas or ()), *decay_views(evaluation)]


def _without_fits(run: RecordedRun, tags: TagRecord) -> list[View]:
    """The decay of the newest tags, scaled to the rate of all."""
    share = min(1.0, _NEWEST_TAGS / max(tags.timestamps_ps.size, 1))
    part = slice(-_NEWEST_TAGS, None)
    newest = TagRecord(tags.timestamps_ps[part], tags.channel[part], tags.duration_s * share, tags.channels)
    try:
        photons = from_tags(newest, run.notes.get("pulses"), str(run.path))
    except (AnalysisError, ValueError):
        return []
    return list(plain_decay_views(photons, share))


def rate_views(run: RecordedRun, tags: TagRecord) -> list[View]:
    """Counts per second of each detector, batch by batch; empty when the run does not say when the batches began."""
    note = run.notes.get("pulses")
    starts = note.get("batch_starts_ps") if isinstance(note, dict) else None
    batch_s = note.get("batch_duration_s") if isinstance(note, dict) else None
    if not isinstance(starts, list) or not starts or not isinstance(batch_s, int | float) or not batch_s > 0:
        return []
    begins = np.array(starts, dtype=np.int64)
    live_s = np.full(begins.size, float(batch_s))
    begins_s = np.asarray(begins * 1e-12, dtype=np.float64)
    curves = []
    for name in ("detector_1", "detector_2"):
        if name in tags.channels:
            counts = _counts_by_batch(tags, tags.channels[name], begins)
            kept = counts > 0  # the oldest batches may no longer be in memory
            label = name.replace("_", " ")
            curves.append(rate_curve(label, begins_s[kept], live_s[kept], counts[kept]))
    return [View("rate", "Count rates", "bench time (s)", "counts per second", tuple(curves))] if curves else []


def _counts_by_batch(tags: TagRecord, channel: int, begins_ps: Times) -> Floats:
    """Tags of one channel in each batch, (n_batches,); ``begins_ps``: when the batches began, ascending."""
    times, own = tags.timestamps_ps, tags.channel == channel
    if np.all(times[1:] >= times[:-1]):  # as most recorders give them: a hundred times faster
        edges = np.append(np.searchsorted(times, begins_ps, side="left"), times.size)
        return np.array([np.count_nonzero(own[start:stop]) for start, stop in pairwise(edges)], dtype=np.float64)
    batch = np.searchsorted(begins_ps, times[own], side="right") - 1
    return np.asarray(np.bincount(batch[batch >= 0], minlength=begins_ps.size), dtype=np.float64)


def _batches(run: RecordedRun) -> View:
    table = run.table("data")
    delay_ns = column(table, "delay")
    step = -(-delay_ns.size // MOST_IMAGE_BINS)
    left, counts = rebinned(delay_ns, np.asarray(table.column("coincidences")), step)
    width_ns = step * _width_ns(delay_ns)
    numbers = np.arange(1.0, counts.shape[0] + 1.0)
    image = batch_image(bin_centres(left, width_ns), counts, numbers, f"pairs per {width_ns:.3g} ns")
    return View("batches", "Coincidences, batch by batch", DELAY_LABEL, "batch", image=image)


def _width_ns(delay_ns: Floats) -> float:
    return float(delay_ns[1] - delay_ns[0]) if delay_ns.size > 1 else 0.0
