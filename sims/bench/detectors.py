"""The bench's single-photon detectors: the station file's truth, handed to the detectors of ``sims.photons.spads``.

Detection efficiency is applied before (each photon is drawn with its probability). Times are int64 picoseconds.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sims.bench.config import SpadTruth
from sims.photons.events import PhotonEvents
from sims.photons.spads import Spad, all_clicks

Times = npt.NDArray[np.int64]


def spad_of(truth: SpadTruth) -> Spad:
    """The detector that a station file describes; its pulses are not rounded (the time controller does that)."""
    return Spad(
        name="single-photon detector",
        efficiency=truth.efficiency,
        dark_counts_hz=truth.dark_counts_hz,
        dead_time_ps=round(truth.dead_time_ns * 1000),
        jitter_sigma_ps=truth.jitter_sigma_ns * 1000,
        jitter_tail_ps=truth.jitter_tail_ns * 1000,
        jitter_tail_fraction=truth.jitter_tail_fraction,
        afterpulse_probability=truth.afterpulse_probability,
        cable_delay_ps=round(truth.cable_delay_ns * 1000),
    )


def clicks(
    photons_ps: Sequence[Times], duration_ps: int, truths: Sequence[SpadTruth], rng: np.random.Generator
) -> list[Times]:
    """Pulses of each detector, sorted, in [0, duration_ps).

    ``photons_ps``: for each detector the sorted times of its photons (efficiency already applied) in that interval.
    """
    merged = np.concatenate([np.empty(0, dtype=np.int64), *photons_ps])
    number = np.repeat(np.arange(len(photons_ps), dtype=np.uint8), [times.size for times in photons_ps])
    order = np.argsort(merged, kind="stable")
    photons = PhotonEvents(merged[order], number[order], np.zeros(merged.size, dtype=np.uint16))
    tags = all_clicks([photons], [spad_of(truth) for truth in truths], duration_ps * 1e-12, rng)
    tags = tags.only((tags.time_ps >= 0) & (tags.time_ps < duration_ps))
    return [tags.time_ps[tags.detector == i] for i in range(len(truths))]
