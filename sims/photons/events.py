"""Detected photons: when, on which detector, from which transition."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class PhotonEvents:
    """Photons in order of time: ``time_ps`` int64, ``detector`` uint8, ``transition`` uint16, all of shape (n,).

    ``transition`` indexes the transitions of the process, so the photon's line energy, Stokes vector and kind
    (exciton, biexciton, replica) are ``lines.energy_mev[events.transition]`` and so on.
    """

    time_ps: npt.NDArray[np.int64]
    detector: npt.NDArray[np.uint8]
    transition: npt.NDArray[np.uint16]

    def __len__(self) -> int:
        return self.time_ps.size

    def only(self, keep: npt.NDArray[np.bool_]) -> "PhotonEvents":
        """The events where ``keep`` (n,) is true."""
        return PhotonEvents(self.time_ps[keep], self.detector[keep], self.transition[keep])

    def between(self, begin: int, end: int) -> "PhotonEvents":
        """Events number ``begin`` ... ``end`` - 1, sharing their memory with these."""
        return PhotonEvents(self.time_ps[begin:end], self.detector[begin:end], self.transition[begin:end])


def joined(chunks: Iterable[PhotonEvents]) -> PhotonEvents:
    """All chunks as one."""
    parts = list(chunks)
    if not parts:
        return PhotonEvents(np.empty(0, np.int64), np.empty(0, np.uint8), np.empty(0, np.uint16))
    return PhotonEvents(
        np.concatenate([part.time_ps for part in parts]),
        np.concatenate([part.detector for part in parts]),
        np.concatenate([part.transition for part in parts]),
    )
