"""The argument form as data: what each parameter of an experiment is, and why a text is refused. No Qt here."""

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from runmanager.errors import BadInputError
from runmanager.gui.wording import number, shown_unit

if TYPE_CHECKING:
    from procedures.experiment import Experiment

Kind = Literal["number", "whole number", "yes or no", "choice", "text"]


@dataclass(frozen=True)
class Field:
    """One parameter: name for ``--set``, label, unit ("" for none), limits (None: none), default as text, help."""

    name: str
    label: str
    unit: str
    kind: Kind
    default: str
    minimum: float | None
    maximum: float | None
    choices: tuple[str, ...]
    help: str

    @property
    def limits(self) -> str:
        """``0.1 to 86400 s``; "" where there are none."""
        if self.minimum is None or self.maximum is None:
            return ""
        return f"{number(self.minimum)} to {number(self.maximum)} {self.shown_unit}".strip()

    @property
    def shown_unit(self) -> str:
        """The unit as people write it: µm where the experiment says um; either may be typed."""
        return shown_unit(self.unit)

    @property
    def explanation(self) -> str:
        """Everything about the parameter, for a tooltip."""
        lines = [f"{self.label} ({self.name})", self.help, self.limits and f"allowed: {self.limits}"]
        return "\n".join([*(line for line in lines if line), f"default: {self.default} {self.shown_unit}".rstrip()])


def loaded(procedure: str) -> "type[Experiment]":
    """The experiment's class; BadInputError for an unknown name."""
    from procedures import registry

    if procedure not in registry.PROCEDURES:
        raise BadInputError(f"unknown procedure '{procedure}'; there are: {', '.join(registry.PROCEDURES)}")
    return registry.load(procedure)


@lru_cache(maxsize=64)
def fields_of(procedure: str) -> tuple[Field, ...]:
    """The parameters of an experiment in the order of declaration; BadInputError for an unknown name."""
    from pymeasure.experiment.parameters import (
        BooleanParameter,
        FloatParameter,
        IntegerParameter,
        ListParameter,
    )

    found = []
    for name, parameter in loaded(procedure).parameters().items():
        kind: Kind = "text"
        if isinstance(parameter, BooleanParameter):
            kind = "yes or no"
        elif isinstance(parameter, IntegerParameter):
            kind = "whole number"
        elif isinstance(parameter, FloatParameter):
            kind = "number"
        elif isinstance(parameter, ListParameter):
            kind = "choice"
        found.append(
            Field(
                name=name,
                label=str(parameter.name),
                unit=getattr(parameter, "units", None) or "",
                kind=kind,
                default=as_text(parameter.default),
                minimum=getattr(parameter, "minimum", None) if kind in ("number", "whole number") else None,
                maximum=getattr(parameter, "maximum", None) if kind in ("number", "whole number") else None,
                choices=tuple(str(choice) for choice in parameter.choices) if kind == "choice" else (),
                help=parameter.description or "",
            )
        )
    return tuple(found)


def as_text(value: object) -> str:
    """A value as a person writes it: ``60``, ``0.35``, ``true``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.12g}"
    return str(value)


def as_typed(text: str, unit: str) -> str:
    """``3000 um`` for ``3000 µm``: the unit as the experiment spells it, when it was typed as it is shown."""
    shown = shown_unit(unit)
    same = text.replace("\N{GREEK SMALL LETTER MU}", "\N{MICRO SIGN}")
    return f"{same.removesuffix(shown)}{unit}" if shown != unit and same.endswith(shown) else text


def complaint(experiment: "Experiment", name: str, text: str) -> str:
    """Why this text is refused for this parameter, in the words of the experiment; "" when it is fine (and set)."""
    from procedures.errors import ParameterError

    try:
        experiment.set_parameter(name, text)
    except ParameterError as error:
        return str(error)
    return ""


def short(refusal: str) -> str:
    """The part of a refusal that fits beside the field: what it takes."""
    _, found, expected = refusal.partition("is refused; it takes ")
    return f"takes {expected}" if found else refusal


def with_unit(name: str, text: str, procedure: str) -> str:
    """``duration = 60 s``: a setting as it is shown in the queue."""
    unit = next((field.unit for field in fields_of(procedure) if field.name == name), "")
    bare = text.strip()
    unitless = not unit or bare.endswith((unit, shown_unit(unit)))
    return f"{name} = {bare}" if unitless else f"{name} = {bare} {shown_unit(unit)}"


def control_choices(procedure: str) -> tuple[tuple[str, str], ...]:
    """Controls that can be queued with one click: (value of the parameter ``control``, what it does in one line)."""
    from procedures import registry

    loaded(procedure)
    return tuple((str(name), str(meaning)) for name, meaning in registry.controls(procedure) if name != "none")


def target_choices(procedure: str) -> tuple[tuple[str, str, str], ...]:
    """Results at whose uncertainty a run can end: (name, unit, what it is in one line)."""
    from procedures import registry

    loaded(procedure)
    return tuple((each.name, each.unit, each.meaning) for each in registry.result_names(procedure))
