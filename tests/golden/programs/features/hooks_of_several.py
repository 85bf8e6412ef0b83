import torch
from torch.autograd.graph import register_multi_grad_hook
a = torch.tensor(2., requires_grad=True); b = torch.tensor(3., requires_grad=True); c = torch.tensor(1., requires_grad=True)
h = register_multi_grad_hook([a, b, c], lambda g: print('all', g))
(a * b).backward()
(a * c * b).backward()
h.remove()
(a * b).backward()
h = register_multi_grad_hook((a, b), lambda g: print('any', g), mode='any')
(a * b).backward()
h.remove()
y = a * 2
h = register_multi_grad_hook((y, b), lambda g: print('in', g))
(y * b).backward()
try: register_multi_grad_hook((y,), print, mode='x')
except Exception as e: print(type(e).__name__, e)
x = torch.ones(2, requires_grad=True)
acc = (x * 2).grad_fn.next_functions[0][0]
acc.register_hook(lambda gi, go: print('post', gi, go, x.grad))
x.register_hook(lambda g: print('tensor', g))
x.register_post_accumulate_grad_hook(lambda t: print('accumulated', t.grad))
(x * 3).sum().backward()
import torch.autograd.forward_ad as fwAD
with fwAD.dual_level():
    d = fwAD.make_dual(torch.tensor([1., 4.]), torch.tensor([1., 0.]))
    print(d, d * 2)
print(torch.fmax(torch.tensor(0.), torch.tensor(-0.)), torch.tensor(-0.) ** torch.tensor(.5), torch.tensor([4., -0., 9.]) ** torch.tensor(0.5))
t = torch.ones(2, requires_grad=True) * 2
print(t.put_(torch.tensor([0]), torch.ones(1)).grad_fn.name())
