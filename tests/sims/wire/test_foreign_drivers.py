"""Published drivers, unmodified, as clients of the simulated wires."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from sims.wire.library import RESOURCES


@pytest.fixture
def qcodes_magnet(bench: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    from qcodes.instrument_drivers.american_magnetics import AMIModel430

    magnet = AMIModel430("foreign_magnet", RESOURCES["ami430"], visalib=bench.backend, device_clear=False)
    monkeypatch.setattr(time, "sleep", bench.clock.sleep_s)
    yield magnet
    magnet.close()


def test_qcodes_magnet_ramps_and_returns_to_zero(bench: Any, qcodes_magnet: Any) -> None:
    qcodes_magnet.ramp_rate(0.005)
    qcodes_magnet.set_field(0.2)
    assert bench.models.ami430.field_t() == pytest.approx(0.2)
    assert qcodes_magnet.field() == pytest.approx(0.2)
    qcodes_magnet.set_field(0.0)
    assert qcodes_magnet.ramping_state() == "holding"


def test_qcodes_magnet_reads_units_limits_and_identity(qcodes_magnet: Any) -> None:
    assert qcodes_magnet.get_idn()["vendor"] == "AMERICAN MAGNETICS INC."
    assert (qcodes_magnet.field_units(), qcodes_magnet.ramp_rate_units()) == ("tesla", "seconds")
    assert qcodes_magnet.field_limit() == pytest.approx(80.0 * qcodes_magnet.coil_constant() ** 1, rel=1e-6)
    assert qcodes_magnet.switch_heater.enabled() is False


def test_qcodes_magnet_in_kilogauss(bench: Any, qcodes_magnet: Any) -> None:
    qcodes_magnet.field_units("kilogauss")
    qcodes_magnet.set_field(1.0)
    assert bench.models.ami430.field_t() == pytest.approx(0.1)


def test_qcodes_magnet_sees_a_quench(bench: Any, qcodes_magnet: Any) -> None:
    from qcodes.instrument_drivers.american_magnetics import AMI430Exception

    bench.models.ami430.quench()
    assert qcodes_magnet.is_quenched() is True
    with pytest.raises(AMI430Exception, match="quench"):
        qcodes_magnet.set_field(0.1)
    qcodes_magnet.reset_quench()
    assert qcodes_magnet.is_quenched() is False


def test_qcodes_device_clear_swallows_the_banner_like_a_real_socket(bench: Any) -> None:
    from pyvisa.errors import VisaIOError
    from qcodes.instrument_drivers.american_magnetics import AMIModel430

    with pytest.raises(VisaIOError, match="VI_ERROR_TMO"):
        AMIModel430("cleared_magnet", RESOURCES["ami430"], visalib=bench.backend, device_clear=True)


def test_pymeasure_magnet(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from pymeasure.instruments.ami import AMI430, ami430

    monkeypatch.setattr(ami430, "sleep", bench.clock.sleep_s)
    magnet = AMI430(RESOURCES["ami430"], visa_library=bench.backend)
    magnet.target_field = 0.2
    magnet.ramp_rate_field = 0.005
    magnet.wait_for_holding()
    magnet.ramp()
    magnet.wait_for_holding(interval=1.0)
    assert magnet.magnet_status == "HOLDING"
    assert magnet.field == pytest.approx(0.2)
    assert magnet.ramp_rate_field[0] == pytest.approx(0.005)
    assert magnet.coilconst == pytest.approx(0.1125)
    magnet.zero()
    magnet.wait_for_holding(interval=1.0)
    assert magnet.magnet_status == "AT ZERO CURRENT"
    magnet.adapter.close()


@pytest.mark.filterwarnings("ignore:It is not known whether this device:FutureWarning")
def test_pymeasure_power_meter(bench: Any) -> None:
    from pymeasure.instruments.thorlabs import ThorlabsPM100USB

    meter = ThorlabsPM100USB(RESOURCES["pm100d"], visa_library=bench.backend)
    meter.wavelength = 580
    assert meter.wavelength == pytest.approx(580.0)
    assert bench.models.pm100d.wavelength_nm == pytest.approx(580.0)
    assert meter.power == pytest.approx(2e-6, rel=0.01)
    assert (meter.sensor_name, meter.is_power_sensor) == ("S120C", True)
    meter.adapter.close()


def test_qcodes_and_pymeasure_share_one_bench(bench: Any, qcodes_magnet: Any) -> None:
    from pymeasure.instruments.ami import AMI430

    qcodes_magnet.set_field(0.1)
    other = AMI430(RESOURCES["ami430"], visa_library=bench.backend)
    assert other.field == pytest.approx(0.1)
    other.adapter.close()
    assert qcodes_magnet.field() == pytest.approx(0.1)
