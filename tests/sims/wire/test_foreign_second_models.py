"""Published drivers, unmodified, as clients of the second models' wires."""

from typing import Any

import pytest

from sims.wire.library import RESOURCES


@pytest.mark.filterwarnings("ignore:It is not known whether this device:FutureWarning")
def test_pymeasure_esp300(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from pymeasure.instruments.newport import ESP300, esp300

    monkeypatch.setattr(esp300, "sleep", bench.clock.sleep_s)
    controller = ESP300(
        RESOURCES["esp301"], visa_library=bench.backend, write_termination="\r", read_termination="\r\n"
    )
    controller.enable()
    controller.x.position = 45.0
    controller.x.wait_for_stop()
    assert controller.x.position == pytest.approx(45.0)
    assert bench.models.esp301.angle_deg(1) == pytest.approx(45.0)
    assert controller.x.units == "degree"
    assert controller.phi.motion_done
    controller.y.right_limit = 90.0
    controller.y.position = 100.0
    assert [str(error) for error in controller.errors] == [
        "Newport ESP300 axis 2 reported the error: POSITIVE SOFTWARE LIMIT DETECTED"
    ]
    controller.clear_errors()
    controller.shutdown()
    assert not bench.models.esp301.axes[3].motor_on
