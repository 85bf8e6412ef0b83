import torch


def exp_adder(x, y):
    return 2 * x.exp() + 3 * y


inputs = (torch.tensor([0.5]), torch.tensor([0.25]))
print(inputs)
print(torch.autograd.functional.jacobian(exp_adder, inputs))

inputs = tuple(torch.linspace(0, 1, 3) for _ in range(2))
print(torch.autograd.functional.jacobian(exp_adder, inputs))


def do_some_doubling(x):
    y = x * 2
    while y.data.norm() < 1000:
        y = y * 2
    return y


inputs = torch.tensor([0.3, -1.2, 0.8])
my_gradients = torch.tensor([0.1, 1.0, 0.0001])
print(torch.autograd.functional.vjp(do_some_doubling, inputs, v=my_gradients))
print(torch.autograd.functional.jvp(do_some_doubling, inputs, v=my_gradients))
