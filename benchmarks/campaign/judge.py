"""One run of the campaign, and what became of it."""

import logging
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from campaign.cases import PROCEDURES, Baseline, Case
from campaign.witness import Witness, left_on, lost_points, watching
from runfile.results import Analysis
from runmanager import engine
from runmanager.errors import BadInputError, RefusedRunError
from sims.faults.plan import FaultPlan
from sims.twin import Twin

ALIASES = {"opo_vis": "opo"}
"""Names in the station file where they differ from the twin's."""
TWIN_SEED = 5
LONGEST_WAITS_S = 4 * 3600.0
"""What the drivers' stated timeouts (cryostat, magnet, dialling lasers) can add to a run, bench seconds."""
AGREEMENT = 5.0
"""A value that passed may differ from the fault-free one by so many combined standard errors."""


@dataclass(frozen=True)
class Judgement:
    """A row of the campaign's table. ``verdict`` is one of the keys of ``summary.MEANING``."""

    number: int
    station: str
    procedure: str
    fault: str
    instrument: str
    verdict: str
    exit_code: int
    struck: int
    points: int
    bench_s: float
    detail: str

    def as_json(self) -> dict[str, Any]:
        """For the table."""
        return asdict(self)


def fault_free(station: str, procedure: str, path: Path, folder: Path) -> Baseline:
    """The run against which the others are judged. RuntimeError when it does not complete."""
    plan = _write_plan(FaultPlan(), folder)
    with watching() as witness:
        outcome = engine.run(_request(procedure, path, plan, folder))
    injector = None if witness.twin is None else witness.twin.faults
    problem = lost_points(witness, outcome.run_file)
    if outcome.exit_status != "completed" or outcome.unsafe or injector is None or problem:
        raise RuntimeError(f"{procedure} on {station} fails without faults: {outcome.message}{outcome.unsafe}{problem}")
    outcome.run_file.unlink()
    return Baseline(
        station,
        procedure,
        injector.messages,
        outcome.duration_s,
        _numbers(outcome.analysis),
        outcome.analysis.verdict.passed,
    )


def judge(case: Case, baseline: Baseline, path: Path, folder: Path) -> Judgement:
    """Run a case and say what became of it. Never raises for anything the run does."""
    logging.disable(logging.CRITICAL)  # exit code and table say it
    plan = _write_plan(case.plan, folder)
    outcome: engine.RunOutcome | None = None
    refusal = crash = ""
    with watching() as witness:
        try:
            outcome = engine.run(_request(case.procedure, path, plan, folder))
        except (BadInputError, RefusedRunError) as error:
            refusal = str(error)
        except Exception as error:  # noqa: BLE001 - that is the finding
            crash = f"{type(error).__name__}: {error}"
    judgement = _judged(case, baseline, witness, outcome, refusal, crash)
    for leftover in folder.glob("*.h5"):
        leftover.unlink()
    return judgement


def _judged(
    case: Case, baseline: Baseline, witness: Witness, outcome: engine.RunOutcome | None, refusal: str, crash: str
) -> Judgement:
    twin = witness.twin
    struck = 0 if twin is None or twin.faults is None else len(twin.faults.struck)
    bench_s = 0.0 if twin is None else twin.clock.now_s()
    remaining = [] if twin is None else left_on(twin)
    lost = "" if outcome is None else lost_points(witness, outcome.run_file)
    wrong = "" if outcome is None else wrong_numbers(outcome.analysis, baseline)
    code = outcome.exit_code if outcome is not None else 2
    shut_out = refusal or (outcome.message if outcome is not None else "")
    if crash:
        verdict, detail = "crashed", crash
    elif lost:
        verdict, detail = "lost", lost
    elif remaining and code != engine_unsafe() and _is_dark_and_told(twin, remaining, outcome):
        verdict, detail = "dark, told", f"{', '.join(remaining)} | {'; '.join(outcome.notes if outcome else ())}"
    elif remaining and code != engine_unsafe():
        verdict, detail = "unsafe", f"{', '.join(remaining)} (exit code {code}: {shut_out})"
    elif wrong:
        verdict, detail = "wrong", wrong
    elif bench_s > baseline.duration_s + LONGEST_WAITS_S:
        verdict, detail = "hung", f"{bench_s:.0f} s of bench time: {shut_out}"
    elif struck == 0:
        verdict, detail = "not struck", shut_out
    elif code == engine_unsafe():
        verdict = "left on, said so" if remaining else "safe, not confirmed"
        detail = f"{', '.join(remaining)} | {outcome.unsafe if outcome is not None else ''}"
    elif code == 0:
        verdict, detail = "survived", ""
    else:
        reason = outcome.analysis.verdict.reason if outcome is not None and code == 1 else shut_out
        verdict, detail = "detected", reason
    return Judgement(
        case.number,
        case.station,
        case.procedure,
        case.kind,
        case.instrument,
        verdict,
        code,
        struck,
        witness.points(),
        round(bench_s, 3),
        detail[:400],
    )


def _is_dark_and_told(twin: Twin | None, remaining: list[str], outcome: engine.RunOutcome | None) -> bool:
    """A laser still emits, but the shutter before the sample is truly closed and the run's notes name the laser."""
    only_light = all(each.startswith("light from ") for each in remaining)
    told = " ".join(outcome.notes) if outcome is not None else ""
    names = [each.removeprefix("light from ") for each in remaining]
    return (
        only_light
        and twin is not None
        and not twin.models.sc10.is_open()
        and all(any(alias in told for alias in (name, ALIASES.get(name, name))) for name in names)
    )


def engine_unsafe() -> int:
    """Exit code of a run whose safe state was not confirmed."""
    return 4


def wrong_numbers(analysis: Analysis, baseline: Baseline) -> str:
    """Empty unless the verdict passed with a value that disagrees with the fault-free run's."""
    if not analysis.verdict.passed:
        return ""
    for name, (value, stderr) in _numbers(analysis).items():
        expected, expected_stderr = baseline.results.get(name, (math.nan, math.nan))
        if math.isnan(value) or math.isnan(expected):
            continue
        allowed = AGREEMENT * math.hypot(stderr, expected_stderr)
        if not abs(value - expected) <= allowed + 1e-9 * abs(expected):
            return f"{name} = {value:.6g} ± {stderr:.2g} passed; without faults {expected:.6g} ± {expected_stderr:.2g}"
    return ""


def _numbers(analysis: Analysis) -> dict[str, tuple[float, float]]:
    """Value and standard error by name. Counts are left out: how bright the dot was is no statement about it."""
    stated = {name: result for name, result in analysis.results.items() if "counts" not in (name, result.unit)}
    return {
        name: (float(result.value), float(result.stderr))
        for name, result in stated.items()
        if not name.endswith("_counts")
    }


def _request(procedure: str, station: Path, plan: Path, folder: Path) -> engine.RunRequest:
    return engine.RunRequest(
        procedure,
        station=station,
        twin=True,
        seed=TWIN_SEED,
        settings=PROCEDURES[procedure],
        out=folder,
        faults=plan,
    )


def _write_plan(plan: FaultPlan, folder: Path) -> Path:
    path = folder / "faults.yaml"
    with path.open("w", encoding="utf-8") as stream:
        YAML(typ="safe", pure=True).dump(plan.model_dump(mode="json", exclude_none=True), stream)
    return path
