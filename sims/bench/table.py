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
from sims.bench.dot_light import MOST_CAMERA_SHIFTS, DetectionAt, DotLight, exposed_rates
from sims.bench.fluctuations import Fluctuations, grouped
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

    def lines(self, shift_mev: float = 0.0) -> Lines:
        """The dot's emission lines, all ``shift_mev`` away from their mean."""
        transitions = self.dot.transitions
        return Lines(transitions.energy_mev + shift_mev, transitions.fwhm_mev, transitions.stokes)


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
        self._fluctuations = Fluctuations(sample, rng.spawn(1)[0])
        self._dot_light = DotLight(self._fluctuations, sample.spectral_diffusion.jump_mev, rng)
        self.stray_light_hz = 0.0
        """Counts that light from outside the experiment makes on each detector (an open door); 0 in a dark room."""
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
        """Mean photo-electrons per camera pixel, (n_pixels,), of an exposure that begins now.

        Blinking and spectral jumps are those of the exposure's seconds.
        """
        camera = self.config.camera
        photons = np.zeros(camera.n_pixels)
        if look.response is not None:
            photons += self._dot_on_camera(look, look.response, exposure_s)
        for light in look.scatter:
            rate = light.photons_per_cycle() / (look.cycle.period_ns * 1e-9)
            passed = detection.scattered_before_spectrograph(look.state, self.config, light.lines)
            photons += rate * passed @ detection.camera_share(look.state, self.config, light.lines, laser=True)
        return photons * camera.quantum_efficiency * exposure_s

    def _dot_on_camera(self, look: Look, response: Response, exposure_s: float) -> npt.NDArray[np.float64]:
        """Photons a second from the dot on each pixel, (n_pixels,), mean over the exposure."""
        begin_s = self.clock.now_s()
        try:
            shifts, shares = self._fluctuations.exposure(begin_s, begin_s + exposure_s)
        except ValueError as error:
            raise TableError(str(error)) from error
        passed = detection.before_spectrograph(look.state, self.config, look.lines())
        photons = np.zeros(self.config.camera.n_pixels)
        for shift, share in zip(*grouped(shifts, shares, MOST_CAMERA_SHIFTS)[:2], strict=True):
            rates = share * exposed_rates(response, float(shift)) * passed
            lines = look.lines(float(shift))
            photons += rates @ detection.camera_share(look.state, self.config, lines, laser=False)
        return photons

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
        pulses = detectors.clicks(photons, duration_ps, spads, self._rng)
        return dict(zip(self.wiring.tagger.detectors, pulses, strict=True))

    def _photons(self, look: Look, duration_ps: int, begin_ps: int) -> list[Times]:
        """Photons that fire each detector, sorted, in [0, duration_ps): the dot's and the laser's."""
        cycle_ps = look.cycle.period_ns * 1000
        # The record begins somewhere inside a cycle: simulate from the start of that cycle and cut.
        lead_ps = round(begin_ps % cycle_ps)
        found: list[list[Times]] = [[], []]
        if look.response is not None:
            found = [
                [times] for times in self._dot_photons(look, look.response, duration_ps + lead_ps, begin_ps - lead_ps)
            ]
        for light in look.scatter:
            passed = detection.scattered_before_spectrograph(look.state, self.config, light.lines)
            passed = passed * detection.slit_share(look.state, self.config, light.lines, laser=True)
            for i, reach in enumerate(self._reach()):
                share = float(passed[0] * reach)
                found[i].append(_scattered_photons(light, share, cycle_ps, duration_ps + lead_ps, self._rng))
        if self.stray_light_hz > 0:
            for i in (0, 1):
                number = self._rng.poisson(self.stray_light_hz * duration_ps / PS_PER_S)
                stray = self._rng.integers(0, max(duration_ps, 1), size=number, dtype=np.int64)
                found[i].append(stray + lead_ps)
        merged = [np.sort(np.concatenate([*parts, np.empty(0, dtype=np.int64)])) - lead_ps for parts in found]
        return [times[(times >= 0) & (times < duration_ps)] for times in merged]

    def _dot_photons(self, look: Look, response: Response, duration_ps: int, begin_ps: int) -> list[Times]:
        """The dot's photons on each detector in [0, duration_ps) after ``begin_ps``, the start of a cycle."""
        passed = detection.before_spectrograph(look.state, self.config, look.lines())
        reach = np.array(self._reach())

        def at_shift_mev(shift_mev: float) -> npt.NDArray[np.float64]:
            slit = detection.slit_share(look.state, self.config, look.lines(shift_mev), laser=False)
            return np.asarray(reach[:, None] * (passed * slit)[None, :], dtype=np.float64)

        if not np.any(at_shift_mev(0.0) > 0):
            return [np.empty(0, dtype=np.int64) for _ in reach]
        try:
            return self._dot_light.photons(response, DetectionAt(at_shift_mev), begin_ps, duration_ps)
        except ValueError as error:  # more photons a cycle, or jumps a record, than the dot is solved for
            raise TableError(str(error)) from error

    def _reach(self) -> list[float]:
        """Chance that a photon behind the slit fires each detector."""
        spads = (self.config.spad_1, self.config.spad_2)
        return [detection.spad_share(i, spad, self.config) for i, spad in enumerate(spads)]

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
