import unicodedata

from django.db import migrations, models


def fill_search(apps, schema_editor):
    Dataset = apps.get_model('registry', 'Dataset')
    for dataset in Dataset.objects.only('name', 'title').iterator():
        text = unicodedata.normalize('NFKC', f'{dataset.name}\n{dataset.title}')
        Dataset.objects.filter(pk=dataset.pk).update(search=text.casefold())


class Migration(migrations.Migration):

    dependencies = [
        ('registry', '0002_turns_that_were_missed'),
    ]

    operations = [
        migrations.AddField(
            model_name='dataset',
            name='search',
            field=models.TextField(default='', editable=False),
        ),
        migrations.AddIndex(
            model_name='dataset',
            index=models.Index(fields=['owner', 'id'], name='dataset_of_owner'),
        ),
        migrations.AddIndex(
            model_name='dataset',
            index=models.Index(fields=['owner', 'findability', 'id'], name='dataset_by_findability'),
        ),
        migrations.RunPython(fill_search, migrations.RunPython.noop),
    ]
