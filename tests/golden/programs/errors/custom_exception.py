class Diverged(Exception):
    def __init__(self, step, loss):
        super().__init__(f"loss {loss:.1f} at step {step}")
        self.step = step


try:
    raise Diverged(3, 1e3)
except Diverged as error:
    print(error, error.step, error.args)
raise Diverged(7, 1e6)
