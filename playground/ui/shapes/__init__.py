"""Shapes: where the inputs and the losses of a sequence stand, drawn from networks that learn on the page."""
