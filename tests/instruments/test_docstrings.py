"""One convention for all drivers: a parameter's text begins with what it does and states unit and range."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from instruments.acton_spectrapro import SpectraPro
from instruments.ami430 import Ami430
from instruments.coherent_chameleon import Chameleon
from instruments.coherent_opo_vis import OpoVis
from instruments.hubner_cwave import CWave
from instruments.idq_id900 import Id900
from instruments.montana_cryostation import Cryostation
from instruments.rohde_schwarz_smb100a import Smb100a
from instruments.roles import ROLES
from instruments.sdk_camera import SdkCamera
from instruments.srs_dg645 import Dg645
from instruments.thorlabs_ell14 import Ell14
from instruments.thorlabs_pm100d import Pm100d
from instruments.thorlabs_sc10 import Sc10

VISA_DRIVERS = [SpectraPro, Chameleon, OpoVis, CWave, Cryostation, Smb100a, Dg645, Ell14, Pm100d, Sc10]
QCODES_OWN = {"IDN", "timeout"}


class NoCamera:
    def set_exposure(self, exposure_s: float) -> None: ...

    def snap(self) -> None: ...

    def get_detector_size(self) -> tuple[int, int]:
        return 1, 1


def parameters_of(instrument: Any) -> Iterator[Any]:
    yield from (each for name, each in instrument.parameters.items() if name not in QCODES_OWN)
    for module in instrument.submodules.values():
        yield from parameters_of(module)


def check(instrument: Any) -> None:
    found = list(parameters_of(instrument))
    for parameter in found:
        text = parameter.__doc__.splitlines()[0]
        assert re.match(r"(Control|Measure|Get|Set) ", text), f"{parameter.full_name}: {text}"
        unit = parameter.unit or "(no unit)"
        assert unit in text, f"{parameter.full_name}: {text} does not state {unit}"
        # numbers of a range, or the values there are
        assert re.search(r"\d", text) or re.search(r"True|RISING|EXT|'|OK", text), f"{parameter.full_name}: {text}"


@pytest.mark.parametrize("driver", VISA_DRIVERS)
def test_visa_drivers(driver: type, talk: Callable[..., Any]) -> None:
    check(talk(driver, []))


def test_tagger_and_camera() -> None:
    tagger = Id900("tagger_docs", "tcp://127.0.0.1:1", data_link="tcp://127.0.0.1:2")
    camera = SdkCamera("camera_docs", sdk=NoCamera())  # type: ignore[arg-type]
    check(tagger)
    check(camera)
    tagger.close()
    camera.close()


@pytest.mark.parametrize("driver", [*VISA_DRIVERS, Ami430, Id900, SdkCamera])
def test_every_driver_names_its_model_and_source(driver: Any) -> None:
    assert driver.MODEL
    assert driver.__doc__
    module_doc = __import__(driver.__module__, fromlist=["x"]).__doc__
    assert module_doc
    assert driver is SdkCamera or "Source:" in module_doc


def test_every_role_is_a_protocol_a_station_can_check() -> None:
    for protocol in ROLES.values():
        assert not isinstance(object(), protocol)
