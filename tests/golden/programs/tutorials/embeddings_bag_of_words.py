import torch
from torch import nn

sentences = ["the cat sat", "the dog ran", "a cat ran"]
vocab = {}
for s in sentences:
    for word in s.split():
        vocab.setdefault(word, len(vocab))
print(vocab)
encoded = torch.tensor([[vocab[w] for w in s.split()] for s in sentences])
print(encoded)
torch.manual_seed(0)
emb = nn.Embedding(len(vocab), 2)
vectors = emb(encoded).mean(1)
print(vectors)
vectors[0].sum().backward()
print(emb.weight.grad)
counts = torch.zeros(len(vocab), dtype=torch.long).scatter_add(0, encoded.flatten(), torch.ones(9, dtype=torch.long))
print(counts, counts.sum())
print(emb, emb.weight.shape)
print(' '.join(w.upper() for w in vocab), '-'.join(sorted(vocab, key=len)))
print(sentences[0].title(), sentences[1].count('d'), "  x ".strip(), 'a,b'.split(','), 'cat' in sentences[0])
print('abc'.startswith('a'), 'abc'.find('c'), 'x=%s' % 'y', 'ab' * 2, 'abc'[::-1], 'a-b'.partition('-'))
