"""What people type into the search field, turned into SQL with bound values."""

import datetime
import math
import re
from dataclasses import dataclass
from typing import Final, TypeVar, get_args

from runmanager.catalogue.records import Kind
from runmanager.catalogue.search_syntax import HELP
from runmanager.catalogue.search_terms import (
    AllTerm,
    ColumnTerm,
    Comparison,
    ContainsTerm,
    DateTerm,
    KindTerm,
    NotTerm,
    NumberTerm,
    Term,
    Value,
    VerdictTerm,
    WordTerm,
    factor_between,
)
from runmanager.errors import BadInputError

FAMILIES: Final = {
    "p": ("parameter",), "parameter": ("parameter",), "r": ("result",), "result": ("result",),
    "c": ("condition",), "condition": ("condition",),
}  # fmt: skip
__all__ = ["HELP", "Search", "SearchError", "parse"]
_ANY_FAMILY = ("parameter", "condition", "result")
_TEXT_COLUMNS: Final = {
    "sample": "sample", "procedure": "procedure", "title": "title", "file": "name", "name": "name",
    "status": "exit_status", "reason": "reason",
}  # fmt: skip
_NUMBER_COLUMNS: Final = {"duration": "duration_s", "size": "size_bytes / 1e6", "seed": "seed"}
_VERDICTS: Final = {"passed": True, "failed": False, "none": None}
_TOKEN = re.compile(r'(?:"[^"]*"|[^\s"])+')
_CONDITION = re.compile(r"(?P<name>[^\W\d_][\w.\-]*)(?P<sign>>=|<=|!=|>|<|=|:)(?P<value>.*)", re.DOTALL)
_SPACED_SIGN = re.compile(r"\s*(>=|<=|!=|>|<)\s*")
_SPACED_UNIT = re.compile(
    r"([<>=][+-]?[\d.]+(?:[eE][+-]?\d+)?)\s+((?:[fpnuµmkMG]?(?:s|m|Hz|eV|T|K|V|W|A)|min|h)(?!\S))"
)
_NUMBER = re.compile(r"(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(?P<unit>[^\W\d][\w/]*|1/s)?")
_Choice = TypeVar("_Choice")
_FIRST_YEAR, _LAST_YEAR = 1900, 9000


class SearchError(BadInputError):
    """The search cannot be understood; one line that says what to type instead."""


@dataclass(frozen=True)
class Search:
    """A parsed search: all terms must hold. Without terms, everything is found."""

    terms: tuple[Term, ...] = ()

    @property
    def where(self) -> str:
        """The SQL condition on the table ``runs``."""
        return AllTerm(self.terms).sql()[0] if self.terms else "1"

    @property
    def values(self) -> tuple[Value, ...]:
        """The values bound to the question marks in :attr:`where`."""
        return AllTerm(self.terms).sql()[1] if self.terms else ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of parameters, conditions and results that are asked for."""
        return tuple(dict.fromkeys(name for term in self.terms for name in _names(term)))

    def in_words(self) -> str:
        """One line for people, so that a misunderstanding shows."""
        return "; ".join(term.words() for term in self.terms) if self.terms else "all measurements"


def parse(text: str, *, today: datetime.date | None = None) -> Search:
    """Parse what was typed; SearchError explains. ``today``: for ``date:today``; dates are days of local time."""
    if text.count('"') % 2:
        raise SearchError('a quotation mark is not closed: write "several words"')
    today = today or datetime.datetime.now().astimezone().date()
    return Search(tuple(_term(token, today) for token in _TOKEN.findall(_without_spaces(text))))


def _without_spaces(text: str) -> str:
    """``duration > 10 min`` as ``duration>10min``; what is quoted stays."""
    parts = text.split('"')
    parts[::2] = [_SPACED_UNIT.sub(r"\1\2", _SPACED_SIGN.sub(r"\1", part)) for part in parts[::2]]
    return '"'.join(parts)


def _term(token: str, today: datetime.date) -> Term:
    if token.startswith("-") and len(token) > 1:
        return NotTerm(_term(token[1:], today))
    found = _CONDITION.fullmatch(token)
    if found is None:
        text = token.replace('"', "")
        if not text:
            raise SearchError('there is nothing between the quotation marks; write "several words"')
        return ContainsTerm("words", text)
    name, sign, value = found["name"], found["sign"], found["value"].replace('"', "").strip()
    if not value:
        raise SearchError(f"'{token}' lacks a value; write for example {name}{sign}{_example(name, sign)}")
    return _condition(name, sign, value, today)


def _condition(name: str, sign: str, value: str, today: datetime.date) -> Term:
    field = name.casefold()
    equal = sign in {":", "="}
    if field in {*_TEXT_COLUMNS, "verdict", "kind", "date"} and not equal and sign != "!=" and field != "date":
        raise SearchError(f"'{name}' is a text: write {name}:{value}, not {name}{sign}{value}")
    if field in _TEXT_COLUMNS:
        found: Term = ContainsTerm(_TEXT_COLUMNS[field], value, whole=sign != ":")  # type: ignore[arg-type]
    elif field == "verdict":
        found = VerdictTerm(_choice(name, value, _VERDICTS))
    elif field == "kind":
        found = KindTerm(_choice(name, value, {kind.value: kind.value for kind in Kind}))
    elif field == "date":
        return _date(sign, value, today)
    else:
        return _number_or_word(name, sign, value)
    return NotTerm(found) if sign == "!=" else found


def _choice(name: str, value: str, choices: dict[str, _Choice]) -> _Choice:
    if value.casefold() not in choices:
        raise SearchError(f"{name}:{value} is not known; {name} takes {', '.join(choices)}")
    return choices[value.casefold()]


# --- numbers -------------------------------------------------------------------------------------------------------


def _number_or_word(name: str, sign: str, value: str) -> Term:
    low, dots, high = value.partition("..")
    if dots and sign in {":", "="}:
        ends = [(comparison, end) for comparison, end in ((">=", low), ("<=", high)) if end]
        if not ends:
            raise SearchError(f"'{name}{sign}{value}' has no ends; write {name}:10..20, {name}:10.. or {name}:..20")
        return AllTerm(tuple(_number(name, comparison, *_parsed(name, end)) for comparison, end in ends))
    found = _NUMBER.fullmatch(value)
    if found is not None:
        return _number(name, "=" if sign == ":" else sign, *_parsed(name, value))
    if sign not in {":", "=", "!="}:
        raise SearchError(f"'{name}{sign}{value}': after {sign} a number is expected, e.g. {name}{sign}10 or 10ns")
    if name.casefold() in _NUMBER_COLUMNS:
        raise SearchError(f"{name} is a number: write {name}>10 or {name}:10..20, not {name}{sign}{value}")
    families, plain = _families(name)
    word = WordTerm(plain, families, value)
    return NotTerm(word) if sign == "!=" else word


def _parsed(name: str, text: str) -> tuple[float, str]:
    found = _NUMBER.fullmatch(text)
    number = float(found["number"]) if found is not None else math.nan
    if found is None or not math.isfinite(number):
        raise SearchError(f"'{text}' in the search for {name} is not a number; write 10, 0.5, 1e3 or 10ns")
    return number, found["unit"] or ""


def _number(name: str, sign: str, number: float, unit: str) -> Term:
    comparison = _comparison(sign)
    column = _NUMBER_COLUMNS.get(name.casefold())
    if column is None:
        plain, dot, last = name.rpartition(".")
        of_stderr = bool(dot) and last.casefold() in {"stderr", "err", "error"}
        families, plain = _families(plain if of_stderr else name)
        return NumberTerm(plain, ("result",) if of_stderr else families, comparison, number, unit, of_stderr)
    if column == "duration_s" and unit:
        try:
            return ColumnTerm("duration_s", comparison, number * factor_between(unit, "s"))
        except ValueError as error:
            raise SearchError(f"duration is a time: write duration>60 (s), 90s, 10min or 2h, not '{unit}'") from error
    if unit and not (column.startswith("size") and unit.casefold() == "mb"):
        raise SearchError(f"{name} takes a number without a unit ({name}>{number:g}), not '{unit}'")
    return ColumnTerm(column, comparison, number)  # type: ignore[arg-type]


def _comparison(sign: str) -> Comparison:
    known: dict[str, Comparison] = {each: each for each in get_args(Comparison)}
    return known[sign]


def _families(name: str) -> tuple[tuple[str, ...], str]:
    """``p.duration`` → parameters only, and so on; otherwise any."""
    first, dot, rest = name.partition(".")
    if dot and rest and first.casefold() in FAMILIES:
        return FAMILIES[first.casefold()], rest
    return _ANY_FAMILY, name


# --- dates ---------------------------------------------------------------------------------------------------------


def _date(sign: str, value: str, today: datetime.date) -> DateTerm:
    """Whole days of local time; both ends of a range belong to it."""
    low, dots, high = value.partition("..")
    if dots and sign in {":", "="} and (low or high):
        since, until = (_span(low, today)[0] if low else None), (_span(high, today)[1] if high else None)
        told = " ".join(text for text in (f"from {low}" if low else "", f"until {high}" if high else "") if text)
    else:
        first, after = _span(value, today)
        bounds = {":": (first, after), "=": (first, after), ">=": (first, None), ">": (after, None),
                  "<": (None, first), "<=": (None, after)}  # fmt: skip
        if sign not in bounds:
            raise SearchError(f"write -date:{value} instead of date{sign}{value}")
        since, until = bounds[sign]
        spoken = {":": "on", "=": "on", ">=": "from", ">": "after", "<": "before", "<=": "until"}
        told = f"{spoken[sign]} {value}"
    return DateTerm(_epoch_s(since), _epoch_s(until), told)


def _span(text: str, today: datetime.date) -> tuple[datetime.date, datetime.date]:
    """First day, and the day after the last one, of a year, a month or a day."""
    day = datetime.timedelta(days=1)
    word = text.casefold()
    if word in {"today", "yesterday"}:
        first = today if word == "today" else today - day
        return first, first + day
    found = re.fullmatch(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?", text)
    if found is None or not _FIRST_YEAR <= int(found[1]) <= _LAST_YEAR:
        raise SearchError(_not_a_date(text))
    year, month, dom = int(found[1]), int(found[2] or 1), int(found[3] or 1)
    try:
        first = datetime.date(year, month, dom)
    except ValueError as error:
        raise SearchError(_not_a_date(text)) from error
    if found[2] is None:
        return first, datetime.date(year + 1, 1, 1)
    if found[3] is None:
        return first, datetime.date(year + month // 12, month % 12 + 1, 1)
    return first, first + day


def _not_a_date(text: str) -> str:
    return f"'{text}' is not a date: write 2026-11-20, 2026-11, 2026, today, yesterday, or a range 2026-11-20.."


def _epoch_s(day: datetime.date | None) -> float | None:
    """Midnight of local time at the beginning of ``day``."""
    return None if day is None else datetime.datetime.combine(day, datetime.time()).astimezone().timestamp()


# --- helpers -------------------------------------------------------------------------------------------------------


def _names(term: Term) -> tuple[str, ...]:
    if isinstance(term, NumberTerm | WordTerm):
        return (term.name,)
    if isinstance(term, NotTerm):
        return _names(term.term)
    return tuple(name for each in term.terms for name in _names(each)) if isinstance(term, AllTerm) else ()


def _example(name: str, sign: str) -> str:
    known = {"verdict": "failed", "kind": "photons", "date": "2026-11-20", "sample": "CdSe", "procedure": "esr"}
    return known.get(name.casefold(), "10" if sign != ":" else "text")
