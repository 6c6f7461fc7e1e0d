"""The parts of a platform as real servers on the loopback address, and a run through all of them."""
