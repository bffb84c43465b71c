"""What updates write down: a line each, with a row of numbers for each replica, of these columns.

NLL: mean loss per prediction, NaN without any. TOTAL: all losses summed up. NORM: ‖∂loss/∂parameters‖₂ before clipping.
CLIPPED_NORM: after clipping. CLIPPED: whether clipping changed the gradient. CLIPS: how many updates, this one
included, were clipped so far. FINITE: 0 where the replica has exploded, now or before.
"""

NLL, TOTAL, NORM, CLIPPED_NORM, CLIPPED, CLIPS, FINITE = range(7)
COLUMNS = 7
