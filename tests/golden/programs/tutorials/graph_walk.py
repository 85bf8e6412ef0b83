import torch


def walk(fn, depth=0):
    print('  ' * depth + type(fn).__name__)
    for nxt, index in fn.next_functions:
        if nxt is not None:
            walk(nxt, depth + 1)


a = torch.tensor([1., 2.], requires_grad=True)
b = torch.tensor(3., requires_grad=True)
out = ((a * b).sum() + a.norm()).sqrt()
walk(out.grad_fn)
print(out.grad_fn)
print(out.grad_fn.next_functions)
acc = (a + 1).grad_fn.next_functions[0][0]
print(acc, acc.variable is a)
print((a ** 2).grad_fn.name(), (2 / a).grad_fn.name())
print(torch.stack([b, b]).grad_fn.next_functions[0][1], a.unbind()[1].grad_fn)
