"""Newport ESP301 motion controller with rotation stages; each axis plays Rotator.

Wire: RS-232 at 921600 8N1 with RTS/CTS (also USB, GPIB); axis number, two letters, value (``1PA45.0000``), CR; replies
end with CR LF. Settings are answered by nothing: what went wrong waits in the error buffer that ``TB?`` empties
(``106, 5120, AXIS-1 POSITIVE SOFTWARE LIMIT EXCEEDED``). ``MD?`` is 1 when a motion is done.
Source: ESP301 motion controller user's manual. Firmware seen: none.
"""

import math
from collections.abc import Mapping
from typing import ClassVar, Unpack

import pyvisa
from pyvisa import constants
from qcodes.instrument import InstrumentModule  # noqa: TID253 - the class statement needs it

from instruments.errors import LimitError, NotReadyError, WireError
from instruments.thorlabs_ell14 import wrapped_deg
from instruments.visa import LabInstrument, VisaOptions

DEGREES = 7  # code of the unit in SN?
ERRORS_KEPT = 10
ARRIVED_WITHIN_DEG = 0.05
HIGHEST_AXIS = 3
FARTHEST_DEG = 720.0


class Esp301Axis(InstrumentModule["Esp301"]):
    """One stage. Angles of the fast axis from horizontal; ``offset_deg``: stage angle when it is horizontal."""

    def __init__(self, controller: "Esp301", name: str, axis: int, offset_deg: float) -> None:
        super().__init__(controller, name)
        self._controller = controller
        self._axis = axis
        self._offset_deg = offset_deg
        self._speaks_degrees = False
        self.angle = self.add_parameter(
            "angle",
            unit="deg",
            get_cmd=self.angle_deg,
            set_cmd=self.rotate_to,
            docstring="Control the angle of the fast axis from horizontal, deg, from -720 to 720.",
        )
        self.motor = self.add_parameter(
            "motor",
            get_cmd=lambda: controller.ask_flag(f"{axis}MO?"),
            set_cmd=lambda on: controller.command(f"{axis}{'MO' if on else 'MF'}"),
            docstring="Control whether the motor is powered: True or False (no unit).",
        )

    def angle_deg(self) -> float:
        """Angle of the fast axis, degrees, in [-180, 180)."""
        with self._controller.lock:
            self._require_degrees()
            return wrapped_deg(self._position_deg() - self._offset_deg)

    def rotate_to(self, angle_deg: float) -> float:
        """Rotate to the equivalent angle nearest to where it stands, wait; returns the angle read back, degrees."""
        who = self.full_name
        if not abs(angle_deg) <= FARTHEST_DEG:
            raise LimitError(f"{who}: angle {angle_deg:g} deg is outside -720 to 720 deg; choose a value inside")
        controller = self._controller
        with controller.lock:
            self._require_degrees()
            if not self.motor():
                raise NotReadyError(f"{who}: the motor is off; switch it on (motor) and search home once")
            target_deg = wrapped_deg(angle_deg + self._offset_deg, self._position_deg())
            controller.command(f"{self._axis}PA{target_deg:.4f}")
            controller.wait_until(
                lambda: controller.ask_flag(f"{self._axis}MD?"),
                timeout_s=120.0,
                poll_s=0.1,
                what=f"end of motion of axis {self._axis}",
            )
            reached_deg = wrapped_deg(self._position_deg() - self._offset_deg, angle_deg)
        if abs(reached_deg - angle_deg) > ARRIVED_WITHIN_DEG:
            raise NotReadyError(
                f"{who}: asked for {angle_deg:.3f} deg, stands at {reached_deg:.3f} deg; check that it turns freely"
            )
        return reached_deg

    def home(self) -> None:
        """Search the home mark; needed once after power-on."""
        controller = self._controller
        controller.command(f"{self._axis}OR")
        controller.wait_until(
            lambda: controller.ask_flag(f"{self._axis}MD?"),
            timeout_s=120.0,
            poll_s=0.2,
            what=f"home mark of axis {self._axis}",
        )

    def _position_deg(self) -> float:
        return self._controller.ask_float(f"{self._axis}TP")

    def _require_degrees(self) -> None:
        if not self._speaks_degrees:
            unit = self._controller.ask_int(f"{self._axis}SN?")
            if unit != DEGREES:
                raise NotReadyError(f"{self.full_name}: its unit has the code {unit}, not 7 (degrees); set SN7")
            self._speaks_degrees = True


class Esp301(LabInstrument):
    """The controller; its stages are the submodules ``axis_1`` and so on.

    ``offset_deg``: submodule name to the stage angle (degrees) at which its plate's fast axis is horizontal.
    """

    MODEL: ClassVar[str] = "esp301"
    WRITE_TERMINATOR = b"\r"
    READ_TERMINATOR = b"\r\n"
    BAUD_RATE = 921_600

    def __init__(
        self,
        name: str,
        address: str | None = None,
        *,
        axes: str = "123",
        offset_deg: Mapping[str, float] | None = None,
        **visa: Unpack[VisaOptions],
    ) -> None:
        super().__init__(name, address, **visa)
        offsets = dict(offset_deg or {})
        for axis in axes:
            axis_name = f"axis_{axis}"
            offset = float(offsets.pop(axis_name, 0.0))
            if axis not in "123"[:HIGHEST_AXIS] or not math.isfinite(offset):
                raise LimitError(f"{name}: {axis_name} with offset {offset} deg; axes are 1-3, offsets finite")
            self.add_submodule(axis_name, Esp301Axis(self, axis_name, int(axis), offset))
        if offsets:
            raise LimitError(f"{name}: offset_deg names {sorted(offsets)}; the stages are axis_{'/'.join(axes)}")

    def set_terminator(self, terminator: str | None) -> None:
        """Apply terminators and serial settings, with RTS/CTS as the manual asks."""
        super().set_terminator(terminator)
        if isinstance(self.visa_handle, pyvisa.resources.SerialInstrument):
            self.visa_handle.flow_control = constants.ControlFlow.rts_cts

    def get_idn(self) -> dict[str, str | None]:
        """Get the identity from the firmware version."""
        return {"vendor": "Newport", "model": "ESP301", "serial": None, "firmware": self.ask("VE?")}

    def command(self, cmd: str) -> None:
        """Send a setting; NotReadyError with the controller's words when it puts an error into its buffer."""
        with self.lock:
            for earlier in self._errors():
                self.log.warning("error from before: %s", earlier)
            self.write(cmd)
            problems = self._errors()
        if problems:
            raise NotReadyError(f"{self.name}: '{cmd}' failed: {'; '.join(problems)}; see the manual's error list")

    def _errors(self) -> list[str]:
        """Empty the error buffer; its lines, oldest first."""
        found: list[str] = []
        for _ in range(ERRORS_KEPT + 1):
            reply = self.ask("TB?")
            code, _, rest = reply.partition(",")
            if not code.strip().isdecimal() or not rest:
                raise self.bad_reply("TB?", reply, "error code, time and message")
            if int(code) == 0:
                return found
            found.append(f"error {int(code)} ({rest.rpartition(',')[2].strip()})")
        raise WireError(f"{self.name}: 'TB?' does not come to an end of its errors ({found[-1]}); restart it")
