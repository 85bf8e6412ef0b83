from collections import OrderedDict
print(OrderedDict(a=1), repr(OrderedDict([('b', [2, (3, None)]), (4, {})])), OrderedDict())
od = OrderedDict([('a', 1), ('b', 2)]); od.move_to_end('a'); print(od, f'{od}', [od], list(od.items()), od.popitem(), od)
print({'inside': OrderedDict(x=OrderedDict(y='z'))})
