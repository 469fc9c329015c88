"""The SR830's driver: settings rounded up and confirmed, readings only when settled and not overloaded."""

from collections.abc import Callable
from typing import Any

import pytest

from instruments.errors import LimitError, NotReadyError, WireError
from instruments.roles import LockInReading
from instruments.srs_sr830 import SENSITIVITIES_V, TIME_CONSTANTS_S, Sr830

Talk = Callable[..., Any]
Pairs = list[tuple[bytes, bytes | None]]


def done(command: str, events: int = 0) -> Pairs:
    return [(f"{command}\n".encode(), None), (b"*ESR?\n", f"{events}\n".encode())]


def asked(query: str, reply: str) -> Pairs:
    return [(f"{query}\n".encode(), f"{reply}\n".encode())]


SETTLED: Pairs = [*asked("OFSL?", "1"), *asked("LIAS?", "0"), *asked("OFLT?", "8")]  # 12 dB/oct, 100 ms


def test_tables_are_the_manuals() -> None:
    assert (len(SENSITIVITIES_V), SENSITIVITIES_V[0], SENSITIVITIES_V[-1]) == (27, 2e-9, 1.0)
    assert (len(TIME_CONSTANTS_S), TIME_CONSTANTS_S[0], TIME_CONSTANTS_S[-1]) == (20, 1e-5, 3e4)


def test_a_reading_waits_for_the_filter(talk: Talk, clock: Any) -> None:
    device = talk(Sr830, [*SETTLED, *asked("SNAP?1,2,9", "1.5e-6,-2e-9,337"), *asked("LIAS?", "0")])
    assert device.reading() == LockInReading(1.5e-6, -2e-9, 337.0)
    assert clock.waits == [pytest.approx(0.7)]


@pytest.mark.parametrize(
    ("status", "words"), [(1, "input overload"), (2, "filter overload"), (4, "output overload"), (8, "unlocked")]
)
def test_an_overload_or_a_lost_reference_is_no_reading(talk: Talk, status: int, words: str) -> None:
    device = talk(Sr830, [*SETTLED, *asked("SNAP?1,2,9", "1,0,337"), *asked("LIAS?", str(status))])
    with pytest.raises(NotReadyError, match=words):
        device.reading()


@pytest.mark.parametrize("reply", ["1,2", "1,2,nan", "a,b,c", "1,2,3,4", ""])
def test_a_garbled_reading_is_refused(talk: Talk, reply: str) -> None:
    device = talk(Sr830, [*SETTLED, *asked("SNAP?1,2,9", reply), *asked("LIAS?", "0")])
    device._discard_late_replies = lambda: None
    with pytest.raises(WireError, match="SNAP"):
        device.reading()


def test_settings_are_rounded_up_and_read_back(talk: Talk) -> None:
    pairs = [*done("FMOD 0"), *asked("FMOD?", "0"), *done("SENS 9"), *asked("SENS?", "9"), *done("OFLT 9")]
    pairs += [*asked("OFLT?", "9"), *asked("SENS?", "9"), *asked("OFLT?", "9")]
    assert talk(Sr830, pairs).prepare(1.2e-6, 0.2) == (2e-6, 0.3)


@pytest.mark.parametrize("value_v", [0.0, -1.0, 1.1, float("nan"), float("inf")])
def test_a_full_scale_beyond_the_range_sends_no_byte(talk: Talk, value_v: float) -> None:
    with pytest.raises(LimitError, match="sensitivity"):
        talk(Sr830, []).sensitivity(value_v)


def test_a_setting_that_was_not_taken_is_an_error(talk: Talk) -> None:
    with pytest.raises(NotReadyError, match="sensitivity 1 V was not taken"):
        talk(Sr830, [*done("SENS 26"), *asked("SENS?", "25")]).sensitivity(1.0)


def test_a_refused_command_is_an_error(talk: Talk) -> None:
    with pytest.raises(WireError, match=r"'PHAS 30\.00' was refused"):
        talk(Sr830, done("PHAS 30.00", 32)).phase(30.0)


def test_an_index_beyond_the_table_is_refused(talk: Talk) -> None:
    with pytest.raises(WireError, match="SENS"):
        talk(Sr830, asked("SENS?", "27")).sensitivity()
