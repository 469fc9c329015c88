from itertools import pairwise
from typing import Any

import pytest

EXCHANGES = [
    (b"info?\r", b"info:CWave 2.0 FW 3.12\r"),
    (b"info_fpga?\r", b"info_fpga:317\r"),
    (b"uniqueid?\r", b"uniqueid:4711\r"),
    (b"laser_en?\r", b"laser_en:1\r"),
    (b"laser_en:0\r", b"laser_en:0\r"),
    (b"shtter_shg_out?\r", b"shtter_shg_out:0\r"),
    (b"shtter_shg_out:1\r", b"shtter_shg_out:1\r"),
    (b"opo_lambda:57500\r", b"opo_lambda:57500\r"),
    (b"opo_rlambda:-3\r", b"opo_rlambda:-3\r"),
    (b"thicketa_rel_hr:12\r", b"thicketa_rel_hr:12\r"),
    (b"regeta_catch\r", b"regeta_catch:\r"),
    (b"opt_stop\r", b"opt_stop:\r"),
    (b"regopo_on:2\r", b"regopo_on:2\r"),
    (b"regshg_on?\r", b"regshg_on:2\r"),
    (b"regopo_out:100\r", b"regopo_out:100\r"),
    (b"tref_set:31000\r", b"tref_set:31000\r"),
    (b"tref_set?\r", b"tref_set:32000\r"),
    (b"galvo?\r", b"galvo:0\r"),
    (b"mirror:1\r", b"mirror:1\r"),
    (b"get_log?\r", b"get_log:60000:45000:45000:32000:31500:48200:5000:4000:3000:0:0\r"),
    # refusals
    (b"opo_lambda:70000\r", b"?opo_lambda:70000\r"),
    (b"opo_lambda:blue\r", b"?opo_lambda:blue\r"),
    (b"opo_rlambda:99999\r", b"?opo_rlambda:99999\r"),
    (b"shtter_moon:1\r", b"?shtter_moon:1\r"),
    (b"shtter_las:2\r", b"?shtter_las:2\r"),
    (b"regeta_on:4\r", b"?regeta_on:4\r"),
    (b"regeta_out?\r", b"regeta_out:0\r"),
    (b"regopo_on:7\r", b"?regopo_on:7\r"),
    (b"tmoon_set:31000\r", b"?tmoon_set:31000\r"),
    (b"warp?\r", b"?warp?\r"),
    (b"warp:1\r", b"?warp:1\r"),
]


@pytest.mark.parametrize(("sent", "received"), EXCHANGES)
def test_exchange(bench: Any, sent: bytes, received: bytes) -> None:
    assert bench.exchange("cwave", sent) == received


def log(bench: Any, talk: Any) -> list[int]:
    talk.discard_output()
    talk.write(b"get_log?\r")
    bench.clock.sleep_s(0.05)
    return [int(each) for each in talk.read()[0].decode().strip().split(":")[1:]]


def test_log_has_eleven_integers_and_bits_clear_when_locked(bench: Any) -> None:
    talk = bench.talk("cwave")
    talk.write(b"opo_lambda:57500\r")
    bits = []
    for _ in range(40):
        values = log(bench, talk)
        assert len(values) == 11
        bits.append(values[-1])
        bench.clock.sleep_s(1.0)
    assert bits[0] & 0b1100000 == 0b1100000
    assert bits[-1] == 0
    assert all(later & ~earlier == 0 for earlier, later in pairwise(bits))


def test_laser_off_sets_the_emission_bit(bench: Any) -> None:
    bench.exchange("cwave", b"laser_en:0\r")
    assert log(bench, bench.talk("cwave"))[-1] >> 8 & 1


def test_replies_to_tuning_commands_take_over_a_second(bench: Any) -> None:
    talk = bench.talk("cwave")
    talk.write(b"opo_lambda:57500\r")
    bench.clock.sleep_s(1.0)
    assert talk.read() == (b"", False)
    bench.clock.sleep_s(1.0)
    assert talk.read() == (b"opo_lambda:57500\r", True)


def test_dial_sets_the_model(bench: Any) -> None:
    bench.exchange("cwave", b"opo_lambda:57512\r")
    assert bench.models.cwave.dialled_nm == 575.12
