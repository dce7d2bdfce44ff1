"""What Quarterdeck costs, measured beside what its users would use instead: `python -m benchmarks`."""
