"""What the instrument panel knows of the bench: one line a role, whoever told it (a run, or manual control)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from runmanager.manual.messages import BenchShown, Interlocks, Readings
from runmanager.queue.events import BenchStatus


class Mode(StrEnum):
    """Who has the bench."""

    IDLE = "nobody"
    CONNECTING = "connecting"
    MANUAL = "manual control"
    LEAVING = "leaving manual control"
    RUN = "a run"


@dataclass(frozen=True)
class RoleLine:
    """One role: instrument, identity, values as (label, text), interlocks as (what, detail), all satisfied or not."""

    role: str
    instrument: str = ""
    identity: str = ""
    values: tuple[tuple[str, str], ...] = ()
    interlocks: tuple[tuple[str, str], ...] = ()
    satisfied: bool = True

    @property
    def values_text(self) -> str:
        """Values in one line."""
        return ", ".join(f"{label} {text}" if label else text for label, text in self.values)

    @property
    def interlock_text(self) -> str:
        """``ok: ...`` or ``VIOLATED: ...``; "" for a role without an interlock."""
        if not self.interlocks:
            return ""
        details = "; ".join(detail for _, detail in self.interlocks if detail)
        return f"{'ok' if self.satisfied else 'VIOLATED'}: {details}" if details else "ok" * self.satisfied


class BenchModel:
    """Lines by role, in the station's order."""

    def __init__(self) -> None:
        self._lines: dict[str, RoleLine] = {}
        self._labels: dict[str, str] = {}

    @property
    def lines(self) -> tuple[RoleLine, ...]:
        """All roles."""
        return tuple(self._lines.values())

    def line(self, role: str) -> RoleLine:
        """One role; KeyError for one that is not there."""
        return self._lines[role]

    def set_roles(self, roles: Iterable[tuple[str, str]]) -> None:
        """Begin anew with (role, instrument) of a station file; nothing is known of them yet."""
        self._lines = {role: RoleLine(role, instrument) for role, instrument in roles}

    def forget_values(self) -> None:
        """Nobody reads the bench any more: old values must not pass for present ones."""
        self._lines = {role: RoleLine(role, line.instrument, line.identity) for role, line in self._lines.items()}

    def take_status(self, status: BenchStatus) -> None:
        """Values as a run has read them at a checkpoint."""
        for each in status.roles:
            known = self._lines.get(each.role, RoleLine(each.role))
            self._lines[each.role] = replace(
                known,
                identity=each.identity or known.identity,
                values=each.values,
                interlocks=(("", each.interlock),) if each.interlock or not each.satisfied else (),
                satisfied=each.satisfied,
            )

    def take_bench(self, bench: BenchShown) -> None:
        """Manual control is connected: identities, and the labels of its rows."""
        for each in bench.roles:
            self._lines[each.role] = RoleLine(each.role, each.instrument, each.identity)
            self._labels |= {row.row: row.label for row in each.rows}

    def take_readings(self, readings: Readings) -> None:
        """Values as manual control has read them; those not read this time stay."""
        for each in readings.values:
            role = each.row.partition(".")[0]
            line = self._lines.get(role, RoleLine(role))
            values = dict(line.values)
            values[self._labels.get(each.row, each.row)] = each.text if each.good else "not known"
            self._lines[role] = replace(line, values=tuple(values.items()))

    def take_interlocks(self, interlocks: Interlocks) -> None:
        """All interlocks as manual control has read them."""
        found: dict[str, list[tuple[str, str]]] = {}
        violated = {each.role for each in interlocks.readings if each.state == "violated"}
        for each in interlocks.readings:
            detail = each.detail if each.state == "ok" else f"{each.state}: {each.detail}"
            found.setdefault(each.role, []).append((each.about, detail))
        for role, details in found.items():
            line = self._lines.get(role, RoleLine(role))
            self._lines[role] = replace(line, interlocks=tuple(details), satisfied=role not in violated)
