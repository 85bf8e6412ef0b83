import torch
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
X = torch.randn(32, 2)
y = X @ torch.tensor([[1.5], [-2.0]]) + 0.5
dataset = TensorDataset(X, y)
print(len(dataset), dataset[0])
loader = DataLoader(dataset, batch_size=10, shuffle=False)
print(len(loader), [len(xb) for xb, yb in loader])
model = torch.nn.Linear(2, 1)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(10):
    total = 0.
    for xb, yb in loader:
        loss = ((model(xb) - yb) ** 2).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item() * len(xb)
    if epoch % 3 == 0:
        print(f'epoch {epoch}: {total / len(dataset):.4f}')
perm = torch.randperm(32)
for idx in perm.split(16):
    print(idx)
print(X[perm[:3]])
