"""A station with the second magnet, cryostat and generator measures what the first one measures."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from instruments import station
from instruments.errors import InterlockError, LimitError
from runmanager.engine import RunRequest, run
from sims import twin
from sims.bench.cryomagnetics_4g import Sweep

pytestmark = [pytest.mark.end_to_end, pytest.mark.usefixtures("no_figure")]

SECOND: dict[str, tuple[str, dict[str, Any]]] = {
    "magnet": (
        "supply",
        {
            "type": "instruments.cryomagnetics_4g.Cryomagnetics4G",
            "address": "TCPIP0::192.168.1.51::4444::SOCKET",
            "init": {"coil_constant_t_per_a": 0.1125, "ramp_rate_limits": [[40.0, 0.06], [80.0, 0.05]]},
        },
    ),
    "cryostat": (
        "itc",
        {
            "type": "instruments.oxford_mercury_itc.MercuryItc",
            "address": "TCPIP0::192.168.1.41::7020::SOCKET",
            "init": {"magnet_sensor": "DB8.T1"},
        },
    ),
    "microwave": (
        "sg384",
        {"type": "instruments.srs_sg384.Sg384", "address": "TCPIP0::192.168.1.61::5025::SOCKET"},
    ),
    "lock_in": ("sr830", {"type": "instruments.srs_sr830.Sr830", "address": "GPIB0::8::INSTR"}),
    "positioner": (
        "anc300.axis_3",
        {"type": "instruments.attocube_anc300.Anc300", "address": "TCPIP0::192.168.1.81::7230::SOCKET"},
    ),
}
SHORT = {
    "polarised-pl": (("exposure_time", "5"), ("repeats", "1")),
    "esr": (
        ("frequency_points", "8"),
        ("frequency_start", "1.3"),
        ("frequency_stop", "2.2"),
        ("counting_time", "0.2"),
        ("scan_points", "15"),
        ("scan_time", "2"),
        ("minimum_field", "0.11"),
    ),
}


def swapped_station() -> dict[str, Any]:
    """The template with the second models in its place."""
    content: dict[str, Any] = YAML(typ="safe", pure=True).load(station.TEMPLATE.read_text(encoding="utf-8"))
    for role, (player, entry) in SECOND.items():
        content["instruments"].pop(content["roles"].get(role), None)
        content["instruments"][player.split(".")[0]] = entry
        content["roles"][role] = player
    return content


@contextmanager
def bench_of(content: Any) -> Iterator[tuple[twin.Twin, station.Bench]]:
    config = station.read_station(content)
    with twin.start("mn-cdse-cds", seed=3) as lab:
        overrides = {name: lab.connection(model) for name, model in station.models(config).items()}
        with station.load(config, clock=lab.clock, overrides=overrides) as bench:
            yield lab, bench


@pytest.fixture
def swapped_file(tmp_path: Path) -> Path:
    text = StringIO()
    YAML(typ="safe", pure=True).dump(swapped_station(), text)
    path = tmp_path / "swapped.yaml"
    path.write_text(text.getvalue(), encoding="utf-8")
    return path


def state_at_the_dot(content: Any) -> tuple[float, float, Any]:
    """Temperature, field and microwave after the same orders through the roles."""
    with bench_of(content) as (lab, bench):
        bench.role("cryostat").set_temperature(6.0)
        bench.role("magnet").set_field(0.75)
        bench.role("magnet").set_field(-0.15)
        bench.role("microwave").set_power(9.5)
        bench.role("microwave").set_frequency(2.5e9)
        bench.role("microwave").set_output(True)
        lab.clock.sleep_s(600.0)
        state = lab.table.look().state
        return round(state.temperature_k, 3), round(state.field_t, 6), state.microwave


def test_the_same_orders_make_the_same_state_at_the_dot() -> None:
    first = state_at_the_dot(station.TEMPLATE)
    assert first == state_at_the_dot(swapped_station())
    assert first == (6.0, -0.15, (2.5e9, 9.5, True))


def test_polarised_pl_gives_the_same_results(swapped_file: Path, tmp_path: Path) -> None:
    outcomes = [
        run(RunRequest("polarised-pl", station=file, twin=True, settings=SHORT["polarised-pl"], out=tmp_path / name))
        for file, name in ((None, "first"), (swapped_file, "second"))
    ]
    assert [outcome.exit_status for outcome in outcomes] == ["completed", "completed"]
    first, second = (outcome.analysis.results for outcome in outcomes)
    assert first.keys() == second.keys()
    for name, result in first.items():
        # The same photons; only the temperature and field read back may differ in the last digit.
        assert second[name].value == pytest.approx(result.value, rel=1e-6, abs=1e-9, nan_ok=True), name


def test_esr_runs_on_the_second_models_and_leaves_them_safe(swapped_file: Path, tmp_path: Path) -> None:
    outcome = run(RunRequest("esr", station=swapped_file, twin=True, settings=SHORT["esr"], out=tmp_path))
    assert (outcome.exit_status, outcome.unsafe) == ("completed", "")


def test_the_safe_state_is_confirmed_by_the_second_models() -> None:
    with bench_of(swapped_station()) as (lab, bench):
        bench.role("microwave").set_output(True)
        lab.models.cryomagnetics_4g.set_limit(True, 40.0)
        lab.models.cryomagnetics_4g.start(Sweep.UP)
        report = bench.safe_state()
        assert report.confirmed, report.lines()
        assert lab.models.sg384.output() is None
        assert not lab.models.cryomagnetics_4g.is_sweeping()
        assert lab.models.anc300.mode(3) == "gnd"


def test_a_quench_makes_the_bench_unsafe_until_a_person_has_looked() -> None:
    with bench_of(swapped_station()) as (lab, bench):
        lab.models.cryomagnetics_4g.quench()
        report = bench.safe_state()
        assert [step.role for step in report.steps if not step.confirmed] == ["magnet"]
        assert "do not touch a quenched magnet" in report.instructions


def test_a_warm_magnet_is_not_ramped() -> None:
    with bench_of(swapped_station()) as (lab, bench):
        bench.role("magnet").set_field(0.1)
        lab.models.mercury_itc.magnet_temperature_k = 6.5
        with pytest.raises(InterlockError, match=r"the magnet is at 6\.50 K"):
            bench.role("magnet").set_field(0.2)
        assert lab.models.cryomagnetics_4g.field_t() == pytest.approx(0.1, abs=1e-5)
        assert bench.role("magnet").is_at_rest()


def test_a_warm_piezo_gets_less_voltage() -> None:
    with bench_of(swapped_station()) as (lab, bench):
        axis = bench.role("positioner")
        axis.voltage(55.0)
        bench.role("cryostat").set_temperature(20.0)
        with pytest.raises(LimitError, match="0 to 40 V"):
            axis.step(1)
        assert lab.models.anc300.mode(3) == "gnd"


def test_the_focus_and_the_lock_in_are_on_the_same_table() -> None:
    with bench_of(swapped_station()) as (lab, bench):
        bench.role("positioner").step(40)
        assert lab.table.look().state.coupling < 0.8
        bench.role("lock_in").prepare(1.0, 0.1)
        dark = bench.role("lock_in").reading()
        bench.role("pulse_source").open_output()
        bench.role("readout_laser").tune(560.0)
        bench.role("readout_laser").open_output()
        bench.role("gates").trigger_on_laser(10)
        bench.role("gates").set_gate("CD", 0.0, 6e-9)
        bench.role("shutter").open()
        bench.role("lock_in").prepare(1.0, 0.1)
        light = bench.role("lock_in").reading()
        expected_v = lab.table.incident_power_w() * 0.4e6 * 2**0.5 / 3.141592653589793
        assert light.x_v == pytest.approx(expected_v, rel=0.02)
        assert abs(dark.x_v) < 1e-3 * light.x_v
        assert light.frequency_hz == 337.0
