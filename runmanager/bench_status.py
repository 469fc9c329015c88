"""What each role of a bench says of itself: identity, key values, interlock. Reads only; changes nothing.

Read in the thread of the run, at a checkpoint: an instrument has one conversation. Photon counters are left alone,
because asking them for a rate is a measurement.
"""

from collections.abc import Callable
from typing import Any

from instruments import roles as kinds
from instruments.bench import Bench
from instruments.errors import BenchError, NotReadyError
from instruments.interlocks import Circumstances, Reading, State, read_interlocks
from runmanager.queue.events import RoleStatus

SHARE = 0.02
"""Largest share of the bench's time that is spent on reading the status of its roles."""
INTERVAL_S = 3.0
"""Bench time between two readings at least, s."""

Values = tuple[tuple[str, str], ...]


class BenchWatch:
    """Reads the whole bench now and then: call :meth:`due_status` at every checkpoint."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._identities: dict[str, str] | None = None
        self._next_s = -float("inf")

    def due_status(self) -> tuple[RoleStatus, ...] | None:
        """Every role as it is now, or None when the last reading is too recent. Raises nothing of a bench."""
        began_s = self._bench.clock.now_s()
        if began_s < self._next_s:
            return None
        if self._identities is None:
            self._identities = {name: _identity(self._bench, name) for name in self._bench.roles()}
        status = read_status(self._bench, self._identities)
        ended_s = self._bench.clock.now_s()
        self._next_s = ended_s + max(INTERVAL_S, (ended_s - began_s) / SHARE)
        return status


def read_status(bench: Bench, identities: dict[str, str]) -> tuple[RoleStatus, ...]:
    """Key values and interlock of every role; a role that does not answer says so instead of its values."""
    players = {name: bench.role(name) for name in bench.roles()}
    values = {name: key_values(player) for name, player in players.items()}
    light = ("open", "yes") in values.get("shutter", (("open", "yes"),))
    readings = read_interlocks(players, bench.limits, Circumstances(light=light, resting=False))
    return tuple(
        RoleStatus(
            role=name,
            identity=identities.get(name, ""),
            values=values[name],
            interlock="; ".join(f"{each.what}: {each.detail}" for each in _of(readings, name)),
            satisfied=all(each.state is not State.VIOLATED for each in _of(readings, name)),
        )
        for name in players
    )


def key_values(player: object) -> Values:
    """What is worth knowing of one role: (name, value with unit), in the order of importance."""
    found: list[tuple[str, str]] = []
    for kind, name, read in _VALUES:
        if isinstance(player, kind) and name not in dict(found):
            try:
                found.append((name, read(player)))
            except NotReadyError:  # a laser that cannot be asked knows its wavelength only once it was tuned
                found.append((name, "not known yet"))
            except BenchError as error:
                found.append((name, f"no answer ({str(error).splitlines()[0]})"))
    return tuple(found)


def _yes(state: bool) -> str:
    return "yes" if state else "no"


_VALUES: tuple[tuple[type, str, Callable[[Any], str]], ...] = (
    (kinds.TunableLaser, "wavelength", lambda laser: f"{laser.wavelength_nm():.3f} nm"),
    (kinds.TunableLaser, "output open", lambda laser: _yes(laser.output_is_open())),
    (kinds.PulsedSource, "repetition rate", lambda laser: f"{laser.repetition_rate_hz() / 1e6:.4f} MHz"),
    (kinds.PulsedSource, "output open", lambda laser: _yes(laser.output_is_open())),
    (kinds.Shutter, "open", lambda shutter: _yes(shutter.is_open())),
    (kinds.Rotator, "angle", lambda plate: f"{plate.angle_deg():.2f} deg"),
    (kinds.Spectrograph, "centre", lambda grating: f"{grating.centre_wavelength_nm():.3f} nm"),
    (kinds.Cryostat, "temperature", lambda cryostat: f"{cryostat.temperature_k():.3f} K"),
    (kinds.Magnet, "field", lambda magnet: f"{magnet.field_t():.4f} T"),
    (kinds.Magnet, "at rest", lambda magnet: _yes(magnet.is_at_rest())),
    (kinds.MicrowaveSource, "output on", lambda source: _yes(source.output_is_on())),
    (kinds.Positioner, "grounded", lambda axis: _yes(axis.is_grounded())),
    (kinds.ThermometerAtMagnet, "magnet temperature", lambda stage: f"{stage.magnet_temperature_k():.3f} K"),
)
"""Role, name of the value, and how it is read. Nothing here waits, moves or counts."""


def _identity(bench: Bench, role: str) -> str:
    """Vendor, model and serial number of the instrument that plays ``role``, "" when it does not tell."""
    instrument = bench.instruments().get(bench.instrument_name(role).split(".")[0])
    if instrument is None:
        return ""
    try:
        told = instrument.get_idn()
    except BenchError:
        return ""
    return " ".join(str(told[key]) for key in ("vendor", "model", "serial") if told.get(key))


def _of(readings: tuple[Reading, ...], role: str) -> list[Reading]:
    return [reading for reading in readings if reading.role == role]
