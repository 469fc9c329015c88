from typing import Any

import pytest

MOUNT_EXCHANGES = [
    (b"0in", b"0IN0E1140051720231701016800023000\r\n"),
    (b"0gs", b"0GS00\r\n"),
    (b"0gp", b"0PO00000000\r\n"),
    (b"0ma00004600", b"0PO00004600\r\n"),
    (b"1maFFFFBA00", b"1POFFFFBA00\r\n"),
    (b"2mr00000100", b"2PO00000100\r\n"),
    (b"0ho0", b"0PO00000000\r\n"),
    (b"0ho1", b"0PO00000000\r\n"),
    (b"0gv", b"0GV64\r\n"),
    (b"0sv32", b"0GS00\r\n"),
    (b"0gj", b"0GJ00004600\r\n"),
    (b"0fw", b"0PO00004600\r\n"),
    (b"0bw", b"0POFFFFBA00\r\n"),
    (b"0go", b"0HO00000000\r\n"),
    (b"0so00000010", b"0GS00\r\n"),
    # errors
    (b"0sv05", b"0GS04\r\n"),
    (b"0ho7", b"0GS04\r\n"),
    (b"0ma7FFFFFFF", b"0GS04\r\n"),
    (b"0maXYZ12345", b"0GS04\r\n"),
    (b"0qq", b"0GS03\r\n"),
    (b"7gp", b""),
    (b"\r\n0gp\r\n", b"0PO00000000\r\n"),
    (b"0ma0000", b""),
]


@pytest.mark.parametrize(("sent", "received"), MOUNT_EXCHANGES)
def test_mount_exchange(bench: Any, sent: bytes, received: bytes) -> None:
    assert bench.exchange("ell14", sent) == received


def test_a_request_may_come_in_pieces(bench: Any) -> None:
    talk = bench.talk("ell14")
    talk.write(b"0ma000")
    talk.write(b"04600")
    bench.clock.sleep_s(2.0)
    assert talk.read()[0] == b"0PO00004600\r\n"


def test_busy_mount_says_so_at_once_and_still_reports_its_arrival(bench: Any) -> None:
    talk = bench.talk("ell14")
    talk.write(b"0ma00011800")
    talk.write(b"0gs")
    talk.write(b"0ma00000000")
    talk.write(b"1gs")
    bench.clock.sleep_s(0.1)
    assert talk.read()[0] == b"0GS09\r\n0GS09\r\n1GS00\r\n"
    bench.clock.sleep_s(1.0)
    assert talk.read()[0] == b"0PO00011800\r\n"


def test_jammed_mount_reports_a_mechanical_timeout(bench: Any) -> None:
    bench.models.ell14.mounts["1"].jammed = True
    assert bench.exchange("ell14", b"1ma00004600") == b"1GS02\r\n"


def test_angle_follows_the_move(bench: Any) -> None:
    talk = bench.talk("ell14")
    talk.write(b"1ma00011800")
    halfway = bench.models.ell14.angle_deg("1")
    assert 0.0 <= halfway < 180.0
    bench.clock.sleep_s(1.0)
    assert bench.models.ell14.angle_deg("1") == pytest.approx(180.0)


SHUTTER_EXCHANGES = [
    (b"id?\r", b"id?\rTHORLABS SC10 VERSION 1.07\r> "),
    (b"ens?\r", b"ens?\r0\r> "),
    (b"ens\r", b"ens\r> "),
    (b"closed?\r", b"closed?\r1\r> "),
    (b"mode?\r", b"mode?\r1\r> "),
    (b"mode=3\r", b"mode=3\r> "),
    (b"interlock?\r", b"interlock?\r0\r> "),
    (b"open=50\r", b"open=50\r> "),
    (b"shut?\r", b"shut?\r200\r> "),
    (b"rep=4\r", b"rep=4\r> "),
    (b"mode=6\r", b"mode=6\rCommand error CMD_ARG_INVALID\r> "),
    (b"mode=x\r", b"mode=x\rCommand error CMD_ARG_INVALID\r> "),
    (b"moon?\r", b"moon?\rCommand error CMD_NOT_DEFINED\r> "),
    (b"moon=1\r", b"moon=1\rCommand error CMD_NOT_DEFINED\r> "),
    (b"open\r", b"open\rCommand error CMD_NOT_DEFINED\r> "),
]


@pytest.mark.parametrize(("sent", "received"), SHUTTER_EXCHANGES)
def test_shutter_exchange(bench: Any, sent: bytes, received: bytes) -> None:
    assert bench.exchange("sc10", sent) == received


def test_ens_toggles(bench: Any) -> None:
    states = []
    for _ in range(3):
        bench.exchange("sc10", b"ens\r")
        states.append((bench.models.sc10.is_open(), bench.exchange("sc10", b"closed?\r")))
    opened, closed = (True, b"closed?\r0\r> "), (False, b"closed?\r1\r> ")
    assert states == [opened, closed, opened]


def test_interlock_keeps_the_shutter_closed(bench: Any) -> None:
    bench.models.sc10.interlock_tripped = True
    assert bench.exchange("sc10", b"ens\rclosed?\rinterlock?\r") == b"ens\r> closed?\r1\r> interlock?\r1\r> "


SPECTROGRAPH_EXCHANGES = [
    (b"?NM\r", b"?NM 560.000 nm  ok\r\n"),
    (b"600.000 GOTO\r", b"600.000 GOTO  ok\r\n"),
    (b"600 goto\r", b"600 goto  ok\r\n"),
    (b"0 GOTO\r", b"0 GOTO  ok\r\n"),
    (b"620.0 >NM\r", b"620.0 >NM  ok\r\n"),
    (b"MONO-?DONE\r", b"MONO-?DONE 1  ok\r\n"),
    (b"MONO-STOP\r", b"MONO-STOP  ok\r\n"),
    (b"?NM/MIN\r", b"?NM/MIN 100.000 nm/min  ok\r\n"),
    (b"200.0 NM/MIN\r", b"200.0 NM/MIN  ok\r\n"),
    (b"?GRATING\r", b"?GRATING 1  ok\r\n"),
    (b"2 GRATING\r", b"2 GRATING  ok\r\n"),
    (b"?TURRET\r", b"?TURRET 1  ok\r\n"),
    (b"MODEL\r", b"MODEL SP-2-500i  ok\r\n"),
    (b"EXIT-MIRROR ?MIRROR\r", b"EXIT-MIRROR ?MIRROR front  ok\r\n"),
    (b"EXIT-MIRROR SIDE\r", b"EXIT-MIRROR SIDE  ok\r\n"),
    (b"ENT-MIRROR ?MIRROR\r", b"ENT-MIRROR ?MIRROR no motor  ok\r\n"),
    (b"SIDE-EXIT-SLIT ?MICRONS\r", b"SIDE-EXIT-SLIT ?MICRONS 3000 um  ok\r\n"),
    (b"SIDE-EXIT-SLIT 250 MICRONS\r", b"SIDE-EXIT-SLIT 250 MICRONS  ok\r\n"),
    (b"SIDE-ENT-SLIT ?MICRONS\r", b"SIDE-ENT-SLIT ?MICRONS 100 um  ok\r\n"),
    (b"FRONT-ENT-SLIT ?MICRONS\r", b"FRONT-ENT-SLIT ?MICRONS no motor  ok\r\n"),
    (
        b"?GRATINGS\r",
        b"?GRATINGS \r\n\x1a1  1200 g/mm BLZ=  500NM \r\n 2  300 g/mm BLZ=  500NM \r\n"
        b" 3  1800 g/mm BLZ=  500NM \r\n  ok\r\n",
    ),
    (b"FRY\r", b"FRY ? \r\n"),
    (b"1400.1 GOTO\r", b"1400.1 GOTO ? \r\n"),
    (b"-1 GOTO\r", b"-1 GOTO ? \r\n"),
    (b"GOTO\r", b"GOTO ? \r\n"),
    (b"600\r", b"600 ? \r\n"),
    (b"4 GRATING\r", b"4 GRATING ? \r\n"),
    (b"SIDE-EXIT-SLIT 5000 MICRONS\r", b"SIDE-EXIT-SLIT 5000 MICRONS ? \r\n"),
    (b"FRONT-ENT-SLIT 100 MICRONS\r", b"FRONT-ENT-SLIT 100 MICRONS ? \r\n"),
    (b"ENT-MIRROR SIDE\r", b"ENT-MIRROR SIDE ? \r\n"),
    (b"0 NM/MIN\r", b"0 NM/MIN ? \r\n"),
]


@pytest.mark.parametrize(("sent", "received"), SPECTROGRAPH_EXCHANGES)
def test_spectrograph_exchange(bench: Any, sent: bytes, received: bytes) -> None:
    assert bench.exchange("spectrapro", sent) == received


def test_mirror_word_acts_on_later_lines(bench: Any) -> None:
    bench.exchange("spectrapro", b"EXIT-MIRROR\rSIDE\r")
    assert bench.models.spectrapro.exit == "side"
    assert bench.exchange("spectrapro", b"?MIRROR\r") == b"?MIRROR side  ok\r\n"


def test_goto_answers_when_the_grating_has_arrived(bench: Any) -> None:
    talk = bench.talk("spectrapro")
    talk.write(b"760 GOTO\r")
    bench.clock.sleep_s(1.5)
    assert talk.read()[0] == b""
    bench.clock.sleep_s(1.0)
    assert talk.read()[0] == b"760 GOTO  ok\r\n"


def test_scan_answers_at_once_and_done_tells(bench: Any) -> None:
    talk = bench.talk("spectrapro")
    talk.write(b"570 >NM\rMONO-?DONE\r")
    bench.clock.sleep_s(0.5)
    assert talk.read()[0] == b"570 >NM  ok\r\nMONO-?DONE 0  ok\r\n"
    bench.clock.sleep_s(7.0)
    talk.write(b"MONO-?DONE\r")
    bench.clock.sleep_s(0.1)
    assert talk.read()[0] == b"MONO-?DONE 1  ok\r\n"
