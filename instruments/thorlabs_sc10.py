"""Thorlabs SC10 beam shutter controller on RS-232; its ``shutter`` submodule plays Shutter.

Wire: 9600 8N1, commands end in CR; the reply is the echo, a value line and the prompt ``> ``. The trap: ``ens``
*toggles* the shutter, so the state is read first, and ``closed?`` confirms. Only manual mode (1) obeys at once.
The role is a submodule because a QCoDeS instrument's own ``close()`` ends the connection.
Source: Thorlabs SC10 manual, serial commands. Firmware seen: none.
"""

from typing import ClassVar, Unpack

from qcodes.instrument import InstrumentModule  # noqa: TID253 - the class statement needs it

from instruments.errors import InterlockError, NotReadyError, WireError
from instruments.visa import LabInstrument, VisaOptions

MANUAL_MODE = 1
MOVE_TIMEOUT_S = 2.0


class Sc10Shutter(InstrumentModule["Sc10"]):
    """The shutter head."""

    def __init__(self, controller: "Sc10", name: str) -> None:
        super().__init__(controller, name)
        self._controller = controller

    def open(self) -> None:
        """Open and confirm. InterlockError with a tripped interlock, NotReadyError unless in manual mode."""
        controller = self._controller
        with controller.lock:
            mode = controller.ask_int("mode?")
            if mode != MANUAL_MODE:
                raise NotReadyError(f"{controller.name}: operating mode is {mode}, not 1 (manual); set mode 1 first")
            if controller.ask_flag("interlock?"):
                raise InterlockError(f"{controller.name}: the interlock is tripped; close the interlock loop first")
            self._toggle_if(enabled=False)
        self._confirm(closed=False)

    def close(self) -> None:
        """Close and confirm."""
        with self._controller.lock:
            self._toggle_if(enabled=True)
        self._confirm(closed=True)

    def is_open(self) -> bool:
        """Read the blade sensor."""
        return not self._controller.ask_flag("closed?")

    def _toggle_if(self, *, enabled: bool) -> None:
        if self._controller.ask_flag("ens?") == enabled:
            self._controller.command("ens")

    def _confirm(self, *, closed: bool) -> None:
        word = "closed" if closed else "open"
        self._controller.wait_until(
            lambda: self.is_open() is not closed, timeout_s=MOVE_TIMEOUT_S, poll_s=0.05, what=f"blade {word}"
        )


class Sc10(LabInstrument):
    """The controller; the shutter itself is ``sc10.shutter``."""

    MODEL: ClassVar[str] = "sc10"
    WRITE_TERMINATOR = b"\r"
    READ_TERMINATOR = b""  # the reply ends with the prompt
    BAUD_RATE = 9600

    def __init__(self, name: str, address: str | None = None, **visa: Unpack[VisaOptions]) -> None:
        super().__init__(name, address, **visa)
        self.mode = self.add_parameter(
            "mode",
            get_cmd=lambda: self.ask_int("mode?"),
            set_cmd=self._set_mode,
            docstring="Control the operating mode: 1 manual, 2 auto, 3 single, 4 repeat, 5 gate (no unit).",
        )
        self.blade_closed = self.add_parameter(
            "blade_closed",
            get_cmd=lambda: self.ask_flag("closed?"),
            docstring="Get the blade sensor: True closed, False open (no unit).",
        )
        self.interlock = self.add_parameter(
            "interlock",
            get_cmd=lambda: self.ask_flag("interlock?"),
            docstring="Get the interlock: True tripped, False good (no unit).",
        )
        self.shutter = self.add_submodule("shutter", Sc10Shutter(self, "shutter"))

    def get_idn(self) -> dict[str, str | None]:
        """Get the identity."""
        return {"vendor": "Thorlabs", "model": self.ask("id?"), "serial": None, "firmware": None}

    def ask_raw(self, cmd: str) -> str:
        """Send one command; returns the value line between echo and prompt (empty for a setting)."""
        with self.lock:
            self.send(cmd)
            text = self.receive_until(cmd, b">")
        lines = [line.strip() for line in text.replace("\n", "\r").split("\r") if line.strip()]
        if not lines or lines[0] != cmd:
            raise self.bad_reply(cmd, text, "the echo of the command")
        value = " ".join(lines[1:])
        if "error" in value.lower():
            raise WireError(f"{self.name}: '{cmd}' was refused with {value!r}; check the command")
        return value

    def command(self, cmd: str) -> None:
        """Send a setting; WireError if anything but the echo comes back."""
        value = self.ask(cmd)
        if value:
            raise self.bad_reply(cmd, value, "the echo alone")

    def _set_mode(self, mode: int) -> None:
        self.require_within("operating mode", mode, 1, 5, "", "see the manual")
        self.command(f"mode={int(mode)}")
