"""What the user says about a photon file and wants of it beyond the usual analysis; the words that say it again."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from runmanager.errors import BadInputError

if TYPE_CHECKING:
    from analysis.tag_files import ReadOptions

__all__ = ["PhotonWishes", "gate_of", "words_of"]


@dataclass(frozen=True)
class PhotonWishes:
    """``gate_ns``: photons from … to … ns after their pulse; ``response``: file of the measured response."""

    gate_ns: tuple[float, float] | None = None
    response: Path | None = None

    @property
    def any(self) -> bool:
        """Whether anything is wanted beyond the usual."""
        return self.gate_ns is not None or self.response is not None


def gate_of(text: str) -> tuple[float, float]:
    """START:STOP in ns. BadInputError for anything else."""
    start, colon, stop = text.partition(":")
    try:
        gate = float(start), float(stop)
    except ValueError:
        gate = (0.0, 0.0)
    if not colon or not 0.0 <= gate[0] < gate[1] < float("inf"):
        raise BadInputError(f"a gate is START:STOP in ns after the signal peak, 0 <= START < STOP, not '{text}'")
    return gate


def words_of(options: "ReadOptions | None", wishes: PhotonWishes | None) -> tuple[str, ...]:
    """The command-line words that say the same, for the command a report states."""
    words: list[str] = []
    if options is not None and options.text is not None:
        words += ["--time-unit-ps", f"{options.text.time_unit_ps:g}"]
        if options.text.separator is not None:
            words += ["--separator", options.text.separator]
        if options.text.header_lines:
            words += ["--header-lines", str(options.text.header_lines)]
    elif options is not None and options.qutag_unit_ps != 1.0:
        words += ["--time-unit-ps", f"{options.qutag_unit_ps:g}"]
    if options is not None and options.spc is not None:
        words += ["--tac-window-ns", f"{options.spc.tac_window_ns:g}"]
    if wishes is not None and wishes.gate_ns is not None:
        words += ["--gate-ns", f"{wishes.gate_ns[0]:g}:{wishes.gate_ns[1]:g}"]
    if wishes is not None and wishes.response is not None:
        words += ["--irf", str(wishes.response)]
    return tuple(words)
