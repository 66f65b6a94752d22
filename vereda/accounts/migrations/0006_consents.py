"""Consent becomes one act about one purpose, under a version of the policy whose text is kept. First the columns."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_second_step'),
    ]

    operations = [
        migrations.CreateModel(
            name='Policy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.CharField(blank=True, max_length=20, null=True, unique=True, verbose_name='versión')),
                ('text', models.TextField(help_text='Títulos con ##, listas con -, negrilla entre ** y enlaces [así](https://…).', verbose_name='texto')),
                ('text_hash', models.CharField(blank=True, max_length=64, verbose_name='SHA-256 del texto')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='creada')),
                ('published_at', models.DateTimeField(blank=True, null=True, verbose_name='publicada')),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='escrita por')),
            ],
            options={
                'verbose_name': 'política de datos',
                'verbose_name_plural': 'política de datos',
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('published_at', None), ('text_hash', ''), ('version', None)), models.Q(('published_at__isnull', False), ('version__isnull', False), models.Q(('text_hash', ''), _negated=True)), _connector='OR'), name='policy_published_has_version_and_hash')],
            },
        ),
        migrations.CreateModel(
            name='Tombstone',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=64, unique=True, verbose_name='huella')),
                ('erased_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='borrada')),
            ],
            options={
                'verbose_name': 'marca de borrado',
                'verbose_name_plural': 'marcas de borrado',
            },
        ),
        migrations.RenameField(model_name='consent', old_name='accepted_at', new_name='at'),
        migrations.AlterField(
            model_name='consent',
            name='at',
            field=models.DateTimeField(default=django.utils.timezone.now, verbose_name='fecha'),
        ),
        migrations.AlterField(
            model_name='consent',
            name='policy_version',
            field=models.CharField(default='', max_length=20, verbose_name='versión de la política'),
        ),
        migrations.AddField(
            model_name='consent',
            name='purpose',
            field=models.CharField(choices=[('account', 'Tener su cuenta en Vereda'), ('census_lookup', 'Consultar dónde vota en el censo electoral'), ('contact_by_leader', 'Que la persona que le invitó le llame o le escriba')], default='account', max_length=30, verbose_name='finalidad'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='consent',
            name='is_given',
            field=models.BooleanField(default=True, help_text='Sin marcar: la retiró.', verbose_name='autoriza'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='consent',
            name='channel',
            field=models.CharField(choices=[('web', 'Registro en el sitio'), ('link', 'Registro con un enlace de invitación'), ('own', 'La persona, desde «Mis datos»'), ('paper', 'En papel')], default='web', max_length=10, verbose_name='medio'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='consent',
            name='policy',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.policy', verbose_name='política'),
        ),
    ]
