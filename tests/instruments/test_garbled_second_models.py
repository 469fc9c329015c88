"""Whatever bytes come back, a driver gives a value or an error of ours that names instrument, command and reply."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from pyvisa import constants
from pyvisa.errors import VisaIOError

from instruments.attocube_anc300 import Anc300
from instruments.cryomagnetics_4g import Cryomagnetics4G
from instruments.errors import BenchError, WireError
from instruments.oxford_mercury_itc import MercuryItc
from instruments.srs_sg384 import Sg384
from instruments.srs_sr830 import Sr830

Reader = Callable[[Any], object]


class Babbler:
    """A resource that answers every message with the next of the given replies, then with silence."""

    resource_name = "FAKE::INSTR"

    def __init__(self, replies: list[bytes], terminator: bytes) -> None:
        self.replies, self.terminator = iter(replies), terminator
        self.unread = bytearray()
        self.sent: list[str] = []
        self.timeout = 5000.0
        self.session: int | None = 1
        self.visalib = self
        self.resource_manager = None
        self.write_termination = self.read_termination = None

    def write_raw(self, message: bytes) -> int:
        self.sent.append(message.decode().strip())
        reply = next(self.replies, None)
        if reply is not None:
            self.unread += reply + self.terminator
        return len(message)

    def read_bytes(self, count: int) -> bytes:
        if len(self.unread) < count:
            raise VisaIOError(constants.StatusCode.error_timeout)
        taken = bytes(self.unread[:count])
        del self.unread[:count]
        return taken

    def read_raw(self) -> bytes:
        end = self.unread.find(b"\n")
        if end < 0:
            raise VisaIOError(constants.StatusCode.error_timeout)
        return self.read_bytes(end + 1)

    def close(self) -> None:
        self.session = None


class Clock:
    def __init__(self) -> None:
        self.time_s = 0.0

    def now_s(self) -> float:
        return self.time_s

    def sleep_s(self, duration_s: float) -> None:
        self.time_s += duration_s


DRIVERS: dict[str, tuple[type, dict[str, Any], bytes, list[Reader]]] = {
    "supply": (
        Cryomagnetics4G,
        {"coil_constant_t_per_a": 0.1},
        b"\n",
        [lambda d: d.field_t(), lambda d: d.is_at_rest(), lambda d: d.hold(), lambda d: d.set_field(0.1)],
    ),
    "mercury": (
        MercuryItc,
        {"magnet_sensor": "DB8.T1", "settle_timeout_s": 60.0},
        b"\n",
        [
            lambda d: d.temperature_k(),
            lambda d: d.magnet_temperature_k(),
            lambda d: d.set_temperature(5.0),
            lambda d: d.loop(),
            lambda d: d.get_idn(),
        ],
    ),
    "generator": (
        Sg384,
        {},
        b"\r\n",
        [
            lambda d: d.set_frequency(2e9),
            lambda d: d.set_power(0.0),
            lambda d: d.set_output(True),
            lambda d: d.get_idn(),
        ],
    ),
    "lock_in": (Sr830, {}, b"\n", [lambda d: d.reading(), lambda d: d.prepare(1e-3, 0.1), lambda d: d.frequency()]),
    "steppers": (
        Anc300,
        {},
        b"\r\n",
        [
            lambda d: d.axis_1.mode(),
            lambda d: d.axis_1.step(3),
            lambda d: d.axis_1.is_grounded(),
            lambda d: d.get_idn(),
        ],
    ),
}
PIECES = ["0", "1", "4", "-1", "1e999", "nan", "kG", " kG", "5.0 kG", "K", "STAT:", "DEV:MB1.T1:TEMP", ":VALID", "OK"]
PIECES += ["ERROR", "\r\nOK", "mode = gnd", "voltage = 3 V", "Authorization success", ",", "1,2,3", "\xff", "\x00", "?"]
REPLY = st.lists(st.sampled_from(PIECES), max_size=4).map(lambda parts: "".join(parts).encode("latin-1"))


@pytest.fixture(scope="module")
def closing() -> Iterator[list[Any]]:
    made: list[Any] = []
    yield made
    for each in made:
        each.close()


@pytest.mark.parametrize("name", DRIVERS)
@seed(20250131)
@settings(max_examples=40, deadline=None, database=None)
@given(data=st.data())
def test_garbled_replies(name: str, closing: list[Any], data: st.DataObject) -> None:
    driver, keywords, terminator, readers = DRIVERS[name]
    replies = data.draw(st.lists(st.one_of(REPLY, st.binary(max_size=8)), max_size=60))
    handle = Babbler(replies, terminator)
    instrument = driver(f"garbled_{name}_{len(closing)}", resource=handle, clock=Clock(), **keywords)
    closing.append(instrument)
    complaints: list[BenchError] = []
    for reader in data.draw(st.lists(st.sampled_from(readers), min_size=1, max_size=4)):
        try:
            reader(instrument)
        except BenchError as error:
            complaints.append(error)
    for error in complaints:
        assert instrument.name in str(error)
        assert not isinstance(error, WireError) or re.search(r"'[^']+'|\(password\)", str(error)), str(error)


@pytest.mark.parametrize(
    ("name", "replies", "read", "command"),
    [
        ("supply", [b"12 apples"], lambda d: d.field_t(), "IMAG?"),
        ("mercury", [b"12 apples"], lambda d: d.temperature_k(), "READ:DEV:MB1.T1:TEMP:SIG:TEMP"),
        ("generator", [b"12 apples"], lambda d: d.output_is_on(), "ENBR?"),
        ("lock_in", [b"12 apples"], lambda d: d.frequency(), "FREQ?"),
        ("steppers", [b"*\r\nAuthorization success", b"OK", b"12 apples\r\nOK"], lambda d: d.axis_2.mode(), "getm 2"),
    ],
)
def test_the_error_names_instrument_command_and_reply(
    name: str, replies: list[bytes], read: Reader, command: str, closing: list[Any]
) -> None:
    driver, keywords, terminator, _ = DRIVERS[name]
    instrument = driver(f"named_{name}", resource=Babbler(replies, terminator), clock=Clock(), **keywords)
    closing.append(instrument)
    with pytest.raises(WireError) as caught:
        read(instrument)
    assert all(part in str(caught.value) for part in (f"named_{name}", command, "12 apples"))


@pytest.mark.parametrize("name", DRIVERS)
def test_silence_is_a_wire_error(name: str, closing: list[Any]) -> None:
    driver, keywords, terminator, readers = DRIVERS[name]
    for number, reader in enumerate(readers):
        silent = Babbler([], terminator)
        instrument = driver(f"silent_{name}_{number}", resource=silent, clock=Clock(), **keywords)
        closing.append(instrument)
        with pytest.raises(WireError, match="TMO"):
            reader(instrument)
