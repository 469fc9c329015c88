"""The two stations of the campaign: the template's models, and the second models in their places."""

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from instruments.station import TEMPLATE

ID900_TIMEOUT_S = 8.0
"""The ID900 has real sockets even on the twin, so waiting for it takes real time: wait shorter than its usual 20 s."""
PATIENT_S = 100.0
"""For the fault-free runs, the first of which compiles the twin's kernels."""

SECOND_MODELS: dict[str, dict[str, Any]] = {
    "mai_tai": {"type": "instruments.spectra_physics_mai_tai.MaiTai", "address": "ASRL1::INSTR"},
    "esp301": {"type": "instruments.newport_esp301.Esp301", "address": "ASRL2::INSTR"},
    "supply": {
        "type": "instruments.cryomagnetics_4g.Cryomagnetics4G",
        "address": "TCPIP0::192.168.1.51::4444::SOCKET",
        "init": {"coil_constant_t_per_a": 0.1125, "ramp_rate_limits": [[40.0, 0.06], [80.0, 0.05]]},
    },
    "itc": {
        "type": "instruments.oxford_mercury_itc.MercuryItc",
        "address": "TCPIP0::192.168.1.41::7020::SOCKET",
        "init": {"magnet_sensor": "DB8.T1"},
    },
    "sg384": {"type": "instruments.srs_sg384.Sg384", "address": "TCPIP0::192.168.1.61::5025::SOCKET"},
    "anc300": {"type": "instruments.attocube_anc300.Anc300", "address": "TCPIP0::192.168.1.81::7230::SOCKET"},
    "pem200": {"type": "instruments.hinds_pem200.Pem200", "address": "ASRL3::INSTR"},
}
SECOND_ROLES = {
    "pulse_source": "mai_tai",
    "excitation_quarter_wave": "esp301.axis_1",
    "analyser_quarter_wave": "esp301.axis_2",
    "analyser_half_wave": "esp301.axis_3",
    "magnet": "supply",
    "cryostat": "itc",
    "magnet_thermometer": "itc",
    "microwave": "sg384",
    "positioner": "anc300.axis_3",
    "polarisation_modulator": "pem200",
}
REPLACED = ("chameleon", "ell14", "ami430", "cryostation", "smb100a")


def write_stations(folder: Path, id900_timeout_s: float = ID900_TIMEOUT_S) -> dict[str, Path]:
    """Write both station files into ``folder``; their paths by name."""
    yaml = YAML(typ="safe", pure=True)
    paths = {}
    for name in ("first", "second"):
        content: dict[str, Any] = yaml.load(TEMPLATE.read_text(encoding="utf-8"))
        content["instruments"]["id900"]["init"]["timeout"] = id900_timeout_s
        content["twin"] = True
        if name == "second":
            for old in REPLACED:
                del content["instruments"][old]
            content["instruments"].update(SECOND_MODELS)
            content["roles"].update(SECOND_ROLES)
        paths[name] = folder / f"station-{name}.yaml"
        with paths[name].open("w", encoding="utf-8") as stream:
            yaml.dump(content, stream)
    return paths
