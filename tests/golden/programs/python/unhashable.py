seen = {(1, 2): "ok"}
print(seen)
seen[[1, 2]] = "no"
