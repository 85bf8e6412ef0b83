import torch
import torch.optim as optim

makers = [
    ("sgd", lambda p: optim.SGD(p, lr=0.1)),
    ("sgdm", lambda p: optim.SGD(p, lr=0.05, momentum=0.9, weight_decay=0.01)),
    ("nest", lambda p: optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True)),
    ("damp", lambda p: optim.SGD(p, lr=0.05, momentum=0.9, dampening=0.3, maximize=True)),
    ("adam", lambda p: optim.Adam(p, lr=0.1)),
    ("adam2", lambda p: optim.Adam(p, lr=0.1, betas=(0.4, 0.9), amsgrad=True, weight_decay=0.1)),
    ("adamw", lambda p: optim.AdamW(p, lr=0.1)),
    ("adagrad", lambda p: optim.Adagrad(p, lr=0.1, lr_decay=0.01)),
    ("adadelta", lambda p: optim.Adadelta(p)),
    ("rms", lambda p: optim.RMSprop(p, lr=0.05)),
    ("rms2", lambda p: optim.RMSprop(p, lr=0.05, momentum=0.9, centered=True)),
    ("rprop", lambda p: optim.Rprop(p)),
    ("asgd", lambda p: optim.ASGD(p, t0=5)),
    ("adamax", lambda p: optim.Adamax(p, lr=0.1)),
    ("nadam", lambda p: optim.NAdam(p, lr=0.1)),
    ("radam", lambda p: optim.RAdam(p, lr=0.1)),
    ("lbfgs", lambda p: optim.LBFGS(p, lr=0.1)),
    ("lbfgs2", lambda p: optim.LBFGS(p, line_search_fn="strong_wolfe")),
]
torch.set_printoptions(precision=5)
for dt in (torch.float32, torch.float64):
    for name, make in makers:
        w = torch.tensor([1.5, -2.0, 0.3], dtype=dt, requires_grad=True)
        b = torch.tensor(0.5, dtype=dt, requires_grad=True)
        o = make([w, b])
        t = torch.tensor([0.1, 0.7, -1.1], dtype=dt)

        def closure():
            o.zero_grad()
            l = ((w * w - t) ** 2).sum() + (b - 3) ** 2 * 0.5 + w.sum() * b * 0.1
            l.backward()
            return l

        for i in range(6 if "lbfgs" in name else 20):
            l = o.step(closure)
            if "damp" in name and i > 3:
                break
            if i % 6 == 0:
                print(name, i, f"{l.item():.4f}", w.detach())
        if "lbfgs" not in name or dt is torch.float64:
            print(name, w, b)
        if "lbfgs" not in name:
            print(w._version)
        if "lbfgs" not in name:
            print(o.state_dict()["state"])
        print(o)
