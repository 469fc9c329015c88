"""``solotron station safe``: the rescue. Brings whatever still answers into the safe state, without a run.

For a bench that a killed program left: a run would refuse to start when one instrument is silent, this does not. Each
instrument of a safety role is connected by itself; what answers is made safe and read back, what does not is named with
what to do by hand.
"""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from instruments.errors import BenchError
from instruments.safety import SAFETY_ROLES, SafeStateReport, by_hand, make_safe
from runmanager.assemble import assemble, read_station
from runmanager.errors import BadInputError
from runmanager.interrupt import StopRequest
from runmanager.samples import read_sample


@dataclass(frozen=True)
class Rescue:
    """What was made safe, and the roles whose instrument could not be reached: (role, why, what to do by hand)."""

    report: SafeStateReport
    unreached: tuple[tuple[str, str, str], ...]

    @property
    def exit_code(self) -> int:
        """0 everything confirmed, 4 something must be done by hand."""
        return 0 if self.report.confirmed and not self.unreached else 4

    @property
    def instructions(self) -> str:
        """What to do by hand, "" when nothing."""
        sentences = [f"{role} ({why}): {deed}" for role, why, deed in self.unreached]
        return "; ".join([*sentences, self.report.instructions] if self.report.instructions else sentences)

    def as_object(self) -> dict[str, Any]:
        """What ``--json`` prints."""
        steps = [
            {"role": step.role, "action": step.action, "confirmed": step.confirmed, "detail": step.detail}
            for step in self.report.steps
        ]
        unreached = [{"role": role, "detail": why, "by_hand": deed} for role, why, deed in self.unreached]
        return {"safe": self.exit_code == 0, "steps": steps, "unreached": unreached, "by_hand": self.instructions}


def rescue(station: Path | None, *, twin: bool) -> Rescue:
    """Make safe what answers. BadInputError only when the station file itself cannot be used."""
    config = read_station(station, twin=twin)
    sheet = read_sample(None, twin=True)  # only a twin uses it
    players: dict[str, Any] = {}
    unreached: list[tuple[str, str, str]] = []
    with ExitStack() as connections:
        by_instrument: dict[str, list[str]] = {}
        for role, target in config.roles.items():
            if role in (*SAFETY_ROLES, "cryostat"):
                by_instrument.setdefault(target.partition(".")[0], []).append(role)
        for roles in by_instrument.values():
            try:
                assembled = connections.enter_context(
                    assemble(config, sheet, seed=1, needs=tuple(roles), stop=StopRequest(), safety=False)
                )
            except (BadInputError, BenchError) as error:
                unreached += [(role, " ".join(str(error).split()), by_hand(role)) for role in roles if by_hand(role)]
            else:
                players |= {role: assembled.bench.role(role) for role in roles}
        return Rescue(make_safe(players), tuple(unreached))
