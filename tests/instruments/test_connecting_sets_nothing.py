"""A station file cannot make the act of connecting switch or move anything."""

import pytest

from instruments.errors import StationError
from instruments.station_file import TEMPLATE, parse_station


@pytest.mark.parametrize("section", ["parameters", "add_parameters"])
def test_an_initial_value_is_refused(section: str) -> None:
    model = "type: instruments.rohde_schwarz_smb100a.Smb100a\n"
    text = TEMPLATE.read_text(encoding="utf-8")
    assert model in text
    hostile = text.replace(model, model + f"    {section}: {{output: {{initial_value: true}}}}\n")
    with pytest.raises(StationError, match=r"smb100a.*initial_value would move the bench"):
        parse_station(hostile)
