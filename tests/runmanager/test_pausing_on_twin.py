"""On the twin: a paused run is dark, its clock stands still, and it goes on as if nothing had been."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runfile.reader import RunFile
from runmanager import engine
from runmanager.engine import RunRequest
from runmanager.queue.live import LiveFeed
from runmanager.run_control import RunControl

SETTINGS = (("duration", "1"), ("batch", "0.25"), ("maximum_delay", "100"))


class PausingFeed(LiveFeed):
    """Asks for a pause after the second row, and for its end 0.2 s later; looks at the shutter meanwhile."""

    def __init__(self, control: RunControl, experiments: list[Any]) -> None:
        super().__init__(1, lambda event: None, wanted=lambda: False)
        self.control, self.experiments = control, experiments
        self.open_before: list[bool] = []
        self.open_while_paused: list[bool] = []
        self.n_rows = 0

    def row_recorded(self, group: str, values: Any) -> None:
        super().row_recorded(group, values)
        self.n_rows += 1
        if self.n_rows == 2:
            self.open_before.append(self.experiments[0].beam_shutter.is_open())
            self.control.pause.set()

    def paused(self, paused: bool) -> None:
        if paused:
            self.open_while_paused.append(self.experiments[0].beam_shutter.is_open())
            threading.Timer(0.2, self.control.pause.clear).start()


@pytest.mark.end_to_end
def test_paused_run_is_dark_and_goes_on_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    make = engine.make_experiment

    def keep(*arguments: Any) -> Any:
        made.append(make(*arguments))
        return made[-1]

    monkeypatch.setattr(engine, "make_experiment", keep)
    control = RunControl()
    feed = PausingFeed(control, made)
    outcome = engine.run(RunRequest("g2", twin=True, settings=SETTINGS, out=tmp_path), observer=feed, control=control)
    assert outcome.exit_status == "completed"
    assert feed.open_before == [True]
    assert feed.open_while_paused == [False]
    with RunFile(outcome.run_file) as recorded:
        assert recorded.table().n_points == 4
        tags = recorded.tags()
        photons_ps = tags.timestamps_ps[np.isin(tags.channel, (1, 2))]
        starts_ps = [*recorded.notes["pulses"]["batch_starts_ps"], np.inf]
        photons = np.histogram(photons_ps, starts_ps)[0]
        lines = [line for line in recorded.log if "pause" in line]
    assert len(lines) == 2
    assert (photons > 500).all()  # light in every batch, some 5,000 photons
    snapshot = feed.snapshot()
    assert snapshot is not None
    assert snapshot.table().n_points == 4
    assert snapshot.exit_status == "completed"
