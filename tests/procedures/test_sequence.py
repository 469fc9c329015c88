"""The pulse sequence of the spin experiments."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procedures.errors import RefusedError
from procedures.sequence import TAIL_NS, PulseSequence, plan_sequence, program


def planned(**changes: float) -> PulseSequence:
    settings = {"laser_rate_hz": 80e6, "reset_ns": 1200.0, "pump_ns": 1000.0, "dark_ns": 300.0, "probe_ns": 200.0}
    return plan_sequence(**(settings | changes))


def test_period_is_a_whole_number_of_laser_periods() -> None:
    sequence = planned()
    assert sequence.period_ns == sequence.divider * 12.5


times = st.floats(min_value=0.0, max_value=1e4)


@given(reset=times, pump=st.floats(50.0, 1e4), dark=st.floats(50.0, 1e4), probe=st.floats(20.0, 1e4))
def test_gates_follow_each_other_and_leave_a_dark_tail(reset: float, pump: float, dark: float, probe: float) -> None:
    s = planned(reset_ns=reset, pump_ns=pump, dark_ns=dark, probe_ns=probe)
    assert s.reset_start_ns + s.reset_width_ns < s.pump_start_ns
    assert s.pump_start_ns + s.pump_width_ns < s.probe_start_ns
    assert s.probe_stop_ns + TAIL_NS <= s.period_ns + 1e-6


def test_microwave_pulse_sits_in_the_middle_of_the_dark() -> None:
    s = planned(dark_ns=1200.0, microwave_ns=1000.0)
    before = s.microwave_start_ns - (s.pump_start_ns + s.pump_width_ns)
    after = s.probe_start_ns - (s.microwave_start_ns + s.microwave_width_ns)
    assert before == pytest.approx(after) == pytest.approx(100.0)


def test_microwave_pulse_that_does_not_fit_is_refused_with_the_remedy() -> None:
    with pytest.raises(RefusedError, match=r"1000 ns needs at least 1100 ns .* lengthen"):
        planned(dark_ns=300.0, microwave_ns=1000.0)


def test_background_window_lies_in_the_dark_tail() -> None:
    described = planned().describe()
    [(start, stop)] = described["background_windows_ns"]
    assert planned().probe_stop_ns < start < stop == planned().period_ns


class RecordingGates:
    """A delay generator that remembers what it was asked."""

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []

    def trigger_on_laser(self, divider: int) -> None:
        self.calls.append(("trigger", divider))

    def set_gate(
        self, gate: str, delay_s: float, width_s: float, level_v: float = 5.0, divider: int = 1
    ) -> tuple[float, float]:
        self.calls.append((gate, round(delay_s * 1e9, 6), round(width_s * 1e9, 6), level_v))
        return delay_s, width_s

    def disable_gate(self, gate: str) -> None:
        self.calls.append((gate, "off"))


def test_program_sends_every_gate_to_its_cable() -> None:
    gates = RecordingGates()
    wiring = {"pump": "AB", "readout": "CD", "microwave": "EF", "probe": "GH"}
    program(gates, wiring, planned(), reset_level_v=4.0, pump_level_v=2.0)
    assert gates.calls == [
        ("trigger", planned().divider),
        ("CD", 0.0, 1200.0, 4.0),
        ("AB", 1400.0, 1000.0, 2.0),
        ("GH", 2700.0, 200.0, 2.0),
        ("EF", "off"),
    ]
