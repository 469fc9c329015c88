"""The truth of the simulated optical table: what an experimenter would have to calibrate.

A station file's ``table:`` section overrides any of these values. Wavelengths are in vacuum.
"""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class WavePlate(_Part):
    """A wave plate in its rotation mount."""

    retardance_waves: float = Field(default=0.25, gt=0.0, lt=1.0, description="retardance at the design wavelength")
    design_wavelength_nm: float = Field(default=600.0, gt=100.0, lt=5000.0)
    offset_deg: float = Field(default=0.0, ge=-180.0, le=180.0, description="fast axis when the mount reads 0")


class ExcitationPath(_Part):
    """From the lasers to the dot.

    The transmissions stand for deliberate attenuation: they put mean pair numbers near 0.3 a pulse (OPO, 560 nm)
    and saturation parameters near 2 (C-WAVE, on resonance) on the default sample when a modulator sees 5 V.
    """

    opo_transmission: float = Field(
        default=4e-4, gt=0.0, le=1.0, description="OPO output to the pick-off, modulator open"
    )
    cwave_transmission: float = Field(
        default=2.5e-6, gt=0.0, le=1.0, description="C-WAVE output to the pick-off, modulator open"
    )
    modulator_extinction: float = Field(default=1e-6, ge=0.0, le=1.0, description="power passed by a closed modulator")
    modulator_full_v: float = Field(default=5.0, gt=0.0, description="level of full transmission")
    polariser_extinction: float = Field(default=1e-5, ge=0.0, le=1.0)
    quarter_wave: WavePlate = WavePlate(retardance_waves=0.249, offset_deg=0.3)
    pick_off_ratio: float = Field(
        default=0.04, gt=0.0, lt=1.0, description="share sent to the power meter (a glass wedge)"
    )
    objective_transmission: float = Field(default=0.8, gt=0.0, le=1.0)
    microwave_field_mt_per_sqrt_w: float = Field(
        default=6.0, ge=0.0, le=1e4, description="peak microwave field at the dot for 1 W at the generator"
    )


class CollectionPath(_Part):
    """From the dot to the entrance slit."""

    efficiency: float = Field(default=0.10, gt=0.0, le=1.0, description="collected by the objective times its optics")
    quarter_wave: WavePlate = WavePlate(retardance_waves=0.24, offset_deg=0.8)
    half_wave: WavePlate = WavePlate(retardance_waves=0.497, offset_deg=-0.4)
    polariser_extinction: float = Field(default=1e-4, ge=0.0, le=1.0)
    laser_scatter: float = Field(
        default=1e-5,
        ge=0.0,
        le=1.0,
        description="share of the laser at the sample that returns into the collected beam",
    )


class SpectrographTruth(_Part):
    """The spectrograph behind its entrance slit."""

    throughput: float = Field(default=0.5, gt=0.0, le=1.0)
    resolution_nm: float = Field(
        default=0.03, gt=0.0, le=50.0, description="full width of a line as the entrance slit images it"
    )
    centre_offset_nm: float = Field(
        default=0.0, ge=-10.0, le=10.0, description="true minus indicated centre wavelength"
    )
    stray_light: float = Field(default=1e-6, ge=0.0, le=1.0, description="laser light that reaches a wrong wavelength")


class SpadTruth(_Part):
    """One single-photon avalanche diode (class of Excelitas and MPD modules)."""

    efficiency: float = Field(default=0.65, gt=0.0, le=1.0)
    dark_counts_hz: float = Field(default=250.0, ge=0.0, le=1e7)
    dead_time_ns: float = Field(default=24.0, ge=0.0, le=1e6)
    jitter_sigma_ns: float = Field(default=0.15, ge=0.0, le=100.0, description="Gaussian core")
    jitter_tail_ns: float = Field(
        default=0.25, ge=0.0, le=100.0, description="mean of the exponential tail to later times"
    )
    jitter_tail_fraction: float = Field(default=0.3, ge=0.0, le=1.0, description="share of clicks that are in the tail")
    afterpulse_probability: float = Field(default=0.017, ge=0.0, le=0.9)
    cable_delay_ns: float = Field(default=0.0, ge=0.0, le=1e6)


class CameraTruth(_Part):
    """A deep-cooled silicon camera, binned on the chip over its full height."""

    n_pixels: int = Field(default=1340, ge=2, le=10_000)
    pixel_um: float = Field(default=20.0, gt=0.0)
    quantum_efficiency: float = Field(default=0.9, gt=0.0, le=1.0)
    electrons_per_count: float = Field(default=1.0, gt=0.0)
    read_noise_electrons: float = Field(default=4.0, ge=0.0, le=1e4)
    dark_electrons_per_s: float = Field(default=0.1, ge=0.0, le=1e6, description="per binned column")
    bias_counts: float = Field(default=600.0, ge=0.0, le=60_000.0)
    saturation_counts: int = Field(default=65_535, ge=1)


class TaggerCables(_Part):
    """Cables into the time controller; the SPADs' own are theirs."""

    trigger_delay_ns: float = Field(default=0.0, ge=0.0, le=1e6, description="T0 to input 3")
    divided_trigger_delay_ns: float = Field(default=0.0, ge=0.0, le=1e6, description="gate output to input 4")
    beam_splitter_ratio: float = Field(default=0.5, gt=0.0, lt=1.0, description="share that goes to SPAD 1")


class TableConfig(_Part):
    """All of the table."""

    excitation: ExcitationPath = ExcitationPath()
    collection: CollectionPath = CollectionPath()
    spectrograph: SpectrographTruth = SpectrographTruth()
    spad_1: SpadTruth = SpadTruth()
    spad_2: SpadTruth = SpadTruth(cable_delay_ns=3.7, dead_time_ns=28.0)
    camera: CameraTruth = CameraTruth()
    cables: TaggerCables = TaggerCables()


GateName = Literal["AB", "CD", "EF", "GH"]


class GateWiring(_Part):
    """Which output of the delay generator drives what."""

    pump: GateName = "AB"  # modulator of the C-WAVE
    readout: GateName = "CD"  # pulse picker behind the OPO
    microwave: GateName = "EF"  # pulse modulation of the generator
    probe: GateName = "GH"  # modulator of the C-WAVE too; also the divided trigger


class TaggerWiring(_Part):
    """Which input of the time controller carries what."""

    detectors: tuple[int, int] = (1, 2)
    trigger: int = 3
    divided_trigger: int = 4

    @model_validator(mode="after")
    def _one_cable_each(self) -> Self:
        inputs = [*self.detectors, self.trigger, self.divided_trigger]
        if len(set(inputs)) != len(inputs) or not set(inputs) <= {1, 2, 3, 4}:
            raise ValueError(f"wiring: time controller inputs {inputs} must be different and between 1 and 4")
        return self


class Wiring(_Part):
    """The ``wiring:`` section of a station file, as the table follows it."""

    gates: GateWiring = GateWiring()
    tagger: TaggerWiring = TaggerWiring()
