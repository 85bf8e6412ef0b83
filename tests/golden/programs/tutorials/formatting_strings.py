import torch
import math

loss = torch.tensor(0.123456)
x = torch.tensor([1.5, 2.5])
i, name = 7, 'w'
print(f'{loss.item():.4f} {loss:.2f} {loss:>10.3f}|')
print(f'{x!r} {name!r} {name!s:>5}')
print(f'{i=} {name=} {i * 2 = } {x=}')
print(f'{i:>3}|{i:<3}|{i:^5}|{i:03d}|{i:+d}|{i:b}|{i:x}')
print(f'{1e6:,.2f} {12345678:,} {0.256:.1%} {1e-7:.3e} {1234.5:g} {2**40:_}')
width, prec = 10, 3
print(f'{math.pi:{width}.{prec}f}|{name:*^{width}}|')
print('%d %5.2f %s %r %% %05d %-4s|' % (i, 2.345, name, name, 42, 'ab'))
print('%s has %s' % (name, x))
print('{} {1}'.replace('1', '').format(1, 2))
print('{0} {1} {0} {name} {v[0]} {v[k]!r}'.format(1, 2, name='n', v={0: 'zero', 'k': 'kay'}))
print('{:>8} {:<8}|{:^8}|'.format('a', 'b', 'c'))
print(f"{'nested ' + 'quotes'} {{braces}} {x.shape} {x[0].item()}")
print(f'{"yes" if i > 3 else "no"} {[v * 2 for v in range(3)]} {dict(a=1)}')
print(f'{x.tolist()}', f'{x.sum():.1f}', f'{x.mean()}', format(3.14159, '.2f'))
print('multi'
      'line', "tab\tnew\\n", r'raw\n', 'é ∂', '''triple
quoted''')
