"""Benchmarks: each prints the machine, the versions, and every time beside its peers' in the same run."""
