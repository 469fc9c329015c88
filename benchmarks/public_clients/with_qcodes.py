"""Drivers of qcodes (MIT) and qcodes_contrib_drivers (MIT) as clients."""

from common import Endpoint, close_to, main, must, visa_address, wait

PY = {"visalib": "@py"}


def ami430(where: Endpoint) -> str:
    """Put AMIModel430 to work; what it did."""
    from qcodes.instrument_drivers.american_magnetics import AMIModel430

    magnet = AMIModel430("magnet", visa_address(where), device_clear=False, **PY)
    vendor = magnet.get_idn()["vendor"]
    magnet.ramp_rate(0.005)
    magnet.set_field(0.05)
    close_to("field", magnet.field(), 0.05, 1e-4)
    must("it holds", magnet.ramping_state() == "holding")
    must("no quench", not magnet.is_quenched())
    magnet.set_field(0.0)
    close_to("field", magnet.field(), 0.0, 1e-4)
    return f"{vendor}; ramped to 0.05 T and back, units {magnet.field_units()}"


def cryomagnetics_4g(where: Endpoint) -> str:
    """Put CryomagneticsModel4G to work; what it did."""
    from qcodes.instrument_drivers.cryomagnetics import CryomagneticsModel4G

    magnet = CryomagneticsModel4G(
        "magnet", visa_address(where), max_current_limits={0: (60.0, 0.1)}, coil_constant=0.1125, **PY
    )
    identity = magnet.get_idn()
    magnet.set_field(0.05, block=True)
    close_to("field", magnet.field(), 0.05, 2.1e-3)  # the driver itself stops within 2 mT
    state = magnet.magnet_operating_state()
    must("not quenched", not state.quench_condition_present)
    magnet.set_field(0.0, block=True)
    close_to("field", magnet.field(), 0.0, 2.1e-3)
    return f"{identity['vendor']} {identity['model']}; ramped to 0.05 T and back"


def sg384(where: Endpoint) -> str:
    """Put SG384 to work; what it did."""
    from qcodes.instrument_drivers.stanford_research import SG384

    source = SG384("generator", visa_address(where), **PY)
    model = source.get_idn()["model"]
    source.frequency(2.5e9)
    source.amplitude_RF(-10.0)
    source.enable_RF("ON")
    close_to("frequency", source.frequency(), 2.5e9, 1.0)
    close_to("amplitude", source.amplitude_RF(), -10.0, 0.01)
    must("RF on", source.enable_RF() == "ON")
    source.enable_RF("OFF")
    must("RF off", source.enable_RF() == "OFF")
    return f"{model}; 2.5 GHz, -10 dBm, RF on and off"


def sr830(where: Endpoint) -> str:
    """Put SR830 to work; what it did."""
    from qcodes.instrument_drivers.stanford_research import SR830

    lock_in = SR830("lock_in", visa_address(where), terminator="\n", **PY)
    lock_in.sensitivity(1e-3)
    lock_in.time_constant(0.1)
    lock_in.frequency(1234.5)
    close_to("sensitivity", lock_in.sensitivity(), 1e-3, 1e-9)
    close_to("frequency", lock_in.frequency(), 1234.5, 0.1)
    x, y = lock_in.snap("x", "y")
    lock_in.buffer_SR(64)
    must("sample rate", lock_in.buffer_SR() == 64)
    return f"{lock_in.get_idn()['model']}; X = {x:.3g} V, Y = {y:.3g} V"


def contrib_smb100a(where: Endpoint) -> str:
    """Put contrib SMB100A to work; what it did."""
    from qcodes_contrib_drivers.drivers.RohdeSchwarz.SMB100A import RohdeSchwarz_SMB100A

    source = RohdeSchwarz_SMB100A("generator", visa_address(where), **PY)
    source.frequency(2.5e9)
    source.power(-10.0)
    close_to("frequency", source.frequency(), 2.5e9, 1.0)
    close_to("power", source.power(), -10.0, 0.01)
    source.on()
    must("RF on", source.status() in (True, "on", 1))
    source.off()
    must("RF off", source.status() in (False, "off", 0))
    return f"{source.get_idn()['model']}; 2.5 GHz, -10 dBm, RF on and off"


def contrib_cryostation(where: Endpoint) -> str:
    """Put contrib Cryostation to work; what it did."""
    from qcodes_contrib_drivers.drivers.MontanaInstruments.cryostation import MontanaInstruments_Cryostation

    cryostat = MontanaInstruments_Cryostation("cryostat", address=where["host"], port=where["port"])
    before_k = cryostat.temp_sample()
    cryostat.temp_setpoint(4.5)
    close_to("setpoint", cryostat.temp_setpoint(), 4.5, 1e-3)
    wait("4.5 K", lambda: abs(cryostat.temp_sample() - 4.5) < 0.05)
    cryostat.temp_setpoint(4.0)
    return (
        f"{before_k:.2f} K -> 4.5 K; platform {cryostat.temp_platform():.2f} K, stage 2 {cryostat.temp_stage2():.2f} K"
    )


def contrib_pm100d(where: Endpoint) -> str:
    """Put contrib PM100D to work; what it did."""
    from qcodes_contrib_drivers.drivers.Thorlabs.PM100D import Thorlab_PM100D

    meter = Thorlab_PM100D("meter", visa_address(where), **PY)
    # Its wavelength is left alone: it takes metres and sends them where the meter wants nanometres.
    power_w = float(meter.power())
    must("a finite power", -1e-3 < power_w < 1.0)
    return f"{meter.get_idn()['model']}; {power_w:.3g} W in the dark"


def contrib_4g(where: Endpoint) -> str:
    """Put contrib Model_4G to work; what it did."""
    from qcodes_contrib_drivers.drivers.Cryomagnetics.Model_4G import Model_4G

    magnet = Model_4G("magnet", visa_address(where), **PY)
    magnet.B(0.5)
    close_to("field", magnet.field(), 0.5, 0.05)
    magnet.B(0.0)
    close_to("field", magnet.field(), 0.0, 0.05)
    return "ramped to 0.5 kG and back"


main(
    {
        "AMIModel430": ami430,
        "CryomagneticsModel4G": cryomagnetics_4g,
        "SG384": sg384,
        "SR830": sr830,
        "contrib SMB100A": contrib_smb100a,
        "contrib Cryostation": contrib_cryostation,
        "contrib PM100D": contrib_pm100d,
        "contrib Model_4G": contrib_4g,
    }
)
