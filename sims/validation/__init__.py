"""The physics validation table: every number the simulator can be held to, with where it comes from."""
