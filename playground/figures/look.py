"""How a reader sees figures: in which words and which theme, and how large."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import plotly.graph_objects as go

from .theme import COLOURS, mode, template


@dataclass(frozen=True, slots=True)
class Look:
    """What a figure is drawn with, beside its table. A figure knows no language and no reader; this tells it.

    words: every text in a figure, by the name by which figures ask for it; some have {placeholders}. dark: whether the
    page is. height: of the whole figure in pixels; None leaves it to the figure.
    """

    words: Mapping[str, str]
    dark: bool = False
    height: int | None = None

    @property
    def mode(self) -> str:
        """The key of the page's theme in the tables of `theme`."""
        return mode(self.dark)

    @property
    def colours(self) -> Mapping[str, str]:
        """The colour of every quantity on this page."""
        return COLOURS[self.mode]

    def with_height(self, usual: int) -> "Look":
        """The same, as high as a figure usually is where nobody has asked for another height."""
        return self if self.height is not None else replace(self, height=usual)

    def styled(self, figure: go.Figure) -> go.Figure:
        """The figure in the page's theme."""
        return figure.update_layout(template=template(self.dark), height=self.height)

    def notice(self, word: str) -> go.Figure:
        """A figure that says why there is nothing to draw."""
        figure = self.styled(go.Figure())
        figure.update_xaxes(visible=False)
        figure.update_yaxes(visible=False)
        return figure.add_annotation(
            text=self.words[word], x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False
        )
