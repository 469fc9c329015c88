"""One convention for all drivers: a parameter's text begins with what it does and states unit and range.

Every module of instruments/ is looked through, so a new driver is checked without being named here.
"""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import pytest

import instruments
from instruments.roles import ROLES
from instruments.visa import LabInstrument

QCODES_OWN = {"IDN", "timeout"}
QCODES_DRIVERS = "qcodes.instrument_drivers"
NOT_A_MODEL = {"LabStation"}


class NoCamera:
    def set_exposure(self, exposure_s: float) -> None: ...

    def snap(self) -> None: ...

    def get_detector_size(self) -> tuple[int, int]:
        return 1, 1


class NoLibrary:
    """A vendor's library of which nothing is called."""


KEYWORDS: dict[str, dict[str, Any]] = {
    "Id900": {"address": "tcp://127.0.0.1:1", "data_link": "tcp://127.0.0.1:2"},
    "SdkCamera": {"sdk": NoCamera()},
    "SwabianTimeTagger": {"sdk": NoLibrary()},
    "MultiHarp": {"sdk": NoLibrary()},
    "Cryomagnetics4G": {"coil_constant_t_per_a": 0.05},
}
"""What drivers need to be made, besides a VISA resource."""
BANNERS = {"Ami430": b"American Magnetics Model 430 IP Interface\r\nHello\r\n"}


def all_drivers() -> list[type]:
    """Every QCoDeS instrument class that a module of instruments/ defines and that names a front-panel model."""
    from qcodes.instrument import Instrument

    found = []
    for module_info in pkgutil.iter_modules(instruments.__path__):
        module = importlib.import_module(f"instruments.{module_info.name}")
        for name, each in inspect.getmembers(module, inspect.isclass):
            is_own = each.__module__ == module.__name__ and issubclass(each, Instrument)
            if is_own and name not in NOT_A_MODEL and getattr(each, "MODEL", ""):
                found.append(each)
    return found


DRIVERS = all_drivers()


def parameters_of(instrument: Any) -> Iterator[Any]:
    yield from (each for name, each in instrument.parameters.items() if name not in QCODES_OWN)
    for module in instrument.submodules.values():
        if not type(module).__module__.startswith(QCODES_DRIVERS):
            yield from parameters_of(module)


def problems_of(parameter: Any) -> list[str]:
    """What the first line of a parameter's text lacks."""
    text = (parameter.__doc__ or "").splitlines()[0]
    unit = parameter.unit or "(no unit)"
    found = []
    if not re.match(r"(Control|Measure|Get|Set) ", text):
        found.append("does not begin with Control, Measure, Get or Set")
    if unit not in text:
        found.append(f"does not state {unit}")
    # numbers of a range, or the values there are
    if not (re.search(r"\d", text) or re.search(r"True|RISING|EXT|'|OK", text)):
        found.append("states no range")
    return [f"{parameter.full_name}: '{text}' {problem}" for problem in found]


def made(driver: type, handle: type, clock: Any) -> Any:
    """The driver on a resource that answers 1 to everything (drivers of QCoDeS ask while they are made)."""

    class AgreeableHandle(handle):  # type: ignore[misc]
        def write_raw(self, message: bytes) -> int:
            self.unread += b"1\r\n"
            return len(message)

    keywords = KEYWORDS.get(driver.__name__, {})
    if issubclass(driver, LabInstrument):
        keywords = {"resource": AgreeableHandle([], BANNERS.get(driver.__name__, b"")), "clock": clock} | keywords
    return driver(f"docs_{driver.__name__}", **keywords)


def inherited_names(driver: type) -> set[str]:
    """Names in the source of a QCoDeS driver that is extended: its parameters keep their makers' words."""
    bases = [base for base in driver.__mro__ if base.__module__.startswith(QCODES_DRIVERS)]
    return {name for base in bases for name in re.findall(r"""["'](\w+)["']""", inspect.getsource(base))}


@pytest.mark.parametrize("driver", DRIVERS)
def test_every_parameter_says_what_it_does_its_unit_and_its_range(driver: type, handle: type, clock: Any) -> None:
    instrument = made(driver, handle, clock)
    try:
        own = [each for each in parameters_of(instrument) if each.name not in inherited_names(driver)]
        found = [problem for each in own for problem in problems_of(each)]
    finally:
        instrument.close()
    assert not found, "\n".join(found)


@pytest.mark.parametrize("driver", DRIVERS)
def test_every_driver_names_its_model_and_source(driver: Any) -> None:
    assert driver.MODEL
    assert driver.__doc__
    module_doc = inspect.getmodule(driver).__doc__  # type: ignore[union-attr]
    assert module_doc
    assert driver.__name__ == "SdkCamera" or "Source:" in module_doc


def test_no_model_is_driven_twice() -> None:
    models = [driver.MODEL for driver in DRIVERS]  # type: ignore[attr-defined]
    assert len(models) == len(set(models))


def test_the_drivers_of_the_first_bench_are_all_found() -> None:
    first = {"SpectraPro", "Ami430", "Chameleon", "OpoVis", "CWave", "Id900", "Cryostation", "Smb100a", "SdkCamera"}
    first |= {"Dg645", "Ell14", "Pm100d", "Sc10"}
    assert first <= {driver.__name__ for driver in DRIVERS}


def test_every_role_is_a_protocol_a_station_can_check() -> None:
    for protocol in ROLES.values():
        assert not isinstance(object(), protocol)
