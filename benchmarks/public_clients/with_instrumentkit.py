"""Drivers of InstrumentKit (AGPL-3, here a separate program only) as clients."""

import time

from common import Endpoint, close_to, main, must


def sc10(where: Endpoint) -> str:
    """Put SC10 to work; what it did."""
    import instruments

    shutter = instruments.thorlabs.SC10.open_serial(where["port"], 9600, timeout=2)
    name = shutter.name
    shutter.mode = shutter.Mode.manual
    must("manual mode", shutter.mode == shutter.Mode.manual)
    must("closed at first", not shutter.enable)
    shutter.enable = True
    time.sleep(0.2)
    must("enabled", shutter.enable)
    must("open", not shutter.closed)
    shutter.enable = False
    time.sleep(0.2)
    must("closed again", shutter.closed)
    must("interlock as it should be", shutter.interlock in (True, False))
    return f"{name}; opened and closed"


def dg645(where: Endpoint) -> str:
    """Put SRSDG645 to work; what it did."""
    import instruments

    generator = instruments.srs.SRSDG645.open_tcpip(where["host"], where["port"])
    name = generator.name
    channel = generator.channel["B"]
    channel.delay = (generator.channel["A"], instruments.units.Quantity(1e-6, "s"))
    _, delay = channel.delay
    close_to("delay", delay.to("s").magnitude, 1e-6, 1e-11)
    generator.trigger_rate = instruments.units.Quantity(1000.0, "Hz")
    close_to("rate", generator.trigger_rate.to("Hz").magnitude, 1000.0, 0.1)
    output = generator.output["AB"]
    output.level_amplitude = instruments.units.Quantity(3.0, "V")
    close_to("amplitude", output.level_amplitude.to("V").magnitude, 3.0, 0.01)
    return f"{name.strip()}; B = A + 1 us, 1 kHz, 3 V"


def srs830(where: Endpoint) -> str:
    """Put SRS830 to work; what it did."""
    import instruments

    lock_in = instruments.srs.SRS830.open_tcpip(where["host"], where["port"])
    lock_in.time_constant = instruments.units.Quantity(0.1, "s")
    close_to("time constant", lock_in.time_constant.to("s").magnitude, 0.1, 1e-9)
    lock_in.frequency = instruments.units.Quantity(1234.5, "Hz")
    close_to("frequency", lock_in.frequency.to("Hz").magnitude, 1234.5, 0.1)
    return "time constant and frequency read back"


def esp301(where: Endpoint) -> str:
    """Put NewportESP301 to work; what it did."""
    import instruments

    controller = instruments.newport.NewportESP301.open_serial(where["port"], 921600, timeout=2)
    axis = controller.axis[0]
    axis.enable()
    axis.move(30.0, wait=True)
    close_to("position", float(axis.position.magnitude), 30.0, 0.01)
    axis.disable()
    return f"{axis.axis_name if hasattr(axis, 'axis_name') else 'axis 1'} turned to 30 degrees"


def pm100d(where: Endpoint) -> str:
    """Put PM100USB to work; what it did."""
    import instruments

    meter = instruments.thorlabs.PM100USB.open_tcpip(where["host"], where["port"])
    power = meter.read()
    return f"{meter.sensor.name if hasattr(meter.sensor, 'name') else meter.sensor}; {power}"


main({"SC10": sc10, "SRSDG645": dg645, "SRS830": srs830, "NewportESP301": esp301, "PM100USB": pm100d})
