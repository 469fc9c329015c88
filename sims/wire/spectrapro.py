"""The SpectraPro's wire: postfix words ended by CR, echoed, answered on the same line, finished by `` ok``."""

from collections.abc import Sequence

from sims.bench.spectrapro import FOCAL_LENGTH_MM, INCLUDE_ANGLE_DEG, SpectraPro
from sims.wire.line import Device, Reply, serial
from sims.wire.values import RefusedError, number, whole

_SLITS = ("SIDE-ENT-SLIT", "FRONT-ENT-SLIT", "SIDE-EXIT-SLIT", "FRONT-EXIT-SLIT")
_MIRRORS = ("ENT-MIRROR", "EXIT-MIRROR")
_SCAN_RATE_RANGE_NM_PER_MIN = (0.01, 2000.0)


class SpectraProWire(Device):
    """``650.0 GOTO`` answers when the grating has arrived; ``650.0 >NM`` at once, ``MONO-?DONE`` then tells.

    Motors: the entrance slit is at the side, the exits have a mirror and a slit at the side; the other slits and the
    entrance mirror have none. A mirror or slit word selects what the words after it (also on later lines) act on.
    """

    speed = serial(9600)

    def __init__(self, spectrograph: SpectraPro) -> None:
        self._spectrograph = spectrograph
        self._mirror = "EXIT-MIRROR"
        self._slit = "SIDE-EXIT-SLIT"

    def answer(self, message: bytes) -> Sequence[Reply]:
        """Echo, space, reply, `` ok``; the echo and `` ?`` when a word is not understood."""
        text = message.decode("ascii", "replace").strip()
        try:
            value = self._run(text.upper().split())
        except (RefusedError, ValueError):  # ValueError: the spectrograph's own limits
            return [Reply(f"{text} ? \r\n".encode("ascii", "replace"))]
        body = f"{text} {value}  ok\r\n" if value else f"{text}  ok\r\n"
        return [Reply(body.encode("ascii", "replace"), self._waits_s(text.upper()))]

    def _waits_s(self, text: str) -> float:
        at_once = ("?", ">NM", "<NM>")
        return 0.0 if any(mark in text for mark in at_once) else self._spectrograph.remaining_s()

    def _run(self, words: list[str]) -> str:
        stack: list[str] = []
        value = ""
        for word in words:
            if _is_number(word):
                stack.append(word)
            else:
                value = self._word(word, stack)
        if stack:
            raise RefusedError("unused_number")
        return value

    def _word(self, word: str, stack: list[str]) -> str:
        if word in _SLITS:
            self._slit = word
        elif word in _MIRRORS:
            self._mirror = word
        elif word in ("FRONT", "SIDE"):
            self._move_mirror(word.lower())
        elif word == "MONO-STOP":
            self._spectrograph.stop()
        elif word in ("GOTO", "NM", ">NM", "NM/MIN", "GRATING", "MICRONS"):
            self._set(word, _pop(stack))
        else:
            return self._read(word)
        return ""

    def _set(self, word: str, text: str) -> None:
        spectrograph = self._spectrograph
        if word == "GOTO":
            spectrograph.go_to(number(text))
        elif word in ("NM", ">NM"):
            spectrograph.scan_to(number(text))
        elif word == "NM/MIN":
            low, high = _SCAN_RATE_RANGE_NM_PER_MIN
            rate = number(text)
            if not low <= rate <= high:
                raise RefusedError("out_of_range")
            spectrograph.scan_nm_per_min = rate
        elif word == "GRATING":
            spectrograph.select_grating(whole(text))
        elif self._slit == "SIDE-ENT-SLIT":
            spectrograph.set_entrance_slit(round(number(text)))
        elif self._slit == "SIDE-EXIT-SLIT":
            spectrograph.set_side_slit(round(number(text)))
        else:
            raise RefusedError("no_motor")

    def _move_mirror(self, position: str) -> None:
        if self._mirror != "EXIT-MIRROR":
            raise RefusedError("no_motor")
        self._spectrograph.select_exit(position)

    def _read(self, word: str) -> str:
        spectrograph = self._spectrograph
        if word == "?NM":
            return f"{spectrograph.centre_nm:.3f} nm"
        if word == "?NM/MIN":
            return f"{spectrograph.scan_nm_per_min:.3f} nm/min"
        if word == "MONO-?DONE":
            return "0" if spectrograph.is_moving() else "1"
        if word == "?GRATING":
            return str(spectrograph.grating_number)
        if word == "?GRATINGS":
            return self._gratings()
        if word == "?MIRROR":
            return spectrograph.exit if self._mirror == "EXIT-MIRROR" else "no motor"
        if word == "?MICRONS":
            return self._slit_width()
        if word == "MONO-EESTATUS":
            return self._setup()
        plain = {"MODEL": "SP-2-500i", "SERIAL": spectrograph.serial_number, "?TURRET": "1"}
        if word not in plain:
            raise RefusedError("unknown_word")
        return plain[word]

    def _slit_width(self) -> str:
        widths_um = {
            "SIDE-ENT-SLIT": self._spectrograph.entrance_slit_um,
            "SIDE-EXIT-SLIT": self._spectrograph.side_slit_um,
        }
        return f"{widths_um[self._slit]} um" if self._slit in widths_um else "no motor"

    def _gratings(self) -> str:
        lines = [""]
        for number_, grating in enumerate(self._spectrograph.gratings, start=1):
            mark = "\x1a" if number_ == self._spectrograph.grating_number else " "
            lines.append(f"{mark}{number_}  {grating.groove_per_mm} g/mm BLZ=  {grating.blaze_nm}NM ")
        return "\r\n".join([*lines, ""])

    def _setup(self) -> str:
        spectrograph = self._spectrograph
        return "\r\n".join(
            (
                "",
                "SP-2-500i",
                f"serial number {spectrograph.serial_number}",
                f"grating {spectrograph.grating_number}",
                f"focal length {FOCAL_LENGTH_MM:.3f}",
                f"half angle {INCLUDE_ANGLE_DEG / 2.0:.3f}",
                "detector angle 0.000",
                "",
            )
        )


def _is_number(word: str) -> bool:
    try:
        number(word)
    except RefusedError:
        return False
    return True


def _pop(stack: list[str]) -> str:
    if not stack:
        raise RefusedError("missing_number")
    return stack.pop()
