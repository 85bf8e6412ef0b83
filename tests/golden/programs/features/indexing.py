import torch

x = torch.arange(12).reshape(3, 4)
print(x[0], x[-1, -1], x[:, 1], x[1:, ::2], x[..., 0], x[None].shape, x[:, None, 1].shape, x[[0, 2]], x[[0, 1], [1, 2]], x[x > 8], x[torch.tensor([True, False, True])])
print(x[torch.tensor([2, 0])], x[1][2], x[0, 1].item(), x[:2, [0, 3]], x[torch.tensor(1)], x[0:0], x[..., None].shape)
y = x.clone()
y[0] = 0; y[1, 1:3] = torch.tensor([7, 8]); y[y > 9] = -1; y[:, 3] += 100; y[[2, 2], [0, 1]] = 5
print(y)
print(x.gather(1, torch.tensor([[0], [1], [2]])), x.index_select(0, torch.tensor([1])), torch.take(x, torch.tensor([0, 5])), x.masked_select(x % 2 == 0), x.masked_fill(x > 5, 0))
print(torch.where(x > 5, x, -x), torch.nonzero(x > 9), (x > 10).nonzero(as_tuple=True), x.narrow(1, 1, 2), x.select(1, 0), x.split(2), x.chunk(2, dim=1), x.unbind(1)[0])
z = torch.zeros(2, 3, requires_grad=True)
w = z[1, 1:] * 2
print(w, z[0].grad_fn, z[[0]].grad_fn, z[z > 1], z[:, 0].grad_fn)
w.sum().backward(); print(z.grad)
v = torch.zeros(4).index_put((torch.tensor([1, 1]),), torch.tensor([1., 2.]), accumulate=True)
print(v, torch.zeros(3).index_add(0, torch.tensor([0, 0]), torch.tensor([1., 2.])), torch.zeros(2, 2).scatter(1, torch.tensor([[1], [0]]), 5.))
for bad in (lambda: x[3], lambda: x[0, 0, 0], lambda: x['a'], lambda: x[1.5], lambda: x[[0, 5]], lambda: x[torch.tensor([True, False])], lambda: x[:, ::-1]):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__, str(e).splitlines()[0])
