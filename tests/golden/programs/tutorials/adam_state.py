import torch

w = torch.tensor([1.0, 2.0], requires_grad=True)
opt = torch.optim.Adam([w], lr=0.1)
print(opt)
for step in range(3):
    opt.zero_grad()
    loss = (w ** 2).sum()
    loss.backward()
    opt.step()
    print(step, loss.item(), w)
print(opt.state[w])
state = opt.state_dict()
print(state['state'][0]['step'], state['state'][0].keys())
print(state['param_groups'][0]['betas'], state['param_groups'][0]['params'])

# by hand
p, m, v = torch.tensor([1.0, 2.0]), torch.zeros(2), torch.zeros(2)
for t in range(1, 4):
    g = 2 * p
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g * g
    p = p - 0.1 * (m / (1 - 0.9 ** t)) / ((v / (1 - 0.999 ** t)).sqrt() + 1e-8)
print(torch.allclose(p, w.detach(), atol=1e-5))
for cls in (torch.optim.AdamW, torch.optim.Adagrad, torch.optim.RMSprop, torch.optim.Adamax):
    q = torch.tensor([1.0, 2.0], requires_grad=True)
    o = cls([q], lr=0.05)
    for _ in range(2):
        o.zero_grad()
        (q ** 2).sum().backward()
        o.step()
    print(cls.__name__, q)
