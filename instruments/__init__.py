"""The bench: roles, drivers, station file and safe state. Imports nothing else of solotron."""
