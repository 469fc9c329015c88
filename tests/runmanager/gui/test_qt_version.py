"""The installed Qt binding is one that does not bring the window down."""

import sys

import pytest

from runmanager.gui.form import ArgumentForm


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None cannot be lost from Python 3.12 on")
def test_forms_lose_no_references_to_none(qtbot):
    """PySide6 6.12.0 lost 190 a form, and Python ended the process when none were left."""
    qtbot.addWidget(ArgumentForm("g2"))
    before = sys.getrefcount(None)
    for _ in range(3):
        qtbot.addWidget(ArgumentForm("g2"))
    assert sys.getrefcount(None) - before > -100
