from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('registry', '0001_datasets_and_revisions'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='dataset',
            name='dataset_due',
        ),
        migrations.AddField(
            model_name='dataset',
            name='postponed_until',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='dataset',
            name='turn_missed',
            field=models.TextField(blank=True, default='', help_text='Why it was not fetched when it last should have been.'),
        ),
        migrations.AddIndex(
            model_name='dataset',
            index=models.Index(condition=models.Q(('paused_at__isnull', True), ('scheduled_for__isnull', False)), fields=['scheduled_for'], name='dataset_due'),
        ),
    ]
