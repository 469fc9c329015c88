import math
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sims.wire.line import NETWORK, take_lines
from sims.wire.scpi import ScpiSpelling
from sims.wire.values import RefusedError, flag, number, whole
from sims.wire.yaml_device import Binding, YamlDevice

SPELLING = ScpiSpelling(("FREQuency", "PULM", "SYSTem", "ERRor"), ("STATe", "CW"), optional_first=("SOURce",))


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("FREQ?", "FREQ?"),
        (":SOURce1:FREQuency:CW 1 GHz", "FREQ 1 GHz"),
        ("sour:pulm:stat on", "PULM on"),
        ("PULM:SOURce EXT", "PULM:SOUR EXT"),
        ("*idn?", "*IDN?"),
        ("FREQue?", "FREQUE?"),
        ("SOUR2:FREQ?", "SOUR2:FREQ?"),
        ("", ""),
    ],
)
def test_scpi_headers_have_one_canonical_form(written: str, canonical: str) -> None:
    assert SPELLING.canonical(written) == canonical


def test_scpi_commands_continue_at_the_level_of_the_one_before() -> None:
    line = "SOUR:PULM:STAT ON;SOUR EXT;*CLS;SOUR?;:SYST:ERR?"
    assert SPELLING.canonical_line(line) == "PULM ON;PULM:SOUR EXT;*CLS;PULM:SOUR?;SYST:ERR?"


@pytest.mark.parametrize(("text", "value"), [("1", 1.0), (" -2.5E-3 ", -2.5e-3), ("1.5 ghz", 1.5e9), (".5", 0.5)])
def test_numbers(text: str, value: float) -> None:
    assert number(text, {"GHZ": 1e9}) == value


@pytest.mark.parametrize("text", ["", "nan", "inf", "1e999", "1_000", "0x10", "1 V", "--1", "٣"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(RefusedError, match="bad_value"):
        number(text, {"GHZ": 1e9})


def test_whole_numbers_have_limits() -> None:
    assert whole("+7", 1, 9) == 7
    with pytest.raises(RefusedError, match="out_of_range"):
        whole("10", 1, 9)
    with pytest.raises(RefusedError, match="bad_value"):
        whole("7.0", 1, 9)


@given(st.text(max_size=20), st.sampled_from([number, whole, flag]))
def test_any_text_is_a_finite_value_or_refused(text: str, read: Callable[[str], float]) -> None:
    with suppress(RefusedError):
        assert math.isfinite(read(text))


@given(st.lists(st.binary(max_size=10), max_size=5))
def test_lines_do_not_depend_on_how_the_bytes_are_cut(pieces: list[bytes]) -> None:
    whole_buffer = bytearray(b"".join(pieces))
    at_once = take_lines(whole_buffer)
    buffer = bytearray()
    piecewise = []
    for piece in pieces:
        buffer += piece
        piecewise += take_lines(buffer)
    assert (piecewise, buffer) == (at_once, whole_buffer)


def test_a_property_that_nothing_is_bound_to_is_an_error() -> None:
    with pytest.raises(ValueError, match="nothing is bound to the property"):
        YamlDevice("smb100a", NETWORK, {})


def test_a_binding_that_the_file_lacks_is_an_error() -> None:
    names: tuple[str, ...] = ("sensor", "clear", "wavelength", "shortest", "longest", "averages", "power", "reading")
    names += ("fetched", "rising", "falling", "moon")
    with pytest.raises(ValueError, match=r"pm100d.yaml has no property moon"):
        YamlDevice("pm100d", NETWORK, {name: Binding() for name in names})
