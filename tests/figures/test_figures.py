"""Figures hold the numbers of their table and nothing else, and every word comes from the look."""

# plotly ships no types that say what an indexed object is.
# pyright: reportAttributeAccessIssue=false, reportArgumentType=false

import json
import math
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from playground.figures.axes import number, percent, ticks, whole_percent
from playground.figures.gradients import gradients_over_time
from playground.figures.theme import COLOURS, TIME, blend
from playground.figures.training import curve_over_training, gradient_norm_over_training
from playground.figures.trajectory import trajectory_2d, trajectory_3d
from playground.figures.units import units_over_time

HELLO = ["h", "e", "l", "l"]
HOSTILE = ["<img src=x onerror=alert(1)>", "<a href='javascript:alert(1)'>x</a>", "l", "l"]


def numbers(values) -> list[float]:
    """A trace's values, gaps as nan."""
    return [math.nan if value is None else float(value) for value in values]


def words(figure) -> list[str]:
    """Everything a reader can read in a figure, ticks made of numbers aside."""
    spec = json.loads(figure.to_json())
    found: list[str] = []

    def walk(node, key: str = "") -> None:
        if isinstance(node, dict):
            for name, child in node.items():
                walk(child, name if name != "labelalias" and key != "labelalias" else "labelalias")
        elif isinstance(node, list):
            for child in node:
                walk(child, key)
        elif isinstance(node, str) and key in ("text", "hovertext", "name", "labelalias", "ticktext"):
            found.append(node)

    walk(spec["data"])
    walk(spec["layout"])
    return found


def every_figure(look, table, path, gradients, updates, tokens=HELLO):
    """One of each kind."""
    states, gates = table(["h", "c"], tokens), table(["i", "f", "g", "o"], tokens, layers=2)
    return {
        "2d": trajectory_2d(path(tokens, 2), look=look),
        "3d": trajectory_3d(path(tokens, 3), look=look),
        "states": units_over_time(states, look=look),
        "gates": units_over_time(gates, look=look),
        "gradients": gradients_over_time(gradients(["h", "c"], tokens), look=look),
        "norm": gradient_norm_over_training(updates, threshold=1.0, look=look),
        "perplexity": curve_over_training(updates, uniform=4.0, floors=(2.8, 1.0, 1.0), look=look),
    }


@pytest.mark.parametrize("dark", [False, True])
def test_all_are_transparent_compact_and_in_the_theme(look, table, path, gradients, updates, dark) -> None:
    colours = COLOURS["dark" if dark else "light"]
    for name, figure in every_figure(replace(look, dark=dark), table, path, gradients, updates).items():
        theme, own = figure.layout.template.layout, figure.layout
        assert theme.paper_bgcolor == theme.plot_bgcolor == "rgba(0,0,0,0)", name
        assert own.paper_bgcolor is own.plot_bgcolor is own.font.color is None, name
        assert theme.font.color == colours["text"], name
        assert (theme.margin.l if own.margin.l is None else own.margin.l) <= 12, name
        assert figure.layout.height > 0, name


def test_every_word_comes_from_the_look_or_the_table(look, table, path, gradients, updates) -> None:
    own = re.compile(r"«[\w.]+»|<[^>]*>|[hel₀-₉]|■|NaN|∞|[\s\d·:,.()=−⁻⁰¹²³⁴-⁹+-]|[hcifgo] = |≈")
    for name, figure in every_figure(look, table, path, gradients, updates).items():
        for text in words(figure):
            assert not own.sub("", text), (name, text)


def test_every_axis_has_a_title(look, table, path, gradients, updates) -> None:
    for name, figure in every_figure(look, table, path, gradients, updates).items():
        if name == "3d":
            titles = [figure.layout.scene[f"{axis}axis"].title.text for axis in "xyz"]
        elif name in ("states", "gates"):  # the y axis of a small picture is named by the picture's own title
            titles = [axis.title.text for axis in figure.select_xaxes()][-1:]
            pictures = [note.text for note in figure.layout.annotations]
            assert len(pictures) == len(list(figure.select_yaxes()))
        else:
            titles = [axis.title.text for axis in [*figure.select_xaxes(), *figure.select_yaxes()]]
        assert all(title and "«axis_" in title for title in titles), (name, titles)


def test_hostile_tokens_stay_text(look, table, path, gradients, updates) -> None:
    for name, figure in every_figure(look, table, path, gradients, updates, tokens=HOSTILE).items():
        for text in words(figure):
            assert not re.search(r"<(?!br>|span style=\"color:#[0-9A-F]{6}\">|/span>)", text), (name, text)
            assert "href" not in text or "&lt;a" in text or "‹a" in text, (name, text)


def test_trajectory_points_are_the_tables(look, path) -> None:
    for k, figure in ((2, trajectory_2d), (3, trajectory_3d)):
        frame = path(HELLO, k)
        drawn = figure(frame, look=look)
        points = drawn.data[-1]
        for unit, axis in zip(range(1, k + 1), "xyz", strict=False):
            values = frame[(frame["quantity"] == "position") & (frame["unit"] == unit)]["value"]
            np.testing.assert_array_equal(points[axis], values)
        assert list(points.text) == ["h₁", "e₂", "l₃", "l₄"]
        assert list(points.marker.color) == [1, 2, 3, 4]
        start = next(trace for trace in drawn.data if trace.name == look.words["start"])
        assert (start.x[0], start.y[0]) == (points.x[0], points.y[0])
        assert points.hovertext[0].startswith("«timestep» 1 · h")
    drawn = trajectory_2d(path(HELLO, 2), look=look)
    assert drawn.layout.xaxis.title.text == "«axis_component» 1 60"
    assert drawn.layout.xaxis.scaleanchor == "y"


def test_an_axis_without_movement_says_so_and_has_no_share(look, path) -> None:
    frame = path(HELLO, 2)
    frame.loc[frame["quantity"] == "share", "value"] = [1 - 1e-12, 1e-12]
    layout = trajectory_2d(frame, look=look).layout
    assert (layout.xaxis.title.text, layout.yaxis.title.text) == ("«axis_whole» 1", "«axis_still» 2")


def test_the_path_has_the_colours_of_the_stage(look, path) -> None:
    """`paintPath` in trajectory.js: from 0.3 to all of the colour of h."""
    for mode, page in (("light", "#FFFFFF"), ("dark", "#12151B")):
        h = COLOURS[mode]["h"]
        assert TIME[mode] == (blend((page, h), 0.3), h)
    assert TIME["light"][0] != TIME["dark"][0]


def test_line_of_a_trajectory_passes_through_every_point_in_order(look, path) -> None:
    frame = path(list("abcdefghij" * 6), 2)
    figure = trajectory_2d(frame, look=look)
    pieces = [trace for trace in figure.data if trace.mode == "lines"]
    x = [float(pieces[0].x[0])] + [float(value) for piece in pieces for value in piece.x[1:]]
    np.testing.assert_array_equal(x, figure.data[-1].x)
    assert len({piece.line.color for piece in pieces}) == len(pieces)


def test_3d_axes_share_one_scale(look, path) -> None:
    scene = trajectory_3d(path(HELLO, 3), look=look).layout.scene
    scales = [
        (scene[f"{axis}axis"].range[1] - scene[f"{axis}axis"].range[0]) / scene.aspectratio[axis]
        for axis in "xyz"
    ]
    np.testing.assert_allclose(scales, scales[0])


@pytest.mark.parametrize("dark", [False, True])
def test_chosen_units_are_the_tables(look, table, dark) -> None:
    frame = table(["i", "g"], HELLO, 8)
    figure = units_over_time(frame, units=[7, 2], look=replace(look, dark=dark))
    assert len(figure.data) == 4
    for trace, (quantity, unit) in zip(figure.data, [("i", 7), ("i", 2), ("g", 7), ("g", 2)], strict=True):
        rows = frame[(frame["quantity"] == quantity) & (frame["unit"] == unit)]
        np.testing.assert_array_equal(trace.y, rows["value"])
        assert list(trace.x) == ["1", "2", "3", "4"]
        assert trace.name == f"«unit» {unit}"
    assert [trace.showlegend for trace in figure.data] == [True, True, False, False]
    assert figure.data[0].line.color == figure.data[2].line.color != figure.data[1].line.color
    low, high = figure.layout.yaxis.range
    assert low < 0 < 1 < high < 1.2
    low, high = figure.layout.yaxis2.range
    assert -1.2 < low < -1 < 1 < high


def test_units_without_choice_are_the_first_five(look, table) -> None:
    figure = units_over_time(table(["h"], HELLO, 8), look=look)
    assert [trace.name for trace in figure.data] == [f"«unit» {unit}" for unit in range(1, 6)]


def test_six_and_more_units_differ_in_colour_or_dash(look, table) -> None:
    figure = units_over_time(table(["h"], HELLO, 20), units=range(1, 21), look=look)
    assert len({(trace.line.color, trace.line.dash) for trace in figure.data}) == 20


def test_states_beyond_one_widen_the_axis(look, table) -> None:
    frame = table(["c"], HELLO)
    frame.loc[0, "value"] = -7.0
    figure = units_over_time(frame, look=look)
    assert figure.layout.yaxis.range[0] < -7


def test_time_axis_names_every_symbol(look, gradients) -> None:
    axis = gradients_over_time(gradients(["h"], HELLO), look=look).layout.xaxis
    assert axis.labelalias == {"1": "h<br>1", "2": "e<br>2", "3": "l<br>3", "4": "l<br>4"}
    assert list(axis.categoryarray) == ["1", "2", "3", "4"]


def test_gradients_are_the_tables_on_a_log_axis(look, gradients) -> None:
    frame = gradients(["h", "c"], HELLO)
    frame["value"] *= 10.0 ** -np.arange(0, 80, 5)
    figure = gradients_over_time(frame, look=look)
    assert figure.layout.yaxis.type == "log"
    assert figure.layout.yaxis.title.text == look.words["axis_gradient"]
    names = ["«quantity_mean.h»", "«quantity_mean.c»", "«quantity_loss.h» 4", "«quantity_loss.c» 4"]
    assert [trace.name for trace in figure.data] == names
    assert [trace.line.dash for trace in figure.data] == ["dash", "dash", "solid", "solid"]
    assert figure.data[0].line.color == figure.data[2].line.color != figure.data[1].line.color
    np.testing.assert_array_equal(np.concatenate([trace.y for trace in figure.data]), frame["value"])
    low, high = figure.layout.yaxis.range
    assert 10**low < frame["value"].min() < frame["value"].max() < 10**high


def of_all(gradients) -> pd.DataFrame:
    """The gradient of all losses by h only."""
    frame = gradients(["h"], HELLO)
    return frame[frame["quantity"] == "mean.h"]


def test_zeros_and_what_is_not_finite_are_marked(look, gradients) -> None:
    frame = of_all(gradients).assign(value=[0.0, 1e-3, np.nan, np.inf])
    figure = gradients_over_time(frame, look=look)
    line, zeros, others = figure.data
    np.testing.assert_array_equal(numbers(line.y), [math.nan, 1e-3, math.nan, math.nan])
    assert list(zeros.x) == ["1"]
    assert list(others.x) == ["3", "4"]
    assert zeros.y[0] < 1e-3 < others.y[0]
    assert zeros.hovertext[0].endswith("<br>0")
    assert others.hovertext[0].endswith("NaN")
    assert others.hovertext[1].endswith("∞")
    low, high = figure.layout.yaxis.range
    assert 10**low < zeros.y[0]
    assert others.y[0] < 10**high
    assert {note.text for note in figure.layout.annotations} == {
        look.words["row_zero"],
        look.words["row_not_finite"],
    }


def test_all_zeros_are_still_drawn(look, gradients) -> None:
    figure = gradients_over_time(of_all(gradients).assign(value=0.0), look=look)
    assert len(figure.data[1].x) == 4


def test_nothing_special_leaves_no_rows(look, gradients) -> None:
    assert not gradients_over_time(gradients(["h"], HELLO), look=look).layout.annotations


def test_gradient_norm_before_and_after_clipping(look, updates) -> None:
    figure = gradient_norm_over_training(updates, threshold=1.0, look=look)
    marks, before, after = figure.data
    np.testing.assert_array_equal(before.y, updates["gradient_norm"])
    np.testing.assert_array_equal(after.y, updates["clipped_norm"])
    assert list(marks.x) == [1, 3]
    assert list(marks.y) == [4.0, 2.0]
    assert marks.name == look.words["clipped"]
    assert figure.layout.shapes[0].y0 == 1.0
    assert figure.layout.annotations[0].text == "«threshold» 1"
    assert "«step» 1" in before.hovertext[1]
    assert "«learning_rate» 0.02" in before.hovertext[1]


def test_exploded_last_step_is_marked(look, updates) -> None:
    updates.loc[4, ["gradient_norm", "loss", "perplexity"]] = np.inf
    for figure in (
        gradient_norm_over_training(updates, look=look),
        curve_over_training(updates, look=look),
    ):
        marks = [trace for trace in figure.data if trace.marker.symbol == "x"]
        assert [list(trace.x) for trace in marks] == [[4]]
        assert look.words["row_not_finite"] in [note.text for note in figure.layout.annotations]


def test_steps_that_a_long_run_left_out_are_marked_as_what_they_are(look, updates) -> None:
    """Of the two updates up to step 2 one was clipped, and of the two up to step 4: neither is the row's own."""
    thinned = updates.iloc[[0, 2, 4]].assign(clipped_share=[0.0, 0.5, 0.5])
    assert not thinned["clipped"].any()
    between, before, _ = gradient_norm_over_training(thinned, look=look).data
    assert between.name == look.words["clipped_between"] and list(between.x) == [2, 4]
    assert "«clipped_share» 50 2" in before.hovertext[2]
    assert "«clipped_share»" not in before.hovertext[0]
    every_step = gradient_norm_over_training(updates, look=look)
    assert look.words["clipped_between"] not in {trace.name for trace in every_step.data}
    assert "«clipped_share»" not in "".join(words(every_step))


def test_curve_and_its_lines(look, updates) -> None:
    floors = (2.8, math.sqrt(2), 1.0, 1.0)
    figure = curve_over_training(updates, uniform=4.0, floors=floors, look=look)
    np.testing.assert_array_equal(figure.data[1].y, updates["perplexity"])
    assert [shape.y0 for shape in figure.layout.shapes] == [2.8, math.sqrt(2), 1.0, 4.0]
    notes = [note.text for note in figure.layout.annotations]
    assert notes[2].startswith("«floor» 2, 3: ")
    assert notes[3].startswith("«uniform»: ")
    assert figure.layout.yaxis.title.text == look.words["axis_perplexity"]
    assert "«quantity_loss»: 1.099<br>" in figure.data[1].hovertext[1]


def test_a_perplexity_beyond_64_bits_is_a_mark_that_knows_its_loss(look, updates) -> None:
    updates.loc[4, ["loss", "perplexity"]] = [7_699_782.4, np.inf]
    figure = curve_over_training(updates, look=look)
    (mark,) = [trace for trace in figure.data if trace.marker.symbol == "x"]
    assert list(mark.x) == [4]
    assert "«quantity_perplexity»: «beyond»<br>«quantity_loss»: 7.7·10⁶" in mark.hovertext[0]
    rows = [note.text for note in figure.layout.annotations]
    assert look.words["row_beyond"] in rows and look.words["row_not_finite"] not in rows


def test_perplexity_axis_starts_at_one(look, updates) -> None:
    axis = curve_over_training(updates, look=look).layout.yaxis
    low, high = axis.range
    assert -0.2 < low <= 0
    assert high > math.log10(4)
    assert axis.ticktext[0] == "1" and axis.tickvals[0] == 1, "the lowest label is no 9 for 0.9"


@pytest.mark.parametrize(
    ("low", "high", "texts"),
    [
        (0, math.log10(2), ["1", "1.2", "1.4", "1.6", "1.8", "2"]),
        (0, 1.5, ["1", "2", "5", "10", "20"]),
        (-1, 1, ["0.1", "0.2", "0.5", "1", "2", "5", "10"]),
        (-7.4, -6.1, ["5·10<sup>−8</sup>", "10<sup>−7</sup>", "2·10<sup>−7</sup>", "5·10<sup>−7</sup>"]),
        (-9.5, 0.5, ["10<sup>−8</sup>", "10<sup>−6</sup>", "0.0001", "0.01", "1"]),
        (math.log10(3), math.log10(3.02), ["3", "3.005", "3.01", "3.015", "3.02"]),
    ],
)
def test_a_label_of_a_logarithmic_axis_is_its_whole_number(low, high, texts) -> None:
    found = ticks(low, high)
    assert found["ticktext"] == texts
    for text, value in zip(texts, found["tickvals"], strict=True):
        read = re.sub(r"<sup>(.*)</sup>", r"**\1", text).replace("−", "-").replace("·", "*")
        assert eval(read) == pytest.approx(value)
        assert low - 1e-9 <= math.log10(value) <= high + 1e-9


@pytest.mark.parametrize("span", [0.01, 0.3, 0.9, 1.0, 2.9, 3.0, 17.0, 600.0])
def test_a_logarithmic_axis_has_a_few_labels_whatever_its_span(span) -> None:
    for low in (-span / 2, 0.0, -span):
        assert 3 <= len(ticks(low, low + span)["tickvals"]) <= 10


def test_shares_are_never_zero_unless_they_are() -> None:
    shares = (0.0, 1.0, 0.54321, 3.2e-4, 1e-9, math.nan)
    assert [percent(share) for share in shares] == ["0", "100", "54.3", "0.032", "< 0.001", "NaN"]
    assert [percent(share) for share in (0.9994, 0.9996, 1 - 2e-7)] == ["99.9", "> 99.9", "100"]
    assert [percent(share) for share in (9.994, 9.996, 12.34, 1.7e14)] == [
        "999",
        "1,000",
        "1,230",
        "1.7·10¹⁶",
    ]
    assert [
        whole_percent(share)
        for share in (0.0, 1e-9, 0.0049, 0.005, 0.125, 0.9949, 0.995, 1 - 2e-7, 1.0, 12.0)
    ] == [*("0", "< 1", "< 1", "0", "12", "99", "> 99", "100", "100", "1,200")]


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.0, 4, "0"), (0.0123, 4, "0.0123"), (-0.5, 4, "−0.5"), (1234.4, 4, "1,234"), (268.0, 2, "270"),
        (0.001, 4, "0.001"), (0.00099999, 4, "0.001"), (0.000999, 4, "9.99·10⁻⁴"), (1.945e-22, 4, "1.945·10⁻²²"),
        (1e-5, 4, "10⁻⁵"), (-2e-7, 4, "−2·10⁻⁷"), (99_999.0, 5, "99,999"), (99_999.0, 4, "10⁵"), (1.3e6, 4, "1.3·10⁶"),
        (5e-324, 4, "4.941·10⁻³²⁴"), (math.inf, 4, "∞"), (-math.inf, 4, "−∞"), (math.nan, 4, "NaN"),
    ],
)  # fmt: skip
def test_a_number_is_no_code(value, digits, text) -> None:
    assert number(value, digits) == text


def test_a_coordinate_that_is_rounding_has_no_digits(look, path) -> None:
    frame = path(HELLO, 2)
    frame.loc[(frame["quantity"] == "position") & (frame["unit"] == 2), "value"] = 3e-17
    hover = trajectory_2d(frame, look=look).data[-1].hovertext
    assert all(text.endswith(", ≈ 0)") for text in hover)
    assert "≈" not in "".join(trajectory_2d(path(HELLO, 2), look=look).data[-1].hovertext)


def test_empty_tables_say_so(look, table, path, gradients, updates) -> None:
    states = table(["h"], HELLO).iloc[:0]
    for figure in (
        trajectory_2d(path(HELLO, 2).iloc[:0], look=look),
        trajectory_3d(path(HELLO, 3).iloc[:0], look=look),
        units_over_time(states, look=look),
        units_over_time(table(["h"], HELLO), units=[], look=look),
        gradients_over_time(gradients(["h"], HELLO).iloc[:0], look=look),
        gradient_norm_over_training(updates.iloc[:0], look=look),
        curve_over_training(updates.iloc[:0], look=look),
    ):
        assert not figure.data
        assert [note.text for note in figure.layout.annotations] == [look.words["empty"]]


def test_one_timestep_and_one_update(look, table, path, gradients, updates) -> None:
    for name, figure in every_figure(look, table, path, gradients, updates.iloc[:1], tokens=["h"]).items():
        assert figure.data, name
        json.loads(figure.to_json())
        assert len(figure.data[-1].x) == 1, name


def test_states_that_are_not_finite_have_no_path(look, path) -> None:
    frame = path(HELLO, 3).assign(value=np.nan)
    for draw in (trajectory_2d, trajectory_3d):
        figure = draw(frame, look=look)
        assert [note.text for note in figure.layout.annotations] == [look.words["not_finite"]]


def test_height_is_the_callers(look, table, path, gradients, updates) -> None:
    assert trajectory_2d(path(HELLO, 2), look=replace(look, height=222)).layout.height == 222
    assert units_over_time(table(["h"], HELLO), look=replace(look, height=333)).layout.height == 333
    assert gradients_over_time(gradients(["h"], HELLO), look=replace(look, height=444)).layout.height == 444
