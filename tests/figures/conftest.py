"""Tables as the analysis makes them, and a look whose words show which key they came from."""

import numpy as np
import pandas as pd
import pytest

from playground.figures.look import Look

PLACEHOLDERS = {
    "timestep": "{t}",
    "unit": "{u}",
    "layer": "{n}",
    "step": "{step}",
    "axis_component": "{n} {share}",
    "axis_component_3d": "{n} {share}",
    "axis_still": "{n}",
    "axis_whole": "{n}",
    "threshold": "{value}",
    "no_memory": "{value}",
    "learning_rate": "{value}",
    "floor": "{k}",
    "clipped_share": "{share} {step}",
    "quantity_loss.h": "{t}",
    "quantity_loss.c": "{t}",
    "timestep_k": "{t}",
    "timestep_i": "{t}",
    "distance": "{n}",
    "nats_per_unit": "{value}",
    "loss_at": "{place}",
    "state_at": "{place}",
    "use_at": "{place}",
    "selected_loss": "{t}",
    "choose_loss": "{t}",
    "carry_share": "{share}",
    "saturated": "{share}",
    "buildup_single": "{t}",
    "steps_back": "{n}",
    "radius": "{value}",
    "median_of": "{name}",
    "epsilon": "{value}",
    "chosen_epsilon": "{value}",
    "state": "{n}",
    "states_hover": "{states} {bits} {numbers}",
    "forward_ceiling": "{share}",
    "times": "{count} {all}",
    "chance": "{value}",
    "lowest_forward": "{value}",
    "layer_answers": "{n}",
    "axis_map": "{n} {share}",
}
GATES = ("i", "f", "g", "o", "r", "z", "n")
KEYS = {
    *PLACEHOLDERS,
    *("empty", "not_finite", "start", "timesteps", "uniform", "clipped", "clipped_between"),
    *("axis_timestep", "axis_step", "row_beyond", "beyond"),
    *("axis_gradient", "axis_gradient_norm", "axis_perplexity", "axis_loss", "row_zero", "row_not_finite"),
    *(f"quantity_{name}" for name in ("h", "c", *GATES, "phi")),
    *(f"quantity_{kind}.{state}" for kind in ("mean", "sum") for state in "hc"),
    *(f"quantity_{name}" for name in ("loss", "perplexity", "gradient_norm", "clipped_norm")),
    *("axis_loss_row", "axis_state_column", "axis_use_column", "all_losses", "all_uses"),
    *("axis_influence_h", "axis_influence_c", "axis_contribution"),
    *("axis_distance", "axis_steps_back", "axis_timestep_k", "axis_timestep_i", "axis_length"),
    *("axis_factor", "axis_weight_gradient", "axis_carry_h", "axis_carry_c", "factor_one"),
    *(f"decay_{name}" for name in ("h", "c", "radius", "singular")),
    *(f"carry_{state}_{name}" for state in "hc" for name in ("measured", "gate", "through")),
    *(f"jacobian_{name}" for name in ("largest", "smallest", "activation", "weight", "radius", "carry")),
    *("buildup_accumulated", "length_sum", "length_mean"),
    *("axis_ratio", "axis_first_ratio", "axis_radius", "ratio_one", "key_band", "key_one"),
    *(f"variant_{name}" for name in ("tanh", "linear", "relu", "sigmoid", "lstm", "gru")),
    *(f"draws_{name}" for name in ("low", "median", "high", "one")),
    *("axis_epsilon", "axis_relative_error", "relative_error", "central_difference"),
    *("run_free", "run_clipped", "angle", "axis_angle"),
    *("axis_threshold", "axis_learning_rate", "axis_final_loss", "no_clipping", "off_axis", "choose"),
    *("final_loss", "final_perplexity"),
    *(f"outcome_{name}" for name in ("learned", "worse", "diverged")),
    *(f"whatif_{name}" for name in ("original", "changed", "difference")),
    *("axis_unit", "axis_own_loss", "axis_next", "axis_probability"),
    *(f"variant_{name}" for name in ("forward", "both", "so_far")),
    *("past_ceiling", "axis_word", "axis_right", "axis_text_perplexity", "axis_next_probability"),
    *(
        "axis_held_out",
        "axis_all",
        "axis_all_error",
        "left_out",
        "held_out",
        "trained_on",
        "typed",
        "play_map",
    ),
    *(f"depth_{name}" for name in ("evaluated", "trained", "difference")),
    *("order_typed", "order_shuffled", "odds_bag", "odds_recurrent"),
    *("states_path", "states_posterior", "axis_state", "axis_bits", "hmm"),
    *("axis_before", "axis_after", "axis_token", "axis_weight"),
    "on_perplexity",
    "axis_text_perplexity",
    *("axis_asked", "axis_answered", "axis_held_out_error", "axis_gradient_of_loss"),
    *(f"variant_{name}" for name in ("each", "mean", "target", "itself", "nothing", "lesson")),
    *("tagger_crf", "tagger_forward", "tagger_both", "right_tag"),
}


@pytest.fixture
def look() -> Look:
    """Every word a figure may ask for: «key», and its placeholders."""
    return Look({key: f"«{key}» {PLACEHOLDERS.get(key, '')}".strip() for key in KEYS})


def tidy_table(
    quantities: list[str], tokens: list[str], units: int | None = 3, layers: int = 1, seed: int = 0
) -> pd.DataFrame:
    """A table of random values in (0, 1); units None: one number per timestep."""
    generator = np.random.default_rng(seed)
    rows = [
        (0, t, token, layer, quantity, unit, generator.uniform())
        for layer in range(1, layers + 1)
        for quantity in quantities
        for t, token in enumerate(tokens, 1)
        for unit in (range(1, units + 1) if units else [pd.NA])
    ]
    columns = ["step", "t", "token", "layer", "quantity", "unit", "value"]
    table = pd.DataFrame(rows, columns=columns)
    return table.astype({"t": "Int64", "layer": "Int64", "unit": "Int64", "value": "float64"})


@pytest.fixture
def table():
    """The maker of tidy tables."""
    return tidy_table


@pytest.fixture
def path():
    """The maker of trajectory tables: tokens and k axes, with shares 0.6, 0.3, 0.1."""

    def make(tokens: list[str], k: int) -> pd.DataFrame:
        positions = tidy_table(["position"], tokens, k)
        shares = positions.iloc[:k].assign(quantity="share", value=[0.6, 0.3, 0.1][:k])
        shares["t"] = pd.array([pd.NA] * len(shares), dtype="Int64")
        shares["token"] = None
        return pd.concat([positions, shares], ignore_index=True)

    return make


@pytest.fixture
def updates() -> pd.DataFrame:
    """Five updates, the second and fourth clipped to 1."""
    norms = np.array([0.5, 4.0, 0.7, 2.0, 0.1])
    perplexity = np.array([4.0, 3.0, 2.0, 1.5, 1.0])
    return pd.DataFrame(
        {
            "step": np.arange(5),
            "loss": np.log(perplexity),
            "perplexity": perplexity,
            "gradient_norm": norms,
            "clipped_norm": np.minimum(norms, 1.0),
            "clipped": norms > 1,
            "clipped_share": (norms > 1) * 1.0,
            "learning_rate": 0.02,
        }
    )


@pytest.fixture
def gradients():
    """The maker of `gradients_frame` tables: all losses averaged, and the last one alone."""

    def make(states: list[str], tokens: list[str]) -> pd.DataFrame:
        kinds = [
            tidy_table([f"{kind}.{state}" for state in states], tokens, None) for kind in ("mean", "loss")
        ]
        for table, t in zip(kinds, (pd.NA, len(tokens)), strict=True):
            table["loss_t"] = pd.array([t] * len(table), dtype="Int64")
        return pd.concat(kinds, ignore_index=True)

    return make
