"""An index of what has not ended, looked through each second for silent runners."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("registry", "0003_lists_of_an_owner")]

    operations: ClassVar = [
        migrations.AddIndex(
            model_name="revision",
            index=models.Index(
                condition=models.Q(("finished_at__isnull", True)),
                fields=["runner"],
                name="unfinished_revision",
            ),
        ),
    ]
