from django.db import migrations, models

EMPTY = dict.fromkeys(
    [
        *("status", "departamento", "municipio", "puesto", "direccion", "mesa", "novedad", "resolucion"),
        *("fecha_novedad", "answer_status", "answer_source", "error_message", "raw_response", "evidence_source"),
        *("evidence_reader", "status_before", "message_before", "captcha_task", "claimed_by"),
    ],
    "",
) | dict.fromkeys(["fetched_at", "evidence_at", "requested_by", "bulk", "claim_token", "claimed_at", "claim_expires_at"])


def close_without_consent(apps, schema_editor):
    """Forget what the census said of people who never agreed to being looked up."""
    records = apps.get_model("census", "CedulaInfo").objects
    consented = apps.get_model("accounts", "Consent").objects.filter(purpose="census_lookup").values("user")
    without = records.exclude(user__in=consented)
    apps.get_model("census", "LookupAttempt").objects.filter(record__in=without).delete()
    without.update(**EMPTY)


def leave_nobody_waiting(apps, schema_editor):
    """Let nobody be asked about by a product that does not know of consent to lookups."""
    apps.get_model("census", "CedulaInfo").objects.filter(status="").update(status="ERROR")


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0008_consents_whole'),
        ('census', '0006_assisted'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='cedulainfo',
            name='census_status_is_known',
        ),
        migrations.AlterField(
            model_name='cedulainfo',
            name='status',
            field=models.CharField(blank=True, choices=[('PENDING', 'Pendiente'), ('PROCESSING', 'Consultando'), ('ACTIVE', 'Encontrado'), ('NOT_FOUND', 'No está en el censo'), ('CANCELLED_DECEASED', 'Cancelada por muerte'), ('CANCELLED_OTHER', 'Con novedad'), ('ERROR', 'No se pudo consultar'), ('TIMEOUT', 'Sin respuesta a tiempo'), ('BLOCKED', 'Consulta bloqueada')], default='', max_length=20, verbose_name='estado'),
        ),
        migrations.AddConstraint(
            model_name='cedulainfo',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['', 'PENDING', 'PROCESSING', 'ACTIVE', 'NOT_FOUND', 'CANCELLED_DECEASED', 'CANCELLED_OTHER', 'ERROR', 'TIMEOUT', 'BLOCKED'])), name='census_status_is_known'),
        ),
        migrations.AddConstraint(
            model_name='cedulainfo',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', ''), _negated=True), models.Q(('answer_status', ''), ('fetched_at', None), ('municipio', ''), ('novedad', ''), ('puesto', ''), ('captcha_task', ''), ('error_message', ''), ('raw_response', '')), _connector='OR'), name='census_unauthorised_holds_nothing'),
        ),
        migrations.RunPython(close_without_consent, leave_nobody_waiting),
    ]
