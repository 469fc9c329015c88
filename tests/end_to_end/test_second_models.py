"""Station files that swap a first model for a second one still run, and tell the same of the same dot."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from instruments.station import TEMPLATE
from runmanager.engine import RunOutcome

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(200)]

MAI_TAI = {"type": "instruments.spectra_physics_mai_tai.MaiTai", "address": "ASRL/dev/ttyUSB0::INSTR"}
SUPERK = {
    "type": "instruments.nkt_superk.SuperK",
    "address": "ASRL/dev/ttyUSB1::INSTR",
    "init": {"bandwidth_nm": 10.0},
}
ESP301 = {"type": "instruments.newport_esp301.Esp301", "address": "ASRL/dev/ttyUSB2::INSTR"}
SWABIAN = {"type": "instruments.swabian_time_tagger.SwabianTimeTagger"}
PLATES = {
    "excitation_quarter_wave": "esp301.axis_1",
    "analyser_quarter_wave": "esp301.axis_2",
    "analyser_half_wave": "esp301.axis_3",
}
# Per pulse the filtered white light carries a seventh of the OPO's energy: attenuate it less.
LESS_ATTENUATION = {"excitation": {"opo_transmission": 2.8e-3}}

SWAPS: dict[str, tuple[str, dict[str, Any], dict[str, str], tuple[str, ...], dict[str, Any]]] = {
    "Mai Tai for Chameleon, ESP301 for ELL14": (
        "polarised-pl",
        {"mai_tai": MAI_TAI, "esp301": ESP301},
        {"pulse_source": "mai_tai"} | PLATES,
        ("chameleon", "ell14"),
        {},
    ),
    "SuperK for Chameleon and OPO": (
        "polarised-pl",
        {"superk": SUPERK},
        {"pulse_source": "superk", "readout_laser": "superk"},
        ("chameleon", "opo"),
        LESS_ATTENUATION,
    ),
    "SuperK pulses for g2": (
        "g2",
        {"superk": SUPERK},
        {"pulse_source": "superk", "readout_laser": "superk"},
        ("chameleon", "opo"),
        LESS_ATTENUATION,
    ),
    "Swabian for ID900": ("g2", {"swabian": SWABIAN}, {"time_tagger": "swabian"}, ("id900",), {}),
    "Swabian histograms": (
        "spin-pumping",
        {"swabian": SWABIAN},
        {"time_tagger": "swabian"},
        ("id900",),
        {},
    ),
}


def write_station(
    folder: Path, added: dict[str, Any], roles: dict[str, str], gone: tuple[str, ...], table: Any
) -> Path:
    content = YAML(typ="safe", pure=True).load(TEMPLATE.read_text(encoding="utf-8"))
    for name in gone:
        del content["instruments"][name]
    content["instruments"].update(added)
    content["roles"].update(roles)
    content.update(twin=True, table=table)
    path = folder / "station.yaml"
    with path.open("w", encoding="utf-8") as stream:
        YAML(typ="safe", pure=True).dump(content, stream)
    return path


COMPARED = {
    "polarised-pl": {"n_lines": 0.0, "total_splitting": 0.02, "line_1_energy": 0.01, "line_6_energy": 0.01},  # meV
    "g2": {"lifetime": 1.5, "g2_zero": 0.3},
    "spin-pumping": {"pumping_efficiency": 0.06, "detuned_fluorescence": 0.05},
}
"""Results that the short runs settle, and by how much two of them may differ (blinking moves the others)."""

_USUAL: dict[str, RunOutcome] = {}


@pytest.mark.parametrize("swap", SWAPS)
def test_a_swapped_station_tells_the_same_of_the_dot(
    swap: str, tmp_path: Path, short_run: Callable[..., RunOutcome]
) -> None:
    procedure, added, roles, gone, table = SWAPS[swap]
    outcome = short_run(procedure, station=write_station(tmp_path, added, roles, gone, table))
    assert outcome.exit_status == "completed", outcome.message
    assert not outcome.unsafe
    if procedure not in _USUAL:
        _USUAL[procedure] = short_run(procedure, seed=2)
    usual = _USUAL[procedure].analysis.results
    for name, tolerance in COMPARED[procedure].items():
        assert outcome.analysis.results[name].value == pytest.approx(usual[name].value, abs=tolerance), name
