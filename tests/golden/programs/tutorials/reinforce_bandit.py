import torch

torch.manual_seed(3)
rewards = torch.tensor([0.2, 0.5, 0.8])
logits = torch.zeros(3, requires_grad=True)
opt = torch.optim.SGD([logits], lr=0.5)
counts = [0, 0, 0]
for episode in range(100):
    probs = torch.softmax(logits, dim=0)
    action = torch.multinomial(probs, 1).item()
    counts[action] += 1
    reward = float(torch.rand(()) < rewards[action])
    loss = -torch.log(probs[action]) * (reward - 0.4)
    opt.zero_grad()
    loss.backward()
    opt.step()
print(counts, sum(counts))
print(logits.argmax(), torch.softmax(logits, 0).sum().item() > 0.999)
expected = (torch.softmax(logits, 0) * rewards).sum()
expected.backward()
print(expected.item() > 0.5, logits.grad.shape)
