"""What the catalogue knows about a file, as plain data."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Family = Literal["parameter", "result", "condition"]
"""Where a value comes from: a parameter, a result, or a condition of the run."""


class Kind(StrEnum):
    """What a file is. UNREADABLE ones are listed, too, with the reason."""

    RUN = "run"
    PHOTONS = "photons"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Stamp:
    """By what a changed file is known: size and time of the last change (ns since 1970)."""

    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Summary:
    """One row of the catalogue. ``name``: path relative to the folder, with forward slashes.

    ``started_at``: seconds since 1970, UTC; None where the file does not say. ``passed``: None without a verdict.
    ``headline``: the first result that has an error, in words. ``problem``: why the file could not be read.
    """

    name: str
    kind: Kind
    size_bytes: int
    procedure: str = ""
    title: str = ""
    sample: str = ""
    started_at: float | None = None
    duration_s: float | None = None
    exit_status: str = ""
    passed: bool | None = None
    reason: str = ""
    seed: int | None = None
    headline: str = ""
    problem: str = ""

    @property
    def verdict(self) -> str:
        """One of "passed" and "failed"; empty where there is none."""
        return "" if self.passed is None else ("passed" if self.passed else "failed")


@dataclass(frozen=True)
class Fact:
    """One searchable value: a number with its unit (a result: and standard error), or a word (``number`` None)."""

    family: Family
    name: str
    number: float | None
    text: str = ""
    unit: str = ""
    stderr: float | None = None


@dataclass(frozen=True)
class Description:
    """All that the catalogue keeps of one file.

    ``parameters`` and ``results`` are JSON texts as in the run file (for a photon file, ``parameters`` is what its
    header says). ``words``: what free text is searched in. ``settled`` False: read it again at the next look,
    because it was in use, or so new that a later change might not show in its time.
    """

    summary: Summary
    stamp: Stamp
    facts: tuple[Fact, ...] = ()
    parameters: str = "{}"
    results: str = "{}"
    words: str = ""
    settled: bool = True
