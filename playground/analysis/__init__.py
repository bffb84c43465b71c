"""From a trained network's tensors and its text to tables of numbers."""
