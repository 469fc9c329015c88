"""What the panel is told of a connected bench: roles, identities, rows with their limits."""

import math
from typing import Any

from instruments.errors import BenchError
from instruments.station_file import Limits
from runmanager.assemble import AssembledBench
from runmanager.manual.controls import Field, Row, limits_of
from runmanager.manual.messages import BenchShown, FieldShown, RoleShown, RowShown
from runmanager.manual.session import Session


def describe(assembled: AssembledBench, session: Session) -> BenchShown:
    """All roles of the bench with what can be done with them. Raises BenchError when an instrument is silent."""
    bench = assembled.bench
    identities = bench.identities()
    roles = []
    for role in bench.roles():
        instrument = bench.instrument_name(role)
        identity = identities[instrument.partition(".")[0]]
        words = [str(identity[part]) for part in ("vendor", "model", "serial") if identity.get(part)]
        rows = [
            _row(key, row, bench.role(role), bench.limits)
            for key, (owner, row) in session.rows.items()
            if owner == role
        ]
        roles.append(RoleShown(role=role, instrument=instrument, identity=" ".join(words), rows=tuple(rows)))
    return BenchShown(twin=assembled.is_twin, roles=tuple(roles))


def _row(key: str, row: Row, player: Any, limits: Limits) -> RowShown:  # noqa: ANN401 - plays a role
    return RowShown(
        row=key,
        label=row.label,
        has_reading=row.reading is not None,
        fields=tuple(_field(each, player, limits) for each in row.fields),
        verbs=tuple(button.verb for button in row.buttons),
        help=row.help,
    )


def _field(asked: Field, player: Any, limits: Limits) -> FieldShown:  # noqa: ANN401 - plays a role
    try:
        low, high = limits_of(asked, player, limits)
    except BenchError:  # the driver will say it when the value is set
        low, high = math.nan, math.nan
    start = asked.start
    if isinstance(start, int | float) and not isinstance(start, bool):
        start = max(start, low) if math.isfinite(low) else start
        start = min(start, high) if math.isfinite(high) else start
    return FieldShown(
        argument=asked.argument,
        label=asked.label,
        unit=asked.unit,
        low=low if math.isfinite(low) else None,
        high=high if math.isfinite(high) else None,
        start=start,
        choices=asked.choices,
        whole=asked.whole,
    )
