"""ESP301, PEM-200 and SR400 against byte-exact exchanges."""

from collections.abc import Callable
from typing import Any

import pytest

from instruments.errors import LimitError, NotReadyError, WireError
from instruments.hinds_pem200 import Pem200
from instruments.newport_esp301 import Esp301
from instruments.roles import PhotonCounter, PolarisationModulator, Rotator
from instruments.safety import make_safe
from instruments.srs_sr400 import Sr400

Talk = Callable[..., Any]
DEGREES = (b"1SN?\r", b"7\r\n")
NO_ERROR = (b"TB?\r", b"0, 0, NO ERROR DETECTED\r\n")

# ESP301


def test_esp301_rotates_and_returns_the_read_back(talk: Talk, clock: Any) -> None:
    controller = talk(
        Esp301,
        [
            DEGREES,
            (b"1MO?\r", b"1\r\n"),
            (b"1TP\r", b"0.0000\r\n"),
            NO_ERROR,
            (b"1PA46.5000\r", None),
            NO_ERROR,
            (b"1MD?\r", b"0\r\n"),
            (b"1MD?\r", b"1\r\n"),
            (b"1TP\r", b"46.5010\r\n"),
        ],
        offset_deg={"axis_1": 1.5},
    )
    assert isinstance(controller.axis_1, Rotator)
    assert controller.axis_1.rotate_to(45.0) == pytest.approx(45.001)
    assert clock.waits == [0.1]


def test_esp301_takes_the_short_way(talk: Talk) -> None:
    pairs = [DEGREES, (b"1MO?\r", b"1\r\n"), (b"1TP\r", b"350.0000\r\n"), NO_ERROR, (b"1PA370.0000\r", None), NO_ERROR]
    controller = talk(Esp301, [*pairs, (b"1MD?\r", b"1\r\n"), (b"1TP\r", b"370.0000\r\n")])
    assert controller.axis_1.rotate_to(10.0) == pytest.approx(10.0)


def test_esp301_tells_the_controllers_error(talk: Talk) -> None:
    limit = (b"TB?\r", b"106, 5120, AXIS-1 POSITIVE SOFTWARE LIMIT EXCEEDED\r\n")
    pairs = [DEGREES, (b"1MO?\r", b"1\r\n"), (b"1TP\r", b"0\r\n"), NO_ERROR, (b"1PA90.0000\r", None), limit, NO_ERROR]
    with pytest.raises(NotReadyError, match=r"'1PA90.0000' failed: error 106 \(AXIS-1 POSITIVE SOFTWARE LIMIT"):
        talk(Esp301, pairs).axis_1.rotate_to(90.0)


def test_esp301_does_not_blame_an_earlier_error_on_the_move(talk: Talk) -> None:
    earlier = (b"TB?\r", b"6, 12, COMMAND DOES NOT EXIST\r\n")
    talk(Esp301, [earlier, NO_ERROR, (b"2MO\r", None), NO_ERROR]).axis_2.motor(True)


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        ([(b"1SN?\r", b"2\r\n")], "code 2, not 7"),
        ([DEGREES, (b"1MO?\r", b"0\r\n")], "motor is off"),
    ],
)
def test_esp301_is_not_ready(talk: Talk, pairs: list[Any], words: str) -> None:
    with pytest.raises(NotReadyError, match=words):
        talk(Esp301, pairs).axis_1.rotate_to(10.0)


def test_esp301_notices_that_it_did_not_arrive(talk: Talk) -> None:
    pairs = [DEGREES, (b"1MO?\r", b"1\r\n"), (b"1TP\r", b"0\r\n"), NO_ERROR, (b"1PA45.0000\r", None), NO_ERROR]
    with pytest.raises(NotReadyError, match=r"stands at 12\.000 deg"):
        talk(Esp301, [*pairs, (b"1MD?\r", b"1\r\n"), (b"1TP\r", b"12.0000\r\n")]).axis_1.rotate_to(45.0)


@pytest.mark.parametrize("angle_deg", [721.0, float("nan"), float("-inf")])
def test_esp301_refuses_an_angle_before_a_byte(talk: Talk, angle_deg: float) -> None:
    with pytest.raises(LimitError, match="-720 to 720 deg"):
        talk(Esp301, []).axis_1.rotate_to(angle_deg)


@pytest.mark.parametrize(
    "options", [{"axes": "4"}, {"offset_deg": {"axis_9": 1.0}}, {"offset_deg": {"axis_1": float("nan")}}]
)
def test_esp301_refuses_wrong_axes(talk: Talk, options: dict[str, Any]) -> None:
    with pytest.raises(LimitError, match="axis_"):
        talk(Esp301, [], **options)


@pytest.mark.parametrize("reply", [b"hello\r\n", b"7.5\r\n", b"nan\r\n", b"\xff\r\n", b"\r\n"])
def test_esp301_garbled_reply_names_instrument_command_and_reply(talk: Talk, reply: bytes) -> None:
    with pytest.raises(WireError, match=r"device_\d+: '1SN\?' was answered"):
        talk(Esp301, [(b"1SN?\r", reply)]).axis_1.angle_deg()


@pytest.mark.parametrize("reply", [b"all well\r\n", b"-5, x\r\n", b"\r\n"])
def test_esp301_garbled_error_line(talk: Talk, reply: bytes) -> None:
    with pytest.raises(WireError, match=r"'TB\?' was answered"):
        talk(Esp301, [(b"TB?\r", reply)]).axis_1.motor(True)


def test_esp301_error_buffer_that_never_ends(talk: Talk) -> None:
    with pytest.raises(WireError, match="does not come to an end"):
        talk(Esp301, [(b"TB?\r", b"6, 1, COMMAND DOES NOT EXIST\r\n")] * 11).axis_1.motor(True)


# PEM-200


def test_pem200_drives_then_sets_then_waits_until_stable(talk: Talk) -> None:
    modulator = talk(
        Pem200,
        [
            (b":MOD:AMPR?;", b"[AMPR](10.00,550.00)\n"),
            (b":SYS:PEMO 1;", b"[PEMOUT](1)\n"),
            (b":SYS:PEMO?;", b"[PEMOUT](1)\n"),
            (b":MOD:AMPR?;", b"[AMPR](10.00,550.00)\n"),
            (b":MOD:AMP 150.00;", b"[AMP](150.00)\n"),
            (b":MOD:AMP?;", b"[AMP](150.00)\n"),
            (b":MOD:STABLE?;", b"[STABLE](0)\n"),
            (b":MOD:STABLE?;", b"[STABLE](1)\n"),
            (b":MOD:AMP?;", b"[AMP](150.00)\n"),
        ],
    )
    assert isinstance(modulator, PolarisationModulator)
    assert modulator.set_retardance(0.25, 600.0) == 0.25


def test_pem200_notices_a_clamped_amplitude(talk: Talk) -> None:
    pairs = [
        (b":MOD:AMPR?;", b"[AMPR](10,550)\n"),
        (b":MOD:AMP 300.00;", b"[AMP](250)\n"),
        (b":MOD:AMP?;", b"[AMP](250)\n"),
    ]
    with pytest.raises(LimitError, match=r"300\.00 nm was clamped to 250 nm"):
        talk(Pem200, pairs).amplitude(300.0)


def test_pem200_refuses_what_the_controller_cannot(talk: Talk) -> None:
    with pytest.raises(LimitError, match="amplitude 600 nm is outside 10 to 550 nm"):
        talk(Pem200, [(b":MOD:AMPR?;", b"[AMPR](10,550)\n")]).set_retardance(1.0, 600.0)


@pytest.mark.parametrize(("waves", "nm"), [(float("nan"), 600.0), (-0.1, 600.0), (0.25, -600.0), (0.25, float("inf"))])
def test_pem200_refuses_nonsense_before_a_byte(talk: Talk, waves: float, nm: float) -> None:
    with pytest.raises(LimitError, match=r"retardance|wavelength"):
        talk(Pem200, []).set_retardance(waves, nm)


def test_pem200_confirms_its_output(talk: Talk) -> None:
    pairs = [(b":SYS:PEMO 0;", b"[PEMOUT](0)\n"), (b":SYS:PEMO?;", b"[PEMOUT](1)\n")]
    with pytest.raises(WireError, match="reads driven"):
        talk(Pem200, pairs).set_output(False)


@pytest.mark.parametrize(
    "reply", [b"<SCPINOP>\n", b"[AMP](x)\n", b"[AMP](nan)\n", b"[FREQ](1)\n", b"150\n", b"\xf0\n", b"\n"]
)
def test_pem200_garbled_reply_names_instrument_command_and_reply(talk: Talk, reply: bytes) -> None:
    with pytest.raises(WireError, match=r"device_\d+: ':MOD:AMP\?' was answered"):
        talk(Pem200, [(b":MOD:AMP?;", reply)]).amplitude.get()


# SR400


def setting(command: bytes) -> list[Any]:
    return [(command + b"\r\n", None), (b"SS 7\r\n", b"0\r\n")]


def test_sr400_counts_and_divides_by_the_time_read_back(talk: Talk, clock: Any) -> None:
    pairs = [
        pair
        for command in (b"CR", b"CM 0", b"CI 0,1", b"CI 1,2", b"CI 2,0", b"NP 1", b"NE 0")
        for pair in setting(command)
    ]
    pairs += [*setting(b"CP 2,2E+06"), (b"CP 2\r\n", b"2E6\r\n"), *setting(b"CS")]
    pairs += [(b"QA\r\n", b"-1\r\n"), (b"QA\r\n", b"300\r\n"), (b"QA\r\n", b"300\r\n"), (b"QB\r\n", b"40\r\n")]
    counter = talk(Sr400, pairs)
    assert isinstance(counter, PhotonCounter)
    assert counter.count_rates_hz((2, 1), 0.15) == {2: 200.0, 1: 1500.0}
    assert clock.waits == [0.2, 0.05]


def test_sr400_gate_is_read_back(talk: Talk) -> None:
    pairs = [*setting(b"GM 1,1"), *setting(b"GD 1,1.235E-06"), *setting(b"GW 1,5.000E-08")]
    counter = talk(Sr400, [*pairs, (b"GD 1\r\n", b"1.235E-6\r\n"), (b"GW 1\r\n", b"5E-8\r\n")])
    assert counter.set_gate(2, 1.2346e-6, 50e-9) == (1.235e-6, 5e-8)


def test_sr400_tells_a_refused_command(talk: Talk) -> None:
    with pytest.raises(WireError, match=r"'GM 0,0' was refused"):
        talk(Sr400, [(b"GM 0,0\r\n", None), (b"SS 7\r\n", b"1\r\n")]).open_gate(1)


def test_sr400_refuses_before_a_byte(talk: Talk) -> None:
    counter = talk(Sr400, [])
    with pytest.raises(LimitError, match="input 3 does not exist"):
        counter.count_rates_hz((1, 3))
    with pytest.raises(LimitError, match="gate width"):
        counter.set_gate(1, 0.0, float("nan"))
    with pytest.raises(LimitError, match="discriminator level"):
        counter.level_1(2.0)


@pytest.mark.parametrize("reply", [b"many\r\n", b"1.5\r\n", b"\r\n", b"\xb5\r\n", b"inf\r\n"])
def test_sr400_garbled_reply_names_instrument_command_and_reply(talk: Talk, reply: bytes) -> None:
    with pytest.raises(WireError, match=r"device_\d+: 'DS 0' was answered"):
        talk(Sr400, [(b"DS 0\r\n", reply)]).slope_1.get()


def test_the_safe_state_stops_driving_the_modulator(talk: Talk) -> None:
    pairs = [
        (b":SYS:PEMO 0;", b"[PEMOUT](0)\n"),
        (b":SYS:PEMO?;", b"[PEMOUT](0)\n"),
        (b":SYS:PEMO?;", b"[PEMOUT](0)\n"),
    ]
    report = make_safe({"polarisation_modulator": talk(Pem200, pairs)})
    assert report.confirmed
    assert [step.role for step in report.steps] == ["polarisation_modulator"]


def test_a_modulator_that_stays_driven_is_not_safe(talk: Talk) -> None:
    pairs = [(b":SYS:PEMO 0;", b"[PEMOUT](0)\n"), (b":SYS:PEMO?;", b"[PEMOUT](1)\n")]
    report = make_safe({"polarisation_modulator": talk(Pem200, pairs)})
    assert not report.confirmed
    assert "switch the modulator's controller off" in report.instructions
