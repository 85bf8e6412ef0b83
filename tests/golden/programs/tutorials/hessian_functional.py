import torch
from torch.autograd.functional import hessian, jacobian


def pow_reducer(x):
    return x.pow(3).sum()


def pow_adder_reducer(x, y):
    return (2 * x.pow(2) + 3 * y.pow(2)).sum()


x = torch.tensor([[1., 2.], [3., 4.]])
H = hessian(pow_reducer, x)
print(H)
print(H.shape, H.reshape(4, 4).diagonal())
print(hessian(pow_reducer, x, create_graph=True).grad_fn is not None)
print(hessian(pow_adder_reducer, (torch.ones(2), torch.zeros(2))))
print(jacobian(lambda v: torch.stack([v[0] * v[1], v.sum()]), torch.tensor([3., 5.])))
