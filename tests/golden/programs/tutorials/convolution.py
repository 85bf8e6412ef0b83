import torch
import torch.nn as nn
import torch.nn.functional as F

x = torch.arange(16.).reshape(1, 1, 4, 4)
k = torch.tensor([[1., 0.], [0., -1.]]).reshape(1, 1, 2, 2).requires_grad_()
y = F.conv2d(x, k)
print(y)
y.sum().backward()
print(k.grad)
print(F.max_pool2d(x, 2), F.avg_pool2d(x, 2))
print(F.pad(torch.ones(2, 2), (1, 0, 0, 1)))
torch.manual_seed(0)
net = nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8, 2))
print(net)
out = net(x)
print(out.shape)
out.sum().backward()
print([tuple(p.grad.shape) for p in net.parameters()])
signal = torch.tensor([[[1., 2., 3., 4.]]])
print(F.conv1d(signal, torch.tensor([[[0.5, 0.5]]])), F.conv1d(signal, torch.ones(1, 1, 3), padding=1, stride=2))
print(signal.unfold(2, 2, 1))
