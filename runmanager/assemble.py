"""Putting a bench together: the station file's drivers on real wires, or on the twin's."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from instruments import station as stations
from instruments.bench import Bench
from instruments.clock import WALL_CLOCK
from instruments.errors import BenchError, InUseError, StationError
from runmanager.errors import BadInputError, BenchInUseError
from runmanager.interrupt import StoppableClock, StopRequest
from runmanager.samples import SampleSheet

if TYPE_CHECKING:
    from sims.faults.plan import FaultPlan

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class AssembledBench:
    """A connected bench, the stoppable clock it runs on, and whether it is the twin."""

    bench: Bench
    clock: StoppableClock
    is_twin: bool


def read_station(path: Path | None, *, twin: bool) -> stations.StationConfig:
    """Read and check a station file; without one, the built-in station on the twin."""
    try:
        config = stations.read_station(path if path is not None else stations.TEMPLATE)
    except StationError as error:
        raise BadInputError(str(error)) from error
    return config.on_twin() if twin or path is None else config


def read_faults(path: Path | None, *, twin: bool) -> "FaultPlan | None":
    """Read a fault file (None: nothing goes wrong). BadInputError for a bad file, and on a real bench."""
    if path is None:
        return None
    if not twin:
        raise BadInputError("faults on demand exist on the twin only: add --twin, or leave --faults out")
    from sims.faults.plan import FaultError, load_plan

    try:
        return load_plan(path)
    except FaultError as error:
        raise BadInputError(str(error)) from error


@contextmanager
def assemble(
    config: stations.StationConfig,
    sheet: SampleSheet,
    *,
    seed: int,
    needs: tuple[str, ...] | None,
    stop: StopRequest,
    safety: bool = True,
    faults: "FaultPlan | None" = None,
) -> Iterator[AssembledBench]:
    """Connect the instruments that ``needs`` asks for; on the twin, start it first. Closes everything at the end.

    ``safety``: connect all that the safe state acts on, too (off only to look at one instrument by itself).
    ``faults``: what shall go wrong on the twin.
    """
    if not config.twin:
        clock = StoppableClock(WALL_CLOCK, stop, sliced=True)
        with _loaded(config, clock, {}, needs, safety) as bench:
            yield AssembledBench(bench, clock, is_twin=False)
        return
    from sims import twin as twins
    from sims.faults.plan import FaultError

    try:
        models = stations.models(config)
        simulated = twins.start(
            sheet.sample, seed=seed, table=config.table, wiring=config.wiring.model_dump(), faults=faults
        )
    except FaultError as error:
        raise BadInputError(str(error)) from error
    except (StationError, twins.TwinError) as error:
        raise BadInputError(f"{config.source}: {error}") from error
    with simulated as lab:
        clock = StoppableClock(lab.clock, stop, sliced=False)
        try:
            overrides = {name: lab.connection(model) for name, model in models.items()}
        except KeyError as error:
            raise BadInputError(f"station file: {error.args[0]}; remove that instrument or its twin flag") from error
        with _loaded(config, clock, overrides, needs, safety) as bench:
            yield AssembledBench(bench, clock, is_twin=True)


@contextmanager
def _loaded(
    config: stations.StationConfig,
    clock: StoppableClock,
    overrides: Mapping[str, Mapping[str, object]],
    needs: tuple[str, ...] | None,
    safety: bool,
) -> Iterator[Bench]:
    try:
        bench = stations.load(config, clock=clock, overrides=overrides, needs=needs, safety=safety)
    except InUseError as error:
        raise BenchInUseError(str(error)) from error
    except StationError as error:
        raise BadInputError(str(error)) from error
    try:
        yield bench
    finally:
        try:
            bench.close()
        except BenchError as error:  # the run is over and safe: its outcome must still be told
            log.warning("%s", error)
