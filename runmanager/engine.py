"""The run engine: one run from checked input to run file, results and safe state. Holds no physics."""

import logging
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from runfile.results import Analysis, Verdict
from runmanager.errors import BadInputError, RefusedRunError
from runmanager.interrupt import stop_on_signals
from runmanager.run_control import RunControl
from runmanager.run_end import analyse_and_store, draw
from runmanager.safety_net import SafetyNet

if TYPE_CHECKING:
    from instruments.bench import Bench
    from instruments.interlock_watch import InterlockWatch
    from instruments.station_file import Conditions
    from procedures.experiment import Experiment
    from runfile.reader import RunFile
    from runfile.writer import RunWriter
    from runmanager.assemble import AssembledBench
    from runmanager.observer import Announcer, Observer
    from runmanager.samples import SampleSheet

__all__ = ["Report", "RunOutcome", "RunRequest", "analyse_and_store", "draw", "make_experiment", "new_run_file", "run"]

log = logging.getLogger(__name__)

Report = Callable[[float, str], None]
RECORDED_PACKAGES = ("solotron", "numpy", "scipy", "h5py", "qcodes", "pymeasure", "pyvisa", "pyvisa-sim")
NEXT_SEED = 1_000_003  # prime, and far from the small numbers people choose
SETTLED_K = 0.05  # a bench this close to the station's conditions is left as it is
SETTLED_T = 1e-4


@dataclass(frozen=True)
class RunRequest:
    """What the user asked for, not yet checked.

    ``faults``: a fault file, for the twin. ``continues``: the run file of an interrupted run to go on from.
    """

    procedure: str
    station: Path | None = None
    twin: bool = False
    sample: str | None = None
    seed: int = 1
    settings: tuple[tuple[str, str], ...] = ()
    out: Path = Path("runs")
    faults: Path | None = None
    continues: Path | None = None


@dataclass(frozen=True)
class RunOutcome:
    """How a run ended. ``message`` says why when it did not complete; ``unsafe`` what a person must do now.

    ``notes``: in which state the bench was left, where that is not the station's.
    """

    run_file: Path
    exit_status: str
    analysis: Analysis
    duration_s: float
    message: str = ""
    unsafe: str = ""
    figure: Path | None = None
    notes: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 passed, 1 verdict failed, 3 not completed, 4 safe state not confirmed."""
        if self.unsafe:
            return 4
        if self.exit_status != "completed":
            return 3
        return 0 if self.analysis.verdict.passed else 1


def run(
    request: RunRequest,
    *,
    report: Report = lambda fraction, what: None,
    observer: "Observer | None" = None,
    control: RunControl | None = None,
) -> RunOutcome:
    """Run one experiment. BadInputError before anything moves; afterwards every end is a RunOutcome.

    ``observer`` is told of everything after it is on the disk; ``control`` stops, pauses and ends the run early.
    """
    from runmanager.assemble import assemble, read_faults, read_station
    from runmanager.observer import Announcer
    from runmanager.samples import read_sample

    experiment = make_experiment(request.procedure, request.settings)
    config = read_station(request.station, twin=request.twin)
    faults = read_faults(request.faults, twin=config.twin)
    sheet = read_sample(request.sample, twin=config.twin)
    path = new_run_file(request.out, request.procedure)
    control = control if control is not None else RunControl()
    announcer = Announcer(observer)
    with stop_on_signals(control.stop, control.quit):
        if control.quit.is_set():  # it came before the handlers were in place
            control.stop.set()
        with _earlier(request.continues) as earlier:
            seed = _seed(request.seed, earlier)
            needs = experiment.NEEDS
            with assemble(config, sheet, seed=seed, needs=needs, stop=control.stop, faults=faults) as assembled:
                _check(experiment, assembled.bench, sheet, earlier)
                hooks = _Hooks(report, announcer, control, earlier)
                measured = _measure(assembled, experiment, seed, sheet, path, hooks)
        # From here on the bench is safe and closed, and the run file complete: nothing below can lose the run.
        # A stop asked for now comes too late: the verdict takes seconds and is worth them.
        analysis = analyse_and_store(path, measured.exit_status, why=measured.message)
        announcer.tell(lambda watching: watching.analysed(analysis))
        return replace(measured, analysis=analysis, figure=draw(path))


@dataclass(frozen=True)
class _Hooks:
    """Whoever looks on and interferes: see ``run``. ``earlier``: the run that is continued, open."""

    report: Report
    announcer: "Announcer"
    control: RunControl
    earlier: "RunFile | None"


@contextmanager
def _earlier(path: Path | None) -> "Iterator[RunFile | None]":
    """The run file to continue, open; BadInputError when it cannot be read."""
    from runfile.errors import RunFileError
    from runfile.reader import RunFile

    if path is None:
        yield None
        return
    try:
        earlier = RunFile(path)
    except RunFileError as error:
        raise BadInputError(f"the run cannot be continued: {error}") from error
    with earlier:
        yield earlier


def _seed(seed: int, earlier: "RunFile | None") -> int:
    """Seed of the twin. A continued run gets another than the earlier one: the same photons must not come twice."""
    if earlier is None or earlier.seed is None:
        return seed
    return earlier.seed + NEXT_SEED


def make_experiment(name: str, settings: tuple[tuple[str, str], ...]) -> "Experiment":
    """The experiment with its parameters set; BadInputError for an unknown name, parameter, value or control."""
    from procedures import registry
    from procedures.controls import refuse_control
    from procedures.errors import ParameterError, RefusedError

    if name not in registry.PROCEDURES:
        raise BadInputError(f"unknown procedure '{name}'; there are: {', '.join(registry.PROCEDURES)}")
    try:
        experiment = registry.load(name)(**dict(settings))
        refuse_control(name, experiment.control, experiment.CONTROLS)
    except (ParameterError, RefusedError) as error:
        raise BadInputError(str(error)) from error
    return experiment


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


def _check(experiment: "Experiment", bench: "Bench", sheet: "SampleSheet", earlier: "RunFile | None") -> None:
    from instruments.errors import BenchError
    from procedures.errors import RefusedError

    try:
        if earlier is not None:
            experiment.prepare_to_continue(earlier)
        experiment.check(bench, sheet.values)
    except (RefusedError, BenchError) as error:
        raise RefusedRunError(f"{experiment.NAME} refused: {error}") from error


def _measure(
    assembled: "AssembledBench",
    experiment: "Experiment",
    seed: int,
    sheet: "SampleSheet",
    path: Path,
    hooks: _Hooks,
) -> RunOutcome:
    from instruments.errors import BenchError
    from instruments.interlock_watch import InterlockWatch
    from runfile.errors import RunFileError

    bench = assembled.bench
    began_s = bench.clock.now_s()

    try:
        recorder = _open_run_file(path, experiment, bench, sheet, seed if assembled.is_twin else None, hooks)
    except RunFileError as error:
        raise BadInputError(str(error)) from error
    except BenchError as error:  # an instrument fell silent while the bench was described; nothing has moved yet
        raise RefusedRunError(f"{experiment.NAME} refused: {error}") from error
    watch = InterlockWatch(bench, experiment.NEEDS)
    report = _attach(experiment, bench, recorder, sheet, watch, hooks, began_s)
    with SafetyNet(bench, assembled.clock) as net:
        status, message = _execute(experiment, assembled, watch, report)
        unsafe = net.reach()
    _try_to_log(recorder, f"UNSAFE: {unsafe}" if unsafe else "safe state confirmed")
    notes = (*net.remarks, *_left_behind(bench))
    for note in notes:
        _try_to_log(recorder, note)
    duration_s = bench.clock.now_s() - began_s
    message = _finish(recorder, status, duration_s, message)
    if message and status == "completed":
        status = "failed"
    hooks.announcer.tell(lambda watching: watching.finished(status, duration_s))
    return RunOutcome(
        run_file=path,
        exit_status=status,
        analysis=Analysis({}, Verdict(())),
        duration_s=duration_s,
        message=message,
        unsafe=unsafe,
        notes=notes,
    )


def _attach(
    experiment: "Experiment",
    bench: "Bench",
    recorder: "RunWriter",
    sheet: "SampleSheet",
    watch: "InterlockWatch",
    hooks: _Hooks,
    began_s: float,
) -> Report:
    """Hand over to the experiment what it needs of the engine; returns the report that the observer hears, too."""
    from runmanager.checkpoints import Checkpoints, ending_early, observed_report

    control, announcer = hooks.control, hooks.announcer

    def bench_s() -> float:
        return bench.clock.now_s() - began_s

    report = observed_report(hooks.report, announcer, bench_s)
    experiment.attach(
        bench,
        recorder,
        sheet.values,
        stop_requested=control.stop.is_set,
        report=report,
        interlocks=watch,
        pause=Checkpoints(experiment, bench, recorder, control, watch.while_waiting, announcer),
        enough=ending_early(control, recorder, bench_s),
        continues=hooks.earlier,
    )
    return report


def _open_run_file(
    path: Path, experiment: "Experiment", bench: "Bench", sheet: "SampleSheet", seed: int | None, hooks: _Hooks
) -> "RunWriter":
    from runfile.live_run import RunFacts
    from runfile.writer import Parameter, RunWriter
    from runmanager.mirror import MirroredWriter

    units = experiment.parameter_units()
    title = f"{experiment.NAME} on {sheet.sample.name}"
    parameters = {name: Parameter(getattr(experiment, name), unit) for name, unit in units.items()}
    conditions = experiment.conditions(bench).model_dump()
    kind = MirroredWriter if hooks.announcer.is_heard else RunWriter
    recorder = kind.create(
        path,
        procedure=experiment.NAME,
        title=title,
        parameters=parameters,
        station=bench.config.text,
        snapshot=bench.snapshot(),
        sample_sheet=sheet.text,
        sample=sheet.values,
        conditions=conditions,
        versions={name: _version(name) for name in RECORDED_PACKAGES},
        seed=seed,
    )
    facts = RunFacts(path, experiment.NAME, title, parameters, sheet.values, conditions)
    if isinstance(recorder, MirroredWriter):
        recorder.announcer = hooks.announcer
    hooks.announcer.tell(lambda watching: watching.run_opened(facts))
    return recorder


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed as a package"


def _execute(
    experiment: "Experiment", assembled: "AssembledBench", watch: "InterlockWatch", report: Report
) -> tuple[str, str]:
    """Run; (exit status, message). Every end of a run passes here: the safe state and the file come next.

    Begins in the safe state, too: what somebody left open or on is none of this run's, and field and temperature
    change in the dark. The interlocks are looked at before, during (checkpoints, waits, before light) and after.
    """
    from instruments.errors import InterlockError
    from procedures.errors import RefusedError, StoppedError

    bench = assembled.bench
    try:
        bench.safe_state().raise_if_incomplete()
        watch.before_run()
        assembled.clock.watch = watch.while_waiting
        report(0.0, "bringing temperature and field to the conditions")
        conditions = experiment.conditions(bench)
        _reach_conditions(bench, conditions)
        watch.wanted_k = conditions.temperature_k
        experiment.execute()
        watch.after_run()
    except (StoppedError, KeyboardInterrupt) as error:
        return "aborted", str(error) or "stopped by the operator"
    except (RefusedError, InterlockError) as error:
        return "aborted", str(error)
    except Exception as error:
        log.debug("the run failed", exc_info=True)
        return "failed", f"{type(error).__name__}: {error}"
    except BaseException as error:  # noqa: BLE001 - the program shall end: the bench first
        return "aborted", f"the program was told to end ({type(error).__name__})"
    return "completed", ""


def _reach_conditions(bench: "Bench", wanted: "Conditions") -> None:
    """Bring temperature and field to what is wanted, if they are elsewhere."""
    if bench.has_role("cryostat"):
        cryostat = bench.role("cryostat")
        if abs(cryostat.temperature_k() - wanted.temperature_k) > SETTLED_K:
            cryostat.set_temperature(wanted.temperature_k)
    if bench.has_role("magnet"):
        magnet = bench.role("magnet")
        if abs(magnet.field_t() - wanted.field_t) > SETTLED_T:
            magnet.set_field(wanted.field_t)


def _left_behind(bench: "Bench") -> tuple[str, ...]:
    """What stays as the experiment left it. The magnet is held, not ramped: the next run ramps it if it has to."""
    from instruments.errors import BenchError

    if not bench.has_role("magnet"):
        return ()
    try:
        field_t = float(bench.role("magnet").field_t())
    except BenchError as error:
        return (f"the field the magnet was left at is unknown: {error}",)
    wanted_t = bench.conditions.field_t
    if abs(field_t - wanted_t) <= SETTLED_T:
        return ()
    return (f"the magnet was left at {field_t:.4g} T; the station's condition is {wanted_t:.4g} T",)


def _try_to_log(recorder: "RunWriter", text: str) -> None:
    from runfile.errors import RunFileError

    try:
        recorder.log(text)
    except RunFileError as error:
        log.warning("the run's log could not be written: %s", error)


def _finish(recorder: "RunWriter", status: str, duration_s: float, message: str) -> str:
    """Close the file; returns the message, extended if even that failed."""
    from runfile.errors import RunFileError

    if message:
        _try_to_log(recorder, message)
    try:
        recorder.finish(status, duration_s)  # works on a full disk, where the log does not
    except RunFileError as error:
        return f"{message}; " * bool(message) + f"the run file could not be completed: {error}"
    return message
