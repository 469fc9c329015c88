"""Mai Tai against byte-exact exchanges."""

from collections.abc import Callable
from typing import Any

import pytest

from instruments.errors import InterlockError, LimitError, NotReadyError, WireError
from instruments.roles import PulsedSource, TunableLaser
from instruments.spectra_physics_mai_tai import SHUTTER_STALE_S, MaiTai

Talk = Callable[..., Any]
GOOD = (b"PLAS:ERRC?\n", b"0\n")
WARM = (b"READ:PCTW?\n", b"100%\n")
LOCKED = (b"*STB?\n", b"3\n")
ARRIVED = [(b"READ:WAV?\n", b"800nm\n"), (b"WAV?\n", b"800nm\n")]


def test_plays_both_laser_roles(talk: Talk) -> None:
    laser = talk(MaiTai, [])
    assert isinstance(laser, TunableLaser)
    assert isinstance(laser, PulsedSource)


def test_tunes_behind_its_shutter_and_waits_out_the_stale_read_back(talk: Talk, clock: Any) -> None:
    laser = talk(
        MaiTai,
        [
            GOOD,
            (b"SHUT 0\n", None),
            (b"SHUT?\n", b"0\n"),
            (b"WAV 820\n", None),
            (b"WAV?\n", b"820nm\n"),
            (b"READ:WAV?\n", b"805nm\n"),
            (b"WAV?\n", b"820nm\n"),
            (b"READ:WAV?\n", b"820nm\n"),
            (b"WAV?\n", b"820nm\n"),
            (b"*STB?\n", b"1\n"),
            (b"READ:WAV?\n", b"820nm\n"),
            (b"WAV?\n", b"820nm\n"),
            LOCKED,
            (b"READ:WAV?\n", b"820nm\n"),
        ],
    )
    assert laser.tune(820.2) == 820.0
    assert clock.waits == [SHUTTER_STALE_S, 1.0, 1.0]


def test_a_young_read_back_of_the_shutter_is_waited_for(talk: Talk, clock: Any) -> None:
    laser = talk(MaiTai, [(b"SHUT 1\n", None), (b"SHUT?\n", b"1\n")])
    laser.shutter(True)
    clock.sleep_s(0.5)
    assert laser.output_is_open()
    assert clock.time_s == pytest.approx(SHUTTER_STALE_S)


def test_opens_only_warm_lasing_and_mode_locked(talk: Talk) -> None:
    pairs = [GOOD, WARM, LOCKED, *ARRIVED, (b"SHUT 1\n", None), (b"SHUT?\n", b"1\n")]
    talk(MaiTai, pairs).open_output()


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        ([GOOD, (b"READ:PCTW?\n", b"050%\n")], "warmed up to 50 %"),
        ([GOOD, WARM, (b"*STB?\n", b"0\n")], "emission is off"),
        ([GOOD, WARM, (b"*STB?\n", b"1\n")], "not mode-locked"),
        ([GOOD, WARM, LOCKED, (b"READ:WAV?\n", b"790nm\n"), (b"WAV?\n", b"800nm\n")], "still tuning"),
    ],
)
def test_is_not_ready(talk: Talk, pairs: list[Any], words: str) -> None:
    with pytest.raises(NotReadyError, match=words):
        talk(MaiTai, pairs).open_output()


def test_a_pump_error_asks_for_a_person(talk: Talk) -> None:
    with pytest.raises(InterlockError, match="error code 26"):
        talk(MaiTai, [(b"PLAS:ERRC?\n", b"26\n")]).open_output()


def test_old_firmware_tells_a_system_error_in_its_status(talk: Talk) -> None:
    with pytest.raises(InterlockError, match="system error"):
        talk(MaiTai, [GOOD, (b"*STB?\n", b"160\n")], status_byte="errors").open_output()


def test_old_firmware_does_not_tell_mode_lock_so_the_laser_is_given_time(talk: Talk, clock: Any) -> None:
    status = (b"*STB?\n", b"64\n")
    pairs = [GOOD, status, (b"SHUT 0\n", None), (b"SHUT?\n", b"0\n"), (b"WAV 800\n", None), (b"WAV?\n", b"800nm\n")]
    laser = talk(MaiTai, [*pairs, *ARRIVED, (b"READ:WAV?\n", b"800nm\n")], status_byte="errors", settle_s=7.0)
    laser.tune(800.0)
    assert clock.waits[-1] == 7.0


def test_a_wavelength_that_was_not_taken_is_noticed(talk: Talk) -> None:
    laser = talk(MaiTai, [(b"WAV 1010\n", None), (b"WAV?\n", b"800nm\n")])
    with pytest.raises(LimitError, match="1010 nm was not accepted, it is set to 800 nm"):
        laser.wavelength(1010)


@pytest.mark.parametrize("wavelength_nm", [600.0, 1100.0, float("nan")])
def test_refuses_a_wavelength_before_a_byte(talk: Talk, wavelength_nm: float) -> None:
    with pytest.raises(LimitError, match="690 to 1020 nm"):
        talk(MaiTai, []).tune(wavelength_nm)


def test_refuses_an_unknown_status_byte(talk: Talk) -> None:
    with pytest.raises(LimitError, match="status_byte"):
        talk(MaiTai, [], status_byte="new")


@pytest.mark.parametrize("reply", [b"820W\n", b"nm\n", b"\n", b"\xff\xfe\n", b"8 20nm\n", b"nan\n"])
def test_a_garbled_reply_names_instrument_command_and_reply(talk: Talk, reply: bytes) -> None:
    with pytest.raises(WireError, match=r"device_\d+: 'READ:WAV\?' was answered"):
        talk(MaiTai, [(b"READ:WAV?\n", reply)]).wavelength_nm()


@pytest.mark.parametrize("reply", [b"2\n", b"open\n", b"\n"])
def test_a_garbled_shutter_reply(talk: Talk, reply: bytes) -> None:
    with pytest.raises(WireError, match=r"'SHUT\?' was answered"):
        talk(MaiTai, [(b"SHUT?\n", reply)]).output_is_open()


@pytest.mark.parametrize("reply", [b"256\n", b"-1\n", b"1.5\n", b"?\n"])
def test_a_garbled_status(talk: Talk, reply: bytes) -> None:
    with pytest.raises(WireError, match=r"'\*STB\?' was answered"):
        talk(MaiTai, [(b"*STB?\n", reply)]).emission.get()
