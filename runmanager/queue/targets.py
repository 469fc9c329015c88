"""Ending a run as soon as its results are as certain as was asked for.

The ordinary analysis is made of what is recorded so far, between two steps of the measurement, for at most a
twentieth of the bench's time. A standard error found from few counts can be small by chance, so a target counts as
met when two looks in a row say so. Only uncertainties decide, never values: waiting for a value to come out as
wished would bias it.
"""

import math
import time
from collections.abc import Callable

from runfile.reading import RecordedRun
from runfile.results import Result
from runmanager.errors import BadInputError
from runmanager.queue.entries import Target
from runmanager.queue.running_analysis import analyse_so_far

SHARE = 0.05
"""Largest share of the bench's time that the looks take."""
LOOKS = 2
"""Looks in a row that must agree."""


class TargetWatch:
    """Ask it after each step of the measurement: the reason to end, or "".

    ``snapshot``: what is recorded so far, None before there is anything.
    """

    def __init__(self, until: tuple[Target, ...], snapshot: Callable[[], RecordedRun | None]) -> None:
        self._until, self._snapshot = until, snapshot
        self._next_s = -math.inf
        self._n_met = 0

    def __call__(self, bench_s: float) -> str:
        """``bench_s``: bench time since the start of the run, s. Looks only if the last look is paid for."""
        if not self._until or bench_s < self._next_s:
            return ""
        began_s = time.perf_counter()
        run = self._snapshot()
        if run is None:
            return ""
        results, _ = analyse_so_far(run)
        met = all(is_met(target, results) for target in self._until)
        self._n_met = self._n_met + 1 if met else 0
        self._next_s = bench_s + (time.perf_counter() - began_s) / SHARE
        return _reason(self._until, results) if self._n_met >= LOOKS else ""


def is_met(target: Target, results: dict[str, Result]) -> bool:
    """True when the result is there, is a number, and its standard error is positive and small enough."""
    found = results.get(target.result)
    if found is None or not math.isfinite(found.value):
        return False
    return 0.0 < found.stderr <= target.stderr


def _reason(until: tuple[Target, ...], results: dict[str, Result]) -> str:
    each = [
        f"{target.result} is known to ±{results[target.result].stderr:.3g}{_unit(results[target.result].unit)} "
        f"(asked for: ±{target.stderr:g})"
        for target in until
    ]
    return "target reached: " + "; ".join(each)


def _unit(unit: str) -> str:
    return "" if unit in {"1", ""} else f" {unit}"


def check_targets(procedure: str, until: tuple[Target, ...]) -> None:
    """BadInputError for a result that the procedure does not give, or an uncertainty that is none."""
    from procedures.registry import result_names

    known = {name: unit for name, unit, _ in result_names(procedure)}
    for target in until:
        if target.result not in known:
            raise BadInputError(
                f"{procedure} has no result '{target.result}' to stop at; its results are: {', '.join(known)}"
            )
        if not (math.isfinite(target.stderr) and target.stderr > 0.0):
            raise BadInputError(
                f"{procedure}: the uncertainty of {target.result} to stop at is {target.stderr!r}"
                f"{_unit(known[target.result])}; give a positive number"
            )
