"""Devices whose protocol stands in a pyvisa-sim YAML file, with its properties bound to a Python model."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pyvisa_sim import parser
from pyvisa_sim.component import NoResponse, Property, to_bytes
from pyvisa_sim.devices import Device as SimDevice

from sims.wire.line import Device, Reply, WireSpeed
from sims.wire.values import RefusedError

_RESOURCE = "ASRL1::INSTR"  # the key under which the YAML files give their terminators


@dataclass(frozen=True)
class Binding:
    """A property of a YAML file: how to read it from the model and how to set it (text, may raise RefusedError)."""

    get: Callable[[], object] | None = None
    set: Callable[[str], None] | None = None


class _BoundProperty(Property):  # type: ignore[misc] # pyvisa-sim is not typed
    """A pyvisa-sim property that keeps no value of its own."""

    def __init__(self, name: str, binding: Binding) -> None:
        self.name = name
        self.specs = None
        self._binding = binding

    def get_value(self) -> Any:  # noqa: ANN401 - whatever the YAML file's format asks for
        if self._binding.get is None:
            raise RuntimeError(f"the YAML file reads {self.name}, which the model does not offer")
        return self._binding.get()

    def set_value(self, string_value: str) -> None:
        if self._binding.set is None:
            raise RuntimeError(f"the YAML file sets {self.name}, which the model does not offer")
        try:
            self._binding.set(str(string_value))
        except RefusedError:
            raise
        except ValueError as error:  # the model's own limits
            raise RefusedError("out_of_range") from error


class _BoundDevice(SimDevice):  # type: ignore[misc]
    """A pyvisa-sim device with bound properties and with errors told apart by kind."""

    def __init__(self, name: str, delimiter: str, bindings: Mapping[str, Binding]) -> None:
        super().__init__(name, delimiter.encode("ascii"))
        self._bindings = bindings

    def add_property(self, name: str, default_value: str, getter: Any, setter: Any, specs: Any) -> None:  # noqa: ANN401
        super().add_property(name, default_value, getter, setter, specs)
        if name not in self._bindings:
            raise ValueError(f"{self.name}: nothing is bound to the property {name}")
        self._properties[name] = _BoundProperty(name, self._bindings[name])

    def add_error_handler(self, error_input: Any) -> None:  # noqa: ANN401
        super().add_error_handler(error_input)
        for kind, response in error_input.get("response", {}).items():
            self._error_response[kind] = to_bytes(response)

    def _match(self, query: bytes) -> Any:  # noqa: ANN401 - bytes, or pyvisa-sim's mark for silence
        response = super()._match(query)
        if response is None:
            return self._refuse("query_error" if b"?" in query else "command_error")
        return response

    def _match_setters(self, query: bytes) -> Any:  # noqa: ANN401
        text = query.decode("utf-8")
        for name, setter, response, _ in self._setters:
            try:
                value = setter(text)
            except ValueError:
                continue
            try:
                self._properties[name].set_value(value)
            except RefusedError as refusal:
                return self._refuse(refusal.kind)
            return response
        return None

    def clear_errors(self) -> None:
        """Empty the error queues."""
        for queue in self._error_queues.values():
            queue.clear()

    def _refuse(self, kind: str) -> Any:  # noqa: ANN401
        response = self.error_response(kind)
        return NoResponse if response is None else response


@cache
def _definition(name: str) -> dict[str, Any]:
    """The YAML file's description of a device; parsed once, never changed."""
    devices: dict[str, dict[str, Any]] = parser.parse_file(Path(__file__).with_name(f"{name}.yaml"))["devices"]
    return devices[name]


class YamlDevice(Device):
    """Speaks the protocol of ``<name>.yaml``; subclasses bind the model and bring a message to the file's form."""

    def __init__(self, name: str, speed: WireSpeed, bindings: Mapping[str, Binding]) -> None:
        self.speed = speed
        definition = _definition(name)
        self._sim = _BoundDevice(name, definition.get("delimiter", ""), bindings)
        self._sim.add_error_handler(definition["error"])
        for line, terminators in definition["eom"].items():
            self._sim.add_eom(line, terminators["q"], terminators["r"])
        parser.update_component(name, self._sim, definition)
        unused = set(bindings) - set(definition.get("properties", {}))
        if unused:
            raise ValueError(f"{name}.yaml has no property {', '.join(sorted(unused))}")
        self._sim.resource_name = _RESOURCE

    def canonical(self, text: str) -> str:
        """Bring a message to the one spelling the YAML file knows."""
        return text

    def refuse(self, kind: str) -> None:
        """Enter an error of this kind in the device's error queues."""
        self._sim.error_response(kind)

    def clear_errors(self) -> None:
        """Empty the device's error queues."""
        self._sim.clear_errors()

    def answer(self, message: bytes) -> Sequence[Reply]:
        """Ask the YAML device; its answer comes with the terminator the file gives."""
        text = self.canonical(message.decode("ascii", "replace"))
        self._sim.write(text.encode("utf-8") + b"\n")
        data = bytearray()
        while True:
            byte, _ = self._sim.read()
            if not byte:
                break
            data += byte
        return [Reply(bytes(data), self.thinking_s(text))]

    def thinking_s(self, text: str) -> float:
        """How long the device takes to answer this message."""
        return 0.0
