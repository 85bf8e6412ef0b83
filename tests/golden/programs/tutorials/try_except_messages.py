import torch

x = torch.ones(2, requires_grad=True)
cases = {
    'nonscalar': lambda: (x * 2).backward(),
    'numpy': lambda: x.numpy(),
    'matmul': lambda: torch.ones(2, 3) @ torch.ones(2, 3),
    'index': lambda: x[7],
    'item': lambda: x.item(),
    'view': lambda: x.view(3),
    'key': lambda: {}['missing'],
    'zero': lambda: 1 / 0,
    'type': lambda: 'a' + 1,
    'attribute': lambda: x.nothing,
    'name': lambda: undefined_name,
    'bool': lambda: bool(x),
    'int': lambda: torch.tensor([1], requires_grad=True),
    'value': lambda: int('z'),
}
for name, case in cases.items():
    try:
        case()
    except (RuntimeError, IndexError) as e:
        print(f'{name}: {type(e).__name__}: {e}')
    except Exception as e:
        print(f'{name}! {e.__class__.__name__}: {e}')
    else:
        print('no error', name)
    finally:
        print('-', end='')
print()


def safe_log(v):
    try:
        assert v > 0, 'positive only'
        return torch.log(v)
    except AssertionError as e:
        return str(e)


print(safe_log(torch.tensor(1.)), safe_log(torch.tensor(-1.)))
