import torch
from torch import nn


class NeuralNetwork(nn.Module):
    def __init__(self):
        super().__init__()
        self.flatten = nn.Flatten()
        self.linear_relu_stack = nn.Sequential(
            nn.Linear(2 * 2, 8),
            nn.ReLU(),
            nn.Linear(8, 8),
            nn.ReLU(),
            nn.Linear(8, 3),
        )

    def forward(self, x):
        x = self.flatten(x)
        logits = self.linear_relu_stack(x)
        return logits


def batches(X, y, batch_size):
    for start in range(0, len(X), batch_size):
        yield X[start:start + batch_size], y[start:start + batch_size]


def train_loop(X, y, model, loss_fn, optimizer):
    size = len(X)
    model.train()
    for batch, (Xb, yb) in enumerate(batches(X, y, batch_size)):
        pred = model(Xb)
        loss = loss_fn(pred, yb)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        if batch % 2 == 0:
            loss, current = loss.item(), batch * batch_size + len(Xb)
            print(f"loss: {loss:>7f}  [{current:>5d}/{size:>5d}]"[:9] + f"  [{current:>5d}/{size:>5d}]")


def test_loop(X, y, model, loss_fn):
    model.eval()
    test_loss, correct = 0, 0
    with torch.no_grad():
        for Xb, yb in batches(X, y, batch_size):
            pred = model(Xb)
            test_loss += loss_fn(pred, yb).item()
            correct += (pred.argmax(1) == yb).type(torch.float).sum().item()
    correct /= len(X)
    print(f"Test Error: \n Accuracy: {(100*correct):>0.1f}%, Avg loss: {test_loss / 5:>8.3f} \n")


torch.manual_seed(0)
batch_size = 4
X = torch.rand(20, 2, 2)
y = X.flatten(1).argmax(1).clamp(max=2)
model = NeuralNetwork()
loss_fn = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for t in range(3):
    print(f"Epoch {t+1}\n-------------------------------")
    train_loop(X, y, model, loss_fn, optimizer)
    test_loop(X, y, model, loss_fn)
print("Done!")
print(model)
