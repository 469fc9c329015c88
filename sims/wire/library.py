"""The pyvisa backend ``"<twin id>@solotron"``: sessions to the ports of a simulated bench in this process."""

from collections.abc import Mapping
from typing import Any

from pyvisa import constants, errors, rname
from pyvisa.constants import BufferOperation, InterfaceType, ResourceAttribute, StatusCode
from pyvisa_sim.highlevel import SimVisaLibrary

from sims.wire.line import Conversation, Port

RESOURCES: dict[str, str] = {
    "chameleon": "ASRL1::INSTR",
    "opo-vis": "ASRL2::INSTR",
    "ell14": "ASRL3::INSTR",
    "sc10": "ASRL4::INSTR",
    "spectrapro": "ASRL5::INSTR",
    "cwave": "TCPIP0::127.0.0.1::10001::SOCKET",
    "cryostation": "TCPIP0::127.0.0.1::7773::SOCKET",
    "ami430": "TCPIP0::127.0.0.1::7180::SOCKET",
    "smb100a": "TCPIP0::127.0.0.1::inst0::INSTR",
    "dg645": "TCPIP0::127.0.0.1::5025::SOCKET",
    "pm100d": "USB0::0x1313::0x8078::P0012345::0::INSTR",
    "superk": "ASRL6::INSTR",
    "maitai": "ASRL7::INSTR",
    "esp301": "ASRL8::INSTR",
    "pem200": "ASRL9::INSTR",
    "sr400": "ASRL10::INSTR",
    "mercury-itc": "TCPIP0::127.0.0.1::7020::SOCKET",
    "cryomagnetics-4g": "TCPIP0::127.0.0.1::4444::SOCKET",
    "sg384": "TCPIP0::127.0.0.1::5024::SOCKET",
    "sr830": "GPIB0::8::INSTR",
    "anc300": "TCPIP0::127.0.0.1::7230::SOCKET",
}
"""VISA resource name of every model, the same on every simulated bench."""

_BENCHES: dict[str, dict[str, Port]] = {}
"""Ports of the running benches by twin id and resource name. pyvisa hands a backend nothing but a string, so the
only way from "<twin id>@solotron" to the bench is a table of the process."""

_LIBRARIES: dict[str, "SimulatedBenchLibrary"] = {}
"""Backends in use: pyvisa itself keeps only weak references, and would forget one while a bench still runs."""

_DISCARD_READ = BufferOperation.discard_read_buffer | BufferOperation.discard_read_buffer_no_io
_DISCARD_READ |= BufferOperation.discard_receive_buffer | BufferOperation.discard_receive_buffer2
_DISCARD_WRITE = BufferOperation.discard_write_buffer | BufferOperation.discard_transmit_buffer


class UnknownBenchError(OSError):
    """No bench of that name runs in this process."""


def register(twin_id: str, ports: Mapping[str, Port]) -> None:
    """Offer the ports of a bench, keyed by VISA resource name, as the backend ``"<twin_id>@solotron"``.

    Raises ValueError when the name is taken or pyvisa could not tell it from a path.
    """
    if twin_id in _BENCHES:
        raise ValueError(f"a simulated bench named {twin_id!r} is registered already; unregister it first")
    if not twin_id or "@" in twin_id:
        raise ValueError(f"a simulated bench cannot be named {twin_id!r}; use letters, digits and '-'")
    _BENCHES[twin_id] = {rname.to_canonical_name(name): port for name, port in ports.items()}


def unregister(twin_id: str) -> None:
    """Take the bench off: its open sessions find their connection lost. Unknown names are ignored."""
    for port in _BENCHES.pop(twin_id, {}).values():
        port.disconnect()
    _LIBRARIES.pop(twin_id, None)


def _ports_of(twin_id: str) -> dict[str, Port]:
    try:
        return _BENCHES[twin_id]
    except KeyError:
        running = ", ".join(sorted(_BENCHES)) or "none"
        raise UnknownBenchError(
            f"no simulated bench named {twin_id!r} runs in this process (running: {running}); start a twin first"
        ) from None


class _Listeners:
    """The ports in the form that pyvisa-sim's ``open`` and ``list_resources`` use; opens a session a look-up."""

    def __init__(self, twin_id: str) -> None:
        self._twin_id = twin_id

    def __getitem__(self, resource_name: str) -> Conversation:
        return _ports_of(self._twin_id)[resource_name].open()

    def list_resources(self) -> tuple[str, ...]:
        return tuple(_ports_of(self._twin_id))


class SimulatedBenchLibrary(SimVisaLibrary):  # type: ignore[misc] # pyvisa-sim is not typed
    """VISA calls on a simulated bench. Ports are looked up anew on every call, so nothing is lost on re-init."""

    def _init(self) -> None:
        twin_id = str(self.library_path)
        _ports_of(twin_id)
        self.sessions: dict[Any, Any] = {}
        self.devices = _Listeners(twin_id)
        _LIBRARIES[twin_id] = self

    @staticmethod
    def get_debug_info() -> dict[str, str]:
        """Names of the benches that run in this process."""
        return {"Simulated benches": ", ".join(sorted(_BENCHES)) or "none"}

    def open(
        self,
        session: Any,  # noqa: ANN401
        resource_name: str,
        access_mode: constants.AccessModes = constants.AccessModes.no_lock,
        open_timeout: Any = constants.VI_TMO_IMMEDIATE,  # noqa: ANN401
    ) -> tuple[Any, StatusCode]:
        """Open a session; VI_ERROR_RSRC_NFOUND (pyvisa-sim would give a dead session) when nothing listens there."""
        opened, status = super().open(session, resource_name, access_mode, open_timeout)
        if status != StatusCode.success:
            raise errors.VisaIOError(int(status))
        return opened, status

    def _conversation(self, session: Any) -> Conversation:  # noqa: ANN401 - a pyvisa session handle
        known = self.sessions.get(session)
        if known is None or known is self:
            raise errors.VisaIOError(StatusCode.error_invalid_object.value)
        conversation: Conversation = known.device
        if not conversation.is_connected:
            raise errors.VisaIOError(StatusCode.error_connection_lost.value)
        return conversation

    def read(self, session: Any, count: int) -> tuple[bytes, StatusCode]:  # noqa: ANN401
        """Read up to ``count`` bytes in one go; VI_ERROR_TMO when no reply comes in time (virtual time)."""
        conversation = self._conversation(session)
        visa = self.sessions[session]
        is_serial = visa.attrs[ResourceAttribute.interface_type] == InterfaceType.asrl
        data, status = conversation.receive(count, _end_byte(visa, is_serial), _timeout_s(visa), not is_serial)
        if status is StatusCode.error_timeout:
            raise errors.VisaIOError(status.value)
        return data, self.handle_return_value(session, status.value)

    def write(self, session: Any, data: bytes) -> tuple[int, StatusCode]:  # noqa: ANN401
        """Send ``data``."""
        self._conversation(session).write(bytes(data))
        return len(data), self.handle_return_value(session, StatusCode.success.value)

    def clear(self, session: Any) -> StatusCode:  # noqa: ANN401
        """Forget an unfinished message and all replies (also the greeting of a device that sends one)."""
        conversation = self._conversation(session)
        conversation.discard_input()
        conversation.discard_output()
        return StatusCode.success

    def flush(self, session: Any, mask: BufferOperation) -> StatusCode:  # noqa: ANN401
        """Discard the buffers that ``mask`` names; there is nothing to write out."""
        conversation = self._conversation(session)
        if mask & _DISCARD_READ:
            conversation.discard_output()
        if mask & _DISCARD_WRITE:
            conversation.discard_input()
        return StatusCode.success

    def get_attribute(self, session: Any, attribute: Any) -> tuple[Any, StatusCode]:  # noqa: ANN401
        """As pyvisa-sim, plus the number of bytes waiting on a serial line."""
        if attribute == ResourceAttribute.asrl_avalaible_number:
            return self._conversation(session).available(), StatusCode.success
        value, status = super().get_attribute(session, attribute)
        return value, status


def _end_byte(visa: Any, is_serial: bool) -> int | None:  # noqa: ANN401 - an untyped pyvisa-sim session
    """The byte that ends a read: the termination character, on a serial line also when only END_IN names it."""
    enabled, _ = visa.get_attribute(ResourceAttribute.termchar_enabled)
    if is_serial and not enabled:
        end_in, _ = visa.get_attribute(ResourceAttribute.asrl_end_in)
        enabled = end_in == constants.SerialTermination.termination_char
    end_byte, _ = visa.get_attribute(ResourceAttribute.termchar)
    return int(end_byte) if enabled else None


def _timeout_s(visa: Any) -> float | None:  # noqa: ANN401
    timeout_ms, _ = visa.get_attribute(ResourceAttribute.timeout_value)
    return None if timeout_ms == constants.VI_TMO_INFINITE else timeout_ms / 1e3
