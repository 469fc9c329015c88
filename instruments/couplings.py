"""Limits that couple two instruments: which one watches which thermometer. Done once, when the bench is connected."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class TemperatureWatcher(Protocol):
    """An instrument whose limits depend on a temperature that another instrument measures."""

    def watch_temperature(self, temperature_k: Callable[[], float]) -> None:
        """Ask this thermometer (K) before and while acting."""
        ...


@runtime_checkable
class MagnetThermometer(Protocol):
    """A temperature controller that may have a thermometer at the magnet."""

    def has_magnet_thermometer(self) -> bool:
        """True when one is fitted."""
        ...

    def magnet_temperature_k(self) -> float:
        """Temperature at the magnet, K."""
        ...


def couple(players: Mapping[str, Any]) -> tuple[str, ...]:
    """Let the players (role name to instrument) watch each other; returns one line a coupling made.

    The magnet watches the thermometer at the magnet, if the cryostat has one; the positioner watches the sample's.
    Sends nothing.
    """
    magnet, cryostat, positioner = (players.get(role) for role in ("magnet", "cryostat", "positioner"))
    made = []
    has_thermometer = isinstance(cryostat, MagnetThermometer) and cryostat.has_magnet_thermometer()
    if isinstance(magnet, TemperatureWatcher) and cryostat is not None and has_thermometer:
        magnet.watch_temperature(cryostat.magnet_temperature_k)
        made.append("magnet: ramps only while the magnet's thermometer is below the limit")
    if isinstance(positioner, TemperatureWatcher) and cryostat is not None:
        positioner.watch_temperature(cryostat.temperature_k)
        made.append("positioner: step voltage capped by the sample's temperature")
    return tuple(made)
