"""The benchmarks: every figure beside its yardstick, measured in the same run. `make bench`, or `python -m bench`."""
