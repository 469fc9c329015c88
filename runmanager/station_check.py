"""First contact with a bench: connect, identify, read limits and interlocks; changes nothing."""

import statistics
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from instruments.station import StationConfig
from runmanager.assemble import assemble, read_station
from runmanager.interrupt import StopRequest
from runmanager.samples import SampleSheet, read_sample

if TYPE_CHECKING:
    from instruments.bench import Bench

ROUND_TRIPS = 5
"""Identity queries whose median time is told."""


@dataclass(frozen=True)
class InterlockFinding:
    """One interlock: ``state`` is "ok", "not ready" (a laser that is off or tuning) or "violated"."""

    what: str
    state: str
    detail: str


@dataclass(frozen=True)
class Finding:
    """One instrument: who it says it is, how fast it answers (ms, NaN if not), what is wrong.

    ``ok``: it answered. ``limits``: those of the station file's init, by keyword.
    """

    instrument: str
    ok: bool
    identity: str
    round_trip_ms: float
    detail: str
    firmware: str = ""
    roles: tuple[str, ...] = ()
    limits: dict[str, Any] | None = None
    interlocks: tuple[InterlockFinding, ...] = ()


@dataclass(frozen=True)
class ProcedureFinding:
    """Whether an experiment could be run: the roles it ``lacks``, each with the reason."""

    procedure: str
    lacks: dict[str, str]


@dataclass(frozen=True)
class StationFindings:
    """Everything that answered, everything that did not, and what it means. ``limits``: the station's, by name."""

    findings: tuple[Finding, ...]
    limits: dict[str, float] = field(default_factory=dict)
    unbound_roles: tuple[str, ...] = ()
    procedures: tuple[ProcedureFinding, ...] = ()

    @property
    def passed(self) -> bool:
        """True when every instrument answered and no interlock is violated."""
        answered = all(finding.ok for finding in self.findings)
        return answered and not any(each.state == "violated" for found in self.findings for each in found.interlocks)

    def as_rows(self) -> list[dict[str, Any]]:
        """One mapping an instrument."""
        return [asdict(finding) for finding in self.findings]


def check(station: Path | None, *, twin: bool) -> StationFindings:
    """Connect to each instrument of the station by itself, so that one that is off does not hide the others."""
    from instruments.roles import ROLES

    config = read_station(station, twin=twin)
    sheet = read_sample(None, twin=True)  # only a twin uses it
    findings = tuple(_check_one(config, sheet, name) for name in config.instruments)
    return StationFindings(
        findings=findings,
        limits=config.limits.model_dump(),
        unbound_roles=tuple(role for role in ROLES if role not in config.roles),
        procedures=_procedures(config, {found.instrument for found in findings if not found.ok}),
    )


def _check_one(config: StationConfig, sheet: SampleSheet, name: str) -> Finding:
    from instruments.errors import BenchError
    from runmanager.errors import BadInputError

    roles = tuple(role for role, target in config.roles.items() if target.partition(".")[0] == name)
    limits = {key: value for key, value in config.instruments[name].init.items() if "limit" in key}
    if not roles:
        detail = "plays no role, so no run uses it and it was not asked; bind it under 'roles:' or remove it"
        return Finding(name, ok=False, identity="", round_trip_ms=float("nan"), detail=detail, limits=limits)
    try:
        with assemble(config, sheet, seed=1, needs=roles, stop=StopRequest(), safety=False) as assembled:
            identity, round_trip_ms = _identity(assembled.bench, name)
            interlocks = _interlocks(assembled.bench)
    except (BadInputError, BenchError) as error:
        detail = " ".join(str(error).split())
        return Finding(
            name, ok=False, identity="", round_trip_ms=float("nan"), detail=detail, roles=roles, limits=limits
        )
    return Finding(
        name,
        ok=True,
        identity=" ".join(str(identity[part]) for part in ("vendor", "model", "serial") if identity.get(part)),
        round_trip_ms=round_trip_ms,
        detail=", ".join(roles),
        firmware=str(identity.get("firmware") or ""),
        roles=roles,
        limits=limits,
        interlocks=interlocks,
    )


def _identity(bench: "Bench", name: str) -> tuple[dict[str, str | None], float]:
    """Who it is, and the median time of several identity queries in ms."""
    times_ms = []
    for _ in range(ROUND_TRIPS):
        began_s = time.perf_counter()
        identity = bench.identities()[name]
        times_ms.append((time.perf_counter() - began_s) * 1e3)
    return identity, statistics.median(times_ms)


def _interlocks(bench: "Bench") -> tuple[InterlockFinding, ...]:
    """The interlocks of the roles connected, read with the bench dark; detectors are not asked, that would set them."""
    from instruments.interlocks import FIELD_AND_TEMPERATURE, Circumstances, read_interlocks

    players = {role: bench.role(role) for role in bench.roles()}
    readings = read_interlocks(players, bench.limits, Circumstances())
    if "magnet_thermometer" in bench.config.roles and "magnet_thermometer" not in players:
        readings = tuple(each for each in readings if each.what != FIELD_AND_TEMPERATURE)  # needs both instruments
    return tuple(InterlockFinding(f"{each.role}: {each.what}", each.state.value, each.detail) for each in readings)


def _procedures(config: StationConfig, silent: set[str]) -> tuple[ProcedureFinding, ...]:
    """What each experiment lacks: roles nobody plays, and roles of the ``silent`` instruments."""
    from procedures import registry

    found = []
    for name in registry.PROCEDURES:
        lacks = {}
        for role in registry.load(name).NEEDS:
            instrument = config.roles.get(role, "").partition(".")[0]
            if not instrument:
                lacks[role] = "no instrument plays it"
            elif instrument in silent:
                lacks[role] = f"{instrument} does not answer"
        found.append(ProcedureFinding(name, lacks))
    return tuple(found)
