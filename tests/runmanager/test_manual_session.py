"""The bench in a person's hands, on the twin: guards, refusals, interlocks, the safe state."""

import pytest

from instruments.errors import InterlockError, LimitError, UnsafeError
from procedures.errors import StoppedError
from runmanager.assemble import assemble, read_station
from runmanager.manual import session as sessions
from runmanager.manual.controls import ControlError
from runmanager.manual.interruption import Interruption
from runmanager.manual.session import OpenedInterlockError, Session
from runmanager.samples import read_sample
from sims.faults.plan import parse_plan


class Hands:
    """A session on a twin, its bench, and the faults that were ordered."""

    def __init__(self, *faults):
        self.interruption = Interruption()
        config, sheet = read_station(None, twin=True), read_sample(None, twin=True)
        plan = parse_plan({"faults": list(faults)}) if faults else None
        self._context = assemble(config, sheet, seed=1, needs=None, stop=self.interruption, faults=plan)

    def __enter__(self):
        self.assembled = self._context.__enter__()
        self.bench = self.assembled.bench
        self.session = Session(self.bench, self.assembled.clock)
        return self

    def __exit__(self, *error):
        self.assembled.clock.watch = None
        self.assembled.clock.armed = False
        self.bench.safe_state()
        return self._context.__exit__(*error)

    def light(self):
        """The narrow laser on the sample."""
        self.session.act("resonant_laser.wavelength", "Tune", {"wavelength_nm": 575.0})
        self.session.act("resonant_laser.output", "Open", {})
        return self.session.act("shutter.shutter", "Open", {})


@pytest.fixture
def hands():
    with Hands() as made:
        made.session.begin()
        yield made


@pytest.fixture
def eager(monkeypatch):
    """Look at the interlocks at every opportunity."""
    monkeypatch.setattr(sessions, "LOOK_S", 0.0)


def test_manual_control_begins_in_the_safe_state():
    with Hands() as hands:
        hands.bench.role("shutter").open()
        hands.bench.role("microwave").set_output(True)
        hands.session.begin()
        assert not hands.bench.role("shutter").is_open()
        assert not hands.bench.role("microwave").output_is_on()


def test_a_bench_that_cannot_be_made_safe_is_not_given_into_hands():
    quench = {"fault": "quench", "instrument": "ami430", "at_s": 0.0}
    with Hands(quench) as hands, pytest.raises(UnsafeError, match="magnet"):
        hands.session.begin()


def test_what_was_read_back_is_told(hands):
    assert hands.session.act("magnet.field", "Ramp", {"target_t": 0.5}) == "Field: 0.5 T"
    assert hands.session.read("magnet.field") == ("0.5 T", {})


def test_values_are_set_in_the_units_shown(hands):
    assert hands.session.act("microwave.frequency", "Set", {"frequency_hz": 9.5}) == "Frequency: 9.5 GHz"
    told = hands.session.act("gates.gate", "Set", {"gate": "AB", "delay_s": 20.0, "width_s": 100.0, "level_v": 5.0})
    assert told == "Gate: 20 ns, 100 ns"


def test_the_driver_refuses_in_its_own_words(hands):
    with pytest.raises(LimitError, match="9 T is outside -5 to 5 T"):
        hands.session.act("magnet.field", "Ramp", {"target_t": 9.0})


def test_the_stations_limit_holds(hands):
    with pytest.raises(LimitError, match="power"):
        hands.session.act("microwave.power", "Set", {"power_dbm": 25.0})


def test_a_control_that_is_not_there_is_refused(hands):
    with pytest.raises(ControlError, match=r"no 'magnet\.quench'"):
        hands.session.act("magnet.quench", "Do", {})


def test_light_comes_in_the_order_laser_then_shutter(hands):
    assert hands.light() == "Beam shutter: open: confirmed"
    assert hands.bench.role("shutter").is_open()


def test_a_laser_is_not_opened_into_an_open_beam(hands):
    hands.session.act("shutter.shutter", "Open", {})
    with pytest.raises(InterlockError, match="light comes last"):
        hands.session.act("pulse_source.output", "Open", {})
    assert not hands.bench.role("pulse_source").output_is_open()


def test_a_laser_is_tuned_behind_the_closed_shutter(hands):
    hands.light()
    hands.session.act("resonant_laser.wavelength", "Tune", {"wavelength_nm": 576.0})
    assert not hands.bench.role("shutter").is_open()


def test_a_fine_shift_is_dark_and_bright_again(hands):
    hands.light()
    assert hands.session.act("resonant_laser.shift", "Shift", {"delta_nm": 10.0}) == "Fine shift: 10 pm"
    assert hands.bench.role("shutter").is_open()


def test_the_shutter_stays_closed_when_the_open_laser_is_not_mode_locked():
    with Hands({"fault": "mode_lock_lost", "instrument": "chameleon", "at_s": 30.0}) as hands:
        hands.session.begin()
        hands.session.act("pulse_source.output", "Open", {})
        hands.assembled.clock.sleep_s(60.0)
        with pytest.raises(InterlockError, match="pulse_source"):
            hands.session.act("shutter.shutter", "Open", {})
        assert not hands.bench.role("shutter").is_open()


def test_a_spectrum_is_told_by_its_brightest_pixel(hands):
    told = hands.session.act("camera.exposure", "Expose", {"exposure_s": 0.01})
    assert "brightest" in told
    assert "at pixel" in told


def test_the_count_rates_of_both_detectors_are_read(hands):
    text, rates = hands.session.read("time_tagger.rates")
    assert set(rates) == {"detector 1", "detector 2"}
    assert all(rate >= 0.0 for rate in rates.values())
    assert "detector 2" in text


def test_everything_that_has_a_reading_can_be_read(hands):
    hands.session.act("resonant_laser.wavelength", "Tune", {"wavelength_nm": 575.0})
    for key, (_, row) in hands.session.rows.items():
        if row.reading is not None:
            assert hands.session.read(key)[0] != ""


def test_an_interlock_that_opens_is_found_by_the_next_look(eager):
    with Hands({"fault": "interlock", "instrument": "sc10", "at_s": 60.0}) as hands:
        hands.session.begin()
        assert hands.session.look()
        hands.assembled.clock.watch = None
        hands.assembled.clock.sleep_s(120.0)
        with pytest.raises(InterlockError, match="shutter"):
            hands.session.look()


def test_an_interlock_that_opens_ends_a_ramp_and_the_safe_state_holds_the_magnet(eager):
    with Hands({"fault": "interlock", "instrument": "sc10", "at_s": 30.0}) as hands:
        hands.session.begin()
        with pytest.raises(OpenedInterlockError, match="shutter"):
            hands.session.act("magnet.field", "Ramp", {"target_t": 4.0})
        assert hands.session.make_safe() == ""
        assert hands.bench.role("magnet").is_at_rest()
        assert abs(hands.bench.role("magnet").field_t()) < 3.9


def test_looks_are_not_made_more_often_than_every_two_seconds(hands):
    assert hands.session.look(now=True)
    assert not hands.session.look()


def test_make_safe_out_of_a_wait_stops_the_ramp(hands):
    hands.session = Session(hands.bench, hands.assembled.clock, hands.interruption.make_safe)
    hands.session.begin()
    with pytest.raises(StoppedError):
        hands.session.act("magnet.field", "Ramp", {"target_t": 4.0})
    assert hands.interruption.safe_was_asked()
    assert hands.session.make_safe() == ""
    assert hands.bench.role("magnet").is_at_rest()


def test_after_the_safe_state_the_guards_begin_dark(hands):
    hands.light()
    assert hands.session.make_safe() == ""
    hands.session.act("resonant_laser.shift", "Shift", {"delta_nm": 5.0})
    assert not hands.bench.role("shutter").is_open()


def test_what_must_be_done_by_hand_is_told():
    with Hands({"fault": "quench", "instrument": "ami430", "at_s": 60.0}) as hands:
        hands.session.begin()
        hands.assembled.clock.watch = None
        hands.assembled.clock.sleep_s(120.0)
        assert "magnet" in hands.session.make_safe()


def test_a_wish_to_leave_is_not_forgotten_by_a_safe_state():
    interruption = Interruption()
    interruption.make_safe()
    interruption.leave("asked to end")
    assert interruption.safe_was_asked()
    assert interruption.is_set()
    assert interruption.leaving


def test_after_a_safe_state_waits_are_possible_again():
    interruption = Interruption()
    interruption.make_safe()
    assert interruption.is_set()
    assert interruption.safe_was_asked()
    assert not interruption.is_set()
    assert not interruption.safe_was_asked()


def test_the_first_reason_to_leave_stays():
    interruption = Interruption()
    interruption.leave("a run wants the bench")
    interruption.set()
    assert interruption.why == "a run wants the bench"
