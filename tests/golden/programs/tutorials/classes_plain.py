class Value:
    """A scalar with a gradient, as small as it gets."""

    def __init__(self, data, children=(), op=''):
        self.data = data
        self.grad = 0.0
        self._prev = set(children)
        self._op = op
        self._backward = lambda: None

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other), '+')

        def _backward():
            self.grad += out.grad
            other.grad += out.grad
        out._backward = _backward
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other), '*')

        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out._backward = _backward
        return out

    __radd__ = __add__
    __rmul__ = __mul__

    def backward(self):
        topo, visited = [], set()

        def build(v):
            if v not in visited:
                visited.add(v)
                for child in v._prev:
                    build(child)
                topo.append(v)
        build(self)
        self.grad = 1.0
        for v in reversed(topo):
            v._backward()

    def __repr__(self):
        return f"Value(data={self.data}, grad={self.grad})"


a, b = Value(2.0), Value(-3.0)
c = a * b + a * 2 + 1
c.backward()
print(a, b, c)
print(c._op, len(c._prev), Value.__doc__)


class Scaled(Value):
    factor = 10

    def __init__(self, data):
        super().__init__(data * self.factor)

    @property
    def half(self):
        return self.data / 2

    @staticmethod
    def unit():
        return Scaled(1)

    @classmethod
    def many(cls, n):
        return [cls(i) for i in range(n)]


s = Scaled.unit()
print(s, s.half, Scaled.many(2), isinstance(s, Value), type(s).__name__)
