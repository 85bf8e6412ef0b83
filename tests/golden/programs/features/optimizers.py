import torch
from torch import optim


def quad(w):
    return ((w - torch.tensor([1., -1.])) ** 2).sum()


for make in (lambda p: optim.SGD(p, 0.1), lambda p: optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.1, nesterov=True), lambda p: optim.Adam(p, 0.1), lambda p: optim.Adam(p, lr=0.1, betas=(0.5, 0.9), amsgrad=True, weight_decay=0.1), lambda p: optim.AdamW(p, lr=0.1), lambda p: optim.RMSprop(p, lr=0.01, momentum=0.5), lambda p: optim.Adagrad(p, lr=0.1), lambda p: optim.Adadelta(p, lr=1.0), lambda p: optim.NAdam(p, lr=0.1), lambda p: optim.RAdam(p, lr=0.1), lambda p: optim.Adamax(p, lr=0.1), lambda p: optim.ASGD(p, lr=0.1), lambda p: optim.Rprop(p, lr=0.1)):
    w = torch.tensor([3., 3.], requires_grad=True)
    opt = make([w])
    for _ in range(5):
        opt.zero_grad()
        loss = quad(w)
        loss.backward()
        opt.step()
    print(type(opt).__name__, w.detach(), f'{loss.item():.4f}', sorted(opt.state[w]) if opt.state else [])
w, v = torch.tensor([3., 3.], requires_grad=True), torch.ones(1, requires_grad=True)
opt = optim.SGD([{'params': [w], 'lr': 0.5}, {'params': v}], lr=0.1)
(quad(w) + v.sum()).backward(); opt.step(); print(w, v, len(opt.param_groups), opt)
opt.add_param_group({'params': [torch.zeros(1, requires_grad=True)]}); print(len(opt.param_groups), [g['lr'] for g in opt.param_groups])
opt = optim.LBFGS([w], lr=1)


def closure():
    opt.zero_grad()
    loss = quad(w)
    loss.backward()
    return loss


print(opt.step(closure), w)
for bad in (lambda: optim.SGD([], 0.1), lambda: optim.SGD([w], lr=-1), lambda: optim.Adam([w], betas=(1.0, 0.9)), lambda: optim.SGD(w, 0.1), lambda: optim.SGD([1], 0.1), lambda: optim.Adam([w * 2]), lambda: optim.SGD([w, w], 0.1), lambda: optim.SGD([w], momentum=-1, lr=1), lambda: optim.SGD([w], lr=0.1, foo=1)):
    try:
        bad(); print('fine')
    except Exception as e:
        print(type(e).__name__, str(e).splitlines()[0])
print(torch.nn.utils.clip_grad_norm_([w], 0.1), torch.nn.utils.parameters_to_vector([w, v]))
