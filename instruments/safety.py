"""What is safe, role by role, and how it is confirmed: the one place that knows.

In order, each step tried (three times, if the wire fails) whatever became of the others, each confirmed by read-back:

1. microwave: RF off, then lowest power
2. beam shutter closed
3. each laser's own output closed; if the sample is not dark by then, the emission of a laser that did not close off
4. gates at zero width; polarisation modulator at rest
5. magnet held; in a quench nothing is sent, nothing is confirmed, and a person has to look
6. positioner stopped and grounded
7. cryostat left at its setpoint; with an alarm its heaters off, where the driver can do that (``heaters_off()`` and
   ``heaters_are_off()``); a controller that has no such command acts on its alarm itself

The bench is safe when the beam shutter and every laser are confirmed closed (a laser that may emit behind a closed
shutter waits for whoever opens the box), the RF is off, magnet and positioner rest, heaters are off after an alarm.
Power, gates and modulators are a second line: what of them is not confirmed is told, but with light and RF off
confirmed it endangers nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from instruments.errors import BenchError, InterlockError, LimitError, QuenchError, UnsafeError

GATES = ("AB", "CD", "EF", "GH")
LASER_ROLES = ("readout_laser", "resonant_laser", "pulse_source")
LIGHT_ROLES = ("shutter", *LASER_ROLES)
SECOND_LINE = ("microwave power", "gates", "polarisation_modulator")
LOWEST_POWER_DBM = -100.0
"""Nothing to a sample; every generator on the list reaches it."""
ATTEMPTS = 3
"""A reply lost or garbled once must not cost the confirmation."""
READ_BACK = "confirmed by read-back"
AFTER_QUENCH = (
    "do not touch a quenched magnet; look at helium level, magnet and supply, then reset the quench at the supply's "
    "front panel"
)


@dataclass(frozen=True)
class SafeStep:
    """One step. ``detail`` says what was read back or why it failed; ``by_hand`` what a person does then.

    ``remark``: what a person should know although the step is confirmed.
    """

    role: str
    action: str
    confirmed: bool
    detail: str
    by_hand: str
    remark: str = ""


@dataclass(frozen=True)
class SafeStateReport:
    """All steps in the order they were tried."""

    steps: tuple[SafeStep, ...]

    @property
    def complete(self) -> bool:
        """True when every single step was confirmed: how a run must find the bench."""
        return not self._open()

    @property
    def dark(self) -> bool:
        """True when no light can reach the sample: the beam shutter, or every laser, is confirmed closed."""
        light = [step for step in self.steps if step.role in LIGHT_ROLES]
        lasers = [step.confirmed for step in light if step.role != "shutter"]
        shutter = any(step.role == "shutter" and step.confirmed for step in light)
        return not light or shutter or (bool(lasers) and all(lasers))

    @property
    def confirmed(self) -> bool:
        """True when nothing is dangerous: shutter and every laser closed, RF off, magnet and positioner at rest."""
        return not self._dangerous()

    def lines(self) -> list[str]:
        """One line a step, for logs and screens."""
        return [
            f"{'ok' if step.confirmed else 'NOT CONFIRMED'}: {step.role}: {step.action}: {step.detail}"
            for step in self.steps
        ]

    @property
    def instructions(self) -> str:
        """What to do by hand: one sentence for every dangerous step that was not confirmed, empty when none is."""
        return "; ".join(_sentence(step) for step in self._dangerous())

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a person should know of a bench that is safe: steps that were not confirmed and endanger nothing."""
        harmless = [step for step in self._open() if step not in self._dangerous()]
        told = [f"not confirmed, but the bench is safe without it: {_sentence(step)}" for step in harmless]
        return (*told, *(f"{step.role}: {step.remark}" for step in self.steps if step.confirmed and step.remark))

    def raise_if_unsafe(self) -> None:
        """Raise UnsafeError that names every dangerous step that was not confirmed, and what to do by hand."""
        if not self.confirmed:
            raise UnsafeError(f"safe state not confirmed: {self.instructions}")

    def raise_if_incomplete(self) -> None:
        """Raise UnsafeError that names every step that was not confirmed: no run starts from such a bench."""
        if not self.complete:
            sentences = "; ".join(_sentence(step) for step in self._open())
            raise UnsafeError(f"the safe state in which a run begins was not confirmed: {sentences}")

    def _open(self) -> list[SafeStep]:
        return [step for step in self.steps if not step.confirmed]

    def _dangerous(self) -> list[SafeStep]:
        proven_dark = self.dark and any(step.role in LIGHT_ROLES for step in self.steps)
        # Behind a closed shutter a laser that may still emit is a hazard to whoever opens the box: it is not harmless.
        harmless = SECOND_LINE if proven_dark else ()
        return [step for step in self._open() if step.role not in harmless]


def _sentence(step: SafeStep) -> str:
    return f"{step.role} ({step.detail}): {step.by_hand}"


def make_safe(roles: Mapping[str, Any]) -> SafeStateReport:
    """Bring the connected ``roles`` (name to instrument) into the safe state; never raises an instrument's error."""
    steps: list[SafeStep] = []
    done: list[object] = []
    for name, (action, by_hand, perform) in _PROCEDURES.items():
        player = roles.get(name)
        if player is None or any(player is other for other in done):
            continue  # not connected, or one instrument in two roles
        done.append(player)
        step = _tried(name, action, by_hand, perform, player)
        if name == "magnet" and not step.confirmed:
            step = _told_of_quench(step, player)
        steps.append(step)
        if name == "microwave" and step.confirmed:
            steps.append(_tried("microwave power", "lowest", "turn the power down at its panel", _power_lowest, player))
    if not SafeStateReport(tuple(steps)).dark:
        steps = [_emission_off(step, roles.get(step.role)) for step in steps]
    if "cryostat" in roles:
        steps.append(_cryostat_left(roles["cryostat"]))
    return SafeStateReport(tuple(steps))


def _tried(role: str, action: str, by_hand: str, perform: Callable[[Any], str], player: object) -> SafeStep:
    problem = ""
    for _ in range(ATTEMPTS):
        try:
            problem = perform(player)
        except InterlockError as error:  # a refusal: it would only be repeated
            problem = f"{type(error).__name__}: {error}"
            break
        except BenchError as error:
            problem = f"{type(error).__name__}: {error}"
        except Exception as error:  # noqa: BLE001 - whatever fails, the steps after it must be tried
            problem = f"{type(error).__name__}: {error}"
            break
        if not problem:
            return SafeStep(role, action, True, READ_BACK, by_hand)
    return SafeStep(role, action, False, problem, by_hand)


# Each returns an empty string when the read-back confirms, else what it read.


def _microwave_off(microwave: Any) -> str:  # noqa: ANN401 - any player of the role
    microwave.set_output(False)
    if microwave.output_is_on():
        return "RF output still reads on"
    return ""


def _power_lowest(microwave: Any) -> str:  # noqa: ANN401 - any player of the role
    try:
        reached_dbm = microwave.set_power(LOWEST_POWER_DBM)
    except LimitError:
        return ""  # the site keeps the driver above that power; without RF it is nothing
    return "" if reached_dbm <= LOWEST_POWER_DBM + 0.5 else f"the power reads {reached_dbm:g} dBm"


def _shutter_closed(shutter: Any) -> str:  # noqa: ANN401 - any player of the role
    shutter.close()
    return "shutter still reads open" if shutter.is_open() else ""


def _laser_closed(laser: Any) -> str:  # noqa: ANN401 - any player of the role
    laser.close_output()
    return "output still reads open" if laser.output_is_open() else ""


def _emission_off(step: SafeStep, laser: Any) -> SafeStep:  # noqa: ANN401 - any player of the role
    """The last means against light: a laser whose shutter did not close, switched off, where its driver can."""
    emission = getattr(laser, "parameters", {}).get("emission")
    if step.confirmed or step.role not in LASER_ROLES or emission is None or not emission.settable:
        return step

    def switch_off(_: object) -> str:
        emission.set(False)
        return "emission still reads on" if emission.get() else ""

    second = _tried(step.role, "emission off", step.by_hand, switch_off, laser)
    if not second.confirmed:
        return SafeStep(step.role, step.action, False, f"{step.detail}; {second.detail}", step.by_hand)
    return SafeStep(
        step.role,
        "emission off",
        True,
        READ_BACK,
        step.by_hand,
        f"emission switched off, since the output did not close ({step.detail}); look at its shutter first",
    )


def _gates_off(generator: Any) -> str:  # noqa: ANN401 - any player of the role
    problems = []
    for gate in GATES:
        try:
            generator.disable_gate(gate)
            width_s = _gate_width_s(generator, gate)
            if width_s:
                problems.append(f"{gate} still reads {width_s:g} s wide")
        except Exception as error:  # noqa: BLE001 - the other gates must be tried
            problems.append(f"{gate}: {error}")
    return "; ".join(problems)


def _gate_width_s(generator: Any, gate: str) -> float:  # noqa: ANN401 - any player of the role
    """Width read back after all is set, s; 0 for a generator whose disable_gate alone confirms."""
    width = getattr(generator, "parameters", {}).get(f"width_{gate}")
    return 0.0 if width is None else float(width.get())


def _modulator_at_rest(modulator: Any) -> str:  # noqa: ANN401 - any player of the role
    modulator.set_output(False)
    return "the optic still reads driven" if modulator.output_is_on() else ""


def _magnet_held(magnet: Any) -> str:  # noqa: ANN401 - any player of the role
    magnet.hold()  # raises, and sends nothing, in a quench
    return "" if magnet.is_at_rest() else "field still reads moving"


def _told_of_quench(step: SafeStep, magnet: Any) -> SafeStep:  # noqa: ANN401 - any player of the role
    """In a quench nothing can be confirmed and nothing may be sent: a person has to look. Else the step as it is."""
    try:
        magnet.is_at_rest()  # a latched driver refuses without sending; one that does not know yet asks once
    except QuenchError:
        detail = "QUENCH: nothing is sent to the magnet until a person has reset it"
        return SafeStep(step.role, "leave alone", False, detail, AFTER_QUENCH)
    except Exception:  # noqa: BLE001 - whatever else fails, the step's own result says so
        return step
    return step


def _positioner_grounded(positioner: Any) -> str:  # noqa: ANN401 - any player of the role
    positioner.ground()
    return "" if positioner.is_grounded() else "axis still reads live"


def _cryostat_left(cryostat: Any) -> SafeStep:  # noqa: ANN401 - any player of the role
    """Setpoint held. With an alarm the heaters go off, if they can be switched from here."""
    action, by_hand = "leave as it is", "look at the cryostat's screen before going on"
    try:
        alarm = cryostat_alarm(cryostat)
    except Exception as error:  # noqa: BLE001 - nothing was to be done; a person should know
        remark = f"setpoint held, but its alarm cannot be read ({error}); {by_hand}"
        return SafeStep("cryostat", action, True, "setpoint held", by_hand, remark)
    if not alarm:
        return SafeStep("cryostat", action, True, "setpoint held", by_hand)
    if not hasattr(cryostat, "heaters_off"):
        remark = f"{alarm}; this driver has no heater command, the controller acts itself; {by_hand}"
        return SafeStep("cryostat", action, True, "setpoint held", by_hand, remark)

    def switch_off(player: Any) -> str:  # noqa: ANN401 - any player of the role
        player.heaters_off()
        return "" if player.heaters_are_off() else "heaters still read on"

    step = _tried("cryostat", "heaters off", "switch the heaters off at the controller", switch_off, cryostat)
    remark = f"{alarm}; heaters switched off; {by_hand}"
    return SafeStep(step.role, step.action, step.confirmed, f"{alarm}; {step.detail}", step.by_hand, remark)


def cryostat_alarm(cryostat: Any) -> str:  # noqa: ANN401 - any player of the role
    """What the cryostat complains of, "" for nothing. Drivers tell it by ``assert_no_alarm()`` or as a parameter."""
    if hasattr(cryostat, "assert_no_alarm"):
        try:
            cryostat.assert_no_alarm()
        except InterlockError as error:
            return str(error)
        return ""
    parameters = getattr(cryostat, "parameters", {})
    if "alarm" in parameters:
        return f"{cryostat.name}: alarm is set" if parameters["alarm"].get() else ""
    if "alarms" in parameters:
        alarms = str(parameters["alarms"].get()).strip()
        return f"{cryostat.name}: alarm {alarms!r}" if alarms else ""
    return ""


_LASER = ("close the output", "close its shutter or turn its key", _laser_closed)
_PROCEDURES: dict[str, tuple[str, str, Callable[[Any], str]]] = {
    "microwave": ("RF off", "switch RF off at the generator's front panel", _microwave_off),
    "shutter": ("close", "block the beam by hand", _shutter_closed),
    "readout_laser": _LASER,
    "resonant_laser": _LASER,
    "pulse_source": _LASER,
    "gates": ("disable all", "unplug the gate cables of the modulators", _gates_off),
    "polarisation_modulator": ("output off", "switch the modulator's controller off", _modulator_at_rest),
    "magnet": ("hold", "do not touch a quenched magnet; else press PAUSE on the programmer", _magnet_held),
    "positioner": ("stop and ground", "switch the axis to GND at the piezo controller", _positioner_grounded),
}
SAFETY_ROLES = (*_PROCEDURES, "magnet_thermometer")
"""Connected for every run: what the safe state acts on, and what the field depends on."""


def by_hand(role: str) -> str:
    """What a person does when the instrument of ``role`` cannot be reached; "" for a role that endangers nothing."""
    return _PROCEDURES[role][1] if role in _PROCEDURES else ""
