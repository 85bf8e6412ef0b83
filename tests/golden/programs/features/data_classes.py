from dataclasses import dataclass, field


@dataclass
class Config:
    lr: float = 0.1
    steps: int = 10
    tags: list = field(default_factory=list)

    @property
    def total(self):
        return self.lr * self.steps


c = Config(steps=5)
print(c, c.total, c == Config(0.1, 5), c.tags)
c.tags.append('x')
print(Config().tags, c)


@dataclass(frozen=True)
class Point:
    x: float
    y: float = 0.0


p = Point(1.0)
print(p, hash(p) == hash(Point(1.0)))
try:
    p.x = 3
except Exception as e:
    print(type(e).__name__, e)
try:
    Point()
except TypeError as e:
    print(e)
