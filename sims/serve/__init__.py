"""The simulated bench on real transports: TCP sockets, pseudo-terminals, ZeroMQ; loopback only, real time."""
