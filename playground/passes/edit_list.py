"""Edits as the choice of a page: their text in a link, and whether they fit a network and a text."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from playground.batch import Signature
from playground.cells import CELLS
from playground.config import NetworkConfig, Range
from playground.passes.edits import Cut, Edit, Edits, Hold, Span, Symbol, Transplant
from playground.passes.replica import layer_names
from playground.refusal import Refusal

MAX_EDITS = 32
MAX_LENGTH = 4_096  # characters of all edits in a link: one vector of 128 float32 numbers, with every digit
VALUE = Range(-1e5, 1e5, float)

_NUMBER = "0|[1-9][0-9]{0,5}"
_SPAN = f"(?P<first>{_NUMBER})(?P<dash>-(?P<last>{_NUMBER})?)?"
_EDIT = re.compile(
    rf"cut@{_SPAN}"
    rf"|x@(?P<at>{_NUMBER})=(?P<symbol>{_NUMBER})"
    rf"|h@(?P<source>{_NUMBER})>(?P<planted>{_NUMBER})"
    rf"|(?P<layer>l[0-9](_reverse)?)\.(?P<name>[a-z]{{1,8}})(\.(?P<unit>{_NUMBER}))?"
    rf"@{_SPAN.replace('P<', 'P<of_')}=(?P<values>[^=]+)"
)


@dataclass(frozen=True, slots=True)
class EditList:
    """A list of at most `limit` edits as the choice of a page; `l0.f@2-=1,x@1=4,cut@3` in a URL."""

    limit: int = MAX_EDITS

    def check(self, name: str, value: object) -> Edits:
        """Return the edits if that is what they are, not too many, and all in their text, else raise `Refusal`."""
        given = cast("Sequence[object]", value) if isinstance(value, tuple | list) else ()
        edits = tuple(each for each in given if isinstance(each, Hold | Cut | Symbol | Transplant))
        if len(edits) != len(given) or not isinstance(value, tuple | list):
            raise self._refusal(name, value)
        if len(edits) > self.limit:
            raise Refusal(
                name, "{field} must be at most {limit}; got {count:,}.", limit=self.limit, count=len(edits)
            )
        length = len(self.show(edits))
        if length > MAX_LENGTH:
            raise Refusal(
                name,
                "{field} must have at most {limit:,} characters; got {length:,}.",
                limit=MAX_LENGTH,
                length=length,
            )
        for edit in edits:
            if self._edit(name, str(edit)) != edit:
                raise self._refusal(name, edit)
        return edits

    def parse(self, name: str, text: str) -> Edits:
        """Read the edits from a URL."""
        if len(text) > MAX_LENGTH:
            raise self._refusal(name, text)
        return self.check(name, tuple(self._edit(name, part) for part in text.split(",")) if text else ())

    def show(self, value: Edits) -> str:
        """Write the edits into a URL."""
        return ",".join(map(str, value))

    def _edit(self, field: str, text: str) -> Edit:
        found = _EDIT.fullmatch(text)
        if found is None:
            raise self._refusal(field, text)
        if found["at"]:
            return Symbol(int(found["at"]), int(found["symbol"]))
        if found["source"]:
            return Transplant(int(found["source"]), int(found["planted"]))
        prefix = "of_" if found["layer"] else ""
        first, dash, last = (found[prefix + part] for part in ("first", "dash", "last"))
        if last and int(last) < int(first):
            raise self._refusal(field, text)
        span = Span(int(first), None if dash == "-" else int(last or first))
        if not found["layer"]:
            return Cut(span)
        values = tuple(VALUE.parse(field, value) for value in found["values"].split(":"))
        if found["unit"] and len(values) > 1:
            raise self._refusal(field, text)
        unit = int(found["unit"]) if found["unit"] else None
        return Hold(found["layer"], found["name"], span, values, unit)

    def _refusal(self, field: str, value: object) -> Refusal:
        return Refusal(
            field, "{field} must be edits such as l0.f@2-5=1,x@1=4,h@2>3,cut@3; got {value}.", value=value
        )


EDITS = EditList()


def fits(field: str, edits: Edits, config: NetworkConfig, signature: Signature, length: int) -> None:
    """Raise `Refusal` for the first edit that speaks of what this network, or a text of `length` timesteps, has not."""
    fits_network(field, edits, config, signature)
    for edit in edits:
        source = edit.source if isinstance(edit, Transplant) else 0
        if max(edit.span.first, edit.span.last or 0, source) >= length:
            raise Refusal(
                field,
                "{field}: the timesteps of {edit} must be from 0 to {last}.",
                edit=edit.target,
                last=length - 1,
            )


def fits_network(field: str, edits: Edits, config: NetworkConfig, signature: Signature) -> None:
    """The same, but for the timesteps."""
    for edit in edits:
        if isinstance(edit, Hold):
            _fits_cell(field, edit, config)
        elif isinstance(edit, Symbol):
            _fits_vocabulary(field, edit, signature)
        elif isinstance(edit, Transplant) and edit.source == edit.t:
            raise Refusal(
                field,
                "{field}: {edit} puts a state where it is already, which changes nothing.",
                edit=edit.target,
            )


def _fits_vocabulary(field: str, edit: Symbol, signature: Signature) -> None:
    if signature.reads != "symbols":
        raise Refusal(field, "{field}: {edit} needs a network that reads symbols.", edit=edit.target)
    if edit.symbol >= signature.input_size:
        raise Refusal(
            field,
            "{field}: the symbol of {edit} must be from 0 to {last}; got {value}.",
            edit=edit.target,
            last=signature.input_size - 1,
            value=edit.symbol,
        )


def _fits_cell(field: str, hold: Hold, config: NetworkConfig) -> None:
    """Whether the network has this layer, this gate or state and these units, and the gate can take these values."""
    cell, edit = CELLS[config.cell], hold.target
    if hold.layer not in (layers := layer_names(config)):
        raise Refusal(
            field,
            "{field}: the layer of {edit} must be one of {options}.",
            edit=edit,
            options=", ".join(layers),
        )
    if hold.name not in (names := (*cell.states, *cell.gates)):
        raise Refusal(
            field,
            "{field}: what {edit} holds must be one of {options}.",
            edit=edit,
            options=", ".join(names),
        )
    if hold.unit is not None and hold.unit >= config.hidden_size:
        raise Refusal(
            field,
            "{field}: the unit of {edit} must be from 0 to {last}.",
            edit=edit,
            last=config.hidden_size - 1,
        )
    if len(hold.values) not in (1, config.hidden_size):
        raise Refusal(
            field,
            "{field}: {edit} must have one number, or one for each of the {units} units; got {count:,}.",
            edit=edit,
            units=config.hidden_size,
            count=len(hold.values),
        )
    if hold.name in cell.gates:
        low, high = cell.gates[hold.name].range
        for value in hold.values:
            if not low <= value <= high:
                raise Refusal(
                    field,
                    "{field}: {edit} must be from {low} to {high}, as this gate is; got {value}.",
                    edit=edit,
                    low=f"{low:g}",
                    high=f"{high:g}",
                    value=value,
                )
