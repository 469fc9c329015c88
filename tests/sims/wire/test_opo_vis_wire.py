from typing import Any

import pytest

EXCHANGES = [
    (b"*ID?\n", b"APE Chameleon OPO-VIS S/N 09-0815 V2.4\n"),
    (b"STATUS?\n", b"no pump\n"),
    (b"OPO WAVELENGTH?\n", b"11200\n"),
    (b"OPO BANDWIDTH?\n", b"70.7\n"),
    (b"OPO POWER?\n", b"0.0\n"),
    (b"OPO SHG POWER?\n", b"0.0\n"),
    (b"PUMP WAVELENGTH?\n", b"0\n"),
    (b"OPO SHG MIRROR?\n", b"1\n"),
    (b"PUMP IN SHUTTER?\n", b"1\n"),
    (b"PUMP OUT SHUTTER?\n", b"0\n"),
    (b"OPO OUT SHUTTER?\n", b"0\n"),
    (b"BEAM SPLITTER?\n", b"0\n"),
    (b"OPO OUT SHUTTER=1\n", b""),
    (b"OPO WAVELENGTH=12000\n", b""),
    (b"OPO WAVELENGTH=red\n", b"Error: invalid parameter\n"),
    (b"OPO OUT SHUTTER=2\n", b"Error: invalid parameter\n"),
    (b"FOO=1\n", b"Error: unknown command\n"),
    (b"FOO?\n", b"Error: unknown query\n"),
    (b"STATUS?\r\n", b"no pump\n"),
]


@pytest.mark.parametrize(("sent", "received"), EXCHANGES)
def test_exchange(bench: Any, sent: bytes, received: bytes) -> None:
    assert bench.exchange("opo-vis", sent) == received


def status(bench: Any) -> bytes:
    return bench.exchange("opo-vis", b"STATUS?\n")


def test_status_while_tuning(bench: Any) -> None:
    bench.models.chameleon.set_shutter(True)
    talk = bench.talk("opo-vis")
    seen = []
    talk.write(b"OPO WAVELENGTH=12000\n")
    for _ in range(9):
        bench.clock.sleep_s(1.0)
        talk.write(b"STATUS?\n")
        bench.clock.sleep_s(0.1)
        seen.append(talk.read()[0])
    assert seen[0] == b"tuning (1140 nm)\n"
    assert seen[4] == b"optimizing\n"
    assert seen[-1] == b"OK\n"


def test_status_out_of_range_when_the_signal_cannot_be_reached(bench: Any) -> None:
    bench.models.chameleon.set_shutter(True)
    bench.exchange("opo-vis", b"OPO WAVELENGTH=20000\n")
    assert status(bench) == b"out of range\n"
    assert bench.exchange("opo-vis", b"OPO WAVELENGTH?\n") == b"11200\n"


def test_status_waits_for_a_pump_that_tunes(bench: Any) -> None:
    bench.models.chameleon.set_shutter(True)
    bench.models.chameleon.set_wavelength(840)
    talk = bench.talk("opo-vis")
    talk.write(b"STATUS?\n")
    bench.clock.sleep_s(0.1)
    assert talk.read()[0] == b"wait for pump\n"


def test_visible_power_with_pump(bench: Any) -> None:
    bench.models.chameleon.set_shutter(True)
    assert float(bench.exchange("opo-vis", b"OPO SHG POWER?\n")) == pytest.approx(208.6, abs=0.1)
