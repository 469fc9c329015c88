"""Watching the interlocks of one run: before it, at its checkpoints, in its waits, before light, after it."""

from collections.abc import Iterable

from instruments.bench import Bench
from instruments.errors import BenchError
from instruments.interlocks import Circumstances, read_interlocks, require

INTERVAL_S = 5.0
"""Bench time between two looks at checkpoints and in waits."""
ALWAYS_WATCHED = ("shutter", "magnet", "magnet_thermometer", "cryostat", "positioner")
"""Watched in every run, whether it asks for them or not: what can hurt people, magnet or sample."""


class InterlockWatch:
    """Raises InterlockError as soon as an interlock is violated. ``wanted_k``: set it once that temperature is reached.

    ``needs``: roles of the experiment; lasers and detectors that it does not use are not watched.
    """

    def __init__(self, bench: Bench, needs: Iterable[str], interval_s: float = INTERVAL_S) -> None:
        watched = {*needs, *ALWAYS_WATCHED}
        self._bench = bench
        self._roles = {name: bench.role(name) for name in bench.roles() if name in watched}
        self._interval_s = interval_s
        self._last_s: float | None = None
        self._last_count_s: float | None = None
        self._looking = False
        self.wanted_k: float | None = None

    def before_run(self) -> None:
        """Everything that has nothing to do with light: faults, loops, quench, alarm, temperatures."""
        self._look(light=False, counting=False)

    def before_light(self) -> None:
        """With the shutter still closed: lasers settled and mode-locked, detectors dark."""
        self._look(light=True, counting=True)

    def at_checkpoint(self) -> None:
        """Everything, if the last look is old enough. Between two steps of an experiment nothing moves."""
        if self._is_due(self._last_s) or self._is_due(self._last_count_s):
            light = self._is_light()
            self._look(light=light, counting=light)

    def while_waiting(self) -> None:
        """All but the detectors, which may be recording; the magnet may be on its way."""
        if self._is_due(self._last_s):
            self._look(light=self._is_light(), counting=False, resting=False)

    def after_run(self) -> None:
        """Once more after the last point: the lasers have to have pulsed until then."""
        self._look(light=True, counting=False)

    def _is_due(self, last_s: float | None) -> bool:
        """Counting has a time of its own: a wait, in which nothing is counted, must not put it off."""
        if self._looking:  # a look itself waits
            return False
        return last_s is None or self._bench.clock.now_s() - last_s >= self._interval_s

    def _look(self, *, light: bool, counting: bool, resting: bool = True) -> None:
        self._looking = True
        try:
            now = Circumstances(
                light=light,
                resting=resting,
                counting=counting,
                wanted_k=self.wanted_k,
                detectors=self._bench.wiring.tagger.detectors,
            )
            readings = read_interlocks(self._roles, self._bench.limits, now)
        finally:
            self._looking = False
            self._last_s = self._bench.clock.now_s()
            if counting or not light:
                self._last_count_s = self._last_s
        require(readings)

    def _is_light(self) -> bool:
        """Whether light may reach the sample; a shutter that cannot be asked counts as open."""
        if "shutter" not in self._roles:
            return True
        self._looking = True
        try:
            return bool(self._roles["shutter"].is_open())
        except BenchError:
            return True
        finally:
            self._looking = False
