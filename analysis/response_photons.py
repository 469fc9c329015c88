"""A measured response that is a photon file of scattered laser light, on the bins of the decay."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from analysis import tag_files
from analysis.errors import AnalysisError
from analysis.g2 import Decay, Evaluation, decay_counts
from analysis.pulsed import Detector, from_record
from analysis.tags import PhotonRecord

FloatArray = npt.NDArray[np.float64]
Channels = tuple[int, int]

_PERIOD_AGREES = 1e-3


@dataclass(frozen=True)
class LaserLight:
    """Laser light on the two detectors of a measurement; ``by_name``: the measurement's names of them."""

    by_name: dict[str, Detector]
    path: Path
    resolution_ps: float

    def histogram(self, decay: Decay) -> FloatArray:
        """Photons of the decay's detector on the bins of the decay, (n_bins,)."""
        detector = self.by_name[decay.detector]
        counts = decay_counts(detector, decay.bin_ns * 1e3, detector.cut_ps, self.resolution_ps)
        return np.resize(counts, decay.counts.size).astype(np.float64)


def read_laser_light(
    path: Path, options: tag_files.ReadOptions | None, evaluation: Evaluation, channels: Channels | None
) -> LaserLight:
    """The response of both detectors; ``channels`` of the measurement, None where it does not number them.

    AnalysisError for other channels, another pulse period, another mode of recording, or times that cannot be used.
    """
    photons = evaluation.photons
    record = tag_files.read(path, options)
    names = (photons.detector_1.name, photons.detector_2.name)
    if channels is not None:
        record = _of_channels(record, channels, path)
        _refuse_other_mode(record, names, path)
    try:
        seen = from_record(record, photons.period_ps)
    except ValueError as error:
        raise AnalysisError(f"{path}: no response can be told from it: {error}") from error
    if seen.timing_fault:
        raise AnalysisError(f"{path}: no response can be told from it: {seen.timing_fault}")
    if abs(seen.period_ps / photons.period_ps - 1.0) > _PERIOD_AGREES:
        raise AnalysisError(
            f"{path}: the response was measured with a pulse period of {seen.period_ps * 1e-3:.6g} ns, the decay with "
            f"{photons.period_ps * 1e-3:.6g} ns"
        )
    detectors = (seen.detector_1, seen.detector_2)
    return LaserLight(dict(zip(names, detectors, strict=True)), path, photons.resolution_ps)


def channels_of(evaluation: Evaluation) -> Channels | None:
    """Channels of the two detectors where their names tell them: those of T3 photons do."""
    photons = evaluation.photons
    names = (photons.detector_1.name, photons.detector_2.name)
    if not all(name.startswith("channel ") for name in names):
        return None
    first, second = (int(name.removeprefix("channel ")) for name in names)
    return first, second


def _of_channels(record: PhotonRecord, channels: Channels, path: Path) -> PhotonRecord:
    """The photons of these channels, with the laser trigger on channel 0 if that is none of them."""
    if not all(np.any(record.channel == number) for number in channels):
        raise AnalysisError(
            f"{path}: the response holds photons of the channels {list(record.channels())}, the detectors of the "
            f"measurement are {channels[0]} and {channels[1]}: record laser light with the same detectors"
        )
    kept = np.isin(record.channel, (0, *channels))
    return replace(
        record,
        timestamps_ps=record.timestamps_ps[kept],
        channel=record.channel[kept],
        nanotimes_ps=None if record.nanotimes_ps is None else record.nanotimes_ps[kept],
        sync_index=None if record.sync_index is None else record.sync_index[kept],
    )


def _refuse_other_mode(record: PhotonRecord, names: tuple[str, str], path: Path) -> None:
    by_pulse = record.sync_index is not None and bool(record.sync_period_ps)
    if by_pulse == names[0].startswith("channel "):
        return
    here, there = ("each photon since its pulse (T3)", "plain times (T2)")[:: 1 if by_pulse else -1]
    raise AnalysisError(
        f"{path}: the response was recorded as {here}, the measurement as {there}, and the two modes blur light "
        "differently: record both in the same mode"
    )
