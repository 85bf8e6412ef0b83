try:
    {}["a"]
except KeyError as error:
    print("caught", repr(error))
    1 / 0
