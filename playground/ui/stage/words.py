"""The words that the stage shows and says."""

from playground.config import NetworkConfig
from playground.models.dropout import leaves_out
from playground.ui.cell_words import stage_words
from playground.ui.stage.terms import TERMS
from playground.ui.words import N_, translation

WORDS = {
    **{f"term_{name}": text for name, text in TERMS.items()},
    "tiles": N_("What it reads, and what should follow"),
    "tiles_hint": N_(
        "Above: the [symbol](symbol) read. Below: the symbol to predict; the fainter, the smaller its [loss](loss). "
        "The strip between them is the [hidden state](state): drag it onto another tile."
    ),
    "answers": N_("answer"),
    "what_if": N_("What if"),
    "what_if_take": N_("Move the state of {place}"),
    "what_if_put": N_("Put the state of {source} at {target}"),
    "what_if_let_go": N_("Let go of it"),
    "what_if_carried": N_("The state of {source} is picked up: choose another timestep, and put it there."),
    "what_if_from": N_("From t = {t} on"),
    "what_if_at": N_("At t = {t}"),
    "what_if_unit": N_("knock out unit {unit}: h = 0"),
    "what_if_gate": N_("hold gate {gate} at {value}"),
    "what_if_cut": N_("cut the memory before it"),
    "what_if_symbol": N_("read {symbol} instead"),
    "what_if_undo": N_("As it was"),
    "what_if_remove": N_("Take back: {edit}"),
    "what_if_waiting": N_("It is being read so …"),
    "what_if_broken": N_("Read so, a number is not finite at this step: nothing can be compared."),
    "what_if_nothing": N_("Read so, no probability of a target changes in its first three decimals."),
    "what_if_odds": N_(
        "Read so, the likeliest symbol stays the same everywhere; the probability of {target} at {place} goes from "
        "{before} to {after}."
    ),
    "what_if_answers": N_("Read so, the network answers {now} at {place}, no longer {old}."),
    "what_if_memory": N_(
        "With the state of {source} the network answers {now} at {place} too, no longer {old}: the state is the memory."
    ),
    "what_if_moved": N_(
        "With the state of {source} the network answers at {place} what it answers at {source}: {now}, no longer {old}."
    ),
    "chip_transplant": N_("h at {source} → {target}"),
    "chip_symbol": N_("{before} → {after}"),
    "chip_cut": N_("memory cut"),
    "chip_at": N_("t = {t}"),
    "chip_from": N_("t ≥ {t}"),
    "chip_span": N_("t = {first}–{last}"),
    "key_state": N_("pick up the state at the time cursor, or put it there"),
    "curve": N_("How unsure it is, over training"),
    "curve_hint": N_(
        "[Perplexity](perplexity) of the whole text. Below [line k](k) it remembers more than k symbols. Drag to look "
        "back."
    ),
    "curve_hint_batch": N_(
        "[Perplexity](perplexity) of the batch of each update; the [lines](k) are of the whole text, and one batch "
        "may lie below any of them. Drag to look back."
    ),
    "state": N_("Its memory: hidden state h"),
    "state_hint": N_("Same letter, different column of [hidden state](state): that is memory."),
    "cell_state": N_("Carried along: cell state c"),
    "cell_state_hint": N_(
        "Rows of the [cell state](cell_state) that keep their colour carry something along."
    ),
    "gates": N_("What passes: gates"),
    "gates_hint": N_("Look for columns where many units open or close their [gates](gate) at once."),
    "slopes": N_("What gets back through a unit: φ′"),
    "slopes_hint": N_(
        "Strong colour, [φ′](phi) near 1, lets the [gradient](gradient) pass; faint colour holds it back."
    ),
    "machine": N_("Inside one unit"),
    "machine_hint": N_(
        "Its equation with the numbers at the time cursor. Click on a row to look into another unit."
    ),
    "machine_sum": N_("{input} and all units before, weighted"),
    "machine_sum_above": N_("all h of layer {layer} and all units before, weighted"),
    "machine_held": N_("held:"),
    "machine_cell": N_("Open on the Cell page"),
    "machine_earlier": N_("The unit before"),
    "machine_later": N_("The next unit"),
    "gradients": N_("How far back a loss is heard"),
    "gradients_hint": N_(
        "[Gradient](gradient) of the loss at {target} (t = {at}) alone. Where this fades, it can teach little."
    ),
    "gradients_hint_mean": N_(
        "[Gradient](gradient) of the mean of all losses, which training follows. Near losses can hide that little "
        "comes from far."
    ),
    "gradients_hint_sum": N_(
        "[Gradient](gradient) of the sum of all losses, which training follows. Near losses can hide that little "
        "comes from far."
    ),
    "difference": N_("One symbol, two states"),
    "difference_hint": N_("How far the hidden state has moved between them, unit by unit."),
    "difference_now": N_("The two hidden states are {distance} apart."),
    "difference_untrained": N_("at step 0: {distance}"),
    "difference_enough": N_("Different enough to answer differently: {one}, then {other}."),
    "difference_wrong": N_("Different answers, {one}, then {other}: not right both times."),
    "difference_same": N_("Not different enough to answer differently: {one} both times."),
    "difference_lower": N_("With the layers above, the answers are {one}, then {other}."),
    "memory_none": N_("This text needs no memory: every symbol has one answer."),
    "memory_useless": N_(
        "Memory does not help here: where a symbol has several answers, nothing before it tells which."
    ),
    "memory_elsewhere": N_(
        "This text needs memory, but this part of it has no symbol with two answers that can be told apart."
    ),
    "beam_invites": N_("Click on a target: how much of its gradient arrives at {first}?"),
    "beam": N_("of the gradient at {target} (t = {at}) arrives at {first}"),
    "beam_unknown": N_(
        "How much of the gradient at {target} (t = {at}) arrives at {first} is being measured."
    ),
    "beam_none": N_("This loss has no gradient left."),
    "crossed": N_("k = 1 crossed at step {step}: it remembers"),
    "remembers_now": N_("from here on it remembers"),
    "trajectory": N_("Where its state goes"),
    "trajectory_hint": N_(
        "The path of the [hidden state](state). One letter, two places: its contexts are told apart."
    ),
    "odds": N_("What it expects next"),
    "odds_hint": N_("The likeliest [symbols](symbol) at the time cursor, with their probabilities."),
    "samples": N_("What it writes by itself"),
    "samples_hint": N_("Early gibberish, later words: its progress in one line."),
    "samples_beyond": N_("grey: longer than anything it has read"),
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
    "floor_lowest": N_("k ≥ {k}"),
    "floor_told": N_(
        "k: how many of the last symbols are seen, the one just read included. No model that sees only these gets "
        "below this line."
    ),
    "uniform_told": N_("All symbols equally likely: nothing is learned yet."),
    "needs": N_("this text needs {k} symbols of memory"),
    "needs_none": N_("this text needs no memory"),
    "needs_useless": N_("memory does not help on this text"),
    "clipped": N_("clipped"),
    "this_run": N_("this run"),
    "clipped_since": N_("{share} of the updates since step {step} were clipped"),
    "gradient_norm": N_("gradient norm"),
    "tracks": N_("Experiments side by side"),
    "standings_crossed": N_("Crossed k = 1: {list}."),
    "standings_nobody": N_("Nobody has crossed k = 1 yet."),
    "standings_learned": N_("Learned: {list}."),
    "standings_at": N_("{name} at step {step}"),
    "standings_not_yet": N_("{name} not yet"),
    "standings_exploded": N_("Exploded: {list}."),
    "standings_now": N_("Perplexity at step {step}: {list}."),
    "clipping": N_("The gradient, and what the optimiser gets of it"),
    "clipping_hint": N_(
        "Lengths on one scale; dotted: the threshold. Clipping by norm shortens an arrow and does not turn it."
    ),
    "clipping_where": N_("{name}: threshold {threshold} from step {step}"),
    "crossing": N_("k = 1 crossed"),
    "clipping_raw": N_("gradient: {norm}"),
    "clipping_all": N_("optimiser: all of it"),
    "clipping_cut": N_("optimiser: {norm}, turned by 0°"),
    "clipping_turned": N_("optimiser: {norm}, turned"),
    "gradient_of": N_("Gradient of"),
    "loss_one": N_("loss at {target} (t = {at})"),
    "loss_mean": N_("mean loss"),
    "loss_sum": N_("sum of losses"),
    "gradient_one": N_("‖∂ loss at t = {at} / ∂{state}ₜ‖"),
    "gradient_later": N_("read after t = {at}: no gradient of this loss"),
    "gradient_earlier": N_("{cell} before, step {step}"),
    "gradient_mean": N_("‖∂ mean loss / ∂{state}ₜ‖"),
    "gradient_sum": N_("‖∂ sum of losses / ∂{state}ₜ‖"),
    "watched_perplexity": N_("perplexity of this sequence"),
    "plane_share": N_("this plane shows {share} of the variance"),
    "broken": N_("not a finite number"),
    "ghost_remove": N_("Remove {label}"),
    "ghost_other_text": N_("of another text, not drawn"),
    "remaining": N_("units 1–{shown} of {all}"),
    "unit": N_("unit {u}"),
    "others": N_("{count} others"),
    "after": N_("after {input}, t = {t}"),
    "study": N_("Study step {step} below"),
    "copy_link": N_("Copy link"),
    "copied": N_("Copied."),
    "copy_by_hand": N_("Here is the link:"),
    "save_picture": N_("Save as PNG"),
    "save_panel": N_("Save as PNG: {panel}"),
    "no_picture": N_("There is no picture yet."),
    "live": N_("live"),
    "rate": N_("{rate} steps/s"),
    "others_training": N_("others training on this server: {count}"),
    "paused": N_("paused"),
    "overture": N_("a recording"),
    "ahead": N_("Back to step {step}: what the server has lost is being trained again …"),
    "percent": N_("{number} %"),
    "scrubbed": N_("looking back at {step} of {newest}"),
    "newest": N_("To the newest step"),
    "scrub": N_("Training step"),
    "axis_step": N_("training step"),
    "axis_step_log": N_("training step (log)"),
    "step_scale": N_("Axis of steps"),
    "step_scale_log": N_("log"),
    "step_scale_linear": N_("linear"),
    "axis_timestep": N_("timestep (symbol read)"),
    "axis_gradient": N_("norm (nats per unit, log)"),
    "axis_perplexity": N_("perplexity (log)"),
    "axis_unit": N_("unit"),
    "axis_plane": N_("plane of the path, axis {n}"),
    "skip": N_("To the live picture"),
    "close": N_("Close"),
    "present": N_("Present"),
    "present_leave": N_("Leave (Esc)"),
    "keys": N_("Keys"),
    "space": N_("Space"),
    "key_play": N_("play or pause, wherever you are on the page"),
    "key_time": N_("one timestep back or on; with Shift ten"),
    "key_step": N_("one recorded training step on or back; with Shift ten"),
    "key_ends": N_("to the first step, to the newest step"),
    "key_pair": N_("the next two equal symbols that must answer differently"),
    "key_loss": N_("light the gradient of the loss at the time cursor"),
    "key_present": N_("present a few panels to a room, and leave that again"),
    "key_keys": N_("this list"),
    "aria_label": N_("The network as it learns"),
    "aria_keys": N_(
        "Left and right arrows move through the sequence, up and down arrows through training, "
        "space plays and pauses, M compares the next two equal symbols, B lights the gradient of a target."
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
    "aria_ghosts": N_("Earlier runs, at their end: {list}."),
    "aria_state": N_("Hidden state of {units} of {all} units over {count} timesteps, from {low} to {high}."),
    "aria_cell_state": N_(
        "Cell state of {units} of {all} units over {count} timesteps, from {low} to {high}."
    ),
    "aria_gate": N_("{gate}. Mean over {units} of {all} units at t = {t}: {mean}."),
    "aria_broken": N_("Values that are not finite numbers: {count}."),
    "aria_gradients_one": N_(
        "Gradient of the loss at t = {at} by the hidden state: {first} at the first timestep, {last} at its own."
    ),
    "aria_gradients_mean": N_(
        "Gradient of the mean of all losses by the hidden state: {first} at the first timestep, {last} at the last."
    ),
    "aria_gradients_sum": N_(
        "Gradient of the sum of all losses by the hidden state: {first} at the first timestep, {last} at the last."
    ),
    "aria_trajectory": N_(
        "Path of the hidden state over {count} timesteps in a plane that shows {share} of its variance."
    ),
    "aria_odds": N_("After {input} at t = {t}, target {target}: {list}."),
}


# Of a curve whose points leave numbers out, whatever the batch.
_LEFT_OUT = N_(
    "[Perplexity](perplexity) of the pass of each update, with numbers left out at random; the [lines](k) are of the "
    "whole text, and one pass may lie below any of them. Drag to look back."
)


def words(network: NetworkConfig) -> dict[str, str]:
    """All words of the stage for a network in the reader's language; placeholders are filled in the browser."""
    chosen = WORDS | stage_words(network.cell)
    if leaves_out(network):
        chosen |= {"curve_hint": _LEFT_OUT, "curve_hint_batch": _LEFT_OUT}
    translated = translation()
    return {key: translated(text) for key, text in chosen.items()}
