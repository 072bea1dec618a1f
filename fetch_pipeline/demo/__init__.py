"""A small web server that misbehaves on request, for the demo, the tests and the benchmarks."""
