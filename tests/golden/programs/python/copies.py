import copy
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from enum import Enum


class Hooked:
    def __init__(self, x):
        self.x = x

    def __copy__(self):
        return Hooked(("copied", self.x))

    def __deepcopy__(self, memo):
        made = Hooked(None)
        memo[id(self)] = made
        made.x = copy.deepcopy(self.x, memo)
        return made


class Plain:
    pass


class Items(list):
    pass


class Table(dict):
    pass


class Colour(Enum):
    RED = 1
    GREEN = 2


Point = namedtuple("Point", "x y")

h = Hooked([1, 2])
print(copy.copy(h).x, copy.deepcopy(h).x, copy.deepcopy(h).x is h.x)
c, d, e = copy.deepcopy([h, h, (h, h.x)])
print(c is d, e[0] is c, e[1] is c.x, c is h)
h.x = [h]
found = copy.deepcopy({"h": h})["h"]
print(found.x[0] is found, found is h)

held = [1]
held.append(held)
made = copy.deepcopy(held)
print(made[1] is made, made is held)
pair = ([],)
pair[0].append(pair)
made = copy.deepcopy(pair)
print(made[0][0] is made, made is pair)
own = {}
own["own"] = own
made = copy.deepcopy(own)
print(made["own"] is made)
knot = Plain()
knot.self = [knot]
made = copy.deepcopy(knot)
print(made.self[0] is made, made is knot)

items = Items([[1], [2]])
items.name = ["n"]
for f in (copy.copy, copy.deepcopy):
    made = f(items)
    print(type(made).__name__, made, made.name, made[0] is items[0], made.name is items.name)
table = Table(a=[1])
for f in (copy.copy, copy.deepcopy):
    made = f(table)
    print(type(made).__name__, made, made["a"] is table["a"])
for value in (
    defaultdict(list, {1: [2]}),
    OrderedDict([(2, [1]), (1, [2])]),
    Counter("abca"),
    deque([[1], [2]], 3),
    Point([1], 2),
    {1, 2},
    frozenset((1, 2)),
    (1, [2]),
    range(3),
    None,
):
    for f in (copy.copy, copy.deepcopy):
        made = f(value)
        print(type(made).__name__, made == value, made)
made = copy.deepcopy(defaultdict(list))
made["a"].append(1)
print(dict(made), copy.deepcopy(deque([1], 2)).maxlen)
print(copy.copy(Colour.RED) is Colour.RED, copy.deepcopy([Colour.GREEN])[0] is Colour.GREEN)
print(copy.deepcopy(Plain) is Plain, copy.copy(len) is len, copy.deepcopy(print) is print)
shared = [0]
a, b = copy.deepcopy((shared, [shared]))
print(b[0] is a)
memo = {}
print(copy.deepcopy(shared, memo) is copy.deepcopy(shared, memo))
