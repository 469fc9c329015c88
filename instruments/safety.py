"""What is safe, role by role, and how it is confirmed: the one place that knows.

Order: microwave off, beam shutter closed, lasers closed, gates off, magnet held; the cryostat is left alone. Each
step is tried even when another has failed, and counts only when the instrument's read-back confirms it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from instruments.errors import UnsafeError

GATES = ("AB", "CD", "EF", "GH")
SAFETY_ROLES = ("microwave", "shutter", "readout_laser", "resonant_laser", "pulse_source", "gates", "magnet")


@dataclass(frozen=True)
class SafeStep:
    """One step. ``detail`` says what was read back or why it failed; ``by_hand`` what a person does then."""

    role: str
    action: str
    confirmed: bool
    detail: str
    by_hand: str


@dataclass(frozen=True)
class SafeStateReport:
    """All steps in the order they were tried."""

    steps: tuple[SafeStep, ...]

    @property
    def confirmed(self) -> bool:
        """True when every step was confirmed."""
        return all(step.confirmed for step in self.steps)

    def lines(self) -> list[str]:
        """One line a step, for logs and screens."""
        return [
            f"{'ok' if step.confirmed else 'NOT CONFIRMED'}: {step.role}: {step.action}: {step.detail}"
            for step in self.steps
        ]

    @property
    def instructions(self) -> str:
        """What to do by hand: one sentence for every step that was not confirmed, empty when all were."""
        return "; ".join(f"{step.role} ({step.detail}): {step.by_hand}" for step in self.steps if not step.confirmed)

    def raise_if_unsafe(self) -> None:
        """Raise UnsafeError that names every unconfirmed step and what to do by hand."""
        if not self.confirmed:
            raise UnsafeError(f"safe state not confirmed: {self.instructions}")


def make_safe(roles: Mapping[str, Any]) -> SafeStateReport:
    """Bring the connected ``roles`` (name to instrument) into the safe state; never raises an instrument's error."""
    steps: list[SafeStep] = []
    done: list[object] = []
    for name in SAFETY_ROLES:
        player = roles.get(name)
        if player is None or any(player is other for other in done):
            continue  # not connected, or one instrument in two roles
        done.append(player)
        action, by_hand, perform = _PROCEDURES[name]
        steps.append(_tried(name, action, by_hand, perform, player))
    if "cryostat" in roles:
        steps.append(SafeStep("cryostat", "leave as it is", True, "setpoint held", ""))
    return SafeStateReport(tuple(steps))


def _tried(role: str, action: str, by_hand: str, perform: Callable[[Any], str], player: object) -> SafeStep:
    try:
        problem = perform(player)
    except Exception as error:  # noqa: BLE001 - whatever fails, the steps after it must be tried
        problem = f"{type(error).__name__}: {error}"
    return SafeStep(role, action, not problem, problem or "confirmed by read-back", by_hand)


# Each returns an empty string when the read-back confirms, else what it read.


def _microwave_off(microwave: Any) -> str:  # noqa: ANN401 - any player of the role
    microwave.set_output(False)
    return "RF output still reads on" if microwave.output_is_on() else ""


def _shutter_closed(shutter: Any) -> str:  # noqa: ANN401 - any player of the role
    shutter.close()
    return "shutter still reads open" if shutter.is_open() else ""


def _laser_closed(laser: Any) -> str:  # noqa: ANN401 - any player of the role
    laser.close_output()
    return "output still reads open" if laser.output_is_open() else ""


def _gates_off(generator: Any) -> str:  # noqa: ANN401 - any player of the role
    problems = []
    for gate in GATES:
        try:
            generator.disable_gate(gate)
        except Exception as error:  # noqa: BLE001 - the other gates must be tried
            problems.append(f"{gate}: {error}")
    return "; ".join(problems)


def _magnet_held(magnet: Any) -> str:  # noqa: ANN401 - any player of the role
    magnet.hold()  # raises, and sends nothing, in a quench
    return "" if magnet.is_at_rest() else "field still reads moving"


_LASER = ("close the output", "close its shutter or turn its key", _laser_closed)
_PROCEDURES: dict[str, tuple[str, str, Callable[[Any], str]]] = {
    "microwave": ("RF off", "switch RF off at the generator's front panel", _microwave_off),
    "shutter": ("close", "block the beam by hand", _shutter_closed),
    "readout_laser": _LASER,
    "resonant_laser": _LASER,
    "pulse_source": _LASER,
    "gates": ("disable all", "unplug the gate cables of the modulators", _gates_off),
    "magnet": ("hold", "do not touch a quenched magnet; else press PAUSE on the programmer", _magnet_held),
}
