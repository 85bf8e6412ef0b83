# Duals of forward mode: what they share, what is written to them and through their views, and their Functions.
import torch
import torch.autograd.forward_ad as fwAD
from torch.autograd import Function


def attempt(f, *args):
    try:
        print(f(*args))
    except (RuntimeError, NotImplementedError) as error:
        print(type(error).__name__, error)


value, moving = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([1.0, 0.5, 0.0])
print(fwAD._current_level, fwAD.unpack_dual(value))
attempt(fwAD.make_dual, value, moving)
attempt(fwAD.exit_dual_level)
with fwAD.dual_level() as level:
    print(level, fwAD._current_level)
    attempt(fwAD.enter_dual_level)
    dual = fwAD.make_dual(value, moving)
    print(dual, dual.requires_grad, dual.is_leaf, dual._is_view())
    print(fwAD.unpack_dual(dual).tangent is moving, fwAD.unpack_dual(value).tangent)
    attempt(fwAD.make_dual, dual, moving)
    attempt(fwAD.make_dual, value, dual)
    attempt(fwAD.make_dual, value, torch.ones(2))
    print(dual * dual + 1, (dual * 2).sum(), dual == value, dual.detach(), dual.long())
    with torch.no_grad():
        print(torch.exp(dual))
    # writes: the tangent is written to as well, and what shows it
    part = dual[1:]
    part *= 10
    print(dual, part, moving, value)
    dual.sub_(torch.ones(3))
    print(part, fwAD.unpack_dual(part).tangent._base is moving)
    plain = torch.zeros(2, 2)
    row = plain[1]
    row.copy_(dual[:2])
    print(plain, row, fwAD.unpack_dual(plain).tangent)
    plain.zero_()
    print(plain, row)
    other = torch.zeros(3)
    cut = other.detach()
    cut += dual
    print(cut, other)
    dual.eq_(value)
    print(dual)
    attempt(lambda: torch.add(value, value, out=dual.clone()))
    # a tangent that lies otherwise is copied
    turned = fwAD.make_dual(torch.ones(2, 3).t(), torch.arange(6.0).reshape(3, 2))
    print(turned.t(), fwAD.unpack_dual(turned).tangent.stride())
    # both modes
    w = torch.tensor([2.0, 4.0], requires_grad=True)
    v = torch.tensor([1.0, 3.0], requires_grad=True)
    y = fwAD.make_dual(w, v) ** 3
    primal, tangent = fwAD.unpack_dual(y)
    print(torch.autograd.grad(primal.sum(), w, retain_graph=True))
print(torch.autograd.grad(tangent.sum(), (w, v)))
print(dual, fwAD.unpack_dual(y).tangent)


class Twice(Function):
    @staticmethod
    def forward(ctx, x, y, n):
        ctx.save_for_forward(y)
        ctx.n = n
        return x * n + y, n

    @staticmethod
    def jvp(ctx, x_t, y_t, n_t):
        print("jvp", x_t, y_t, n_t, ctx.saved_tensors)
        return x_t * ctx.n + y_t, None


class Bare(Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2


class Doubled(Function):
    @staticmethod
    def forward(ctx, x, good):
        ctx.good = good
        ctx.mark_dirty(x)
        return x.mul_(2)

    @staticmethod
    def jvp(ctx, t, _):
        return t.mul_(2) if ctx.good else t * 2


class Cut(Function):
    @staticmethod
    def forward(ctx, x, how):
        ctx.how = how
        return x[:2]

    @staticmethod
    def jvp(ctx, t, _):
        found = {"view": t[:2], "copy": t[:2].clone(), "other": torch.ones(3)[:2]}
        return found[ctx.how]


class Aside(Function):
    @staticmethod
    def forward(ctx, x, tangent):
        ctx.tangent = tangent
        out = x * 3
        ctx.mark_non_differentiable(out)
        return out

    @staticmethod
    def jvp(ctx, t, _):
        return ctx.tangent


class Many(Function):
    @staticmethod
    def forward(ctx, x):
        return x + 1, x + 2

    @staticmethod
    def jvp(ctx, t):
        return t


def called(function, *args):
    with fwAD.dual_level():
        out = function.apply(fwAD.make_dual(torch.ones(3), torch.tensor([1.0, 2.0, 3.0])), *args)
        return fwAD.unpack_dual(out[0] if isinstance(out, tuple) else out).tangent


attempt(called, Twice, torch.zeros(3), 5)
attempt(called, Bare)
attempt(called, Doubled, True)
attempt(called, Doubled, False)
for how in ("view", "copy"):
    attempt(called, Cut, how)
attempt(called, Aside, None)
attempt(called, Aside, torch.ones(3))
attempt(called, Many)
