"""When each host of the outside was last promised a request."""

from __future__ import annotations

from django.db import models


class Pace(models.Model):
    host = models.CharField(max_length=300, primary_key=True)  # with its port
    last_at = models.DateTimeField(db_index=True)  # the newest slot given away

    def __str__(self) -> str:
        return self.host
