"""A simulated bench of its own for every test, reached through plain pyvisa."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pytest
import pyvisa

from sims.bench.clock import VirtualClock
from sims.bench.models import Models, build_models
from sims.wire.bench import connect
from sims.wire.library import RESOURCES, register, unregister
from sims.wire.line import Conversation


@dataclass(frozen=True)
class Bench:
    """The models, the backend's name, and raw bytes to any port."""

    name: str
    models: Models
    clock: VirtualClock
    talk: Callable[[str], Conversation]

    @property
    def backend(self) -> str:
        return f"{self.name}@solotron"

    def exchange(self, model: str, sent: bytes) -> bytes:
        """Send bytes in a new session and return everything that ever comes back."""
        conversation = self.talk(model)
        conversation.discard_output()  # a greeting
        return listen(conversation, sent)


def listen(conversation: Conversation, sent: bytes, wait_s: float = 100.0) -> bytes:
    """Send bytes and return all that comes back within ``wait_s``, one reply after the other."""
    conversation.write(sent)
    received, complete = b"", True
    while complete:
        data, status = conversation.receive(1 << 20, None, wait_s, True)
        complete = status == pyvisa.constants.StatusCode.success
        received += data
    return received


@pytest.fixture
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    clock = VirtualClock()
    models = build_models(clock, np.random.default_rng(7), lambda: 2e-6)
    ports = connect(models)
    name = f"test-{request.node.name}-{id(clock)}".replace("@", "_")
    register(name, ports)
    yield Bench(name, models, clock, lambda model: ports[RESOURCES[model]].open())
    unregister(name)


@pytest.fixture
def manager(bench: Bench) -> Iterator[pyvisa.ResourceManager]:
    resource_manager = pyvisa.ResourceManager(bench.backend)
    yield resource_manager
    resource_manager.close()
