import torch
import torch.nn.functional as F

x = torch.tensor([-2.0, -0.5, 0.25, 3.0])
for name in "abs_ neg_ sin_ exp_ sigmoid_ round_ square_ frac_ deg2rad_ sinc_ erf_".split():
    y = x.clone()
    result = getattr(torch, name)(y)
    print(name, y, result is y)
for function in (torch.zero_, torch.detach_, torch.celu_, torch.selu_, F.relu_, F.elu_, F.leaky_relu_, F.hardtanh_):
    y = x.clone()
    print(function(y) is y, y)
y = x.clone()
print(torch.sin_(input=y), y)
print(torch.fill_(y, 2.0), torch.fill_(y, value=3.0), y)
print(torch.clamp_(y, max=1.0), torch.clip_(y, 0.0, 0.5), y)
print(torch.threshold_(x.clone(), 0.0, -1.0), torch.ldexp_(x.clone(), torch.tensor([1, 2, 3, 4])))
for name in "divide_ multiply_ subtract_ true_divide_ absolute_".split():
    print(name, getattr(x.clone(), name)(*[] if name == "absolute_" else [2.0]), hasattr(torch, name))
a = torch.ones(2, requires_grad=True)
b = a * 3
torch.exp_(b)
b.multiply_(2.0).greater_(1.0)
print(b)
for function, arguments in ((torch.sin_, ()), (torch.sin_, (3,)), (torch.zero_, (x, 1)), (torch.fill_, (x,))):
    try:
        function(*arguments)
    except TypeError as error:
        print(error)
