"""The station file: what is right, and one clear line for what is wrong."""

from pathlib import Path
from typing import Any

import pytest

from instruments.errors import StationError
from instruments.roles import OPTIONAL_ROLES, ROLES
from instruments.station import TEMPLATE, models, parse_station, read_station

TEXT = """
instruments:
  dg: {type: instruments.srs_dg645.Dg645, address: "TCPIP0::h::5025::SOCKET"}
  mounts: {type: instruments.thorlabs_ell14.Ell14, address: "ASRL1::INSTR", init: {offset_deg: {address_0: 1.5}}}
roles: {gates: dg, analyser_half_wave: mounts.address_2}
wiring:
  gates: {pump: AB, readout: CD, microwave: EF, probe: GH}
conditions: {temperature_k: 4.0, field_t: 0.0}
limits: {highest_field_t: 5.0}
"""


def complaint(text: str) -> str:
    with pytest.raises(StationError) as caught:
        parse_station(text, "lab.yaml")
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith("lab.yaml: ")
    return message


def changed(old: str, new: str) -> str:
    assert old in TEXT
    return TEXT.replace(old, new)


def test_a_right_file_is_read() -> None:
    config = parse_station(TEXT)
    assert config.instruments["mounts"].init == {"offset_deg": {"address_0": 1.5}}
    assert config.wiring.gates.probe == config.wiring.gates["probe"] == "GH"
    assert config.wiring.tagger.detectors == (1, 2)
    assert config.text == TEXT


def test_the_template_plays_every_role() -> None:
    config = read_station(TEMPLATE)
    assert set(config.roles) >= set(ROLES) - OPTIONAL_ROLES
    assert not config.twin


MODELS = ["chameleon", "opo-vis", "cwave", "ell14", "sc10", "spectrapro", "camera", "id900"]
MODELS += ["cryostation", "ami430", "smb100a", "dg645", "pm100d"]


def test_the_template_names_every_model_once() -> None:
    assert sorted(models(read_station(TEMPLATE)).values()) == sorted(MODELS)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (changed("conditions:", "condition:"), ("condition", "unknown key", "did you mean 'conditions'")),
        (changed('address: "TCPIP0', 'adress: "TCPIP0'), ("instruments.dg.adress", "did you mean 'address'")),
        (changed("highest_field_t", "highest_fields_t"), ("limits.highest_fields_t", "did you mean 'highest_field_t'")),
        (changed("gates: dg", "gatse: dg"), ("role 'gatse' is unknown", "did you mean 'gates'")),
        (changed("gates: dg", "gates: dgx"), ("'gates'", "'dgx'", "not under instruments", "did you mean 'dg'")),
        (changed("readout: CD", "readout: AB"), ("share one gate",)),
        (changed("readout: CD", "readout: XY"), ("wiring.gates.readout",)),
        (changed("temperature_k: 4.0", "temperature_k: cold"), ("conditions.temperature_k", "number")),
        (changed("temperature_k: 4.0", "temperature_k: 1.0"), ("temperature_k 1 K", "2 to 350 K")),
        (changed("field_t: 0.0}", "field_t: 6.0}"), ("field_t 6 T", "highest_field_t")),
        (changed("field_t: 0.0}", "field_t: .nan}"), ("conditions.field_t", "finite")),
        (changed("instruments.srs_dg645.Dg645", "Dg645"), ("instruments.dg.type",)),
        ("roles: {}\n", ("instruments", "missing")),
        ("- 1\n", ("no sections",)),
        ("", ("no sections",)),
        ("a: [1\n", ("line",)),
        ("instruments: !!python/object/apply:os.system ['true']\n", ("without tags",)),
        (TEXT + "twin: true\ntwin: false\n", ("duplicate key",)),
    ],
)
def test_a_wrong_file_is_one_clear_line(text: str, words: tuple[str, ...]) -> None:
    message = complaint(text)
    for word in words:
        assert word in message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(StationError, match=r"nowhere\.yaml' cannot be read"):
        read_station(tmp_path / "nowhere.yaml")


def test_a_binary_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "station.yaml"
    path.write_bytes(b"\xff\x00\x01")
    with pytest.raises(StationError, match="cannot be read"):
        read_station(path)


def test_a_mapping_is_as_good_as_a_file() -> None:
    content: dict[str, Any] = {"instruments": {"dg": {"type": "instruments.srs_dg645.Dg645"}}, "roles": {"gates": "dg"}}
    config = read_station(content)
    assert parse_station(config.text).roles == {"gates": "dg"}
