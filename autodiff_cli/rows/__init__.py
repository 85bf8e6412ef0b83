"""The value and the sensitivities of one expression for every row of a table.

question    what is asked about each row: expression, bindings, gradients, directions, deviations
named       the columns of the answers: what they are called
graph       one row's value, gradients and derivative along a direction, as nodes
plan        that graph, made for any number of rows of the same shapes
single      one row by itself, as `evaluate` does it
engine      columns → answers: rows grouped by shape, a group computed at once or row by row
faults      why rows have no answer, with one error for all that fail alike
grouped     rows by the shapes of their cells, and their answers in order again
deviation   the standard deviation of a result from those of its inputs
monte_carlo the same over draws of the inputs, beside the first order
total       one accumulated value and gradient, whatever the order of the rows
uniform     rows whose answers have another shape than those before them, where the output can't hold both
table       a chunk of rows → the table of their answers; what to do with bad rows
job         the record that says all of it
run         files → files: reading, computing and writing at the same time
part        what a worker of a cluster does: a portion of the rows → a part of the output
cluster     a Dask cluster, and calls on it
folder      the output folder of parts: what is finished, and what goes on
gathered    what parts give, in the order of the rows
spread      files → a folder of parts, by the workers of a cluster
sample      the job's first row, for a look before it is run
"""

from autodiff_cli.rows.engine import Answers, Engine
from autodiff_cli.rows.job import Job, Summary
from autodiff_cli.rows.question import Question

__all__ = ["Answers", "Engine", "Job", "Question", "Summary"]
