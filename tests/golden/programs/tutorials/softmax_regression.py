import torch
import torch.nn.functional as F

torch.manual_seed(0)
centers = torch.tensor([[2., 0.], [-1., 2.], [-1., -2.]])
labels = torch.arange(30) % 3
X = centers[labels] + 0.5 * torch.randn(30, 2)
W = torch.zeros(2, 3, requires_grad=True)
b = torch.zeros(3, requires_grad=True)
onehot = F.one_hot(labels, 3).float()
print(onehot[:4], labels[:4])
for step in range(41):
    logits = X @ W + b
    loss = F.cross_entropy(logits, labels)
    by_hand = -(onehot * torch.log_softmax(logits, 1)).sum(1).mean()
    assert torch.allclose(loss, by_hand)
    loss.backward()
    with torch.no_grad():
        for p in (W, b):
            p -= 0.5 * p.grad
            p.grad.zero_()
    if step % 20 == 0:
        accuracy = (logits.argmax(dim=1) == labels).float().mean()
        print(f'{step} {loss.item():.4f} {accuracy:.3f}')
confusion = torch.zeros(3, 3, dtype=torch.long)
for t, p in zip(labels, logits.argmax(1)):
    confusion[t, p] += 1
print(confusion)
print(F.softmax(torch.tensor([1., 2., 3.]), dim=0), logits.grad_fn, loss.grad_fn)
