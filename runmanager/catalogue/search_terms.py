"""The parts of a search, each as SQL with bound values. Nothing a user types becomes part of the SQL."""

import math
from dataclasses import dataclass
from typing import Literal, Protocol

Value = str | float | int
"""What is bound to a question mark in SQL. The texts joined into SQL here are fixed or question marks (S608)."""
Comparison = Literal["<", "<=", ">", ">=", "=", "!="]

_PREFIXES = {"f": 1e-15, "p": 1e-12, "n": 1e-9, "u": 1e-6, "µ": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6, "G": 1e9}
_BASES = ("s", "m", "Hz", "eV", "T", "K", "V", "W", "A")
_SECONDS = {"min": 60.0, "h": 3600.0}
_EQUAL_WITHIN = 1e-9  # relative; a number typed with fewer digits is another number
_COLUMN_UNITS = {"duration_s": "s", "size_bytes / 1e6": "", "seed": ""}


class Term(Protocol):
    """One condition on a run."""

    def sql(self) -> tuple[str, tuple[Value, ...]]:
        """The condition on the table ``runs`` with its bound values."""
        ...

    def words(self) -> str:
        """The condition for people."""
        ...


@dataclass(frozen=True)
class ContainsTerm:
    """A column's text contains, or with ``whole`` is, ``text``; capitals do not matter."""

    column: Literal["name", "procedure", "sample", "title", "exit_status", "reason", "words"]
    text: str
    whole: bool = False

    def sql(self) -> tuple[str, tuple[Value, ...]]:
        """See :class:`Term`."""
        column = "words" if self.column == "words" else f"fold({self.column})"
        if self.whole:
            return f"{column} = ?", (self.text.casefold(),)
        return f"instr({column}, ?) > 0", (self.text.casefold(),)

    def words(self) -> str:
        """See :class:`Term`."""
        what = {"words": "any text", "name": "file", "exit_status": "status"}.get(self.column, self.column)
        return f"{what} {'is' if self.whole else 'contains'} “{self.text}”"


@dataclass(frozen=True)
class VerdictTerm:
    """The verdict: True passed, False failed, None not there."""

    passed: bool | None

    def sql(self) -> tuple[str, tuple[Value, ...]]:
        """See :class:`Term`."""
        return ("passed IS NULL", ()) if self.passed is None else ("passed IS ?", (int(self.passed),))

    def words(self) -> str:
        """See :class:`Term`."""
        return "no verdict" if self.passed is None else f"verdict {'passed' if self.passed else 'failed'}"


@dataclass(frozen=True)
class KindTerm:
    """What the file is: a name of :class:`runmanager.catalogue.records.Kind`."""

    kind: str

    def sql(self) -> tuple[str, tuple[Value, ...]]:
        """See :class:`Term`."""
        return "kind = ?", (self.kind,)

    def words(self) -> str:
        """See :class:`Term`."""
        return f"file is of kind {self.kind}"


@dataclass(frozen=True)
class DateTerm:
    """Started at or after ``since_s`` and before ``until_s`` (seconds since 1970); None: open."""

    since_s: float | None
    until_s: float | None
    told: str

    def sql(self) -> tuple[str, tuple[Value, ...]]:
        """See :class:`Term`."""
        parts, values = ["started_at IS NOT NULL"], []
        if self.since_s is not None:
            parts.append("started_at >= ?")
            values.append(self.since_s)
        if self.until_s is not None:
            parts.append("started_at < ?")
            values.append(self.until_s)
        return " AND ".join(parts), tuple(values)

    def words(self) -> str:
        """See :class:`Term`."""
        return f"started {self.told}"


@dataclass(frozen=True)
class ColumnTerm:
    """A number of the row itself: duration in s, size in MB, seed."""

    column: Literal["duration_s", "size_bytes / 1e6", "seed"]
    comparison: Comparison
    number: float
    unit: str = ""

    def sql(self) -> tuple[str, tuple[Value, ...]]:
        """See :class:`Term`."""
        expected = _COLUMN_UNITS[self.column]
        factor = 1.0 if self.unit in {"", expected} else factor_between(self.unit, expected)
        return compare(self.column, self.comparison, self.number * factor)

    def words(self) -> str:
        """See :class:`Term`."""
        what = {"duration_s": "the run's duration (s)", "size_bytes / 1e6": "size (MB)", "seed": "seed"}[self.column]
        return f"{what} {self.comparison} {self.number:g}{' ' if self.unit else ''}{self.unit}"


@dataclass(frozen=True)
class NumberTerm:
    """A parameter, condition or result (``families``) of this name, or its standard error, compares so with ``number``.

    Without ``unit`` the number is in whatever unit the run has; with one, values in related units are converted.
    """

    name: str
    families: tuple[str, ...]
    comparison: Comparison
    number: float
    unit: str = ""
    of_stderr: bool = False

    def sql(self) -> tuple[str, tuple[Value, ...]]:
        """See :class:`Term`."""
        column = "stderr" if self.of_stderr else "number"
        conditions: list[str] = []
        values: list[Value] = []
        for unit, factor in related_units(self.unit) if self.unit else (("", 1.0),):
            condition, bound = compare(column, self.comparison, self.number * factor)
            conditions.append(f"(unit = ? AND {condition})" if self.unit else condition)
            values += [unit, *bound] if self.unit else [*bound]
        marks = ", ".join("?" for _ in self.families)
        inner = f"SELECT run FROM facts WHERE name = ? AND family IN ({marks}) AND ({' OR '.join(conditions)})"  # noqa: S608
        return f"id IN ({inner})", (self.name.casefold(), *self.families, *values)

    def words(self) -> str:
        """See :class:`Term`."""
        return (
            f"{'standard error of' if self.of_stderr else _family_words(self.families)} {self.name} {self.comparison} "
            f"{self.number:g}{' ' if self.unit else ' (in its own unit)'}{self.unit}"
        )


@dataclass(frozen=True)
class WordTerm:
    """A parameter or condition of this name that is a word (line: highest; calibrate: true) contains ``text``."""

    name: str
    families: tuple[str, ...]
    text: str

    def sql(self) -> tuple[str, tuple[Value, ...]]:
        """See :class:`Term`."""
        marks = ", ".join("?" for _ in self.families)
        inner = f"SELECT run FROM facts WHERE name = ? AND family IN ({marks}) AND instr(fold(text), ?) > 0"  # noqa: S608
        return f"id IN ({inner})", (self.name.casefold(), *self.families, self.text.casefold())

    def words(self) -> str:
        """See :class:`Term`."""
        return f"{_family_words(self.families)} {self.name} contains “{self.text}”"


@dataclass(frozen=True)
class NotTerm:
    """The opposite; a run without the value fulfils it."""

    term: Term

    def sql(self) -> tuple[str, tuple[Value, ...]]:
        """See :class:`Term`."""
        condition, values = self.term.sql()
        return f"NOT coalesce(({condition}), 0)", values

    def words(self) -> str:
        """See :class:`Term`."""
        return f"not ({self.term.words()})"


@dataclass(frozen=True)
class AllTerm:
    """All of several conditions, e.g. both ends of a range."""

    terms: tuple[Term, ...]

    def sql(self) -> tuple[str, tuple[Value, ...]]:
        """See :class:`Term`."""
        conditions: list[str] = []
        values: list[Value] = []
        for term in self.terms:
            condition, bound = term.sql()
            conditions.append(f"({condition})")
            values += bound
        return " AND ".join(conditions), tuple(values)

    def words(self) -> str:
        """See :class:`Term`."""
        return " and ".join(term.words() for term in self.terms)


def compare(column: str, comparison: Comparison, number: float) -> tuple[str, tuple[float, ...]]:
    """SQL of a numeric comparison; equality within 1e-9 of the number. ``column`` is never the user's text."""
    if comparison not in {"=", "!="}:
        return f"{column} {comparison} ?", (number,)
    margin = _EQUAL_WITHIN * abs(number)
    between = f"{column} BETWEEN ? AND ?"
    return (between if comparison == "=" else f"NOT ({between})"), (number - margin, number + margin)


def related_units(unit: str) -> tuple[tuple[str, float], ...]:
    """Units a value given in ``unit`` can be converted to, as (unit, factor), itself first: "ns" → ("us", 1e-3)."""
    base, scale = _split(unit)
    if base is None:
        return ((unit, 1.0),)
    others = [(prefix + base, scale / factor) for prefix, factor in _PREFIXES.items()]
    if base == "s":
        others += [(name, scale / seconds) for name, seconds in _SECONDS.items()]
    return ((unit, 1.0), *((name, factor) for name, factor in others if name != unit))


def factor_between(unit: str, wanted: str) -> float:
    """By what a value in ``unit`` is multiplied to be in ``wanted``; ValueError when they are not related."""
    for name, factor in related_units(unit):
        if name == wanted:
            return factor
    raise ValueError(f"a value in {unit!r} cannot be compared with one in {wanted or 'plain numbers'!r}")


def _split(unit: str) -> tuple[str | None, float]:
    """Base unit and scale, (None, nan) for a unit without prefixes."""
    if unit in _SECONDS:
        return "s", _SECONDS[unit]
    for base in _BASES:
        prefix = unit.removesuffix(base)
        if unit.endswith(base) and prefix in _PREFIXES:
            return base, _PREFIXES[prefix]
    return None, math.nan


def _family_words(families: tuple[str, ...]) -> str:
    return families[0] if len(families) == 1 else "value"
