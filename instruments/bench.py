"""The bench: connected instruments behind their roles, with one clock and one way to be made safe."""

import json
import math
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, Self

from instruments.clock import Clock
from instruments.errors import BenchError, StationError
from instruments.ownership import Ownership
from instruments.safety import SafeStateReport, make_safe
from instruments.station_file import Conditions, Limits, StationConfig, Wiring


class Bench:
    """Made by ``instruments.station.load``. Close it, or use it as a context manager.

    ``instruments``: station name to QCoDeS instrument; ``roles``: role name to the player connected.
    """

    def __init__(
        self,
        config: StationConfig,
        instruments: Mapping[str, Any],
        roles: Mapping[str, Any],
        clock: Clock,
        ownership: Ownership | None = None,
    ) -> None:
        """``ownership``: the claim on the instruments' addresses, given back when the bench is closed."""
        self.config = config
        self.clock = clock
        self._ownership = ownership
        self._instruments = dict(instruments)
        self._roles = dict(roles)

    @property
    def wiring(self) -> Wiring:
        """Which cable goes where."""
        return self.config.wiring

    @property
    def conditions(self) -> Conditions:
        """What is set before every run."""
        return self.config.conditions

    @property
    def limits(self) -> Limits:
        """Site policy."""
        return self.config.limits

    def role(self, name: str) -> Any:  # noqa: ANN401 - the caller knows the Protocol of the role
        """The instrument that plays ``name``; StationError when nobody does."""
        if name not in self._roles:
            raise StationError(
                f"role '{name}' is not connected; bind it under 'roles:' in the station file "
                f"(connected are {', '.join(sorted(self._roles)) or 'none'})"
            )
        return self._roles[name]

    def has_role(self, name: str) -> bool:
        """True when an instrument plays ``name``."""
        return name in self._roles

    def roles(self) -> tuple[str, ...]:
        """Names of the roles connected."""
        return tuple(self._roles)

    def instruments(self) -> dict[str, Any]:
        """Station names and QCoDeS instruments."""
        return dict(self._instruments)

    def instrument_name(self, role: str) -> str:
        """Station name (with submodule) of the instrument that plays ``role``; StationError when nobody does."""
        self.role(role)
        return self.config.roles[role]

    @property
    def station_text(self) -> str:
        """The station file as written."""
        return self.config.text

    def identities(self) -> dict[str, dict[str, str | None]]:
        """Ask every instrument who it is: station name to vendor, model, serial, firmware. Raises BenchError."""
        return {name: dict(instrument.get_idn()) for name, instrument in self._instruments.items()}

    def snapshot(self, *, update: bool = True) -> dict[str, Any]:
        """All parameters with values and times, ready for JSON; ``update`` asks the instruments anew.

        A parameter that cannot be read keeps its last value (QCoDeS logs it); the run must not fail for that.
        """
        instruments = {name: each.snapshot(update=update) for name, each in self._instruments.items()}
        bound = {name: self.config.roles[name] for name in self._roles}
        plain: dict[str, Any] = _plain({"instruments": instruments, "roles": bound})
        return plain

    def safe_state(self) -> SafeStateReport:
        """RF off, shutters and lasers closed, gates off, magnet held: tried in this order, each confirmed."""
        return make_safe(self._roles)

    def close(self) -> None:
        """End all connections. Raises BenchError, after all were tried, if some did not close."""
        problems = close_all(self._instruments.items())
        self._instruments, self._roles = {}, {}
        if self._ownership is not None:
            self._ownership.release()
        if problems:
            raise BenchError(f"not closed properly: {'; '.join(problems)}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def close_all(instruments: Iterable[tuple[str, Any]]) -> list[str]:
    """Close each; returns what went wrong, one line an instrument."""
    problems = []
    for name, instrument in instruments:
        try:
            instrument.close()
        except Exception as error:  # noqa: BLE001 - the others must be closed, too
            problems.append(f"{name}: {error}")
    return problems


def _plain(value: object) -> Any:  # noqa: ANN401 - JSON
    """Only what JSON can hold: NaN and infinity become null, numpy becomes numbers and lists, the rest text."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    try:
        return json.loads(json.dumps(value))
    except (TypeError, ValueError):
        return str(value)
