"""The digital twin of a bench: one dot, one optical table, all instruments on their real wire protocols."""

import itertools
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import numpy as np
from pydantic import BaseModel, ValidationError

from sims.bench.camera import SimulatedCamera
from sims.bench.clock import VirtualClock
from sims.bench.config import TableConfig, Wiring
from sims.bench.models import Models, build_models
from sims.bench.swabian import SimulatedTimeTaggerModule
from sims.bench.table import OpticalTable
from sims.bench.time_controller import TimeController
from sims.dot.sample import Sample, load_sample, parse_sample
from sims.faults.injector import FaultInjector
from sims.faults.plan import FaultError, FaultPlan
from sims.wire import library
from sims.wire.bench import connect
from sims.wire.id900 import Id900Server
from sims.wire.line import Port

_NUMBERS = itertools.count(1)

Section = TypeVar("Section", bound=BaseModel)


class TwinError(ValueError):
    """The description of the table or of its wiring cannot be used; one line: section, field, value, limit."""


class Twin:
    """A running twin. Use it as a context manager, or close() it: it holds sockets and a thread."""

    def __init__(
        self,
        sample: Sample,
        seed: int,
        config: TableConfig,
        wiring: Wiring,
        clock: VirtualClock,
        faults: FaultPlan | None = None,
    ) -> None:
        self.sample = sample
        self.seed = seed
        self.clock = clock
        bench_lock = threading.RLock()
        self.identity = f"twin-{next(_NUMBERS)}"
        # Two streams of one seed: what the instruments draw does not shift what the photons draw.
        instruments_rng, table_rng = (np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(2))
        self.models: Models = build_models(self.clock, instruments_rng, lambda: self.table.incident_power_w())
        self.table = OpticalTable(self.models, sample, config, wiring, table_rng, self.clock)
        self.camera = SimulatedCamera(self.table)
        self.models.sr400.plug(self.table, wiring.tagger.detectors, wiring.tagger.trigger)
        self._folder = tempfile.TemporaryDirectory(prefix="solotron-twin-")
        self._id900 = Id900Server(TimeController(self.table), self.clock, Path(self._folder.name), bench_lock)
        ports = connect(self.models, bench_lock)
        library.register(self.identity, ports)
        self.ports: dict[str, Port] = {
            model: ports[resource] for model, resource in library.RESOURCES.items() if resource in ports
        }
        self._is_open = True
        self.faults: FaultInjector | None = None
        if faults is not None:
            try:
                self._go_wrong(faults)
            except FaultError:
                self.close()
                raise

    def _go_wrong(self, plan: FaultPlan) -> None:
        names = [*self.ports, "id900"]
        self.faults = FaultInjector(plan, self.models, self.table, self.clock, names)
        for name, port in self.ports.items():
            port.disturb_by(self.faults, name)
        self._id900.disturb_by(self.faults)

    @property
    def output_folder(self) -> Path:
        """Where the data link's ``start-save`` puts its files; removed by close()."""
        return Path(self._folder.name)

    def connection(self, model: str) -> dict[str, Any]:
        """Constructor keywords that point the driver of ``model`` ("chameleon", "ell14", …) at this twin.

        Raises KeyError with the known names for a model that is not on the bench.
        """
        if model == "id900":
            return {"address": self._id900.address, "data_link": self._id900.data_link}
        if model == "camera":
            return {"sdk": self.camera}
        if model == "swabian":
            return {"sdk": SimulatedTimeTaggerModule(self.table)}
        if model in library.RESOURCES:
            return {"address": library.RESOURCES[model], "visalib": f"{self.identity}@solotron"}
        known = ", ".join(sorted([*library.RESOURCES, "camera", "id900", "swabian"]))
        raise KeyError(f"the twin has no {model!r}; it has {known}")

    def close(self) -> None:
        """Stop serving; further calls do nothing."""
        if not self._is_open:
            return
        self._is_open = False
        library.unregister(self.identity)
        self._id900.close()
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def start(
    sample: str | Path | Mapping[str, Any] | Sample,
    *,
    seed: int,
    table: Mapping[str, Any] | TableConfig | None = None,
    wiring: Mapping[str, Any] | Wiring | None = None,
    clock: VirtualClock | None = None,
    faults: FaultPlan | None = None,
) -> Twin:
    """Start a twin.

    ``sample``: a shipped sample's name, a file, its fields, or a Sample. ``table`` and ``wiring``: the sections of
    a station file (None: defaults). ``clock``: a clock that runs by itself, to serve the twin in real time (None: a
    virtual clock). ``faults``: what shall go wrong. The same seed and the same requests give the same bytes.
    Raises SampleError, TwinError or FaultError, one clear line each.
    """
    if isinstance(sample, Mapping):
        sample = parse_sample(sample, "given fields")
    elif not isinstance(sample, Sample):
        sample = load_sample(sample)
    sections = _section(TableConfig, "table", table), _section(Wiring, "wiring", wiring)
    return Twin(sample, seed, *sections, VirtualClock() if clock is None else clock, faults)


def _section(kind: type[Section], name: str, given: Mapping[str, Any] | Section | None) -> Section:
    if isinstance(given, kind):
        return given
    try:
        return kind.model_validate(dict(given) if isinstance(given, Mapping) else {})
    except ValidationError as error:
        # A misspelt key comes first: the "missing" that it causes would send the reader the wrong way.
        first = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
        field = ".".join(str(part) for part in (name, *first["loc"]))
        message = first["msg"].removeprefix("Value error, ")
        if first["type"] == "extra_forbidden":
            message = f"unknown key; known are {', '.join(_known_keys(kind, first['loc']))}"
        shown = "" if isinstance(first["input"], Mapping) else f" = {first['input']!r}"
        raise TwinError(f"{field}{shown}: {message}") from error


def _known_keys(kind: type[BaseModel], location: tuple[int | str, ...]) -> tuple[str, ...]:
    """Keys of the section in which the last name of ``location`` stands."""
    for name in location[:-1]:
        section = kind.model_fields[str(name)].annotation
        if not (isinstance(section, type) and issubclass(section, BaseModel)):
            return ()
        kind = section
    return tuple(kind.model_fields)
