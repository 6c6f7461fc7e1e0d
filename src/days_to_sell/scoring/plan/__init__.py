"""What a bundle computes, as expressions that both ways of scoring are made from.

Operators describe their outputs by the expressions of this room (:mod:`.expressions`, :mod:`.vectors`). A
plan (:mod:`.plan`) lists them in the order of the pipeline, and knows nothing of how they are computed:
``rows`` writes code for single rows from it, ``batches`` computes them over arrays.
"""
