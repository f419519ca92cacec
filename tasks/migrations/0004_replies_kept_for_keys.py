from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tasks', '0003_paces_of_hosts'),
    ]

    operations = [
        migrations.CreateModel(
            name='KeptReply',
            fields=[
                ('id', models.CharField(editable=False, max_length=64, primary_key=True, serialize=False)),
                ('route', models.CharField(max_length=255)),
                ('request', models.CharField(help_text='sha256 of the body, hex', max_length=64)),
                ('status', models.PositiveSmallIntegerField(null=True)),
                ('headers', models.JSONField(default=dict)),
                ('body', models.BinaryField(default=b'')),
                ('created_at', models.DateTimeField(db_index=True)),
            ],
            options={
                'verbose_name_plural': 'kept replies',
            },
        ),
    ]
