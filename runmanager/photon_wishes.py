"""What the user says about a photon file and wants of it beyond the usual analysis; the words that say it again."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from runmanager.errors import BadInputError

if TYPE_CHECKING:
    from analysis.tag_files import ReadOptions

__all__ = ["PhotonWishes", "gate_of", "jitter_of", "words_of"]


@dataclass(frozen=True)
class PhotonWishes:
    """``gate_ns``: photons from … to … ns after their pulse; ``response``: file of the measured response,
    ``response_bin_ps``: its bin width where it does not say it. ``jitter_ps``: timing error of both detectors under
    continuous light, (sigma, tail) each. BadInputError for wishes that contradict each other.
    """

    gate_ns: tuple[float, float] | None = None
    response: Path | None = None
    response_bin_ps: float | None = None
    jitter_ps: tuple[tuple[float, float], tuple[float, float]] | None = None

    def __post_init__(self) -> None:
        if self.jitter_ps is not None and self.response is not None:
            raise BadInputError("--irf and --jitter-ps both say how the detectors respond; give one of them")
        if self.response_bin_ps is None:
            return
        if self.response is None:
            raise BadInputError("--irf-bin-ps is the bin width of the response that --irf names; name it, too")
        if not 1e-3 <= self.response_bin_ps <= 1e9:
            raise BadInputError(f"--irf-bin-ps must be from 0.001 to 1e9 ps, not {self.response_bin_ps:g}")

    @property
    def any(self) -> bool:
        """Whether anything is wanted beyond the usual."""
        return self.gate_ns is not None or self.response is not None or self.jitter_ps is not None

    def refuse_for_pulses(self, path: Path) -> None:
        """BadInputError where something is wanted that pulsed light does not need."""
        if self.jitter_ps is not None:
            raise BadInputError(
                f"{path}: --jitter-ps is for continuous light, this light is pulsed: its g2(0) counts whole periods, "
                "which jitter does not change; lifetimes take a measured response (--irf)"
            )

    def refuse_for_continuous_light(self, path: Path) -> None:
        """BadInputError where something is wanted that needs pulses."""
        if self.gate_ns is not None:
            raise BadInputError(
                f"{path}: --gate-ns needs light in pulses; this file knows none and its photons show none"
            )


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


def jitter_of(text: str) -> tuple[tuple[float, float], tuple[float, float]]:
    """SIGMA[:TAIL] in ps of both detectors, or of the first and, after a comma, of the second; else BadInputError."""
    parts = text.split(",")
    try:
        found = [tuple(float(number) for number in part.split(":")) for part in parts]
    except ValueError:
        found = []
    widths = [(each[0], each[1] if len(each) == 2 else 0.0) for each in found if len(each) in (1, 2)]
    if len(widths) != len(parts) or len(widths) not in (1, 2) or not all(_is_width(*each) for each in widths):
        raise BadInputError(
            "the detectors' jitter is SIGMA[:TAIL] in ps, Gaussian core and exponential tail, 1 to 100000 ps (the tail "
            f"may be 0), for each of two detectors after a comma where they differ, not '{text}'"
        )
    return widths[0], widths[-1]


def _is_width(sigma_ps: float, tail_ps: float) -> bool:
    return 1.0 <= sigma_ps <= 1e5 and (tail_ps == 0.0 or 1.0 <= tail_ps <= 1e5)


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
    if wishes is not None and wishes.response_bin_ps is not None:
        words += ["--irf-bin-ps", f"{wishes.response_bin_ps:.10g}"]
    if wishes is not None and wishes.jitter_ps is not None:
        words += ["--jitter-ps", ",".join(f"{sigma:g}:{tail:g}" for sigma, tail in wishes.jitter_ps)]
    return tuple(words)
