"""First contact with a bench: connect, identify, read status; changes nothing."""

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from instruments.station import StationConfig
from runmanager.assemble import assemble, read_station
from runmanager.interrupt import StopRequest
from runmanager.samples import SampleSheet, read_sample


@dataclass(frozen=True)
class Finding:
    """One instrument: who it says it is, how fast it answers, what is wrong."""

    instrument: str
    ok: bool
    identity: str
    round_trip_ms: float
    detail: str


@dataclass(frozen=True)
class StationFindings:
    """Everything that answered, and everything that did not."""

    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """True when every instrument answered."""
        return all(finding.ok for finding in self.findings)

    def as_rows(self) -> list[dict[str, Any]]:
        """One mapping an instrument."""
        return [asdict(finding) for finding in self.findings]


def check(station: Path | None, *, twin: bool) -> StationFindings:
    """Connect to each instrument of the station by itself, so that one that is off does not hide the others."""
    config = read_station(station, twin=twin)
    sheet = read_sample(None, twin=True)  # only a twin uses it
    return StationFindings(tuple(_check_one(config, sheet, name) for name in config.instruments))


def _check_one(config: StationConfig, sheet: SampleSheet, name: str) -> Finding:
    from instruments.errors import BenchError
    from runmanager.errors import BadInputError

    if name not in {target.partition(".")[0] for target in config.roles.values()}:
        detail = "plays no role, so no run uses it and it was not asked; bind it under 'roles:' or remove it"
        return Finding(name, ok=False, identity="", round_trip_ms=float("nan"), detail=detail)
    roles = tuple(role for role, target in config.roles.items() if target.partition(".")[0] == name)
    try:
        with assemble(config, sheet, seed=1, needs=roles, stop=StopRequest(), safety=False) as assembled:
            began = time.perf_counter()
            identity = assembled.bench.identities()[name]
            elapsed_ms = (time.perf_counter() - began) * 1e3
    except (BadInputError, BenchError) as error:
        return Finding(name, ok=False, identity="", round_trip_ms=float("nan"), detail=" ".join(str(error).split()))
    return Finding(
        name,
        ok=True,
        identity=" ".join(str(part) for part in identity.values() if part),
        round_trip_ms=elapsed_ms,
        detail=", ".join(roles),
    )
