"""The process that holds the bench while a person moves it by hand; its panel is at the other end of a pipe.

The main thread alone speaks with the instruments; ``pipes`` turns "make safe" and a closed pipe into interruptions of
whatever it waits for. The process ends in the safe state: when asked, when the pipe closes because the panel died, on
a signal, and when a run wants the bench.
"""

import logging
import os
import queue
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, cast

from instruments.errors import BenchError
from procedures.errors import StoppedError
from runmanager.assemble import AssembledBench, assemble, read_station
from runmanager.errors import BadInputError
from runmanager.interrupt import stop_on_signals
from runmanager.manual import messages
from runmanager.manual.controls import ControlError
from runmanager.manual.describe import describe
from runmanager.manual.handover import Presence
from runmanager.manual.interruption import Interruption
from runmanager.manual.messages import Act
from runmanager.manual.pipes import Inbox, Outbox
from runmanager.manual.session import OpenedInterlockError, Session
from runmanager.safety_net import SafetyNet
from runmanager.samples import read_sample

log = logging.getLogger(__name__)

CYCLE_S = 0.5
"""Between two rounds of readings: count rates at 2 Hz."""
READING_BUDGET_S = 0.3
"""Of one round; what does not fit is read in the next ones, in turn."""
INTERLOCKS_S = 10.0
"""Between two times that all interlocks are told, one by one."""


class Service:
    """Manual control of one assembled bench, until it is asked to leave."""

    def __init__(
        self, assembled: AssembledBench, interruption: Interruption, inbox: Inbox, outbox: Outbox, presence: Presence
    ) -> None:
        self._assembled, self._interruption = assembled, interruption
        self._inbox, self._outbox, self._presence = inbox, outbox, presence
        self._session = Session(assembled.bench, assembled.clock, self._while_busy)
        readable = [key for key, (_, row) in self._session.rows.items() if row.reading is not None]
        self._counting = [key for key in readable if key.endswith(".rates")]
        self._others = [key for key in readable if key not in self._counting]
        self._busy_with: tuple[str, ...] = ()
        self._last_round_s = self._last_told_s = -1e9
        self._reading = self._violated = False

    def serve(self) -> None:
        """Begin in the safe state, then acts, readings and interlocks in turn. Raises BenchError at the beginning."""
        self._session.begin()
        self._outbox.send(describe(self._assembled, self._session))
        self._tell_interlocks()
        while not self._interruption.leaving:
            if self._presence.is_wanted():
                self._interruption.leave("a run wants the bench")
                break
            if self._interruption.safe_was_asked():
                self._make_safe("asked for")
            self._one_round()

    def _one_round(self) -> None:
        act = self._next_act()
        try:
            if act is not None:
                self._do(act)
            elif not self._interruption.is_set():
                self._read_round(self._counting + self._others)
            self._look(acted=act is not None)
        except StoppedError:
            return  # the loop sees why
        except OpenedInterlockError as error:
            self._enforce(str(error))
        if time.monotonic() - self._last_told_s >= INTERLOCKS_S:
            self._tell_interlocks()

    def _look(self, *, acted: bool) -> None:
        """An interlock that opens brings the safe state; as long as it stays open, so does every act."""
        try:
            looked = self._session.look(now=acted)
        except BenchError as error:
            if acted or not self._violated:
                self._enforce(str(error))
        else:
            self._violated = self._violated and not looked

    def _enforce(self, why: str) -> None:
        self._violated = True
        self._make_safe(why)
        self._tell_interlocks()

    def _next_act(self) -> Act | None:
        """Wait for the panel until the next round is due; on the twin its clock goes on meanwhile."""
        left_s = self._last_round_s + CYCLE_S - time.monotonic()
        began_s = time.monotonic()
        try:
            act = self._inbox.acts.get(timeout=max(left_s, 0.001))
        except queue.Empty:
            act = None
        if self._assembled.is_twin and not self._interruption.is_set():
            self._assembled.clock.sleep_s(time.monotonic() - began_s)
        return act

    def _do(self, act: Act) -> None:
        role = act.row.partition(".")[0]
        self._busy_with = tuple(key for key in self._others if key.startswith(f"{role}."))
        self._outbox.send(messages.Begun(number=act.number, text=f"{act.row}: {act.verb.lower()} …"))
        try:
            text = self._session.act(act.row, act.verb, act.values)
        except (OpenedInterlockError, StoppedError) as error:
            self._outbox.send(messages.Refused(number=act.number, text=f"ended, safe state: {error}"))
            raise
        except (BenchError, ControlError) as error:
            self._outbox.send(messages.Refused(number=act.number, text=_one_line(error)))
        else:
            self._outbox.send(messages.Done(number=act.number, text=text))
        finally:
            self._busy_with = ()
        self._read_role(tuple(key for key in self._others if key.startswith(f"{role}.")))

    def _while_busy(self) -> None:
        """Called during the waits of an act: the values of its role go on being told, and a run may want the bench."""
        if self._presence.is_wanted():
            self._interruption.leave("a run wants the bench")
        if self._busy_with and not self._reading and time.monotonic() - self._last_round_s >= CYCLE_S:
            self._last_round_s = time.monotonic()
            self._read_role(self._busy_with)

    def _read_round(self, keys: Iterable[str]) -> None:
        """Count rates always, the others in turn as far as the time allows."""
        self._last_round_s = time.monotonic()
        read: list[str] = []
        values: list[messages.ReadingShown] = []
        rates: dict[str, float] = {}
        for key in keys:
            if read and time.monotonic() - self._last_round_s > READING_BUDGET_S:
                break
            values.append(self._read_one(key, rates))
            read.append(key)
        self._tell(values, rates)
        done = [key for key in self._others if key in read]
        self._others = [key for key in self._others if key not in read] + done

    def _read_role(self, keys: tuple[str, ...]) -> None:
        self._tell([self._read_one(key, {}) for key in keys], {})

    def _read_one(self, key: str, rates: dict[str, float]) -> messages.ReadingShown:
        self._reading = True
        try:
            text, found = self._session.read(key)
        except BenchError as error:
            return messages.ReadingShown(row=key, text=_one_line(error), good=False)
        finally:
            self._reading = False
        rates |= found
        return messages.ReadingShown(row=key, text=text)

    def _tell(self, values: list[messages.ReadingShown], rates: dict[str, float]) -> None:
        if values:
            now_s = self._assembled.bench.clock.now_s()
            self._outbox.send(messages.Readings(time_s=now_s, values=tuple(values), rates_cps=rates))

    def _make_safe(self, why: str) -> None:
        self._inbox.forget_acts()
        self._outbox.send(messages.SafeReached(why=why, by_hand=self._session.make_safe()))
        self._read_round(self._others)

    def _tell_interlocks(self) -> None:
        self._last_told_s = time.monotonic()
        shown = tuple(
            messages.InterlockShown(role=each.role, about=each.what, state=each.state.value, detail=each.detail)
            for each in self._session.interlocks()
        )
        self._outbox.send(messages.Interlocks(readings=shown))


def run_service(
    station: Path | None,
    *,
    twin: bool,
    sample: str | None,
    seed: int,
    without: tuple[str, ...],
    commands: BinaryIO,
    replies: BinaryIO,
) -> int:
    """Hold the bench until the panel is closed; exit code 0, 2 could not begin, 4 safe state not confirmed.

    ``without``: roles not to connect; those that safety needs are connected all the same.
    """
    interruption = Interruption()
    outbox = Outbox(replies, on_broken=lambda: interruption.leave("the panel is gone"))
    ended = messages.Ended(why="", failed=True)
    with stop_on_signals(interruption):
        try:
            ended = _hold(station, twin, sample, seed, without, commands, interruption, outbox)
        except (BadInputError, BenchError) as error:
            ended = messages.Ended(why=_one_line(error), failed=True)
        except Exception as error:  # the panel has to learn why, whatever it was
            log.exception("manual control failed")
            ended = messages.Ended(why=f"{type(error).__name__}: {error}", failed=True)
        finally:
            outbox.send(ended)
            outbox.close()
    return 4 if ended.by_hand else 2 if ended.failed else 0


def _hold(
    station: Path | None,
    twin: bool,
    sample: str | None,
    seed: int,
    without: tuple[str, ...],
    commands: BinaryIO,
    interruption: Interruption,
    outbox: Outbox,
) -> messages.Ended:
    config = read_station(station, twin=twin)
    sheet = read_sample(sample, twin=True)  # only a twin uses it
    needs = tuple(role for role in config.roles if role not in without)
    inbox = Inbox(commands, interruption)
    with (
        Presence(config) as presence,
        assemble(config, sheet, seed=seed, needs=needs, stop=interruption) as assembled,
        SafetyNet(assembled.bench, assembled.clock) as net,
    ):
        problem = ""
        try:
            Service(assembled, interruption, inbox, outbox, presence).serve()
        except StoppedError:
            log.debug("asked to leave while the bench was prepared")
        except BenchError as error:
            problem = _one_line(error)
        except Exception as error:
            log.exception("manual control failed")
            problem = f"{type(error).__name__}: {error}"
        by_hand = net.reach()
        return messages.Ended(why=problem or interruption.why, by_hand=by_hand, failed=bool(problem))


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def standard_streams() -> tuple[BinaryIO, BinaryIO]:
    """The pipe to the panel: standard input and output. Whatever else prints goes to standard error from here on."""
    commands = os.fdopen(os.dup(sys.stdin.fileno()), "rb", buffering=0)
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    sys.stdout = sys.stderr
    return cast("BinaryIO", commands), cast("BinaryIO", replies)
