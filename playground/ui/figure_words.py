"""The words that figures take as `labels`."""

from playground.ui.words import N_, _

LABELS = {
    "axis_component": N_("component {n} ({share} of variance)"),
    "axis_gradient": N_("‖∂L/∂·‖ (nats per unit of state)"),
    "axis_gradient_norm": N_("gradient norm ‖∂L/∂θ‖₂"),
    "axis_loss": N_("loss (nats per symbol)"),
    "axis_perplexity": N_("perplexity"),
    "axis_step": N_("training step"),
    "axis_timestep": N_("timestep t (symbol read)"),
    "axis_unit": N_("unit"),
    "clipped": N_("clipped"),
    "empty": N_("nothing to show yet"),
    "not_finite": N_("the values are not finite: there is no path to draw"),
    "row_not_finite": N_("∞ or NaN"),
    "row_zero": N_("exactly 0"),
    "start": N_("start"),
    "threshold": N_("threshold {value}"),
    "timesteps": N_("timestep"),
    "timestep": N_("t = {t}"),
    "unit": N_("unit {u}"),
    "value": N_("value"),
    "layer": N_("layer {n}"),
    "learning_rate": N_("learning rate {value}"),
    "step": N_("step {step}"),
    "quantity_h": N_("hidden state h"),
    "quantity_c": N_("cell state c"),
    "quantity_i": N_("input gate i: 1 writes, 0 does not"),
    "quantity_f": N_("forget gate f: 1 keeps, 0 erases"),
    "quantity_g": N_("candidate g: what would be written, −1 to 1"),
    "quantity_o": N_("output gate o: 1 shows, 0 hides"),
    "quantity_r": N_("reset gate r: 1 uses the old state, 0 ignores it"),
    "quantity_z": N_("update gate z: 1 keeps the old state, 0 replaces it"),
    "quantity_n": N_("candidate n: what would replace it, −1 to 1"),
    "quantity_phi": N_("slope φ′: 1 lets the gradient pass, 0 is saturated"),
    "quantity_grad.h": N_("‖∂L/∂h_t‖"),
    "quantity_grad.c": N_("‖∂L/∂c_t‖"),
    "quantity_gradient_norm": N_("before clipping"),
    "quantity_clipped_norm": N_("after clipping"),
    "quantity_loss": N_("loss"),
    "quantity_perplexity": N_("perplexity"),
}


def labels() -> dict[str, str]:
    """All labels in the reader's language."""
    return {key: _(text) for key, text in LABELS.items()}
