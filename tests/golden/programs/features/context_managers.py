import contextlib
import torch


@contextlib.contextmanager
def tag(name):
    print('<' + name)
    try:
        yield name.upper()
    finally:
        print(name + '>')


with tag('a') as a, tag('b') as b:
    print(a, b)
with torch.no_grad(), tag('t'):
    print(torch.is_grad_enabled())
with torch.autograd.set_detect_anomaly(False), torch.set_grad_enabled(True):
    x = torch.ones(1, requires_grad=True)
    print((x * 2).requires_grad)
try:
    with tag('err'):
        raise KeyError('x')
except KeyError as e:
    print('out', e)
with contextlib.suppress(ZeroDivisionError):
    1 / 0
    print('never')


class Timer:
    def __enter__(self):
        self.n = 1
        return self

    def __exit__(self, *exc):
        print('exc', exc[0])


def early():
    with Timer() as t:
        return t.n


print(early())
for i in range(2):
    with Timer():
        if i == 0:
            continue
        print('loop', i)
with torch.no_grad():
    def inner():
        return torch.is_grad_enabled()
    print(inner())
print(inner(), torch.autograd.graph.saved_tensors_hooks.__name__)
with torch.autograd.graph.save_on_cpu() if False else contextlib.nullcontext(5) as n:
    print(n)
