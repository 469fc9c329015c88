"""Parameters that all spin experiments share: which line, which pulses, how the resonance is found."""

from typing import ClassVar

from procedures.experiment import FloatParameter, IntegerParameter, ListParameter, OpticalExperiment
from procedures.light import ANALYSER_ROLES, LIGHT_ROLES


class SpinParameters(OpticalExperiment):
    """Roles and parameters of the experiments that pump one line with the narrow laser."""

    NEEDS: ClassVar[tuple[str, ...]] = (
        *LIGHT_ROLES,
        *ANALYSER_ROLES,
        "resonant_laser",
        "camera",
        "time_tagger",
        "cryostat",
        "magnet",
    )

    line = ListParameter(
        "Line to pump, in sigma+",
        description="at 4 K flips out of it must go downhill",
        choices=["highest", "lowest"],
        default="highest",
    )
    replica_offset = FloatParameter(
        "Phonon energy of the detected replica",
        description="of the longitudinal-optical phonon: fluorescence is counted this far below the laser",
        units="meV",
        default=26.0,
        minimum=5.0,
        maximum=100.0,
    )
    exit_slit = FloatParameter(
        "Exit slit",
        description="wide: the replica of the whole multiplet passes",
        units="um",
        default=3000.0,
        minimum=10.0,
        maximum=3000.0,
    )
    reset_time = FloatParameter(
        "Reset",
        description="pulses above the gap that make all spin states equally likely again; 0: none",
        units="ns",
        default=1200.0,
        minimum=0.0,
        maximum=1e6,
    )
    pump_time = FloatParameter(
        "Pump",
        description="resonant light that empties the state of one line; several pumping times long",
        units="ns",
        default=1000.0,
        minimum=50.0,
        maximum=1e6,
    )
    probe_time = FloatParameter(
        "Probe",
        description="the same light again: it asks whether the state is still empty",
        units="ns",
        default=200.0,
        minimum=20.0,
        maximum=1e6,
    )
    reset_level = FloatParameter(
        "Modulator level of the reset",
        description="transmission sin²(π/2 · V/5 V): 5 V lets all light through",
        units="V",
        default=5.0,
        minimum=0.5,
        maximum=5.0,
    )
    pump_level = FloatParameter(
        "Modulator level of pump and probe",
        description="transmission sin²(π/2 · V/5 V); stronger light pumps faster and broadens the line",
        units="V",
        default=5.0,
        minimum=0.5,
        maximum=5.0,
    )
    pump_detuning = FloatParameter(
        "Detuning of the pump from the line",
        description="from the resonance found by the scan; positive: blue",
        units="meV",
        default=0.0,
        minimum=-50.0,
        maximum=50.0,
    )
    expected_spacing = FloatParameter(
        "Line spacing the sample should have",
        description="to refuse a laser too broad for it before anything moves",
        units="meV",
        default=1.0,
        minimum=0.01,
        maximum=50.0,
    )
    spectrum_exposure = FloatParameter(
        "Exposure time of the spectrum",
        description="of the spectrum that shows the lines before pumping",
        units="s",
        default=5.0,
        minimum=0.01,
        maximum=3600.0,
    )
    scan_half_width = FloatParameter(
        "Half width of the scan for the resonance",
        description="of the narrow laser over the line; never as far as the next line",
        units="meV",
        default=0.35,
        minimum=0.01,
        maximum=5.0,
    )
    scan_points = IntegerParameter(
        "Points of the scan", description="over the line, evenly spaced", default=21, minimum=7, maximum=201
    )
    scan_time = FloatParameter(
        "Counting time per scan point",
        description="longer for a faint dot: the scan must show the line beyond doubt",
        units="s",
        default=1.0,
        minimum=0.01,
        maximum=600.0,
    )
