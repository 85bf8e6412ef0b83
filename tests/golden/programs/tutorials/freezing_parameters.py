import torch
from torch import nn, optim

torch.manual_seed(1)
model = nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2))
for param in model.parameters():
    param.requires_grad = False
model[2] = nn.Linear(3, 2)
for name, p in model.named_parameters():
    print(f'{name:<10} {p.requires_grad}')
trainable = [p for p in model.parameters() if p.requires_grad]
print(len(trainable))
optimizer = optim.SGD(trainable, lr=1e-2, momentum=0.9)
before = model[0].weight.clone(), model[2].weight.clone()
out = model(torch.ones(1, 4))
print(out.shape, out.grad_fn)
out.sum().backward()
optimizer.step()
print(torch.equal(before[0], model[0].weight), torch.equal(before[1], model[2].weight))
print(model[0].weight.grad, model[2].bias.grad)
model.requires_grad_(True)
print(all(p.requires_grad for p in model.parameters()))
