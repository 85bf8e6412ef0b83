"""Tensors of inference mode in every mix, and edges of the graph in the place of tensors."""

import torch


def shown(f):
    try:
        print(f())
    except Exception as e:
        print(type(e).__name__, e)


s = torch.ones(2, requires_grad=True)
a = s.clone()
with torch.inference_mode():
    v = a.view(-1)
    w = v.view(2, 1)
    c = torch.ones(2, requires_grad=True)
    d = c.view(1, 2)
    n = torch.ones(2)
    u = a.unbind(0)
shown(lambda: v.add_(2))
shown(lambda: w.add_(2))
shown(lambda: c.add_(1))
shown(lambda: n.add_(1))
shown(lambda: d.add_(1))
shown(lambda: u[0].add_(1))
shown(lambda: v.transpose_(0, 0))
shown(lambda: n.unsqueeze_(0))
print(
    v.requires_grad,
    v.is_leaf,
    v._is_view(),
    v.is_inference(),
    d.requires_grad,
    d._is_view(),
    d.is_inference(),
    c.is_inference(),
    c.requires_grad,
)
o = c.view(-1)
print(o.requires_grad, o._is_view(), o.is_inference(), o.is_leaf)
shown(lambda: c * s)
shown(lambda: n * s)
shown(lambda: (n + s).requires_grad)
a.add_(1)
shown(lambda: v.grad_fn)
shown(lambda: w.requires_grad)
with torch.inference_mode():
    a.add_(1)
    print(a.is_inference())
    x = a * 2
    print(x.is_inference())
    a.mul_(2)
    print(a.requires_grad, a[0].requires_grad, a[0].is_inference())
    e = torch.inference_mode(False)(lambda z: (z * 2).requires_grad)
    print(e(s))
print(
    torch.inference_mode(False)(lambda z: (z * 2).requires_grad)(s),
    torch.inference_mode()(lambda z: (z * 2).requires_grad)(s),
    torch.inference_mode(mode=True)(lambda z: (z * 2).requires_grad)(s),
)
q = torch.arange(6.0).reshape(2, 3).requires_grad_()
e = torch.autograd.graph.get_gradient_edge((q * 2).sin())
print(type(e).__name__, e.node.name(), e.output_nr)
y = q * 2
e = torch.autograd.graph.get_gradient_edge(y)
l = torch.autograd.graph.get_gradient_edge(q)
print(l.node.name(), l.output_nr)
z = y.sin().sum()
print(
    torch.equal(torch.autograd.grad(z, e, retain_graph=True)[0], y.cos()),
    torch.equal(torch.autograd.grad(z, (l, e), retain_graph=True)[0], 2 * y.cos()),
)
shown(lambda: torch.autograd.graph.get_gradient_edge(torch.ones(2)))
y2 = y
shown(lambda: torch.autograd.grad(torch.autograd.graph.get_gradient_edge(z), q))
shown(lambda: torch.autograd.backward(torch.autograd.graph.get_gradient_edge((q * 3).sum())))
print(q.grad)
