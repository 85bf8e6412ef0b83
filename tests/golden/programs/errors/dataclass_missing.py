class Config:
    lr = 0.1

    def __init__(self, steps):
        self.steps = steps


print(Config(3).lr, Config(steps=4).steps)
Config()
