"""Not built yet."""


def pipeline_moved(job):
    pass
