"""The value and the sensitivities of one expression for every row of a table.

    question    what is asked about each row: expression, bindings, gradients, directions, deviations
    plan        one row's graph, made for any number of rows of the same shapes
    engine      columns → answers: rows grouped by shape, a group computed at once or row by row
    total       one accumulated value and gradient, whatever the order of the rows
    job         files → files: reading, computing and writing at the same time; what to do with bad rows
"""

from autodiff_cli.batch.engine import Answers, Engine
from autodiff_cli.batch.question import Question

__all__ = ["Answers", "Engine", "Question"]
