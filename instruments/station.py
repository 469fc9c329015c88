"""From a station file to a connected bench.

QCoDeS' Station makes the instruments; what is added: every mistake is one clear line, only the instruments that
are needed (and those that safety needs) are connected, site limits reach the drivers, each instrument must answer.
"""

import importlib
import inspect
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from instruments.bench import Bench, close_all
from instruments.clock import WALL_CLOCK, Clock
from instruments.couplings import couple
from instruments.errors import BenchError, StationError
from instruments.ownership import Ownership
from instruments.roles import ROLES
from instruments.safety import SAFETY_ROLES
from instruments.station_file import (
    TEMPLATE,
    InstrumentEntry,
    Limits,
    StationConfig,
    instruments_yaml,
    parse_station,
    read_station,
)

__all__ = ["TEMPLATE", "Bench", "StationConfig", "load", "models", "parse_station", "read_station"]

Overrides = Mapping[str, Mapping[str, object]]


def load(
    source: str | Path | Mapping[str, Any] | StationConfig,
    *,
    clock: Clock = WALL_CLOCK,
    overrides: Overrides | None = None,
    needs: Iterable[str] | None = None,
    safety: bool = True,
) -> Bench:
    """Connect the bench that ``source`` (path, mapping or checked configuration) describes.

    ``overrides``: instrument name to constructor keywords that replace the file's. ``needs``: roles to connect;
    None connects all. With ``safety`` the instruments behind ``safety.SAFETY_ROLES`` and the cryostat are connected,
    too; without it (a check of single instruments) the bench cannot be made safe as a whole.
    Raises StationError; whatever was opened before is closed again.
    """
    config = read_station(source)
    overrides = overrides or {}
    unknown = set(overrides) - set(config.instruments)
    if unknown:
        raise StationError(f"overrides name {sorted(unknown)}; the instruments are {sorted(config.instruments)}")
    roles = _roles_to_connect(config, needs, safety)
    # Traces of failed connections belong to QCoDeS' loggers; without a handler they would fill the screen.
    logging.getLogger("qcodes").addHandler(logging.NullHandler())
    from instruments.lab_station import LabStation  # late: importing QCoDeS takes seconds

    station = LabStation(instruments_yaml(config))
    connected: dict[str, Any] = {}
    ownership = Ownership()
    try:
        ownership.claim(_addresses(config, roles, overrides))
        for role in roles:
            name = config.roles[role].split(".")[0]
            if name not in connected:
                keywords = _keywords(config, name, overrides.get(name, {}), clock)
                connected[name] = _connect(station, name, config.instruments[name], keywords)
        players = {role: _player(role, config.roles[role], connected) for role in roles}
        couple(players)
    except BaseException:
        close_all(connected.items())
        ownership.release()
        raise
    return Bench(config, connected, players, clock, ownership)


def models(config: StationConfig) -> dict[str, str]:
    """Front-panel ``MODEL`` of every instrument's driver, by station name. Raises StationError for unknown drivers."""
    drivers = {name: _driver_class(name, entry) for name, entry in config.instruments.items()}
    return {name: str(getattr(driver, "MODEL", "")) for name, driver in drivers.items()}


def _roles_to_connect(config: StationConfig, needs: Iterable[str] | None, safety: bool) -> list[str]:
    if needs is None:
        return list(config.roles)
    wanted = list(needs)
    for role in wanted:
        if role not in ROLES:
            raise StationError(f"role '{role}' is unknown; known are {', '.join(ROLES)}")
        if role not in config.roles:
            raise StationError(f"role '{role}' is needed, but no instrument plays it; bind it under 'roles:'")
    if safety:
        wanted += [*SAFETY_ROLES, "cryostat"]
    return [role for role in config.roles if role in wanted]


def _addresses(config: StationConfig, roles: Iterable[str], overrides: Overrides) -> list[str]:
    """Where the instruments behind ``roles`` are; one on the twin's own wires belongs to this process anyway."""
    names = {config.roles[role].split(".")[0] for role in roles}
    in_process = {"visalib", "sdk", "resource"}
    real = [name for name in names if not in_process & set(overrides.get(name, {}))]
    return [
        str(overrides.get(name, {}).get("address") or config.instruments[name].address or _sdk_address(config, name))
        for name in real
    ]


def _sdk_address(config: StationConfig, name: str) -> str:
    """A device behind a vendor's library has no address: its library and serial number stand for it."""
    init = config.instruments[name].init
    return f"SDK::{init.get('sdk', config.instruments[name].type)}::{init.get('serial', 0)}"


def _keywords(config: StationConfig, name: str, override: Mapping[str, object], clock: Clock) -> dict[str, object]:
    """Constructor keywords besides the file's: site limits, clock, overrides (the strongest)."""
    entry = config.instruments[name]
    driver = _driver_class(name, entry)
    keywords: dict[str, object] = {}
    for role, player in config.roles.items():
        if player.split(".")[0] == name and role in _SITE_LIMITS:
            keyword, value = _SITE_LIMITS[role](config.limits, {**entry.init, **override})
            if not _accepts(driver, keyword):
                raise StationError(
                    f"instrument '{name}': driver {entry.type} takes no '{keyword}', so the station's limits for "
                    f"'{role}' could not be kept; use a driver that does"
                )
            keywords[keyword] = value
    if _accepts(driver, "clock"):
        keywords["clock"] = clock
    return {**override, **keywords}


def _magnet_limit(limits: Limits, init: Mapping[str, object]) -> tuple[str, object]:
    return "field_limit_t", min(limits.highest_field_t, _number(init.get("field_limit_t"), limits.highest_field_t))


def _cryostat_limit(limits: Limits, init: Mapping[str, object]) -> tuple[str, object]:
    low, high = _pair(init.get("temperature_limits_k"), limits.lowest_temperature_k, limits.highest_temperature_k)
    return (
        "temperature_limits_k",
        (max(low, limits.lowest_temperature_k), min(high, limits.highest_temperature_k)),
    )


def _microwave_limit(limits: Limits, init: Mapping[str, object]) -> tuple[str, object]:
    low, high = _pair(init.get("power_limits_dbm"), -120.0, limits.highest_microwave_power_dbm)
    return "power_limits_dbm", (low, min(high, limits.highest_microwave_power_dbm))


_SITE_LIMITS = {"magnet": _magnet_limit, "cryostat": _cryostat_limit, "microwave": _microwave_limit}


def _number(value: object, default: float) -> float:
    return float(value) if isinstance(value, int | float) else default


def _pair(value: object, low: float, high: float) -> tuple[float, float]:
    if isinstance(value, list | tuple) and len(value) == 2:
        return _number(value[0], low), _number(value[1], high)
    return low, high


def _driver_class(name: str, entry: InstrumentEntry) -> type:
    from qcodes.instrument import Instrument

    module_name, _, class_name = entry.type.rpartition(".")
    try:
        driver = getattr(importlib.import_module(module_name), class_name)
    except (ImportError, AttributeError) as error:
        raise StationError(
            f"instrument '{name}': driver '{entry.type}' is unknown ({error}); see the files in instruments/"
        ) from error
    if not (inspect.isclass(driver) and issubclass(driver, Instrument)):
        raise StationError(f"instrument '{name}': '{entry.type}' is no QCoDeS instrument class; name a driver class")
    return driver


def _accepts(driver: type, keyword: str) -> bool:
    """True when the constructor, or that of a base class it hands keywords on to, names ``keyword``."""
    for base in driver.__mro__:
        constructor = base.__dict__.get("__init__")
        if constructor is None:
            continue
        parameters = inspect.signature(constructor).parameters
        if keyword in parameters:
            return True
        if not any(each.kind is each.VAR_KEYWORD for each in parameters.values()):
            return False
    return False


def _connect(station: Any, name: str, entry: InstrumentEntry, keywords: dict[str, object]) -> Any:  # noqa: ANN401
    """Make one instrument and let it say who it is."""
    address = keywords.get("address", entry.address) or "its SDK"
    try:
        instrument = station.load_instrument(name, update_snapshot=False, name=_free_name(name), **keywords)
    except TypeError as error:
        raise StationError(
            f"instrument '{name}' ({entry.type}): {_message(error)}; correct init in the station file"
        ) from error
    except BenchError as error:
        raise StationError(f"instrument '{name}' ({entry.type}): {_message(error)}") from error
    except (ValueError, LookupError, AttributeError, ArithmeticError) as error:
        raise StationError(
            f"instrument '{name}' ({entry.type}) at {address} cannot be set up ({_message(error)}); "
            "check its address, init and parameters in the station file"
        ) from error
    except Exception as error:  # the VISA backends and vendors' libraries raise whatever they like
        raise _unreachable(name, str(address), error) from error
    try:
        instrument.get_idn()
    except BaseException as error:
        close_all([(name, instrument)])
        if isinstance(error, BenchError):
            raise _unreachable(name, str(address), error) from error
        raise
    return instrument


def _message(error: Exception) -> str:
    """One line, without what QCoDeS appends to the arguments."""
    message = error.args[0] if error.args and isinstance(error.args[0], str) else error
    return " ".join(str(message).split())


def _unreachable(name: str, address: str, error: Exception) -> StationError:
    return StationError(
        f"instrument '{name}' at {address} cannot be reached ({_message(error)}); "
        "check that it is switched on, the cable, and its address in the station file"
    )


def _free_name(name: str) -> str:
    """QCoDeS wants each name once in a process; several benches may be open at a time."""
    from qcodes.instrument import Instrument

    number, free = 1, name
    while Instrument.exist(free):
        number += 1
        free = f"{name}_{number}"
    return free


def _player(role: str, path: str, connected: Mapping[str, Any]) -> Any:  # noqa: ANN401 - plays the role
    """Follow ``instrument.submodule`` and check that it can play ``role``."""
    names = path.split(".")
    player = connected[names[0]]
    for name in names[1:]:
        submodules = getattr(player, "submodules", {})
        if name not in submodules:
            raise StationError(
                f"role '{role}': '{path}' does not exist; submodules of {names[0]} are "
                f"{', '.join(submodules) or 'none'}"
            )
        player = submodules[name]
    protocol = ROLES[role]
    if not isinstance(player, protocol):
        missing = [name for name in dir(protocol) if not name.startswith("_") and not hasattr(player, name)]
        raise StationError(
            f"role '{role}': {path} cannot play it, it lacks {', '.join(missing)}; "
            f"bind an instrument (or submodule) that is a {protocol.__name__}"
        )
    return player
