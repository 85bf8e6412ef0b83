class NotConverged(RuntimeError):
    pass


print(issubclass(NotConverged, Exception))
raise NotConverged
