import torch

x = torch.arange(6.)
print(x.view(2, 3), x.reshape(-1, 2).shape, x.view(1, -1).squeeze().shape, x.unsqueeze(0).shape, x.unsqueeze(-1).shape, x.reshape(2, 3).T, x.reshape(1, 2, 3).permute(2, 0, 1).shape)
y = x.view(2, 3)
print(y.flatten(), y.transpose(0, 1), y.t().contiguous().view(-1), y.expand(2, 2, 3).shape, y.repeat(1, 2), y.repeat_interleave(2, dim=0), y.flip(1), y.roll(1, 1), torch.rot90(y))
print(y.size(-1), y.stride(), y.shape == (2, 3), y.shape[0], *y.shape, tuple(y.shape), y.shape + (1,), y.shape.numel(), y.swapaxes(0, 1).shape, y.movedim(0, 1).shape, y.unflatten(1, (3, 1)).shape)
print(torch.squeeze(torch.zeros(1, 2, 1)).shape, torch.zeros(1, 2, 1).squeeze(0).shape, torch.atleast_2d(x).shape, torch.broadcast_to(x[:1], (3, 1)), torch.tile(x[:2], (2,)))
a, b = y
print(a, b); n, m = y.shape; print(n * m, f'{y.shape}', str(y.shape), [*y.size()])
print(y.mT.shape, y.ravel(), torch.cat([y, y], -1).shape, torch.stack([y, y], 2).shape, torch.column_stack([x, x]).shape, y.diagonal(), y.unfold(1, 2, 1).shape, y.new_empty(0).shape)
for bad in (lambda: x.view(4), lambda: x.reshape(-1, -1), lambda: y.t().view(6), lambda: y.squeeze(5), lambda: torch.zeros(2, 3).permute(0), lambda: x.unsqueeze(4), lambda: torch.cat([x, y]), lambda: x.T.T.view('a')):
    try:
        bad()
        print('fine')
    except Exception as e:
        print(type(e).__name__, str(e).splitlines()[0])
