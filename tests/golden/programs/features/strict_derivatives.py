# What torch.autograd.functional gives, and refuses in strict mode, for functions that don't depend on everything.
import torch
from torch.autograd import functional

x, y, s = torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0]), torch.tensor(2.0)
FUNCTIONS = {
    "square": (lambda x: x * x, x),
    "linear": (lambda x: 2 * x, x),
    "first": (lambda x, y: x * x, (x, y)),
    "pair": (lambda x, y: (x * y, x * 2), (x, y)),
    "constant": (lambda x: torch.ones(2), x),
    "sum": (lambda x: (2 * x).sum(), x),
    "cubes": (lambda x: (x**3).sum(), x),
    "both": (lambda x, y: (x * x * y).sum(), (x, y)),
    "apart": (lambda x, y: (x * x).sum() + y.sum(), (x, y)),
    "matrix": (lambda x: (x * x).sum().reshape(1, 1), x),
    "scalar": (lambda s: s**3, s),
    "tuple": (lambda x: ((x * x).sum(),), x),
}


def fresh(value):
    if isinstance(value, tuple):
        return tuple(fresh(entry) for entry in value)
    return value.clone().requires_grad_()


def shown(value):
    if isinstance(value, tuple):
        return tuple(shown(entry) for entry in value)
    return value.tolist(), value.requires_grad


for name, (function, inputs) in FUNCTIONS.items():
    for kind in ("jacobian", "hessian", "vjp", "jvp", "vhp", "hvp"):
        for create_graph in (False, True):
            given = fresh(inputs) if create_graph else inputs
            vector = () if kind in ("jacobian", "hessian") else (inputs if kind != "vjp" else None,)
            derivative = getattr(functional, kind)
            try:
                found = shown(derivative(function, given, *vector, create_graph, strict=True))
            except RuntimeError as error:
                found = error
            print(name, kind, create_graph, found)
