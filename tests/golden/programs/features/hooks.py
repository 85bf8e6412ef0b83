import torch

log = []
x = torch.tensor([1., 2.], requires_grad=True)
h1 = x.register_hook(lambda g: log.append(('x', g.tolist())))
h2 = x.register_hook(lambda g: g * 10)
y = x * 2
y.retain_grad()
y.register_hook(lambda g: g + 1)
y.sum().backward()
print(log, x.grad, y.grad)
h1.remove(); h2.remove(); h2.remove()
x.grad = None
(x * 3).sum().backward()
print(log, x.grad)
a = torch.ones(2, requires_grad=True)
a.register_post_accumulate_grad_hook(lambda p: print('accumulated', p.grad))
(a * 2).sum().backward()
b = a * 1
b.grad_fn.register_hook(lambda gi, go: print('node', [None if g is None else g.tolist() for g in gi], [g.tolist() for g in go]))
b.sum().backward()


def bad(g):
    raise ValueError(f'in hook {g.shape}')


c = a * 2
c.register_hook(bad)
try:
    c.sum().backward()
except ValueError as e:
    print('raised', e)
d = a * 2
h = d.register_hook(lambda g: torch.zeros(3))
try:
    d.sum().backward()
except Exception as e:
    print(type(e).__name__, e)
