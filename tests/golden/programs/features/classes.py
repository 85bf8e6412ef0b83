class Base:
    count = 0
    items: list = []

    def __init__(self, name='base'):
        self.name = name
        Base.count += 1

    def hello(self):
        return f'{type(self).__name__} {self.name}'

    def __eq__(self, other):
        return isinstance(other, Base) and self.name == other.name

    def __lt__(self, other):
        return self.name < other.name

    def __len__(self):
        return len(self.name)

    def __getitem__(self, i):
        return self.name[i]

    def __call__(self, x):
        return x + 1

    def __contains__(self, x):
        return x in self.name

    def __iter__(self):
        return iter(self.name)

    def __bool__(self):
        return self.name != ''

    def __hash__(self):
        return 1


class Child(Base):
    def __init__(self, name, extra):
        super().__init__(name)
        self.extra = extra

    def hello(self):
        return super().hello() + f' +{self.extra}'

    @property
    def doubled(self):
        return self.extra * 2

    @doubled.setter
    def doubled(self, v):
        self.extra = v / 2

    @classmethod
    def make(cls, *args):
        return cls(*args)

    @staticmethod
    def util(a, b=1):
        return a * b

    def __enter__(self):
        print('enter')
        return self

    def __exit__(self, kind, value, tb):
        print('exit', kind and kind.__name__)
        return kind is ValueError

    def __getattr__(self, name):
        if name.startswith('dyn_'):
            return name[4:]
        raise AttributeError(f'no {name}')

    def __repr__(self):
        return f'Child({self.name!r})'


b, c = Base(), Child.make('kid', 4)
print(b.hello(), c.hello(), Base.count, c.count, b == Base(), b != c, sorted([c, b])[0] is b, len(c), c[0], c(1), 'k' in c, list(c), bool(Base('')))
c.doubled = 20
print(c.doubled, c.extra, Child.util(3), c.util(2, 5), c.dyn_x, isinstance(c, Base), issubclass(Child, Base), c, [c], f'{c} {c!r}', hasattr(c, 'zzz'), getattr(c, 'q', 0), vars(c))
setattr(c, 'new', 1); print(c.new, c.__dict__, Child.__name__, Child.__mro__[1].__name__, c.__class__.__name__, type(c))
with c as k:
    print(k is c)
    raise ValueError('swallowed')
try:
    with c:
        raise KeyError('k')
except KeyError as e:
    print('caught', e)
try:
    c.nope
except AttributeError as e:
    print(e)
try:
    b.missing
except AttributeError as e:
    print(e)
