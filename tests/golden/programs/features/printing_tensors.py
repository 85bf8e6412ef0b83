import torch

for v in ([1, 2], [1.5], [0.1, 100], [1e-4, 1], [1e-5, 1], [1e4, 1], [1e5, 0.5], [12345678.], [0.00001], [1/3, -2/3], [float('nan'), 1.5], [float('inf'), 2.], [-0.0, 0.0], [1e38, 1e-38], [999.99995], [0.99999], [1000, 1.0001], [True], [], [[]], [[1.], [22.]], [[[1, 2]], [[3, 4]]], [1e10, 1e-10], [2.0, 3.0, 1e8], [16777216., 1.]):
    print(torch.tensor(v), end=' | ')
print()
print(torch.tensor(0.1), torch.tensor(1e8), torch.tensor(123456.789), torch.tensor(1e-8), torch.tensor(-1), torch.tensor(1.), torch.tensor(2.5, dtype=torch.float64), torch.tensor(0.1, dtype=torch.float16), torch.tensor(1/3, dtype=torch.float64), torch.tensor(7, dtype=torch.uint8))
print(torch.tensor([1.], requires_grad=True), torch.tensor([1.], requires_grad=True) * 2, torch.tensor([1.], dtype=torch.float64, requires_grad=True).exp(), torch.arange(8., requires_grad=True).view(2, 2, 2) * 1.5)
print(torch.linspace(0, 1, 11), torch.linspace(-1000, 1000, 21), torch.arange(30), torch.ones(30, requires_grad=True) * 3, torch.arange(100).reshape(10, 10)[:, :3])
print(torch.zeros(3, 500), torch.zeros(1001), torch.zeros(11, 100).shape, torch.arange(2000).view(2, 10, 100)[:, :, :2].shape, torch.ones(8, 8, 20))
print(torch.tensor(5).item(), torch.tensor(0.1).item(), torch.tensor(1/3).item(), torch.tensor(0.1, dtype=torch.float64).item(), torch.tensor([0.1, 1.]).tolist(), torch.tensor(16777217.).item(), torch.tensor(True).item())
print(str(torch.float32), torch.int64, torch.device('cpu'), torch.Size([]), torch.Size([1]), repr(torch.float16), {torch.float32: 1}, [torch.int8], torch.nn.Parameter(torch.ones(1)), torch.strided, type(torch.float32), torch.finfo(torch.float32).eps, torch.iinfo(torch.int8).max)
print(f'{torch.tensor(3.14159):.2f} {torch.tensor(3)} {torch.tensor([1.])} {torch.tensor(2.5):>8}|{torch.tensor(7):d} {torch.tensor(True)}', '%.3f' % torch.tensor(2.), '%d' % torch.tensor(3), '{:.1e}'.format(torch.tensor(12345.)), torch.tensor(1.5).__format__('.3f'))
