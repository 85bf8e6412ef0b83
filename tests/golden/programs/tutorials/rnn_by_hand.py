import torch

torch.manual_seed(0)
text = 'hello'
chars = sorted(set(text))
index = {c: i for i, c in enumerate(chars)}
print(chars, index)
hidden = 5
Wxh = (torch.randn(len(chars), hidden) * 0.3).requires_grad_()
Whh = (torch.randn(hidden, hidden) * 0.3).requires_grad_()
Why = (torch.randn(hidden, len(chars)) * 0.3).requires_grad_()
bh = torch.zeros(hidden, requires_grad=True)
by = torch.zeros(len(chars), requires_grad=True)
params = [Wxh, Whh, Why, bh, by]


def forward(inputs):
    h = torch.zeros(hidden)
    logits = []
    for c in inputs:
        x = torch.zeros(len(chars))
        x[index[c]] = 1
        h = torch.tanh(x @ Wxh + h @ Whh + bh)
        logits.append(h @ Why + by)
    return torch.stack(logits), h


targets = torch.tensor([index[c] for c in text[1:]])
for step in range(61):
    logits, h = forward(text[:-1])
    loss = torch.nn.functional.cross_entropy(logits, targets)
    grads = torch.autograd.grad(loss, params)
    with torch.no_grad():
        for p, g in zip(params, grads):
            p -= 0.3 * g
    if step % 30 == 0:
        print(step, f'{loss.item():.3f}', [g.shape for g in grads][:2])
print(''.join(chars[i] for i in forward(text[:-1])[0].argmax(1)))
print(h.shape, Whh.is_leaf)
