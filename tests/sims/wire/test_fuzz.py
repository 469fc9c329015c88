"""Whatever bytes a client sends, a device neither raises nor leaves the range of what the model can be."""

import math

import numpy as np
import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from sims.bench.clock import VirtualClock
from sims.bench.models import Models, build_models
from sims.wire.bench import connect
from sims.wire.library import RESOURCES

WORDS = {
    "chameleon": ["VW", "?", "=", "WAVELENGTH", "SHUTTER", "L", "HBR", "ECHO", "PRINT ", "1", "800", "99999999999"],
    "opo-vis": ["OPO ", "WAVELENGTH", "PUMP ", "IN ", "SHUTTER", "STATUS", "?", "=", "12000", "-1", "nan"],
    "ell14": ["0", "1", "f", "gs", "gp", "ma", "mr", "ho", "sv", "so", "sj", "fw", "st", "FFFFFFFF", "80000000"],
    "sc10": ["ens", "?", "mode", "=", "open", "shut", "rep", "3", "4", "5", "0", "closed", "id"],
    "spectrapro": ["600", "0", "1e9", "-5", " ", "GOTO", ">NM", "NM/MIN", "GRATING", "SIDE", "EXIT-MIRROR", "MICRONS"],
    "cwave": ["opo_lambda", "opo_rlambda", "reg", "opo", "eta", "_on", "_out", ":", "?", "57000", "-9", "shtter_", "t"],
    "cryostation": ["03", "06", "99", "GST", "STSP", "10", "1e5", "SWU", "SCD", "nan", "-"],
    "ami430": [
        "CONF:",
        "FIELD:",
        "TARG ",
        "CURR:",
        "RAMP",
        ":RATE:",
        "SEG",
        "UNITS ",
        "QU ",
        "PS ",
        "1",
        ",",
        "1e-9",
        "?",
    ],
    "smb100a": [
        "SOUR:",
        "FREQ",
        "POW",
        "PULM:",
        "STAT",
        "OUTP",
        " ",
        "?",
        "5 GHz",
        "1e99",
        "inf",
        "*RST",
        ":",
        "SYST:ERR?",
    ],
    "dg645": ["DLAY", "LINK", "TSRC", "PRES", "LAMP", "?", " ", "2", "3", ",", "1e-6", "-1e-6", "1e300", "ADVT "],
    "pm100d": ["SENS:", "CORR:", "WAV", "AVER:COUN", "MEAS:POW", "?", " ", "500", "0", "1e99", "SYST:ERR?"],
}


def is_consistent(models: Models) -> bool:
    magnet, generator = models.ami430, models.smb100a
    outputs = [models.chameleon.output(), models.opo_vis.output(), models.cwave.output()]
    return (
        680 <= models.chameleon.wavelength_nm <= 1080
        and 1000.0 <= models.opo_vis.signal_wavelength_nm <= 1500.0
        and models.cwave.accepts(models.cwave.dialled_nm)
        and all(output is None or output.average_power_w > 0.0 for output in outputs)
        and all(math.isfinite(models.ell14.angle_deg(address)) for address in "012")
        and models.sc10.is_open() in (True, False)
        and 0.0 <= models.spectrapro.centre_nm <= models.spectrapro.grating.longest_nm
        and math.isfinite(models.spectrapro.dispersion_nm_per_mm())
        and 10 <= models.spectrapro.side_slit_um <= 3000
        and 2.0 <= models.cryostation.sample_temperature_k() <= 350.0
        and abs(magnet.supply_current_a()) <= magnet.highest_current_limit_a + 1e-6
        and int(magnet.state()) in range(1, 11)
        and 100e3 <= generator.frequency_hz <= 20e9
        and -145.0 <= generator.power_dbm <= 30.0
        and all(gate.delay_s >= 0.0 and gate.width_s >= 0.0 for gate in models.dg645.gates().values())
        and 400.0 <= models.pm100d.wavelength_nm <= 1100.0
    )


@pytest.mark.parametrize("model", sorted(WORDS))
@seed(20240607)
@settings(max_examples=25, deadline=None, database=None)
@given(data=st.data())
def test_any_bytes_leave_a_device_alive_and_consistent(model: str, data: st.DataObject) -> None:
    clock = VirtualClock()
    models = build_models(clock, np.random.default_rng(1), lambda: 0.0)
    talk = connect(models)[RESOURCES[model]].open()
    word = st.sampled_from(WORDS[model]).map(str.encode)
    line = st.lists(word, max_size=6).map(b"".join)
    ends = st.sampled_from([b"\r\n", b"\n", b"\r", b"", b";"])
    message = st.tuples(st.one_of(line, st.binary(max_size=12)), ends).map(b"".join)
    for sent in data.draw(st.lists(message, max_size=12)):
        talk.write(sent)
        clock.sleep_s(data.draw(st.sampled_from([0.0, 0.5, 20.0])))
        talk.read()
        assert is_consistent(models)
