import abc
from abc import ABC, abstractmethod
class Base(ABC):
    @abstractmethod
    def run(self): ...
    @property
    @abstractmethod
    def size(self): pass
class Impl(Base):
    def run(self): return 'ran'
    @property
    def size(self): return 3
print(Impl().run(), Impl().size)
try: Base()
except TypeError as e: print(e)
class Shape(metaclass=abc.ABCMeta):
    @abc.abstractmethod
    def area(self): pass
class Sq(Shape):
    def __init__(self, s): self.s = s
    def area(self): return self.s ** 2
print(Sq(2).area(), isinstance(Sq(1), Shape))
try: Shape()
except TypeError as e: print(e)
