import json
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from instruments import station as stations
from runmanager import station_safe
from runmanager.cli import main


def test_the_twin_is_made_safe_and_confirmed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["station", "safe", "--twin", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["safe"]
    assert {step["role"] for step in said["steps"]} >= {"microwave", "shutter", "pulse_source", "gates", "magnet"}
    assert said["by_hand"] == ""


def test_one_silent_instrument_does_not_keep_the_others_from_being_made_safe(tmp_path: Path) -> None:
    yaml = YAML(typ="safe", pure=True)
    content = yaml.load(stations.TEMPLATE.read_text(encoding="utf-8"))
    content["instruments"]["ami430"] |= {"address": "TCPIP0::127.0.0.1::1::SOCKET"}
    content["instruments"]["ami430"]["init"] |= {"visalib": "@py"}
    for name in list(content["instruments"]):
        if name not in ("ami430", "smb100a"):
            del content["instruments"][name]
    content["instruments"]["smb100a"] |= {"address": "TCPIP0::127.0.0.1::2::SOCKET"}
    content["instruments"]["smb100a"]["init"] |= {"visalib": "@py"}
    content["roles"] = {"magnet": "ami430", "microwave": "smb100a"}
    path = tmp_path / "station.yaml"
    with path.open("w", encoding="utf-8") as file:
        YAML().dump(content, file)
    found = station_safe.rescue(path, twin=False)
    assert found.exit_code == 4
    assert {role for role, _, _ in found.unreached} == {"magnet", "microwave"}
    assert "switch RF off at the generator's front panel" in found.instructions
    assert "press PAUSE on the programmer" in found.instructions
