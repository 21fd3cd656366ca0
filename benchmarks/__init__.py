"""How fast it is, measured on this machine: `python -m benchmarks`. No test asserts any of it."""
