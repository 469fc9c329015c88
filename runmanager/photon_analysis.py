"""Analysis of the photon files of other programs: pulsed or continuous light, in memory or in chunks."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from runfile.results import Analysis, Verdict
from runmanager.cw_settings import Beginning, cw_settings
from runmanager.photon_wishes import PhotonWishes

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from matplotlib.figure import Figure

    from analysis.brightness import Brightness
    from analysis.g2 import Evaluation
    from analysis.g2_cw_analysis import CwEvaluation
    from analysis.tag_files import ReadOptions
    from analysis.tags import PhotonRecord, Progress
    from runmanager.html_report import Section

log = logging.getLogger(__name__)

STREAM_BYTES = 100_000_000
"""Photon files from this size on are read in chunks: some 25 million photons of a PTU file."""
_SORTED_BYTES = 1_000_000_000
_MOST_SEEKING_PULSES = 1_000_000


@dataclass(frozen=True)
class PhotonFile:
    """One file and what is wanted: ``options`` where it does not say how to be read, ``wishes`` beyond the usual."""

    path: Path
    with_report: bool = False
    options: "ReadOptions | None" = None
    wishes: PhotonWishes = field(default_factory=PhotonWishes)
    progress: "Progress | None" = None


@dataclass(frozen=True)
class PhotonFindings:
    """Analysis, length of the record, and for a report the figure and further sections."""

    analysis: Analysis
    duration_s: float
    figure: "Figure | None" = None
    sections: "tuple[Section, ...]" = ()


def analyse(file: PhotonFile) -> PhotonFindings:
    """Small files as a whole, others in chunks; one that must be sorted as a whole only if it fits into memory.

    Raises AnalysisError, TagFileError and what a damaged file does to its reader.
    """
    from analysis.tag_files import OutOfOrderError

    n_bytes = file.path.stat().st_size
    if n_bytes < STREAM_BYTES:
        return _in_memory(file)
    try:
        return _in_chunks(file)
    except OutOfOrderError:
        if n_bytes > _SORTED_BYTES:
            raise
        log.info("%s is out of order by more than 1 ms: read as a whole and sorted", file.path)
        return _in_memory(file)


def further(
    evaluation: "Evaluation",
    wishes: PhotonWishes,
    *,
    with_report: bool,
    options: "ReadOptions | None" = None,
    channels: "tuple[int, int] | None" = None,
    report: "Progress | None" = None,
) -> "tuple[Analysis, tuple[Section, ...]]":
    """Results and, for a report, sections of pulsed light: the usual ones and what was wished for.

    ``options``: how to read a response that is a photon file. ``channels`` of the detectors in a photon file, which
    such a response must have, too. ``report`` is told the progress; a stream is read twice for a gate and twice for the
    scan of gates. Raises AnalysisError where a wish cannot be met.
    """
    from analysis import g2, gated_g2, response_lifetime
    from analysis.response_file import read_response
    from runmanager.html_report import Section

    found = g2.analysis_of(evaluation)
    results, sections = dict(found.results), []
    scanning = 1.0 if not with_report else 0.0 if wishes.gate_ns is None else 0.5
    if wishes.gate_ns is not None:
        gate = gated_g2.Gate(*wishes.gate_ns)
        results |= gated_g2.results(gated_g2.gated_g2(evaluation, gate, share(report, 0.0, scanning)))
    if wishes.response is not None:
        response = read_response(wishes.response, options, wishes.response_bin_ps)
        lifetimes = response_lifetime.evaluate(evaluation, response, options, channels)
        found = replace(found, verdict=Verdict((*found.verdict.checks, response_lifetime.check(lifetimes))))
        told = response_lifetime.results(lifetimes)
        results |= told
        if with_report:
            caption = "Decay of each detector with the measured response, the chosen model and its residuals."
            sections.append(
                Section(
                    "response", "Lifetime with the measured response", caption, response_lifetime.figure(lifetimes),
                    told, response_lifetime.remarks(lifetimes),
                )
            )  # fmt: skip
    gates = gated_g2.scan(evaluation, share(report, scanning, 1.0)) if with_report else None
    if gates is not None:
        caption = "g2(0) of photons that come later and later after their pulse; what a biexciton adds fades first."
        remarks = (gates.remark,) if gates.remark else ()
        told = gated_g2.scan_results(gates)
        sections.append(
            Section("gates", "Late photons and the biexciton", caption, gated_g2.figure(gates), told, remarks)
        )
    return replace(found, results=results), tuple(sections)


def _in_memory(file: PhotonFile) -> PhotonFindings:
    """The whole record in memory."""
    from analysis import brightness, g2, pulsed, tag_files
    from analysis.g2_cw_analysis import evaluate_cw
    from analysis.g2_figure import draw

    record = tag_files.read(file.path, file.options, file.progress)
    light = _light_of_record(record)
    if light.is_cw:
        settings = cw_settings(file.path, file.options, file.wishes, _beginning(record))
        evaluation = evaluate_cw(record, settings)

        def steady() -> "Brightness":
            first, second = (record.timestamps_ps[record.channel == number] for number in evaluation.channels)
            return brightness.evaluate(first, second, record.duration_s)

        return _cw_findings(file, evaluation, light.warnings, steady)
    file.wishes.refuse_for_pulses(file.path)
    photons = pulsed.from_record(record, light.guess_period_ps)
    found = g2.evaluate_photons(photons)
    analysis, sections = further(
        found, file.wishes, with_report=file.with_report, options=file.options, channels=_detectors_of(record)
    )
    analysis = _with_warnings(analysis, light.warnings)
    if not file.with_report:
        return PhotonFindings(analysis, record.duration_s)
    if not photons.timing_fault:
        first, second = photons.detector_1.times_ps, photons.detector_2.times_ps
        sections += brightness_section(
            lambda: brightness.evaluate(first, second, record.duration_s, period_ps=photons.period_ps)
        )
    return PhotonFindings(analysis, record.duration_s, draw(found), sections)


def _in_chunks(file: PhotonFile) -> PhotonFindings:
    """The same numbers in bounded memory: the file is read several times."""
    from analysis import brightness, g2_stream, tag_files
    from analysis.g2_cw_analysis import evaluate_cw_stream
    from analysis.g2_figure import draw
    from analysis.pulsed_stream import survey

    stream = tag_files.open_stream(file.path, file.options)
    until = 0.7 if file.with_report or file.wishes.gate_ns is not None else 1.0
    steady_from = 0.9 if file.with_report else 1.0
    seen = survey(stream, share(file.progress, 0.0, 0.2))
    light = _light(seen.related, seen.period_ps, seen.trigger_ps, seen.beginning_ps)
    last = share(file.progress, steady_from, 1.0)
    if light.is_cw:
        settings = cw_settings(file.path, file.options, file.wishes, Beginning(seen.counts, seen.beginning_ps))
        cw = evaluate_cw_stream(stream, seen.counts, settings, share(file.progress, 0.2, steady_from))
        return _cw_findings(
            file,
            cw,
            light.warnings,
            lambda: brightness.evaluate_stream(stream, cw.channels, cw.duration_s, report=last),
        )
    file.wishes.refuse_for_pulses(file.path)
    evaluation = g2_stream.evaluate_stream(stream, seen, light.guess_period_ps, share(file.progress, 0.2, until))
    analysis, sections = further(
        evaluation,
        file.wishes,
        with_report=file.with_report,
        options=file.options,
        channels=_channels(evaluation),
        report=share(file.progress, until, steady_from),
    )
    analysis = _with_warnings(analysis, light.warnings)
    if not file.with_report:
        return PhotonFindings(analysis, seen.duration_s)
    if not evaluation.photons.timing_fault:
        sections += brightness_section(
            lambda: brightness.evaluate_stream(
                stream,
                _channels(evaluation),
                seen.duration_s,
                period_ps=evaluation.photons.period_ps,
                report=last,
            )
        )
    return PhotonFindings(analysis, seen.duration_s, draw(evaluation), sections)


def _channels(evaluation: "Evaluation") -> tuple[int, int]:
    from analysis.pulsed_stream import StreamedPhotons

    if not isinstance(evaluation.photons, StreamedPhotons):
        raise TypeError("only a stream knows its channels")
    return evaluation.photons.relation.channels


def brightness_section(find: "Callable[[], Brightness]") -> "tuple[Section, ...]":
    """Blinking and memory of the light; nothing where the photons are too few or too short for it."""
    from analysis import brightness
    from analysis.errors import AnalysisError
    from runmanager.html_report import Section

    try:
        steady = find()
    except (AnalysisError, ValueError) as error:
        log.info("no section on brightness: %s", error)
        return ()
    caption = (
        "Brightness with the levels between change points; correlation of the detectors on a logarithmic axis; "
        "lengths of the on and off times with the likeliest law."
    )
    heading = "Brightness and memory of the light"
    return (Section("brightness", heading, caption, brightness.figure(steady), steady.results, steady.remarks),)


@dataclass(frozen=True)
class _Light:
    """How the light was, as far as file and photons tell: continuous, or pulsed with a period to be refined."""

    is_cw: bool
    guess_period_ps: float | None = None
    warnings: tuple[str, ...] = ()


def _detectors_of(record: "PhotonRecord") -> tuple[int, int]:
    """Channels of the two detectors, as :func:`analysis.pulsed.from_record` chooses them."""
    from analysis import pulsed
    from analysis.pulse_search import trigger_period_ps

    related = record.sync_index is not None and record.nanotimes_ps is not None and bool(record.sync_period_ps)
    trigger_ps = None if related else trigger_period_ps(record.timestamps_ps[record.channel == 0])
    return pulsed.choose_detectors(_beginning(record).counts, trigger_ps)[0]


def _light_of_record(record: "PhotonRecord") -> _Light:
    from analysis.pulse_search import trigger_period_ps

    trigger_ps = trigger_period_ps(record.timestamps_ps[record.channel == 0])
    related = record.sync_index is not None and bool(record.sync_period_ps)
    return _light(related, record.sync_period_ps, trigger_ps, record.timestamps_ps[:_MOST_SEEKING_PULSES])


def _light(
    related: bool, period_ps: float | None, trigger_ps: float | None, beginning_ps: "npt.NDArray[np.int64]"
) -> _Light:
    """``beginning_ps``: times of the first million photons, in which pulses are searched for if nothing else tells."""
    from analysis.pulse_search import comb_period_ps

    if related or period_ps or trigger_ps:
        return _Light(is_cw=False)
    found_ps = comb_period_ps(beginning_ps)
    if found_ps is not None:
        told = f"the file does not say that the light was pulsed; the photons do: a period near {found_ps / 1e3:.4g} ns"
        return _Light(is_cw=False, guess_period_ps=found_ps, warnings=(told,))
    told = (
        "the file knows no laser pulses and the photons show none: analysed as continuous (cw) light; were it pulsed "
        "(with a period above 1 µs, say), record the sync"
    )
    return _Light(is_cw=True, warnings=(told,))


def _beginning(record: "PhotonRecord") -> Beginning:
    import numpy as np

    numbers, counts = np.unique(record.channel, return_counts=True)
    per_channel = dict(zip(numbers.tolist(), counts.tolist(), strict=True))
    return Beginning(per_channel, record.timestamps_ps[:_MOST_SEEKING_PULSES])


def _cw_findings(
    file: PhotonFile, evaluation: "CwEvaluation", warnings: tuple[str, ...], steady: "Callable[[], Brightness]"
) -> PhotonFindings:
    from analysis import g2_cw_analysis

    analysis = _with_warnings(g2_cw_analysis.analysis_of(evaluation), warnings)
    if not file.with_report:
        return PhotonFindings(analysis, evaluation.duration_s)
    return PhotonFindings(
        analysis, evaluation.duration_s, g2_cw_analysis.figure(evaluation), brightness_section(steady)
    )


def _with_warnings(found: Analysis, warnings: tuple[str, ...]) -> Analysis:
    return replace(found, warnings=(*warnings, *found.warnings))


def share(report: "Progress | None", start: float, stop: float) -> "Progress | None":
    """The progress of one part of the work."""
    if report is None:
        return None
    return lambda fraction, what: report(start + (stop - start) * fraction, what)
