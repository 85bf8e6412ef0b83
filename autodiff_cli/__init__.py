"""PyTorch's autograd at a shell prompt, without PyTorch; and as a library.

    evaluate(text, x=…)         the value of an expression or a program, and its gradients: a Result
    run(program, x=…)           what a program prints, and its variables
    batch(text, columns)        value and gradients for every row, as columns

What is wrong is an exception of `autodiff_cli.errors`. All three may be called in several threads at once.

>>> import autodiff_cli
>>> print(autodiff_cli.evaluate("mean(3*(x+2)**2)", x="ones(2,2)"))
value: tensor(27., grad_fn=<MeanBackward0>)
x.grad: tensor([[4.5000, 4.5000],
                [4.5000, 4.5000]])
"""

__version__ = "0.1.0"
__all__ = ["Result", "batch", "evaluate", "run"]

# What is imported when it is asked for: the command needs none of it by these names.
_HOMES = {
    "Result": "evaluation.result",
    "batch": "rows.columns",
    "evaluate": "evaluation",
    "load_ipython_extension": "cli.magic",  # %load_ext autodiff_cli
    "run": "evaluation.running",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
