"""Interlocks: what must hold before, during and after a run, read from the instruments that know it.

=====================  =============================================================================================
role                   ends the run
=====================  =============================================================================================
pulse_source           interlock or fault; with light on: emission off, cold, not mode-locked
readout_laser,         interlock or fault; with light on: not settled, not locked
resonant_laser
shutter                its interlock loop is open
magnet                 quench; moving, or its switch heating or cooling, when nobody ramps; field on a warm magnet
cryostat               alarm; no reading; beyond the station's limits; away from the temperature asked for
time_tagger            a detector counts more than the station allows
positioner             not grounded while something is measured
=====================  =============================================================================================

A query that fails is repeated once; what cannot be read then counts as violated. The quench is latched by the magnet's
own supply (AMI 430: ``STATE?`` 7 and ``QU?``; 4G: ``*STB?`` bit 2), so every program that connects finds it, until a
person resets it at the supply. Thresholds are the station's ``limits``.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from instruments.errors import BenchError, InterlockError, NotReadyError, QuenchError, WireError
from instruments.safety import cryostat_alarm
from instruments.station_file import Limits

FIELD_OFF_T = 0.01
"""Below this field a warm magnet is no danger."""
RATE_INTEGRATION_S = 0.1
SETTLED = "OK"
FIELD_AND_TEMPERATURE = "field and magnet temperature"


class State(Enum):
    """How one interlock stands. A run ends with VIOLATED; NOT_READY lasers are violated with light on the sample."""

    GOOD = "ok"
    NOT_READY = "not ready"
    VIOLATED = "violated"


@dataclass(frozen=True)
class Reading:
    """One interlock as read: ``role``, ``what`` is watched, its ``state`` and what was read (``detail``)."""

    role: str
    what: str
    state: State
    detail: str


@dataclass(frozen=True)
class Circumstances:
    """What the bench is doing. ``light``: open to the sample; ``resting``: no procedure ramps the magnet now;
    ``counting``: ask the detectors for their rates; ``wanted_k``: the temperature the run asked for, None while it
    is being reached; ``detectors``: inputs of the time tagger.
    """

    light: bool = False
    resting: bool = True
    counting: bool = False
    wanted_k: float | None = None
    detectors: tuple[int, ...] = ()


def read_interlocks(roles: Mapping[str, Any], limits: Limits, now: Circumstances) -> tuple[Reading, ...]:
    """Read every interlock of the connected ``roles`` (name to player); changes nothing, raises nothing of a bench."""
    readings: list[Reading] = []
    for role, what, check in _CHECKS:
        if role in roles and (role != "time_tagger" or now.counting):
            readings.append(_read(role, what, check, _Bench(roles, limits, now)))
    return tuple(readings)


def require(readings: Iterable[Reading]) -> None:
    """Raise InterlockError that names all violated interlocks."""
    violated = [reading for reading in readings if reading.state is State.VIOLATED]
    if violated:
        raise InterlockError("; ".join(f"interlock {each.role} ({each.what}): {each.detail}" for each in violated))


@dataclass(frozen=True)
class _Bench:
    roles: Mapping[str, Any]
    limits: Limits
    now: Circumstances

    def magnet_thermometer(self) -> Callable[[], float] | None:
        """The thermometer at the magnet: that of its own role, else the cryostat's, if it has one."""
        if "magnet_thermometer" in self.roles:
            player = self.roles["magnet_thermometer"]
        elif "cryostat" in self.roles:
            player = self.roles["cryostat"]
            if not (hasattr(player, "has_magnet_thermometer") and player.has_magnet_thermometer()):
                return None
        else:
            return None
        thermometer: Callable[[], float] = player.magnet_temperature_k
        return thermometer


_Check = Callable[[Any, _Bench], str]


def _read(role: str, what: str, check: _Check, bench: _Bench) -> Reading:
    player = bench.roles[role]
    try:
        try:
            detail = check(player, bench)
        except WireError:  # one reply may be lost or garbled
            detail = check(player, bench)
    except NotReadyError as error:
        dangerous = bench.now.light or role not in _LASERS
        return Reading(role, what, State.VIOLATED if dangerous else State.NOT_READY, _one_line(error))
    except InterlockError as error:
        return Reading(role, what, State.VIOLATED, _one_line(error))
    except BenchError as error:
        return Reading(role, what, State.VIOLATED, f"cannot be read ({_one_line(error)})")
    return Reading(role, what, State.GOOD, detail)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


# Each returns what it read, or raises: InterlockError when violated, NotReadyError when the laser is only not ready.


def _pulses(laser: Any, _: _Bench) -> str:  # noqa: ANN401 - any player of the role
    laser.assert_mode_locked()
    return "no fault, lasing, mode-locked"


def _settled(laser: Any, _: _Bench) -> str:  # noqa: ANN401 - any player of the role
    """Lasers tell their state by ``assert_mode_locked()`` or as a parameter ``status`` that reads OK."""
    if hasattr(laser, "assert_mode_locked"):
        laser.assert_mode_locked()
        return "no fault, mode-locked"
    if not laser.output_is_open():
        return "output closed"
    status = getattr(laser, "parameters", {}).get("status")
    read = SETTLED if status is None else str(status.get())
    if read != SETTLED:
        raise NotReadyError(f"{laser.name}: output open and status '{read}', not OK; look at its lock and its pump")
    return "output open, settled"


def _shutter_loop(shutter: Any, _: _Bench) -> str:  # noqa: ANN401 - any player of the role
    """A shutter controller tells its loop as a parameter ``interlock`` that reads True when tripped."""
    controller = getattr(shutter, "root_instrument", shutter)
    interlock = getattr(controller, "parameters", {}).get("interlock")
    if interlock is None:
        return "has no interlock loop"
    if interlock.get():
        raise InterlockError(f"{controller.name}: the interlock is tripped; find out why, then close the loop")
    return "interlock loop closed"


def _magnet(magnet: Any, bench: _Bench) -> str:  # noqa: ANN401 - any player of the role
    try:
        at_rest = magnet.is_at_rest()
    except QuenchError as error:
        name = getattr(magnet, "name", "the magnet")
        raise QuenchError(
            f"{name} has QUENCHED: nothing is sent to it until a person has looked at helium level, magnet and supply "
            "and reset the quench at the supply's front panel"
        ) from error
    if bench.now.resting and not at_rest:
        raise InterlockError(
            "the magnet moves, or its persistent switch heats or cools, though nothing here asked for it; "
            "look at the programmer's front panel"
        )
    return "no quench, at rest" if at_rest else "no quench, ramping"


def _cold_magnet(magnet: Any, bench: _Bench) -> str:  # noqa: ANN401 - any player of the role
    thermometer = bench.magnet_thermometer()
    if thermometer is None:
        return "no thermometer at the magnet connected (role magnet_thermometer)"
    temperature_k, limit_k = thermometer(), bench.limits.highest_magnet_temperature_k
    try:
        field_t = magnet.field_t()
        hazard = temperature_k > limit_k and (abs(field_t) > FIELD_OFF_T or not magnet.is_at_rest())
    except QuenchError:
        return "not asked in a quench"
    if hazard:
        raise InterlockError(
            f"the magnet's thermometer reads {temperature_k:.2f} K at {field_t:.3f} T; with field at most "
            f"{limit_k:g} K are allowed (limits.highest_magnet_temperature_k): check its cooling, "
            "then ramp down by hand"
        )
    return f"{temperature_k:.2f} K (with field at most {limit_k:g} K), {field_t:.4g} T"


def _alarm(cryostat: Any, _: _Bench) -> str:  # noqa: ANN401 - any player of the role
    alarm = cryostat_alarm(cryostat)
    if alarm:
        raise InterlockError(f"{alarm}; look at the cryostat's screen before going on")
    return "no alarm"


def _temperature(cryostat: Any, bench: _Bench) -> str:  # noqa: ANN401 - any player of the role
    limits, wanted_k = bench.limits, bench.now.wanted_k
    low_k, high_k = limits.lowest_temperature_k, limits.highest_temperature_k
    temperature_k = cryostat.temperature_k()
    # A hair below the lowest setpoint allowed is no fault of the thermometer's.
    if not 0.9 * low_k <= temperature_k <= high_k:
        raise InterlockError(
            f"the sample is at {temperature_k:.3f} K, allowed are {low_k:g} to {high_k:g} K "
            "(limits of the station file); look at the cryostat"
        )
    excursion_k = limits.largest_temperature_excursion_k
    if wanted_k is not None and abs(temperature_k - wanted_k) > excursion_k:
        raise InterlockError(
            f"the sample is at {temperature_k:.3f} K instead of {wanted_k:g} K, allowed are {excursion_k:g} K off "
            "(limits.largest_temperature_excursion_k): look at the cryostat, or lower light and microwave power"
        )
    return f"sample at {temperature_k:.3f} K"


def _rates(tagger: Any, bench: _Bench) -> str:  # noqa: ANN401 - any player of the role
    limit_hz = bench.limits.highest_count_rate_hz
    rates = tagger.count_rates_hz(bench.now.detectors, RATE_INTEGRATION_S)
    channel, worst_hz = max(rates.items(), key=lambda item: item[1])
    if worst_hz > limit_hz:
        raise InterlockError(
            f"the photon counter on input {channel} counts {worst_hz:.3g} Hz, above the station's limit of "
            f"{limit_hz:.3g} Hz (limits.highest_count_rate_hz): look for stray light, lower the modulator level or "
            "narrow the exit slit"
        )
    return f"at most {worst_hz:.3g} Hz"


def _grounded(positioner: Any, _: _Bench) -> str:  # noqa: ANN401 - any player of the role
    if not positioner.is_grounded():
        raise InterlockError("the positioner is not grounded while something is measured; ground it at its controller")
    return "grounded"


_LASERS = ("pulse_source", "readout_laser", "resonant_laser")
_CHECKS: tuple[tuple[str, str, _Check], ...] = (
    ("pulse_source", "faults, emission, mode lock", _pulses),
    ("readout_laser", "faults, lock", _settled),
    ("resonant_laser", "faults, lock", _settled),
    ("shutter", "interlock loop", _shutter_loop),
    ("magnet", "quench, rest", _magnet),
    ("magnet", FIELD_AND_TEMPERATURE, _cold_magnet),
    ("cryostat", "alarm", _alarm),
    ("cryostat", "sample temperature", _temperature),
    ("time_tagger", "light on the detectors", _rates),
    ("positioner", "grounded", _grounded),
)
INTERLOCKED_ROLES = tuple(dict.fromkeys(role for role, _, _ in _CHECKS))
"""Roles that have an interlock."""
