"""Parameters of the experiments: typed, limited, with units; a typing error never passes silently."""

import math

import pytest

from procedures.errors import ParameterError
from procedures.g2 import Antibunching
from procedures.registry import PROCEDURES, load


@pytest.mark.parametrize("name", PROCEDURES)
def test_registry_and_class_agree_on_the_name(name: str) -> None:
    assert name == load(name).NAME


@pytest.mark.parametrize("name", PROCEDURES)
def test_every_default_passes_its_own_limits(name: str) -> None:
    procedure = load(name)()
    for key, parameter in procedure.parameters().items():
        procedure.set_parameter(key, parameter.default)
        assert getattr(procedure, key) == parameter.default


def test_value_with_its_unit_is_taken() -> None:
    assert Antibunching(duration="12.5 s").duration == 12.5


@pytest.mark.parametrize("text", ["-1", "1e9", "nan", "inf", "12 ms", "twelve", ""])
def test_bad_value_is_refused_naming_parameter_value_and_limits(text: str) -> None:
    with pytest.raises(ParameterError, match=r"g2: duration = .* is refused; it takes a number from 0\.1 to 86400 s"):
        Antibunching(duration=text)


def test_unknown_parameter_is_refused_and_the_known_ones_are_listed() -> None:
    with pytest.raises(ParameterError, match=r"g2 has no parameter 'durration'; it has: .*duration"):
        Antibunching(durration="1")


def test_fraction_is_not_cut_down_to_a_whole_number() -> None:
    with pytest.raises(ParameterError, match="whole number"):
        Antibunching(pulse_divider=16.7)


def test_not_a_number_is_refused_even_as_a_float() -> None:
    with pytest.raises(ParameterError):
        Antibunching(duration=math.nan)
