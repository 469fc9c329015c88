"""SuperK + VARIA against byte-exact telegrams."""

from binascii import crc_hqx
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.errors import InterlockError, LimitError, NotReadyError, WireError
from instruments.nkt_interbus import decode, encode
from instruments.nkt_superk import SuperK
from instruments.roles import PulsedSource, TunableLaser

Talk = Callable[..., Any]
Pair = tuple[bytes, bytes | None]
LASER, VARIA = 15, 16


def telegram(*body: int) -> bytes:
    raw = bytes(body) + crc_hqx(bytes(body), 0).to_bytes(2, "big")
    for special in (0x5E, 0x0A, 0x0D):
        raw = raw.replace(bytes((special,)), bytes((0x5E, special + 0x40)))
    return b"\x0d" + raw + b"\x0a"


def read(module: int, register: int, *data: int) -> Pair:
    return telegram(module, 0x42, 4, register), telegram(0x42, module, 8, register, *data)


def write(module: int, register: int, *data: int) -> Pair:
    return telegram(module, 0x42, 5, register, *data), telegram(0x42, module, 3, register)


def u16(value: int) -> tuple[int, int]:
    return value & 0xFF, value >> 8


DARK = [write(LASER, 0x30, 0), read(LASER, 0x30, 0), read(LASER, 0x66, 0, 0)]
SAFE = [read(LASER, 0x32, 2, 0), read(LASER, 0x66, 0, 0), read(VARIA, 0x66, 0, 0)]


def test_golden_telegram() -> None:
    assert encode(bytes((0x0F, 0x42, 4, 0x30))) == bytes.fromhex("0d0f4204305db40a")


@settings(max_examples=200, deadline=None)
@given(body=st.binary(min_size=4, max_size=40))
def test_decoding_undoes_encoding(body: bytes) -> None:
    telegram_ = encode(body)
    assert decode(telegram_) == body
    assert 0x0A not in telegram_[:-1]
    assert 0x0D not in telegram_[1:]


@settings(max_examples=200, deadline=None)
@given(body=st.binary(min_size=4, max_size=20), place=st.integers(1, 10), bit=st.integers(0, 7))
def test_a_flipped_bit_is_noticed(body: bytes, place: int, bit: int) -> None:
    damaged = bytearray(encode(body))
    damaged[min(place, len(damaged) - 2)] ^= 1 << bit
    with pytest.raises(ValueError, match=r"telegram|escape"):
        decode(bytes(damaged))


def test_plays_both_laser_roles(talk: Talk) -> None:
    laser = talk(SuperK, [])
    assert isinstance(laser, TunableLaser)
    assert isinstance(laser, PulsedSource)


def test_tunes_dark_and_returns_the_middle_read_back(talk: Talk, clock: Any) -> None:
    laser = talk(
        SuperK,
        [
            *DARK,
            write(VARIA, 0x34, *u16(5550)),
            read(VARIA, 0x34, *u16(5550)),
            write(VARIA, 0x33, *u16(5650)),
            read(VARIA, 0x33, *u16(5650)),
            read(VARIA, 0x66, *u16(0x6000)),
            read(VARIA, 0x66, 0, 0),
            read(VARIA, 0x34, *u16(5550)),
            read(VARIA, 0x33, *u16(5650)),
        ],
    )
    assert laser.tune(560.0) == 560.0
    assert clock.waits == [0.2]


def test_switches_emission_on_and_waits_for_the_status(talk: Talk) -> None:
    laser = talk(
        SuperK,
        [
            *SAFE,
            read(VARIA, 0x66, 0, 0),
            write(LASER, 0x30, 3),
            read(LASER, 0x30, 3),
            read(LASER, 0x66, 0, 0),
            read(LASER, 0x30, 3),
            read(LASER, 0x66, 1, 0),
        ],
    )
    laser.open_output()


def test_will_not_emit_while_a_filter_moves(talk: Talk) -> None:
    with pytest.raises(NotReadyError, match="still moves"):
        talk(SuperK, [*SAFE, read(VARIA, 0x66, *u16(0x1000))]).open_output()


@pytest.mark.parametrize(("state", "words"), [(0, "open"), (1, "waiting for a reset")])
def test_interlock_forbids_and_is_never_reset(talk: Talk, state: int, words: str) -> None:
    with pytest.raises(InterlockError, match=words):
        talk(SuperK, [read(LASER, 0x32, state, 0)]).open_output()


def test_a_fault_bit_is_worded(talk: Talk) -> None:
    laser = talk(SuperK, [read(LASER, 0x32, 2, 0), read(LASER, 0x66, *u16(1 << 15 | 1 << 5))])
    with pytest.raises(InterlockError, match="supply voltage low, error code present"):
        laser.assert_mode_locked()


def test_notices_a_clamped_edge(talk: Talk) -> None:
    laser = talk(
        SuperK, [write(VARIA, 0x33, *u16(8300)), read(VARIA, 0x33, *u16(8000))], wavelength_limits_nm=(400.0, 840.0)
    )
    with pytest.raises(LimitError, match="830 nm was clamped to 800 nm"):
        laser.upper_edge(830.0)


@pytest.mark.parametrize("wavelength_nm", [402.0, 838.0, float("nan")])
def test_refuses_a_band_outside_before_a_byte(talk: Talk, wavelength_nm: float) -> None:
    with pytest.raises(LimitError, match="405 to 835 nm"):
        talk(SuperK, []).tune(wavelength_nm)


@pytest.mark.parametrize("bandwidth_nm", [5.0, 200.0, float("nan"), -10.0])
def test_refuses_a_bandwidth_the_filter_has_not(talk: Talk, bandwidth_nm: float) -> None:
    with pytest.raises(LimitError, match="bandwidth"):
        talk(SuperK, [], bandwidth_nm=bandwidth_nm)


def test_repetition_rate_follows_the_pulse_picker(talk: Talk) -> None:
    assert talk(SuperK, [read(LASER, 0x34, 2, 0)]).repetition_rate_hz() == 39e6


def test_asks_again_when_busy_or_when_the_checksum_was_wrong(talk: Talk, clock: Any) -> None:
    question = telegram(LASER, 0x42, 4, 0x36)
    pairs = [
        (question, telegram(0x42, LASER, 2, 0x36)),
        (question, telegram(0x42, LASER, 1, 0x36)),
        read(LASER, 0x36, 9),
    ]
    assert talk(SuperK, pairs).watchdog() == 9
    assert clock.waits == [0.05]


GARBLED = [
    b"\x0dgarbage\x0a",
    b"\x0d\x0a",
    b"\x0a",
    bytes.fromhex("0d0f4204305db50a"),
    telegram(0x42, 17, 8, 0x36, 1),
    telegram(0x41, LASER, 8, 0x36, 1),
    telegram(0x42, LASER, 8, 0x37, 1),
    telegram(0x42, LASER, 8, 0x36, 1, 2),
    telegram(0x42, LASER, 0, 0x36),
    telegram(0x42, LASER, 99, 0x36),
]


@pytest.mark.parametrize("reply", GARBLED)
def test_a_garbled_reply_names_instrument_register_and_reply(talk: Talk, reply: bytes) -> None:
    laser = talk(SuperK, [(telegram(LASER, 0x42, 4, 0x36), reply)])
    with pytest.raises(WireError, match=r"device_\d+.*register 36h of module 15.*b'"):
        laser.watchdog.get()


def test_silence_is_told(talk: Talk) -> None:
    with pytest.raises(WireError, match="got no complete reply"):
        talk(SuperK, [(telegram(LASER, 0x42, 4, 0x36), None)]).watchdog.get()
