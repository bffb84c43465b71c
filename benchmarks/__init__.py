"""Measurements: `python -m benchmarks.training` and its neighbours print tables, or JSON with --json."""
