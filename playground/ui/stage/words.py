"""The words that the stage shows and says."""

from playground.ui.words import N_, _

WORDS = {
    "tiles": N_("The sequence"),
    "tiles_hint": N_(
        "Above: the symbol read. Below: the symbol to predict. The fainter a tile, the smaller its loss."
    ),
    "curve": N_("Perplexity over training"),
    "curve_hint": N_("Below k = 1 only memory helps. Drag to look back."),
    "state": N_("Hidden state h"),
    "state_hint": N_("Same letter, different column: that is memory."),
    "cell_state": N_("Cell state c"),
    "cell_state_hint": N_("Rows that keep their colour carry something along."),
    "gates": N_("Gates"),
    "gates_hint": N_("Look for columns where many units open or close at once."),
    "slopes": N_("Slope φ′ of the units"),
    "slopes_hint": N_("Strong colour lets the gradient pass; faint units are saturated."),
    "gradients": N_("Gradient at every timestep"),
    "gradients_hint": N_("The further left it stays high, the further back it can learn."),
    "trajectory": N_("Path of the hidden state"),
    "trajectory_hint": N_("One letter, two places: its contexts are told apart."),
    "odds": N_("Next symbol"),
    "odds_hint": N_("What the network expects at the time cursor."),
    "samples": N_("Text it writes"),
    "samples_hint": N_("Early gibberish, later words: its progress in one line."),
    "gate_i": N_("i input: 0 ignores, 1 writes"),
    "gate_f": N_("f forget: 0 erases, 1 keeps"),
    "gate_g": N_("g candidate: −1 to 1"),
    "gate_o": N_("o output: 0 hides, 1 shows"),
    "gate_r": N_("r reset: 0 ignores the old state, 1 uses it"),
    "gate_z": N_("z update: 0 takes the new state, 1 keeps the old"),
    "gate_n": N_("n candidate: −1 to 1, the proposed new state"),
    "gate_phi": N_("φ′: 0 blocks the gradient, 1 lets it through"),
    "layer": N_("layer {n}"),
    "layers": N_("Layer"),
    "step": N_("step {step}"),
    "timestep": N_("t = {t}"),
    "loss": N_("loss"),
    "nats": N_("nats"),
    "perplexity": N_("perplexity"),
    "probability": N_("probability"),
    "target": N_("target"),
    "input": N_("input"),
    "uniform": N_("uniform"),
    "floor": N_("k = {k}"),
    "clipped": N_("clipped"),
    "this_run": N_("this run"),
    "gradient_norm": N_("gradient norm"),
    "ghost_remove": N_("Remove {label}"),
    "remaining": N_("units 1–{shown} of {all}"),
    "unit": N_("unit {u}"),
    "others": N_("{count} others"),
    "after": N_("after {input}, t = {t}"),
    "study": N_("Study step {step} below"),
    "live": N_("live"),
    "paused": N_("paused"),
    "scrubbed": N_("scrubbed"),
    "newest": N_("To the newest step"),
    "scrub": N_("Training step"),
    "axis_step": N_("training step"),
    "axis_timestep": N_("timestep (symbol read)"),
    "axis_gradient": N_("‖∂L/∂·‖ (nats, log)"),
    "axis_perplexity": N_("perplexity (log)"),
    "axis_unit": N_("unit"),
    "axis_component": N_("principal axis {n} ({share} of variance)"),
    "exploded": N_(
        "The loss stopped being a number at step {step}. Reset, then try clipping or a smaller learning rate."
    ),
    "aria_label": N_("The network as it learns"),
    "aria_keys": N_(
        "Left and right arrows move through the sequence, up and down arrows through training, "
        "space plays and pauses."
    ),
    "aria_stage": N_(
        "Step {step}. Perplexity {perplexity}. At t = {t}, input {input}, target {target} with "
        "probability {probability}."
    ),
    "aria_tiles": N_(
        "{count} timesteps. At t = {t}: input {input}, target {target}, probability "
        "{probability}, loss {loss} nats."
    ),
    "aria_curve": N_("Perplexity {perplexity} at step {step}. Lines: {levels}."),
    "aria_state": N_("Hidden state of {units} units over {count} timesteps, from {low} to {high}."),
    "aria_cell_state": N_("Cell state of {units} units over {count} timesteps, from {low} to {high}."),
    "aria_gate": N_("{gate}. Mean over the units at t = {t}: {mean}."),
    "aria_gradients": N_(
        "Gradient of the loss by the hidden state: {first} at the first timestep, {last} at the last."
    ),
    "aria_trajectory": N_(
        "Path of the hidden state over {count} timesteps; the two axes hold {first} and {second} "
        "of its variance."
    ),
    "aria_odds": N_("After {input} at t = {t}, target {target}: {list}."),
}


def words() -> dict[str, str]:
    """All words of the stage in the reader's language; placeholders are filled in the browser."""
    return {key: _(text) for key, text in WORDS.items()}
