"""SMB100A, DG645 and Cryostation against byte-exact exchanges."""

from collections.abc import Callable
from typing import Any

import pytest

from instruments.errors import InterlockError, LimitError, NotReadyError, WireError
from instruments.montana_cryostation import Cryostation
from instruments.rohde_schwarz_smb100a import Smb100a
from instruments.srs_dg645 import Dg645

Talk = Callable[..., Any]
Pairs = list[tuple[bytes, bytes | None]]

# SMB100A

FINE: Pairs = [(b"SYST:ERR?\n", b'0,"No error"\n')]


def test_smb_sets_a_frequency_and_reads_it_back(talk: Talk) -> None:
    source = talk(Smb100a, [(b"SOUR:FREQ 14000000000.000\n", None), *FINE, (b"SOUR:FREQ?\n", b"14000000000\n")])
    assert source.set_frequency(14e9) == 14e9


def test_smb_arms_its_gate_before_the_rf(talk: Talk) -> None:
    exchange: Pairs = [
        (b"SOUR:PULM:SOUR EXT\n", None),
        *FINE,
        (b"SOUR:PULM:STAT 1\n", None),
        *FINE,
        (b"SOUR:PULM:STAT?\n", b"1\n"),
        (b"SOUR:PULM:SOUR?\n", b"EXT\n"),
        (b"OUTP:STAT 1\n", None),
        *FINE,
        (b"OUTP:STAT?\n", b"1\n"),
    ]
    talk(Smb100a, exchange).set_output(True)


def test_smb_keeps_the_rf_off_when_the_gate_does_not_arm(talk: Talk) -> None:
    exchange: Pairs = [
        (b"SOUR:PULM:SOUR EXT\n", None),
        *FINE,
        (b"SOUR:PULM:STAT 1\n", None),
        *FINE,
        (b"SOUR:PULM:STAT?\n", b"0\n"),
    ]
    with pytest.raises(NotReadyError, match="RF stays off"):
        talk(Smb100a, exchange).set_output(True)


def test_smb_reports_rf_that_does_not_go_off(talk: Talk) -> None:
    with pytest.raises(NotReadyError, match="did not switch off"):
        talk(Smb100a, [(b"OUTP:STAT 0\n", None), *FINE, (b"OUTP:STAT?\n", b"1\n")]).set_output(False)


@pytest.mark.parametrize("power_dbm", [10.1, -121.0, float("nan")])
def test_smb_refuses_a_power_before_a_byte(talk: Talk, power_dbm: float) -> None:
    with pytest.raises(LimitError, match="-120 to 10 dBm"):
        talk(Smb100a, []).set_power(power_dbm)


def test_smb_quotes_its_error_queue(talk: Talk) -> None:
    refused: Pairs = [(b"SOUR:FREQ 39000000000.000\n", None), (b"SYST:ERR?\n", b'-222,"Data out of range"\n')]
    with pytest.raises(WireError, match="Data out of range"):
        talk(Smb100a, refused).set_frequency(39e9)


# DG645

GOOD: Pairs = [(b"LERR?\n", b"0\r\n")]


def test_dg645_sets_a_gate_dark_until_its_edges_stand(talk: Talk) -> None:
    exchange: Pairs = [
        (b"DLAY 3,2,0.000000000000\n", None),
        *GOOD,
        (b"LAMP 1,3.30\n", None),
        *GOOD,
        (b"LOFF 1,0.00\n", None),
        *GOOD,
        (b"LPOL 1,1\n", None),
        *GOOD,
        (b"ADVT?\n", b"0\r\n"),
        (b"ADVT 1\n", None),
        *GOOD,
        (b"PRES 1,4\n", None),
        *GOOD,
        (b"DLAY 2,0,0.000000100000\n", None),
        *GOOD,
        (b"DLAY 3,2,0.000000050000\n", None),
        *GOOD,
        (b"DLAY?2\n", b"0,+0.000000100000\r\n"),
        (b"DLAY?3\n", b"2,+0.000000050000\r\n"),
        (b"DLAY?2\n", b"0,+0.000000100000\r\n"),
        (b"DLAY?2\n", b"0,+0.000000100000\r\n"),
    ]
    reached = talk(Dg645, exchange).set_gate("AB", 100e-9, 50e-9, 3.3, 4)
    assert reached == pytest.approx((100e-9, 50e-9), abs=5e-12)


def test_dg645_triggers_on_the_laser_and_confirms(talk: Talk) -> None:
    exchange: Pairs = [
        (b"ADVT 1\n", None),
        *GOOD,
        (b"PRES 0,16\n", None),
        *GOOD,
        (b"TSRC 1\n", None),
        *GOOD,
        (b"TSRC?\n", b"1\r\n"),
        (b"PRES?0\n", b"16\r\n"),
        (b"ADVT?\n", b"1\r\n"),
    ]
    talk(Dg645, exchange).trigger_on_laser(16)


@pytest.mark.parametrize(
    "arguments",
    [
        ("AB", -1e-9, 1e-9),
        ("AB", 0.0, 2001.0),
        ("AB", 1500.0, 600.0),
        ("AB", 0.0, 1e-9, 0.4),
        ("AB", 0.0, 1e-9, 5.1),
        ("AB", 0.0, 1e-9, 5.0, 0),
        ("AB", 0.0, 1e-9, 5.0, 2.5),
        ("XY", 0.0, 1e-9),
        ("AB", float("nan"), 1e-9),
    ],
)
def test_dg645_refuses_a_gate_before_a_byte(talk: Talk, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(LimitError):
        talk(Dg645, []).set_gate(*arguments)


def test_dg645_names_an_error_number(talk: Talk) -> None:
    with pytest.raises(WireError, match="'TSRC 1' caused error 10"):
        talk(Dg645, [(b"TSRC 1\n", None), (b"LERR?\n", b"10\r\n")]).trigger_source(1)


def test_dg645_disables_a_gate_and_confirms(talk: Talk) -> None:
    exchange: Pairs = [
        (b"DLAY 5,4,0.000000000000\n", None),
        *GOOD,
        (b"DLAY?5\n", b"4,+0.000000010000\r\n"),
        (b"DLAY?4\n", b"0,+0.000000000000\r\n"),
        (b"DLAY?4\n", b"0,+0.000000000000\r\n"),
    ]
    with pytest.raises(NotReadyError, match="not 0"):
        talk(Dg645, exchange).disable_gate("CD")


def test_dg645_follows_edges_tied_to_the_trigger(talk: Talk) -> None:
    exchange: Pairs = [(b"DLAY?3\n", b"0,+0.000000150000\r\n"), (b"DLAY?2\n", b"0,+0.000000100000\r\n")]
    assert talk(Dg645, exchange).width_AB() == pytest.approx(50e-9, abs=5e-12)


def test_dg645_refuses_a_circle_of_edges(talk: Talk) -> None:
    circle: Pairs = [(b"DLAY?2\n", b"3,+0.0\r\n"), (b"DLAY?3\n", b"2,+0.0\r\n")] * 5
    with pytest.raises(NotReadyError, match="circle"):
        talk(Dg645, circle).delay_AB()


# Cryostation


def framed(command: str, reply: str) -> tuple[bytes, bytes]:
    return f"{len(command):02d}{command}".encode(), f"{len(reply):02d}{reply}".encode()


def test_cryostation_frames_by_length(talk: Talk) -> None:
    assert talk(Cryostation, [(b"03GST", b"07054.215")]).temperature_k() == 54.215


def test_cryostation_reads_a_decimal_comma(talk: Talk) -> None:
    assert talk(Cryostation, [framed("GST", "4,123")]).temperature_k() == 4.123


def test_cryostation_without_a_reading_has_no_temperature(talk: Talk) -> None:
    with pytest.raises(NotReadyError, match="unavailable"):
        talk(Cryostation, [framed("GST", "-0.100")]).temperature_k()


def test_cryostation_waits_until_near_and_stable(talk: Talk, clock: Any) -> None:
    exchange = [
        framed("GAS", "F"),
        framed("STSP10.00", "OK"),
        framed("GTSP", "10.000"),
        *(framed("GAS", "F"), framed("GSS", "-0.100"), framed("GST", "10.000")),  # stability not known yet
        *(framed("GAS", "F"), framed("GSS", "0.001"), framed("GST", "9.500")),
        *(framed("GAS", "F"), framed("GSS", "0.200"), framed("GST", "10.010")),
        *(framed("GAS", "F"), framed("GSS", "0.010"), framed("GST", "10.010")),
        framed("GST", "10.011"),
    ]
    assert talk(Cryostation, exchange).set_temperature(10.0) == 10.011
    assert clock.waits == [10.0, 10.0, 10.0]


def test_cryostation_gives_up_after_its_time(talk: Talk) -> None:
    poll = [framed("GAS", "F"), framed("GSS", "0.5"), framed("GST", "8.0")]
    exchange = [framed("GAS", "F"), framed("STSP10.00", "OK"), framed("GTSP", "10.000"), *poll * 3]
    with pytest.raises(NotReadyError, match="stable temperature"):
        talk(Cryostation, exchange, settle_timeout_s=20.0).set_temperature(10.0)


@pytest.mark.parametrize("target_k", [1.9, 351.0, float("nan")])
def test_cryostation_refuses_a_setpoint_before_a_byte(talk: Talk, target_k: float) -> None:
    with pytest.raises(LimitError, match="2 to 350 K"):
        talk(Cryostation, []).set_temperature(target_k)


def test_cryostation_does_not_heat_into_an_alarm(talk: Talk) -> None:
    with pytest.raises(InterlockError, match="alarm"):
        talk(Cryostation, [framed("GAS", "T")]).set_temperature(10.0)


def test_cryostation_quotes_a_refusal(talk: Talk) -> None:
    with pytest.raises(WireError, match="Error: Invalid command"):
        talk(Cryostation, [framed("STSP10.00", "Error: Invalid command.")]).setpoint(10)


def test_cryostation_refuses_a_reply_without_length(talk: Talk) -> None:
    with pytest.raises(WireError, match="two-digit length"):
        talk(Cryostation, [(b"03GST", b"4.1K")]).temperature_k()
