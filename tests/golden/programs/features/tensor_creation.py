import torch

print(torch.tensor(1), torch.tensor([1., 2]), torch.tensor([[1], [2]]), torch.tensor((True, False)), torch.tensor([1], dtype=torch.float64))
print(torch.zeros(2), torch.ones(1, 2), torch.full((2,), 3), torch.full((2,), 3.5), torch.eye(2), torch.arange(3), torch.arange(1, 2, 0.5), torch.arange(5, 0, -2))
print(torch.linspace(0, 1, 3), torch.logspace(0, 2, 3), torch.empty(0), torch.zeros_like(torch.ones(2, dtype=torch.int32)), torch.ones_like(torch.tensor([1.5])), torch.full_like(torch.zeros(2), 9))
print(torch.Tensor([1, 2]), torch.FloatTensor([3]), torch.LongTensor([1]), torch.Tensor(2, 0), torch.DoubleTensor([1]), torch.BoolTensor([True]))
print(torch.tensor([1., 2.], requires_grad=True), torch.zeros(2, requires_grad=True), torch.as_tensor([1]), torch.from_numpy(__import__('numpy').ones(1)) if False else 0)
t = torch.tensor([1., 2.])
print(t.new_zeros(2), t.new_ones(1), t.new_tensor([3]), t.new_full((2,), 1), torch.tensor(t.tolist()), torch.cat([t, t]), torch.stack([t, t]), torch.hstack([t, t]), torch.vstack([t, t]))
print(torch.diag(t), torch.tril(torch.ones(2, 2)), torch.meshgrid(t, t, indexing='ij')[0], torch.cartesian_prod(t, t), torch.block_diag(torch.ones(1, 1), torch.ones(1, 1)))
print(t.dtype, t.shape, t.device, t.layout, t.ndim, t.numel(), len(t), t.element_size(), t.is_floating_point(), t.type(), t.size(), t.dim(), t.nelement())
print(torch.zeros(()).item(), torch.zeros(1, 1).item(), torch.zeros(2).tolist(), torch.tensor([[1, 2]]).tolist(), torch.is_tensor(t), isinstance(t, torch.Tensor), type(t))
