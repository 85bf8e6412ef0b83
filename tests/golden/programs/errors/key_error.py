params = {"w": 1.0, "b": 0.5}
print(params["w"])
print(params["weight"])
