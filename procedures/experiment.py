"""The base of all experiments: a PyMeasure procedure with roles, a run file and typed parameters."""

import math
from collections.abc import Callable, Mapping
from typing import ClassVar

from pymeasure.experiment import Procedure  # noqa: TID253 - the class statement needs it
from pymeasure.experiment.parameters import (  # noqa: TID253
    BooleanParameter,
    FloatParameter,
    IntegerParameter,
    ListParameter,
    Parameter,
)

from instruments.bench import Bench
from instruments.interlock_watch import InterlockWatch
from instruments.station_file import Conditions
from procedures import controls
from procedures.bench_roles import BenchRoles
from procedures.continuing import refuse_other_conditions, refuse_other_run
from procedures.errors import ParameterError, StoppedError
from runfile.reader import RunFile
from runfile.writer import RunWriter

__all__ = ["BooleanParameter", "Experiment", "FloatParameter", "IntegerParameter", "ListParameter", "OpticalExperiment"]

LONGEST_WITHOUT_CHECKPOINT_S = 20.0
"""Longer records are taken in parts, so that a pause, a stop or an interlock need not wait for their end."""


class Experiment(BenchRoles, Procedure):  # type: ignore[misc]  # pymeasure has no types
    """One kind of measurement. Subclasses declare parameters and roles and say what is done in ``execute``.

    The run engine attaches bench, run file and sample sheet, calls ``check`` (every refusal that needs no
    measurement happens there, before anything moves) and then ``execute``. The safe state is the engine's duty.

    ``CONTROLS``: controls that apply. ``KEY_PARAMETERS``: at most four, shown where there is room for few.
    ``RESUMES``: what is continued after an interruption ("": it is repeated); ``DURATIONS``: parameters that may then
    differ from those of the earlier run.
    """

    NAME: ClassVar[str]
    CONTROLS: ClassVar[tuple[str, ...]] = ()
    KEY_PARAMETERS: ClassVar[tuple[str, ...]] = ()
    RESUMES: ClassVar[str] = ""
    DURATIONS: ClassVar[tuple[str, ...]] = ()

    control = ListParameter(
        "Control",
        description="run with one thing taken away that the effect needs; the verdict then says whether it is gone",
        choices=controls.CHOICES,
        default=controls.NO_CONTROL,
    )

    recorder: RunWriter
    sample: Mapping[str, object]
    continues: RunFile | None = None

    def __init__(self, **values: object) -> None:
        super().__init__()
        self._stop_requested: Callable[[], bool] = lambda: False
        self._report: Callable[[float, str], None] = lambda fraction, what: None
        self._pause: Callable[[], None] = lambda: None
        self._enough: Callable[[], str] = lambda: ""
        self._reason = ""
        self._last_report = (0.0, "")
        self._paused: tuple[bool, bool, bool] | None = None
        for name, value in values.items():
            self.set_parameter(name, value)

    def attach(
        self,
        bench: Bench,
        recorder: RunWriter,
        sample: Mapping[str, object],
        *,
        stop_requested: Callable[[], bool],
        report: Callable[[float, str], None],
        interlocks: InterlockWatch | None = None,
        pause: Callable[[], None] | None = None,
        enough: Callable[[], str] | None = None,
        continues: RunFile | None = None,
    ) -> None:
        """Hand over what the run engine owns; ``report`` takes the fraction done and what is going on.

        ``interlocks`` are looked at at every checkpoint and before light reaches the sample (None: the pulses only).
        ``pause`` is called at every checkpoint and returns when the experiment may go on. ``enough`` says why no more
        data are needed, or "". ``continues``: the earlier run, open, as given to ``prepare_to_continue``.
        """
        self.recorder, self.sample = recorder, sample
        self._take_bench(bench, interlocks)
        self._stop_requested, self._report = stop_requested, report
        self._pause = pause or (lambda: None)
        self._enough = enough or (lambda: "")
        self._reason, self._paused = "", None
        if continues is not None:
            self.continues = continues

    def prepare_to_continue(self, earlier: RunFile) -> None:
        """Go on with ``earlier`` instead of beginning anew; to be called before ``check``.

        Raises RefusedError when it is of another procedure, has other parameters, or nothing that can be used.
        """
        refuse_other_run(self, earlier)
        self.continues = earlier

    def check(self, bench: Bench, sample: Mapping[str, object]) -> None:
        """Refuse (RefusedError) what cannot give an honest answer; nothing may move here."""
        controls.refuse_control(self.NAME, self.control, self.CONTROLS)
        if self.continues is not None:
            refuse_other_conditions(self.continues, sample, self.conditions(bench))

    def conditions(self, bench: Bench) -> Conditions:
        """Temperature and field that the engine reaches, in the dark, before ``execute``: the station's."""
        return bench.conditions

    def execute(self) -> None:
        """Do the measurement; records each point as it comes."""
        raise NotImplementedError

    # --- parameters -------------------------------------------------------------------------------------

    @classmethod
    def parameters(cls) -> dict[str, Parameter]:
        """Declared parameters by name, in the order of declaration."""
        found: dict[str, Parameter] = {}
        for base in reversed(cls.__mro__):
            found.update({k: v for k, v in vars(base).items() if isinstance(v, Parameter)})
        return found

    def set_parameter(self, name: str, value: object) -> None:
        """Set one parameter from a number or a text such as ``"0.5"`` or ``"0.5 s"``; ParameterError if wrong."""
        declared = self.parameters()
        if name not in declared:
            raise ParameterError(f"{self.NAME} has no parameter '{name}'; it has: {', '.join(declared)}")
        parameter = declared[name]
        text = value.strip() if isinstance(value, str) else value
        try:
            converted = parameter.convert(text)
        except (ValueError, TypeError, OverflowError) as error:
            raise ParameterError(_complaint(self.NAME, name, parameter, value)) from error
        if isinstance(converted, float) and not math.isfinite(converted):
            raise ParameterError(_complaint(self.NAME, name, parameter, value))
        if isinstance(parameter, IntegerParameter) and isinstance(text, float) and text != converted:
            raise ParameterError(_complaint(self.NAME, name, parameter, value))
        setattr(self, name, converted)

    def parameter_units(self) -> dict[str, str]:
        """Unit of each parameter, "" where it has none."""
        return {name: getattr(p, "units", None) or "" for name, p in self.parameters().items()}

    @classmethod
    def key_parameters(cls) -> tuple[str, ...]:
        """Names of at most four parameters that tell one run of this kind from another."""
        return cls.KEY_PARAMETERS

    @classmethod
    def control_meanings(cls) -> tuple[tuple[str, str], ...]:
        """The controls that apply, each with its meaning in one line."""
        return tuple((name, controls.MEANING[name]) for name in cls.CONTROLS)

    @property
    def light_blocked(self) -> bool:
        """True when this is the control behind a closed beam shutter."""
        return bool(self.control == controls.LASER_BLOCKED)

    @property
    def microwave_blocked(self) -> bool:
        """True when this is the control without microwave."""
        return bool(self.control == controls.MICROWAVE_OFF)

    # --- stopping, pausing, ending early ----------------------------------------------------------------

    def should_stop(self) -> bool:
        """True when the operator has asked to stop."""
        return self._stop_requested()

    def checkpoint(self, fraction: float, what: str) -> None:
        """Report progress (0-1), wait while the run is paused, and look at the interlocks, at most every few seconds.

        Raises StoppedError if the operator has asked for a stop, InterlockError if an interlock is violated.
        """
        self._last_report = (min(max(fraction, 0.0), 1.0), what)
        self._report(*self._last_report)
        self._raise_if_stopped()
        self._pause()
        self._raise_if_stopped()
        if self._interlocks is not None:
            self._interlocks.at_checkpoint()

    def checkpoint_again(self) -> None:
        """A checkpoint in the middle of the step that the last one announced."""
        self.checkpoint(*self._last_report)

    def _raise_if_stopped(self) -> None:
        if self.should_stop():
            raise StoppedError(f"stopped by the operator while {self._last_report[1]}")

    def enough(self) -> bool:
        """True when no more data are needed; asked by the measuring loops where they may end in order."""
        if not self._reason:
            self._reason = self._enough()
        return bool(self._reason)

    def note_early_end(self, done: float, planned: float, unit: str) -> None:
        """Note that the run ended because it had enough: ``done`` of ``planned`` batches, sweeps or exposures."""
        self.recorder.note("ended_early", {"reason": self._reason, "done": done, "planned": planned, "unit": unit})

    def darken_for_pause(self) -> None:
        """Microwave off and beam shutter closed, remembering both; gates, plates and wavelengths stay as they are."""
        if self._paused is None:
            lit = self._beam_shutter is not None and self._beam_shutter.opened
            microwave = self._microwave is not None and self._microwave.is_on
            self._paused = lit, microwave, microwave and self.microwave.gated
        lit, microwave, _ = self._paused
        if microwave:
            self.microwave.set_output(False)
        if lit:
            self.beam_shutter.close()

    def brighten_after_pause(self) -> None:
        """Microwave and beam shutter as they were before the pause, after a look at the interlocks.

        Raises InterlockError or NotReadyError when light must not reach the sample now.
        """
        if self._paused is None:
            return
        lit, microwave, gated = self._paused
        if lit:
            self._before_light()
        if microwave:
            self.microwave.set_output(True, gated=gated)
        if lit:
            self.beam_shutter.open()
        self._paused = None


class OpticalExperiment(Experiment):
    """An experiment that excites the dot above its gap and looks at its emission."""

    excitation_wavelength = FloatParameter(
        "Excitation wavelength",
        description="of the pulsed laser: spectrum, read-out and reset",
        units="nm",
        default=560.0,
        minimum=400.0,
        maximum=750.0,
    )
    emission_wavelength = FloatParameter(
        "Emission wavelength",
        description="0: as the sample sheet says",
        units="nm",
        default=0.0,
        minimum=0.0,
        maximum=1000.0,
    )


def _complaint(procedure: str, name: str, parameter: Parameter, value: object) -> str:
    unit = getattr(parameter, "units", None)
    if isinstance(parameter, FloatParameter | IntegerParameter):
        kind = "a whole number" if isinstance(parameter, IntegerParameter) else "a number"
        expected = f"{kind} from {parameter.minimum:g} to {parameter.maximum:g}" + (f" {unit}" if unit else "")
        if unit:
            expected += f", given bare or as '… {unit}'"
    elif isinstance(parameter, BooleanParameter):
        expected = "true or false"
    elif isinstance(parameter, ListParameter):
        expected = "one of " + ", ".join(str(choice) for choice in parameter.choices)
    else:
        expected = "a valid value"
    return f"{procedure}: {name} = {value!r} is refused; it takes {expected}"
