"""
``make bench``: every figure that the function promises, measured in one run against a floor.
The figures are written to docs/benchmarks.md.
"""
