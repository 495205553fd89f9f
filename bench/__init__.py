"""The benchmarks: every figure beside its baseline, measured in the same run. `make bench`, or `python -m bench`."""
