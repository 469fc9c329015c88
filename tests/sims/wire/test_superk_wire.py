"""The Interbus against byte-exact telegrams."""

from binascii import crc_hqx
from typing import Any

import pytest

READ, WRITE = 4, 5


def telegram(*body: int) -> bytes:
    """As the manual forms it, written here once more: checksum, then escapes."""
    raw = bytes(body)
    raw += crc_hqx(raw, 0).to_bytes(2, "big")
    for special in (0x5E, 0x0A, 0x0D):
        raw = raw.replace(bytes((special,)), bytes((0x5E, special + 0x40)))
    return b"\x0d" + raw + b"\x0a"


def test_golden_telegram_reads_the_emission(bench: Any) -> None:
    assert bench.exchange("superk", bytes.fromhex("0d0f4204305db40a")) == telegram(0x42, 0x0F, 8, 0x30, 0)


EXCHANGES = [
    ((15, 0x42, READ, 0x61), (0x42, 15, 8, 0x61, 0x60)),
    ((16, 0x42, READ, 0x61), (0x42, 16, 8, 0x61, 0x68)),
    ((15, 0x40, READ, 0x65), (0x40, 15, 8, 0x65, *b"15083207")),
    ((15, 0x42, READ, 0x32), (0x42, 15, 8, 0x32, 2, 0)),
    ((15, 0x42, WRITE, 0x37, 0xF4, 0x01), (0x42, 15, 3, 0x37)),
    ((16, 0x42, WRITE, 0x33, 0x94, 0x16), (0x42, 16, 3, 0x33)),  # 578.0 nm
    # escapes: register value 0x0A0D
    ((16, 0x42, WRITE, 0x34, 0x0D, 0x0A), (0x42, 16, 3, 0x34)),
    # refused: unknown register, wrong length, value out of range, read-only, unknown type
    ((15, 0x42, READ, 0x99), (0x42, 15, 0, 0x99)),
    ((15, 0x42, WRITE, 0x37, 0x01), (0x42, 15, 0, 0x37)),
    ((15, 0x42, WRITE, 0x37, 0xFF, 0xFF), (0x42, 15, 0, 0x37)),
    ((15, 0x42, WRITE, 0x30, 1), (0x42, 15, 0, 0x30)),
    ((15, 0x42, WRITE, 0x66, 0, 0), (0x42, 15, 0, 0x66)),
    ((15, 0x42, 9, 0x30), (0x42, 15, 0, 0x30)),
]


@pytest.mark.parametrize(("sent", "received"), EXCHANGES)
def test_exchange(bench: Any, sent: tuple[int, ...], received: tuple[int, ...]) -> None:
    assert bench.exchange("superk", telegram(*sent)) == telegram(*received)


@pytest.mark.parametrize(
    "sent", [telegram(17, 0x42, READ, 0x61), b"\x0d\x0f\x0a", b"\x0d\x0f\x5e\x11\x42\x0a", b"noise\x0a"]
)
def test_silence(bench: Any, sent: bytes) -> None:
    assert bench.exchange("superk", sent) == b""


def test_a_wrong_checksum_is_told(bench: Any) -> None:
    assert bench.exchange("superk", bytes.fromhex("0d0f4204305db50a")) == telegram(0x42, 15, 1, 0x30)


def test_noise_before_a_telegram_is_skipped(bench: Any) -> None:
    assert bench.exchange("superk", b"\x0d\x33" + bytes.fromhex("0d0f4204305db40a")) == telegram(0x42, 15, 8, 0x30, 0)


def test_edges_beyond_the_range_are_clamped_without_a_word(bench: Any) -> None:
    assert bench.exchange("superk", telegram(16, 0x42, WRITE, 0x33, *(9000).to_bytes(2, "little"))) == telegram(
        0x42, 16, 3, 0x33
    )
    assert bench.exchange("superk", telegram(16, 0x42, READ, 0x33)) == telegram(
        0x42, 16, 8, 0x33, *(8400).to_bytes(2, "little")
    )


def test_status_tells_moving_filters(bench: Any) -> None:
    talk = bench.talk("superk")
    talk.write(telegram(16, 0x42, WRITE, 0x33, *(7000).to_bytes(2, "little")))
    talk.write(telegram(16, 0x42, READ, 0x66))
    bench.clock.sleep_s(0.05)
    assert talk.read()[0].endswith(telegram(0x42, 16, 8, 0x66, 0x00, 0x20))
    bench.clock.sleep_s(10.0)
    talk.write(telegram(16, 0x42, READ, 0x66))
    bench.clock.sleep_s(0.05)
    assert talk.read()[0] == telegram(0x42, 16, 8, 0x66, 0, 0)


def test_emission_needs_the_interlock(bench: Any) -> None:
    bench.models.superk.set_interlock_loop(False)
    bench.exchange("superk", telegram(15, 0x42, WRITE, 0x30, 3))
    assert bench.exchange("superk", telegram(15, 0x42, READ, 0x30)) == telegram(0x42, 15, 8, 0x30, 0)
    assert bench.exchange("superk", telegram(15, 0x42, READ, 0x66)) == telegram(0x42, 15, 8, 0x66, 0b1010, 0)
    bench.models.superk.set_interlock_loop(True)
    assert bench.exchange("superk", telegram(15, 0x42, READ, 0x32)) == telegram(0x42, 15, 8, 0x32, 1, 0)
    bench.exchange("superk", telegram(15, 0x42, WRITE, 0x32, 1, 0))
    bench.exchange("superk", telegram(15, 0x42, WRITE, 0x30, 3))
    assert bench.models.superk.emission


def test_the_watchdog_switches_emission_off_in_silence(bench: Any) -> None:
    bench.exchange("superk", telegram(15, 0x42, WRITE, 0x36, 10))
    bench.exchange("superk", telegram(15, 0x42, WRITE, 0x30, 3))
    bench.clock.sleep_s(11.0)
    assert bench.exchange("superk", telegram(15, 0x42, READ, 0x30)) == telegram(0x42, 15, 8, 0x30, 0)
