"""The check tells interlocks, limits and what cannot run; it changes nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from instruments.station import TEMPLATE
from runmanager import output, station_check
from runmanager.station_check import Finding, InterlockFinding, StationFindings
from sims import twin as twins


@pytest.fixture
def labs(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Any], None]], list[Any]]:
    """``labs(prepare)``: every twin is prepared by that function; the twins made so far."""
    made: list[Any] = []
    start = twins.start

    def prepared_by(prepare: Callable[[Any], None]) -> list[Any]:
        def begin(*arguments: Any, **options: Any) -> Any:
            lab = start(*arguments, **options)
            prepare(lab.models)
            made.append(lab)
            return lab

        monkeypatch.setattr(twins, "start", begin)
        return made

    return prepared_by


def found_at(role: str, findings: StationFindings) -> dict[str, InterlockFinding]:
    [row] = [found for found in findings.findings if role in found.roles]
    return {each.what: each for each in row.interlocks}


def test_a_violated_interlock_fails_the_check_and_is_told(labs: Any, capsys: pytest.CaptureFixture[str]) -> None:
    labs(lambda models: setattr(models.sc10, "interlock_tripped", True))
    findings = station_check.check(None, twin=True)
    assert not findings.passed
    assert all(found.ok for found in findings.findings), "they all answer"
    assert found_at("shutter", findings)["shutter: interlock loop"].state == "violated"
    output.print_station(findings, as_json=False)
    told = capsys.readouterr().out
    assert "interlock  shutter: interlock loop: VIOLATED: sc10: the interlock is tripped" in told
    assert told.rstrip().endswith("NOT PASSED")


def test_a_laser_that_is_not_ready_is_told_and_no_failure(labs: Any) -> None:
    labs(lambda models: models.chameleon.lose_mode_lock())
    findings = station_check.check(None, twin=True)
    assert findings.passed
    [laser] = found_at("pulse_source", findings).values()
    assert laser.state == "not ready"
    assert "not mode-locked" in laser.detail


def test_what_was_open_or_on_stays_so(labs: Any) -> None:
    def busy(models: Any) -> None:
        models.sc10.toggle()
        models.chameleon.set_shutter(True)
        models.smb100a.rf_on = True

    made = labs(busy)
    assert station_check.check(None, twin=True).passed
    assert made
    for lab in made:
        assert lab.models.sc10.is_open()
        assert lab.models.chameleon.shutter_open
        assert lab.models.smb100a.rf_on


def test_unbound_roles_and_what_they_cost_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    station = tmp_path / "station.yaml"
    text = TEMPLATE.read_text(encoding="utf-8")
    assert "  microwave: smb100a\n" in text
    station.write_text(text.replace("  microwave: smb100a\n", ""), encoding="utf-8")
    findings = station_check.check(station, twin=True)
    assert "microwave" in findings.unbound_roles
    lacks = {each.procedure: each.lacks for each in findings.procedures}
    assert lacks["esr"] == {"microwave": "no instrument plays it"}
    assert lacks["g2"] == {}
    output.print_station(findings, as_json=False)
    assert "CANNOT RUN: microwave: no instrument plays it" in capsys.readouterr().out


def test_only_a_violated_interlock_or_a_silent_instrument_fails() -> None:
    def one(state: str, *, ok: bool = True) -> StationFindings:
        interlock = InterlockFinding("magnet: quench, rest", state, "")
        return StationFindings((Finding("ami430", ok, "", 1.0, "", interlocks=(interlock,)),))

    assert one("ok").passed
    assert one("not ready").passed
    assert not one("violated").passed
    assert not one("ok", ok=False).passed
