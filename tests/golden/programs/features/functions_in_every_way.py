import torch
class F2(torch.autograd.Function):
    @staticmethod
    def forward(x, n=3):
        return x * n, n
    @staticmethod
    def setup_context(ctx, inputs, output):
        print(len(inputs), inputs[1:], type(output))
        x, n = inputs[0], inputs[1]
        ctx.n = n
    @staticmethod
    def backward(ctx, g, gn):
        print(g, gn)
        return g * ctx.n, None
try:
    x = torch.ones(2, requires_grad=True)
    y, n = F2.apply(x)
    print(y, n)
    y.sum().backward()
    print(x.grad)
    y, n = F2.apply(x, n=4)
    print(y)
except Exception as e: print(type(e).__name__, e)
class Two(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        ctx.mark_non_differentiable(b)
        return a * b, b
    @staticmethod
    def backward(ctx, g, h):
        a, b = ctx.saved_tensors
        print(h)
        return g * b, g * a
a, b = torch.tensor([1., 2.], requires_grad=True), torch.tensor([3., 4.], requires_grad=True)
p, q = Two.apply(a, b)
print(p, q, q is b, q.requires_grad)
p.sum().backward()
print(a.grad, b.grad)
class Inplace(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, y):
        x.add_(y)
        ctx.mark_dirty(x)
        return x
    @staticmethod
    def backward(ctx, g):
        return g, g * 2
x = torch.zeros(3); y = torch.ones(3, requires_grad=True)
z = Inplace.apply(x, y)
print(z is x, x, x._version)
z.sum().backward(); print(y.grad)
x = torch.zeros(2, 3); v = x[0]
w = Inplace.apply(v, y)
print(w is v, x, v, v._version, x.grad_fn.name())
x.sum().backward(); print(y.grad)
class None1(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.clone(), None, 'a'
    @staticmethod
    def backward(ctx, *g):
        print(g); return g[0]
print(None1.apply(y))
class M(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.view(-1)
    @staticmethod
    def backward(ctx, g):
        return g.view(3)
r = M.apply(y)
print(r, r._is_view(), r._base is None)
try:
    r.add_(1)
except RuntimeError as e: print(e)
class D(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.mark_dirty(x)
        return x * 2
    @staticmethod
    def backward(ctx, g): return g
try: print(D.apply(y * 1))
except Exception as e: print(type(e).__name__, e)
