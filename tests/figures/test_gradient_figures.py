"""Figures of where the gradient goes: the numbers of their tables, every word from the look, nothing blank."""

# plotly ships no types that say what an indexed object is.
# pyright: reportAttributeAccessIssue=false, reportArgumentType=false

import json
import math
import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from playground.cells import CELLS
from playground.figures.axes import number
from playground.figures.clipping import clipped_norms, clipping_angles, clipping_grid, clipping_losses
from playground.figures.decay import (
    buildup_over_time,
    carry_over_distance,
    decay_over_distance,
    jacobian_parts,
    knob_band,
    norm_over_length,
    radius_sweep,
)
from playground.figures.differences import error_over_epsilon
from playground.figures.influence import contributions_matrix, influence_matrix
from playground.figures.look import Look
from playground.figures.theme import COLOURS
from playground.ui.cell_words import figure_words
from playground.ui.figure_words import LABELS

HELLO = ["h", "e", "l", "l"]
HOSTILE = ["<img src=x onerror=alert(1)>", "<a href='javascript:alert(1)'>x</a>", "%{x}", "$\\frac12$"]
TAGS = r"<(?!br>|extra>|/extra>|sup>|/sup>|span style=\"font-size:10px\">|/span>)"


def influence(tokens: list[str], quantity: str = "h") -> pd.DataFrame:
    """‖∂L_t/∂h_k‖ = 10^−(t−k) · t, the symbol after the last one being its first."""
    targets = [*tokens[1:], tokens[0]]
    rows = [
        (0, 1, quantity, t, targets[t - 1], k, tokens[k - 1], t * 10.0 ** (k - t))
        for t in range(1, len(tokens) + 1)
        for k in range(1, t + 1)
    ]
    columns = ["step", "layer", "quantity", "t", "target", "k", "token", "value"]
    return pd.DataFrame(rows, columns=columns).astype({"layer": "Int64", "t": "Int64", "k": "Int64"})


def contributions(tokens: list[str]) -> pd.DataFrame:
    """The same numbers by use, with sums over i and t that are no sums of norms."""
    cells = influence(tokens).rename(columns={"k": "i", "quantity": "part"}).assign(part="cell")
    rows = cells[cells["i"] == cells["t"]].assign(part="row", i=pd.NA, token=None)
    columns = cells[cells["t"] == len(tokens)].assign(part="column", t=pd.NA, target=None)
    total = rows.iloc[:1].assign(part="total", t=pd.NA, target=None)
    frame = pd.concat([cells, rows.assign(value=rows["value"] * 2), columns, total.assign(value=7.0)])
    order = ["step", "layer", "part", "t", "target", "i", "token", "value"]
    return frame.loc[:, order].astype({"t": "Int64", "i": "Int64"}).reset_index(drop=True)


def backwards(tokens: list[str], quantities: list[str]) -> pd.DataFrame:
    """A decay or carry table: quantity number n is 0.5^(n · distance)."""
    last = len(tokens)
    rows = [
        (0, 1, quantity, last, last - d, tokens[last - d - 1], d, 0.5 ** (n * d))
        for n, quantity in enumerate(quantities, 1)
        for d in range(last)
    ]
    columns = ["step", "layer", "quantity", "t", "k", "token", "distance", "value"]
    return pd.DataFrame(rows, columns=columns).astype({"layer": "Int64", "t": "Int64", "k": "Int64"})


def over(index: str, tokens: list[str], quantities: list[str], first: int = 1) -> pd.DataFrame:
    """A table over timesteps; the values count up from 0.1."""
    rows = [
        (0, 1, quantity, t, tokens[t - 1], 0.1 * (t + 10 * n))
        for n, quantity in enumerate(quantities)
        for t in range(first, len(tokens) + 1)
    ]
    columns = ["step", "layer", "quantity", index, "token", "value"]
    return pd.DataFrame(rows, columns=columns).astype({"layer": "Int64", index: "Int64"})


def buildup(tokens: list[str]) -> pd.DataFrame:
    frame = over("i", tokens, ["single", "accumulated"])
    last = pd.array([len(tokens) if name == "single" else pd.NA for name in frame["quantity"]], dtype="Int64")
    frame.insert(3, "t", last)
    return frame


def draws(variants: list[tuple[str, str]], length: int = 4) -> pd.DataFrame:
    distance = np.arange(length)
    parts = [
        pd.DataFrame(
            {
                "variant": variant,
                "quantity": quantity,
                "distance": distance,
                "low": 0.2**distance,
                "median": 0.5**distance,
                "high": 0.9**distance,
                "one": 0.6**distance,
            }
        )
        for variant, quantity in variants
    ]
    return pd.concat(parts, ignore_index=True)


def radii() -> pd.DataFrame:
    values = np.array([0.5, 1.0, 2.0])
    parts = [
        pd.DataFrame(
            {"variant": name, "radius": values, "low": values / 2, "median": values, "high": values * 2}
        )
        for name in ("tanh", "linear")
    ]
    return pd.concat(parts, ignore_index=True)


def epsilons() -> pd.DataFrame:
    epsilon = 10.0 ** -np.arange(1, 9)
    return pd.DataFrame({"epsilon": epsilon, "difference": 0.3 + epsilon, "error": epsilon**2 + 1e-12})


def runs(burst: bool = False) -> pd.DataFrame:
    """Three free and four clipped updates; the free run may burst at its last."""
    norm = np.array([2.0, 8.0, math.inf if burst else 4.0])
    free = pd.DataFrame({"variant": "free", "step": range(3), "gradient_norm": norm, "clipped_norm": norm})
    free = free.assign(loss=[2.0, 3.0, math.nan if burst else 2.5], clipped=False, angle=0.0)
    before = np.array([2.0, 0.5, 3.0, 0.1])
    clipped = pd.DataFrame({"variant": "clipped", "step": range(4), "gradient_norm": before})
    clipped = clipped.assign(clipped_norm=np.minimum(before, 1), clipped=before > 1)
    clipped = clipped.assign(loss=[2.0, 1.5, 1.0, 0.5], angle=[20.0, 0.0, 40.0, 0.0])
    frame = pd.concat([free, clipped], ignore_index=True)
    return frame.assign(perplexity=np.exp(frame["loss"]))


def grid() -> pd.DataFrame:
    rows = [
        (0.1, 1.0, 0.5, "learned"),
        (0.1, math.inf, 1.5, "learned"),
        (1.0, 1.0, 9.0, "worse"),
        (1.0, math.inf, math.nan, "diverged"),
    ]
    frame = pd.DataFrame(rows, columns=["learning_rate", "threshold", "loss", "outcome"])
    return frame.assign(perplexity=np.exp(frame["loss"]), start=2.0)


def every_figure(look: Look, tokens: list[str] | None = None) -> dict[str, go.Figure]:
    """One of each kind."""
    tokens = tokens or HELLO
    special = influence(tokens, "c")
    special.loc[:2, "value"] = [0.0, math.inf, math.nan][: len(special)]
    jacobians = ["largest", "smallest", "activation", "weight", "radius", "carry", "saturated"]
    of_lstm = {"state": "c", "gate": "f"}
    return {
        "influence": influence_matrix(influence(tokens), selected=len(tokens), look=look),
        "special": influence_matrix(special, look=look),
        "contributions": contributions_matrix(contributions(tokens), selected=len(tokens), look=look),
        "decay": decay_over_distance(backwards(tokens, ["h", "c", "radius", "singular"]), look=look),
        "carry": carry_over_distance(
            backwards(tokens, ["measured", "gate", "through", "share"]), **of_lstm, look=look
        ),
        "gru": carry_over_distance(
            backwards(tokens, ["measured", "gate", "through"]), state="h", gate="z", look=look
        ),
        "jacobians": jacobian_parts(over("k", tokens, jacobians, first=min(2, len(tokens))), look=look),
        "buildup": buildup_over_time(buildup(tokens), look=look),
        "length": norm_over_length(over("t", tokens, ["sum", "mean"]), look=look),
        "knobs": knob_band(
            draws([("tanh", "h"), ("linear", "h"), ("relu", "h"), ("sigmoid", "h")]), look=look
        ),
        "gated": knob_band(draws([("lstm", "h"), ("lstm", "c")]), look=look),
        "radii": radius_sweep(radii(), look=look),
        "epsilons": error_over_epsilon(epsilons(), chosen=1e-5, look=look),
        "norms": clipped_norms(runs(), threshold=1.0, look=look),
        "burst": clipped_norms(runs(burst=True), threshold=1.0, look=look),
        "angles": clipping_angles(runs(), look=look),
        "losses": clipping_losses(runs(), look=look),
        "stopped": clipping_losses(runs(burst=True), look=look),
        "grid": clipping_grid(grid(), look=look),
    }


def texts(node: object, key: str = "") -> Iterator[str]:
    """Everything a reader can read in a figure's JSON: names, hover texts, categories, ticks."""
    shown = (
        "text",
        "hovertext",
        "hovertemplate",
        "name",
        "labelalias",
        "ticktext",
        "categoryarray",
        "ticksuffix",
    )
    if isinstance(node, dict):
        for name, child in node.items():
            yield from texts(child, key if key == "labelalias" else name)
    elif isinstance(node, list):
        for child in node:
            yield from texts(child, key)
    elif isinstance(node, str) and key in shown:
        yield node


def words(figure: go.Figure) -> list[str]:
    return list(texts(json.loads(figure.to_json())))


def cells(trace) -> np.ndarray:
    """A heat map's values as a full matrix, NaN where it is blank."""
    width = len(trace.x)
    rows = [[math.nan if value is None else value for value in row] for row in trace.z]
    return np.array([[*row, *[math.nan] * (width - len(row))] for row in rows], dtype=float)


def heat(figure) -> list:
    """The heat maps of a figure."""
    return [trace for trace in figure.data if trace.type == "heatmap"]


@pytest.mark.parametrize("dark", [False, True])
def test_all_are_transparent_and_in_the_theme(look, dark) -> None:
    colours = COLOURS["dark" if dark else "light"]
    for name, figure in every_figure(replace(look, dark=dark)).items():
        theme, own = figure.layout.template.layout, figure.layout
        assert theme.paper_bgcolor == theme.plot_bgcolor == "rgba(0,0,0,0)", name
        assert own.paper_bgcolor is own.plot_bgcolor is own.font.color is None, name
        assert theme.font.color == colours["text"], name
        assert (theme.margin.l if own.margin.l is None else own.margin.l) <= 12, name
        assert theme.xaxis.automargin and theme.yaxis.automargin, name
        for axis in (*figure.select_xaxes(), *figure.select_yaxes()):
            assert axis.automargin is not False, name


def test_every_word_comes_from_the_look_or_the_table(look) -> None:
    own = re.compile(r"«[\w.]+»|<[^>]*>|%\{[^}]*\}|[hel]|Σ|NaN|∞|✕|°|[\s\d·:,.()=≤≥−⁻⁰¹²³⁴-⁹%]")
    for name, figure in every_figure(look).items():
        for text in words(figure):
            assert not own.sub("", text), (name, text)


def test_hostile_tokens_stay_text(look) -> None:
    for name, figure in every_figure(look, tokens=HOSTILE).items():
        for text in words(figure):
            assert not re.search(TAGS, text), (name, text)
            assert "$" not in text, (name, text)
    template = influence_matrix(influence(HOSTILE), look=look).data[0].hovertemplate
    assert template == influence_matrix(influence(HELLO), look=look).data[0].hovertemplate


def test_every_axis_has_a_title(look) -> None:
    for name, figure in every_figure(look).items():
        axes = [*figure.select_xaxes(), *figure.select_yaxes()]
        titles = [axis.title.text for axis in axes if axis.title.text]
        assert len(titles) == 2, name  # the sums beside a matrix share its axes
        if figure.layout.coloraxis.cmin is not None:
            titles.append(figure.layout.coloraxis.colorbar.title.text)
        assert all("«axis_" in title for title in titles), (name, titles)


def test_every_colour_is_explained(look) -> None:
    for name, figure in every_figure(look).items():
        assert figure.layout.showlegend, name
        explained = {
            trace.line.color or trace.marker.color
            for trace in figure.data
            if trace.type == "scatter" and trace.showlegend is not False
        }
        for trace in figure.data:
            if trace.type == "scatter" and trace.marker.symbol != "square":
                assert (trace.line.color or trace.marker.color) in explained, (name, trace.name)
            elif trace.type == "heatmap":
                assert (
                    trace.coloraxis
                    or trace.showlegend
                    or any(other.showlegend and other.name == trace.name for other in figure.data)
                ), (name, trace.name)


def test_empty_tables_say_so(look) -> None:
    for figure in (
        influence_matrix(influence(HELLO).iloc[:0], look=look),
        contributions_matrix(contributions(HELLO).iloc[:0], look=look),
        decay_over_distance(backwards(HELLO, ["h"]).iloc[:0], look=look),
        carry_over_distance(backwards(HELLO, ["share"]), state="c", gate="f", look=look),
        jacobian_parts(over("k", ["h"], ["largest"], first=2), look=look),
        buildup_over_time(buildup(HELLO).iloc[:0], look=look),
        norm_over_length(over("t", HELLO, ["sum"]).iloc[:0], look=look),
        knob_band(draws([("tanh", "h")]).iloc[:0], look=look),
        radius_sweep(radii().iloc[:0], look=look),
        error_over_epsilon(epsilons().iloc[:0], look=look),
        clipped_norms(runs().iloc[:0], look=look),
        clipping_angles(runs().iloc[:3], look=look),
        clipping_losses(runs().iloc[:0], look=look),
        clipping_grid(grid().iloc[:0], look=look),
    ):
        assert not figure.data
        assert [note.text for note in figure.layout.annotations] == [look.words["empty"]]


def test_one_timestep(look) -> None:
    for name, figure in every_figure(look, tokens=["h"]).items():
        assert figure.data, name
        json.loads(figure.to_json())


def test_height_is_the_callers(look) -> None:
    assert influence_matrix(influence(HELLO), look=replace(look, height=222)).layout.height == 222
    assert decay_over_distance(backwards(HELLO, ["h"]), look=replace(look, height=333)).layout.height == 333
    assert clipping_grid(grid(), look=replace(look, height=444)).layout.height == 444


def test_influence_is_the_table_in_logarithms(look) -> None:
    frame = influence(HELLO)
    (trace,) = heat(influence_matrix(frame, look=look))
    z = cells(trace)
    for row in frame.itertuples():
        np.testing.assert_allclose(z[row.t - 1, row.k - 1], np.log10(row.value), atol=5e-4)
        assert trace.customdata[row.t - 1][row.k - 1] == number(row.value)
    assert np.isnan(z[np.triu_indices(4, 1)]).all(), "no loss reaches into the future"
    assert [len(row) for row in trace.customdata] == [1, 2, 3, 4]
    assert trace.hoverongaps is False


def test_matrix_reads_from_top_to_bottom_with_symbols(look) -> None:
    figure = influence_matrix(influence(HELLO), look=look)
    layout = figure.layout
    assert list(layout.yaxis.range) == [3.5, -0.5]
    assert layout.yaxis.categoryarray[0] == "«timestep» 1 · e"
    assert layout.xaxis.categoryarray[3] == "«timestep_k» 4 · l"
    assert layout.yaxis.labelalias["«timestep» 1 · e"] == "e · 1"
    assert layout.xaxis.labelalias["«timestep_k» 4 · l"].startswith("l<br>")
    lines = figure.data[0].hovertemplate.split("<br>")
    assert lines[1:] == ["«loss_at» %{y:c}", "«state_at» %{x:c}<extra></extra>"]


def test_losses_that_are_not_there_have_no_row(look) -> None:
    frame = influence(HELLO)
    figure = influence_matrix(frame[frame["t"] > 2], selected=4, look=look)
    assert len(figure.data[0].y) == 2
    assert len(figure.data[0].x) == 4
    (outline,) = figure.layout.shapes
    assert (outline.y0, outline.y1, outline.x0, outline.x1) == (0.5, 1.5, -0.5, 3.5)


def test_every_row_ends_in_a_point_that_names_its_loss(look) -> None:
    frame = influence(HELLO)
    points = influence_matrix(frame, selected=2, look=look).data[-1]
    diagonal = frame.loc[frame["t"] == frame["k"]]
    assert list(points.customdata) == list(diagonal["t"]) and points.mode == "markers"
    for text, t, value in zip(points.hovertext, diagonal["t"], diagonal["value"], strict=True):
        assert look.words["choose_loss"].format(t=t) in text and f"{value:.4g}" in text
    colours = list(points.marker.color)
    assert colours[1] == COLOURS["light"]["selected"] and len({*colours}) == 2
    crowded = influence_matrix(influence(["a", "b"] * 50), look=look)
    assert heat(crowded) == list(crowded.data), "points would be too small to hit"


def test_selected_row_is_outlined_up_to_the_present(look) -> None:
    (outline,) = influence_matrix(influence(HELLO), selected=2, look=look).layout.shapes
    assert (outline.x0, outline.x1, outline.y0, outline.y1) == (-0.5, 1.5, 0.5, 1.5)
    assert outline.name == "«selected_loss» 2"
    assert outline.showlegend
    assert not influence_matrix(influence(HELLO), selected=9, look=look).layout.shapes


@pytest.mark.parametrize("figure", [influence_matrix, contributions_matrix])
def test_a_colour_is_the_same_number_in_every_picture(figure, look) -> None:
    frame = (influence if figure is influence_matrix else contributions)(HELLO)
    for factor in (1, 1e-20, 1e20):
        axis = figure(frame.assign(value=frame["value"] * factor), look=look).layout.coloraxis
        assert (axis.cmin, axis.cmax) == (-8, 1)
    assert list(axis.colorbar.tickvals) == list(range(-8, 2))
    assert (axis.colorbar.ticktext[0], axis.colorbar.ticktext[-1]) == (
        "≤ 10<sup>−8</sup>",
        "≥ 10<sup>1</sup>",
    )


def test_fitted_colours_follow_the_values(look) -> None:
    frame = influence(HELLO)
    one = influence_matrix(frame, fitted=True, look=look).layout.coloraxis
    ten = influence_matrix(frame.assign(value=frame["value"] * 10), fitted=True, look=look).layout.coloraxis
    assert (ten.cmin, ten.cmax) == pytest.approx((one.cmin + 1, one.cmax + 1))
    values = np.log10(frame["value"])
    assert (one.cmin, one.cmax) == (values.min(), values.max()), "from the smallest to the largest"
    assert list(one.colorbar.ticktext) == ["0.01", "0.1", "1"]
    assert list(one.colorbar.tickvals) == pytest.approx([-2, -1, 0])
    flat = influence_matrix(frame.assign(value=0.5), fitted=True, look=look).layout.coloraxis
    assert flat.cmin < math.log10(0.5) < flat.cmax
    assert len(one.colorbar.tickvals) >= 2
    deep = frame.assign(value=frame["value"] ** 60)
    ticks = influence_matrix(deep, fitted=True, look=look).layout.coloraxis.colorbar.tickvals
    assert 3 <= len(ticks) <= 8


def test_zeros_and_what_is_not_finite_are_never_blank(look) -> None:
    frame = influence(HELLO)
    frame.loc[[1, 3, 4], "value"] = [0.0, math.inf, math.nan]  # (2, 1), (3, 1), (3, 2)
    zeros, infinite, other, main = heat(influence_matrix(frame, look=look))
    for trace, cell, sign in ((zeros, (1, 0), "0"), (infinite, (2, 0), "∞"), (other, (2, 1), "NaN")):
        there = ~np.isnan(cells(trace))
        assert there[cell]
        assert there.sum() == 1
        assert trace.hovertemplate.startswith(f"«nats_per_unit» {sign}<br>")
        assert np.isnan(cells(main)[cell])
    assert [trace.name for trace in (zeros, infinite, other)] == [
        look.words["row_zero"],
        look.words["row_not_finite"],
        look.words["row_not_finite"],
    ]
    assert [trace.showlegend for trace in (zeros, infinite, other)] == [True, True, False]
    assert zeros.colorscale[0][1] != infinite.colorscale[0][1] == other.colorscale[0][1]
    drawn = sum((~np.isnan(cells(trace))).sum() for trace in (zeros, infinite, other, main))
    assert drawn == len(frame)


def test_values_below_single_precision_keep_their_number(look) -> None:
    frame = influence(HELLO).assign(value=3.25e-200)
    (trace,) = heat(influence_matrix(frame, look=look))
    assert trace.customdata[3][3] == "3.25·10⁻²⁰⁰" and trace.hovertemplate.count("%{customdata}") == 1
    assert trace.z[3][3] == pytest.approx(np.log10(3.25e-200), abs=5e-4)


@pytest.mark.parametrize("zeros", [False, True])
def test_a_long_matrix_stays_small(look, zeros) -> None:
    frame = influence(list("abcd") * 50)
    generator = np.random.default_rng(0)
    frame["value"] = 10 ** generator.uniform(-60, 2, len(frame))
    if zeros:
        frame.loc[(generator.uniform(size=len(frame)) < 0.5) & (frame["k"] < 200), "value"] = 0.0
    figure = influence_matrix(frame, selected=150, look=look)
    trace, last = figure.data[-1], frame.query("t == 200 and k == 200")["value"].item()
    assert trace.customdata[-1][-1] == pytest.approx(last, rel=1e-3)
    assert "%{customdata:.4~g}" in trace.hovertemplate
    assert len(figure.to_json().encode()) < 500_000
    assert len(contributions_matrix(contributions(list("abcd") * 50), look=look).to_json().encode()) < 500_000


def test_long_axes_thin_their_labels(look) -> None:
    long = influence_matrix(influence(list("abcd") * 30), look=look).layout
    assert (long.xaxis.nticks, long.yaxis.nticks) == (5, 5)
    assert influence_matrix(influence(HELLO), look=look).layout.xaxis.nticks == 0
    assert norm_over_length(over("t", list("ab") * 60, ["sum"]), look=look).layout.xaxis.nticks == 8


def test_contributions_stand_beside_their_sums_on_one_colour_axis(look) -> None:
    frame = contributions(HELLO)
    figure = contributions_matrix(frame, look=look)
    _, rows, columns, total = figure.data
    assert {trace.coloraxis for trace in figure.data} == {"coloraxis"}
    for part, trace in (("row", rows), ("column", columns), ("total", total)):
        values = frame.loc[frame["part"] == part, "value"]
        np.testing.assert_allclose(cells(trace).ravel(), np.log10(values), atol=5e-4)
    assert [cells(trace).shape for trace in figure.data] == [(4, 4), (4, 1), (1, 4), (1, 1)]
    assert list(rows.x) == [look.words["all_uses"]]
    assert list(columns.y) == [look.words["all_losses"]]
    assert figure.layout.coloraxis.cmax >= np.log10(8)


def test_decay_and_its_predictions(look) -> None:
    frame = backwards(HELLO, ["h", "c", "radius", "singular"])
    figure = decay_over_distance(frame, look=look)
    colours = COLOURS["light"]
    for trace, (quantity, rows) in zip(figure.data, frame.groupby("quantity", sort=False), strict=True):
        np.testing.assert_array_equal(trace.y, rows["value"])
        assert list(trace.x) == [0, 1, 2, 3]
        assert trace.line.color == colours[quantity]
        assert (trace.line.dash != "solid") == (quantity in ("radius", "singular"))
        assert trace.name == f"«decay_{quantity}»"
    assert figure.data[0].hovertext[1] == "«distance» 1 · «timestep_k» 3 · l<br>«decay_h»<br>0.5"
    assert figure.layout.yaxis.type == "log"


def test_vanished_gradients_are_marked_as_zeros(look) -> None:
    frame = backwards(HELLO, ["h"])
    frame.loc[1:2, "value"] = 0.0
    line, zeros = decay_over_distance(frame, look=look).data
    assert list(zeros.x) == [1, 2]
    assert "markers" in line.mode


@pytest.mark.parametrize(("state", "gate"), [("c", "f"), ("h", "z")])
def test_carry_and_the_other_ways(look, state, gate) -> None:
    frame = backwards(HELLO, ["measured", "gate", "through", "share"])
    figure = carry_over_distance(frame, state=state, gate=gate, look=look)
    assert [trace.name for trace in figure.data] == [
        f"«carry_{state}_{name}»" for name in ("measured", "gate", "through")
    ]
    assert [trace.line.color for trace in figure.data[:2]] == [
        COLOURS["light"][name] for name in (state, gate)
    ]
    assert figure.layout.yaxis.title.text == f"«axis_carry_{state}»"
    share = 100 * 0.5**4
    assert figure.data[2].hovertext[1].endswith(f"<br>0.125<br>«carry_share» {share:.4g}")
    assert "«carry_share»" not in figure.data[0].hovertext[1]


def test_jacobians_their_factors_and_the_line_at_one(look) -> None:
    names = ["largest", "smallest", "activation", "weight", "radius", "saturated"]
    frame = over("k", HELLO, names, first=2)
    figure = jacobian_parts(frame, look=look)
    assert [trace.name for trace in figure.data] == [f"«jacobian_{name}»" for name in names[:-1]]
    for trace, name in zip(figure.data, names, strict=False):
        np.testing.assert_array_equal(trace.y, frame.loc[frame["quantity"] == name, "value"])
        assert list(trace.x) == ["2", "3", "4"]
        assert (trace.line.dash != "solid") == (name in ("weight", "radius"))
    assert figure.data[2].hovertext[0].endswith("<br>2.2<br>«saturated» 520")
    assert figure.layout.xaxis.title.text == "«axis_timestep_k»"
    assert figure.layout.xaxis.labelalias["2"] == "e<br>2"
    (one,) = figure.layout.shapes
    assert (one.y0, one.y1, one.name) == (1, 1, look.words["factor_one"])


def test_buildup_and_length_are_the_tables(look) -> None:
    frame = buildup(HELLO)
    figure = buildup_over_time(frame, look=look)
    assert [trace.name for trace in figure.data] == ["«buildup_single» 4", "«buildup_accumulated»"]
    np.testing.assert_array_equal(np.concatenate([trace.y for trace in figure.data]), frame["value"])
    assert figure.data[0].hovertext[1].startswith("«timestep_i» 2 · e<br>")
    frame = over("t", HELLO, ["sum", "mean"])
    figure = norm_over_length(frame, look=look)
    np.testing.assert_array_equal(np.concatenate([trace.y for trace in figure.data]), frame["value"])
    assert figure.layout.xaxis.title.text == look.words["axis_length"]


def test_several_layers_have_a_line_each(look) -> None:
    frame = over("k", HELLO, ["largest"], first=2)
    figure = jacobian_parts(pd.concat([frame, frame.assign(layer=2)]), look=look)
    assert [trace.name for trace in figure.data] == [f"«layer» {n} · «jacobian_largest»" for n in (1, 2)]
    assert len({trace.marker.symbol for trace in figure.data}) == 2


def test_draws_have_a_band_a_median_and_the_first(look) -> None:
    frame = draws([("tanh", "h"), ("linear", "h")])
    figure = knob_band(frame, look=look)
    bands = [trace for trace in figure.data if trace.fill == "toself"]
    lines = [trace for trace in figure.data if trace.fill is None and trace.x[0] is not None]
    rows = frame[frame["variant"] == "tanh"]
    np.testing.assert_array_equal(bands[0].y, [*rows["low"], *rows["high"][::-1]])
    for trace, column in zip(lines[:2], ("one", "median"), strict=True):
        np.testing.assert_array_equal(trace.y, rows[column])
    assert lines[0].line.width < lines[1].line.width
    assert [trace.line.color for trace in lines[1::2]] == [
        COLOURS["light"][name] for name in ("tanh", "linear")
    ]
    assert lines[1].hovertext[1] == (
        "«steps_back» 1<br>«variant_tanh»<br>«draws_median»: 0.5<br>«draws_low»: 0.2<br>«draws_high»: 0.9"
        "<br>«draws_one»: 0.6"
    )
    assert [shape.y0 for shape in figure.layout.shapes] == [1]
    shown = [trace.name for trace in figure.data if trace.showlegend is not False]
    assert shown == ["«median_of» «variant_tanh»", "«median_of» «variant_linear»", "«key_band»", "«key_one»"]


def test_a_band_reaches_the_row_of_zeros_and_leaves_gaps(look) -> None:
    frame = draws([("relu", "h")], 6)
    frame.loc[1, "low"] = 0.0
    frame.loc[3, "high"] = math.nan
    figure = knob_band(frame, look=look)
    first, second = (trace for trace in figure.data if trace.fill == "toself")
    assert list(first.x) == [0, 1, 2, 2, 1, 0]
    assert list(second.x) == [4, 5, 5, 4]
    assert 0 < first.y[1] < frame.loc[frame["low"] > 0, "low"].min()
    assert look.words["row_zero"] in [note.text for note in figure.layout.annotations]


def test_both_states_of_one_cell_have_their_own_colours(look) -> None:
    figure = knob_band(draws([("lstm", "h"), ("lstm", "c")]), look=look)
    medians = [trace for trace in figure.data if trace.name.startswith("«median_of»") and trace.showlegend]
    assert [trace.line.color for trace in medians] == [COLOURS["light"]["h"], COLOURS["light"]["c"]]
    assert medians[1].name == "«median_of» «variant_lstm» · «quantity_c»"
    figure = knob_band(draws([("gru", "h")]), look=look)
    assert figure.data[0].line.color == COLOURS["light"]["gru"]


def test_radii_with_their_two_reference_lines(look) -> None:
    figure = radius_sweep(radii(), look=look)
    medians = [trace for trace in figure.data if trace.fill is None and trace.x[0] is not None]
    for trace in medians:
        assert list(trace.x) == list(trace.y) == [0.5, 1.0, 2.0]
    across, upright = figure.layout.shapes
    assert (across.y0, across.y1) == (1, 1)
    assert (upright.x0, upright.x1) == (1, 1)
    assert [shape.showlegend for shape in figure.layout.shapes] == [True, True]


def test_error_over_epsilon_is_the_table_on_two_log_axes(look) -> None:
    frame = epsilons()
    figure = error_over_epsilon(frame, chosen=1e-5, look=look)
    np.testing.assert_array_equal(figure.data[0].x, frame["epsilon"][::-1])
    np.testing.assert_array_equal(figure.data[0].y, frame["error"][::-1])
    assert figure.layout.xaxis.type == figure.layout.yaxis.type == "log"
    (chosen,) = figure.layout.shapes
    assert (chosen.x0, chosen.name) == (1e-5, "«chosen_epsilon» 10⁻⁵")
    assert "10<sup>−7</sup>" in figure.layout.xaxis.ticktext and "2" not in figure.layout.xaxis.ticktext
    assert "«central_difference»: 0.4<br>" in figure.data[0].hovertext[-1]


def test_norms_of_both_runs(look) -> None:
    frame = runs()
    marks, free, before, after = clipped_norms(frame, threshold=1.0, look=look).data
    clipped = frame[frame["variant"] == "clipped"]
    np.testing.assert_array_equal(free.y, frame.loc[frame["variant"] == "free", "gradient_norm"])
    np.testing.assert_array_equal(before.y, clipped["gradient_norm"])
    np.testing.assert_array_equal(after.y, clipped["clipped_norm"])
    assert list(marks.x) == [0, 2]
    assert marks.name == look.words["clipped"]
    (threshold,) = clipped_norms(frame, threshold=1.0, look=look).layout.shapes
    assert (threshold.y0, threshold.name) == (1, "«threshold» 1")


def test_angles_of_the_clipped_run_from_zero(look) -> None:
    frame = runs()
    marks, line = clipping_angles(frame, look=look).data
    np.testing.assert_array_equal(line.y, [20, 0, 40, 0])
    assert list(marks.y) == [20, 40]
    low, high = clipping_angles(frame, look=look).layout.yaxis.range
    assert -5 < low <= 0 < 40 < high
    flat = clipping_angles(frame.assign(angle=1e-6), look=look).layout.yaxis.range
    assert flat[1] > 10, "rounding errors look like 0"
    frame.loc[frame["step"] == 3, "angle"] = math.nan
    assert list(clipping_angles(frame, look=look).data[2].x) == [3]


def test_losses_of_both_runs_and_where_one_stops(look) -> None:
    frame = runs()
    figure = clipping_losses(frame, look=look)
    for trace, (_, rows) in zip(figure.data, frame.groupby("variant", sort=False), strict=True):
        np.testing.assert_array_equal(trace.y, rows["loss"])
    assert figure.layout.yaxis.type != "log"
    _, stopped, _ = clipping_losses(runs(burst=True), look=look).data
    assert list(stopped.x) == [2]
    assert stopped.name == look.words["row_not_finite"]


def test_a_loss_that_explodes_leaves_the_axis_and_is_marked(look) -> None:
    frame = runs()
    learned = clipping_losses(frame, floor=0.25, look=look).layout.yaxis.range
    frame.loc[1, "loss"] = 1e6
    figure = clipping_losses(frame, floor=0.25, look=look)
    (mark,) = [trace for trace in figure.data if trace.name == look.words["off_axis"]]
    assert list(mark.x) == [frame.loc[1, "step"]] and "10⁶" in mark.hovertext[0]
    assert mark.marker.symbol == "triangle-up", "not the cross of what is not finite"
    low, high = figure.layout.yaxis.range
    assert low == 0 and mark.y[0] < high <= learned[1]
    assert figure.data[0].y[1] == 1e6, "the line keeps its number"
    (line,) = figure.layout.shapes
    assert line.name == look.words["no_memory"].format(value="0.25") and line.y0 == line.y1 == 0.25


def test_grid_writes_every_outcome_into_its_cell(look) -> None:
    figure = clipping_grid(grid(), look=look)
    learned, worse, diverged = figure.data
    assert list(learned.x) == ["1", look.words["no_clipping"]]
    assert list(learned.y) == ["0.1", "1"]
    np.testing.assert_array_equal(cells(learned), [[0.5, 1.5], [math.nan, math.nan]])
    assert [list(row) for row in worse.text] == [["", ""], ["9", ""]]
    assert [list(row) for row in diverged.text] == [["", ""], ["", "✕"]]
    assert [trace.showlegend for trace in figure.data] == [False, True, True]
    assert (figure.layout.coloraxis.cmin, figure.layout.coloraxis.cmax) == (0, 2)
    assert worse.colorscale[0][1] == COLOURS["light"]["worse"]
    assert diverged.colorscale[0][1] == COLOURS["light"]["exploded"]
    assert "«learning_rate» 1<br>«no_clipping»" in diverged.hovertext[1][1]


@pytest.mark.parametrize(
    ("loss", "shown"), [(0.0123, "0.0123"), (1.3e6, "1.3·10⁶"), (2e-5, "2·10⁻⁵"), (12.34, "12.3")]
)
def test_losses_fit_their_cells(look, loss, shown) -> None:
    figure = clipping_grid(grid().assign(loss=loss, outcome="learned"), look=look)
    assert figure.data[0].text[0][0] == shown


def test_the_page_has_every_label_with_the_same_placeholders(look) -> None:
    """The words of these tests are those that readers get."""
    fields = re.compile(r"\{\w+\}")
    known = {key: text for cell in CELLS for key, text in figure_words(cell).items()} | LABELS
    for key, text in look.words.items():
        if key.startswith("quantity_grad."):  # the tests know more gates than the page shows gradients of
            continue
        assert sorted(fields.findall(known[key])) == sorted(fields.findall(text)), key


@pytest.mark.parametrize(
    "values", [[5e-324, 1e-300, 0.0], [1e-300, 1.0, math.inf, 1e308, 0.0], [1e308, math.nan]]
)
def test_marks_have_a_place_at_either_end_of_all_numbers(values, look) -> None:
    """Where plotly's axis ends, at 10⁻³²⁴ and 10³⁰⁸, the rows of 0 and ∞ stand at its very ends, not beyond."""
    frame = pd.DataFrame(
        {"step": 0, "layer": 1, "quantity": "single", "t": len(values), "i": range(1, len(values) + 1),
         "token": "a", "value": values}
    )  # fmt: skip
    figure = buildup_over_time(frame, look=look)
    heights = [y for trace in figure.data for y in trace.y if y is not None] + [
        line.y0 for line in figure.layout.shapes
    ]
    assert all(0 < y < math.inf for y in heights)
    marked = sum(len(trace.x) for trace in figure.data if trace.mode == "markers" and not trace.showlegend)
    assert marked == sum(value == 0 or not math.isfinite(value) for value in values)
    assert all(math.isfinite(note.y) for note in figure.layout.annotations)
