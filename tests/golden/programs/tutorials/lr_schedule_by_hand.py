import math
import torch

w = torch.tensor(5.0, requires_grad=True)
base_lr = 0.3
for epoch in range(12):
    lr = base_lr * 0.5 * (1 + math.cos(math.pi * epoch / 12))
    loss = (w - 1) ** 2
    loss.backward()
    with torch.no_grad():
        w -= lr * w.grad
        w.grad = None
    if epoch % 3 == 0:
        print(f'{epoch:02d} lr={lr:.4f} w={w.item():.4f} loss={loss:.4f}')

opt = torch.optim.SGD([w], lr=1.0)
for epoch in range(6):
    for group in opt.param_groups:
        group['lr'] = 1.0 * 0.5 ** (epoch // 2)
    print(epoch, opt.param_groups[0]['lr'])
print(opt.param_groups[0].keys())
