"""More cases of cases.py, one function a family: expressions separated by "|", and their inputs."""

from __future__ import annotations

import ast

Case = tuple[str, dict[str, str]]

M = "[[1.0, -2.0, 0.5], [3.0, 0.25, -1.5]]"
N = "[[0.5, 1.0, 2.0], [-1.0, 2.5, 0.3]]"
P = "[[1.0, 2.0, 0.5], [3.0, 0.25, 1.5]]"
V = "[1.5, -0.5, 2.0, 0.25]"
TIES = "[[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]]"
ZEROS = "[[0.0, -1.0, 2.0], [0.0, 0.0, 4.0]]"
B = "(arange(24.)/7 - 1.5).reshape(2, 3, 4)"
MIXED = "((arange(24.)*7) % 5 - 1.7).reshape(2, 3, 4)"
SPECIAL = "[inf, -inf, nan, 0.0, -0.0, 2.0]"
S = "2.5"
T = "tensor([0, 2])"
INTS = "tensor([[3, 1, 2], [1, 5, 4]])"
BOOLS = "tensor([True, False, True])"


def each(texts: str, **inputs: str) -> list[Case]:
    """Each expression with those of the inputs that it names."""
    cases = []
    for text in texts.split("|"):
        names = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
        cases.append((text, {name: value for name, value in inputs.items() if name in names}))
    return cases


def statistics() -> list[Case]:
    cases: list[Case] = []
    for name in ("std", "var"):
        for x in (M, B, TIES, S, SPECIAL):
            cases += each(
                f"x.{name}()|x.{name}(0)|x.{name}(dim=-1, keepdim=True)|x.{name}(unbiased=False)|"
                f"x.{name}(False)|x.{name}(0, False)|x.{name}(dim=-1, correction=0)|"
                f"x.{name}(dim=0, correction=3)|torch.{name}_mean(x)[0]|torch.{name}_mean(x, 0)[1]|"
                f"torch.{name}_mean(x, -1, correction=0, keepdim=True)[0]",
                x=x,
            )
    for x in (M, TIES, ZEROS, SPECIAL, MIXED, INTS, BOOLS, "ones(0, 3)"):
        cases += each(
            "x.any()|x.all()|any(x, 0)|all(x, -1, True)|x.any(dim=(0,))|x.count_nonzero()|"
            "x.count_nonzero(0)|x.cumsum(0)|x.cumsum(-1)|"
            "x.nansum()|x.nansum(0)",
            x=x,
        )
    for x in (M, TIES, ZEROS, MIXED, S, INTS, BOOLS):
        cases += each("x.cumprod(0)|x.cumprod(-1)", x=x)
    for x in (M, TIES, SPECIAL, MIXED, S):
        cases += each(
            "x.logcumsumexp(0)|x.logcumsumexp(-1)|x.nanmean()|x.nanmean(0, keepdim=True)|"
            "x.aminmax()[0]|x.aminmax(dim=0)[1]|x.aminmax(dim=-1, keepdim=True).max",
            x=x,
        )
    cases += each(
        "x.diff()|x.diff(n=2)|x.diff(dim=0)|x.diff(prepend=y)|diff(x, append=x)|x.any(dim=(0, 1))|"
        "x.cumsum(0, dtype=torch.float64)|x.std(dim=(0, 1))",
        x=M,
        y=N,
    )
    cases += each("x.cumprod(0)", x="[2.0, 0.0, 3.0, 0.0, 5.0]")
    cases += each(
        "bincount(t)|bincount(t, minlength=5)|bincount(t, tensor([1.5, 2.5]))|t.diff()|"
        "t.to(torch.uint8).any()|histc(t.float(), 4)|histc(t.float(), 3, min=-1, max=4)",
        t=T,
    )
    return cases


def ordering() -> list[Case]:
    cases: list[Case] = []
    for x in (M, TIES, MIXED, S, SPECIAL, INTS):
        cases += each(
            "x.sort()[0]|x.sort()[1]|x.sort(0, True).values|sort(x, descending=True).indices|"
            "x.sort(stable=True)[0]|x.msort()|x.argsort()|argsort(x, dim=0, descending=True)|"
            "x.cummax(0)[0]|x.cummax(-1).indices|x.cummin(0)[0]|x.cummin(-1)[1]|x.median()|"
            "x.nanmedian()|x.median(0)[0]|x.median(-1, True).values|x.nanmedian(0)[0]",
            x=x,
        )
    cases += each(
        "x.topk(2)[0]|x.topk(2)[1]|topk(x, 2, largest=False).values|x.topk(1, 0)[0]|"
        "x.kthvalue(2)[0]|x.kthvalue(1, 0, True)[0]|x.kthvalue(2).indices|x.quantile(0.3)|"
        "quantile(x, 0.3, dim=1)|quantile(x, tensor([0.2, 0.6], dtype=x.dtype), dim=1)|"
        "quantile(x, tensor([0.2, 0.6], dtype=x.dtype), dim=0, keepdim=True)|"
        "quantile(x, 0.5, 0, keepdim=True)|quantile(x, 0.3, interpolation='lower')|"
        "quantile(x, 0.3, interpolation='higher')|quantile(x, 0.3, 1, interpolation='midpoint')|"
        "quantile(x, 0.3, interpolation='nearest')|nanquantile(x, 0.3)|nanquantile(x, 0.3, dim=0)",
        x=M,
    )
    cases += each(
        "quantile(x, 0.3, 0)|nanquantile(x, 0.3, 0)|x.kthvalue(1)[0]", x="[1.0, nan, 3.0]"
    )
    cases += each(
        "unique(t)|t.unique(return_inverse=True)[1]|t.unique(return_counts=True)[1]|"
        "unique(t, dim=0)|torch.unique_consecutive(t)",
        t="tensor([[2, 1, 2], [3, 1, 1]])",
    )
    return cases


def placement() -> list[Case]:
    return (
        each(
            "x.masked_fill(x > 0, 1.5)|masked_fill(x, x > 0, y.sum())|x.masked_fill(b, -inf)|"
            "x.masked_scatter(x > 0, y)|masked_scatter(x, b, y)|x.scatter(1, i, y)|"
            "x.scatter(1, i, 2.0)|scatter_add(x, 1, i, y)|x.scatter_add(0, i, y)|"
            "x.index_add(1, t, y[:, :2])|x.index_add(1, t, y[:, :2], alpha=2)|x.index_fill(1, t, 3.)|"
            "x.index_fill(1, t, y.sum())|x.index_copy(1, t, y[:, :2])|"
            "x.index_put((tensor([0, 1]),), y)|x.index_put((tensor([0]),), y[0])|"
            "x.index_put((tensor([0, 1]), tensor([0, 1])), y.sum(), accumulate=True)|"
            "x.take(t)|x.take(tensor([-1, 0]))|take_along_dim(x, i, 1)|x.take_along_dim(i)|"
            "x.scatter(0, i[:1], y[:1])|x.index_put((b[:2],), y[0])",
            x=M,
            y=N,
            i="tensor([[0, 1, 1], [1, 0, 0]])",
            t=T,
            b=BOOLS,
        )
        + each("x.masked_fill(x > 1, 7)", x=INTS)
        + each("x.masked_fill(x > 0, 1.)|x.scatter(0, tensor(0), 2.)", x=S)
    )


def arrangement() -> list[Case]:
    cases = each(
        "x.tril()|x.triu(1)|tril(x, -1)|x.diag()|x.diag(1)|diagonal(x)|x.diagonal(-1)|x.diagonal(9)|"
        "x.flip(0)|x.flip(0, 1)|flip(x, [1])|x.fliplr()|x.flipud()|x.roll(1)|x.roll(1, 0)|"
        "x.roll((1, 2), (0, 1))|x.rot90()|x.rot90(2)|rot90(x, -1)|x.split(2, 1)[1]|"
        "x.split([1, 2], 1)[1]|torch.split(x, 1)[0]|x.chunk(2, 1)[0]|chunk(x, 2)[1]|"
        "x.tensor_split(2, 1)[0]|x.tensor_split((1, 2), 1)[1]|torch.hsplit(x, 3)[1]|"
        "torch.vsplit(x, 2)[0]|hstack([x, y])|vstack([x, y])|dstack([x, y])|column_stack([x, y])|"
        "x.unflatten(1, (3, 1))|x.unflatten(0, (-1, 2))|x.repeat_interleave(2)|"
        "x.repeat_interleave(2, dim=1)|x.repeat_interleave(tensor([1, 2]), dim=0)|x.unfold(1, 2, 1)|"
        "x.unfold(0, 2, 1)|block_diag(x, y)|torch.atleast_3d(x)|torch.atleast_2d(x)|"
        "x.T.flip(0)|x.T.roll(1)|x.T.tril()|x.diagonal().view(-1)|x.unfold(1, 2, 1).reshape(-1)|"
        "torch.broadcast_tensors(x, x[0])[1]|x.split(2, 1)[0].reshape(-1)",
        x=M,
        y=N,
    )
    cases += each("x.trace()|x.diag()|x[:, :2].trace()", x="[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]")
    cases += each(
        "x.diag()|x.diag(1)|x.diag_embed()|x.diag_embed(-1, 0, 1)|hstack([x, y])|vstack([x, y])|"
        "dstack([x, y])|column_stack([x, y])|meshgrid(x, y, indexing='ij')[0]|"
        "meshgrid(x, y, indexing='xy')[1]|torch.cartesian_prod(x, y)|combinations(x)|"
        "combinations(x, 3, True)|torch.atleast_2d(x)|torch.atleast_3d(x)|x.unfold(0, 2, 1)|"
        "x.unfold(0, 3, 2)|x.roll(-1)|block_diag(x, y)|x.tensor_split(3)[2]|x.chunk(3)[1]",
        x=V,
        y="[2.0, 3.0]",
    )
    cases += each(
        "x.diagonal()|x.diagonal(1, 1, 2)|x.diagonal(dim1=-2, dim2=-1)|x.tril()|x.triu(-1)|"
        "x.flip(0, 2)|x.roll(2, 1)|x.rot90(1, (1, 2))|x.unfold(2, 3, 1)|x.split(2, 2)[1]|"
        "x.diag_embed()|linalg.diagonal(x)|x.diagonal(0, 0, 1).contiguous()",
        x=B,
    )
    cases += each(
        "torch.atleast_1d(x)|torch.atleast_2d(x)|torch.atleast_3d(x)|hstack([x, x])|x.flip(())|"
        "x.unfold(0, 1, 1)",
        x=S,
    )
    cases += each(
        "torch.tril_indices(2, 3)|torch.triu_indices(3, 3, 1)|torch.repeat_interleave(t)", t=T
    )
    return cases


def all_vocabulary() -> list[Case]:
    return statistics() + ordering() + placement() + arrangement()


ERRORS: list[Case] = [
    *each("t.std()|t.nanmean()|t.logcumsumexp(0)|bincount(t - 1)|t.median(5)", t=T),
    *each(
        "x.std(5)|x.cumsum(3)|x.topk(5)|x.kthvalue(9)|x.diff(-1)|x.quantile(2.)|"
        "x.quantile(0.5, interpolation='foo')|x.masked_fill(x[0] > 0, x)|x.scatter(1, x.long() + 9, x)|"
        "x.scatter(1, x, x)|x.index_add(1, tensor([0, 2]), x)|x.index_fill(1, tensor([7]), 1.)|"
        "x.index_copy(1, tensor([0]), x)|x.take(tensor([9]))|x.take_along_dim(tensor([0]), 1)|"
        "x[0].tril()|x[0].trace()|x.diagonal(0, 0, 0)|x.flip(0, 0)|x[0].fliplr()|x.roll((1, 2), 0)|"
        "x.rot90(1, (0, 0))|x.split(0)|x.split([1, 1], 1)|x.split('a')|x.chunk(0)|x.tensor_split(0)|"
        "hstack([])|torch.cartesian_prod(x, x)|x.unflatten(1, (2, 2))|x.repeat_interleave(-1)|"
        "x.unfold(1, 5, 1)|x.unfold(1, 2, 0)|std(3)|std(x, 'a')|any(3)|cumsum(x)|sort(x, 'a')|"
        "median(x, 'a')|masked_fill(x, 1, 1)|torch.atleast_1d(3)|diag(x[None])|"
        "x.index_put((tensor([7]),), x)",
        x=M,
    ),
]
