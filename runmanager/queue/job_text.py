"""Jobs, predictions, endings and entries as JSON text: how the store keeps them and what scripts and hooks are given.

JSON has no NaN and no infinity: in the store they stand as the words "nan", "inf" and "-inf" and come back as
numbers; documents for scripts (``entry_document``) have null there.
"""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from runfile.results import Check, Result, Verdict
from runmanager.queue.entries import Ending, Entry, Job, Prediction, Target

Number = Callable[[float], float | str | None]
SAMPLE_SUFFIXES = (".yaml", ".yml")


def absolute(job: Job) -> Job:
    """The same job with every path made absolute; a sample counts as a path when it looks like one."""
    sample = job.sample
    if sample is not None and (Path(sample).name != sample or Path(sample).suffix.lower() in SAMPLE_SUFFIXES):
        sample = str(Path(sample).absolute())
    return replace(
        job,
        sample=sample,
        out=job.out.absolute(),
        station=None if job.station is None else job.station.absolute(),
        faults=None if job.faults is None else job.faults.absolute(),
        continues=None if job.continues is None else job.continues.absolute(),
    )


def job_text(job: Job) -> str:
    """One job as text; equal jobs give equal texts."""
    return _dumps(job_document(job))


def job_from_text(text: str) -> Job:
    """The job of a text. ValueError, KeyError or TypeError for a text that is none."""
    read = json.loads(text)
    return Job(
        procedure=str(read["procedure"]),
        settings=tuple((str(name), str(value)) for name, value in read["settings"]),
        station=_path(read["station"]),
        twin=bool(read["twin"]),
        sample=None if read["sample"] is None else str(read["sample"]),
        seed=int(read["seed"]),
        out=Path(read["out"]),
        faults=_path(read["faults"]),
        until=tuple(Target(str(each["result"]), float(each["stderr"])) for each in read["until"]),
        continues=_path(read["continues"]),
    )


def prediction_text(prediction: Prediction) -> str:
    """One prediction as text."""
    return _dumps(_prediction_document(prediction, _word))


def prediction_from_text(text: str) -> Prediction:
    """The prediction of a text. ValueError, KeyError or TypeError for a text that is none."""
    read = json.loads(text)
    return Prediction(
        duration_s=float(read["duration_s"]),
        photons=int(read["photons"]),
        results=_results(read["results"]),
        passed=bool(read["passed"]),
        violations=tuple(str(each) for each in read["violations"]),
        wall_s=float(read["wall_s"]),
    )


def ending_text(ending: Ending) -> str:
    """One ending as text."""
    return _dumps(_ending_document(ending, _word))


def ending_from_text(text: str) -> Ending:
    """The ending of a text. ValueError, KeyError or TypeError for a text that is none."""
    read = json.loads(text)
    return Ending(
        exit_code=int(read["exit_code"]),
        finished_at=float(read["finished_at"]),
        duration_s=float(read["duration_s"]),
        results=_results(read["results"]),
        checks=tuple(Check(str(c["name"]), bool(c["passed"]), str(c["detail"])) for c in read["checks"]),
        passed=None if read["passed"] is None else bool(read["passed"]),
        message=str(read["message"]),
        unsafe=str(read["unsafe"]),
    )


def job_document(job: Job) -> dict[str, Any]:
    """A job as plain values for JSON."""
    return {
        "procedure": job.procedure,
        "settings": [[name, value] for name, value in job.settings],
        "station": _text(job.station),
        "twin": job.twin,
        "sample": job.sample,
        "seed": job.seed,
        "out": str(job.out),
        "faults": _text(job.faults),
        "until": [{"result": target.result, "stderr": _word(target.stderr)} for target in job.until],
        "continues": _text(job.continues),
    }


def entry_document(entry: Entry) -> dict[str, Any]:
    """An entry as plain values for JSON, for scripts and hooks: times in seconds since 1970, null for NaN."""
    prediction, ending = entry.prediction, entry.ending
    return {
        "id": entry.id,
        "status": entry.status.value,
        "job": job_document(entry.job),
        "added_at": entry.added_at,
        "started_at": entry.started_at,
        "run_file": _text(entry.run_file),
        "fraction": entry.fraction,
        "what": entry.what,
        "confirmed": entry.confirmed,
        "blocked": entry.blocked,
        "repeats": entry.repeats,
        "prediction": None if prediction is None else _prediction_document(prediction, _null),
        "ending": None if ending is None else _told_ending(ending),
    }


def _told_ending(ending: Ending) -> dict[str, Any]:
    return {**_ending_document(ending, _null), "verdict": Verdict(ending.checks).reason if ending.checks else None}


def _prediction_document(prediction: Prediction, number: Number) -> dict[str, Any]:
    return {
        "duration_s": number(prediction.duration_s),
        "photons": int(prediction.photons),
        "results": _results_document(prediction.results, number),
        "passed": bool(prediction.passed),
        "violations": list(prediction.violations),
        "wall_s": number(prediction.wall_s),
    }


def _ending_document(ending: Ending, number: Number) -> dict[str, Any]:
    return {
        "exit_code": ending.exit_code,
        "finished_at": number(ending.finished_at),
        "duration_s": number(ending.duration_s),
        "results": _results_document(ending.results, number),
        "checks": [{"name": c.name, "passed": bool(c.passed), "detail": c.detail} for c in ending.checks],
        "passed": None if ending.passed is None else bool(ending.passed),
        "message": ending.message,
        "unsafe": ending.unsafe,
    }


def _results_document(results: dict[str, Result], number: Number) -> dict[str, Any]:
    return {
        name: {
            "value": number(result.value),
            "stderr": number(result.stderr),
            "unit": result.unit,
            "method": result.method,
            "interval": None if result.interval is None else [number(edge) for edge in result.interval],
            "confidence": result.confidence,
        }
        for name, result in results.items()
    }


def _results(read: dict[str, Any]) -> dict[str, Result]:
    return {name: _result(each) for name, each in read.items()}


def _result(read: dict[str, Any]) -> Result:
    interval = read["interval"]
    return Result(
        value=float(read["value"]),
        stderr=float(read["stderr"]),
        unit=str(read["unit"]),
        method=str(read["method"]),
        interval=None if interval is None else (float(interval[0]), float(interval[1])),
        confidence=None if read["confidence"] is None else float(read["confidence"]),
    )


def _word(value: float) -> float | str:
    number = float(value)
    return number if math.isfinite(number) else str(number)


def _null(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)


def _dumps(document: dict[str, Any]) -> str:
    return json.dumps(document, allow_nan=False)
