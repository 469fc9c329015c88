"""Noise instead of replies, for every driver of both stations: a value, or a typed error that names the instrument."""

import math
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from instruments import station
from instruments.errors import BenchError, WireError
from sims import twin as twins
from sims.wire.line import Reply

ROOT = Path(__file__).resolve().parents[3]
ROUNDS = 3
PIECES = (
    b"",
    b"0",
    b"1",
    b"-1",
    b"nan",
    b"inf",
    b"1e999",
    b"7",
    b"?",
    b"\xff\xfe",
    b"OK",
    b"T",
    b",",
    b":",
    b"12 apples",
)


class Noise:
    """Spoils every reply: flips bits, cuts, doubles, or puts something else in its place; keeps most line ends."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def before(self, instrument: str) -> None:
        """Nothing happens to the bench."""

    def disturb(self, instrument: str, replies: Sequence[Reply]) -> Sequence[Reply]:
        return [replace(reply, data=self.spoilt(reply.data)) for reply in replies]

    def spoilt(self, data: bytes) -> bytes:
        body = data.rstrip(b"\r\n>; ")
        end = data[len(body) :]
        way = int(self.rng.integers(5))
        if way == 0:
            return data
        if way == 1 and body:
            flipped = bytearray(body)
            flipped[int(self.rng.integers(len(body)))] ^= 1 << int(self.rng.integers(8))
            return bytes(flipped) + end
        if way == 2:
            return body[: int(self.rng.integers(len(body) + 1))] + end
        if way == 3:
            return b"".join(PIECES[int(i)] for i in self.rng.integers(len(PIECES), size=2)) + end
        return self.rng.bytes(int(self.rng.integers(1, 12))) + end


@pytest.fixture(scope="module")
def stations(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        from campaign.stations import write_stations
    finally:
        sys.path.remove(str(ROOT / "benchmarks"))
    return write_stations(tmp_path_factory.mktemp("stations"))


def parameters_of(instrument: Any) -> Iterator[Any]:
    yield from (each for each in instrument.parameters.values() if each.name not in {"timeout"})
    for module in instrument.submodules.values():
        yield from parameters_of(module)


def actions_of(instrument: Any, roles: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Everything that can be read, and what makes it safe."""
    yield "identity", instrument.get_idn
    for parameter in parameters_of(instrument):
        if parameter.gettable:
            yield parameter.full_name, parameter.get
    if hasattr(instrument, "record_histogram"):
        yield "count_rates_hz", lambda: instrument.count_rates_hz((1, 2))
        yield "record_histogram", lambda: instrument.record_histogram(3, (1, 2), 1000, 100, 0.01)
        yield "record_tags", lambda: instrument.record_tags(0.01, (1, 2))
    for name, player in roles.items():
        if player is instrument or getattr(player, "parent", None) is instrument:
            for method in ("close_output", "close", "hold", "is_at_rest", "ground", "field_t", "temperature_k"):
                if hasattr(player, method) and not (method == "close" and not name.startswith("shutter")):
                    yield f"{name}.{method}", getattr(player, method)


def disturb(port: Any, noise: Noise, name: str) -> None:
    """Ports want the instrument's name, the time controller's server knows its own."""
    if hasattr(port, "device"):
        port.disturb_by(noise, name)
    else:
        port.disturb_by(noise)


@pytest.mark.parametrize("which", ["first", "second"])
def test_noise_gives_a_value_or_a_typed_error(which: str, stations: dict[str, Path]) -> None:
    config = station.read_station(stations[which])
    with twins.start("mn-cdse-cds", seed=2) as lab:
        models = station.models(config)
        overrides = {name: lab.connection(model) for name, model in models.items()}
        with station.load(config, clock=lab.clock, overrides=overrides) as bench:
            roles = {name: bench.role(name) for name in bench.roles()}
            tried = complaints = 0
            for name, instrument in bench.instruments().items():
                port = lab._id900 if models[name] == "id900" else lab.ports.get(models[name])
                if port is None:
                    continue  # a vendor's SDK: no wire
                disturb(port, Noise(seed=len(name)), name)
                for _ in range(ROUNDS):
                    for what, action in actions_of(instrument, roles):
                        tried += 1
                        complaints += _complained(name, what, action)
                port._disturbance = None
            assert tried > 100
            assert complaints > tried / 10


def outcome_of(what: str, action: Any) -> tuple[object, BenchError | None]:
    """Value, or the typed error; AssertionError for any other."""
    try:
        return action(), None
    except BenchError as error:
        return None, error
    except Exception as error:
        raise AssertionError(f"{what} let through {type(error).__name__}: {error}") from error


def _complained(name: str, what: str, action: Any) -> bool:
    value, error = outcome_of(what, action)
    assert not (isinstance(value, float) and math.isnan(value)), f"{what} of {name} gave NaN"
    assert error is None or name in str(error), f"{what}: {error}"
    assert not isinstance(error, WireError) or re.search(r"'[^']+'|\(.+\)", str(error)), f"{what}: {error}"
    return error is not None
