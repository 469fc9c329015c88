"""Exact exchanges with the 4G, and what its sweeps do."""

from typing import Any

import pytest

MODEL = "cryomagnetics-4g"
EXCHANGES = [
    (b"*IDN?\n", b"Cryomagnetics,4G,2239,1.02,208\n"),
    (b"UNITS?\n", b"kG\n"),
    (b"units g\nUNITS?\r\n", b"kG\n"),
    (b"UNITS T\nUNITS?\nIMAG?\n", b"T\n0.0000 kG\n"),
    (b"UNITS A\nIMAG?\nULIM?\n", b"0.0000 A\n80.0000 A\n"),
    (b"ULIM?\nLLIM?\n", b"90.0000 kG\n-90.0000 kG\n"),
    (b"ULIM 5\nULIM?\nUNITS A\nULIM?\n", b"5.0000 kG\n4.4444 A\n"),
    (b"ULIM 5;LLIM -1;LLIM?\n", b"-1.0000 kG\n"),
    (b"RANGE 0 45.5\nRANGE? 0\n", b"45.5000\n"),
    (b"RATE 5 0.02\nRATE? 5\nRATE?\n", b"0.0200\n0.0500\n"),
    (b"VMAG?\nVOUT?\nIOUT?\n", b"0.000 V\n0.000 V\n0.0000 kG\n"),
    (b"*STB?\nSWEEP?\n", b"2\nStandby\n"),
    (b"PSHTR?\nMODE?\n", b"0\nManual\n"),
    (b"SWEEP UP SLOW\n*STB?\nSWEEP?\n", b"1\nsweep up\n"),
    (b"SWEEP UP\nSWEEP PAUSE\n*STB?\nSWEEP?\n", b"0\nsweep paused\n"),
    # refused: silent, only the event status tells
    (b"MOON\n*ESR?\n*ESR?\n", b"32\n0\n"),
    (b"MOON?\n", b""),
    (b"ULIM high\n*ESR?\nULIM?\n", b"16\n90.0000 kG\n"),
    (b"ULIM 200\n*ESR?\n", b"16\n"),
    (b"RANGE 5 10\n*ESR?\n", b"16\n"),
    (b"RATE 0 0\n*ESR?\n", b"16\n"),
    (b"SWEEP SIDEWAYS\n*ESR?\n", b"16\n"),
    (b"UNITS\n*ESR?\n", b"16\n"),
    (b"IMAG 3\n*ESR?\nIMAG?\n", b"16\n0.0000 kG\n"),
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


def test_a_sweep_goes_to_its_limit_and_stays_a_sweep_until_paused(bench: Any) -> None:
    say(bench, b"ULIM 2;SWEEP UP\n")
    bench.clock.sleep_s(100.0)
    assert say(bench, b"IMAG?;*STB?\n") == b"2.0000 kG\n1\n"
    assert say(bench, b"SWEEP PAUSE;*STB?\n") == b"0\n"


def test_the_rate_changes_at_the_borders_of_the_ranges(bench: Any) -> None:
    say(bench, b"UNITS A;RANGE 0 10;RATE 0 1;RATE 1 0.5;ULIM 20;SWEEP UP\n")
    supply = bench.models.cryomagnetics_4g
    start_s = bench.clock.now_s()
    bench.clock.advance(12.0)
    elapsed_s = bench.clock.now_s() - start_s
    assert supply.supply_current_a() == pytest.approx(10.0 + 0.5 * (elapsed_s - 10.0), abs=0.2)


def test_fast_needs_to_be_asked_for(bench: Any) -> None:
    say(bench, b"UNITS A;RATE 5 2;ULIM 20;SWEEP UP FAST\n")
    bench.clock.sleep_s(10.1)
    assert say(bench, b"IMAG?\n") == b"20.0000 A\n"


def test_zeroing_ends_in_standby(bench: Any) -> None:
    say(bench, b"ULIM 1;SWEEP UP\n")
    bench.clock.sleep_s(30.0)
    assert say(bench, b"SWEEP ZERO;SWEEP?\n") == b"zeroing\n"
    bench.clock.sleep_s(30.0)
    assert say(bench, b"SWEEP?;*STB?;IMAG?\n") == b"Standby\n2\n0.0000 kG\n"


def test_a_quench_is_latched_until_reset(bench: Any) -> None:
    say(bench, b"ULIM 5;SWEEP UP\n")
    bench.clock.sleep_s(60.0)
    bench.models.cryomagnetics_4g.quench()
    bench.clock.sleep_s(60.0)
    assert say(bench, b"SWEEP UP;*ESR?;*STB?;IMAG?\n") == b"16\n6\n0.0000 kG\n"
    assert say(bench, b"QRESET;*STB?\n") == b"2\n"


def test_a_failed_module_is_told_and_forbids_a_sweep(bench: Any) -> None:
    bench.models.cryomagnetics_4g.module_failed = True
    assert say(bench, b"SWEEP UP;*ESR?;*STB?\n") == b"16\n10\n"


def test_a_cold_switch_keeps_the_field_while_the_leads_ramp(bench: Any) -> None:
    supply = bench.models.cryomagnetics_4g
    supply.fit_switch()
    say(bench, b"PSHTR ON\n")
    bench.clock.sleep_s(25.0)
    say(bench, b"ULIM 1;SWEEP UP\n")
    bench.clock.sleep_s(40.0)
    say(bench, b"SWEEP PAUSE;PSHTR OFF\n")
    bench.clock.sleep_s(25.0)
    say(bench, b"SWEEP ZERO\n")
    bench.clock.sleep_s(40.0)
    assert say(bench, b"IMAG?;IOUT?;PSHTR?\n") == b"1.0000 kG\n0.0000 kG\n0\n"


def test_heating_the_switch_with_unequal_currents_quenches(bench: Any) -> None:
    supply = bench.models.cryomagnetics_4g
    supply.fit_switch()
    say(bench, b"UNITS A;ULIM 5;SWEEP UP\n")
    bench.clock.sleep_s(200.0)
    assert say(bench, b"IMAG?;PSHTR ON;*STB?\n") == b"0.0000 A\n6\n"
