"""One job becomes many: a parameter over a range or a list, several parameters over their product; controls."""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

from runmanager.errors import BadInputError
from runmanager.queue.entries import Job
from runmanager.queue.jobs import with_setting

MAX_JOBS = 10_000
CONTROL = "control"
FORM = "NAME=first:last:n, NAME=first:last:n:log or NAME=value,value,…"


@dataclass(frozen=True)
class Axis:
    """One scanned parameter: its values as they are set, in order."""

    name: str
    values: tuple[str, ...]


def expand(job: Job, *scans: str) -> tuple[Job, ...]:
    """All jobs of a scan: the product of the axes, the last one fastest.

    Each of ``scans`` reads ``NAME=first:last:n`` (n equidistant values, both ends included), ``NAME=first:last:n:log``
    (equal ratios) or ``NAME=value,value,…``. BadInputError for a text of another form, a value outside the
    parameter's limits, a parameter scanned twice, and more than 10,000 jobs.
    """
    axes = [parse(text) for text in scans]
    names = [axis.name for axis in axes]
    for name in names:
        if names.count(name) > 1:
            raise BadInputError(f"'{name}' is scanned twice; give one range")
    count = math.prod(len(axis.values) for axis in axes)
    if count > MAX_JOBS:
        raise BadInputError(f"the scan has {count:,} runs; at most {MAX_JOBS:,} are queued at once: take fewer values")
    for axis in axes:
        _check(job, axis)
    jobs = []
    for values in itertools.product(*(axis.values for axis in axes)):
        scanned = job
        for name, value in zip(names, values, strict=True):
            scanned = with_setting(scanned, name, value)
        jobs.append(scanned)
    return tuple(jobs)


def parse(text: str) -> Axis:
    """One axis from its text; BadInputError for another form."""
    name, equals, rest = (part.strip() for part in text.partition("="))
    if not equals or not name or not rest:
        raise BadInputError(f"'{text}' is not of the form {FORM}")
    if ":" in rest:
        return Axis(name, _range(text, [part.strip() for part in rest.split(":")]))
    values = tuple(value.strip() for value in rest.split(","))
    if not all(values):
        raise BadInputError(f"'{text}' has an empty value; it is {FORM}")
    return Axis(name, values)


def with_control(job: Job, control: str) -> Job:
    """The same job as a control measurement, e.g. "laser blocked"; BadInputError if the procedure has none such."""
    from runmanager.engine import make_experiment

    controlled = with_setting(job, CONTROL, control)
    make_experiment(controlled.procedure, controlled.settings)
    return controlled


def _range(text: str, parts: list[str]) -> tuple[str, ...]:
    if len(parts) == 4 and parts[3] == "log":
        spread: Callable[[float, float, int], list[float]] = _equal_ratios
    elif len(parts) == 3:
        spread = _equidistant
    else:
        raise BadInputError(f"'{text}' is not of the form {FORM}")
    try:
        first, last, n = float(parts[0]), float(parts[1]), int(parts[2])
    except ValueError as error:
        raise BadInputError(f"'{text}': first and last must be bare numbers and n a whole one ({error})") from error
    if not (math.isfinite(first) and math.isfinite(last)):
        raise BadInputError(f"'{text}': first and last must be finite")
    if n < 2:
        raise BadInputError(f"'{text}': a range needs at least 2 values, not {n}")
    if n > MAX_JOBS:
        raise BadInputError(f"'{text}': has {n:,} values; at most {MAX_JOBS:,} runs are queued at once")
    if first == last:
        raise BadInputError(f"'{text}': first and last are the same; for {n} equal runs queue one and duplicate it")
    if spread is _equal_ratios and not first * last > 0.0:
        raise BadInputError(f"'{text}': equal ratios need two numbers of the same sign, neither of them 0")
    return tuple(f"{value:.12g}" for value in spread(first, last, n))


def _equidistant(first: float, last: float, n: int) -> list[float]:
    return [(first * (n - 1 - k) + last * k) / (n - 1) for k in range(n)]


def _equal_ratios(first: float, last: float, n: int) -> list[float]:
    ratio = last / first
    return [first, *(first * ratio ** (k / (n - 1)) for k in range(1, n - 1)), last]


def _check(job: Job, axis: Axis) -> None:
    """BadInputError for the first value that the procedure refuses."""
    from runmanager.engine import make_experiment

    experiment = make_experiment(job.procedure, job.settings)
    from procedures.errors import ParameterError

    for value in axis.values:
        if axis.name == CONTROL:  # a value that exists, but says nothing about this procedure
            with_control(job, value)
        try:
            experiment.set_parameter(axis.name, value)
        except ParameterError as error:
            raise BadInputError(str(error)) from error
