"""The programs of `programs.py` by hand: formulas and their derivatives, in numpy or in Python's numbers.

Each function gives the numbers that the program of its name prints.
"""

from __future__ import annotations

from collections.abc import Callable

from floors import layers, numbers, sequences
from floors.training import adam, sgd

FLOORS: dict[str, Callable[[], list[float]]] = {
    "newton": numbers.newton,
    "descent": numbers.descent,
    "recurrence": numbers.recurrence,
    "functions": numbers.functions,
    "elements": numbers.elements,
    "vectors": numbers.vectors,
    "newton2": numbers.newton2,
    "layers": layers.layers,
    "sgd": lambda: sgd(*layers.perceptron(64, 8, 16, 1), 150, 0.01, 0.9),
    "adam": lambda: adam(*layers.perceptron(64, 8, 16, 1), 150, 0.003),
    "sgd_wide": lambda: sgd(*layers.perceptron(64, 256, 64, 10), 100, 0.01, 0.9),
    "adam_wide": lambda: adam(*layers.perceptron(64, 256, 64, 10), 100, 0.003),
    "adam_vector": layers.adam_vector,
    "adam_matrix": layers.adam_matrix,
    "logistic": layers.logistic,
    "softmax": layers.softmax,
    "lstm": sequences.lstm,
    "gru": sequences.gru,
    "convolution": sequences.convolution,
    "attention": layers.attention,
    "penalty": layers.penalty,
    "pinn": layers.pinn,
}
