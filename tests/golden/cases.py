"""The expressions whose answers are recorded from the reference; see record_expressions.py.

A case is (expression, inputs). Inputs are expressions too; a floating one is a leaf.
"""

from __future__ import annotations

from itertools import product

from cases_vocabulary import ERRORS as MORE_ERRORS
from cases_vocabulary import all_vocabulary
from cases_wider import all_wider

Case = tuple[str, dict[str, str]]

# Inputs by what they try: ordinary values, ties and zeros, several dimensions, empty, 0-dim, special.
V = "[1.5, -0.5, 2.0, 0.25]"
POSITIVE = "[0.5, 1.0, 2.25, 3.0]"
UNIT = "[0.1, 0.5, 0.75, 0.9]"
M = "[[1.0, -2.0, 0.5], [3.0, 0.25, -1.5]]"
TIES = "[[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]]"
ZEROS = "[[0.0, -1.0, 2.0], [0.0, 0.0, 4.0]]"
B = "(arange(24.)/7 - 1.5).reshape(2, 3, 4)"
ONE = "2.5"
EMPTY = "ones(0, 3)"
SPECIAL = "[inf, -inf, nan, 0.0, -0.0, 1e-40]"

UNARY = (
    "exp log log1p expm1 sqrt square sin cos tan sinh cosh tanh sigmoid relu abs sign reciprocal neg "
    "exp2 log2 log10 rsqrt asin acos atan asinh acosh atanh floor ceil trunc round"
).split()
BINARY = ["x+y", "x-y", "x*y", "x/y", "x**y", "x%y", "maximum(x,y)", "minimum(x,y)", "fmod(x,y)"]
COMPARISONS = ["x<y", "x<=y", "x>y", "x>=y", "x==y", "x!=y"]
PAIRS = [
    (V, "[2.0, 3.0, -1.0, 0.5]"),
    (M, "[0.5, 2.0, -1.0]"),
    ("[[1.0], [2.0]]", "[3.0, 4.0, 5.0]"),
    (ONE, M),
    (M, ONE),
    ("ones(2, 1, 3)", "ones(4, 1)*2"),
    (EMPTY, "[1.0, 2.0, 3.0]"),
    (TIES, "[[1.0, 2.0, 3.0], [2.0, 3.0, 1.0]]"),
]
NUMBERS = (
    "x+2 2+x x-2 2-x x*3 3*x x/4 4/x x**2 x**3 x**0.5 x**0 x**1 x**-1 x**-2 2**x x%2 x//2 -x +x"
)

REDUCTIONS = ["sum", "mean", "prod", "amax", "amin", "logsumexp", "norm"]
DIMS = ["dim=0", "dim=1", "dim=-1", "dim=1, keepdim=True", "dim=-2, keepdim=True"]


def _unary() -> list[Case]:
    inputs = [V, POSITIVE, UNIT, ZEROS, ONE, EMPTY, SPECIAL]
    cases: list[Case] = [(f"{name}(x)", {"x": x}) for name, x in product(UNARY, inputs)]
    cases += [(f"x.{name}().sum()", {"x": M}) for name in UNARY]
    cases += [(f"{name}(x)", {"x": "tensor([1, 2, 3])"}) for name in UNARY]
    return cases


def _binary() -> list[Case]:
    cases: list[Case] = [(e, {"x": x, "y": y}) for e, (x, y) in product(BINARY, PAIRS)]
    cases += [(e, {"x": x, "y": y}) for e, (x, y) in product(COMPARISONS, PAIRS[:4])]
    cases += [(e, {"x": x}) for e, x in product(NUMBERS.split(), [M, ONE, ZEROS])]
    cases += [
        ("x**y", {"x": "[0.0, 0.0, 0.0, 1.0, -2.0]", "y": "[0.0, 2.0, -1.0, 0.0, 3.0]"}),
        ("0**y", {"y": "[0.0, 2.0, 0.5]"}),
        ("(-2)**y", {"y": "[0.0, 2.0, 3.0]"}),
        ("x*x*x - 2*x/(x+5)", {"x": M}),
        ("sum((a+2)**(1/2))", {"a": "[0.1143, 0.4725, 0.5751, 0.2952, 0.7967]"}),
        ("add(x, y, alpha=2)", {"x": M, "y": M}),
        ("sub(x, y, alpha=0.5)", {"x": M, "y": ONE}),
        ("x.mul(y).add(1)", {"x": M, "y": ONE}),
        ("div(x, y, rounding_mode='floor')", {"x": M, "y": "2.0"}),
        ("div(x, y, rounding_mode='trunc')", {"x": M, "y": "2.0"}),
        ("torch.rsub(x, y)", {"x": M, "y": ONE}),
        ("1.0 - (1.0 - x)", {"x": V}),
        ("x + t", {"x": M, "t": "tensor([1, 2, 3])"}),
        ("x * b", {"x": M, "b": "tensor([True, False, True])"}),
        ("t / 2", {"t": "tensor([1, 2, 3])"}),
        ("t * 2.5", {"t": "tensor([1, 2, 3])"}),
        ("t + 1", {"t": "tensor([1, 2, 3], dtype=torch.int32)"}),
        ("t ** 2", {"t": "tensor([1, 2, 3])"}),
        ("t // 2", {"t": "tensor([-3, 2, 5])"}),
        ("t % 3", {"t": "tensor([-4, 2, 5])"}),
        ("b + b", {"b": "tensor([True, False])"}),
        ("b * b", {"b": "tensor([True, False])"}),
        ("~b", {"b": "tensor([True, False])"}),
        ("b & (t > 1)", {"b": "tensor([True, False, True])", "t": "tensor([1, 2, 3])"}),
        ("x * d", {"x": M, "d": "tensor(2., dtype=torch.float64)"}),
        ("x * d", {"x": M, "d": "tensor([2., 3., 4.], dtype=torch.float64)"}),
        ("x + h", {"x": ONE, "h": "tensor([2., 3.], dtype=torch.float16)"}),
        ("where(x > 0, x, y)", {"x": M, "y": "[1.0, 2.0, 3.0]"}),
        ("where(x > 0, x, 0.)", {"x": M}),
        ("where(x > 0, 0, x*2)", {"x": M}),
        ("where(x > 0, log(x), x)", {"x": ZEROS}),
        ("x.where(x > 0, -x)", {"x": M}),
        ("clamp(x, -1, 1)", {"x": M}),
        ("clamp(x, min=0.5)", {"x": M}),
        ("x.clamp(max=0.5)", {"x": M}),
        ("x.clamp(min=y)", {"x": M, "y": "[0.5, 0.0, 1.0]"}),
        ("clamp(x, y, z)", {"x": M, "y": "[0.5, -1.0, 1.0]", "z": "[1.0, 1.0, 0.0]"}),
        ("clamp(x, 1, -1)", {"x": M}),
        ("clip(x, 0, 1)", {"x": ZEROS}),
        ("max(x, y)", {"x": TIES, "y": "[2.0, 2.0, 3.0]"}),
        ("relu(x - 1)", {"x": TIES}),
        ("abs(x - 2)", {"x": TIES}),
        ("sqrt(x)", {"x": "[0.0, 4.0]"}),
        ("x.detach() * x", {"x": M}),
        ("x.clone() + x.data", {"x": M}),
        ("x * x.item()", {"x": ONE}),
    ]
    return cases


def _reductions() -> list[Case]:
    cases: list[Case] = []
    for name in REDUCTIONS:
        cases += [(f"x.{name}({d})", {"x": x}) for d, x in product(DIMS, [M, ZEROS, TIES])]
        cases.append((f"{name}(x, dim=1)", {"x": B}))
        cases.append((f"{name}(x, dim=0)", {"x": EMPTY}))
    for name in ("sum", "mean", "prod", "max", "min", "norm", "amax", "amin"):
        cases += [(f"{name}(x)", {"x": x}) for x in (V, M, ZEROS, TIES, B, ONE, EMPTY, SPECIAL)]
    for name in ("max", "min"):
        for d in DIMS:
            cases += [(f"x.{name}({d}){pick}", {"x": TIES}) for pick in ("[0]", ".indices")]
    cases += [
        (f"{name}(x, dim={d})", {"x": x})
        for name in ("softmax", "log_softmax")
        for d, x in product((0, 1, -1), (M, TIES, "[[inf, 1.0], [-inf, 2.0]]"))
    ]
    cases += [
        (f"x.norm(p={p})", {"x": x})
        for p in ("0", "0.5", "1", "1.5", "2", "3", "inf", "-inf")
        for x in (V, "[3.0, -4.0]", "[[1.0, -2.0], [2.0, 0.5]]")
    ]
    cases += [(f"x.norm(p={p})", {"x": "[0.0, 0.0]"}) for p in ("1", "2", "3", "1.5", "inf")]
    cases += [
        ("x.sum(dim=(0, 1))", {"x": B}),
        ("x.sum(dim=(0, -1), keepdim=True)", {"x": B}),
        ("x.mean((0, 2))", {"x": B}),
        ("x.sum([])", {"x": M}),
        ("x.sum(0).sum(0)", {"x": M}),
        ("sum(x, dtype=torch.float64)", {"x": M}),
        ("mean(x, dtype=torch.float64)", {"x": M}),
        ("x.sum(axis=0, keepdims=True)", {"x": M}),
        ("amax(x, (0, 1))", {"x": TIES}),
        ("logsumexp(x, (0, 1))", {"x": M}),
        ("logsumexp(x, 0)", {"x": "[inf, 1.0]"}),
        ("logsumexp(x, 0)", {"x": "[-inf, -inf]"}),
        ("logsumexp(x, 0)", {"x": "[1000.0, 1001.0]"}),
        ("logsumexp(x, 0)", {"x": ONE}),
        ("softmax(x, 0)", {"x": ONE}),
        ("log_softmax(x, 0)", {"x": ONE}),
        ("prod(x, 1)", {"x": "[[2.0, 0.0, 3.0], [0.0, 0.0, 4.0]]"}),
        ("prod(x)", {"x": "[2.0, 0.0, 3.0, 5.0]"}),
        ("sum(t)", {"t": "tensor([1, 2, 3])"}),
        ("prod(t)", {"t": "tensor([1, 2, 3], dtype=torch.int32)"}),
        ("sum(b)", {"b": "tensor([True, True])"}),
        ("max(t)", {"t": "tensor([1, 5, 3])"}),
        ("argmax(x)", {"x": M}),
        ("argmin(x, dim=1)", {"x": M}),
        ("softmax(x, 1, dtype=torch.float64)", {"x": M}),
        ("F.softmax(x, dim=0)", {"x": M}),
        ("F.log_softmax(x)", {"x": M}),
        ("norm(x, dim=(0, 1))", {"x": M}),
        ("norm(x, 1, dim=0)", {"x": ZEROS}),
        ("norm(x, p='fro')", {"x": M}),
        ("linalg.norm(x)", {"x": M}),
        ("linalg.norm(x, 1)", {"x": M}),
        ("linalg.norm(x, inf)", {"x": M}),
        ("linalg.norm(x, -1)", {"x": M}),
        ("linalg.norm(x, 'fro', keepdim=True)", {"x": M}),
        ("linalg.norm(x, 3)", {"x": V}),
        ("linalg.vector_norm(x, 3, dim=0)", {"x": M}),
        ("linalg.vector_norm(x)", {"x": B}),
        ("linalg.matrix_norm(x)", {"x": B}),
        ("linalg.matrix_norm(x, 1)", {"x": B}),
        ("norm(x, 'nuc')", {"x": M}),
        ("x.norm(p='nuc', dim=(0, 1), keepdim=True)", {"x": M}),
        ("linalg.norm(x, 'nuc', dim=(0, 2))", {"x": "(arange(24.)/7).sin().reshape(2, 3, 4)"}),
        ("linalg.norm(x, 2)", {"x": M}),
        (
            "linalg.matrix_norm(x, -2, keepdim=True)",
            {"x": "((arange(24.)*7) % 5).reshape(2, 3, 4)"},
        ),
        ("torch.norm(x, dim=1, keepdim=True)", {"x": M}),
        ("mean(3*(x+2)**2)", {"x": "ones(2,2)"}),
        ("sum(2*x**3)/12", {"x": "[[0.449, -0.7287, -1.2367], [1.0262, 0.3886, -1.2934]]"}),
        ("x.data.norm()", {"x": V}),
    ]
    return cases


def _products() -> list[Case]:
    w = "[[1.0, -1.0], [0.5, 2.0], [3.0, 0.0]]"
    return [
        ("2*x@x", {"x": "arange(4.0)"}),
        ("2*dot(x, x)", {"x": "arange(4.0)"}),
        ("dot(x, y)", {"x": V, "y": POSITIVE}),
        ("x.mv(y)", {"x": M, "y": "[1.0, 2.0, 3.0]"}),
        ("mm(x, w)", {"x": M, "w": w}),
        ("x @ w", {"x": M, "w": w}),
        ("y @ x", {"x": M, "y": "[1.0, 2.0]"}),
        ("x @ y", {"x": M, "y": "[1.0, 2.0, 3.0]"}),
        ("x @ x.T", {"x": M}),
        ("matmul(x, y)", {"x": B, "y": "[1.0, 2.0, 3.0, 4.0]"}),
        ("matmul(y, x)", {"x": B, "y": "[1.0, 2.0, 3.0]"}),
        ("matmul(x, y)", {"x": B, "y": "ones(4, 2)"}),
        ("matmul(y, x)", {"x": B, "y": "ones(2, 3)"}),
        ("matmul(x, y)", {"x": B, "y": "ones(2, 4, 3)"}),
        ("matmul(x, y)", {"x": B, "y": "ones(1, 4, 3)"}),
        ("matmul(x, x.transpose(1, 2))", {"x": B}),
        ("matmul(x.unsqueeze(1), x.mT)", {"x": B}),
        ("matmul(x, c)", {"x": B, "c": "tensor([[1],[2],[3],[4]]).float()"}),
        ("bmm(x, y)", {"x": B, "y": "ones(2, 4, 1)"}),
        ("outer(x, y)", {"x": V, "y": POSITIVE}),
        ("addmm(b, x, w)", {"b": "[1.0, 2.0]", "x": M, "w": w}),
        ("addmm(b, x, w, beta=0.5, alpha=2)", {"b": "ones(2, 2)", "x": M, "w": w}),
        ("F.linear(x, w)", {"x": M, "w": "ones(4, 3)/2"}),
        ("F.linear(x, w, b)", {"x": M, "w": "ones(4, 3)/2", "b": V}),
        ("F.linear(x, w, b)", {"x": "[1.0, 2.0, 3.0]", "w": "ones(4, 3)/2", "b": V}),
        ("F.linear(x, w, b)", {"x": "ones(2, 5, 3)", "w": "ones(4, 3)/2", "b": V}),
        ("F.linear(x, w)", {"x": "ones(2, 5, 3)", "w": "ones(4, 3)/2"}),
        ("F.linear(x, w)", {"x": "ones(2, 5, 3)", "w": "[1.0, 2.0, 3.0]"}),
        ("F.linear(x, w, b)", {"x": "[1.0, 2.0, 3.0]", "w": "[1.0, 2.0, 3.0]", "b": "1.0"}),
        ("F.linear(x.transpose(0, 1), w, b)", {"x": "ones(2, 5, 3)", "w": "ones(4, 3)", "b": V}),
        ("x @ w", {"x": "ones(0, 3)", "w": w}),
        ("x @ w", {"x": "ones(2, 0)", "w": "ones(0, 3)"}),
        ("t @ t", {"t": "tensor([1, 2, 3])"}),
        ("tanh(x @ w + b).sum()", {"x": M, "w": w, "b": "[0.1, -0.1]"}),
    ]


def _shapes() -> list[Case]:
    on_matrix = (
        "x.reshape(3, 2)|x.reshape(-1)|x.reshape(2, 3)|x.view(-1)|x.view(3, -1)|x.T|x.t()|x.mT|"
        "x.T.reshape(-1)|x.T.reshape(3, 2)|x.t().flatten()|x.T.contiguous()|(x.T*2).reshape(-1)|"
        "x.T.contiguous().view(-1)|x[:, ::2].reshape(-1)|x[:, 1:].reshape(-1)|x[1:].reshape(-1)|"
        "x.flatten()|flatten(x)|x.ravel()|x.squeeze()|x.squeeze(0)|x.unsqueeze(0)|x.unsqueeze(-1)|"
        "x.unsqueeze(1).squeeze(1)|x.unsqueeze(0).squeeze()|x.unsqueeze(0).squeeze((0, 1))|"
        "x.transpose(0, 1)|x.transpose(-1, -2)|x.permute(1, 0)|torch.permute(x, (1, 0))|x.expand(2, 3)|"
        "x.expand(4, -1, -1)|x.expand(4, 2, 3).sum(0)|x.select(0, 1)|x.select(1, -1)|x.narrow(1, 1, 2)|"
        "x[0]|x[-1]|x[0, 1]|x[1][2]|x[:, 0]|x[:, -1:]|x[0:1]|x[::2]|x[:, 1:3]|x[...]|x[..., 0]|x[None]|"
        "x[:, None]|x[:, None, 0]|x[[0, 1]]|x[[1, 0, 1]]|x[:, [2, 0]]|x[[0, 1], [1, 2]]|x[x > 0]|x[:]|"
        "x[tensor([0, 0])]|x[tensor([[0, 1], [1, 0]])]|x[:, tensor([2, 2, 1])]|x[tensor(1)]|"
        "x[tensor([True, False])]|x[:, tensor([True, False, True])]|x[True]|x[tensor([1, 0]), 1]|"
        "x[0:1, [0, 2]]|x[[-1]]|x[5:]|x[1:1]|cat([x, x])|cat((x, x*2), dim=1)|cat([x, x], -1)|"
        "cat([x, ones(1, 3)])|stack([x, x])|stack([x, x], dim=1)|stack((x, 2*x), -1)|"
        "index_select(x, 1, tensor([2, 0, 2]))|gather(x, 1, tensor([[0, 0], [2, 1]]))|"
        "x.swapaxes(0, 1)|x.movedim(0, 1)|x.view_as(x)|x.reshape_as(x.T)|x.expand_as(ones(2, 2, 3))|"
        "x.unbind()[1]|x.to(torch.float64)|x.double()|x.half()|x.float()|x.type_as(x)|x.long()|"
        "broadcast_to(x, (2, 2, 3))|x.masked_select(x > 0)|x.reshape(1, 2, 3, 1).squeeze()|"
        "(x.T + x.T).T.view(6)|(x + x.T.reshape(2, 3)).view(-1)"
    ).split("|")
    on_cube = (
        "x.transpose(0, 2)|x.permute(2, 0, 1)|x.permute(2, 0, 1).reshape(4, 6)|x.flatten(1)|"
        "x.flatten(0, 1)|flatten(x, start_dim=-2)|x.view(6, 4)|x.reshape(2, -1)|x.transpose(1, 2).reshape(2, 12)|"  # noqa: E501
        "x.transpose(0, 1).flatten(1)|x[0]|x[0, 1, 2]|x[:, 0]|x[..., 1]|x[0, ..., 1]|x[:, [0, 2]]|"
        "x[[0, 1], :, [1, 2]]|x[0, :, [1, 2]]|x[:, [0, 1], [1, 2]]|x[[0], [1]]|x[x > 0]|"
        "x[:, tensor([True, False, True])]|x[None, :, None]|x[..., None]|x[1:, ::2, 1:3]|x[:, :, -1]|"
        "cat([x, x], 1)|stack([x, x], 3)|x.unsqueeze(2).expand(2, 3, 5, 4)|x.mT|x.sum(1).T|"
        "x.select(1, 2)|x.movedim((0, 1), (1, 2))|x[[[0, 1]]]"
    ).split("|")
    cases: list[Case] = [(e, {"x": M}) for e in on_matrix]
    cases += [(e, {"x": B}) for e in on_cube]
    cases += [(e, {"x": V}) for e in ("x.T", "x.t()", "x.flatten()", "x.view(2, 2)", "x[::3]")]
    cases += [
        (e, {"x": ONE})
        for e in (
            "x.flatten()",
            "x.reshape(1)",
            "x.view(1, 1)",
            "x.unsqueeze(0)",
            "x.squeeze()",
            "x[None]",
            "x[...]",
            "x.expand(3)",
            "x.squeeze(0)",
            "stack([x, x])",
            "x.T",
        )
    ]
    cases += [
        (e, {"x": EMPTY})
        for e in (
            "x.T",
            "x.reshape(3, 0)",
            "x.sum()",
            "cat([x, ones(2, 3)])",
            "x[:, 0]",
            "x.flatten()",
        )
    ]
    return cases


def _losses() -> list[Case]:
    w = (
        "[[0.9698, -0.4488, -0.2511], [0.0960, -2.0260, -0.1918], [-0.6390, -0.2648, 1.2296], "
        "[0.9061, -0.0338, -1.8336], [0.5091, 0.0953, -0.0344]]"
    )
    bce = "F.binary_cross_entropy"
    logits = "F.binary_cross_entropy_with_logits"
    ce = "F.cross_entropy"
    labels = {"x": M, "t": "tensor([0, 2])"}
    probabilities = {"x": M, "y": "[[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]]"}
    images = {"x": "(arange(24.)/5).reshape(2, 3, 4)", "t": "tensor([[0,1,2,0],[2,2,1,0]])"}
    cases: list[Case] = [
        (
            f"{logits}(x@w+b, y)",
            {"x": "ones(5)", "w": w, "b": "[-1.7136, 1.8476, -0.7694]", "y": "zeros(3)"},
        ),
        ("F.mse_loss(x, y)", {"x": M, "y": TIES}),
        ("F.mse_loss(x, y)", {"x": M, "y": "[1.0, 2.0, 3.0]"}),
        ("F.mse_loss(x, y, weight=w)", {"x": M, "y": TIES, "w": "ones(2, 3)*2"}),
        (f"{bce}(x, y)", {"x": UNIT, "y": "[1.0, 0.0, 1.0, 0.5]"}),
        (f"{bce}(x, y)", {"x": "[0.0, 1.0, 0.0, 1.0]", "y": "[1.0, 0.0, 0.0, 1.0]"}),
        (
            f"{bce}(sigmoid(x), y, weight=w.detach())",
            {"x": V, "y": "[1.0, 0.0, 1.0, 0.5]", "w": POSITIVE},
        ),
        (f"{logits}(x, y)", {"x": V, "y": "[1.0, 0.0, 1.0, 0.5]"}),
        (f"{logits}(x, y)", {"x": "[100.0, -100.0, 0.0]", "y": "[0.0, 1.0, 1.0]"}),
        (f"{logits}(x, y, weight=w.detach())", {"x": V, "y": UNIT, "w": POSITIVE}),
        (f"{logits}(x, y, pos_weight=w.detach())", {"x": V, "y": UNIT, "w": POSITIVE}),
        (f"{ce}(x, t)", {"x": V, "t": "tensor(2)"}),
        (f"{ce}(x, t)", {"x": M, "t": "tensor([0, -100])"}),
        (f"{ce}(x, t, ignore_index=1)", {"x": M, "t": "tensor([1, 2])"}),
        (f"{ce}(x, t, weight=w.detach())", labels | {"w": "[1.0, 2.0, 0.5]"}),
        (f"{ce}(x, t, weight=w.detach(), label_smoothing=0.2)", labels | {"w": "[1.0, 2.0, 0.5]"}),
        (f"{ce}(x, y, weight=w.detach())", probabilities | {"w": "[1.0, 2.0, 0.5]"}),
        ("F.nll_loss(log_softmax(x, 1), t)", labels),
        ("F.nll_loss(x, t, reduction='sum')", labels),
        ("F.relu(x)", {"x": M}),
        ("F.sigmoid(x)", {"x": M}),
        ("F.tanh(x)", {"x": M}),
        (f"{ce}(x.T, t)", {"x": M, "t": "tensor([0, 1, 1])"}),
    ]
    for reduction in ("none", "sum", "mean"):
        cases += [
            (f"F.mse_loss(x, y, reduction='{reduction}')", {"x": M, "y": TIES}),
            (f"{bce}(x, y, reduction='{reduction}')", {"x": UNIT, "y": "[1.0, 0.0, 1.0, 0.5]"}),
            (f"{logits}(x, y, reduction='{reduction}')", {"x": V, "y": UNIT}),
            (f"{ce}(x, t, reduction='{reduction}')", labels),
            (f"{ce}(x, y, reduction='{reduction}')", probabilities),
            (f"{ce}(x, t, reduction='{reduction}')", images),
            (f"{ce}(x, t, label_smoothing=0.1, reduction='{reduction}')", labels),
            (f"{ce}(x, y, label_smoothing=0.1, reduction='{reduction}')", probabilities),
        ]
    return cases


def _creation() -> list[Case]:
    plain = (
        "tensor([1, 2])|tensor([[1., 2], [3, 4]])|tensor([True, False])|tensor([1, 2.5])|tensor(3)|"
        "tensor([])|tensor([[]])|tensor([1, 2], dtype=torch.float64)|tensor([1.7, -2.7], dtype=torch.int64)|"
        "ones(2, 3)|ones((2, 3))|ones([2])|ones(2, dtype=torch.int32)|ones(())|zeros(3)|zeros(0)|"
        "zeros(2, 2, dtype=torch.bool)|full((2, 2), 7)|full((2,), 1.5)|full((2,), True)|eye(3)|eye(2, 3)|"
        "arange(5)|arange(5.)|arange(1, 4)|arange(1, 2.5, 0.5)|arange(5, 1, -2)|arange(0, 1, 0.1)|"
        "arange(3, dtype=torch.float64)|arange(0)|linspace(0, 1, 5)|linspace(-1, 1, 4)|linspace(0, 10, 1)|"
        "linspace(0, 1, 0)|linspace(3, 10, steps=5)|ones_like(tensor([1, 2]))|"
        "zeros_like(tensor([1., 2]), dtype=torch.int64)|full_like(tensor([1., 2]), 3)|"
        "tensor([1.5, 2.5]).long()|tensor([1, 2]).float()|tensor(2)*tensor(3)|tensor([1e10, 1e-10])|"
        "tensor([0.1, 1.0, 0.0001])|1/tensor([1., 2., 3.])|tensor([1, 2, 3]).shape|tensor([[1, 2]]).size(1)|"
        "tensor([1, 2, 3]).numel()|tensor(2.5).item()|tensor([[1, 2], [3, 4]]).tolist()|len(ones(4, 2))|"
        "tensor([1., 2]).dtype|ones(2, 3).dim()|3 + 4*2|2**3**2|-2**2|7 // 2|7 % 3|1 if 2 > 1 else 0|"
        "not True|1 < 2 < 3|[1, 2, 3][1:]|(1, 2)|'a' 'b'|max(1, 2)|sum([1, 2, 3])|abs(-3)|math.sqrt(2)|"
        "math.pi|pi|inf|float(tensor(2))|int(2.7)|True and 3|0 or 'x'|min([3, 1])|pow(2, 5)|round(2.567, 2)"
    ).split("|")
    return [(e, {}) for e in plain]


def _random() -> list[Case]:
    return [
        ("randn(3)", {}),
        ("rand(3)", {}),
        ("randn(2, 2)", {}),
        ("randn(20)", {}),
        ("randn(5, 3) @ randn(3)", {}),
        ("rand(4, dtype=torch.float64) + randn(4)", {}),
        ("sum(x*w)", {"x": "randn(3)", "w": "rand(3)"}),
        ("randn_like(ones(2, 3))", {}),
        ("randint(0, 10, (5,))", {}),
        ("randperm(6)", {}),
    ]


def all_cases() -> list[Case]:
    """Every case, in a fixed order."""
    cases = (
        _unary()
        + _binary()
        + _reductions()
        + _products()
        + _shapes()
        + _losses()
        + _creation()
        + _random()
        + all_vocabulary()
        + all_wider()
    )
    seen: dict[str, Case] = {}
    for case in cases:
        seen.setdefault(repr(case), case)
    return list(seen.values())


ERRORS: list[Case] = [
    *MORE_ERRORS,
    ("x + y", {"x": "ones(2, 2)", "y": "ones(3)"}),
    ("x @ x", {"x": M}),
    ("x @ y", {"x": M, "y": "[1.0, 2.0]"}),
    ("dot(x, x)", {"x": M}),
    ("mm(x, y)", {"x": M, "y": V}),
    ("dot(x, y)", {"x": V, "y": "[1.0]"}),
    ("x @ y", {"x": M, "y": "ones(3, 2, dtype=torch.float64)"}),
    ("outer(x, x)", {"x": M}),
    ("matmul(x, 3)", {"x": M}),
    ("matmul(x, y)", {"x": M, "y": ONE}),
    ("x @ 3", {"x": M}),
    ("x + 'a'", {"x": M}),
    ("x + [1, 2]", {"x": M}),
    ("x < 'a'", {"x": M}),
    ("x ** 'a'", {"x": M}),
    ("-None", {}),
    ("1 / 0", {}),
    ("1 // 0", {}),
    ("[1, 2][5]", {}),
    ("[1, 2]['a']", {}),
    ("exp(2.0)", {}),
    ("exp()", {}),
    ("exp(x, y=1)", {"x": M}),
    ("exp(x, x)", {"x": M}),
    ("x.exp(1)", {"x": M}),
    ("sum(x, dims=0)", {"x": M}),
    ("sum(x, 'a')", {"x": M}),
    ("sum(x, 5)", {"x": M}),
    ("sum(x, (0, 0))", {"x": M}),
    ("x.sum(1.5)", {"x": M}),
    ("mean(t)", {"t": "tensor([1, 2])"}),
    ("x.mean(keepdim=True)", {"x": M}),
    ("x.max(5)", {"x": M}),
    ("max(x)", {"x": "ones(0)"}),
    ("ones(0, 3).max(0)", {}),
    ("x.prod((0, 1))", {"x": M}),
    ("softmax(x)", {"x": M}),
    ("softmax(x, 5)", {"x": M}),
    ("softmax(t, 0)", {"t": "tensor([1, 2])"}),
    ("norm(t)", {"t": "tensor([1, 2])"}),
    ("norm(x, p='abc')", {"x": M}),
    ("x.reshape(7)", {"x": M}),
    ("x.reshape(-1, -1)", {"x": M}),
    ("x.reshape(-1, 4)", {"x": M}),
    ("x.view('a')", {"x": M}),
    ("x.T.view(-1)", {"x": M}),
    ("x.view(-2, 3)", {"x": M}),
    ("x.flatten(1, 0)", {"x": M}),
    ("x.squeeze(5)", {"x": M}),
    ("x.unsqueeze(5)", {"x": M}),
    ("x.transpose(0, 5)", {"x": M}),
    ("x.permute(0, 0)", {"x": M}),
    ("x.permute(0)", {"x": M}),
    ("x.t()", {"x": B}),
    ("x.expand(3, 3)", {"x": M}),
    ("x.expand(3)", {"x": M}),
    ("x.select(0, 5)", {"x": M}),
    ("x[5]", {"x": M}),
    ("x[0, 0, 0]", {"x": M}),
    ("x[1.0]", {"x": M}),
    ("x[::-1]", {"x": M}),
    ("x[0:1.5]", {"x": M}),
    ("x[tensor([5])]", {"x": M}),
    ("x[tensor([True, False, True])]", {"x": M}),
    ("x[y]", {"x": M, "y": ONE}),
    ("x[0]", {"x": ONE}),
    ("cat([x, y])", {"x": M, "y": V}),
    ("cat([])", {}),
    ("cat(x)", {"x": M}),
    ("cat([x, 3])", {"x": M}),
    ("stack([x, y])", {"x": M, "y": V}),
    ("stack([])", {}),
    ("where(x, x, x)", {"x": M}),
    ("where(x > 0, x)", {"x": M}),
    ("where(3, x, x)", {"x": M}),
    ("clamp(x)", {"x": M}),
    ("clamp(x, 'a')", {"x": M}),
    ("t ** -1", {"t": "tensor([1, 2])"}),
    ("t // 0", {"t": "tensor([1, 2])"}),
    ("x & x", {"x": M}),
    ("~x", {"x": M}),
    ("-b", {"b": "tensor([True])"}),
    ("b - b", {"b": "tensor([True])"}),
    ("1 - b", {"b": "tensor([True])"}),
    ("1 if x else 0", {"x": M}),
    ("x and x", {"x": M}),
    ("float(x)", {"x": M}),
    ("x.item()", {"x": M}),
    ("len(x)", {"x": ONE}),
    ("F.mse_loss(x, y)", {"x": M, "y": "[1.0, 2.0]"}),
    ("F.mse_loss(x, x, reduction='foo')", {"x": M}),
    ("F.mse_loss(x)", {"x": M}),
    ("F.mse_loss(x, 3)", {"x": M}),
    ("F.binary_cross_entropy(x, x)", {"x": M}),
    ("F.binary_cross_entropy(x, y)", {"x": UNIT, "y": "[1.0]"}),
    ("F.binary_cross_entropy_with_logits(x, y)", {"x": UNIT, "y": "[1.0]"}),
    ("F.cross_entropy(x, y)", {"x": M, "y": "[1.0, 2.0]"}),
    ("F.cross_entropy(x, t)", {"x": M, "t": "tensor([0])"}),
    ("F.cross_entropy(x, t)", {"x": M, "t": "tensor([0, 9])"}),
    ("F.cross_entropy(x, t, label_smoothing=2)", {"x": M, "t": "tensor([0, 1])"}),
    ("F.linear(x, w, b)", {"x": M, "w": M, "b": "[1.0, 2.0, 3.0]"}),
    ("F.linear(x)", {"x": M}),
    ("tensor()", {}),
    ("tensor('a')", {}),
    ("tensor([1, [2]])", {}),
    ("tensor([[1, 2], [3]])", {}),
    ("tensor([1, 2], requires_grad=True)", {}),
    ("tensor(None)", {}),
    ("ones('a')", {}),
    ("ones(-1)", {}),
    ("ones(2.5)", {}),
    ("ones(2, [3])", {}),
    ("ones()", {}),
    ("zeros(2, dtype=3)", {}),
    ("full(2, 3)", {}),
    ("full((2, 2))", {}),
    ("eye(-1)", {}),
    ("arange()", {}),
    ("arange(0, 1, 0)", {}),
    ("arange(0, -1)", {}),
    ("linspace(0, 1, -1)", {}),
    ("linspace(0, 1)", {}),
    ("ones_like(3)", {}),
    ("x.foo", {"x": M}),
    ("torch.foo", {}),
    ("math.foo", {}),
    ("math.exp(x)", {"x": M}),
    ("math.sqrt(-1)", {}),
    ("x.shape[5]", {"x": M}),
    ("x.size(5)", {"x": M}),
    ("x(2)", {"x": M}),
    ("minimum(x, 3)", {"x": M}),
    ("x.detach(1)", {"x": M}),
    ("x.clone(1)", {"x": M}),
    ("F.relu(3)", {}),
    ("F.relu()", {}),
    ("pow(x, 'a')", {"x": M}),
    ("add(x)", {"x": M}),
    ("add(x, 'a')", {"x": M}),
    ("div(x, 2, rounding_mode='foo')", {"x": M}),
    ("permute(x, 1, 0)", {"x": M}),
    ("reshape(x, 'a')", {"x": M}),
    ("x.mean(dim=0, keepdim=1)", {"x": M}),
    ("torch.autograd", {}) if False else ("x.expand(-1, 2, 3)", {"x": M}),
    ("index_select(x, 0, tensor([7]))", {"x": M}),
    ("gather(x, 1, tensor([[9]]))", {"x": M}),
    ("addmm(b, x, x)", {"b": V, "x": M}),
    ("bmm(x, x)", {"x": M}),
    ("logsumexp(x)", {"x": M}),
    ("linalg.norm(x, 'foo')", {"x": M}),
]
