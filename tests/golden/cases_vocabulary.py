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


def pointwise() -> list[Case]:
    cases: list[Case] = []
    for x in (M, P, SPECIAL, INTS, "[0.0, -0.5, 0.5, 1.0, -1.0]"):
        cases += each(
            "erf(x)|x.erfc()|erfinv(x/5)|lgamma(x)|"
            "sinc(x)|sigmoid(x).logit()|x.sigmoid().logit(0.2)|x.logit()|x.deg2rad()|rad2deg(x)|"
            "x.nan_to_num()|nan_to_num(x, 1, 2, 3)|x.float().round(decimals=1)|x.detach().sgn()|x.signbit()|"
            "x.i0()|isposinf(x)|torch.isneginf(x)|torch.special.entr(x)|torch.special.ndtr(x)|"
            "torch.special.erfcx(x)|torch.special.i0e(x)|"
            "torch.special.i1(x)|torch.special.i1e(x)|torch.special.ndtri(x.sigmoid())|"
            "torch.special.expit(x)|torch.special.gammaln(x)|x.float().frac()|"
            "float_power(x, 2)|float_power(2, x)|copysign(x, -1)|xlogy(x, 3)|xlogy(2, x)|"
            "torch.special.xlog1py(x, 2)|torch.isreal(x)|threshold(x, 1, 20)",
            x=x,
        )
    for x in (M, P, INTS):
        cases += each(
            "x.digamma()|torch.polygamma(1, x)|torch.special.psi(x)|torch.special.log_ndtr(x)", x=x
        )
    cases += each("x.polygamma(2)|torch.polygamma(3, x)", x=P)
    for x, y in ((M, N), (TIES, "[[1.0, 2.0, 3.0], [2.0, 3.0, 1.0]]"), (P, "[0.5, 2.0, 3.0]")):
        cases += each(
            "atan2(x, y)|hypot(x, y)|logaddexp(x, y)|logaddexp2(x, y)|fmax(x, y)|fmin(x, y)|"
            "copysign(x, y)|xlogy(x, y.abs())|torch.special.xlog1py(x, y.abs())|lerp(x, y, 0.3)|"
            "lerp(x, y, 0.8)|x.lerp(y, y[..., :1])|addcmul(x, y, x)|addcmul(x, x, y, value=2)|"
            "addcdiv(x, x, y)|x.addcdiv(y, x*x + 1, value=-0.5)|isclose(x, y)|allclose(x, y)|"
            "torch.equal(x, y)|heaviside(x - 1, y)|float_power(x.abs(), y)|isclose(x, y, rtol=1.)|"
            "ldexp(x, tensor([1, 2, 3]))|bucketize(x, tensor([-1., 0., 2.]))",
            x=x,
            y=y,
        )
    cases += each(
        "bitwise_left_shift(t, 1)|t.bitwise_right_shift(1)|gcd(t, t + 2)|lcm(t, t + 2)|"
        "isin(t, tensor([1, 5]))|isin(t, 3)|torch.isin(1, t)|allclose(t, t)|torch.equal(t, t + 0)|"
        "torch.searchsorted(tensor([1, 3, 5]), t)|torch.mvlgamma(t + 2., 2)",
        t=INTS,
    )
    return cases


def activations() -> list[Case]:
    names = (
        "F.leaky_relu(x)|F.leaky_relu(x, 0.2)|F.elu(x)|F.elu(x, 0.5)|F.selu(x)|celu(x)|"
        "F.celu(x, 2.)|F.gelu(x, approximate='tanh')|F.silu(x)|F.mish(x)|F.softplus(x)|"
        "F.softplus(x, 2, 1)|F.softsign(x)|F.hardtanh(x)|F.hardtanh(x, -2, 0.5)|F.hardsigmoid(x)|"
        "F.hardswish(x)|F.relu6(x)|F.logsigmoid(x)|F.tanhshrink(x)|"
        "hardshrink(x)|F.threshold(x, 0.1, 20)|F.softmin(x, 0)|torch.selu(x)"
    )
    inputs = (M, "[-3.0, 3.0, 0.0, -1.0, 1.0, 6.0, 0.5, -0.5]", SPECIAL, S, "[30.0, -30.0]")
    cases = [case for x in inputs for case in each(names, x=x)]
    cases += each("F.gelu(x)|F.softshrink(x)|F.softshrink(x, 1)", x=N)
    cases += each("F.glu(x, 0)|F.prelu(x, w)|prelu(x, w[:1])", x=M, w="[0.25, -0.5, 1.0]")
    cases += each("F.glu(x)", x=B) + each("prelu(x, w)|F.prelu(x, w*2)", x=V, w="0.25")
    return cases


def products() -> list[Case]:
    square = "[[1.0, -2.0, 0.5], [3.0, 0.25, -1.5], [0.3, 1.1, 2.0]]"
    cases = each(
        "torch.linalg.inv(m)|inverse(m)|det(m)|linalg.det(m)|logdet(m)|slogdet(m)[1]|"
        "linalg.slogdet(m)[0]|linalg.solve(m, m[0])|linalg.solve(m, x.T)|"
        "linalg.solve(m.T, x, left=False)|linalg.cholesky(m @ m.T + eye(3))|"
        "linalg.cholesky(m @ m.T + eye(3), upper=True)|cholesky(m @ m.T + eye(3))|linalg.qr(m)[0]|"
        "linalg.qr(m)[1]|linalg.qr(x)[0]|linalg.qr(x)[1]|linalg.qr(x.T).Q|"
        "linalg.qr(x.detach().T, mode='r')[1]|"
        "linalg.eigh(m + m.T)[0]|linalg.eigvalsh(m + m.T)|linalg.svd(m)[1]|linalg.svdvals(x)|"
        "linalg.svd(x, full_matrices=False).S|torch.svd(x)[1]|linalg.matrix_rank(x)|linalg.pinv(x)|"
        "linalg.pinv(x.T)|pinverse(m)|linalg.lstsq(x.T, m[:, :1])[0]|linalg.cond(m)|"
        "linalg.cond(m.detach(), 1)|"
        "linalg.cond(m.detach(), 'fro')|matrix_power(m, 3)|m.matrix_power(2)|linalg.matrix_power(m, 5)|"
        "matrix_power(m, -1)|matrix_power(m, -2)|matrix_power(m, 1)|linalg.matrix_exp(m)|"
        "linalg.multi_dot([x, m, m])|torch.chain_matmul(x, m, m)|linalg.multi_dot([x[:, 0], x, m])|"
        "linalg.multi_dot([x[0], m, m[0]])|addmv(x[:, 0], x, m[0])|"
        "addmv(x[:, 0], x, m[0], beta=2, alpha=3)|addr(x, x[:, 0], m[0])|inner(x, x)|inner(m[0], m[1])|"
        "inner(x, x[0, 0])|vdot(m[0], m[1])|linalg.vecdot(x, x)|linalg.vecdot(m[0], m[1])|"
        "cross(x, x.flip(0))|linalg.cross(x, m[:2])|linalg.cross(x, m[:1])|kron(x, m)|kron(x[0], m)|"
        "cov(x)|cov(x[0])|cov(x, correction=0)|corrcoef(x)|torch.vander(x[0].detach())|"
        "linalg.vander(x[0])|torch.cov(x, aweights=tensor([0.1, 0.2, 0.3], dtype=x.dtype))|"
        "torch.cov(x, fweights=tensor([1, 2, 3]))",
        x=M,
        m=square,
    )
    cases += each(
        "cdist(x, y)|cdist(x, y, p=1)|cdist(x, y, 3.)|cdist(x, y, inf)|dist(x, y)|dist(x, y, 1)|"
        "dist(x, y, inf)|F.cosine_similarity(x, y)|F.cosine_similarity(x, y, dim=0)|"
        "F.cosine_similarity(x, y[0])|F.pairwise_distance(x, y)|F.pairwise_distance(x, y, 1)|"
        "F.pairwise_distance(x, y, keepdim=True)|F.normalize(x)|F.normalize(x, p=1, dim=0)|"
        "trapz(x)|trapezoid(x, y)|trapezoid(x, dx=0.5)|trapezoid(x, y[0])|trapz(x, dim=0)|"
        "torch.cumulative_trapezoid(x)|tensordot(x, y, 2)|tensordot(x, y, ([0], [0]))|"
        "tensordot(x, y.T, 1)|einsum('ij,kj->ik', x, y)|einsum('ij,ij->ij', x, y)|"
        "einsum('ij,ij->i', x, y)|einsum('ij,ij', x, y)|einsum('ij->ji', x)|einsum('ij->', x)|"
        "einsum('ij->i', x)|einsum('i,j->ij', x[0], y[1])|einsum('i,i->', x[0], y[1])|"
        "einsum('i,ij,j->', x[:, 0], x, y[0])|einsum('ij,j->i', x, y[0])|einsum('ij,kl->', x, y)|"
        "einsum('ij,kj,lj->ikl', x, y, x)|einsum(x, [0, 1], y, [2, 1], [0, 2])|einsum('ij,jk', x, y.T)|"
        "einsum('...j,...j->...', x, y)|einsum('ij,ik->jk', x, y)|einsum('ij,ij->ji', x, y)",
        x=M,
        y=N,
    )
    cases += each(
        "einsum('ii->i', x)|einsum('ii', x)|einsum('ij,ji->', x, x)|einsum('ij,ij,ij->i', x, x, x)",
        x="[[1.0, 2.0], [3.0, 4.0]]",
    )
    cases += each(
        "einsum('bij,bkj->bik', x, x)|einsum('...ij,...kj->...ik', x, x)|einsum('bij->b', x)|"
        "einsum('b...->...', x)|einsum('bij,j->bi', x, x[0, 0])|baddbmm(x[:, :, :1], x, x.mT)|"
        "addbmm(x[0, :, :3], x, x.mT, beta=0.5)|torch.cdist(x, x + 1)|linalg.inv(x @ x.mT + eye(3))|"
        "linalg.solve(x @ x.mT + eye(3), x)",
        x=MIXED,
    )
    return cases


def losses() -> list[Case]:
    cases: list[Case] = []
    for reduction in ("none", "mean", "sum"):
        calls = (
            "l1_loss(x, y{})|smooth_l1_loss(x, y{})|smooth_l1_loss(x, y, beta=0.5{})|"
            "huber_loss(x, y{})|huber_loss(x, y, delta=0.3{})|kl_div(x, p{})|"
            "kl_div(x, y, log_target=True{})|poisson_nll_loss(x, p{})|"
            "poisson_nll_loss(p, y, log_input=False{})|gaussian_nll_loss(x, y, p{})|"
            "margin_ranking_loss(x, y, p{})|triplet_margin_loss(x, y, p{})|"
            "hinge_embedding_loss(x, y.detach().sign(){})|soft_margin_loss(x, y.detach().sign(){})|"
            "cosine_embedding_loss(x, y, tensor([1, -1]){})|"
            "multi_margin_loss(x, tensor([2, 0]){})|multilabel_soft_margin_loss(x, p{})|"
            "multi_margin_loss(x, tensor([1, 1]), 2, 0.3, tensor([1., 2, 3]){})|"
            "multilabel_margin_loss(x, tensor([[2, 0, -1], [1, -1, 2]]){})"
        )
        for call in calls.split("|"):
            text = "F." + call.format(f", reduction='{reduction}'")
            cases += each(text, x=M, y=N, p=P)
    cases += each(
        "F.smooth_l1_loss(x, y, beta=0.)|F.kl_div(x, p, reduction='batchmean')|"
        "F.poisson_nll_loss(x, p + 1, full=True)|F.gaussian_nll_loss(x, y, p, full=True)|"
        "F.triplet_margin_loss(x, y, p, swap=True)|F.l1_loss(x, y[0])|F.gaussian_nll_loss(x, y, 0.5)",
        x=M,
        y=N,
        p=P,
    )
    return cases


def layers() -> list[Case]:
    image = "(arange(50.)).sin().reshape(1, 2, 5, 5)"
    cases = each(
        "F.conv2d(x, w)|F.conv2d(x, w, b)|F.conv2d(x, w, b, stride=2, padding=1)|"
        "F.conv2d(x, w, padding='same')|F.conv2d(x, w, dilation=2)|F.conv2d(x[0], w)|"
        "F.conv2d(x, w[:2, :1], groups=2)|F.conv2d(x, w, None, (1, 2), (1, 0)).relu().sum()|"
        "F.max_pool2d(x, 2)|F.max_pool2d(x, 3, 2, 1)|F.max_pool2d(x, (2, 3), 1)|F.avg_pool2d(x, 2)|"
        "F.avg_pool2d(x, 3, 2, 1)|F.avg_pool2d(x, 2, padding=1, count_include_pad=False)|"
        "F.adaptive_avg_pool2d(x, (1, 1))|F.adaptive_avg_pool2d(x, (2, 3))|F.group_norm(x, 2)|"
        "F.group_norm(x, 1, b[:2], b[1:])|F.instance_norm(x)|F.pad(x, (1, 1, 2, 0))|"
        "F.interpolate(x, scale_factor=2)|F.interpolate(x, size=(3, 7))|"
        "F.batch_norm(x, None, None, training=True)|"
        "F.batch_norm(x, None, None, b[:2], b[1:], training=True)|F.layer_norm(x, (5, 5))|"
        "F.max_pool2d(x, 2, return_indices=True)[1]|F.unfold(x, 2)|F.unfold(x, (2, 3), padding=1, stride=2)|"
        "F.fold(F.unfold(x, 2), (5, 5), 2)|F.unfold(x[0], 2)|F.fold(F.unfold(x[0], 2), (5, 5), 2)|"
        "F.max_pool2d(x, 2, ceil_mode=True)|F.avg_pool2d(x, 2, 2, 1, True, False)|"
        "F.avg_pool2d(x, 2, divisor_override=3)|F.avg_pool3d(x[None], (1, 2, 2))|"
        "F.max_pool3d(x[None], 2)|F.lp_pool2d(x, 2., 2)|F.adaptive_max_pool2d(x, (2, 3))|"
        "F.adaptive_max_pool2d(x, 2, return_indices=True)[1]|F.adaptive_avg_pool3d(x[None], (1, 2, 3))|"
        "F.max_unpool2d(*F.max_pool2d(x, 2, return_indices=True), 2, output_size=(5, 5))|"
        "F.conv_transpose2d(x, w[:2])|F.conv_transpose2d(x, w[:2], b[:2], 2, 1, 1)|"
        "F.conv_transpose2d(x[0], w[:2], groups=2, dilation=2)|F.conv3d(x[None], w[None, :, :1])|"
        "F.pad(x, (1, 2, 2, 0), mode='reflect')|F.pad(x, (1, -2, 2, 0), mode='replicate')|"
        "F.pad(x, (1, 2, 0, 3), mode='circular')|F.interpolate(x, scale_factor=1.5, mode='bilinear')|"
        "F.interpolate(x, size=(3, 7), mode='bilinear', align_corners=True)|"
        "F.interpolate(x, size=(7, 3), mode='bicubic')|F.interpolate(x, size=3, mode='area')|"
        "F.interpolate(x[0], size=8, mode='linear')|F.interpolate(x, size=(2, 8), mode='nearest-exact')|"
        "F.interpolate(x, size=(3, 8), mode='bilinear', antialias=True)|"
        "F.interpolate(x[None], size=(1, 3, 8), mode='trilinear')|"
        "F.pixel_shuffle(x[..., :4].reshape(1, 8, 1, 5), 2)|F.pixel_unshuffle(x[..., :4, :4], 2)|"
        "F.channel_shuffle(x, 2)",
        x=image,
        w="((arange(54.)*5) % 7 - 2.7).reshape(3, 2, 3, 3)",
        b="[0.5, -1.0, 2.0]",
    )
    cases += each(
        "F.conv1d(x, w)|F.conv1d(x, w, padding=1, stride=2)|F.conv1d(x[0], w)|F.max_pool1d(x, 2)|"
        "F.avg_pool1d(x, 2)|F.layer_norm(x, (4,))|F.scaled_dot_product_attention(x, x, x)|"
        "F.scaled_dot_product_attention(x, x, x, is_causal=True)|F.dropout(x, 0.3)",
        x=MIXED,
        w="ones(2, 3, 2)/2",
    )
    cases += each(
        "F.layer_norm(x, (3,))|F.layer_norm(x, (3,), w, b)|F.layer_norm(x, x.shape)|"
        "F.batch_norm(x, zeros(3), ones(3))|F.batch_norm(x, w.detach(), b.detach(), w, b)|"
        "F.batch_norm(x, None, None, w, b, True)|F.pad(x, (1, 2))|F.pad(x, (1, -1))|"
        "F.pad(x, (1, 1), value=3)|F.pad(x, (0, 0, 1, 2))|F.dropout(x)|F.dropout(x, 0.2)|"
        "F.dropout(x, training=False)|F.dropout(x, 1.)|F.embedding(tensor([[0, 1], [1, 1]]), x)|"
        "F.embedding(tensor([0, 1, 0]), x, padding_idx=0)|F.one_hot(tensor([0, 2]))|"
        "F.one_hot(tensor([0, 2]), 5)|F.bilinear(x, x, x.expand(2, 3, 2, 3)[0, :, :1].expand(3, 3, 3))",
        x=M,
        w="[1.0, 2.0, 0.5]",
        b="[0.5, 0.25, 2.0]",
    )
    return cases


def kinds() -> list[Case]:
    cases = each(
        "normal(0., 1., (3,))|normal(2., 0.5, (2, 9))|torch.normal(x, 1.)|torch.normal(x, x.abs())|"
        "torch.normal(0., x.abs())|bernoulli(x.sigmoid())|bernoulli(x.detach(), 0.3)|"
        "x.detach().bernoulli(0.5)|multinomial(x.detach().sigmoid(), 2)|"
        "torch.multinomial(tensor([0.1, 0.2, 0.7]), 5, True)|torch.randint_like(x, 5)|"
        "torch.randint_like(x, 2, 9)|rand(3, generator=None)|randn(2, generator=None)|"
        "x.new_tensor([1, 2])|x.new_zeros(2, 3)|x.new_ones((2,))|x.new_full((2,), 3)|x.device|"
        "x.device.type|x.device == torch.device('cpu')|torch.device('cuda:1')|x.to('cpu')|"
        "x.to(x.device)|ones(2, device='cpu')|ones(2, device=torch.device('cpu'))|x.layout|x.is_cuda|"
        "x.get_device()|x.mH|x.real|x.is_complex()|x.is_signed()|torch.is_tensor(x)|x.is_sparse|"
        "torch.result_type(x, 2)|torch.typename(x)|torch.is_nonzero(x[0, 0])|x[1].storage_offset()",
        x=M,
    )
    cases += each(
        "torch.finfo(torch.float32)|torch.finfo()|torch.finfo(torch.float16)|torch.finfo(torch.float64)|"
        "torch.finfo(torch.float64).eps|torch.finfo(torch.float32).max|torch.finfo(torch.float32).bits|"
        "torch.finfo(torch.float32).tiny|torch.iinfo(torch.int32)|torch.iinfo(torch.int64).min|"
        "torch.iinfo(torch.uint8).max|torch.iinfo(torch.int64)|torch.finfo(torch.float32).dtype|"
        "torch.promote_types(torch.int8, torch.uint8)|torch.can_cast(torch.float32, torch.int8)|"
        "torch.can_cast(torch.int64, torch.float16)|torch.float32.is_floating_point|"
        "torch.int16.itemsize|logspace(0, 2, 3)|logspace(0, 1, 3, base=2)|logspace(-1, 2, 4)|"
        "torch.result_type(1, 2.)|torch.typename(3)|tensor([1]).new_tensor([1.5])"
    )
    return cases


def all_vocabulary() -> list[Case]:
    families = (
        statistics,
        ordering,
        placement,
        arrangement,
        pointwise,
        activations,
        products,
        losses,
        layers,
        kinds,
    )
    return [case for family in families for case in family()]


ERRORS: list[Case] = [
    *each(
        "torch.device('foo')|torch.finfo(torch.int32)|torch.iinfo(torch.float32)|torch.finfo(3)|"
        "normal(0., -1., (2,))|bernoulli(x)|torch.is_nonzero(x)|x[0].mH|torch.can_cast(3, 4)|"
        "torch.multinomial(tensor([0.1, 0.2]), 5)|logspace(0, 2, -1)|x.is_signed(3)",
        x=M,
    ),
    *each(
        "F.smooth_l1_loss(x, x, beta=-1)|F.huber_loss(x, x, delta=0)|F.l1_loss(x, x[:, :2])|"
        "F.kl_div(x, x, reduction='foo')|F.margin_ranking_loss(x[0], x, x[0])|"
        "F.one_hot(tensor([0, 2]), 2)|F.one_hot(x)|F.dropout(x, 2.)|F.embedding(tensor([5]), x)|"
        "F.embedding(x, x)|F.layer_norm(x, (2,))|F.group_norm(x, 2)|F.batch_norm(x, None, None)|"
        "F.batch_norm(x[:1], None, None, training=True)|F.pad(x, (1,))|F.pad(x, (1,)*6)|"
        "F.pad(x, (3, 1), mode='reflect')|F.pad(x, (1, 1, 1, 1), mode='circular')|"
        "F.interpolate(x, size=2)|F.pixel_shuffle(x, 2)|F.adaptive_max_pool1d(x, (2, 2))|"
        "F.conv_transpose1d(x, ones(3, 2, 2))|F.lp_pool2d(x[0], 2, 2)|"
        "F.conv2d(x, x)|F.conv1d(x, ones(2, 3, 2))|F.conv1d(x, ones(2, 2, 9))|"
        "F.conv1d(x, ones(2, 2, 2), ones(3))|F.max_pool2d(x[None], 9)",
        x=M,
    ),
    *each(
        "linalg.lu(x[0])|linalg.lu_factor(zeros(2, 2))|linalg.cholesky_ex(x)|linalg.tensorinv(x, ind=0)|"
        "linalg.tensorinv(x, ind=1)|linalg.tensorsolve(x, x[0])|linalg.householder_product(x, x[0])|"
        "linalg.solve_triangular(x, x, upper=True)|linalg.solve_triangular(x @ x.T, x.T, upper=True)|"
        "cholesky_solve(x, x)|cholesky_inverse(x)|linalg.lu_solve(x @ x.T, tensor([1, 2]), x)|"
        "linalg.inv_ex(zeros(2, 2), check_errors=True)|linalg.ldl_factor(x)|"
        "linalg.cholesky_ex(-eye(2), check_errors=True)|"
        "linalg.inv(x)|linalg.inv(zeros(2, 2))|linalg.inv(3)|linalg.det(x)|det(x[0])|slogdet(x)|"
        "linalg.solve(x @ x.T, x[0])|linalg.solve(zeros(2, 2), ones(2))|linalg.cholesky(x)|"
        "linalg.cholesky(-eye(2))|linalg.qr(x[0])|linalg.eigh(x)|linalg.svd(x[0])|linalg.pinv(x[0])|"
        "linalg.matrix_rank(x[0])|matrix_power(x, 2)|linalg.multi_dot([x])|linalg.multi_dot([x, x])|"
        "linalg.cross(x, x[0])|cross(x, x, dim=0)|linalg.cond(x[0])|einsum('ij,jk->ik', x, x)|"
        "einsum('ij', x[0])|einsum('i->ij', x[0])|einsum('i,j', x[0])|einsum('ii->i', x)|"
        "einsum('%', x[0])|einsum('ij->iij', x)|tensordot(x, x, 1)|tensordot(x, x, ([0], [0, 1]))|"
        "inner(x, x[:, 0])|vdot(x, x)|cdist(x, x[0])|dist(x, x[:, 0])|addmv(x[0], x, x[:, 0])|"
        "addr(x, x[:, 0], x[:, 0])|linalg.inv(eye(2).int())",
        x=M,
    ),
    *each(
        "F.leaky_relu(t)|F.elu(t)|F.gelu(t)|F.softplus(t)|F.logsigmoid(t)|F.hardswish(t)|hypot(t, t)|"
        "lerp(t, t, 0.5)|addcdiv(t, t, t)|logaddexp(t, t)|t.frac()|t.round(decimals=1)|F.silu(3)|"
        "F.gelu(3)|F.elu(3)|F.logsigmoid(3)|torch.polygamma(-1, t)|torch.special.erf(3)|erf(3)|"
        "isclose(t, t.float())|F.softshrink(t.float(), -1)|F.gelu(t.float(), approximate='foo')|"
        "atan2(t, 3)|torch.equal(t, 3)|lerp(t, 3, 4)|addcmul(t, 3)|xlogy('a', t)|isin(t, 'a')",
        t=T,
    ),
    *each(
        "F.glu(x)|F.prelu(x, x)|F.prelu(x, x[0, :2])|bitwise_left_shift(x, 1)|gcd(x, x)|"
        "heaviside(x, x.double())|F.hardtanh(x, 1, -1)|isclose(x, x, rtol=-1)|lerp(x, x.double(), 1)",
        x=M,
    ),
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
