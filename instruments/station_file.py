"""The station file: which instrument plays which role, how it is wired, what the site allows.

Parsed with YAML's safe types only, checked completely, wrong in one clear line (StationError).
"""

import difflib
from collections.abc import Iterable, Mapping
from io import StringIO
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from instruments.errors import StationError
from instruments.roles import ROLES

TEMPLATE = Path(__file__).with_name("station.yaml")
Gate = Literal["AB", "CD", "EF", "GH"]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class InstrumentEntry(_Section):
    """One instrument as QCoDeS' Station understands it: class, address, constructor keywords, parameters."""

    type: str = Field(pattern=r"^\w+(\.\w+)+$")
    address: str | None = None
    init: dict[str, Any] = Field(default_factory=dict)
    parameters: dict[str, dict[str, Any]] = Field(default_factory=dict)
    add_parameters: dict[str, dict[str, Any]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _sets_nothing(self) -> Self:
        """QCoDeS would set it while connecting: before interlocks and safe state, even in a mere check."""
        for name, options in (*self.parameters.items(), *self.add_parameters.items()):
            if "initial_value" in options:
                raise ValueError(f"parameter {name}: initial_value would move the bench on connecting; remove it")
        return self


class GateWiring(_Section):
    """Which gate of the delay generator drives what."""

    pump: Gate = "AB"
    readout: Gate = "CD"
    microwave: Gate = "EF"
    probe: Gate = "GH"

    def __getitem__(self, purpose: str) -> Gate:
        """Gate of a purpose by name. KeyError for an unknown purpose."""
        if purpose not in type(self).model_fields:
            raise KeyError(purpose)
        gate: Gate = getattr(self, purpose)
        return gate

    @model_validator(mode="after")
    def _all_different(self) -> Self:
        used = [self.pump, self.readout, self.microwave, self.probe]
        if len(set(used)) != len(used):
            raise ValueError(f"two purposes share one gate ({', '.join(used)}); give each its own")
        return self


class TaggerWiring(_Section):
    """Which input of the time tagger receives what; inputs count from 1."""

    detectors: tuple[int, int] = (1, 2)
    trigger: int = 3
    divided_trigger: int = 4

    @model_validator(mode="after")
    def _all_different(self) -> Self:
        used = [*self.detectors, self.trigger, self.divided_trigger]
        if len(set(used)) != len(used) or min(used) < 1:
            raise ValueError(f"inputs {used} must be different and at least 1")
        return self


class Wiring(_Section):
    """Which cable goes where."""

    gates: GateWiring = GateWiring()
    tagger: TaggerWiring = TaggerWiring()


class Conditions(_Section):
    """What is set through the roles before every run."""

    temperature_k: float = Field(default=4.0, gt=0, allow_inf_nan=False)
    field_t: float = Field(default=0.0, allow_inf_nan=False)


class Limits(_Section):
    """Site policy. The drivers refuse what is beyond; a procedure refuses before it starts; interlocks end a run.

    ``largest_temperature_excursion_k``: of the sample from the temperature the run asked for.
    ``highest_magnet_temperature_k``: no field with the magnet (role magnet_thermometer) warmer than this.
    ``highest_count_rate_hz``: of each detector.
    """

    highest_field_t: float = Field(default=5.0, ge=0, le=50, allow_inf_nan=False)
    lowest_temperature_k: float = Field(default=2.0, gt=0, allow_inf_nan=False)
    highest_temperature_k: float = Field(default=350.0, gt=0, le=1000, allow_inf_nan=False)
    largest_temperature_excursion_k: float = Field(default=0.5, gt=0, le=100, allow_inf_nan=False)
    highest_magnet_temperature_k: float = Field(default=6.0, gt=0, le=350, allow_inf_nan=False)
    highest_count_rate_hz: float = Field(default=2e6, gt=0, allow_inf_nan=False)
    highest_microwave_power_dbm: float = Field(default=10.0, ge=-120, le=60, allow_inf_nan=False)


class StationConfig(_Section):
    """A checked station file. ``text`` is the file as written, for the run file."""

    twin: bool = False
    instruments: dict[str, InstrumentEntry]
    roles: dict[str, str]
    wiring: Wiring = Wiring()
    conditions: Conditions = Conditions()
    limits: Limits = Limits()
    table: dict[str, Any] = Field(default_factory=dict)

    _text: str = PrivateAttr(default="")
    _source: str = PrivateAttr(default="station")

    @property
    def text(self) -> str:
        """The file as written."""
        return self._text

    @property
    def source(self) -> str:
        """Where it came from, for messages."""
        return self._source

    def on_twin(self) -> "StationConfig":
        """The same station on the simulated table."""
        return self.model_copy(update={"twin": True})

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for name in self.instruments:
            if not name.isidentifier():
                raise ValueError(f"instrument name '{name}' must be a word of letters, digits and _")
        for role, player in self.roles.items():
            if role not in ROLES:
                raise ValueError(f"role '{role}' is unknown{_suggestion(role, ROLES)}")
            instrument = player.split(".")[0]
            if instrument not in self.instruments:
                raise ValueError(
                    f"role '{role}' names the instrument '{instrument}', which is not under instruments"
                    + _suggestion(instrument, self.instruments)
                )
        field_t = self.conditions.field_t
        if abs(field_t) > self.limits.highest_field_t:
            raise ValueError(f"conditions: field_t {field_t:g} T is above limits.highest_field_t; lower it")
        temperature_k = self.conditions.temperature_k
        low, high = self.limits.lowest_temperature_k, self.limits.highest_temperature_k
        if not low <= temperature_k <= high:
            raise ValueError(f"conditions: temperature_k {temperature_k:g} K is outside limits {low:g} to {high:g} K")
        return self


def read_station(source: str | Path | Mapping[str, Any] | StationConfig) -> StationConfig:
    """Read and check a station file (path), a mapping, or pass a checked one through. Raises StationError."""
    if isinstance(source, StationConfig):
        return source
    if isinstance(source, Mapping):
        return _checked("station", source, _dumped(source))
    path = Path(source)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StationError(f"station file '{path}' cannot be read ({error}); check the path") from error
    return parse_station(text, str(path))


def parse_station(text: str, origin: str = "station") -> StationConfig:
    """Check the text of a station file; ``origin`` names it in messages. Raises StationError."""
    try:
        content = YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        raise StationError(f"{origin}: {_one_line(error)}; only plain YAML without tags is allowed") from error
    except RecursionError as error:
        raise StationError(f"{origin}: brackets or lists nested too deeply; close them") from error
    if not isinstance(content, Mapping):
        raise StationError(f"{origin}: the file holds no sections; begin with 'instruments:' and 'roles:'")
    return _checked(origin, content, text)


def instruments_yaml(config: StationConfig) -> str:
    """The ``instruments:`` part alone, as QCoDeS' Station reads it."""
    entries = {
        name: entry.model_dump(exclude_none=True, exclude_defaults=True) for name, entry in config.instruments.items()
    }
    return _dumped({"instruments": entries})


def _checked(origin: str, content: Mapping[str, Any], text: str) -> StationConfig:
    try:
        config = StationConfig.model_validate(dict(content))
    except ValidationError as error:
        raise StationError(f"{origin}: {_first_problem(error)}") from error
    config._text, config._source = text, origin
    return config


def _first_problem(error: ValidationError) -> str:
    # A misspelt key comes first: the "missing" that it causes would send the reader the wrong way.
    problem = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
    where = ".".join(str(part) for part in problem["loc"])
    prefix = f"{where}: " if where else ""
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    if problem["type"] == "extra_forbidden":
        known = _known_keys(problem["loc"])
        return f"{prefix}unknown key{_suggestion(str(problem['loc'][-1]), known)}{more}"
    if problem["type"] == "missing":
        return f"{prefix}missing; add it{more}"
    message = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "string_pattern_mismatch":
        message = "must be a driver class with its module, such as instruments.thorlabs_sc10.Sc10"
    # The value as written, where it is one; a whole section would hide the message.
    given = problem["input"]
    shown = f"{where} = {given!r}: " if where and not isinstance(given, Mapping) else prefix
    return f"{shown}{message}{more}"


def _known_keys(location: tuple[int | str, ...]) -> Iterable[str]:
    sections: dict[str, type[BaseModel]] = {
        "instruments": InstrumentEntry,
        "wiring": Wiring,
        "conditions": Conditions,
        "limits": Limits,
    }
    if len(location) == 1:
        return StationConfig.model_fields
    if location[:2] == ("wiring", "gates") and len(location) > 2:
        return GateWiring.model_fields
    if location[:2] == ("wiring", "tagger") and len(location) > 2:
        return TaggerWiring.model_fields
    return sections[str(location[0])].model_fields if location[0] in sections else ()


def _suggestion(word: str, known: Iterable[str]) -> str:
    names = list(known)
    close = difflib.get_close_matches(word, names, n=1)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; known are {', '.join(sorted(names))}" if names else "; remove it"


def _one_line(error: YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    place = f"line {mark.line + 1}: " if mark is not None else ""
    return place + str(getattr(error, "problem", None) or error).splitlines()[0]


def _dumped(content: Mapping[str, Any]) -> str:
    stream = StringIO()
    YAML(typ="safe", pure=True).dump(dict(content), stream)
    return stream.getvalue()
