"""Single-photon detectors behind the splitter: from photons that would be detected to time tags.

Order of effects: dark counts, dead time with recursive afterpulses, timing jitter, cable, quantisation by the
time tagger, re-sorting. The detection efficiency is part of the photon stream's detection matrix
(:func:`detection_matrix`). Dead time is not paralysable: a photon that finds the detector blind does not extend it.
Timing jitter: a Gaussian core and, for a share of the clicks, an exponential tail to later times. An avalanche
leaves a trapped carrier with the afterpulse probability; it is released after the dead time, from one of two trap
families that give 50 % of the afterpulses before 21 ns and 99 % before 1.8 us.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from sims.photons.events import PhotonEvents, joined
from sims.photons.jitter import jitter_law
from sims.photons.lottery import LotteryBuilder
from sims.photons.process import FloatArray

TAG_ONLY = np.uint16(2**16 - 1)
"""Transition of a click that no photon made: a dark count or an afterpulse."""


@dataclass(frozen=True)
class Spad:
    """One detector. ``efficiency`` at the wavelength in use; times in ps; ``resolution_ps`` of the time tagger."""

    name: str
    efficiency: float
    dark_counts_hz: float
    dead_time_ps: int
    jitter_sigma_ps: float
    jitter_tail_ps: float = 0.0
    jitter_tail_fraction: float = 0.0
    afterpulse_probability: float = 0.0
    cable_delay_ps: int = 0
    resolution_ps: int = 1

    def __post_init__(self) -> None:
        _check_spad(self)


def detection_matrix(transmission: FloatArray, spads: Sequence[Spad]) -> FloatArray:
    """Chance of detection (n_detectors, n_transitions) from the chance to reach each detector and its efficiency."""
    reach = np.asarray(transmission, dtype=np.float64)
    if reach.ndim != 2 or len(reach) != len(spads):
        raise ValueError(f"transmission has shape {reach.shape}; it needs one row for each of {len(spads)} detectors")
    return np.asarray(reach * np.array([spad.efficiency for spad in spads])[:, None], dtype=np.float64)


def clicks(
    photons: Iterable[PhotonEvents], spads: Sequence[Spad], duration_s: float, rng: np.random.Generator
) -> Iterator[PhotonEvents]:
    """Time tags of the detectors, sorted, in pieces; dark counts run to ``duration_s``.

    ``photons``: pieces of a sorted stream, as from ``PhotonSource.chunks``. A tag's ``transition`` is that of the
    photon that made it, or ``TAG_ONLY``. The tags do not depend on how the stream is cut. Tags that jitter moves
    before 0 are kept (negative). ValueError when a photon names a detector that is not in ``spads``.
    """
    if not spads:
        raise ValueError("give at least one detector")
    if not (np.isfinite(duration_s) and duration_s >= 0):
        raise ValueError(f"duration_s = {duration_s}: must be finite and not negative")
    return _clicks(photons, tuple(spads), round(1e12 * duration_s), rng)


def all_clicks(
    photons: Iterable[PhotonEvents], spads: Sequence[Spad], duration_s: float, rng: np.random.Generator
) -> PhotonEvents:
    """:func:`clicks` as one."""
    return joined(clicks(photons, spads, duration_s, rng))


def _clicks(
    photons: Iterable[PhotonEvents], spads: tuple[Spad, ...], end_ps: int, rng: np.random.Generator
) -> Iterator[PhotonEvents]:
    bank = _Bank(spads, rng)
    for piece in photons:
        if len(piece):
            if int(piece.detector.max()) >= len(spads):
                raise ValueError(f"a photon is on detector {piece.detector.max()}; there are {len(spads)} detectors")
            yield from bank.advance(piece, int(piece.time_ps[-1]))
    yield from bank.advance(joined(()), end_ps)
    if len(bank.held):
        yield bank.held


@dataclass(frozen=True)
class _JitterTables:
    """The detectors' laws of the timing error as lotteries; earliest error and step width of each, ps."""

    slots: npt.NDArray[np.uint64]
    table: npt.NDArray[np.int64]
    earliest_and_width: tuple[tuple[int, int], ...]


@lru_cache(maxsize=8)
def _jitter_tables(jitter: tuple[tuple[float, float, float], ...]) -> _JitterTables:
    """Tables for (sigma, tail, tail fraction) of each detector; kept, because a bench draws many short records."""
    builder = LotteryBuilder()
    laws = [jitter_law(*one) for one in jitter]
    for _, _, chance in laws:
        builder.add(chance[None, :], np.arange(chance.size), np.ones(1))
    return _JitterTables(*builder.build(), tuple((earliest, width) for earliest, width, _ in laws))


class _Bank:
    """The detectors' state between pieces of the stream."""

    def __init__(self, spads: tuple[Spad, ...], rng: np.random.Generator) -> None:
        from sims.photons.spad_kernel import MOST_PENDING

        self.held = joined(())
        self._generator = rng.integers(0, 2**64, size=4, dtype=np.uint64)
        dark_mean_ps = [1e12 / s.dark_counts_hz if s.dark_counts_hz > 0 else np.inf for s in spads]
        self._real = np.array(list(zip(dark_mean_ps, (s.afterpulse_probability for s in spads), strict=True)))
        jitter = _jitter_tables(tuple((s.jitter_sigma_ps, s.jitter_tail_ps, s.jitter_tail_fraction) for s in spads))
        self._slots, self._table = jitter.slots, jitter.table
        self._whole = np.array(
            [
                (s.dead_time_ps, s.cable_delay_ps, s.resolution_ps, *law)
                for s, law in zip(spads, jitter.earliest_and_width, strict=True)
            ],
            dtype=np.int64,
        )
        self._live_from = np.full(len(spads), -(2**62), dtype=np.int64)
        self._next_dark = np.array(
            [rng.exponential(mean) if np.isfinite(mean) else np.inf for mean in self._real[:, 0]]
        )
        self._pending = np.full((len(spads), MOST_PENDING), np.inf)
        # A click can come no earlier than this after its photon.
        self._earliest = int(
            min(s.cable_delay_ps - s.resolution_ps + int(law[3]) for s, law in zip(spads, self._whole, strict=True))
        )

    def advance(self, piece: PhotonEvents, until_ps: int) -> Iterator[PhotonEvents]:
        """Detect the piece and everything else up to ``until_ps``; yields the tags that are final."""
        from sims.photons.spad_kernel import detect

        done = np.zeros(1, dtype=np.int64)
        size = len(piece) + len(piece) // 8 + 65_536
        while True:
            n_held = len(self.held)
            time_ps, detector = np.empty(n_held + size, dtype=np.int64), np.empty(n_held + size, dtype=np.uint8)
            transition = np.empty(n_held + size, dtype=np.uint16)
            time_ps[:n_held], detector[:n_held] = self.held.time_ps, self.held.detector
            transition[:n_held] = self.held.transition
            number, finished = detect(
                piece.time_ps, piece.detector, piece.transition, done, until_ps, self._real, self._whole,
                self._slots, self._table, self._live_from, self._next_dark, self._pending, self._generator,
                np.empty(self._live_from.size), n_held, time_ps, detector, transition,
            )  # fmt: skip
            new = PhotonEvents(time_ps, detector, transition).between(0, number)
            reached = until_ps if finished else int(piece.time_ps[done[0]]) if done[0] < len(piece) else self._reached()
            border = int(np.searchsorted(new.time_ps, reached + self._earliest))
            self.held = new.between(border, len(new))
            if border:
                yield new.between(0, border)
            if finished:
                return

    def _reached(self) -> int:
        """Nothing of any detector is left before this time."""
        return int(min(self._next_dark.min(), self._pending.min()))


def _check_spad(spad: Spad) -> None:
    for field in fields(spad):
        value = getattr(spad, field.name)
        if field.name != "name" and not (np.isfinite(value) and value >= 0):
            raise ValueError(f"detector {spad.name}: {field.name} = {value}: must be finite and not negative")
    for name in ("efficiency", "jitter_tail_fraction"):
        if getattr(spad, name) > 1:
            raise ValueError(f"detector {spad.name}: {name} = {getattr(spad, name)}: must not exceed 1")
    if spad.afterpulse_probability > 0.9:
        raise ValueError(
            f"detector {spad.name}: afterpulse_probability = {spad.afterpulse_probability}: above 0.9 one photon "
            "would ring for ever"
        )
    if spad.resolution_ps < 1:
        raise ValueError(f"detector {spad.name}: resolution_ps = {spad.resolution_ps}: must be at least 1")
