"""Numbers as people read them."""

import pytest

from runfile.results import Result
from runmanager.numbers import duration, with_error


@pytest.mark.parametrize(
    ("value", "stderr", "unit", "text"),
    [
        (0.7481, 0.0213, "1", "0.748 ± 0.021"),
        (15.04, 0.13, "ns", "15.04 ± 0.13 ns"),
        (4836.2, 12.0, "MHz", "4836 ± 12 MHz"),
        (6.0, 0.0, "1", "6"),
        (float("nan"), float("nan"), "ns", "could not be determined"),
    ],
)
def test_value_and_error_are_rounded_together(value: float, stderr: float, unit: str, text: str) -> None:
    assert with_error(Result(value, stderr, unit, "test")) == text


def test_interval_is_shown_with_its_confidence() -> None:
    result = Result(0.05, 0.01, "1", "test", interval=(0.041, 0.062), confidence=0.68)
    assert with_error(result).endswith("[0.041, 0.062] at 68%")


@pytest.mark.parametrize(("seconds", "text"), [(4.25, "4.2 s"), (200, "3 min 20 s"), (3900, "1 h 05 min")])
def test_duration_in_words(seconds: float, text: str) -> None:
    assert duration(seconds) == text
