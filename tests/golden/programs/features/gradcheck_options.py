# What gradcheck and gradgradcheck look at, and the words in which they refuse.
import warnings

import torch
from torch.autograd import Function, gradcheck, gradgradcheck
from torch.autograd.gradcheck import GradcheckError, get_analytical_jacobian, get_numerical_jacobian


def attempt(f, *args, **options):
    try:
        print(f(*args, **options))
    except (RuntimeError, ValueError, AssertionError) as error:
        print(type(error).__name__, str(error).strip())


class Scaled(Function):
    """Twice the value, with derivatives that are right, wrong, or not always the same."""

    @staticmethod
    def forward(ctx, x, back, ahead):
        ctx.back, ctx.ahead = back, ahead
        return 2 * x

    @staticmethod
    def backward(ctx, g):
        return ctx.back(g), None, None

    @staticmethod
    def jvp(ctx, t, *_):
        return ctx.ahead * t


x = torch.tensor([0.5, -1.5], dtype=torch.double, requires_grad=True)
y = torch.tensor([2.0, 1.0], dtype=torch.double, requires_grad=True)
right = lambda g: 2 * g
for fast in (False, True):
    print("fast" if fast else "slow")
    attempt(gradcheck, lambda a, b: (a * b, a.exp()), (x, y), fast_mode=fast, check_forward_ad=True)
    attempt(gradcheck, torch.sin, x, fast_mode=fast, check_batched_grad=True)
    attempt(gradgradcheck, lambda a, b: (a * b).sin(), (x, y), fast_mode=fast, check_fwd_over_rev=True)
    attempt(gradcheck, Scaled.apply, (x, right, 2), fast_mode=fast, check_forward_ad=True)
    attempt(gradcheck, Scaled.apply, (x, lambda g: 3 * g, 2), fast_mode=fast)
    attempt(gradcheck, Scaled.apply, (x, right, 5), fast_mode=fast, check_forward_ad=True)
    attempt(gradcheck, lambda a: (a.detach() * 2).round(), x, fast_mode=fast)
    attempt(gradcheck, lambda a: a.detach() * 2, x, fast_mode=fast)
    attempt(gradcheck, lambda a: torch.cat([a, a]) if (a > 0.4).any() else a, x[:1].detach().fill_(0.4).requires_grad_(), fast_mode=fast)

count = [0]


def drifting(g):
    count[0] += 1
    return 2 * g + 1e-4 * count[0] * g


attempt(gradcheck, Scaled.apply, (x, drifting, 2), raise_exception=False)
attempt(gradcheck, Scaled.apply, (x, drifting, 2), atol=1, nondet_tol=1.0)
attempt(gradcheck, Scaled.apply, (x, lambda g: 2 * g + 1e-7, 2))
attempt(gradcheck, lambda a: a * 2, (torch.ones(2, dtype=torch.double),))
attempt(gradcheck, lambda a: a * 2, (torch.ones(1, dtype=torch.double, requires_grad=True).expand(3),))
attempt(gradcheck, torch.sin, x, check_backward_ad=False)
attempt(gradcheck, torch.sin, x, check_forward_ad=True, check_backward_ad=False, check_batched_grad=True)
attempt(gradcheck, torch.sin, x, check_batched_forward_grad=True)
attempt(gradcheck, torch.sin, x, check_forward_ad=True, check_batched_forward_grad=True)
attempt(gradgradcheck, torch.sin, x, check_rev_over_rev=False)


def hooked(a):
    b = a.clone()

    def hook(g):
        if g is None:
            raise RuntimeError("no gradient")

    b.register_hook(hook)
    return b


with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    attempt(gradcheck, hooked, x)
    attempt(gradcheck, hooked, x, check_undefined_grad=False)
    print([str(one.message)[:40] for one in told])
    f = lambda given: (given[0] * given[1], given[0])
    print(get_numerical_jacobian(f, (x, y), eps=1e-6)[0].round())
    print(get_analytical_jacobian((x, y), x * y))
    print(sorted({one.category.__name__ for one in told}))
print(issubclass(GradcheckError, RuntimeError))
