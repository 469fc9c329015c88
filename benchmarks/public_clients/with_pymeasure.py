"""Drivers of pymeasure (MIT) as clients."""

from common import Endpoint, close_to, main, must, visa_address, wait

PY = {"visa_library": "@py"}


def ami430(where: Endpoint) -> str:
    """Put AMI430 to work; what it did."""
    from pymeasure.instruments.ami import AMI430

    magnet = AMI430(visa_address(where), **PY)
    must("identity names the model", "430" in magnet.ask("*IDN?"))
    magnet.target_field = 0.05
    magnet.ramp_rate_field = 0.005
    magnet.ramp()
    must("it ramps", magnet.magnet_status == "RAMPING")
    wait("holding", lambda: magnet.magnet_status == "HOLDING")
    close_to("field", magnet.field, 0.05, 1e-4)
    close_to("ramp rate", magnet.ramp_rate_field[0], 0.005, 1e-6)
    magnet.zero()
    magnet.wait_for_holding()
    must("it ends at zero", magnet.magnet_status == "AT ZERO CURRENT")
    return f"{magnet.coilconst:g} T/A; ramped to 0.05 T, back to zero"


def anc300(where: Endpoint) -> str:
    """Put ANC300Controller to work; what it did."""
    from pymeasure.instruments.attocube import ANC300Controller

    controller = ANC300Controller(visa_address(where), axisnames=["x", "y", "z"], passwd="123456", **PY)  # noqa: S106 - the factory's
    version = str(controller.version)
    controller.z.voltage = 30.0
    controller.z.frequency = 150
    close_to("voltage", controller.z.voltage, 30.0, 0.1)
    close_to("frequency", controller.z.frequency, 150, 0.5)
    controller.z.move(20)
    must("grounded after the move", controller.z.mode == "gnd")
    controller.z.measure_capacity()
    controller.z.mode = "stp"
    controller.stop_all()
    controller.ground_all()
    must("all grounded", all(axis.mode == "gnd" for axis in (controller.x, controller.y, controller.z)))
    return f"{version[:40]}; 20 steps, capacity {controller.z.capacity}, grounded"


def pm100d(where: Endpoint) -> str:
    """Put ThorlabsPM100USB to work; what it did."""
    from pymeasure.instruments.thorlabs import ThorlabsPM100USB

    meter = ThorlabsPM100USB(visa_address(where), read_termination="\n", write_termination="\n", **PY)
    meter.wavelength = 580
    close_to("wavelength", meter.wavelength, 580.0, 0.1)
    must("a power sensor", meter.is_power_sensor)
    power_w = meter.power
    must("a finite power", -1e-3 < power_w < 1.0)
    return f"{meter.sensor_name}; {meter.wavelength_min:g}-{meter.wavelength_max:g} nm; {power_w:.3g} W in the dark"


def sr830(where: Endpoint) -> str:
    """Put SR830 to work; what it did."""
    from pymeasure.instruments.srs import SR830

    lock_in = SR830(visa_address(where), read_termination="\n", write_termination="\n", **PY)
    must("identity", "SR830" in lock_in.id)
    lock_in.sensitivity = 1e-3
    lock_in.time_constant = 0.1
    lock_in.frequency = 1234.5
    close_to("sensitivity", lock_in.sensitivity, 1e-3, 1e-9)
    close_to("time constant", lock_in.time_constant, 0.1, 1e-9)
    close_to("frequency", lock_in.frequency, 1234.5, 0.1)
    x, y = lock_in.snap("X", "Y")
    close_to("magnitude", lock_in.magnitude, (x**2 + y**2) ** 0.5, 1e-3)
    lock_in.harmonic = 2
    must("harmonic", lock_in.harmonic == 2)
    lock_in.reset()
    return f"sensitivity, time constant, frequency read back; X = {x:.3g} V"


def mercury_itc(where: Endpoint) -> str:
    """Put MercuryiTC to work; what it did."""
    from pymeasure.instruments.oxfordinstruments import MercuryiTC

    itc = MercuryiTC(visa_address(where), **PY)
    identity = itc.identity
    itc.add_temperature_sensor("DB8.T1")
    must("a second sensor", 1.0 < itc.TS["DB8.T1"].temperature < 10.0)
    sensor = itc.TS["MB1.T1"]
    before_k = sensor.temperature
    sensor.control_loop_temperature_setpoint = 4.5
    sensor.control_loop_PID_enabled = True
    close_to("setpoint", sensor.control_loop_temperature_setpoint, 4.5, 1e-3)
    wait("4.5 K", lambda: abs(sensor.temperature - 4.5) < 0.05)
    power_w = itc.HTR["MB0.H1"].power
    sensor.control_loop_temperature_setpoint = 4.0
    wait("4.0 K", lambda: abs(sensor.temperature - 4.0) < 0.05)
    sensor.control_loop_PID_enabled = False
    return f"{identity}; {before_k:.2f} K -> 4.5 K (heater {power_w:.3g} W) -> 4.0 K"


def esp300(where: Endpoint) -> str:
    """Put ESP300 to work; what it did."""
    from pymeasure.instruments.newport import ESP300

    controller = ESP300(visa_address(where), write_termination="\r", read_termination="\r\n", **PY)
    controller.enable()
    for axis, target in ((controller.x, 45.0), (controller.y, -30.0)):
        axis.position = target
        axis.wait_for_stop()
        close_to("position", axis.position, target, 0.01)
    must("no error", not controller.errors)
    controller.shutdown()
    return "axes 1 and 2 turned to 45 and -30 degrees, motors off"


def sg384(where: Endpoint) -> str:
    """Put SG380 to work; what it did."""
    from pymeasure.instruments.srs import SG380

    source = SG380(visa_address(where), read_termination="\r\n", write_termination="\n", **PY)
    source.frequency = 2.5e9
    close_to("frequency", source.frequency, 2.5e9, 1.0)
    return "2.5 GHz set and read back"


main(
    {
        "AMI430": ami430,
        "ANC300Controller": anc300,
        "ThorlabsPM100USB": pm100d,
        "SR830": sr830,
        "MercuryiTC": mercury_itc,
        "ESP300": esp300,
        "SG380": sg384,
    }
)
