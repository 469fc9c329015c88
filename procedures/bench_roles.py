"""The bench as an experiment sees it: every role by its name and type, light and microwave behind their guards."""

from typing import ClassVar, TypeVar, cast

from instruments.bench import Bench
from instruments.interlock_watch import InterlockWatch
from instruments.roles import (
    Camera,
    GateGenerator,
    MicrowaveSource,
    PulsedSource,
    Rotator,
    Shutter,
    Spectrograph,
    TimeTagger,
    TunableLaser,
)
from procedures.guards import GuardedMicrowave, GuardedShutter, guarded

Role = TypeVar("Role")


class BenchRoles:
    """Roles of the attached bench. ``NEEDS``: those that the experiment asks for."""

    NEEDS: ClassVar[tuple[str, ...]]

    bench: Bench
    _interlocks: InterlockWatch | None = None
    _beam_shutter: GuardedShutter | None = None
    _microwave: GuardedMicrowave | None = None

    @property
    def light_blocked(self) -> bool:
        """True when the beam shutter must stay closed through the whole run."""
        return False

    @property
    def microwave_blocked(self) -> bool:
        """True when the microwave must stay off through the whole run."""
        return False

    def _take_bench(self, bench: Bench, interlocks: InterlockWatch | None) -> None:
        self.bench, self._interlocks = bench, interlocks
        self._beam_shutter, self._microwave = None, None

    def _before_light(self) -> None:
        if self._interlocks is not None:
            self._interlocks.before_light()
        elif "pulse_source" in self.NEEDS:
            self.pulse_source.assert_mode_locked()

    def _role(self, name: str, kind: type[Role]) -> Role:
        player = self.bench.role(name)
        if issubclass(kind, TunableLaser):
            player = guarded(player, self.beam_shutter)
        return cast(Role, player)

    @property
    def readout_laser(self) -> TunableLaser:
        """The pulsed, non-resonant laser (read-out, g2, reset)."""
        return self._role("readout_laser", TunableLaser)  # type: ignore[type-abstract]

    @property
    def resonant_laser(self) -> TunableLaser:
        """The narrow laser that addresses one line."""
        return self._role("resonant_laser", TunableLaser)  # type: ignore[type-abstract]

    @property
    def pulse_source(self) -> PulsedSource:
        """The mode-locked oscillator that clocks the bench."""
        return self._role("pulse_source", PulsedSource)  # type: ignore[type-abstract]

    @property
    def beam_shutter(self) -> GuardedShutter:
        """The shutter in the common excitation path; opens after a look at the interlocks only."""
        if self._beam_shutter is None:
            shutter = self._role("shutter", Shutter)  # type: ignore[type-abstract]
            self._beam_shutter = GuardedShutter(shutter, self._before_light, blocked=self.light_blocked)
        return self._beam_shutter

    @property
    def excitation_quarter_wave(self) -> Rotator:
        """Quarter-wave plate that sets the helicity of the excitation."""
        return self._role("excitation_quarter_wave", Rotator)  # type: ignore[type-abstract]

    @property
    def analyser_quarter_wave(self) -> Rotator:
        """Quarter-wave plate of the analyser."""
        return self._role("analyser_quarter_wave", Rotator)  # type: ignore[type-abstract]

    @property
    def analyser_half_wave(self) -> Rotator:
        """Half-wave plate of the analyser."""
        return self._role("analyser_half_wave", Rotator)  # type: ignore[type-abstract]

    @property
    def spectrograph(self) -> Spectrograph:
        """The grating spectrograph."""
        return self._role("spectrograph", Spectrograph)  # type: ignore[type-abstract]

    @property
    def camera(self) -> Camera:
        """The camera at its front exit."""
        return self._role("camera", Camera)  # type: ignore[type-abstract]

    @property
    def time_tagger(self) -> TimeTagger:
        """The time-to-digital converter of the photon counters."""
        return self._role("time_tagger", TimeTagger)  # type: ignore[type-abstract]

    @property
    def gates(self) -> GateGenerator:
        """The delay generator that gates light and microwave."""
        return self._role("gates", GateGenerator)  # type: ignore[type-abstract]

    @property
    def microwave(self) -> GuardedMicrowave:
        """The microwave generator; remembers whether it is on, and stays off where a control says so."""
        if self._microwave is None:
            source = self._role("microwave", MicrowaveSource)  # type: ignore[type-abstract]
            self._microwave = GuardedMicrowave(source, blocked=self.microwave_blocked)
        return self._microwave
