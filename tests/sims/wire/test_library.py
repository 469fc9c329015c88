import gc
import threading
from typing import Any

import pytest
import pyvisa
from pyvisa import errors

from sims.wire.library import RESOURCES, UnknownBenchError, register, unregister
from sims.wire.line import Device, Port, Reply


def opened(manager: pyvisa.ResourceManager, model: str, write: str = "\n", read: str = "\n") -> Any:
    return manager.open_resource(RESOURCES[model], write_termination=write, read_termination=read)


def test_unknown_bench_is_a_clear_error() -> None:
    with pytest.raises(UnknownBenchError, match="no simulated bench named 'nobody' runs in this process"):
        pyvisa.ResourceManager("nobody@solotron")


def test_bench_without_a_name_is_an_error() -> None:
    with pytest.raises(OSError, match="no simulated bench named"):
        pyvisa.ResourceManager("@solotron")


def test_a_name_can_be_registered_only_once(bench: Any) -> None:
    with pytest.raises(ValueError, match="registered already"):
        register(bench.name, {})


def test_lists_every_resource(manager: Any) -> None:
    assert set(manager.list_resources("?*")) == set(RESOURCES.values())


def test_resource_names_are_canonical() -> None:
    for name in RESOURCES.values():
        assert pyvisa.rname.to_canonical_name(name) == name


def test_unknown_resource_is_not_found(manager: Any) -> None:
    with pytest.raises(errors.VisaIOError, match="VI_ERROR_RSRC_NFOUND"):
        manager.open_resource("ASRL77::INSTR")


def test_no_reply_is_a_timeout_that_takes_virtual_time(bench: Any, manager: Any) -> None:
    generator = opened(manager, "smb100a")
    generator.timeout = 3000
    before_s = bench.clock.now_s()
    with pytest.raises(errors.VisaIOError, match="VI_ERROR_TMO"):
        generator.read()
    assert bench.clock.now_s() - before_s == pytest.approx(3.0)


def test_endless_timeout_does_not_hang(manager: Any) -> None:
    generator = opened(manager, "smb100a")
    generator.timeout = None
    with pytest.raises(errors.VisaIOError, match="VI_ERROR_TMO"):
        generator.read()


def test_late_reply_answers_the_next_question_until_cleared(manager: Any) -> None:
    laser = opened(manager, "cwave", "\r", "\r")
    laser.timeout = 1000
    with pytest.raises(errors.VisaIOError):
        laser.query("opo_lambda:57500")
    assert laser.query("laser_en?") == "opo_lambda:57500"
    laser.clear()
    assert laser.query("laser_en?") == "laser_en:1"


def test_closing_a_session_leaves_its_sibling_alone(manager: Any) -> None:
    first, second = opened(manager, "dg645", read="\r\n"), opened(manager, "dg645", read="\r\n")
    first.close()
    assert second.query("TSRC?") == "0"


def test_two_sessions_never_get_each_others_answers(manager: Any) -> None:
    first, second = opened(manager, "dg645", read="\r\n"), opened(manager, "dg645", read="\r\n")
    first.write("TRAT?")
    assert second.query("TSRC?") == "0"
    assert first.read() == "1000.000000"


def test_two_threads_with_a_session_each_get_their_own_answers(manager: Any) -> None:
    wrong: list[str] = []

    def ask(query: str, answer: str) -> None:
        session = opened(manager, "smb100a")
        wrong.extend(reply for _ in range(300) if (reply := session.query(query)) != answer)

    threads = [threading.Thread(target=ask, args=pair) for pair in (("FREQ?", "1000000000"), ("POW?", "-30"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_the_bench_survives_the_manager(bench: Any) -> None:
    session = opened(pyvisa.ResourceManager(bench.backend), "smb100a")
    session.write("FREQ 3e9")
    session.close()
    del session
    gc.collect()
    again = pyvisa.ResourceManager(bench.backend)
    assert opened(again, "smb100a").query("FREQ?") == "3000000000"
    again.close()


def test_re_initialising_the_backend_keeps_the_models_bound(bench: Any, manager: Any) -> None:
    manager.visalib._init()  # what QCoDeS does when it closes the last instrument of a simulation
    bench.models.smb100a.set_frequency(4e9)
    assert opened(manager, "smb100a").query("FREQ?") == "4000000000"


def test_unregistering_loses_open_connections(bench: Any, manager: Any) -> None:
    session = opened(manager, "smb100a")
    unregister(bench.name)
    with pytest.raises(errors.VisaIOError, match="VI_ERROR_CONN_LOST"):
        session.query("FREQ?")


def test_a_name_can_be_used_again_for_another_bench(bench: Any, manager: Any) -> None:
    unregister(bench.name)
    register(bench.name, {})
    assert manager.visalib.devices.list_resources() == ()


def test_serial_flush_and_bytes_in_buffer(manager: Any) -> None:
    shutter = opened(manager, "sc10", "\r", "\r")
    shutter.write("id?")
    assert shutter.bytes_in_buffer == 0
    shutter.read()
    assert shutter.bytes_in_buffer == len("THORLABS SC10 VERSION 1.07\r> ")
    shutter.flush(pyvisa.constants.BufferOperation.discard_read_buffer)
    assert shutter.bytes_in_buffer == 0


def test_large_block_is_read_in_one_go() -> None:
    class Blob(Device):
        def answer(self, message: bytes) -> list[Reply]:
            return [Reply(b"x" * 300_000 + b"\n")]

    from sims.bench.clock import VirtualClock

    name = "TCPIP0::127.0.0.1::1::SOCKET"
    register("blob", {name: Port(Blob(), VirtualClock())})
    manager = pyvisa.ResourceManager("blob@solotron")
    session = manager.open_resource(name, write_termination="\n", read_termination="\n")
    assert len(session.query("?")) == 300_000
    manager.close()
    unregister("blob")


def test_a_fault_inside_a_device_is_not_swallowed() -> None:
    class Broken(Device):
        def answer(self, message: bytes) -> list[Reply]:
            return [self.nothing]  # type: ignore[attr-defined]

    from sims.bench.clock import VirtualClock

    conversation = Port(Broken(), VirtualClock()).open()
    with pytest.raises(RuntimeError, match="fault in the simulated Broken"):
        conversation.write(b"x\n")


def test_serial_line_takes_the_time_of_its_baud_rate(bench: Any, manager: Any) -> None:
    mounts = opened(manager, "ell14", "", "\r\n")
    before_s = bench.clock.now_s()
    mounts.query("0gp")
    n_bytes = len("0gp") + len("0PO00000000\r\n")
    assert bench.clock.now_s() - before_s == pytest.approx(n_bytes * 10 / 9600 + 2e-3, rel=1e-6)


def test_serial_bytes_before_a_timeout_are_lost(manager: Any) -> None:
    shutter = opened(manager, "sc10", "\r", "\n")
    shutter.timeout = 500
    with pytest.raises(errors.VisaIOError, match="VI_ERROR_TMO"):
        shutter.query("id?")
    assert shutter.bytes_in_buffer == 0
