"""Not built yet."""


def run_pipeline(run):
    yield
