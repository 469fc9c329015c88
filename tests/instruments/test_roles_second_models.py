"""The second magnet, cryostat, generator, the lock-in and the steppers play their roles."""

from collections.abc import Callable
from typing import Any

import pytest

from instruments import roles
from instruments.attocube_anc300 import Anc300
from instruments.cryomagnetics_4g import Cryomagnetics4G
from instruments.oxford_mercury_itc import MercuryItc
from instruments.srs_sg384 import Sg384
from instruments.srs_sr830 import Sr830

NEEDED: dict[type, dict[str, Any]] = {Cryomagnetics4G: {"coil_constant_t_per_a": 0.1}}


@pytest.mark.parametrize(
    ("driver", "role"),
    [
        (Cryomagnetics4G, roles.Magnet),
        (MercuryItc, roles.Cryostat),
        (Sg384, roles.MicrowaveSource),
        (Sr830, roles.LockIn),
    ],
)
def test_each_plays_its_role(driver: type, role: type, talk: Callable[..., Any]) -> None:
    assert isinstance(talk(driver, [], **NEEDED.get(driver, {})), role)


def test_every_axis_is_a_positioner(talk: Callable[..., Any]) -> None:
    device = talk(Anc300, [], axes=(1, 2))
    assert list(device.submodules) == ["axis_1", "axis_2"]
    assert all(isinstance(axis, roles.Positioner) for axis in device.submodules.values())
