"""Decoding PicoQuant's generic T2 records (MultiHarp, HydraHarp 2, TimeHarp 260): 32 bits an event.

Bit 31 special, bits 25-30 channel, bits 0-24 time tag in units of the base resolution. A special record of channel
3Fh says how often the time tag has wrapped round (2^25); of channel 0 it is the sync input; of 1 to 15 an external
marker. Source: PicoQuant, Time Tagger and PTU file format documentation, record type ``MultiHarpT2``.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from instruments.roles import IntArray

WRAP = 1 << 25
OVERFLOW_CHANNEL = 0x3F
SYNC = 0


@dataclass(frozen=True)
class Events:
    """Events in the order of the records. ``time`` in base resolutions; ``channel`` 0 is sync, inputs from 1."""

    time: IntArray
    channel: IntArray


def decode(records: npt.NDArray[np.uint32], wraps_before: int = 0) -> tuple[Events, int]:
    """Events of ``records`` (shape (n,)) after ``wraps_before`` wrap-rounds, and the wrap-rounds after them.

    Markers are left out.
    """
    special = (records >> 31).astype(bool)
    channel = ((records >> 25) & 0x3F).astype(np.int64)
    tag = (records & (WRAP - 1)).astype(np.int64)
    is_wrap = special & (channel == OVERFLOW_CHANNEL)
    # A wrap record without a count stands for one.
    wraps = wraps_before + np.cumsum(np.where(is_wrap, np.maximum(tag, 1), 0))
    is_sync = special & (channel == SYNC)
    kept = is_sync | ~special
    numbers = np.where(is_sync, SYNC, channel + 1)
    after = int(wraps[-1]) if len(records) else wraps_before
    return Events((tag + wraps * WRAP)[kept], numbers[kept]), after
