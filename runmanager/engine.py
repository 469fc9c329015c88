"""The run engine: one run from checked input to run file, results and safe state. Holds no physics."""

import logging
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from runfile.results import Analysis, Check, Verdict
from runmanager.errors import BadInputError
from runmanager.interrupt import StopRequest, stop_on_signals

if TYPE_CHECKING:
    from instruments.bench import Bench
    from procedures.experiment import Experiment
    from runfile.writer import RunWriter
    from runmanager.assemble import AssembledBench
    from runmanager.samples import SampleSheet

log = logging.getLogger(__name__)

Report = Callable[[float, str], None]
RECORDED_PACKAGES = ("solotron", "numpy", "scipy", "h5py", "qcodes", "pymeasure", "pyvisa", "pyvisa-sim")
SETTLED_K = 0.05  # a bench this close to the station's conditions is left as it is
SETTLED_T = 1e-4


@dataclass(frozen=True)
class RunRequest:
    """What the user asked for, not yet checked."""

    procedure: str
    station: Path | None = None
    twin: bool = False
    sample: str | None = None
    seed: int = 1
    settings: tuple[tuple[str, str], ...] = ()
    out: Path = Path("runs")


@dataclass(frozen=True)
class RunOutcome:
    """How a run ended. ``message`` says why when it did not complete; ``unsafe`` when a person must act."""

    run_file: Path
    exit_status: str
    analysis: Analysis
    duration_s: float
    message: str = ""
    unsafe: str = ""
    figure: Path | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def exit_code(self) -> int:
        """0 passed, 1 verdict failed, 3 not completed, 4 safe state not confirmed."""
        if self.unsafe:
            return 4
        if self.exit_status != "completed":
            return 3
        return 0 if self.analysis.verdict.passed else 1


def run(request: RunRequest, *, report: Report = lambda fraction, what: None) -> RunOutcome:
    """Run one experiment. BadInputError before anything moves; afterwards every end is a RunOutcome."""
    experiment = make_experiment(request.procedure, request.settings)
    from runmanager.assemble import assemble, read_station
    from runmanager.samples import read_sample

    config = read_station(request.station, twin=request.twin)
    sheet = read_sample(request.sample, twin=config.twin)
    path = new_run_file(request.out, request.procedure)
    stop = StopRequest()
    with (
        stop_on_signals(stop),
        assemble(config, sheet, seed=request.seed, needs=experiment.NEEDS, stop=stop) as assembled,
    ):
        _check(experiment, assembled.bench, sheet)
        return _run_on(assembled, experiment, request, sheet, path, stop, report)


def make_experiment(name: str, settings: tuple[tuple[str, str], ...]) -> "Experiment":
    """The experiment with its parameters set; BadInputError for an unknown name, parameter or value."""
    from procedures import registry
    from procedures.errors import ParameterError

    if name not in registry.PROCEDURES:
        raise BadInputError(f"unknown procedure '{name}'; there are: {', '.join(registry.PROCEDURES)}")
    try:
        return registry.load(name)(**dict(settings))
    except ParameterError as error:
        raise BadInputError(str(error)) from error


def new_run_file(folder: Path, procedure: str) -> Path:
    """Create the output folder, prove that it can be written, and name a new run file in it; BadInputError if not."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise BadInputError(
            f"the output folder {folder} cannot be written ({error.strerror or error}): choose another with --out"
        ) from error
    return folder / f"{procedure}-{stamp}-{uuid.uuid4().hex[:6]}.h5"


def _check(experiment: "Experiment", bench: "Bench", sheet: "SampleSheet") -> None:
    from instruments.errors import BenchError
    from procedures.errors import RefusedError

    try:
        experiment.check(bench, sheet.values)
    except (RefusedError, BenchError) as error:
        raise BadInputError(f"{experiment.NAME} refused: {error}") from error


def _run_on(
    assembled: "AssembledBench",
    experiment: "Experiment",
    request: RunRequest,
    sheet: "SampleSheet",
    path: Path,
    stop: StopRequest,
    report: Report,
) -> RunOutcome:
    bench = assembled.bench
    began_s = bench.clock.now_s()
    from runfile.errors import RunFileError

    try:
        recorder = _open_run_file(path, experiment, bench, sheet, request.seed if assembled.is_twin else None)
    except RunFileError as error:
        raise BadInputError(str(error)) from error
    experiment.attach(bench, recorder, sheet.values, stop_requested=stop.is_set, report=report)
    status, message = _execute(experiment, bench, recorder)
    assembled.clock.armed = False
    unsafe = _reach_safe_state(bench, recorder)
    duration_s = bench.clock.now_s() - began_s
    message = _finish(recorder, status, duration_s, message)
    if message and status == "completed":
        status = "failed"
    return RunOutcome(
        run_file=path,
        exit_status=status,
        analysis=analyse_and_store(recorder, status),
        duration_s=duration_s,
        message=message,
        unsafe=unsafe,
        figure=draw(path),
    )


def _open_run_file(
    path: Path, experiment: "Experiment", bench: "Bench", sheet: "SampleSheet", seed: int | None
) -> "RunWriter":
    from runfile.writer import Parameter, RunWriter

    units = experiment.parameter_units()
    return RunWriter.create(
        path,
        procedure=experiment.NAME,
        title=f"{experiment.NAME} on {sheet.sample.name}",
        parameters={name: Parameter(getattr(experiment, name), unit) for name, unit in units.items()},
        station=bench.config.text,
        snapshot=bench.snapshot(),
        sample_sheet=sheet.text,
        sample=sheet.values,
        conditions=bench.conditions.model_dump(exclude_none=True),
        versions={name: metadata.version(name) for name in RECORDED_PACKAGES},
        seed=seed,
    )


def _execute(experiment: "Experiment", bench: "Bench", recorder: "RunWriter") -> tuple[str, str]:
    """Run; (exit status, message). Every failure ends here: the safe state and the file come next."""
    from procedures.errors import RefusedError, StoppedError

    try:
        _reach_conditions(bench)
        experiment.execute()
    except (StoppedError, KeyboardInterrupt) as error:
        return "aborted", str(error) or "stopped by the operator"
    except RefusedError as error:
        return "aborted", str(error)
    except Exception as error:
        log.debug("the run failed", exc_info=True)
        return "failed", f"{type(error).__name__}: {error}"
    return "completed", ""


def _reach_conditions(bench: "Bench") -> None:
    """Bring temperature and field to what the station file asks for, if they are elsewhere."""
    wanted = bench.conditions
    if bench.has_role("cryostat") and wanted.temperature_k is not None:
        cryostat = bench.role("cryostat")
        if abs(cryostat.temperature_k() - wanted.temperature_k) > SETTLED_K:
            cryostat.set_temperature(wanted.temperature_k)
    if bench.has_role("magnet") and wanted.field_t is not None:
        magnet = bench.role("magnet")
        if abs(magnet.field_t() - wanted.field_t) > SETTLED_T:
            magnet.set_field(wanted.field_t)


def _reach_safe_state(bench: "Bench", recorder: "RunWriter") -> str:
    """Safe state; "" when confirmed, else what to do by hand."""
    from instruments.errors import UnsafeError

    try:
        bench.safe_state().raise_if_unsafe()
    except UnsafeError as error:
        _try_to_log(recorder, f"UNSAFE: {error}")
        return str(error)
    _try_to_log(recorder, "safe state confirmed")
    return ""


def _try_to_log(recorder: "RunWriter", text: str) -> None:
    from runfile.errors import RunFileError

    try:
        recorder.log(text)
    except RunFileError as error:
        log.warning("the run's log could not be written: %s", error)


def _finish(recorder: "RunWriter", status: str, duration_s: float, message: str) -> str:
    """Close the file; returns the message, extended if even that failed (a full disk)."""
    from runfile.errors import RunFileError

    try:
        if message:
            recorder.log(message)
        recorder.finish(status, duration_s)
    except RunFileError as error:
        return f"{message}; " * bool(message) + f"the run file could not be completed: {error}"
    return message


def analyse_and_store(recorder: "RunWriter", status: str) -> Analysis:
    """Analyse a finished run file and write results and verdict into it."""
    from analysis import registry
    from analysis.errors import AnalysisError
    from runfile.errors import RunFileError
    from runfile.reader import RunFile

    try:
        with RunFile(recorder.path) as recorded:
            analysis = registry.analyse(recorded)
        recorder.write_analysis(analysis)
    except (AnalysisError, RunFileError) as error:
        check = Check("analysed", passed=False, detail=f"the run ({status}) could not be analysed: {error}")
        return Analysis({}, Verdict((check,)))
    return analysis


def draw(path: Path) -> Path | None:
    """The figure of a run, beside its file; None when there is nothing to draw."""
    from analysis import registry
    from analysis.errors import AnalysisError
    from runfile.errors import RunFileError
    from runfile.reader import RunFile

    target = path.with_suffix(".png")
    try:
        with RunFile(path) as recorded:
            figure = registry.figure(recorded)
        figure.savefig(target, dpi=150)
    except (AnalysisError, RunFileError, OSError) as error:
        log.warning("no figure of %s: %s", path, error)
        return None
    return target
