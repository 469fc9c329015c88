"""ELL14, SC10, SpectraPro, PM100D and the camera."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.acton_spectrapro import SpectraPro, grating_angles
from instruments.errors import InterlockError, LimitError, NotReadyError, StationError, WireError
from instruments.sdk_camera import SdkCamera
from instruments.thorlabs_ell14 import Ell14, pulses_from_degrees, signed_from_hex, wrapped_deg
from instruments.thorlabs_pm100d import Pm100d
from instruments.thorlabs_sc10 import Sc10

Talk = Callable[..., Any]
INFORMATION = (b"0in", b"0IN0E1140051720231701016800023000\r\n")


# ELL14


def test_ell14_sends_no_terminator_and_rounds_to_pulses(talk: Talk) -> None:
    bus = talk(Ell14, [INFORMATION, (b"0ma00004600", b"0PO00004600\r\n"), (b"0gp", b"0PO00004600\r\n")])
    assert bus.address_0.rotate_to(45.0) == pytest.approx(45.0)


def test_ell14_reads_negative_positions(talk: Talk) -> None:
    assert talk(Ell14, [(b"0gp", b"0POFFFFBA00\r\n"), INFORMATION]).address_0.angle_deg() == pytest.approx(-45.0)


def test_ell14_takes_the_plates_offset_into_account(talk: Talk) -> None:
    moved = [INFORMATION, (b"0ma00005DC1", b"0PO00005DC1\r\n"), (b"0gp", b"0PO00005DC1\r\n")]
    bus = talk(Ell14, moved, offset_deg={"address_0": 15.27})
    assert bus.address_0.rotate_to(45.0) == pytest.approx(45.0, abs=0.01)


def test_ell14_skips_other_mounts_and_button_messages(talk: Talk) -> None:
    noise = b"1PO00000000\r\n0BO00000001\r\n"
    bus = talk(Ell14, [(b"0gp", noise + b"0PO00000000\r\n"), INFORMATION])
    assert bus.address_0.angle_deg() == 0.0


def test_ell14_waits_while_busy(talk: Talk, clock: Any) -> None:
    bus = talk(
        Ell14,
        [
            INFORMATION,
            (b"0ma00004600", b"0GS09\r\n"),
            (b"0gs", b"0GS09\r\n"),
            (b"0gs", b"0PO00004600\r\n0GS00\r\n"),
            (b"0gp", b"0PO00004600\r\n"),
        ],
    )
    assert bus.address_0.rotate_to(45.0) == pytest.approx(45.0)
    assert clock.waits == [0.1]


@pytest.mark.parametrize(
    ("code", "word"), [("02", "mechanical timeout"), ("0A", "sensor error"), ("0D", "overcurrent")]
)
def test_ell14_names_its_errors(talk: Talk, code: str, word: str) -> None:
    bus = talk(Ell14, [INFORMATION, (b"0ma00004600", f"0GS{code}\r\n".encode())])
    with pytest.raises(NotReadyError, match=word):
        bus.address_0.rotate_to(45.0)


def test_ell14_notices_a_blocked_mount(talk: Talk) -> None:
    bus = talk(Ell14, [INFORMATION, (b"0ma00004600", b"0PO00004000\r\n"), (b"0gp", b"0PO00004000\r\n")])
    with pytest.raises(NotReadyError, match="turns freely"):
        bus.address_0.rotate_to(45.0)


def test_ell14_refuses_another_module(talk: Talk) -> None:
    bus = talk(Ell14, [(b"0in", b"0IN071140051720231701001F00000400\r\n")])
    with pytest.raises(WireError, match="not that of an ELL14"):
        bus.address_0.rotate_to(45.0)


@pytest.mark.parametrize("angle_deg", [721.0, float("nan"), float("inf")])
def test_ell14_refuses_an_angle_before_a_byte(talk: Talk, angle_deg: float) -> None:
    with pytest.raises(LimitError):
        talk(Ell14, []).address_0.rotate_to(angle_deg)


def test_ell14_refuses_an_offset_for_no_mount(talk: Talk) -> None:
    with pytest.raises(LimitError, match="address_7"):
        talk(Ell14, [], offset_deg={"address_7": 1.0})


@given(st.floats(-720, 720))
def test_pulses_stay_within_one_turn_and_half_a_pulse(angle_deg: float) -> None:
    pulses = pulses_from_degrees(angle_deg, 143360)
    assert 0 <= pulses < 143360
    assert abs(wrapped_deg(pulses / 143360 * 360 - angle_deg)) <= 180 / 143360 + 1e-9


@given(st.integers(-(2**31), 2**31 - 1))
def test_twos_complement_is_inverted(value: int) -> None:
    assert signed_from_hex(f"{value & 0xFFFFFFFF:08X}") == value


# SC10


def value(command: bytes, text: bytes) -> tuple[bytes, bytes]:
    return command + b"\r", command + b"\r" + text + b"\r> "


ENS = (b"ens\r", b"ens\r> ")
READY = [value(b"mode?", b"1"), value(b"interlock?", b"0")]


def test_sc10_toggles_only_when_closed(talk: Talk) -> None:
    talk(Sc10, [*READY, value(b"ens?", b"0"), ENS, value(b"closed?", b"0")]).shutter.open()


def test_sc10_does_not_toggle_an_open_shutter(talk: Talk) -> None:
    talk(Sc10, [*READY, value(b"ens?", b"1"), value(b"closed?", b"0")]).shutter.open()


def test_sc10_does_not_toggle_a_closed_shutter_open(talk: Talk) -> None:
    talk(Sc10, [value(b"ens?", b"0"), value(b"closed?", b"1")]).shutter.close()


def test_sc10_refuses_outside_manual_mode(talk: Talk) -> None:
    with pytest.raises(NotReadyError, match="mode is 2"):
        talk(Sc10, [value(b"mode?", b"2")]).shutter.open()


def test_sc10_respects_its_interlock(talk: Talk) -> None:
    with pytest.raises(InterlockError, match="interlock"):
        talk(Sc10, [value(b"mode?", b"1"), value(b"interlock?", b"1")]).shutter.open()


def test_sc10_reports_a_blade_that_does_not_move(talk: Talk) -> None:
    stuck = [value(b"closed?", b"0")] * 41
    with pytest.raises(NotReadyError, match="blade closed did not happen"):
        talk(Sc10, [value(b"ens?", b"1"), ENS, *stuck]).shutter.close()


def test_sc10_quotes_an_error(talk: Talk) -> None:
    with pytest.raises(WireError, match="CMD_NOT_DEFINED"):
        talk(Sc10, [value(b"mode=2", b"Command error CMD_NOT_DEFINED")]).mode(2)


def test_sc10_refuses_a_reply_without_echo(talk: Talk) -> None:
    with pytest.raises(WireError, match="echo"):
        talk(Sc10, [(b"closed?\r", b"1\r> ")]).blade_closed()


# SpectraPro

GRATINGS = b"?GRATINGS \r\n\x1a1  1200 g/mm BLZ=  500NM \r\n 2  300 g/mm BLZ=  500NM \r\n  ok\r\n"


def test_spectrapro_turns_and_reads_back(talk: Talk) -> None:
    moved = [(b"600.000 GOTO\r", b"600.000 GOTO  ok\r\n"), (b"?NM\r", b"?NM 600.001 nm  ok\r\n")]
    assert talk(SpectraPro, moved).set_centre_wavelength(600.0) == 600.001


def test_spectrapro_notices_a_wavelength_it_did_not_reach(talk: Talk) -> None:
    moved = [(b"600.000 GOTO\r", b"600.000 GOTO  ok\r\n"), (b"?NM\r", b"?NM 598.000 nm  ok\r\n")]
    with pytest.raises(NotReadyError, match="598"):
        talk(SpectraPro, moved).set_centre_wavelength(600.0)


def test_spectrapro_waits_long_for_a_motion_and_no_longer_afterwards(talk: Talk) -> None:
    device = talk(SpectraPro, [(b"600.000 GOTO\r", None)], move_timeout_s=90.0)
    with pytest.raises(WireError, match="within 90 s"):
        device.wavelength(600)
    assert device.visa_handle.timeout == 5000.0


def test_spectrapro_quotes_a_question_mark(talk: Talk) -> None:
    with pytest.raises(WireError, match=r"600.000 GOTO \?"):
        talk(SpectraPro, [(b"600.000 GOTO\r", b"600.000 GOTO ? \r\n")]).wavelength(600)


def test_spectrapro_refuses_a_wavelength_before_a_byte(talk: Talk) -> None:
    with pytest.raises(LimitError):
        talk(SpectraPro, []).set_centre_wavelength(1200.0)


def test_spectrapro_confirms_the_exit(talk: Talk) -> None:
    moved = [
        (b"EXIT-MIRROR SIDE\r", b"EXIT-MIRROR SIDE  ok\r\n"),
        (b"EXIT-MIRROR ?MIRROR\r", b"EXIT-MIRROR ?MIRROR front  ok\r\n"),
    ]
    with pytest.raises(NotReadyError, match="stands at 'front'"):
        talk(SpectraPro, moved).select_exit("side")


def test_spectrapro_without_a_slit_motor_says_so(talk: Talk) -> None:
    reply = (b"SIDE-EXIT-SLIT ?MICRONS\r", b"SIDE-EXIT-SLIT ?MICRONS no motor  ok\r\n")
    with pytest.raises(WireError, match="no motor"):
        talk(SpectraPro, [reply]).exit_slit()


def test_spectrapro_turns_to_the_grating_asked_for(talk: Talk) -> None:
    device = talk(
        SpectraPro,
        [
            (b"?GRATINGS\r", GRATINGS),
            (b"?GRATING\r", b"?GRATING 1  ok\r\n"),
            (b"2 GRATING\r", b"2 GRATING  ok\r\n"),
            (b"?GRATING\r", b"?GRATING 2  ok\r\n"),
        ],
    )
    assert device.select_grating(300) == 300


def test_spectrapro_names_the_gratings_it_has(talk: Talk) -> None:
    with pytest.raises(LimitError, match="1200, 300"):
        talk(SpectraPro, [(b"?GRATINGS\r", GRATINGS)]).select_grating(600)


def test_spectrapro_axis_is_centred_increasing_and_agrees_with_the_dispersion(talk: Talk) -> None:
    at_600 = [
        (b"?GRATING\r", b"?GRATING 1  ok\r\n"),
        (b"?GRATINGS\r", GRATINGS),
        (b"?NM\r", b"?NM 600.000 nm  ok\r\n"),
    ]
    device = talk(SpectraPro, [*at_600, at_600[0], at_600[2]])
    axis_nm = device.wavelength_axis_nm(1341, 20.0)
    assert axis_nm[670] == pytest.approx(600.0, abs=1e-9)
    assert np.all(np.diff(axis_nm) > 0)
    slope = (axis_nm[671] - axis_nm[669]) / 0.040
    assert device.dispersion_nm_per_mm() == pytest.approx(slope, rel=1e-6)
    assert slope == pytest.approx(1.63, abs=0.02)  # 1200/mm, 500 mm, include angle 17.18 degrees


@given(st.floats(0.0, 1100.0), st.sampled_from([300.0, 1200.0]), st.floats(0.0, 40.0))
def test_grating_equation_holds(wavelength_nm: float, grooves_per_mm: float, include_deg: float) -> None:
    entrance, exit_angle = grating_angles(wavelength_nm, grooves_per_mm, include_deg)
    assert np.degrees(entrance - exit_angle) == pytest.approx(include_deg)
    assert np.sin(entrance) + np.sin(exit_angle) == pytest.approx(grooves_per_mm * wavelength_nm * 1e-6)


# PM100D

SENSOR = (b"SYST:SENSOR:IDN?\n", b"S130C,12345678,01-Jan-2024,1,18,33\n")


def test_pm100d_checks_its_sensor_once(talk: Talk) -> None:
    meter = talk(Pm100d, [SENSOR, (b"MEAS:POW?\n", b"1.25E-06\n"), (b"MEAS:POW?\n", b"1.5E-06\n")])
    assert (meter.power_w(), meter.power_w()) == (1.25e-6, 1.5e-6)


def test_pm100d_returns_the_wavelength_read_back(talk: Talk) -> None:
    settings = [SENSOR, (b"SENS:CORR:WAV 600.000\n", None), (b"SENS:CORR:WAV?\n", b"6.0e+02\n")]
    assert talk(Pm100d, settings).set_wavelength(600.0) == 600.0


def test_pm100d_over_range_is_no_power(talk: Talk) -> None:
    with pytest.raises(NotReadyError, match="attenuate"):
        talk(Pm100d, [SENSOR, (b"MEAS:POW?\n", b"9.9E+37\n")]).power_w()


def test_pm100d_refuses_an_energy_sensor(talk: Talk) -> None:
    with pytest.raises(NotReadyError, match="no photodiode"):
        talk(Pm100d, [(b"SYST:SENSOR:IDN?\n", b"ES111C,1,x,2,1,2\n")]).power_w()


def test_pm100d_refuses_a_short_sensor_answer(talk: Talk) -> None:
    with pytest.raises(WireError, match="six fields"):
        talk(Pm100d, [(b"SYST:SENSOR:IDN?\n", b"S130C,1\n")]).power_w()


# Camera


class FakeSdk:
    def __init__(self, frame: np.ndarray) -> None:
        self.frame = frame
        self.exposures: list[float] = []

    def set_exposure(self, exposure_s: float) -> None:
        self.exposures.append(exposure_s)

    def snap(self) -> np.ndarray:
        return self.frame

    def get_detector_size(self) -> tuple[int, int]:
        return 4, 2


def camera(frame: np.ndarray, **keywords: Any) -> SdkCamera:
    return SdkCamera(f"camera_{id(frame)}", sdk=FakeSdk(frame), **keywords)


def test_camera_bins_and_returns_photo_electrons() -> None:
    device = camera(np.full((2, 4), 111.0), bias_counts=100.0, dark_counts_per_s=0.5, electrons_per_count=2.0)
    assert device.expose(2.0) == pytest.approx([40.0] * 4)  # 2 rows x (111 - 100 - 0.5 x 2) x 2
    device.close()


def test_camera_prefers_a_recorded_dark_frame_of_the_same_exposure() -> None:
    device = camera(np.full((2, 4), 111.0), bias_counts=100.0)
    device.record_dark(2.0)
    assert device.expose(2.0) == pytest.approx([0.0] * 4)
    assert device.expose(1.0) == pytest.approx([22.0] * 4)
    device.close()


def test_camera_refuses_a_saturated_frame() -> None:
    device = camera(np.full((2, 4), 65535.0))
    with pytest.raises(NotReadyError, match="saturation"):
        device.expose(1.0)
    device.close()


def test_camera_refuses_an_exposure_before_it_is_set() -> None:
    device = camera(np.zeros((2, 4)))
    with pytest.raises(LimitError):
        device.expose(0.0)
    assert device._sdk_or_path.exposures == []
    device.close()


def test_camera_refuses_a_frame_of_another_shape() -> None:
    device = camera(np.zeros((3, 4)))
    with pytest.raises(WireError, match="shape"):
        device.expose(1.0)
    device.close()


def test_camera_names_a_class_that_cannot_be_made() -> None:
    device = SdkCamera("camera_without_class", sdk="no_such_module.Camera")
    with pytest.raises(StationError, match=r"no_such_module\.Camera"):
        device.n_pixels()
    device.close()


def test_camera_noise_grows_with_the_rows_binned() -> None:
    device = camera(np.zeros((2, 4)), read_noise_counts=4.0, electrons_per_count=0.5)
    assert device.read_noise_counts() == pytest.approx(2.0 * np.sqrt(2))
    device.close()
