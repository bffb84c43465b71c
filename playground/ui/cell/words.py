"""The words of the sheet and its diagram."""

from playground.ui.words import N_, _

WORDS = {
    "forward": N_("Forward"),
    "back": N_("Backward"),
    "way": N_("Direction"),
    "split": N_("Split [W_xh | W_hh]"),
    "join": N_("Join to [W_xh | W_hh]"),
    "reset": N_("All numbers as they were"),
    "sheet": N_("The numbers of one step"),
    "meets": N_("meets"),
    "read": N_("what is read"),
    "before": N_("state before"),
    "others": N_("{count} others"),
    "others_row": N_("the {count} other units"),
    "bias": N_("bias"),
    "sum": N_("sum"),
    "in_full": N_("In full"),
    "in_full_of": N_("Choose a result above: its row is written out here, and its unit drawn below."),
    "equations": N_("From the gates to the states"),
    "diagram": N_("The cell as a picture, unit {unit}"),
    "diagram_told": N_("The cell as a picture with the values of unit {unit}: {list}."),
    "convention": N_("The other convention: {gate}* = 1 − {gate}"),
    "convention_told": N_(
        "Some texts let the gate open the other way round. With {gate}* = 1 − {gate} the same step is written so; the "
        "weights and biases of {gate}* are those of {gate} with the other sign."
    ),
    "one_hot": N_(
        "What is read is 1 at {entry} and 0 elsewhere: of W_xh only that column counts. Multiplying by the matrix is "
        "looking up a column: {products} = {column}."
    ),
    "embedding": N_(
        "{symbol} is symbol {index} of {count}: multiplying its one-hot vector by the embedding matrix gives row "
        "{index} of it, which is what is read here: {row}."
    ),
    "arrives": N_("What arrives: ∂L/∂ of the states"),
    "above": N_("from the output or the layer above"),
    "later": N_("from the step after"),
    "fork": N_("h goes two ways, so what comes back is added up"),
    "through": N_("Back through the products"),
    "slope": N_("slope"),
    "leaves": N_("What leaves to the step before, and to what was read"),
    "arrived": N_("arrived"),
    "share": N_("This step’s share of ∂L/∂W"),
    "sum_below": N_("sum of the column"),
    "saturated": N_("{squash} of {name} is saturated: only {share} passes"),
    "closed": N_("{gate} is nearly closed: only {share} passes to {name}"),
    "percent": N_("{number} %"),
    "broken": N_("not finite"),
    "field": N_("{name}, a number"),
}


def words() -> dict[str, str]:
    """In the reader's language."""
    return {name: _(text) for name, text in WORDS.items()}
