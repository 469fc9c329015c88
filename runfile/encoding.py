"""JSON in and out of the run file: strict JSON, no pickle, nothing that runs code when read."""

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from runfile.results import Analysis, Check, Result, Verdict

JSON = dict[str, Any] | list[Any] | str | int | float | bool | None
"""What a note may hold: dicts, lists, strings, numbers, booleans, None."""

_SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def plain(value: object) -> JSON:
    """Turn numpy scalars and arrays, tuples and mappings into plain JSON values.

    Numbers that are not finite become ``None``: strict JSON has no word for them. Anything else that
    JSON does not know is written as its text.
    """
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return str(value)


def to_json(value: object) -> str:
    """Strict JSON text of ``value`` (see :func:`plain`)."""
    return json.dumps(plain(value), allow_nan=False, ensure_ascii=False, indent=1)


def _number_out(value: float) -> float | str:
    """A float, or its name when it is not finite: results must tell NaN from infinity."""
    number = float(value)
    if math.isfinite(number):
        return number
    return "NaN" if math.isnan(number) else ("Infinity" if number > 0 else "-Infinity")


def _number_in(value: float | str) -> float:
    return _SPECIAL[value] if isinstance(value, str) else float(value)


def results_to_json(results: Mapping[str, Result]) -> str:
    """Results as a JSON object: name -> value, stderr, unit, method, interval, confidence."""
    encoded = {
        name: {
            "value": _number_out(result.value),
            "stderr": _number_out(result.stderr),
            "unit": result.unit,
            "method": result.method,
            "interval": None if result.interval is None else [_number_out(edge) for edge in result.interval],
            "confidence": result.confidence,
        }
        for name, result in results.items()
    }
    return to_json(encoded)


def verdict_to_json(verdict: Verdict) -> str:
    """The verdict as a JSON object: passed, reason, checks."""
    checks = [{"name": c.name, "passed": bool(c.passed), "detail": c.detail} for c in verdict.checks]
    return to_json({"passed": verdict.passed, "reason": verdict.reason, "checks": checks})


def analysis_from_json(results: str, verdict: str, warnings: str) -> Analysis:
    """Inverse of :func:`results_to_json`, :func:`verdict_to_json` and the JSON list of warnings."""
    decoded: dict[str, Result] = {}
    for name, item in json.loads(results).items():
        interval = item["interval"]
        decoded[name] = Result(
            value=_number_in(item["value"]),
            stderr=_number_in(item["stderr"]),
            unit=item["unit"],
            method=item["method"],
            interval=None if interval is None else (_number_in(interval[0]), _number_in(interval[1])),
            confidence=item["confidence"],
        )
    checks = tuple(Check(c["name"], c["passed"], c["detail"]) for c in json.loads(verdict)["checks"])
    return Analysis(decoded, Verdict(checks), tuple(json.loads(warnings)))
