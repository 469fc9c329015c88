"""Exact exchanges with the SR830, and what its filter does."""

import math
from typing import Any

import pytest

MODEL = "sr830"
SIGNAL_V = 2e-6 * 0.4e6 * math.sqrt(2.0) / math.pi
EXCHANGES = [
    (b"*IDN?\n", b"Stanford_Research_Systems,SR830,s/n70321,ver1.07\n"),
    (b"SENS?\nOFLT?\nOFSL?\n", b"26\n8\n1\n"),
    (b"SENS 10\nSENS?\n", b"10\n"),
    (b"SENS10;SENS?\r\n", b"10\n"),
    (b"SRAT8.000000\nSRAT?\n", b"8\n"),
    (b"FREQ?\n", b"1000\n"),
    (b"FREQ 123.456789\nFREQ?\n", b"123.46\n"),
    (b"FMOD 0\nFREQ?\n", b"337\n"),
    (b"FMOD 0\nFREQ 50\n*ESR?\n", b"16\n"),
    (b"PHAS 270\nPHAS?\n", b"-90.00\n"),
    (b"DDEF1,1,0\nDDEF? 1\nDDEF?1;\n", b"1,0\n1,0\n"),
    (b"OEXP 1,10,1\nOEXP? 1\n", b"10,1\n"),
    (b"AUXV 2,-1.5\nAUXV? 2\nOAUX? 1\n", b"-1.500\n0\n"),
    (b"ISRC 2\nISRC?\n", b"2\n"),
    (b"LIAE 2,1\nLIAE?\nLIAE? 2\n", b"4\n1\n"),
    (b"LIAS?\nERRS?\n*STB?\n", b"0\n0\n2\n"),
    (b"*TST?\n", b"0\n"),
    (b"SENS 5\n*RST\nSENS?\n", b"26\n"),
    (b"SENS 27\n*ESR?\nSENS?\n", b"16\n26\n"),
    (b"MOON\n*ESR?\n*ESR?\n", b"32\n0\n"),
    (b"OUTP? 5\n*ESR?\n", b"16\n"),
    (b"SNAP? 1\n*ESR?\n", b"16\n"),
    (b"HARM 0\n*ESR?\n", b"16\n"),
]


@pytest.mark.parametrize(("sent", "received"), EXCHANGES)
def test_exchange(bench: Any, sent: bytes, received: bytes) -> None:
    assert bench.exchange(MODEL, sent) == received


def say(bench: Any, sent: bytes) -> bytes:
    """Send and listen for a moment; ``exchange`` listens so long that everything has moved."""
    talk = bench.talk(MODEL)
    talk.write(sent)
    bench.clock.sleep_s(0.05)
    received: bytes = talk.read()[0]
    return received


def x_v(bench: Any) -> float:
    return float(say(bench, b"OUTP?1\n"))


def test_the_output_follows_with_its_time_constant(bench: Any) -> None:
    say(bench, b"FMOD 0;OFLT 10;OFSL 0\n")  # 1 s, one pole
    start_s = bench.clock.now_s()
    begin = x_v(bench)
    bench.clock.sleep_s(1.0)
    elapsed_s = bench.clock.now_s() - start_s
    expected = SIGNAL_V + (begin - SIGNAL_V) * math.exp(-elapsed_s)
    assert x_v(bench) == pytest.approx(expected, rel=1e-3)


def test_four_poles_are_slower_than_one(bench: Any) -> None:
    say(bench, b"FMOD 0;OFLT 10;OFSL 3\n")
    x_v(bench)
    bench.clock.sleep_s(1.0)
    assert 0.0 < x_v(bench) < 0.4 * SIGNAL_V


def test_auto_phase_turns_the_signal_into_x(bench: Any) -> None:
    say(bench, b"FMOD 0;PHAS 90\n")
    bench.clock.sleep_s(2.0)
    assert x_v(bench) == pytest.approx(0.0, abs=1e-6)
    say(bench, b"APHS\n")
    assert x_v(bench) == pytest.approx(SIGNAL_V, rel=1e-3)


@pytest.mark.parametrize(("settings", "share"), [(b"HARM 2", 0.0), (b"HARM 3", 1 / 3), (b"FMOD 1", 0.0)])
def test_only_odd_harmonics_of_the_choppers_frequency_carry_a_signal(bench: Any, settings: bytes, share: float) -> None:
    say(bench, b"FMOD 0;" + settings + b"\n")
    bench.clock.sleep_s(3.0)
    assert x_v(bench) == pytest.approx(share * SIGNAL_V, rel=1e-3, abs=1e-6)


def test_a_signal_above_the_full_scale_is_clipped_and_told(bench: Any) -> None:
    say(bench, b"FMOD 0;SENS 20\n")  # 10 mV
    bench.clock.sleep_s(3.0)
    assert x_v(bench) == pytest.approx(0.0109)
    assert say(bench, b"LIAS?;LIAS?2;LIAS?0\n") == b"4\n1\n0\n"


def test_the_buffer_fills_at_the_sample_rate(bench: Any) -> None:
    say(bench, b"FMOD 0;SRAT 7;REST;STRT\n")  # 8 Hz
    bench.clock.sleep_s(2.0)
    assert say(bench, b"PAUS;SPTS?\n") == b"16\n"
    assert len(say(bench, b"TRCA?1,0,16\n").split(b",")) == 17
    assert len(say(bench, b"TRCB?1,0,16\n")) == 64
    assert len(say(bench, b"TRCL?1,0,16\n")) == 64
    assert say(bench, b"TRCA?1,0,17\n*ESR?\n") == b"16\n"
