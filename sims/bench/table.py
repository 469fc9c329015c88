"""The optical table: joins the instruments' states with the dot and gives what cameras and detectors see.

Every look takes the instruments as they stand at that moment. Everything random comes from the one generator.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from sims.bench import detection, detectors
from sims.bench.clock import VirtualClock
from sims.bench.config import TableConfig, Wiring
from sims.bench.detection import Lines, Scatter
from sims.bench.detectors import Times
from sims.bench.illumination import TableError, build_cycle, power_at_sample_w
from sims.bench.models import Models
from sims.bench.state import BenchState, read_state
from sims.dot.response import Dot, Response
from sims.dot.sample import Sample
from sims.dot.stimulus import Cycle, Environment

Key = TypeVar("Key")
Value = TypeVar("Value")

PS_PER_S = 1e12
MAX_SCATTERED = 1e8
"""Laser photons on one detector in one record; far above what a real one survives."""


class _Recent(Generic[Key, Value]):
    """The last few results of an expensive pure function."""

    def __init__(self, make: Callable[[Key], Value], size: int) -> None:
        self._make = make
        self._size = size
        self._kept: OrderedDict[Key, Value] = OrderedDict()

    def get(self, key: Key) -> Value:
        if key not in self._kept:
            self._kept[key] = self._make(key)
        self._kept.move_to_end(key)
        while len(self._kept) > self._size:
            self._kept.popitem(last=False)
        return self._kept[key]


@dataclass(frozen=True)
class Train:
    """Regular pulses on a cable at ``phase_ps`` + k · ``period_ps`` of the virtual clock."""

    period_ps: float
    phase_ps: float

    def first_after(self, start_ps: int) -> float:
        """Time from ``start_ps`` to the first pulse at or after it."""
        return (self.phase_ps - start_ps) % self.period_ps

    def count(self, start_ps: int, duration_ps: int) -> int:
        """Number of pulses in [start_ps, start_ps + duration_ps)."""
        return max(0, int(np.ceil((duration_ps - self.first_after(start_ps)) / self.period_ps)))

    def times(self, start_ps: int, duration_ps: int) -> Times:
        """Pulses in [start_ps, start_ps + duration_ps), relative to ``start_ps``."""
        ticks = np.arange(self.count(start_ps, duration_ps)) * self.period_ps + self.first_after(start_ps)
        return np.asarray(np.rint(ticks), dtype=np.int64)


@dataclass(frozen=True)
class Look:
    """The table at one moment: instruments, cycle at the dot, the dot's answer (None in the dark)."""

    state: BenchState
    cycle: Cycle
    dot: Dot
    response: Response | None
    scatter: tuple[Scatter, ...]
    trains: dict[int, Train]  # by input of the time controller

    def lines(self) -> Lines:
        """The dot's emission lines."""
        transitions = self.dot.transitions
        return Lines(transitions.energy_mev, transitions.fwhm_mev, transitions.stokes)


class OpticalTable:
    """One table with one dot on it. Safe to call from several threads."""

    def __init__(
        self,
        models: Models,
        sample: Sample,
        config: TableConfig,
        wiring: Wiring,
        rng: np.random.Generator,
        clock: VirtualClock,
    ) -> None:
        self.config = config
        self.wiring = wiring
        self.clock = clock
        self.sample = sample
        self._models = models
        self._rng = rng
        self._lock = threading.RLock()
        self._dots: _Recent[Environment, Dot] = _Recent(lambda environment: Dot(sample, environment), size=8)
        self._responses: _Recent[tuple[Environment, Cycle], Response] = _Recent(
            lambda key: self._dots.get(key[0]).respond(key[1]), size=8
        )

    def look(self) -> Look:
        """Read every instrument and work out what the dot does. Raises TableError for settings beyond the model."""
        with self._lock:
            state = read_state(self._models)
            cycle = build_cycle(state, self.config, self.wiring)
            # Rounded so that a regulated temperature does not make a new dot of every read-out.
            environment = Environment(round(state.temperature_k, 2), (0.0, 0.0, round(state.field_t, 6)))
            lit = bool(cycle.pulses) or any(segment.lights for segment in cycle.segments)
            return Look(
                state=state,
                cycle=cycle,
                dot=self._dots.get(environment),
                response=self._responses.get((environment, cycle)) if lit else None,
                scatter=tuple(detection.scatter(state, cycle, self.config)),
                trains=self._trains(state),
            )

    def incident_power_w(self) -> float:
        """Average power on the power meter at the pick-off before the objective."""
        with self._lock:
            state = read_state(self._models)
            path = self.config.excitation
            at_sample = power_at_sample_w(build_cycle(state, self.config, self.wiring))
            return at_sample / path.objective_transmission * path.pick_off_ratio

    def camera_frame(self, exposure_s: float) -> Times:
        """One exposure starting now: counts per pixel, shape (n_pixels,), int64. The clock advances by it."""
        with self._lock:
            expected = self.expected_electrons(self.look(), exposure_s)
            camera = self.config.camera
            electrons = self._rng.poisson(expected + camera.dark_electrons_per_s * exposure_s)
            read = self._rng.normal(0.0, camera.read_noise_electrons, size=camera.n_pixels)
            counts = np.rint(camera.bias_counts + (electrons + read) / camera.electrons_per_count)
            self.clock.advance(exposure_s)
            return np.clip(counts, 0, camera.saturation_counts).astype(np.int64)

    def expected_electrons(self, look: Look, exposure_s: float) -> npt.NDArray[np.float64]:
        """Mean photo-electrons per camera pixel, shape (n_pixels,), with the blinking of one exposure drawn."""
        camera = self.config.camera
        photons = np.zeros(camera.n_pixels)
        if look.response is not None:
            bright = look.response.exposure_brightness(exposure_s, self._rng)
            lines = look.lines()
            rates = look.response.rates() * detection.before_spectrograph(look.state, self.config, lines)
            photons += bright * rates @ detection.camera_share(look.state, self.config, lines, laser=False)
        for light in look.scatter:
            rate = light.photons_per_cycle() / (look.cycle.period_ns * 1e-9)
            passed = detection.scattered_before_spectrograph(look.state, self.config, light.lines)
            photons += rate * passed @ detection.camera_share(look.state, self.config, light.lines, laser=True)
        return photons * camera.quantum_efficiency * exposure_s

    def wavelength_edges_nm(self, look: Look) -> npt.NDArray[np.float64]:
        """True wavelengths at the borders of the camera's pixels, shape (n_pixels + 1,)."""
        return detection.camera_edges_nm(look.state, self.config)

    def record(self, duration_s: float, look: Look | None = None, start_ps: int | None = None) -> dict[int, Times]:
        """Pulses of both detectors by input of the time controller, int64 ps from the record's start, sorted.

        Without ``start_ps`` the record starts now and the clock advances by ``duration_s``; a caller that keeps the
        time itself (the time controller) gives the look and the start, ps of the virtual clock.
        """
        with self._lock:
            look = look or self.look()
            begin_ps = self.now_ps() if start_ps is None else start_ps
            pulses = self._detector_pulses(look, duration_s, begin_ps)
            if start_ps is None:
                self.clock.advance(duration_s)
            return pulses

    def now_ps(self) -> int:
        """The virtual clock in picoseconds."""
        return self.clock.now_ns() * 1000

    def _detector_pulses(self, look: Look, duration_s: float, begin_ps: int) -> dict[int, Times]:
        duration_ps = round(duration_s * PS_PER_S)
        photons = self._photons(look, duration_ps, begin_ps)
        spads = (self.config.spad_1, self.config.spad_2)
        inputs = self.wiring.tagger.detectors
        return {
            channel: detectors.clicks(times, duration_ps, spad, self._rng)
            for channel, times, spad in zip(inputs, photons, spads, strict=True)
        }

    def _photons(self, look: Look, duration_ps: int, begin_ps: int) -> list[Times]:
        """Photons that fire each detector, sorted, in [0, duration_ps): the dot's and the laser's."""
        spads = (self.config.spad_1, self.config.spad_2)
        shares = np.array([detection.spad_share(i, spad, self.config) for i, spad in enumerate(spads)])
        cycle_ps = look.cycle.period_ns * 1000
        # The record begins somewhere inside a cycle: simulate from the start of that cycle and cut.
        lead_ps = round(begin_ps % cycle_ps)
        found: list[list[Times]] = [[], []]
        if look.response is not None:
            lines = look.lines()
            passed = detection.before_spectrograph(look.state, self.config, lines)
            passed = passed * detection.slit_share(look.state, self.config, lines, laser=False)
            if np.any(passed > 0):
                seconds = (duration_ps + lead_ps) / PS_PER_S
                try:
                    times, detector = look.response.sample_photons(
                        shares[:, None] * passed[None, :], seconds, self._rng, -lead_ps
                    )
                except ValueError as error:  # more photons a cycle than the dot's statistics are exact for
                    raise TableError(str(error)) from error
                found = [[times[detector == i]] for i in (0, 1)]
        for light in look.scatter:
            passed = detection.scattered_before_spectrograph(look.state, self.config, light.lines)
            passed = passed * detection.slit_share(look.state, self.config, light.lines, laser=True)
            for i in (0, 1):
                share = float(passed[0] * shares[i])
                found[i].append(_scattered_photons(light, share, cycle_ps, duration_ps + lead_ps, self._rng) - lead_ps)
        merged = [np.sort(np.concatenate([*parts, np.empty(0, dtype=np.int64)])) for parts in found]
        return [times[(times >= 0) & (times < duration_ps)] for times in merged]

    def _trains(self, state: BenchState) -> dict[int, Train]:
        """The trigger and the divided trigger on the time controller's inputs."""
        if state.trigger_period_s is None:
            return {}
        period_ps = round(state.trigger_period_s * PS_PER_S, 3)
        cables, tagger = self.config.cables, self.wiring.tagger
        trains = {tagger.trigger: Train(period_ps, cables.trigger_delay_ns * 1000)}
        gate = state.gate(self.wiring.gates.probe)
        if state.opens(gate):
            phase_ps = gate.delay_s * PS_PER_S + cables.divided_trigger_delay_ns * 1000
            trains[tagger.divided_trigger] = Train(period_ps * gate.divider, phase_ps)
        return trains


def _scattered_photons(
    light: Scatter, share: float, cycle_ps: float, duration_ps: int, rng: np.random.Generator
) -> Times:
    """Detected laser photons, unsorted, in [0, duration_ps) of cycles that start at 0: Poisson, following the cycle."""
    weights = [(stop - start) * 1e-9 * rate for start, stop, rate in light.rate_hz] + [n for _, n in light.bursts]
    starts = [start for start, _, _ in light.rate_hz] + [time for time, _ in light.bursts]
    lengths = [stop - start for start, stop, _ in light.rate_hz] + [0.0] * len(light.bursts)
    total = sum(weights)
    n_cycles = int(np.ceil(duration_ps / cycle_ps))
    if share * total * n_cycles > MAX_SCATTERED:
        raise TableError(
            f"laser light floods a detector ({share * total / cycle_ps * PS_PER_S:.2g} photons a second): move the "
            "spectrograph off the laser, narrow the slit, or attenuate"
        )
    n = int(rng.poisson(share * total * n_cycles)) if total > 0 else 0
    which = rng.choice(len(weights), size=n, p=np.array(weights) / total) if n else np.empty(0, dtype=np.int64)
    in_cycle_ps = (np.array(starts)[which] + np.array(lengths)[which] * rng.random(n)) * 1000
    times = np.rint(rng.integers(0, n_cycles, size=n) * cycle_ps + in_cycle_ps).astype(np.int64)
    return times[times < duration_ps]
