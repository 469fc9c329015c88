"""Targets in the form: several of them, none lost while a job is edited."""

import pytest

from runmanager.errors import BadInputError
from runmanager.gui.target_box import TargetBox
from runmanager.queue.entries import Target

TWO = (Target("g2_zero", 0.02), Target("lifetime", 0.1234567))


@pytest.fixture
def box(qtbot):
    made = TargetBox("g2")
    qtbot.addWidget(made)
    made.show()
    return made


def test_several_targets_come_back_as_they_were(box):
    box.show_targets(TWO)
    assert len(box.rows) == 2
    assert box.targets() == TWO
    box.show_targets(())
    assert box.targets() == ()
    assert len(box.rows) == 1


def test_a_target_that_the_experiment_no_longer_names_is_kept(box):
    gone = (Target("phase_of_the_moon", 0.5), *TWO)
    box.show_targets(gone)
    assert box.targets() == gone


def test_one_more_is_a_click_and_so_is_one_less(box, qtbot):
    assert not box.more.isVisible()
    row = box.rows[0]
    row.result.setCurrentIndex(row.result.findText("g2_zero"))
    row.error.setText("0.02")
    with qtbot.waitSignal(box.changed):
        box.more.click()
    second = box.rows[1]
    second.result.setCurrentIndex(second.result.findText("lifetime"))
    second.error.setText("0.2")
    assert box.targets() == (Target("g2_zero", 0.02), Target("lifetime", 0.2))
    box.rows[0].remove.click()
    assert box.targets() == (Target("lifetime", 0.2),)
    box.rows[0].remove.click()
    assert box.targets() == ()


def test_a_result_named_twice_is_refused(box):
    box.show_targets((Target("g2_zero", 0.02), Target("g2_zero", 0.01)))
    with pytest.raises(BadInputError, match="g2_zero: it is named twice"):
        box.targets()


@pytest.mark.parametrize("text", ["", "0", "-1", "nan", "inf", "1e400", "½", "0.1 ns", "\N{SNOWMAN}"])
def test_an_error_that_is_no_positive_number_is_refused(box, text):
    box.show_targets(TWO)
    box.rows[1].error.setText(text)
    with pytest.raises(BadInputError, match="lifetime: the standard error must be a number above zero"):
        box.targets()
