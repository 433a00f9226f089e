"""Tables larger than memory: counted piece by piece."""
