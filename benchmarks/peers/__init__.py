"""Services that people would write instead of AVA, for `benchmarks.reads`."""
