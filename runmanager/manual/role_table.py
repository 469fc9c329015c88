"""What a person can read and set of each role: the roles' Protocols (instruments.roles) as rows of a panel.

Every method of every Protocol is either in a row here or in ``NOT_BY_HAND`` with the reason.
"""

from instruments import roles
from runmanager.manual.controls import Button, Field, Reading, Row

GHZ, MHZ, NS = 1e9, 1e6, 1e-9
LIGHT_LAST = "Refused while the beam shutter is open: light comes last."

_OUTPUT = Row(
    "output",
    "Output",
    Reading("output_is_open", words=("closed", "open")),
    buttons=(Button("Open", "open_output"), Button("Close", "close_output")),
    help=f"The laser's own shutter. {LIGHT_LAST}",
)
_TUNABLE_LASER = (
    Row(
        "wavelength",
        "Wavelength",
        Reading("wavelength_nm", "nm"),
        (Field("wavelength_nm", "to", "nm", limits_from="wavelength_range_nm"),),
        (Button("Tune", "tune", result_unit="nm"),),
        "In vacuum. Closes the beam shutter and the laser's output, tunes, waits for lock; both stay closed.",
    ),
    _OUTPUT,
    Row("width", "Spectral width", Reading("spectral_width_nm", "nm"), help="Full width at half maximum."),
)
_FINE_TUNING = (
    Row(
        "shift",
        "Fine shift",
        None,
        (Field("delta_nm", "by", "pm", 1e-3),),
        (Button("Shift", "shift", result_unit="pm", result_factor=1e-3),),
        "Behind the closed beam shutter; told is the total since the last tuning.",
    ),
)
_PULSED_SOURCE = (
    Row("rate", "Pulse rate", Reading("repetition_rate_hz", "MHz", MHZ)),
    Row("pulses", "Mode lock", Reading("assert_mode_locked", words=("no", "stable pulses"))),
    _OUTPUT,
)
_SHUTTER = (
    Row(
        "shutter",
        "Beam shutter",
        Reading("is_open", words=("closed", "open")),
        buttons=(Button("Open", "open"), Button("Close", "close")),
        help="Opened after the interlocks only: the open lasers settled and mode-locked, the detectors dark.",
    ),
)
_ROTATOR = (
    Row(
        "angle",
        "Fast axis",
        Reading("angle_deg", "deg"),
        (Field("angle_deg", "to", "deg", low=-360.0, high=360.0),),
        (Button("Rotate", "rotate_to", result_unit="deg"),),
        "From horizontal. Quarter-wave plates: +45° makes and passes σ⁺, -45° σ⁻.",
    ),
)
_SPECTROGRAPH = (
    Row(
        "centre",
        "Centre",
        Reading("centre_wavelength_nm", "nm"),
        (Field("wavelength_nm", "to", "nm", low=0.0),),
        (Button("Set", "set_centre_wavelength", result_unit="nm"),),
        "Wavelength at the centre of the exits; 0 is the zero order (all light: close the beam shutter first).",
    ),
    Row(
        "grating",
        "Grating",
        None,
        (Field("groove_per_mm", "to", "1/mm", low=1.0, start=1800, whole=True),),
        (Button("Set", "select_grating", result_unit="1/mm"),),
    ),
    Row(
        "exit",
        "Exit",
        None,
        (Field("name", "to", choices=("front", "side"), start="front"),),
        (Button("Set", "select_exit"),),
        "front: camera; side: slit and photon counters.",
    ),
    Row(
        "slit",
        "Exit slit",
        None,
        (Field("width_um", "to", "µm", low=0.0, start=3000.0),),
        (Button("Set", "set_exit_slit_um", result_unit="µm"),),
    ),
    Row("dispersion", "Dispersion", Reading("dispersion_nm_per_mm", "nm/mm")),
)
_CAMERA = (
    Row("pixels", "Pixels", Reading("n_pixels")),
    Row("pitch", "Pixel pitch", Reading("pixel_um", "µm")),
    Row("noise", "Read noise", Reading("read_noise_counts", "counts")),
    Row(
        "exposure",
        "Spectrum",
        None,
        (Field("exposure_s", "of", "s", low=0.001, high=3600.0, start=0.1),),
        (Button("Expose", "expose", result_unit="counts"),),
        "One exposure; told are the brightest pixel and the sum.",
    ),
)
_COUNTER = (Row("rates", "Count rates", Reading("count_rates_hz", "/s", channels=True), help="Of the detectors."),)
_CRYOSTAT = (
    Row(
        "temperature",
        "Sample temperature",
        Reading("temperature_k", "K"),
        (
            Field(
                "target_k",
                "to",
                "K",
                limits_from="limits.lowest_temperature_k:limits.highest_temperature_k",
                start=4.0,
            ),
        ),
        (Button("Set", "set_temperature", result_unit="K"),),
        "Waits until stable: minutes. SAFE STATE ends the waiting.",
    ),
)
_MAGNET = (
    Row(
        "field",
        "Field",
        Reading("field_t", "T"),
        (Field("target_t", "to", "T", limits_from="±limits.highest_field_t"),),
        (Button("Ramp", "set_field", result_unit="T"), Button("Hold", "hold", with_fields=False)),
        "Along the optical axis. Ramps at the driver's rate and waits. SAFE STATE holds a ramp.",
    ),
    Row("rest", "At rest", Reading("is_at_rest")),
)
_MICROWAVE = (
    Row(
        "frequency",
        "Frequency",
        None,
        (Field("frequency_hz", "to", "GHz", GHZ, limits_from="frequency_range_hz", start=10.0),),
        (Button("Set", "set_frequency", result_unit="GHz", result_factor=GHZ),),
    ),
    Row(
        "power",
        "Power",
        None,
        (Field("power_dbm", "to", "dBm", limits_from="limits.highest_microwave_power_dbm", start=-30.0),),
        (Button("Set", "set_power", result_unit="dBm"),),
        "At the output socket.",
    ),
    Row(
        "output",
        "RF",
        Reading("output_is_on", words=("off", "on")),
        buttons=(
            Button("On, gated", "set_output", {"on": True, "gated": True}),
            Button("On, continuous", "set_output", {"on": True, "gated": False}),
            Button("Off", "set_output", {"on": False}),
        ),
        help="gated: the RF follows the gate input. Continuous power warms the sample.",
    ),
)
_GATES = (
    Row(
        "trigger",
        "Trigger",
        None,
        (Field("divider", "every so many pulses", low=1, high=1e6, start=10, whole=True),),
        (Button("Set", "trigger_on_laser"),),
    ),
    Row(
        "gate",
        "Gate",
        None,
        (
            Field("gate", "", choices=("AB", "CD", "EF", "GH"), start="CD"),
            Field("delay_s", "delay", "ns", NS, low=0.0),
            Field("width_s", "width", "ns", NS, low=0.0, start=10.0),
            Field("level_v", "level", "V", low=0.5, high=5.0, start=5.0),
        ),
        (Button("Set", "set_gate", result_unit="ns", result_factor=NS),),
        "After the trigger. What is cabled to which gate stands in the station file (wiring).",
    ),
    Row(
        "shut",
        "Shut a gate",
        None,
        (Field("gate", "", choices=("AB", "CD", "EF", "GH"), start="CD"),),
        (Button("Shut", "disable_gate"),),
    ),
)
_POWER_METER = (
    Row("power", "Power", Reading("power_w", "µW", 1e-6)),
    Row(
        "wavelength",
        "Calibrated at",
        None,
        (Field("wavelength_nm", "to", "nm", low=0.0, start=575.0),),
        (Button("Set", "set_wavelength", result_unit="nm"),),
    ),
)
_MODULATOR = (
    Row(
        "retardance",
        "Retardance",
        None,
        (
            Field("retardance_waves", "", "waves", low=0.0, start=0.25),
            Field("wavelength_nm", "at", "nm", low=0.0, start=575.0),
        ),
        (Button("Set", "set_retardance"),),
    ),
    Row("frequency", "Frequency", Reading("frequency_hz", "kHz", 1e3)),
    Row(
        "output",
        "Drive",
        Reading("output_is_on", words=("at rest", "on")),
        buttons=(Button("On", "set_output", {"on": True}), Button("Off", "set_output", {"on": False})),
    ),
)
_LOCK_IN = (
    Row(
        "prepare",
        "Scale",
        None,
        (
            Field("sensitivity_v", "full", "mV", 1e-3, low=0.0, start=1.0),
            Field("time_constant_s", "over", "s", low=0.0, start=0.1),
        ),
        (Button("Set", "prepare"),),
    ),
    Row("reading", "Signal", None, buttons=(Button("Read", "reading"),)),
)
_POSITIONER = (
    Row("grounded", "Grounded", Reading("is_grounded")),
    Row(
        "step",
        "Steps",
        None,
        (Field("steps", "", low=-10000, high=10000, start=1, whole=True),),
        (
            Button("Step", "step"),
            Button("Stop", "stop", with_fields=False),
            Button("Ground", "ground", with_fields=False),
        ),
        "Open loop: nobody knows how far a step goes.",
    ),
)
_MAGNET_THERMOMETER = (Row("temperature", "Magnet temperature", Reading("magnet_temperature_k", "K")),)

ROWS: dict[type, tuple[Row, ...]] = {
    roles.TunableLaser: _TUNABLE_LASER,
    roles.FineTunableLaser: _FINE_TUNING,
    roles.PulsedSource: _PULSED_SOURCE,
    roles.Shutter: _SHUTTER,
    roles.Rotator: _ROTATOR,
    roles.Spectrograph: _SPECTROGRAPH,
    roles.Camera: _CAMERA,
    roles.TimeTagger: _COUNTER,
    roles.Cryostat: _CRYOSTAT,
    roles.Magnet: _MAGNET,
    roles.MicrowaveSource: _MICROWAVE,
    roles.GateGenerator: _GATES,
    roles.PowerMeter: _POWER_METER,
    roles.PolarisationModulator: _MODULATOR,
    roles.PhotonCounter: _COUNTER,
    roles.LockIn: _LOCK_IN,
    roles.Positioner: _POSITIONER,
    roles.ThermometerAtMagnet: _MAGNET_THERMOMETER,
}
"""Rows by Protocol."""

NOT_BY_HAND = {
    "record_tags": "a recording belongs into a run file",
    "record_histogram": "a recording belongs into a run file",
    "wavelength_axis_nm": "a table of numbers, not a setting",
}
"""Methods of the Protocols that no row uses, and why."""

REFUSED_IN_LIGHT = frozenset({"open_output"})
"""Methods that would bring light through an open beam shutter behind the interlocks' back."""


def rows_of(role: str, player: object) -> tuple[Row, ...]:
    """The rows of a role; a laser that can be shifted finely has one more. KeyError for an unknown role."""
    rows = ROWS[roles.ROLES[role]]
    if isinstance(player, roles.FineTunableLaser):
        return (*rows, *ROWS[roles.FineTunableLaser])
    return rows
