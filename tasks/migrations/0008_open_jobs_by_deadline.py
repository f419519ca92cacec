from django.db import migrations, models

from tasks.migrating import AddIndexGently


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('tasks', '0007_what_staff_look_at'),
    ]

    operations = [
        AddIndexGently(
            model_name='job',
            index=models.Index(condition=models.Q(('due_at__isnull', False), ('deadline_at__isnull', False)), fields=['deadline_at'], name='job_deadline'),
        ),
    ]
