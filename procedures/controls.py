"""Control runs: the same experiment with one thing taken away that the effect needs. What is left is no effect.

A control is a parameter of the run like any other, so that it is on record in the file and judged as what it is.
"""

from collections.abc import Iterable

from procedures.errors import RefusedError

NO_CONTROL = "none"
LASER_BLOCKED = "laser blocked"
MICROWAVE_OFF = "microwave off"
HELICITY_SWAPPED = "helicity swapped"
OFF_RESONANCE = "off resonance"

MEANING: dict[str, str] = {
    LASER_BLOCKED: "all as in the real run, behind a beam shutter that stays closed: only dark counts may be left",
    MICROWAVE_OFF: "the microwave generator's output is never switched on: no resonance may appear",
    HELICITY_SWAPPED: "excitation with the other circular polarisation: what follows the helicity reverses its sign",
    OFF_RESONANCE: "pump, or window of the microwave sweep, moved away from the line: nothing resonant may be left",
}
"""What each control does and what it must show, in one line."""
CHOICES = (NO_CONTROL, *MEANING)


def refuse_control(procedure: str, control: str, applying: Iterable[str]) -> None:
    """RefusedError when ``control`` says nothing about this procedure; ``applying``: those that do."""
    known = tuple(applying)
    if control == NO_CONTROL or control in known:
        return
    others = f"it has: {', '.join(known)}" if known else "it has no controls"
    raise RefusedError(f"the control '{control}' does not apply to {procedure}; {others}")
