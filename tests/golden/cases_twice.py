"""Expressions whose gradients are differentiated again, at the edges of every operation.

`program` makes a program of one, which both the reference and the tool run.
"""

from __future__ import annotations

# fmt: off
UNARY = (
    "exp exp2 expm1 log log2 log10 log1p sqrt rsqrt reciprocal sin cos tan asin acos atan sinh cosh tanh "
    "asinh acosh atanh sigmoid relu abs sign floor trunc frac square positive deg2rad nan_to_num sgn "
    "erf erfc erfinv lgamma i0 torch.special.i0e "
    "torch.special.ndtr torch.special.ndtri torch.special.log_ndtr torch.special.erfcx torch.special.entr "
    "F.elu F.selu F.celu F.gelu F.silu F.mish F.softplus F.logsigmoid F.hardtanh F.relu6 F.hardswish "
    "F.softsign F.tanhshrink F.softshrink F.hardshrink F.leaky_relu"
).split()
EDGES = (
    "[0.0, -0.0, 1e-30, -1e-9, 1.0, -1.0, 0.5, -0.5, 3.0, -3.0, 20.0, -20.0, 21.0, 40.0, -40.0, 6.0, "
    "100.0, -100.0, 2.0]"
)
BINARY = (
    "atan2(x,y)|hypot(x,y)|logaddexp(x,y)|logaddexp2(x,y)|x**y|xlogy(x,y)|torch.special.xlog1py(x,y)|x/y|"
    "x*y|x-y|maximum(x,y)|minimum(x,y)|fmax(x,y)|fmin(x,y)|copysign(x,y)|x % y|fmod(x,y)|"
    "F.smooth_l1_loss(x,y)|F.huber_loss(x,y)|F.mse_loss(x,y)|F.l1_loss(x,y)|lerp(x,y,0.3)|dist(x,y)|"
    "F.cosine_similarity(x,y,0)|F.pairwise_distance(x,y)|where(x>0,x,y)|addcmul(x,x,y)|ldexp(x,y)|"
    "F.kl_div(x,y.abs(),reduction='sum')|F.poisson_nll_loss(x,y)|F.gaussian_nll_loss(x,y,y.abs()+1)|"
    "outer(x,y)|x@y|F.binary_cross_entropy_with_logits(x,y)|F.hinge_embedding_loss(x,y.sign())|"
    "F.soft_margin_loss(x,y.detach().sign())|F.margin_ranking_loss(x,y,torch.ones(6))|x.sub(y,alpha=2)"
).split("|")
PAIRS = [
    ("[0.0, -0.0, 1.0, -1.0, 2.0, 0.0]", "[0.0, 1.0, 0.0, -1.0, 3.0, -2.0]"),
    ("[0.3, 0.7, 0.2, 0.9, 0.5, 0.1]", "[0.4, 0.7, 0.9, 0.2, 0.5, 0.6]"),
]
OF_SIX = (
    "x.norm()|x.norm(p=1)|x.norm(p=3)|x.norm(p=inf)|x.norm(p=0)|x.std()|x.var()|x.cumsum(0)|"
    "(x+4).logcumsumexp(0)|x.logsumexp(0)|x.amax()|x.max()|x.softmax(0)|x.log_softmax(0)|x.sort()[0]|(x+arange(6.)/7).topk(5)[0]|x.median()|x.median(0)[0]|x.kthvalue(2)[0]|x.repeat(2)|x[[0,0,1]]|x.amin()|x.max(0)[0]|F.embedding(tensor([0,0,1]),x.view(2,3))|torch.special.i1(x)|torch.special.i1e(x)|sinc(x+0.25)|x.view(2,3).max(1)[0]|"
    "x.cummax(0)[0]|F.normalize(x,dim=0)|linalg.vector_norm(x,4)|x.mean()|x.std(0)|x.nansum()|x.nanmean()|"
    "x.quantile(0.3)|x.diff()|x.flip(0)|x.clamp(-1,1)|x.clamp(min=0)|x**2|x**3|x**0.5|x**-1|x**0|2**x|"
    "x.diag()|x.expand(2,6)|x.unfold(0,2,1)|x[x>0]|x.masked_fill(x>0,2.)|x.gather(0,tensor([0,0,1]))|"
    "x.scatter(0,tensor([0,1]),x[:2])|x.index_select(0,tensor([0,0]))|x.take(tensor([1,1]))|x.logit(0.2)|"
    "F.gelu(x,approximate='tanh')|F.softmin(x,dim=0)|F.softplus(x,2.,1.)|F.elu(x,0.5)|F.celu(x,2.)|"
    "F.threshold(x,1.,20.)|F.hardtanh(x,-2,0.5)|F.glu(x)|F.layer_norm(x,(6,))|F.prelu(x+3,torch.tensor([0.25]))|"
    "x.square().sum().sqrt()|torch.var_mean(x)[0]|trapezoid(x)|"
    "x.view(2,3)@x.view(3,2)|linalg.matrix_norm(x.view(2,3))|linalg.matrix_power(x[:4].view(2,2),3)|"
    "x.view(2,3).norm(dim=0)|F.avg_pool1d(x.view(1,1,6),2)|F.conv1d(x.view(1,1,6),x[:2].view(1,1,2))|"
    "F.pad(x,(1,1))|einsum('i,i',x,x)|einsum('i,j->ij',x,x)|tensordot(x,x,1)|kron(x,x)|x.dot(x)|x.outer(x)|"
    "F.pad(x.view(1,1,6),(2,1),mode='reflect')|F.pad(x.view(1,1,6),(2,1),mode='circular')|"
    "F.interpolate(x.view(1,1,6),size=4,mode='linear')|F.interpolate(x.view(1,1,2,3),size=(3,2),mode='bicubic')|"
    "F.conv_transpose1d(x.view(1,2,3),x.view(2,1,3),stride=2)|F.lp_pool1d(x.view(1,1,6)+4,3.,2)|"
    "F.adaptive_max_pool1d(x.view(1,1,6),4)|F.avg_pool2d(x.view(1,1,2,3),2,ceil_mode=True)|"
    "linalg.lu(x.view(2,3)+eye(2,3)*4)[1]|linalg.lu_factor(x[:4].view(2,2)+eye(2)*4)[0]|"
    "cholesky_solve(x.view(2,3),(x[:4].view(2,2)+eye(2)*3).tril())|cholesky_inverse((x[:4].view(2,2)+eye(2)*3).tril())|"
    "linalg.solve_triangular(x[:4].view(2,2)+eye(2)*3,x.view(2,3),upper=True)|"
    "F.cross_entropy(x.view(2,3),tensor([0,2]))|F.nll_loss(x.view(2,3),tensor([0,2]))|"
    "F.multilabel_soft_margin_loss(x.view(2,3),ones(2,3))|F.group_norm(x.view(1,2,3),2)|"
    "F.batch_norm(x.view(2,3),None,None,training=True)|F.linear(x,x.view(1,6))|F.bilinear(x[:2],x[2:4],x[:4].view(1,2,2))|"
    "x.index_add(0,tensor([0,0]),x[:2])|x.index_fill(0,tensor([0]),3.)|x.masked_select(x>0)|stack([x,x])|"
    "cat([x,x])|x.chunk(2)[0]|x.unbind()[0]|broadcast_to(x,(2,6))|block_diag(x,x)|combinations(x)"
).split("|")
SIXES = ["[1.0, 2.0, 2.0, -1.0, 0.5, 2.0]", "[0.0, 2.0, 0.25, -1.0, 3.0, 1.0]"]
# fmt: on
HEAD = """
from math import inf
import torch
from torch.nn.functional import *
from torch import *
import torch.nn.functional as F
from torch import linalg
torch.set_default_dtype(torch.float64)
def weights(t):
    return ((torch.arange(t.numel()) % 5) / 4 + 0.5).reshape(t.shape).to(t.dtype)
"""
TAIL = """
first = torch.autograd.grad(value, leaves, weights(value), create_graph=True, allow_unused=True)
flows = [g for g in first if g is not None]
print([None if g is None else g.requires_grad for g in first])
print([None if g is None or g.grad_fn is None else type(g.grad_fn).__name__ for g in first])
print([None if g is None else (g + 0).tolist() for g in first])
parts = [(g * weights(g)).sum() for g in flows if g.requires_grad]
second = torch.autograd.grad(parts, leaves, allow_unused=True) if parts else [None] * len(leaves)
print([None if g is None else (g + 0).tolist() for g in second])
"""


def cases() -> list[tuple[str, dict[str, str]]]:
    """Each an expression and the values of its names."""
    return (
        [(f"{name}(x)", {"x": EDGES}) for name in UNARY]
        + [(text, {"x": x, "y": y}) for text in BINARY for x, y in PAIRS]
        + [(text, {"x": SIXES[0]}) for text in OF_SIX]
        + [(f"({text})**2", {"x": SIXES[1]}) for text in OF_SIX]
    )


def program(expression: str, values: dict[str, str]) -> str:
    """Prints what the gradients are: tracked or not, their functions, their values, and those of theirs."""
    bound = [f"{name} = torch.tensor({text}, requires_grad=True)" for name, text in values.items()]
    leaves = f"leaves = [{', '.join(values)}]"
    return "\n".join([HEAD, *bound, leaves, f"value = {expression}", TAIL])
