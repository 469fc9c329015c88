"""Whatever bytes come back, a driver gives a value or a typed error that names instrument and command."""

import itertools
import math
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from instruments.errors import BenchError, WireError
from instruments.hinds_pem200 import Pem200
from instruments.newport_esp301 import Esp301
from instruments.nkt_interbus import encode
from instruments.nkt_superk import SuperK
from instruments.spectra_physics_mai_tai import MaiTai
from instruments.srs_sr400 import Sr400

DRIVERS = [SuperK, MaiTai, Esp301, Pem200, Sr400]
COUNT = itertools.count()
WORDS = [
    b"1",
    b"0",
    b"7",
    b"800nm",
    b"-1",
    b"nan",
    b"1e999",
    b"[AMP](1)",
    b"<SCPINOP>",
    b"0, 0, NO ERROR",
    b",",
    b"\xff",
]
TELEGRAMS = st.builds(
    lambda module, kind, register, data: encode(bytes((0x42, module, kind, register)) + data),
    st.sampled_from([15, 16]),
    st.integers(0, 9),
    st.sampled_from([0x30, 0x32, 0x33, 0x34, 0x36, 0x37]),
    st.binary(max_size=3),
)
TEXTS = st.lists(st.sampled_from(WORDS), max_size=3).map(lambda words: b"".join(words) + b"\r\n")


def parameters_of(instrument: Any) -> Iterator[Any]:
    yield from (each for each in instrument.parameters.values() if each.name not in {"IDN", "timeout"})
    for module in instrument.submodules.values():
        yield from parameters_of(module)


def asked(parameter: Any) -> tuple[Any, BenchError | None]:
    """Value, or the typed error."""
    try:
        return parameter.get(), None
    except BenchError as error:
        return None, error


@pytest.mark.parametrize("driver", DRIVERS)
@seed(20241122)
@settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(replies=st.lists(st.one_of(TEXTS, TELEGRAMS, st.binary(max_size=10)), min_size=1, max_size=4))
def test_any_reply_gives_a_value_or_a_typed_error(driver: Any, replies: list[bytes], handle: Any, clock: Any) -> None:
    class Babbler(handle):  # type: ignore[misc]
        def write_raw(self, message: bytes) -> int:
            self.unread += replies[next(self.turn) % len(replies)]
            return len(message)

        turn = itertools.count()

    instrument = driver(f"fuzzed_{next(COUNT)}", resource=Babbler([]), clock=clock)
    try:
        for parameter in parameters_of(instrument):
            value, error = asked(parameter)
            assert error is None or instrument.name in str(error)
            assert not isinstance(error, WireError) or "'" in str(error)  # the command, in quotes
            assert not (isinstance(value, float) and math.isnan(value))
    finally:
        instrument.close()
