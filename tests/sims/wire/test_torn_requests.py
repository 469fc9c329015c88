"""What a client leaves behind that dies in the middle of a request."""

from sims.bench.clock import VirtualClock
from sims.wire.line import Conversation, Device, Port, Reply


class _FourBytes(Device):
    """Answers every four bytes with themselves; forgets an unfinished message after 2 s."""

    forgets_after_s = 2.0

    def split(self, received: bytearray) -> list[bytes]:
        complete = len(received) // 4 * 4
        messages = [bytes(received[at : at + 4]) for at in range(0, complete, 4)]
        del received[:complete]
        return messages

    def answer(self, message: bytes) -> list[Reply]:
        return [Reply(message)]


def _talk() -> tuple[VirtualClock, Conversation]:
    clock = VirtualClock()
    return clock, Port(_FourBytes(), clock).open()


def _heard(clock: VirtualClock, talk: Conversation) -> bytes:
    clock.advance(1.0)
    return b"".join(talk.take_arrived())


def test_an_unfinished_request_is_completed_within_the_patience() -> None:
    clock, talk = _talk()
    talk.write(b"0m")
    clock.advance(1.5)
    talk.write(b"a1")
    assert _heard(clock, talk) == b"0ma1"


def test_an_unfinished_request_is_forgotten_after_the_patience() -> None:
    clock, talk = _talk()
    talk.write(b"0m")
    clock.advance(2.5)
    talk.write(b"0gs1")
    assert _heard(clock, talk) == b"0gs1"


def test_replies_keep_their_order_when_many_are_on_their_way() -> None:
    clock, talk = _talk()
    sent = b"".join(b"%04d" % number for number in range(2000))
    talk.write(sent)
    assert _heard(clock, talk) == sent
