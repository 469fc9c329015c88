"""Exact exchanges with the SG384."""

from typing import Any

import pytest

from sims.bench.smb100a import MicrowaveOutput

MODEL = "sg384"
EXCHANGES = [
    (b"*IDN?\n", b"Stanford Research Systems,SG384,s/n002145,ver1.24.26\r\n"),
    (b"FREQ?\n", b"10000000.000000\r\n"),
    (b"FREQ 2.87 GHz\nFREQ?\n", b"2870000000.000000\r\n"),
    (b"FREQ2870MHZ;FREQ?\r\n", b"2870000000.000000\r\n"),
    (b"AMPR?\nAMPR -12.345\nAMPR?\n", b"0.00\r\n-12.35\r\n"),
    (b"ENBR 1\nENBR?\nENBL?\n", b"1\r\n0\r\n"),
    (b"TYPE 4\nPFNC 5\nMODL 1\nTYPE?;PFNC?;MODL?\n", b"4\r\n5\r\n1\r\n"),
    (b"ENBR 1\n*RST\nENBR?\n", b"0\r\n"),
    (b"LERR?\n", b"0\r\n"),
    (b"FREQ 5 GHz\nLERR?\nLERR?\nFREQ?\n", b"10\r\n0\r\n10000000.000000\r\n"),
    (b"AMPR 17\nLERR?\n", b"10\r\n"),
    (b"FREQ fast\nLERR?\n", b"118\r\n"),
    (b"FREQ\nLERR?\n", b"116\r\n"),
    (b"FREQ 1,2\nLERR?\n", b"115\r\n"),
    (b"MOON 1\nLERR?\n", b"111\r\n"),
    (b"*TRG?\nLERR?\n", b"112\r\n"),
    (b"LERR 1\nLERR?\n", b"113\r\n"),
    (b"PFNC 1\nLERR?\n", b"10\r\n"),
    (b"MOON\n*CLS\nLERR?\n", b"0\r\n"),
    # the list mode
    (b"LSTC? 2\nLSTS?\nLSTP? 0\n", b"1\r\n2\r\nN,N,N,N,N,N,N,N,N,N,N,N,N,N,N\r\n"),
    (b"LSTE 1\nLERR?\n", b"12\r\n"),
    (b"LSTC? 1\nLSTP 0,9e9,N,N,N,N,N,N,N,N,N,N,N,N,N,N\nLERR?\n", b"1\r\n10\r\n"),
    (b"LSTC? 1\nLSTP 1,3e9,N,N,N,N,N,N,N,N,N,N,N,N,N,N\nLERR?\n", b"1\r\n10\r\n"),
]


@pytest.mark.parametrize(("sent", "received"), EXCHANGES)
def test_exchange(bench: Any, sent: bytes, received: bytes) -> None:
    assert bench.exchange(MODEL, sent) == received


def test_a_triggered_list_sets_its_states_in_turn(bench: Any) -> None:
    for index, gigahertz in enumerate((2.5, 3.0)):
        size = b"LSTC? 2\n" if index == 0 else b""
        bench.exchange(MODEL, size + f"LSTP {index},{gigahertz}e9,N,N,N,-5,N,N,N,N,N,N,N,N,N,N\n".encode())
    seen = [bench.exchange(MODEL, b"LSTE 1\n*TRG\nFREQ?\n") for _ in range(3)]
    assert seen == [b"2500000000.000000\r\n", b"3000000000.000000\r\n", b"2500000000.000000\r\n"]


def test_the_microwave_reaches_the_model_gated(bench: Any) -> None:
    bench.exchange(MODEL, b"FREQ 2.87E9;AMPR 10;TYPE 4;PFNC 5;MODL 1;ENBR 1\n")
    assert bench.models.sg384.output() == MicrowaveOutput(2.87e9, 10.0, True)


@pytest.mark.parametrize("setting", [b"MODL 0", b"TYPE 5", b"PFNC 3"])
def test_anything_but_the_external_pulse_input_is_ungated(bench: Any, setting: bytes) -> None:
    bench.exchange(MODEL, b"FREQ 2.87E9;TYPE 4;PFNC 5;MODL 1;ENBR 1;" + setting + b"\n")
    assert bench.models.sg384.output().gated is False


def test_below_its_range_the_n_type_output_is_dead(bench: Any) -> None:
    bench.exchange(MODEL, b"FREQ 100 kHz;ENBR 1\n")
    assert bench.models.sg384.output() is None


def test_above_3_ghz_the_power_is_cut(bench: Any) -> None:
    assert bench.exchange(MODEL, b"FREQ 2 GHz;AMPR 16.5;FREQ 4 GHz;AMPR?\n") == b"13.00\r\n"
