"""Records, histograms, counters and reference links of the time controller."""

from typing import Any

import numpy as np
import pytest

from sims.bench.table import Train
from sims.bench.time_controller import MINIMUM_GAP_PS, HistogramSettings, RecordError, TimeController

MS = 10**9


def controller_with(fake_table: Any, events: Any = None, **keywords: Any) -> tuple[Any, TimeController]:
    table = fake_table(events, **keywords)
    controller = TimeController(table)
    controller.record.enabled = True
    return table, controller


def received(controller: TimeController, channel: int) -> list[tuple[list[int], list[int]]]:
    tags = []
    controller.raws[channel].send = True
    controller.attach(channel, lambda times, index: tags.append((times.tolist(), index.tolist())))
    return tags


def test_a_record_starts_now_and_ends_on_the_clock(fake_table: Any) -> None:
    table, controller = controller_with(fake_table)
    controller.record.width_ps = 10 * MS
    table.clock.advance(1.0)
    controller.play()
    assert controller.is_playing()
    table.clock.advance(0.009)
    assert controller.is_playing()
    table.clock.advance(0.001)
    assert not controller.is_playing()


def test_tags_count_from_the_start_of_the_record(fake_table: Any) -> None:
    table, controller = controller_with(fake_table, {1: [2 * MS, 5 * MS + 7, 20 * MS]})
    tags = received(controller, 1)
    controller.record.width_ps = 10 * MS
    table.clock.advance(0.001)
    controller.play()
    table.clock.advance(1.0)
    controller.settle()
    assert tags == [([1 * MS, 4 * MS + 7], [0, 0])]


def test_a_stopped_record_keeps_what_it_has(fake_table: Any) -> None:
    table, controller = controller_with(fake_table, {1: [MS, 3 * MS, 5 * MS]})
    tags = received(controller, 1)
    controller.play()
    table.clock.advance(0.004)
    controller.stop()
    assert tags == [([MS, 3 * MS], [0, 0])]
    assert not controller.is_playing()


def test_a_series_repeats_at_its_period_and_each_record_has_its_own_zero(fake_table: Any) -> None:
    table, controller = controller_with(fake_table, {1: [MS, 3 * MS, 5 * MS]})
    tags = received(controller, 1)
    controller.record.number, controller.record.width_ps, controller.record.period_ps = 3, MS + 1, 2 * MS
    controller.play()
    table.clock.advance(0.0051)
    controller.settle()
    assert [times for times, _ in tags] == [[MS], [MS], [MS]]
    assert not controller.is_playing()


def test_an_endless_series_ends_by_stop(fake_table: Any) -> None:
    table, controller = controller_with(fake_table)
    tags = received(controller, 3)
    controller.record.number, controller.record.width_ps, controller.record.period_ps = None, MS, 2 * MS
    controller.play()
    table.clock.advance(0.0095)
    assert controller.is_playing()
    controller.stop()
    assert len(tags) == 5


def test_records_too_close_together_are_refused(fake_table: Any) -> None:
    _, controller = controller_with(fake_table)
    controller.record.number, controller.record.width_ps = 2, MS
    controller.record.period_ps = MS + MINIMUM_GAP_PS - 1
    with pytest.raises(RecordError, match="between them"):
        controller.play()


def test_a_disabled_generator_refuses(fake_table: Any) -> None:
    _, controller = controller_with(fake_table)
    controller.record.enabled = False
    with pytest.raises(RecordError, match="enable it"):
        controller.play()


def test_a_record_that_fails_is_over_and_tells_once(fake_table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    table, controller = controller_with(fake_table)
    received(controller, 1)

    def fail(*_: Any) -> None:
        raise RuntimeError("too bright")

    monkeypatch.setattr(table, "record", fail)
    controller.play()
    table.clock.advance(2.0)
    with pytest.raises(RuntimeError, match="too bright"):
        controller.settle()
    assert not controller.is_playing()


def test_a_channel_that_does_not_send_gives_nothing(fake_table: Any) -> None:
    table, controller = controller_with(fake_table, {1: [MS]})
    tags = received(controller, 1)
    controller.raws[1].send = False
    controller.play()
    table.clock.advance(2.0)
    controller.settle()
    assert tags == []


def test_trigger_tags_are_the_whole_train(fake_table: Any) -> None:
    table, controller = controller_with(fake_table, period_ps=MS)
    tags = received(controller, 3)
    controller.record.width_ps = 5 * MS
    table.clock.advance(0.0005)
    controller.play()
    table.clock.advance(1.0)
    controller.settle()
    assert tags[0][0] == [MS // 2 + k * MS for k in range(5)]


def test_a_reference_link_gives_delay_and_index_of_the_latest_reference(fake_table: Any) -> None:
    table, controller = controller_with(fake_table, {1: [100, MS + 300, 3 * MS + 5]}, period_ps=MS)
    tags = received(controller, 1)
    controller.raws[1].reference = 3
    controller.record.width_ps = 10 * MS
    controller.play()
    table.clock.advance(1.0)
    controller.settle()
    assert tags == [([100, 300, 5], [0, 1, 3])]


def histogram_of(
    fake_table: Any, reference: int | None, events: Any, *, start_s: float = 0.0, period_ps: int = 1000
) -> HistogramSettings:
    table, controller = controller_with(fake_table, events, period_ps=period_ps)
    histogram = controller.histograms[1]
    histogram.reference, histogram.stop, histogram.bin_width_ps, histogram.n_bins = reference, 1, 100, 8
    histogram.flush()
    controller.record.width_ps = MS
    table.clock.advance(start_s)
    controller.play()
    table.clock.advance(0.1)
    controller.settle()
    return histogram


def test_a_histogram_against_the_trigger_folds_the_times(fake_table: Any) -> None:
    histogram = histogram_of(fake_table, 3, {1: [50, 1050, 2150, 3799, 4900]})
    assert histogram.counts.tolist() == [2, 1, 0, 0, 0, 0, 0, 1]


def test_a_histogram_against_a_detector_takes_the_latest_start(fake_table: Any) -> None:
    histogram = histogram_of(fake_table, 2, {1: [5, 120, 500, 760], 2: [10, 450]})
    assert histogram.counts.tolist() == [1, 1, 0, 1, 0, 0, 0, 0]


def test_the_regular_train_and_the_written_out_one_agree(fake_table: Any) -> None:
    rng = np.random.default_rng(1)
    photons = np.sort(rng.integers(0, MS, size=2000)) + 10**6
    folded = histogram_of(fake_table, 3, {1: photons}, start_s=1e-6, period_ps=777)
    starts = Train(777, 0.0).times(10**6, MS) + 10**6
    explicit = histogram_of(fake_table, 2, {1: photons, 2: starts}, start_s=1e-6)
    np.testing.assert_array_equal(folded.counts, explicit.counts)
    assert folded.counts.sum() > 1900


def test_histograms_accumulate_until_flushed(fake_table: Any) -> None:
    table, controller = controller_with(fake_table, {1: [100, 2 * MS + 100]})
    histogram = controller.histograms[2]
    histogram.stop, histogram.n_bins = 1, 4
    histogram.flush()
    controller.record.width_ps = MS
    for _ in range(2):
        controller.play()
        table.clock.advance(0.002)
        controller.settle()
    assert histogram.counts.tolist() == [0, 2, 0, 0]
    histogram.flush()
    assert histogram.counts.sum() == 0


def test_an_input_delay_shifts_its_tags(fake_table: Any) -> None:
    table, controller = controller_with(fake_table, {1: [100]})
    tags = received(controller, 1)
    controller.inputs[1].delay_ps = 250
    controller.play()
    table.clock.advance(2.0)
    controller.settle()
    assert tags[0][0] == [350]


@pytest.mark.parametrize("change", [{"enabled": False}, {"threshold_v": 2.4}, {"threshold_v": -0.5}])
def test_an_input_that_sees_no_pulses_gives_no_tags_and_no_counts(fake_table: Any, change: dict[str, Any]) -> None:
    table, controller = controller_with(fake_table, {1: [MS, 2 * MS]})
    tags = received(controller, 1)
    for name, value in change.items():
        setattr(controller.inputs[1], name, value)
    controller.play()
    table.clock.advance(2.0)
    controller.settle()
    assert tags[0][0] == []
    assert controller.counter(1) == 0


def test_a_coarser_resolution_gives_coarser_units(fake_table: Any) -> None:
    table, controller = controller_with(fake_table, {1: [12_345]})
    tags = received(controller, 1)
    controller.resolution = "LOWRES"
    controller.play()
    table.clock.advance(2.0)
    controller.settle()
    assert (controller.resolution_ps, tags[0][0]) == (100, [123])


def test_a_cycling_counter_gives_the_last_complete_integration(fake_table: Any) -> None:
    table, controller = controller_with(fake_table, {1: [MS, 2 * MS, 11 * MS, 21 * MS]})
    controller.inputs[1].integration_ps = 10 * MS
    assert controller.counter(1) == 0
    table.clock.advance(0.012)
    assert controller.counter(1) == 2
    table.clock.advance(0.010)
    assert controller.counter(1) == 1


def test_both_detectors_are_counted_in_the_same_window_of_one_draw(fake_table: Any) -> None:
    table, controller = controller_with(fake_table, {1: [MS], 2: [MS]})
    table.clock.advance(1.0)
    assert (controller.counter(1), controller.counter(2)) == (1, 1)
    assert len(table.records) == 1


def test_an_accumulating_counter_adds_up_until_reset(fake_table: Any) -> None:
    table, controller = controller_with(fake_table, {1: [MS, 3 * MS, 5 * MS]})
    controller.inputs[1].counter_mode = "ACCUM"
    table.clock.advance(0.002)
    assert controller.counter(1) == 1
    table.clock.advance(0.004)
    assert controller.counter(1) == 3
    controller.reset_counter(1)
    assert controller.counter(1) == 0


def test_trigger_counts_are_exact(fake_table: Any) -> None:
    table, controller = controller_with(fake_table, period_ps=1_000_000)
    table.clock.advance(3.0)
    assert controller.counter(3) == 1_000_000


def test_tags_beyond_the_memory_are_lost_and_counted(fake_table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sims.bench.time_controller.MAX_TAGS", 100)
    table, controller = controller_with(fake_table, period_ps=MS)
    tags = received(controller, 3)
    controller.record.width_ps = 150 * MS
    controller.play()
    table.clock.advance(1.0)
    controller.settle()
    assert len(tags[0][0]) == 100
    assert controller.raws[3].lost == 50
