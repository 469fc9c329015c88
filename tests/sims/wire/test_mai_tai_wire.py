"""The Mai Tai's RS-232 against byte-exact exchanges."""

from typing import Any

import pytest

from sims.bench.clock import VirtualClock
from sims.bench.mai_tai import MaiTai
from sims.wire.mai_tai import MaiTaiWire

EXCHANGES = [
    (b"*IDN?\n", b"Spectra-Physics,MaiTai,HP-1204,0453-8620A/5.10/J40-4420H\n"),
    (b"WAV?\n", b"800nm\n"),
    (b"WAVELENGTH?\r\n", b"800nm\n"),
    (b"READ:WAV?\r", b"800nm\n"),
    (b"wav:min?\n", b"690nm\n"),
    (b"WAV:MAX?\n", b"1020nm\n"),
    (b"READ:PCTWARMEDUP?\n", b"100%\n"),
    (b"READ:POW?\n", b"2.400W\n"),
    (b"SHUT?\n", b"0\n"),
    (b"*STB?\n", b"3\n"),
    (b"PLAS:ERRC?\n", b"0\n"),
    (b"SYST:ERR?\n", b'0,"No error"\n'),
    # settings are silent, right or wrong
    (b"WAV 820\n", b""),
    (b"SHUT 1\n", b""),
    (b"TIM:WATC 10\n", b""),
    (b"NONSENSE\n", b""),
    (b"SHUT 2\n", b""),
]


@pytest.mark.parametrize(("sent", "received"), EXCHANGES)
def test_exchange(bench: Any, sent: bytes, received: bytes) -> None:
    assert bench.exchange("maitai", sent) == received


def test_the_wavelength_moves_while_the_command_is_already_read_back(bench: Any) -> None:
    talk = bench.talk("maitai")
    talk.write(b"WAV 900\nWAV?\nREAD:WAV?\n")
    bench.clock.sleep_s(0.05)
    first, second = talk.read()[0].decode().split("\n")[:2]
    assert first == "900nm"
    assert second != "900nm"
    bench.clock.sleep_s(10.0)
    assert bench.exchange("maitai", b"READ:WAV?\n") == b"900nm\n"


def test_the_shutter_is_read_back_a_second_late(bench: Any) -> None:
    talk = bench.talk("maitai")

    def ask() -> bytes:
        talk.write(b"SHUT?\n")
        bench.clock.sleep_s(0.05)
        return talk.read()[0]

    talk.write(b"SHUT 1\n")
    assert ask() == b"0\n"
    bench.clock.sleep_s(1.0)
    assert ask() == b"1\n"


def test_off_leaves_the_shutter_open(bench: Any) -> None:
    bench.exchange("maitai", b"SHUT 1\n")
    bench.exchange("maitai", b"OFF\n")
    assert bench.models.mai_tai.shutter_open
    assert bench.models.mai_tai.output() is None


def test_on_is_an_error_during_warm_up(bench: Any) -> None:
    laser = bench.models.mai_tai
    laser.cool_down()
    assert bench.exchange("maitai", b"READ:PCTW?\n") == b"000%\n"
    bench.exchange("maitai", b"ON\n")
    assert bench.exchange("maitai", b"SYST:ERR?\n") == b'0,"No error"\n'
    laser_percent = laser.warm_up_percent()
    assert laser_percent > 0
    laser.cool_down()
    talk = bench.talk("maitai")
    talk.write(b"ON\n")
    bench.clock.sleep_s(60.0)
    talk.write(b"ON\nREAD:PCTW?\nSYST:ERR?\n")
    bench.clock.sleep_s(0.1)
    assert talk.read()[0] == b'050%\n2,"Execution error"\n'
    bench.clock.sleep_s(70.0)
    talk.write(b"ON\n")
    bench.clock.sleep_s(30.0)
    talk.write(b"*STB?\n")
    bench.clock.sleep_s(0.1)
    assert talk.read()[0] == b"3\n"


def test_a_wavelength_out_of_range_is_refused_and_queued(bench: Any) -> None:
    bench.exchange("maitai", b"WAV 500\n")
    assert bench.exchange("maitai", b"WAV?\n") == b"800nm\n"
    assert bench.exchange("maitai", b"SYST:ERR?\n") == b'2,"Execution error"\n'
    assert bench.exchange("maitai", b"SYST:ERR?\n") == b'0,"No error"\n'


def test_the_watchdog_turns_the_pump_off_and_rubbish_does_not_feed_it(bench: Any) -> None:
    talk = bench.talk("maitai")
    talk.write(b"TIM:WATC 5\n")
    for _ in range(3):
        bench.clock.sleep_s(2.0)
        talk.write(b"RUBBISH\n")
    assert not bench.models.mai_tai.laser_on


def test_the_old_status_byte_tells_errors_once() -> None:
    wire = MaiTaiWire(MaiTai(VirtualClock()), status_byte="errors")
    wire.answer(b"RUBBISH")
    assert wire.answer(b"*STB?")[0].data == b"193\n"  # command error, emission, any error
    assert wire.answer(b"*STB?")[0].data == b"64\n"


def test_it_pumps_the_opo_in_the_chameleons_place(bench: Any) -> None:
    bench.exchange("maitai", b"SHUT 1\n")
    bench.models.opo_vis.opo_out_open = True
    light = bench.models.opo_vis.output()
    assert light is not None
    assert light.repetition_rate_hz == 80e6
    assert light.average_power_w == pytest.approx(2.4 * 0.22 * 0.30)
    bench.exchange("maitai", b"OFF\n")
    assert bench.models.opo_vis.output() is None
