"""The six expressions that `large.py`, `memory.py` and `growth.py` measure, as each library writes them.

Each form is an expression in the names that its peer has (`FORMS`). In process and in a process of its own
a peer runs the same text.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np

DEFAULT_SIZE = 10**7  # elements of the largest input


class Input(NamedTuple):
    """What an input is: its shape, and how its elements are drawn.

    Attributes:
        shape: of an expression of DEFAULT_SIZE elements; the first dimension is scaled for other sizes
            if `scales`.
        low, high: of uniform float32 numbers, or of integers.
        scales: whether the input grows with the size.
        classes: whether it is integers, which get no gradient.
    """

    shape: tuple[int, ...]
    low: float = -1.0
    high: float = 1.0
    scales: bool = True
    classes: bool = False


class Expression(NamedTuple):
    """One expression.

    Attributes:
        name: for tables.
        text: as `autodiff` takes it.
        torch, jax, autograd: as they take it, in the names that `FORMS` imports.
        inputs: by name.
        products: numpy statements of the products of matrices that it takes, if there are any.
        numexpr: its value and a gradient for each leaf, derived by hand, for expressions that numexpr has; n
            is the number of elements.
    """

    name: str
    text: str
    torch: str
    jax: str
    autograd: str
    inputs: dict[str, Input]
    products: str = ""
    numexpr: tuple[str, ...] = ()

    def leaves(self) -> list[str]:
        return [name for name, given in self.inputs.items() if not given.classes]

    def arrays(self, size: int) -> dict[str, np.ndarray]:
        """The inputs, drawn anew in the same way each time."""
        import numpy as np

        generator = np.random.default_rng(0)
        found = {}
        for name, given in self.inputs.items():
            shape = given.shape
            if given.scales:
                shape = (max(1, shape[0] * size // DEFAULT_SIZE), *shape[1:])
            if given.classes:
                found[name] = generator.integers(int(given.low), int(given.high), shape)
            else:
                drawn = generator.random(shape, np.float32)
                drawn *= np.float32(given.high - given.low)
                drawn += np.float32(given.low)
                found[name] = drawn
        return found

    def save(self, folder: Path, size: int) -> Iterator[tuple[str, Path]]:
        """The inputs as .npy files."""
        import numpy as np

        for name, array in self.arrays(size).items():
            path = folder / f"{name}.npy"
            np.save(path, array)
            yield name, path


FORMS = {
    "torch": "import torch",
    "jax": "import jax, jax.numpy as jnp",
    "autograd": "import autograd, autograd.numpy as np",
}
COLUMNS = Input((1000,), 0.5, 1.5, scales=False)

EXPRESSIONS = (
    Expression(
        "mean of a square",
        "mean(3*(x+2)**2)",
        "torch.mean(3*(x+2)**2)",
        "jnp.mean(3*(x+2)**2)",
        "np.mean(3*(x+2)**2)",
        {"x": Input((10**7,))},
        numexpr=("sum(3*(x+2)**2/n)", "6*(x+2)/n"),
    ),
    Expression(
        "sum of functions",
        "sum(sin(x)*exp(-x**2)+log1p(x))",
        "torch.sum(torch.sin(x)*torch.exp(-x**2)+torch.log1p(x))",
        "jnp.sum(jnp.sin(x)*jnp.exp(-x**2)+jnp.log1p(x))",
        "np.sum(np.sin(x)*np.exp(-x**2)+np.log1p(x))",
        {"x": Input((10**7,), 0.0, 1.0)},
        numexpr=(
            "sum(sin(x)*exp(-x**2)+log1p(x))",
            "(cos(x)-2*x*sin(x))*exp(-x**2)+1/(1+x)",
        ),
    ),
    Expression(
        "logistic loss",
        "mean(log1p(exp(-y*x)))",
        "torch.mean(torch.log1p(torch.exp(-y*x)))",
        "jnp.mean(jnp.log1p(jnp.exp(-y*x)))",
        "np.mean(np.log1p(np.exp(-y*x)))",
        {"x": Input((10**7,)), "y": Input((10**7,))},
        numexpr=(
            "sum(log1p(exp(-y*x))/n)",
            "-y*exp(-y*x)/(1+exp(-y*x))/n",
            "-x*exp(-y*x)/(1+exp(-y*x))/n",
        ),
    ),
    Expression(
        "norm of scaled rows",
        "norm((x-c)/s)",
        "torch.norm((x-c)/s)",
        "jnp.linalg.norm(((x-c)/s).ravel())",
        "np.sqrt(np.sum(((x-c)/s)**2))",
        {"x": Input((10**4, 1000)), "c": COLUMNS, "s": COLUMNS},
    ),
    Expression(
        "softmax cross-entropy",
        "F.cross_entropy(x, t)",
        "torch.nn.functional.cross_entropy(x, t)",
        "-jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(x), t[:, None], 1))",
        "-np.mean((x - np.max(x, 1, keepdims=True) - np.log(np.sum(np.exp("
        "x - np.max(x, 1, keepdims=True)), 1, keepdims=True)))[np.arange(len(t)), t])",
        {"x": Input((10**5, 100), -3.0, 3.0), "t": Input((10**5,), 0, 100, classes=True)},
    ),
    Expression(
        "least squares",
        "sum((x@w-b)**2)",
        "torch.sum((x@w-b)**2)",
        "jnp.sum((x@w-b)**2)",
        "np.sum((x@w-b)**2)",
        {"x": Input((20000, 500)), "w": Input((500,), scales=False), "b": Input((20000,))},
        products="r = x @ w; u = r @ x; v = r[:, None] @ w[None]",
    ),
)
