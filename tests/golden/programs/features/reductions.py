import torch

x = torch.tensor([[1., 5., 3.], [4., 2., 6.]])
print(x.sum(), x.sum(0), x.sum(dim=1, keepdim=True), x.mean(), x.mean(1), x.prod(), x.std(), x.var(0), x.std(0, unbiased=False), x.median(), x.norm(), x.norm(p=1), x.norm(dim=1))
print(x.max(), x.max(0), x.min(1), x.argmax(), x.argmax(1), x.argmin(0), x.amax((0, 1)), x.cumsum(1), x.cumprod(0), x.sort(1), x.sort(descending=True).values, x.argsort(), x.topk(2))
print(x.all(), (x > 0).all(), (x > 5).any(1), (x > 2).sum(), x.logsumexp(0), x.softmax(1), x.unique(), x.quantile(0.5), x.kthvalue(2), torch.aminmax(x), x.count_nonzero(), x.diff())
print(torch.sum(x), torch.max(x, torch.tensor(3.)), torch.mean(x, dim=0), torch.var_mean(x), torch.bincount(torch.tensor([0, 1, 1])), torch.histc(x, 3), x.nansum(), torch.trace(x), torch.mode(torch.tensor([1, 2, 2])))
v, i = torch.max(x, dim=1)
print(v, i, x.max(1).indices, sum(x), max(x[0]), min(v), sorted(x[0].tolist()), sum(x[0]), abs(-x)[0], round(x.mean().item(), 2))
r = x.max(0); print(type(r).__name__, r.values, r[1]); print(x.sum().item(), x.int().sum(), x.int().float().mean(), (x / 7).round(decimals=2), torch.tensor([]).sum(), torch.tensor([]).mean())
