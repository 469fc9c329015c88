"""The base of all experiments: a PyMeasure procedure with roles, a run file and typed parameters."""

import math
from collections.abc import Callable, Mapping
from typing import ClassVar, TypeVar, cast

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
from instruments.roles import (
    Camera,
    GateGenerator,
    MicrowaveSource,
    PulsedSource,
    Rotator,
    Shutter,
    Spectrograph,
    TimeTagger,
    TunableLaser,
)
from instruments.station_file import Conditions
from procedures.errors import ParameterError, StoppedError
from procedures.guards import GuardedShutter, guarded
from runfile.writer import RunWriter

__all__ = ["BooleanParameter", "Experiment", "FloatParameter", "IntegerParameter", "ListParameter", "OpticalExperiment"]

Role = TypeVar("Role")


class Experiment(Procedure):  # type: ignore[misc]  # pymeasure has no types
    """One kind of measurement. Subclasses declare parameters and roles and say what is done in ``execute``.

    The run engine attaches bench, run file and sample sheet, calls ``check`` (every refusal that needs no
    measurement happens there, before anything moves) and then ``execute``. The safe state is the engine's duty.
    """

    NAME: ClassVar[str]
    NEEDS: ClassVar[tuple[str, ...]]

    bench: Bench
    recorder: RunWriter
    sample: Mapping[str, object]

    def __init__(self, **values: object) -> None:
        super().__init__()
        self._stop_requested: Callable[[], bool] = lambda: False
        self._report: Callable[[float, str], None] = lambda fraction, what: None
        self._interlocks: InterlockWatch | None = None
        self._beam_shutter: GuardedShutter | None = None
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
    ) -> None:
        """Hand over what the run engine owns; ``report`` takes the fraction done and what is going on.

        ``interlocks`` are looked at at every checkpoint and before light reaches the sample (None: the pulses only).
        """
        self.bench, self.recorder, self.sample = bench, recorder, sample
        self._stop_requested, self._report = stop_requested, report
        self._interlocks, self._beam_shutter = interlocks, None

    def check(self, bench: Bench, sample: Mapping[str, object]) -> None:
        """Refuse (RefusedError) what cannot give an honest answer; nothing may move here."""

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

    # --- stopping and reporting -------------------------------------------------------------------------

    def should_stop(self) -> bool:
        """True when the operator has asked to stop."""
        return self._stop_requested()

    def checkpoint(self, fraction: float, what: str) -> None:
        """Report progress (0-1) and look at the interlocks, at most every few seconds.

        Raises StoppedError if the operator has asked for a stop, InterlockError if an interlock is violated.
        """
        self._report(min(max(fraction, 0.0), 1.0), what)
        if self.should_stop():
            raise StoppedError(f"stopped by the operator while {what}")
        if self._interlocks is not None:
            self._interlocks.at_checkpoint()

    def _before_light(self) -> None:
        if self._interlocks is not None:
            self._interlocks.before_light()
        elif "pulse_source" in self.NEEDS:
            self.pulse_source.assert_mode_locked()

    # --- the bench by role ------------------------------------------------------------------------------

    def _role(self, name: str, kind: type[Role]) -> Role:
        player = self.bench.role(name)
        if issubclass(kind, TunableLaser):
            player = guarded(player, self.beam_shutter)
        return cast(Role, player)

    @property
    def readout_laser(self) -> TunableLaser:
        """The pulsed, non-resonant laser (read-out, g2, reset)."""
        return self._role("readout_laser", TunableLaser)  # type: ignore[type-abstract]

    @property
    def resonant_laser(self) -> TunableLaser:
        """The narrow laser that addresses one line."""
        return self._role("resonant_laser", TunableLaser)  # type: ignore[type-abstract]

    @property
    def pulse_source(self) -> PulsedSource:
        """The mode-locked oscillator that clocks the bench."""
        return self._role("pulse_source", PulsedSource)  # type: ignore[type-abstract]

    @property
    def beam_shutter(self) -> GuardedShutter:
        """The shutter in the common excitation path; opens after a look at the interlocks only."""
        if self._beam_shutter is None:
            self._beam_shutter = GuardedShutter(self._role("shutter", Shutter), self._before_light)  # type: ignore[type-abstract]
        return self._beam_shutter

    @property
    def excitation_quarter_wave(self) -> Rotator:
        """Quarter-wave plate that sets the helicity of the excitation."""
        return self._role("excitation_quarter_wave", Rotator)  # type: ignore[type-abstract]

    @property
    def analyser_quarter_wave(self) -> Rotator:
        """Quarter-wave plate of the analyser."""
        return self._role("analyser_quarter_wave", Rotator)  # type: ignore[type-abstract]

    @property
    def analyser_half_wave(self) -> Rotator:
        """Half-wave plate of the analyser."""
        return self._role("analyser_half_wave", Rotator)  # type: ignore[type-abstract]

    @property
    def spectrograph(self) -> Spectrograph:
        """The grating spectrograph."""
        return self._role("spectrograph", Spectrograph)  # type: ignore[type-abstract]

    @property
    def camera(self) -> Camera:
        """The camera at its front exit."""
        return self._role("camera", Camera)  # type: ignore[type-abstract]

    @property
    def time_tagger(self) -> TimeTagger:
        """The time-to-digital converter of the photon counters."""
        return self._role("time_tagger", TimeTagger)  # type: ignore[type-abstract]

    @property
    def gates(self) -> GateGenerator:
        """The delay generator that gates light and microwave."""
        return self._role("gates", GateGenerator)  # type: ignore[type-abstract]

    @property
    def microwave(self) -> MicrowaveSource:
        """The microwave generator."""
        return self._role("microwave", MicrowaveSource)  # type: ignore[type-abstract]


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
