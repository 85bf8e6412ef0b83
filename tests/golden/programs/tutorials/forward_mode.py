import torch
import torch.autograd.forward_ad as fwAD

primal = torch.tensor([1., 2., 3.])
tangent = torch.tensor([1., 0., -1.])
with fwAD.dual_level():
    dual = fwAD.make_dual(primal, tangent)
    out = dual ** 2
    value, jvp = fwAD.unpack_dual(out)
    print(value, jvp)
print(torch.func.jvp(torch.sin, (primal,), (tangent,)))
print(torch.func.grad(lambda x: (x ** 3).sum())(primal))
print(torch.func.jacrev(torch.exp)(torch.zeros(2)))
print(torch.func.hessian(lambda x: x.prod())(primal))
print(torch.vmap(torch.dot)(torch.ones(2, 3), torch.arange(6.).reshape(2, 3)))
