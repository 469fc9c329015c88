"""Drivers of pylablib (GPL-3, here a separate program only) as clients."""

from common import Endpoint, close_to, main, must, wait


def elliptec(where: Endpoint) -> str:
    """Put ElliptecMotor to work; what it did."""
    from pylablib.devices.Thorlabs import ElliptecMotor

    mounts = ElliptecMotor(where["port"])
    addresses = mounts.get_connected_addrs()
    must("three mounts", len(addresses) == 3)
    mounts.home(addr=addresses[0])
    mounts.move_to(45.0, addr=addresses[0])
    close_to("angle", mounts.get_position(addr=addresses[0]), 45.0, 0.01)
    mounts.move_by(-90.0, addr=addresses[0])
    close_to("angle", mounts.get_position(addr=addresses[0]), -45.0, 0.01)
    must("status ok", mounts.get_status(addr=addresses[0]) == "ok")
    model = mounts.get_device_info(addr=addresses[0])
    mounts.close()
    return f"{addresses}; {model.model_no if hasattr(model, 'model_no') else model[0]}; turned to 45 and -45 degrees"


def interbus(where: Endpoint) -> str:
    """Put InterbusSystem to work; what it did."""
    from pylablib.devices.NKT import InterbusSystem

    system = InterbusSystem(where["port"])
    modules = sorted(system.m)
    must("laser at 15 and VARIA at 16", 15 in modules and 16 in modules)
    system.ib_set_reg(16, 0x33, 6100, "u16")
    system.ib_set_reg(16, 0x34, 6000, "u16")
    must("upper edge", system.ib_get_reg(16, 0x33, "u16") == 6100)
    wait("filter at rest", lambda: not system.ib_get_reg(16, 0x66, "u16") & 0x7000)
    system.ib_set_reg(15, 0x37, 500, "u16")
    must("power", system.ib_get_reg(15, 0x37, "u16") == 500)
    system.ib_set_reg(15, 0x30, 3, "u8")
    must("emission on", system.ib_get_reg(15, 0x30, "u8") == 3)
    system.ib_set_reg(15, 0x30, 0, "u8")
    must("emission off", system.ib_get_reg(15, 0x30, "u8") == 0)
    system.close()
    return f"modules {modules}; VARIA 600-610 nm, 50 %, emission on and off"


def anc300(where: Endpoint) -> str:
    """Put ANC300 to work; what it did."""
    from pylablib.devices.Attocube import ANC300

    stage = ANC300((where["host"], where["port"]), backend="network")
    axes = list(stage.get_all_axes())
    stage.set_voltage(axes[0], 30.0)
    stage.set_frequency(axes[0], 150)
    close_to("voltage", stage.get_voltage(axes[0]), 30.0, 0.1)
    stage.enable_axis(axes[0])
    stage.move_by(axes[0], 20)
    stage.wait_move(axes[0])
    stage.stop(axes[0])
    stage.measure_capacitance(axes[0])
    capacitance = stage.get_capacitance(axes[0])
    stage.disable_axis(axes[0])
    must("grounded", stage.get_mode(axes[0]) == "gnd")
    serial = stage.get_device_info()
    stage.close()
    return f"{serial}; axes {axes}; 20 steps, {capacitance:.3g} F, grounded"


main({"ElliptecMotor": elliptec, "InterbusSystem": interbus, "ANC300": anc300})
