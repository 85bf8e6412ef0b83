import torch
import torch.nn.functional as F

x = torch.tensor([[1., 2.], [3., 4.]], requires_grad=True)
ops = [x + 1, x - 1, 1 - x, x * 2, x / 2, 2 / x, x ** 2, 2 ** x, -x, x @ x, x @ x[0], x.T, x.t(), x.view(-1), x.reshape(4), x.flatten(), x[0], x[:, 0], x[0, 0], x[[0]], x[x > 1], x.sum(), x.sum(0), x.mean(), x.mean(0), x.max(), x.max(0)[0], x.prod(), x.norm(), x.std(), x.var(), x.exp(), x.log(), x.sqrt(), x.sin(), x.tanh(), x.sigmoid(), x.relu(), x.abs(), x.clamp(0, 1), x.clone(), x.contiguous(), x.double(), x.unsqueeze(0), x.squeeze(), x.expand(2, 2, 2), x.repeat(2, 1), x.permute(1, 0), torch.cat([x, x]), torch.stack([x, x]), torch.where(x > 0, x, x), x.softmax(0), F.log_softmax(x, 1), F.linear(x, x), F.linear(x, x, x[0]), F.mse_loss(x, x + 1), F.dropout(x, 0.5, False), F.gelu(x), F.softplus(x), x.cumsum(0), x.sort()[0], x.topk(1)[0], x.det(), x.inverse(), x.gather(0, torch.zeros(1, 2, dtype=torch.long)), x.masked_fill(x > 1, 0), x.diag(), x.tril(), torch.outer(x[0], x[0]), x[0].dot(x[0]), torch.einsum('ij->ji', x), x.unbind()[0], x.split(1)[0], x.chunk(2)[1], x.detach(), x.data, x.floor(), x.round(), x.sign(), x.square(), x.pow(3), x.float(), x.to(torch.float64), x.type_as(x), x + x, x * x, x / x, x - x, x.logsumexp(0), x.amax(0), x.minimum(x), x.maximum(x), x.flip(0), x.roll(1), x.median(), x.T.contiguous(), x.T.reshape(-1)]
for i, y in enumerate(ops):
    print(i, type(y.grad_fn).__name__, tuple(y.shape), end='; ' if i % 4 else '\n')
y = x + 1
y += 1; print('\n', y.grad_fn); y.mul_(2); print(y.grad_fn.name()); y.relu_(); print(y.grad_fn); y[0] = 1; print(y.grad_fn)
