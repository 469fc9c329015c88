"""Each fault does to the twin what its name says, at its moment, and the same again with the same seed."""

from collections.abc import Callable
from typing import Any

import pytest

from sims import twin as twins
from sims.faults.bench_faults import BENCH_FAULT_PLACES
from sims.faults.plan import BENCH_FAULTS, WIRE_FAULTS, FaultError, parse_plan
from sims.twin import Twin


def lab_with(*faults: dict[str, Any], seed: int = 1, **others: Any) -> Twin:
    return twins.start("mn-cdse-cds", seed=1, faults=parse_plan({"seed": seed, "faults": list(faults), **others}))


def ask(talk: Any, message: bytes, lab: Twin, wait_s: float = 0.1) -> bytes:
    talk.write(message)
    lab.clock.sleep_s(wait_s)
    data: bytes = talk.read()[0]
    return data


def answers(kind: str, seed: int = 1, **fields: Any) -> list[bytes]:
    """Three answers of the SC10 of which the second is struck."""
    with lab_with({"fault": kind, "instrument": "sc10", "at_message": 2, **fields}, seed=seed) as lab:
        talk = lab.ports["sc10"].open()
        return [ask(talk, b"id?\r", lab) for _ in range(3)]


WHOLE = answers("latency", seconds=1e-6)[0]


def test_a_dropped_reply_does_not_come_and_the_next_one_does() -> None:
    assert answers("drop") == [WHOLE, b"", WHOLE]


def test_a_truncated_reply_is_a_part_of_the_whole() -> None:
    first, second, _ = answers("truncate")
    assert first == WHOLE
    assert len(second) < len(WHOLE)
    assert WHOLE.startswith(second)


def test_a_garbled_reply_has_its_length_and_other_bytes() -> None:
    _, second, third = answers("garble")
    assert len(second) == len(WHOLE)
    assert second != WHOLE
    assert third == WHOLE


def test_the_seed_decides_the_bytes_of_a_garbled_reply() -> None:
    assert answers("garble", seed=4) == answers("garble", seed=4)
    assert answers("garble", seed=4) != answers("garble", seed=5)


def test_a_late_reply_comes_when_something_else_is_asked() -> None:
    assert answers("late", seconds=0.15) == [WHOLE, b"", WHOLE + WHOLE]


def test_latency_only_costs_time() -> None:
    with lab_with({"fault": "latency", "instrument": "sc10", "at_message": 1, "seconds": 0.3}) as lab:
        talk = lab.ports["sc10"].open()
        assert ask(talk, b"id?\r", lab, wait_s=0.2) == b""
        lab.clock.sleep_s(0.2)
        assert talk.read()[0] == WHOLE


def test_a_disconnection_lasts_and_the_order_was_still_carried_out() -> None:
    with lab_with({"fault": "disconnect", "instrument": "sc10", "at_message": 1}) as lab:
        talk = lab.ports["sc10"].open()
        assert ask(talk, b"ens\r", lab) == b""
        assert not talk.is_connected
        assert lab.models.sc10.is_open()


def test_several_messages_in_a_row_are_struck() -> None:
    assert answers("drop", messages=2) == [WHOLE, b"", b""]


def test_chance_strikes_the_named_instruments_only() -> None:
    with lab_with(chance={"probability": 1.0, "faults": ["drop"], "instruments": ["sc10"]}) as lab:
        assert ask(lab.ports["sc10"].open(), b"id?\r", lab) == b""
        assert ask(lab.ports["pm100d"].open(), b"*IDN?\n", lab) != b""


DEEDS: dict[tuple[str, str], Callable[[Twin], bool]] = {
    ("quench", "ami430"): lambda lab: lab.models.ami430.is_quenched(),
    ("interlock", "chameleon"): lambda lab: lab.models.chameleon.output() is None and bool(lab.models.chameleon.faults),
    ("interlock", "sc10"): lambda lab: lab.models.sc10.interlock_tripped and not lab.models.sc10.is_open(),
    ("warming", "cryostation"): lambda lab: lab.models.cryostation.sample_temperature_k() > 10.0,
    ("overload", "id900"): lambda lab: lab.table.record(0.01)[1].size > 20_000,
}


@pytest.mark.parametrize(("kind", "instrument"), DEEDS)
def test_a_bench_fault_strikes_at_its_moment(kind: str, instrument: str) -> None:
    with lab_with({"fault": kind, "instrument": instrument, "at_s": 5.0}) as lab:
        talk = lab.ports["pm100d"].open()
        ask(talk, b"*IDN?\n", lab)
        assert lab.faults is not None
        assert lab.faults.struck == []
        lab.clock.sleep_s(5.0)
        ask(talk, b"*IDN?\n", lab)
        lab.clock.sleep_s(600.0)
        assert DEEDS[kind, instrument](lab)
        assert len(lab.faults.struck) == 1


def test_every_bench_fault_has_a_place() -> None:
    assert set(BENCH_FAULT_PLACES) == set(BENCH_FAULTS)
    assert not set(BENCH_FAULTS) & set(WIRE_FAULTS)


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        ({"fault": "drop", "instrument": "toaster", "at_s": 1.0}, "toaster"),
        ({"fault": "quench", "instrument": "sc10", "at_s": 1.0}, "cannot happen to 'sc10'"),
    ],
)
def test_a_fault_in_the_wrong_place_is_refused(fault: dict[str, Any], complaint: str) -> None:
    with pytest.raises(FaultError, match=complaint):
        lab_with(fault)


def test_requests_are_counted_by_instrument() -> None:
    with lab_with() as lab:
        talk = lab.ports["sc10"].open()
        ask(talk, b"id?\rens?\r", lab)
        assert lab.faults is not None
        assert lab.faults.messages == {"sc10": 2}
