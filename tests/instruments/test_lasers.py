"""Chameleon, OPO-VIS and C-WAVE against byte-exact exchanges."""

from collections.abc import Callable
from typing import Any

import pytest

from instruments.coherent_chameleon import Chameleon
from instruments.coherent_opo_vis import OpoVis
from instruments.errors import InterlockError, LimitError, NotReadyError, WireError
from instruments.hubner_cwave import CWave

Talk = Callable[..., Any]
PLAIN = [(b"ECHO=0\r\n", b"\r\n"), (b"PROMPT=0\r\n", b"\r\n")]
LOCKED = [(b"?F\r\n", b"0\r\n"), (b"?L\r\n", b"1\r\n"), (b"?MDLK\r\n", b"1\r\n"), (b"?TS\r\n", b"0\r\n")]


def log(*bad_bits: int) -> bytes:
    bits = sum(1 << bit for bit in bad_bits)
    return f"get_log:60000:45000:45000:32000:30000:40000:5000:4000:3000:0:{bits}\r".encode()


# Chameleon


def test_chameleon_switches_echo_and_prompt_off_before_its_first_question(talk: Talk) -> None:
    assert talk(Chameleon, [*PLAIN, (b"?VW\r\n", b"800\r\n")]).wavelength_nm() == 800.0


def test_chameleon_throws_an_echo_away(talk: Talk) -> None:
    laser = talk(Chameleon, [(b"ECHO=0\r\n", b"ECHO=0\r\n\r\n"), (b"PROMPT=0\r\n", b"\r\n"), (b"?VW\r\n", b"800\r\n")])
    assert laser.wavelength_nm() == 800.0


def test_chameleon_tunes_behind_its_closed_shutter_until_mode_locked(talk: Talk, clock: Any) -> None:
    laser = talk(
        Chameleon,
        [
            *PLAIN,
            (b"?F\r\n", b"0\r\n"),
            (b"SHUTTER=0\r\n", b"\r\n"),
            (b"?S\r\n", b"0\r\n"),
            (b"WAVELENGTH=750\r\n", b"\r\n"),
            (b"?VW\r\n", b"750\r\n"),
            (b"?TS\r\n", b"1\r\n"),
            (b"?TS\r\n", b"0\r\n"),
            (b"?MDLK\r\n", b"0\r\n"),
            (b"?TS\r\n", b"0\r\n"),
            (b"?MDLK\r\n", b"1\r\n"),
            (b"?VW\r\n", b"750\r\n"),
        ],
    )
    assert laser.tune(750.3) == 750.0
    assert clock.waits == [1.0, 1.0]


def test_chameleon_notices_a_silently_clamped_wavelength(talk: Talk) -> None:
    laser = talk(Chameleon, [*PLAIN, (b"WAVELENGTH=1000\r\n", b"\r\n"), (b"?VW\r\n", b"980\r\n")])
    with pytest.raises(LimitError, match="clamped to 980 nm"):
        laser.wavelength(1000)


@pytest.mark.parametrize("wavelength_nm", [600.0, 1100.0, float("nan")])
def test_chameleon_refuses_a_wavelength_before_a_byte(talk: Talk, wavelength_nm: float) -> None:
    with pytest.raises(LimitError, match="690 to 1040 nm"):
        talk(Chameleon, []).tune(wavelength_nm)


def test_chameleon_names_its_faults(talk: Talk) -> None:
    laser = talk(Chameleon, [*PLAIN, (b"?F\r\n", b"1&3\r\n")])
    with pytest.raises(InterlockError, match="laser head interlock, power supply interlock"):
        laser.assert_mode_locked()


def test_chameleon_is_not_ready_in_continuous_wave(talk: Talk) -> None:
    laser = talk(Chameleon, [*PLAIN, *LOCKED[:2], (b"?MDLK\r\n", b"2\r\n"), (b"?TS\r\n", b"0\r\n")])
    with pytest.raises(NotReadyError, match="mode lock 2"):
        laser.assert_mode_locked()


def test_chameleon_opens_only_with_its_key(talk: Talk) -> None:
    with pytest.raises(InterlockError, match="key"):
        talk(Chameleon, [*PLAIN, (b"?K\r\n", b"0\r\n")]).open_output()


def test_chameleon_confirms_the_open_shutter(talk: Talk) -> None:
    exchange = [(b"?K\r\n", b"1\r\n"), *LOCKED, (b"SHUTTER=1\r\n", b"\r\n"), (b"?S\r\n", b"1\r\n")]
    talk(Chameleon, [*PLAIN, *exchange]).open_output()


def test_chameleon_reports_a_shutter_that_stays_open(talk: Talk) -> None:
    stuck = [(b"?S\r\n", b"1\r\n")] * 31
    laser = talk(Chameleon, [*PLAIN, (b"SHUTTER=0\r\n", b"\r\n"), *stuck])
    with pytest.raises(NotReadyError, match="shutter closed did not happen within 3 s"):
        laser.close_output()


def test_chameleon_quotes_a_refused_setting(talk: Talk) -> None:
    laser = talk(Chameleon, [*PLAIN, (b"SHUTTER=1\r\n", b"Command Error\r\n")])
    with pytest.raises(WireError, match="'SHUTTER=1' was refused with 'Command Error'"):
        laser.shutter(True)


# OPO-VIS

CLOSE_OPO = [
    (b"OPO OUT SHUTTER=0\n", None),
    (b"OPO OUT SHUTTER?\n", b"0\n"),
    (b"OPO OUT SHUTTER?\n", b"0\n"),
    (b"OPO SHG MIRROR?\n", b"1\n"),
]


def test_opo_sends_angstrom_of_signal_and_waits_for_ok(talk: Talk, clock: Any) -> None:
    opo = talk(
        OpoVis,
        [
            *CLOSE_OPO,
            (b"OPO WAVELENGTH=12001\n", None),
            (b"OPO WAVELENGTH?\n", b"12001\n"),
            (b"STATUS?\n", b"tuning (1150 nm)\n"),
            (b"STATUS?\n", b"optimizing\n"),
            (b"STATUS?\n", b"OK\n"),
            (b"OPO WAVELENGTH?\n", b"12001\n"),
        ],
    )
    assert opo.tune(600.04) == pytest.approx(600.05)
    assert clock.waits == [2.0, 2.0]


def test_opo_that_reads_back_where_it_travels_is_awaited(talk: Talk) -> None:
    settings = [(b"OPO WAVELENGTH=12000\n", None), (b"OPO WAVELENGTH?\n", b"11201\n"), (b"STATUS?\n", b"OK\n")]
    assert talk(OpoVis, [*CLOSE_OPO, *settings, (b"OPO WAVELENGTH?\n", b"12000\n")]).tune(600.0) == 600.0


def test_opo_that_settles_elsewhere_is_refused(talk: Talk) -> None:
    settings = [(b"OPO WAVELENGTH=12000\n", None), (b"OPO WAVELENGTH?\n", b"12000\n"), (b"STATUS?\n", b"OK\n")]
    with pytest.raises(LimitError, match="asked for 600 nm, the OPO settled at 590 nm"):
        talk(OpoVis, [*CLOSE_OPO, *settings, (b"OPO WAVELENGTH?\n", b"11800\n")]).tune(600.0)


def test_opo_skips_the_acknowledgement_some_units_send(talk: Talk) -> None:
    opo = talk(OpoVis, [(b"OPO OUT SHUTTER=1\n", b"OK\n"), (b"OPO OUT SHUTTER?\n", b"1\n")])
    opo.output_shutter(True)


def test_opo_quotes_an_error(talk: Talk) -> None:
    opo = talk(OpoVis, [(b"OPO WAVELENGTH=12000\n", b"Error: out of range\n"), (b"OPO WAVELENGTH?\n", b"11200\n")])
    with pytest.raises(WireError, match="refused with 'Error: out of range'"):
        opo.wavelength(600)


@pytest.mark.parametrize("status", [b"no pump\n", b"out of range\n", b"bypass\n"])
def test_opo_gives_up_at_once_when_it_cannot_tune(talk: Talk, status: bytes) -> None:
    settings = [(b"OPO WAVELENGTH=12000\n", None), (b"OPO WAVELENGTH?\n", b"12000\n"), (b"STATUS?\n", status)]
    with pytest.raises(NotReadyError, match="check pump beam and wavelength"):
        talk(OpoVis, [*CLOSE_OPO, *settings]).tune(600.0)


def test_opo_refuses_a_wavelength_before_a_byte(talk: Talk) -> None:
    with pytest.raises(LimitError, match="500 to 750 nm"):
        talk(OpoVis, []).tune(499.0)


def test_opo_does_not_open_while_tuning(talk: Talk) -> None:
    with pytest.raises(NotReadyError, match="not OK"):
        talk(OpoVis, [(b"STATUS?\n", b"optimizing\n")]).open_output()


def test_opo_does_not_open_into_the_infrared(talk: Talk) -> None:
    opo = talk(OpoVis, [(b"STATUS?\n", b"OK\n"), (b"OPO SHG MIRROR?\n", b"0\n")])
    with pytest.raises(NotReadyError, match="infrared"):
        opo.open_output()


# C-WAVE

CLOSE_CWAVE = [(b"shtter_shg_out:0\r", b"shtter_shg_out:0\r\n"), (b"shtter_shg_out?\r", b"shtter_shg_out:0\r")]
DIALLED = [
    (b"get_log?\r", log()),
    *CLOSE_CWAVE,
    (b"opo_lambda:60001\r", b"opo_lambda:60001\r"),
    (b"get_log?\r", log(0, 5, 6)),
    (b"get_log?\r", log(7)),
    (b"regeta_catch\r", b"regeta_catch:\r"),
    (b"get_log?\r", log(7)),
    (b"get_log?\r", log()),
]


def test_cwave_dials_until_all_locks_hold(talk: Talk, clock: Any) -> None:
    laser = talk(CWave, DIALLED)
    assert laser.tune(600.009) == pytest.approx(600.01)
    assert clock.waits == [1.0, 1.0]
    assert laser.wavelength_nm() == pytest.approx(600.01)


def test_cwave_counts_its_shifts_in_picometres(talk: Talk) -> None:
    shifts = [
        (b"thicketa_rel_hr:12\r", b"thicketa_rel_hr:12\r"),
        (b"get_log?\r", log()),
        (b"thicketa_rel_hr:-2\r", b"thicketa_rel_hr:-2\r"),
        (b"get_log?\r", log()),
    ]
    laser = talk(CWave, [*DIALLED, *shifts])
    laser.tune(600.01)
    assert laser.shift(0.0121) == pytest.approx(0.012)
    assert laser.shift(-0.002) == pytest.approx(0.010)
    assert laser.wavelength_nm() == pytest.approx(600.02)


def test_cwave_refuses_a_large_shift_before_a_byte(talk: Talk) -> None:
    with pytest.raises(LimitError, match="total shift"):
        talk(CWave, []).shift(1.5)


def test_cwave_does_not_invent_a_wavelength(talk: Talk) -> None:
    with pytest.raises(NotReadyError, match="tune"):
        talk(CWave, []).wavelength_nm()


def test_cwave_quotes_a_refusal(talk: Talk) -> None:
    with pytest.raises(WireError, match=r"'laser_en:1' was refused with '\?laser_en:1'"):
        talk(CWave, [(b"laser_en:1\r", b"?laser_en:1\r")]).emission(True)


def test_cwave_refuses_an_answer_to_another_question(talk: Talk) -> None:
    with pytest.raises(WireError, match="beginning with 'laser_en:'"):
        talk(CWave, [(b"laser_en?\r", b"galvo:1\r")]).emission()


def test_cwave_refuses_a_short_log(talk: Talk) -> None:
    with pytest.raises(WireError, match="11 whole numbers"):
        talk(CWave, [(b"get_log?\r", b"get_log:1:2:3\r")]).status()


def test_cwave_does_not_open_unlocked(talk: Talk) -> None:
    laser = talk(CWave, [(b"get_log?\r", log(6)), (b"get_log?\r", log(6))])
    with pytest.raises(NotReadyError, match="SHG lock not reached"):
        laser.open_output()


def test_cwave_without_emission_is_an_interlock(talk: Talk) -> None:
    with pytest.raises(InterlockError, match="no laser emission"):
        talk(CWave, [(b"get_log?\r", log(8))]).open_output()
