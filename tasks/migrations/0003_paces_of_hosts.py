from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tasks', '0002_segments_of_jobs'),
    ]

    operations = [
        migrations.CreateModel(
            name='Pace',
            fields=[
                ('host', models.CharField(max_length=300, primary_key=True, serialize=False)),
                ('last_at', models.DateTimeField(db_index=True)),
            ],
        ),
    ]
