import torch
import torch.autograd.forward_ad as fwAD

primal = torch.tensor([0.5, 1.5])
tangent = torch.tensor([1., -1.])


def fn(x, y):
    return x ** 2 + y ** 2


with fwAD.dual_level():
    dual = fwAD.make_dual(primal, tangent)
    assert fwAD.unpack_dual(dual).tangent is tangent
    out = fn(dual, torch.tensor([2., 3.]))
    print(fwAD.unpack_dual(out).tangent, fwAD.unpack_dual(out).primal)
    print(fwAD.unpack_dual(torch.exp(dual) * dual).tangent)
assert fwAD.unpack_dual(out).tangent is None
print(torch.autograd.functional.jvp(lambda t: t.sin(), primal, tangent))
