"""The words that figures take as `labels`."""

from playground.ui.words import N_, _

LABELS = {
    "empty": N_("Nothing recorded yet."),
    "not_finite": N_("The states are no longer finite numbers, so there is no path to draw."),
    "start": N_("start (t = 1)"),
    "timesteps": N_("timestep t"),
    "axis_component": N_("component {n} of h ({share} % of variance)"),
    "axis_component_3d": N_("component {n}: {share} %"),
    "timestep": N_("t = {t}"),
    "unit": N_("unit {u}"),
    "layer": N_("layer {n}"),
    "step": N_("step {step}"),
    "axis_timestep": N_("input symbol and timestep t"),
    "axis_unit": N_("unit"),
    "value": N_("value"),
    "axis_gradient": N_("gradient magnitude (nats per unit)"),
    "row_zero": N_("exactly 0"),
    "row_not_finite": N_("∞ or not a number"),
    "axis_step": N_("training step"),
    "axis_gradient_norm": N_("gradient norm (nats per unit)"),
    "axis_perplexity": N_("perplexity (symbols)"),
    "axis_loss": N_("loss (nats per symbol)"),
    "clipped": N_("clipped step"),
    "threshold": N_("clipping threshold {value}"),
    "learning_rate": N_("learning rate {value}"),
    "uniform": N_("uniform guess"),
    "floor": N_("memory floor, k = {k}"),
    "quantity_loss": N_("loss"),
    "quantity_perplexity": N_("perplexity"),
    "quantity_gradient_norm": N_("before clipping"),
    "quantity_clipped_norm": N_("after clipping"),
    "quantity_h": N_("h, hidden state"),
    "quantity_c": N_("c, cell state"),
    "quantity_i": N_("i, input gate: 0 ignores the input, 1 lets it in"),
    "quantity_f": N_("f, forget gate: 0 erases, 1 keeps"),
    "quantity_g": N_("g, candidate: −1 to 1, what would be written"),
    "quantity_o": N_("o, output gate: 0 hides, 1 shows"),
    "quantity_r": N_("r, reset gate: 0 ignores the old state, 1 uses it"),
    "quantity_z": N_("z, update gate: 0 replaces, 1 keeps the old state"),
    "quantity_n": N_("n, candidate: −1 to 1, the new content"),
    "quantity_phi": N_("φ′, slope of the nonlinearity: 0 stops the gradient, 1 lets it pass"),
    "quantity_grad.h": N_("|∂L/∂h<sub>t</sub>|, hidden state"),
    "quantity_grad.c": N_("|∂L/∂c<sub>t</sub>|, cell state"),
}


def labels() -> dict[str, str]:
    """All labels in the reader's language."""
    return {key: _(text) for key, text in LABELS.items()}
