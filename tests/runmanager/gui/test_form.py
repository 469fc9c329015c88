"""The argument form: made from the experiment's parameters, wrong input marked at once."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtWidgets import QComboBox, QLineEdit  # noqa: TID253

from procedures import registry
from runmanager.errors import BadInputError
from runmanager.gui import fields
from runmanager.gui.form import ArgumentForm
from runmanager.gui.wording import THIN_SPACE


@pytest.fixture
def form(qtbot):
    made = ArgumentForm("g2")
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.mark.parametrize("procedure", sorted(registry.PROCEDURES))
def test_every_parameter_of_every_experiment_has_a_row_with_unit_and_limits(procedure):
    declared = registry.load(procedure).parameters()
    found = {field.name: field for field in fields.fields_of(procedure)}
    assert list(found) == list(declared)
    for name, parameter in declared.items():
        assert found[name].unit == (getattr(parameter, "units", None) or "")
        if found[name].kind in ("number", "whole number"):
            low, high = (
                found[name].limits.removesuffix(f" {found[name].shown_unit}").replace(THIN_SPACE, "").split(" to ")
            )
            assert (float(low), float(high)) == (parameter.minimum, parameter.maximum)


@pytest.mark.parametrize("procedure", sorted(registry.PROCEDURES))
def test_a_fresh_form_is_valid_and_says_nothing_special(qtbot, procedure):
    form = ArgumentForm(procedure)
    qtbot.addWidget(form)
    assert form.problems() == {}
    assert form.settings() == ()


def test_wrong_input_is_marked_at_once_with_the_reason_beside_it(form, qtbot):
    row = form.rows["duration"]
    assert row.trouble.isHidden()
    row.editor.clear()
    qtbot.keyClicks(row.editor, "soon")
    assert "takes a number from 0.1 to 86400 s" in row.trouble.text()
    assert row.trouble.isVisible()
    assert list(form.problems()) == ["duration"]


def test_the_mark_goes_when_the_input_is_right(form, qtbot):
    row = form.rows["duration"]
    row.set_text("-1")
    assert row.reason
    row.set_text("30")
    assert not row.reason
    assert row.trouble.isHidden()


def test_a_value_with_its_unit_is_fine(form):
    form.rows["duration"].set_text("30 s")
    assert form.settings() == (("duration", "30 s"),)
    assert form.problems() == {}


@pytest.mark.parametrize("text", ["2500 um", "2500 \N{MICRO SIGN}m", "2500 \N{GREEK SMALL LETTER MU}m", "2500"])
def test_micrometres_are_shown_with_their_letter_and_taken_with_either(form, text):
    row = form.rows["exit_slit"]
    assert row.unit.text() == "\N{MICRO SIGN}m"
    assert "\N{MICRO SIGN}m" in row.editor.toolTip()
    row.set_text(text)
    assert form.problems() == {}
    assert registry.load("g2")(exit_slit=row.text()).exit_slit == 2500.0


@pytest.mark.parametrize("text", ["nan", "inf", "", "1e999", "30 meV"])
def test_what_is_no_number_in_its_unit_is_refused(form, text):
    form.rows["duration"].set_text(text)
    assert "duration" in form.problems()


def test_only_changes_are_settings_and_reset_brings_the_default_back(form, qtbot):
    row = form.rows["batch"]
    assert row.reset.isHidden()
    row.set_text("2")
    assert form.settings() == (("batch", "2"),)
    assert row.reset.isVisible()
    row.reset.click()
    assert form.settings() == ()
    assert row.reset.isHidden()


def test_settings_of_a_job_fill_the_form_and_unknown_ones_are_named(form):
    assert form.set_settings((("duration", "12"), ("gone", "1"))) == ("gone",)
    assert form.rows["duration"].text() == "12"
    assert form.settings() == (("duration", "12"),)


def test_a_choice_that_no_longer_exists_is_shown_and_marked(form):
    row = form.rows["control"]
    assert isinstance(row.editor, QComboBox)
    row.set_text("moon off")
    assert row.text() == "moon off"
    assert "control" in form.problems()


def test_help_is_in_the_tooltip_and_goes_out_when_a_field_is_entered(form, qtbot):
    row = form.rows["emission_wavelength"]
    assert "sample sheet" in row.editor.toolTip()
    with qtbot.waitSignal(form.explain) as told:
        row.editor.setFocus()
        row.focused.emit(row.field)
    assert told.args[0].name == "emission_wavelength"


def test_an_unknown_experiment_is_refused_by_name():
    with pytest.raises(BadInputError, match="unknown procedure 'telepathy'"):
        fields.fields_of("telepathy")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=30))
def test_the_form_and_the_experiment_always_agree_on_what_is_refused(form, text):
    from procedures.errors import ParameterError

    row = form.rows["maximum_delay"]
    assert isinstance(row.editor, QLineEdit)
    row.set_text(text)
    expected = ""
    try:
        registry.load("g2")(maximum_delay=row.text())
    except ParameterError as error:
        expected = str(error)
    assert row.reason == expected
