import torch
import torch.nn as nn

torch.set_printoptions(precision=3)


def run(name, m, *xs):
    print("==", name, m)
    for n, p in m.named_parameters():
        print(n, p.flatten()[:6])
    try:
        out = m(*xs)
        flat = out if isinstance(out, torch.Tensor) else out[0]
        print(out)
        (flat * torch.linspace(-1, 1.7, flat.numel()).reshape(flat.shape)).sum().backward()
        for n, p in m.named_parameters():
            print(n, p.grad.flatten()[:6])
        for x in xs:
            if isinstance(x, torch.Tensor) and x.requires_grad:
                print(x.grad.flatten()[:8])
                x.grad = None
        for n, b in m.named_buffers():
            print(n, b)
    except Exception as e:
        print(type(e).__name__, e)


torch.manual_seed(3)
x2 = torch.randn(4, 6, requires_grad=True)
x3 = torch.randn(2, 4, 8, requires_grad=True)
x4 = torch.randn(2, 4, 6, 6, requires_grad=True)
run("lin", nn.Linear(6, 3), x2)
run("linnb", nn.Linear(6, 3, bias=False), x2)
run("bil", nn.Bilinear(6, 6, 2), x2, x2)
run("id", nn.Identity(3), x2)
run("flat", nn.Flatten(), x4)
run("unfl", nn.Unflatten(1, (2, 3)), x2)
run("do", nn.Dropout(0.4), x2)
run("doe", nn.Dropout(0.4).eval(), x2)
run("emb", nn.Embedding(5, 3, padding_idx=1), torch.tensor([[0, 1], [4, 1]]))
run("ln", nn.LayerNorm(6), x2)
run("ln2", nn.LayerNorm([4, 8], elementwise_affine=False), x3)
bn = nn.BatchNorm1d(6)
run("bn", bn, x2)
run("bne", bn.eval(), x2)
run("bn3", nn.BatchNorm1d(4, affine=False), x3)
run("bn2", nn.BatchNorm2d(4, momentum=None), x4)
run("bnerr", nn.BatchNorm2d(4), x3)
print(nn.GroupNorm(2, 4))
run("c1", nn.Conv1d(4, 3, 3, padding=1), x3)
run("c2", nn.Conv2d(4, 2, (3, 2), stride=2, bias=False), x4)
run("c2s", nn.Conv2d(4, 4, 3, padding="same", groups=2), x4)
run("mp", nn.MaxPool2d(2), x4)
run("ap", nn.AvgPool2d(2, 1), x4)
run("ap1", nn.AvgPool1d(2), x3)
run("aap", nn.AdaptiveAvgPool2d((1, 1)), x4)
run("mp1", nn.MaxPool1d(2, 1), x3)
run("up", nn.Upsample(scale_factor=2), x4)
run("rc", nn.RNNCell(6, 3), x2)
run("lc", nn.LSTMCell(6, 3), x2)
run("gc", nn.GRUCell(6, 3), x2)
run("rcr", nn.RNNCell(6, 3, nonlinearity="relu"), x2, torch.ones(4, 3))
run("rnn", nn.RNN(8, 3), x3)
run("gru", nn.GRU(8, 3, batch_first=True), x3)
run("rnn2", nn.RNN(8, 3, num_layers=2, bidirectional=True), x3)
run("gru1", nn.GRU(6, 2), x2)
run("lstm", nn.LSTM(8, 3), x3)
run("lstm2", nn.LSTM(8, 3, 2, batch_first=True), x3)
acts = [
    nn.ReLU(),
    nn.LeakyReLU(),
    nn.LeakyReLU(0.2),
    nn.ELU(),
    nn.SELU(),
    nn.CELU(),
    nn.GELU(),
    nn.GELU("tanh"),
    nn.SiLU(),
    nn.Mish(),
    nn.Sigmoid(),
    nn.Tanh(),
    nn.Softplus(),
    nn.Softsign(),
    nn.Hardtanh(),
    nn.ReLU6(),
    nn.LogSigmoid(),
    nn.Softmax(dim=1),
    nn.LogSoftmax(dim=-1),
    nn.Softmin(dim=0),
    nn.PReLU(),
    nn.Threshold(0.1, 20),
    nn.Tanhshrink(),
    nn.Hardsigmoid(),
    nn.Hardswish(),
    nn.GLU(),
]
for a in acts:
    run(type(a).__name__, a, x2)
t2 = torch.randn(4, 6)
lab = torch.tensor([0, 5, 2, 1])
sg = torch.tensor([1.0, -1, 1, -1])
pr = torch.rand(4, 6)
for l, args in [
    (nn.MSELoss(), (x2, t2)),
    (nn.MSELoss(reduction="sum"), (x2, t2)),
    (nn.MSELoss(reduction="none"), (x2, t2)),
    (nn.L1Loss(), (x2, t2)),
    (nn.SmoothL1Loss(beta=0.5), (x2, t2)),
    (nn.HuberLoss(delta=0.5), (x2, t2)),
    (nn.CrossEntropyLoss(), (x2, lab)),
    (nn.CrossEntropyLoss(weight=torch.arange(1.0, 7), label_smoothing=0.1), (x2, lab)),
    (nn.NLLLoss(), (x2, lab)),
    (nn.BCELoss(), (torch.sigmoid(x2), pr)),
    (nn.BCEWithLogitsLoss(pos_weight=torch.ones(6) * 2), (x2, pr)),
    (nn.KLDivLoss(reduction="batchmean"), (x2, pr)),
    (nn.HingeEmbeddingLoss(), (x2, sg[:, None])),
    (nn.MarginRankingLoss(0.1), (x2[0], x2[1], t2[0].sign())),
    (nn.SoftMarginLoss(), (x2, t2.sign())),
    (nn.MultiMarginLoss(p=2, margin=0.5, weight=torch.arange(1.0, 7)), (x2, lab)),
    (nn.MultiLabelMarginLoss(), (x2, torch.tensor([[3, 0, -1, 1, 2, 2]]).expand(len(x2), 6))),
    (nn.MultiLabelSoftMarginLoss(reduction="sum"), (x2, pr.round())),
    (nn.CosineEmbeddingLoss(), (x2, t2, sg)),
    (nn.TripletMarginLoss(), (x2, t2, pr)),
    (nn.PoissonNLLLoss(), (x2, pr)),
    (nn.GaussianNLLLoss(), (x2, t2, pr)),
]:
    print(l, type(l))
    try:
        v = l(*args)
        print(v)
        v.sum().backward()
        print(x2.grad[0])
        x2.grad = None
    except Exception as e:
        print(type(e).__name__, e)
print(nn.MSELoss()(x2, t2[:, :1]))
print(nn.Softmax()(x2)[0])
