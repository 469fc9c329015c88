"""The lab that is not there: dot, optical table and wires. Reached by address, imports nothing of solotron."""
