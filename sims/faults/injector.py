"""Carries a fault plan out: counts the messages of every wire, looks at the clock, strikes."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sims.bench.clock import VirtualClock
from sims.bench.models import Models
from sims.bench.table import OpticalTable
from sims.faults.bench_faults import bench_fault
from sims.faults.plan import (
    BENCH_FAULTS,
    DEFAULT_LATENCY_S,
    DEFAULT_LATENESS_S,
    WIRE_FAULTS,
    Chance,
    Fault,
    FaultError,
    FaultPlan,
)
from sims.wire.line import Disconnected, Reply


class FaultInjector:
    """One bench's misfortune. Every wire calls ``disturb`` for every request it has answered."""

    def __init__(
        self, plan: FaultPlan, models: Models, table: OpticalTable, clock: VirtualClock, instruments: Sequence[str]
    ) -> None:
        """``instruments``: names that have a wire. FaultError for a fault that cannot happen on this bench."""
        self._models, self._table, self._clock = models, table, clock
        self._rng = np.random.default_rng(plan.seed)
        self._chance = plan.chance
        self._messages: Counter[str] = Counter()
        self._wire: list[Fault] = []
        self._bench: list[Fault] = []
        self.struck: list[str] = []
        for fault in plan.faults:
            if fault.instrument not in instruments:
                raise FaultError(f"fault at {fault.instrument!r}: no such wire; there are {', '.join(instruments)}")
            if fault.fault in BENCH_FAULTS:
                bench_fault(fault.fault, fault.instrument)
                self._bench.append(fault)
            else:
                self._wire.append(fault)
        for name in () if plan.chance is None else plan.chance.instruments:
            if name not in instruments:
                raise FaultError(f"chance.instruments: no wire {name!r}; there are {', '.join(instruments)}")

    @property
    def messages(self) -> dict[str, int]:
        """How many requests each instrument has had so far."""
        return dict(self._messages)

    def before(self, instrument: str) -> None:
        """A request has come: count it, and let happen to the bench what is due."""
        self._messages[instrument] += 1
        due = [fault for fault in self._bench if self._is_due(fault)]
        for fault in due:
            self._bench.remove(fault)
            bench_fault(fault.fault, fault.instrument)(self._models, self._table)
            self._note(fault.fault, fault.instrument)

    def disturb(self, instrument: str, replies: Sequence[Reply]) -> Sequence[Reply]:
        """The replies as they really come. Raises Disconnected when the plug is pulled."""
        for fault in list(self._wire):
            if fault.instrument == instrument and self._is_due(fault):
                return self._strike(fault, replies)
        if self._chance is not None and self._is_unlucky(self._chance, instrument):
            kind = self._chance.faults[int(self._rng.integers(len(self._chance.faults)))]
            return self._strike(Fault(fault=kind, instrument=instrument, at_s=0.0), replies)
        return replies

    def _is_due(self, fault: Fault) -> bool:
        if fault.at_s is not None:
            return self._clock.now_s() >= fault.at_s
        return self._messages[fault.instrument] >= (fault.at_message or 0)

    def _is_unlucky(self, chance: Chance, instrument: str) -> bool:
        if not chance.faults or (chance.instruments and instrument not in chance.instruments):
            return False
        return bool(self._rng.random() < chance.probability)

    def _strike(self, fault: Fault, replies: Sequence[Reply]) -> Sequence[Reply]:
        if fault in self._wire:
            self._wire.remove(fault)
            if fault.messages > 1:
                self._wire.append(fault.model_copy(update={"messages": fault.messages - 1}))
        self._note(fault.fault, fault.instrument)
        assert fault.fault in WIRE_FAULTS  # noqa: S101 - bench faults went the other way at construction
        if fault.fault == "disconnect":
            raise Disconnected(instrument_message(fault.instrument))
        return [changed for reply in replies for changed in self._spoilt(fault, reply)]

    def _spoilt(self, fault: Fault, reply: Reply) -> list[Reply]:
        if fault.fault == "drop":
            return []
        if fault.fault == "latency":
            return [replace(reply, delay_s=reply.delay_s + (fault.seconds or DEFAULT_LATENCY_S))]
        if fault.fault == "late":
            return [replace(reply, delay_s=reply.delay_s + (fault.seconds or DEFAULT_LATENESS_S))]
        if fault.fault == "truncate":
            return [replace(reply, data=reply.data[: int(self._rng.integers(len(reply.data)))])] if reply.data else []
        return [replace(reply, data=self._garbled(reply.data))]

    def _garbled(self, data: bytes) -> bytes:
        """Bits flipped in a tenth of the bytes, at least in one (noise on the line)."""
        spoilt = bytearray(data)
        hit = self._rng.random(len(spoilt)) < 0.1
        if len(spoilt) and not hit.any():
            hit[int(self._rng.integers(len(spoilt)))] = True
        for place in np.flatnonzero(hit):
            spoilt[place] ^= 1 << int(self._rng.integers(8))
        return bytes(spoilt)

    def _note(self, fault: str, instrument: str) -> None:
        self.struck.append(f"{self._clock.now_s():.3f} s: {fault} at {instrument}")


def instrument_message(instrument: str) -> str:
    """What the log says of a pulled plug."""
    return f"{instrument}: connection lost (fault on demand)"
