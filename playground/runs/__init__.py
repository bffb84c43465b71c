"""Runs and tapes: training as a recording that many viewers may watch, each with a playhead of their own."""
