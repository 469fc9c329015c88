"""What the command line prints: for people, or one JSON object for scripts."""

import json
import math
import sys
from typing import Any

from runfile.results import Analysis, Result
from runmanager.engine import RunOutcome
from runmanager.errors import BadInputError
from runmanager.forecast import Forecast
from runmanager.numbers import duration, with_error
from runmanager.offline import FileAnalysis
from runmanager.station_check import StationFindings


def print_procedures(name: str | None) -> None:
    """The list of experiments, or one experiment's parameters."""
    from procedures import registry

    if name is None:
        width = max(len(key) for key in registry.PROCEDURES)
        for key, entry in registry.PROCEDURES.items():
            print(f"{key:<{width}}  {entry.measures}")
        return
    if name not in registry.PROCEDURES:
        raise BadInputError(f"unknown procedure '{name}'; there are: {', '.join(registry.PROCEDURES)}")
    print(f"{name}: {registry.PROCEDURES[name].measures}\n\nparameters (--set NAME=VALUE):")
    for key, parameter in registry.load(name).parameters().items():
        more = f" ({parameter.description})" if parameter.description else ""
        print(f"  {key} = {parameter}    {parameter.name}{more}")


def print_outcome(outcome: RunOutcome, *, as_json: bool) -> None:
    """The end of a run. Safety first: an unconfirmed safe state is shouted on stderr."""
    if outcome.unsafe:
        print(f"solotron: SAFE STATE NOT CONFIRMED. Do this by hand now: {outcome.unsafe}", file=sys.stderr)
    if outcome.message:
        print(f"solotron: run {outcome.exit_status}: {' '.join(outcome.message.split())}", file=sys.stderr)
    for note in outcome.notes:
        print(f"note: {note}", file=sys.stderr)
    if as_json:
        document: dict[str, Any] = {
            "run_file": str(outcome.run_file),
            "exit_status": outcome.exit_status,
            **analysis_document(outcome.analysis),
            "duration_s": _number(outcome.duration_s),
        }
        if outcome.figure is not None:
            document["figure"] = str(outcome.figure)
        if outcome.message:
            document["message"] = outcome.message
        if outcome.unsafe:
            document["unsafe"] = outcome.unsafe
        if outcome.notes:
            document["notes"] = list(outcome.notes)
        _print_json(document)
        return
    print(f"{outcome.exit_status} in {duration(outcome.duration_s)} of bench time")
    _print_analysis(outcome.analysis)
    print(f"run file  {outcome.run_file}")
    if outcome.figure is not None:
        print(f"figure    {outcome.figure}")


def print_refusal(message: str) -> None:
    """The JSON object of a command that was refused or stopped before anything moved: same keys, nothing in them."""
    document: dict[str, Any] = {
        "run_file": None,
        "exit_status": "failed",
        "results": {},
        "verdict": {"passed": False, "reason": message, "checks": []},
        "warnings": [],
        "duration_s": 0.0,
        "message": message,
    }
    _print_json(document)


def print_forecast(prediction: Forecast, *, as_json: bool) -> None:
    """What a dry run predicts."""
    if as_json:
        _print_json(
            {
                "procedure": prediction.procedure,
                "duration_s": _number(prediction.duration_s),
                "photons": prediction.photons,
                **analysis_document(prediction.analysis),
                "violations": list(prediction.violations),
            }
        )
        return
    if prediction.duration_s == 0.0:
        print(f"{prediction.procedure} would not start")
    else:
        word = "break off after" if prediction.violations else "take"
        took = duration(prediction.duration_s)
        print(f"{prediction.procedure} would {word} {took} and count {prediction.photons:,} photons")
    for violation in prediction.violations:
        print(f"violation: {' '.join(violation.split())}")
    if not prediction.analysis.verdict.checks:
        return
    print("expected (values are the twin's, the errors are what to plan with):")
    _print_analysis(prediction.analysis)


def print_analyses(analyses: list[FileAnalysis], *, as_json: bool, several: bool) -> None:
    """Analyses of files; one object for one file, ``{"analyses": [...]}`` when ``several`` were asked for."""
    if as_json:
        documents = [_file_document(analysis) for analysis in analyses]
        _print_json({"analyses": documents} if several else documents[0])
        for analysis in analyses:
            _warn(analysis.analysis)
        return
    for analysis in analyses:
        print(f"{analysis.path}  ({analysis.exit_status}, {duration(analysis.duration_s)})")
        _print_analysis(analysis.analysis)
        if analysis.report is not None:
            print(f"report    {analysis.report}")


def print_station(findings: StationFindings, *, as_json: bool) -> None:
    """Who answered, which limits are in force, how the interlocks stand, what is missing and what cannot run."""
    if as_json:
        rows = [row | {"round_trip_ms": _number(row["round_trip_ms"])} for row in findings.as_rows()]
        _print_json(
            {
                "passed": findings.passed,
                "instruments": rows,
                "limits": findings.limits,
                "unbound_roles": list(findings.unbound_roles),
                "procedures": {
                    each.procedure: {"can_run": not each.lacks, "lacks": each.lacks} for each in findings.procedures
                },
            }
        )
        return
    for found in findings.findings:
        mark = "ok     " if found.ok else "MISSING"
        answered = f"{found.round_trip_ms:>7.1f} ms" if found.ok else f"{'':>10}"
        firmware = f" (firmware {found.firmware})" if found.firmware else ""
        print(f"{mark} {found.instrument:<14} {found.identity + firmware:<58} {answered}  {found.detail}")
        for keyword, value in (found.limits or {}).items():
            print(f"        limit      {keyword} = {value}")
        for interlock in found.interlocks:
            print(f"        interlock  {interlock.what}: {interlock.state.upper()}: {interlock.detail}")
    print("limits of the station: " + ", ".join(f"{name} = {value:g}" for name, value in findings.limits.items()))
    if findings.unbound_roles:
        print("roles that no instrument plays: " + ", ".join(findings.unbound_roles))
    for each in findings.procedures:
        why = "; ".join(f"{role}: {reason}" for role, reason in each.lacks.items())
        print(f"{each.procedure:<14} {'can run' if not each.lacks else 'CANNOT RUN: ' + why}")
    print("passed" if findings.passed else "NOT PASSED")


def _file_document(found: FileAnalysis) -> dict[str, Any]:
    document: dict[str, Any] = {
        "run_file": str(found.path),
        "exit_status": found.exit_status,
        **analysis_document(found.analysis),
        "duration_s": _number(found.duration_s),
    }
    if found.report is not None:
        document["report"] = str(found.report)
    return document


def analysis_document(analysis: Analysis) -> dict[str, Any]:
    """Results, verdict and warnings as plain values for JSON."""
    return {
        "results": {name: _result_document(result) for name, result in analysis.results.items()},
        "verdict": {
            "passed": analysis.verdict.passed,
            "reason": analysis.verdict.reason,
            "checks": [{"name": c.name, "passed": bool(c.passed), "detail": c.detail} for c in analysis.verdict.checks],
        },
        "warnings": list(analysis.warnings),
    }


def _result_document(result: Result) -> dict[str, Any]:
    document: dict[str, Any] = {
        "value": _number(result.value),
        "stderr": _number(result.stderr),
        "unit": result.unit,
        "method": result.method,
    }
    if result.interval is not None:
        document["interval"] = [_number(edge) for edge in result.interval]
        document["confidence"] = result.confidence
    return document


def _print_json(document: dict[str, Any]) -> None:
    print(json.dumps(document, allow_nan=False))


def _number(value: float) -> float | None:
    """JSON has no NaN: a number that could not be determined is null."""
    return float(value) if math.isfinite(value) else None


def _print_analysis(analysis: Analysis) -> None:
    width = max((len(name) for name in analysis.results), default=0)
    for name, result in analysis.results.items():
        print(f"  {name:<{width}}  {with_error(result)}")
    print(f"verdict   {'PASSED' if analysis.verdict.passed else 'FAILED'}: {analysis.verdict.reason}")
    for check in analysis.verdict.checks:
        print(f"  {'✓' if check.passed else '✗'} {check.name}: {check.detail}")
    _warn(analysis)


def _warn(analysis: Analysis) -> None:
    for warning in analysis.warnings:
        print(f"warning: {warning}", file=sys.stderr)
