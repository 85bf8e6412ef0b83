"""PyTorch's autograd at a shell prompt, without PyTorch.

>>> from autodiff_cli.evaluation import evaluate
>>> evaluate("mean(3*(x+2)**2)", {"x": "ones(2,2)"}).value.grad_fn
'MeanBackward0'
"""

__version__ = "0.1.0"
