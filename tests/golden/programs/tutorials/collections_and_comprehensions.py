import torch

params = {'w': torch.ones(2), 'b': torch.zeros(1)}
sizes = {k: v.numel() for k, v in params.items()}
print(sizes, sum(sizes.values()), sorted(params))
print([i * j for i in range(3) for j in range(2) if (i + j) % 2])
print({len(s) for s in ('a', 'bb', 'cc')}, {1, 2} | {3}, {1, 2} & {2, 3}, {1, 2} - {2})
pairs = sorted([('b', 2), ('a', 3), ('c', 1)], key=lambda p: p[1], reverse=True)
print(pairs, max(pairs, key=lambda p: p[0]), min(p[1] for p in pairs))
print(list(zip('abc', [1, 2, 3])), dict(zip('ab', (1, 2))), list(enumerate('xy', start=1)))
print(list(map(lambda t: t.item() ** 2, torch.arange(4.))), list(filter(None, [0, 1, '', 'a'])))
first, *middle, last = [1, 2, 3, 4]
print(first, middle, last, [*middle, *'ab'], {**sizes, 'c': 0})
history = []
history.append(1); history.extend([2, 3]); history.insert(0, 0); history.pop()
print(history, history[::-1], history[-2:], 2 in history, history.index(1), history * 2)
d = {}
d.setdefault('k', []).append(1)
print(d, d.get('z'), d.get('z', 0), d.pop('k'), d, len(d))
print(all([]), any([0, 1]), sum([[1], [2]], []), tuple(range(5, 0, -2)), list(reversed([1, 2])))
print(torch.tensor([v for v in range(4)]), [t.item() for t in torch.tensor([5, 6])])
nested = [[1, 2], [3, 4]]
print([list(r) for r in zip(*nested)], [x for row in nested for x in row])
print(divmod(7, 2), round(2.5), round(3.14159, 2), abs(-2), pow(2, 3), 7 // -2, -7 % 3, 1_000)
