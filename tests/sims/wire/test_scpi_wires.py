from typing import Any

import pytest

from sims.bench.dg645 import Gate
from sims.bench.smb100a import MicrowaveOutput

GENERATOR_EXCHANGES = [
    (b"*IDN?\n", b"Rohde&Schwarz,SMB100A,1406.6000k03/181234,3.1.19.15-3.20.390.24\n"),
    (b"*OPC?\n", b"1\n"),
    (b"FREQ?\n", b"1000000000\n"),
    (b"SOUR:FREQ?\n", b"1000000000\n"),
    (b":SOURce1:FREQuency:CW?\n", b"1000000000\n"),
    (b":source:frequency:fixed?\n", b"1000000000\n"),
    (b"FREQ? MAX\n", b"20000000000\n"),
    (b"POW?\n", b"-30\n"),
    (b":SOUR:POW:LEV:IMM:AMPL?\n", b"-30\n"),
    (b"SOURce:POWer?\n", b"-30\n"),
    (b":OUTP:STAT?\n", b"0\n"),
    (b"OUTPut?\n", b"0\n"),
    (b":SOUR:PULM:STAT?\n", b"0\n"),
    (b":SOUR:PULM:SOUR?\n", b"INT\n"),
    (b":SOUR:PULM:SOUR EXT\n:SOUR:PULM:SOUR?\n", b"EXT\n"),
    (b"SOUR:PULM:STAT ON;SOUR EXTernal;:SOUR:PULM:SOUR?\n", b"EXT\n"),
    (b"SYST:ERR?\n", b'0,"No error"\n'),
    (b"SYSTem:ERRor:NEXT?\n", b'0,"No error"\n'),
    (b"FREQ 2.5 GHz\nFREQ?\n", b"2500000000\n"),
    (b"SOUR:FREQ 1234567890.1234\nFREQ?\n", b"1234567890.123\n"),
    (b"POW -12.5 dBm\nPOW?\n", b"-12.5\n"),
    (b"POW MIN\nPOW?\n", b"-145\n"),
    (b"OUTP ON\nOUTP?\n", b"1\n"),
    (b"OUTP ON\n*RST\nOUTP?\n", b"0\n"),
    (b"FREQ 21 GHz\nSYST:ERR?\nSYST:ERR?\nFREQ?\n", b'-222,"Data out of range"\n0,"No error"\n1000000000\n'),
    (b"POW 31\nSYST:ERR?\n", b'-222,"Data out of range"\n'),
    (b"FREQ fast\nSYST:ERR?\n", b'-104,"Data type error"\n'),
    (b"FREQ 1 V\nSYST:ERR?\n", b'-104,"Data type error"\n'),
    (b"OUTP 2\nSYST:ERR?\n", b'-104,"Data type error"\n'),
    (b"PULM:SOUR MOON\nSYST:ERR?\n", b'-104,"Data type error"\n'),
    (b"MOON 1\nSYST:ERR?\n", b'-113,"Undefined header"\n'),
    (b"MOON?\n", b""),
    (b"MOON?\n*CLS\nSYST:ERR?\n", b'0,"No error"\n'),
]


@pytest.mark.parametrize(("sent", "received"), GENERATOR_EXCHANGES)
def test_generator_exchange(bench: Any, sent: bytes, received: bytes) -> None:
    assert bench.exchange("smb100a", sent) == received


def test_gated_microwave_reaches_the_model(bench: Any) -> None:
    bench.exchange("smb100a", b"FREQ 5e9\nPOW 3\n:SOUR:PULM:SOUR EXT\n:SOUR:PULM:STAT ON\n")
    assert bench.models.smb100a.output() is None
    bench.exchange("smb100a", b":OUTP:STAT ON\n")
    assert bench.models.smb100a.output() == MicrowaveOutput(5e9, 3.0, True)
    bench.exchange("smb100a", b":SOUR:PULM:STAT OFF\n")
    assert bench.models.smb100a.output() == MicrowaveOutput(5e9, 3.0, False)


METER_EXCHANGES = [
    (b"*IDN?\n", b"Thorlabs,PM100D,P0012345,2.4.0\n"),
    (b"SYST:SENSOR:IDN?\n", b"S120C,21051412,14-May-2021,1,18,289\n"),
    (b"SYSTem:SENSor:IDN?\n", b"S120C,21051412,14-May-2021,1,18,289\n"),
    (b"SENS:CORR:WAV?\n", b"6.350000E+02\n"),
    (b"SENSE:CORR:WAV?\n", b"6.350000E+02\n"),
    (b"SENS:CORR:WAV? MIN\n", b"4.000000E+02\n"),
    (b"SENS:CORR:WAV? MAX\n", b"1.100000E+03\n"),
    (b"SENS:CORR:WAV 560.5\nSENS:CORR:WAV?\n", b"5.605000E+02\n"),
    (b"SENS:AVER:COUN 10\nSENS:AVER:COUN?\n", b"10\n"),
    (b"SENS:CORR:WAV 300\nSYST:ERR?\n", b'-222,"Data out of range"\n'),
    (b"SENS:CORR:WAV red\nSYST:ERR?\n", b'-104,"Data type error"\n'),
    (b"MOON?\nSYST:ERR?\n", b'-113,"Undefined header"\n'),
    (b"SYST:ERR?\n", b'+0,"No error"\n'),
]


@pytest.mark.parametrize(("sent", "received"), METER_EXCHANGES)
def test_meter_exchange(bench: Any, sent: bytes, received: bytes) -> None:
    assert bench.exchange("pm100d", sent) == received


def test_power_reading(bench: Any) -> None:
    reading = bench.exchange("pm100d", b"MEAS:POW?\n")
    assert float(reading) == pytest.approx(2e-6, rel=0.01)
    assert reading.endswith(b"E-06\n")


def test_averaged_reading_takes_longer(bench: Any) -> None:
    talk = bench.talk("pm100d")
    talk.write(b"SENS:AVER:COUN 1000\nMEAS:POW?\n")
    bench.clock.sleep_s(0.2)
    assert talk.read()[0] == b""
    bench.clock.sleep_s(0.2)
    assert talk.read()[0].endswith(b"\n")


DELAY_EXCHANGES = [
    (b"*IDN?\n", b"Stanford Research Systems,DG645,s/n004217,ver1.14.10E\r\n"),
    (b"DLAY?2\n", b"0,+0.000000000000\r\n"),
    (b"DLAY? 3\n", b"0,+0.000000000000\r\n"),
    (b"DLAY 2,0,1e-6\nDLAY?2\n", b"0,+0.000001000000\r\n"),
    (b"DLAY 3,2,10e-6;DLAY?3\n", b"2,+0.000010000000\r\n"),
    (b"DLAY 2,0,1.23456789012e-6\nDLAY?2\n", b"0,+0.000001234570\r\n"),
    (b"LINK?3\n", b"0\r\n"),
    (b"TSRC?\n", b"0\r\n"),
    (b"TSRC 1\nTSRC?\n", b"1\r\n"),
    (b"TRAT?\n", b"1000.000000\r\n"),
    (b"TRAT 50000\nTRAT?\n", b"50000.000000\r\n"),
    (b"ADVT 1\nADVT?\n", b"1\r\n"),
    (b"PRES 0,16\nPRES?0\n", b"16\r\n"),
    (b"PHAS 4,1\nPHAS?4\n", b"1\r\n"),
    (b"LAMP 1,2.5\nLAMP?1\n", b"2.50\r\n"),
    (b"LOFF 1,-0.5\nLOFF?1\n", b"-0.50\r\n"),
    (b"LPOL 1,0\nLPOL?1\n", b"0\r\n"),
    (b"dlay?2\n", b"0,+0.000000000000\r\n"),
    (b"LERR?\n", b"0\r\n"),
    (b"TSRC 1\n*RST\nTSRC?\n", b"0\r\n"),
    (b"LAMP 1,5.1\nLERR?\nLERR?\nLAMP?1\n", b"10\r\n0\r\n5.00\r\n"),
    (b"DLAY 2,0,2001\nLERR?\n", b"12\r\n"),
    (b"DLAY 2,0,-1\nLERR?\n", b"12\r\n"),
    (b"DLAY 2,2,1e-6\nLERR?\n", b"13\r\n"),
    (b"DLAY 3,2,1e-6\nDLAY 2,3,1e-6\nLERR?\n", b"13\r\n"),
    (b"DLAY 0,0,1e-6\nLERR?\n", b"13\r\n"),
    (b"DLAY 2,0\nLERR?\n", b"116\r\n"),
    (b"DLAY 2,0,1,1\nLERR?\n", b"115\r\n"),
    (b"DLAY 2,0,soon\nLERR?\n", b"118\r\n"),
    (b"DLAY?\nLERR?\n", b"116\r\n"),
    (b"*TRG\nLERR?\n", b"11\r\n"),
    (b"*TRG?\nLERR?\n", b"112\r\n"),
    (b"LERR 1\nLERR?\n", b"113\r\n"),
    (b"MOON 1\nLERR?\n", b"111\r\n"),
    (b"PHAS 0,1\nLERR?\n", b"10\r\n"),
    (b"PRES 0,0\nLERR?\n", b"10\r\n"),
    (b"TRAT 1e9\nLERR?\n", b"10\r\n"),
    (b"MOON\n*CLS\nLERR?\n", b"0\r\n"),
]


@pytest.mark.parametrize(("sent", "received"), DELAY_EXCHANGES)
def test_delay_generator_exchange(bench: Any, sent: bytes, received: bytes) -> None:
    assert bench.exchange("dg645", sent) == received


def test_gates_reach_the_model(bench: Any) -> None:
    bench.exchange("dg645", b"TSRC 1;ADVT 1;PRES 0,16;PRES 4,4;DLAY 8,0,100e-9;DLAY 9,8,20e-9;LAMP 4,2.5\n")
    generator = bench.models.dg645
    assert generator.trigger_period_s(80e6) == pytest.approx(400e-9)  # 200 ns is shorter than 120 + 100 ns
    assert generator.gates()["GH"] == Gate(pytest.approx(100e-9), pytest.approx(20e-9), 2.5, 4, 0.0)


def test_missed_triggers_set_the_rate_error(bench: Any) -> None:
    assert bench.exchange("dg645", b"TSRC 1;ADVT 1;PRES 0,16;DLAY 3,0,50e-9;INSR?\n") == b"0\r\n"
    assert bench.exchange("dg645", b"DLAY 3,0,150e-9;INSR?\n") == b"2\r\n"
