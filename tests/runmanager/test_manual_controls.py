"""What can be moved by hand of each role: the table against the Protocols, values against their fields."""

import inspect
import math

import pytest

from instruments import roles
from instruments.station_file import Limits
from runmanager.manual.controls import Button, ControlError, Field, Row, arguments, limits_of, shown
from runmanager.manual.role_table import NOT_BY_HAND, ROWS, rows_of


def methods_of(protocol):
    return {name for name in dir(protocol) if not name.startswith("_") and inspect.isfunction(getattr(protocol, name))}


def used_in(rows):
    readings = {row.reading.method for row in rows if row.reading is not None}
    buttons = {button.method for row in rows for button in row.buttons}
    limits = {field.limits_from for row in rows for field in row.fields}
    return readings | buttons | limits


@pytest.mark.parametrize("protocol", ROWS, ids=lambda protocol: protocol.__name__)
def test_every_method_of_a_role_is_in_the_panel_or_left_out_for_a_reason(protocol):
    rows = ROWS[protocol] + (ROWS[roles.TunableLaser] if protocol is roles.FineTunableLaser else ())
    assert methods_of(protocol) <= used_in(rows) | set(NOT_BY_HAND)


@pytest.mark.parametrize("protocol", ROWS, ids=lambda protocol: protocol.__name__)
def test_every_button_calls_a_method_of_the_role_with_its_arguments(protocol):
    for row in ROWS[protocol]:
        for button in row.buttons:
            given = dict(button.constants) | {each.argument: None for each in row.fields if button.with_fields}
            inspect.signature(getattr(protocol, button.method)).bind(None, **given)


def test_every_role_of_a_station_has_rows():
    assert {roles.ROLES[role] for role in roles.ROLES} <= set(ROWS)


def test_a_laser_that_can_be_shifted_has_one_row_more():
    fine = type("Fine", (), {name: lambda self: None for name in methods_of(roles.FineTunableLaser)})()
    assert "shift" in [row.name for row in rows_of("resonant_laser", fine)]
    assert "shift" not in [row.name for row in rows_of("resonant_laser", object())]


ROW = Row("field", "Field", None, (Field("target_t", "to", "mT", 1e-3),), (Button("Ramp", "set_field"),))


def test_values_reach_the_driver_in_its_own_unit():
    assert arguments(ROW, ROW.button("Ramp"), {"target_t": 250.0}) == {"target_t": 0.25}


@pytest.mark.parametrize("value", [math.nan, math.inf, "1", True, None])
def test_what_is_no_number_is_refused_by_name(value):
    with pytest.raises(ControlError, match="Field: to"):
        arguments(ROW, ROW.button("Ramp"), {"target_t": value})


def test_a_missing_value_is_refused_by_name():
    with pytest.raises(ControlError, match="to is missing"):
        arguments(ROW, ROW.button("Ramp"), {})


def test_a_button_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(ControlError, match="no 'Quench'; there are Ramp"):
        ROW.button("Quench")


def test_a_whole_number_is_required_where_the_driver_counts():
    row = Row(
        "trigger", "Trigger", None, (Field("divider", "every", whole=True),), (Button("Set", "trigger_on_laser"),)
    )
    assert arguments(row, row.button("Set"), {"divider": 10.0}) == {"divider": 10}
    with pytest.raises(ControlError, match="whole number"):
        arguments(row, row.button("Set"), {"divider": 2.5})


def test_a_choice_must_be_one_of_the_choices():
    row = Row("exit", "Exit", None, (Field("name", "to", choices=("front", "side")),), (Button("Set", "select_exit"),))
    with pytest.raises(ControlError, match="choose one of front, side"):
        arguments(row, row.button("Set"), {"name": "back"})


def field(role, row_name):
    row = next(row for row in rows_of(role, object()) if row.name == row_name)
    return row.fields[0]


def test_limits_of_the_station_are_shown_in_the_fields_unit():
    limits = Limits(highest_field_t=3.0, lowest_temperature_k=3.5, highest_temperature_k=40.0)
    assert limits_of(field("magnet", "field"), None, limits) == (-3.0, 3.0)
    assert limits_of(field("cryostat", "temperature"), None, limits) == (3.5, 40.0)
    low, high = limits_of(field("microwave", "power"), None, limits)
    assert math.isnan(low)
    assert high == 10.0


def test_limits_of_the_driver_are_asked_for():
    class Generator:
        def frequency_range_hz(self):
            return 1e5, 20e9

    assert limits_of(field("microwave", "frequency"), Generator(), Limits()) == (1e-4, 20.0)


@pytest.mark.parametrize(
    ("value", "unit", "factor", "text"),
    [
        (8e7, "MHz", 1e6, "80 MHz"),
        (True, "", 1.0, "yes"),
        ((1e-9, 2e-9), "ns", 1e-9, "1 ns, 2 ns"),
        (None, "", 1, "done"),
    ],
)
def test_values_are_shown_in_their_unit(value, unit, factor, text):
    assert shown(value, unit, factor) == text
