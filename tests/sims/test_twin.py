"""The twin as a whole: wires by model name, several at once, repeatability, clear refusals."""

import json
from typing import Any

import numpy as np
import pytest
import pyvisa
import zmq

from sims import twin
from sims.dot.sample import SampleError
from sims.twin import TwinError
from sims.wire.library import RESOURCES

SAMPLE = "mn-cdse-cds"


class Bytes:
    """A program that knows only addresses."""

    def __init__(self, running: twin.Twin) -> None:
        self._running = running
        self._context = zmq.Context()
        self._request = self._context.socket(zmq.REQ)
        self._request.setsockopt(zmq.RCVTIMEO, 20_000)
        self._request.setsockopt(zmq.LINGER, 0)
        self._request.connect(running.connection("id900")["address"])
        self._open = []

    def tagger(self, command: str) -> str:
        self._request.send_string(command)
        return self._request.recv_string()

    def visa(self, model: str, terminator: str, command: str, query: str = False) -> Any:
        connection = self._running.connection(model)
        manager = pyvisa.ResourceManager(connection["visalib"])
        resource = manager.open_resource(connection["address"])
        resource.write_termination = resource.read_termination = terminator
        answer = resource.query(command) if query else resource.write(command)
        resource.close()
        return answer

    def close(self) -> None:
        self._request.close()
        self._context.term()


@pytest.fixture
def program() -> Any:
    programs = []

    def connect(running: twin.Twin) -> Bytes:
        programs.append(Bytes(running))
        return programs[-1]

    yield connect
    for one in programs:
        one.close()


def histogram(program: Any, running: twin.Twin) -> list[int]:
    """Start-stop histogram of two seconds of dark counts against the trigger, as bytes give it."""
    client = program(running)
    for command in (
        "HIST1:REF:LINK INPU3;:HIST1:STOP:LINK INPU1;:HIST1:BWID 1 MTB;BCOU 1000;FLUS",
        "REC:ENAB ON;NUM 1;DUR 2000000000000;PLAY",
    ):
        assert client.tagger(command) == ""
    running.clock.sleep_s(2.0)
    assert client.tagger("REC:STAGe?") == "STOPPED"
    return json.loads(client.tagger("HIST1:DATA?"))


def test_every_model_on_the_bench_has_a_connection() -> None:
    with twin.start(SAMPLE, seed=1) as running:
        for model in RESOURCES:
            assert running.connection(model) == {
                "address": RESOURCES[model],
                "visalib": f"{running.identity}@solotron",
            }
        assert running.connection("camera") == {"sdk": running.camera}
        assert running.connection("id900").keys() == {"address", "data_link"}


def test_an_unknown_model_is_refused_with_the_known_ones() -> None:
    with twin.start(SAMPLE, seed=1) as running, pytest.raises(KeyError, match="id900"):
        running.connection("oscilloscope")


def test_bytes_on_one_wire_change_what_another_shows(program: Any) -> None:
    with twin.start(SAMPLE, seed=1) as running:
        client = program(running)
        client.tagger("INPU3:COUN:MODE CYCL;INTE 100000000;RESEt")
        running.clock.sleep_s(0.15)
        assert client.tagger("INPU3:COUN?") == "100"  # the generator's own 1 kHz
        client.visa("dg645", "\n", "TSRC 0;TRAT 5000")
        assert client.tagger("INPU3:COUN?") == "500"


def test_the_same_seed_gives_the_same_answers_and_another_seed_others(program: Any) -> None:
    def answers(seed: int) -> list[int]:
        with twin.start(SAMPLE, seed=seed) as running:
            return histogram(program, running)

    first, again, other = answers(5), answers(5), answers(6)
    assert first == again
    assert first != other
    assert sum(first) == pytest.approx(2 * 254, abs=120)


def test_twins_side_by_side_do_not_disturb_each_other(program: Any) -> None:
    with twin.start(SAMPLE, seed=5) as alone:
        expected = histogram(program, alone)
    with twin.start(SAMPLE, seed=5) as one, twin.start(SAMPLE, seed=6) as two:
        assert one.identity != two.identity
        other = program(two)
        other.visa("dg645", "\n", "TRAT 7777")
        assert histogram(program, one) == expected
        assert two.clock.now_s() < 1.0


def test_close_ends_everything_and_may_be_repeated() -> None:
    running = twin.start(SAMPLE, seed=1)
    folder = running.output_folder
    connection = running.connection("ami430")
    running.close()
    running.close()
    assert not folder.exists()
    with pytest.raises(OSError, match="no simulated bench"):
        pyvisa.ResourceManager(connection["visalib"])


def test_the_clock_starts_at_zero_and_moves_only_when_asked() -> None:
    with twin.start(SAMPLE, seed=1) as running:
        assert running.clock.now_s() == 0.0
        running.clock.sleep_s(3600.0)
        assert running.clock.now_s() == 3600.0


def test_the_camera_is_on_the_table() -> None:
    with twin.start(SAMPLE, seed=1, table={"camera": {"n_pixels": 512}}) as running:
        camera = running.connection("camera")["sdk"]
        camera.set_exposure(2.0)
        assert camera.snap().shape == (1, 512)
        assert running.clock.now_s() == 2.0


def test_a_sample_may_be_given_by_its_fields() -> None:
    fields = twin.load_sample(SAMPLE).model_dump()
    with twin.start(fields | {"lifetime_ns": 20.0}, seed=1) as running:
        assert running.sample.lifetime_ns == 20.0


def test_an_unknown_sample_is_one_clear_line() -> None:
    with pytest.raises(SampleError, match="no-such-sample") as refused:
        twin.start("no-such-sample", seed=1)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("table", "named"),
    [
        ({"spad_1": {"efficiency": 1.7}}, "table.spad_1.efficiency"),
        ({"spad_3": {}}, "table.spad_3"),
        ({"collection": {"quarter_wave": {"retardance_waves": "much"}}}, "retardance_waves"),
    ],
)
def test_a_wrong_table_is_one_clear_line(table: Any, named: str) -> None:
    with pytest.raises(TwinError, match=named) as refused:
        twin.start(SAMPLE, seed=1, table=table)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("wiring", "named"),
    [({"gates": {"pump": "XY"}}, "wiring.gates.pump"), ({"tagger": {"detectors": [1, 1]}}, "different")],
)
def test_a_wrong_wiring_is_one_clear_line(wiring: dict[str, Any], named: str) -> None:
    with pytest.raises(TwinError, match=named):
        twin.start(SAMPLE, seed=1, wiring=wiring)


def test_other_wiring_moves_the_detectors_to_other_inputs() -> None:
    wiring = {"tagger": {"detectors": [2, 4], "trigger": 1, "divided_trigger": 3}}
    with twin.start(SAMPLE, seed=1, wiring=wiring) as running:
        pulses = running.table.record(1.0)
        assert pulses.keys() == {2, 4}
        assert np.all(pulses[2] >= 0)
        assert set(running.table.look().trains) == {1}
