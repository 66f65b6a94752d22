"""Consent becomes one act about one purpose, under a version of the policy whose text is kept.

Consents of before stand for all the purposes that their version of the policy named. They keep the hash that they had,
which is that of the page as it was made then; the version is kept with the same words.
"""

from hashlib import sha256
from pathlib import Path

from django.db import migrations

# The text that people had agreed to: a file that never changes. Nothing else of the product is read here, and no code.
TEXT = Path(__file__).parent.parent / "policy_texts" / "2026-11.md"
PURPOSES = ("account", "census_lookup", "contact_by_leader")


def keep_versions(apps, schema_editor):
    """Keep the policy that was agreed to before its text was in the database."""
    policies, consents = apps.get_model("accounts", "Policy").objects, apps.get_model("accounts", "Consent").objects
    for version in set(consents.values_list("policy_version", flat=True)):
        acts = consents.filter(policy_version=version)
        text = TEXT.read_text()
        text_hash = sha256(text.encode()).hexdigest()
        policy = policies.create(
            version=version, text=text, text_hash=text_hash, published_at=acts.order_by("at").first().at
        )
        acts.update(policy=policy)


def split_purposes(apps, schema_editor):
    """Make of each consent one act for each purpose that it stood for."""
    model = apps.get_model("accounts", "Consent")
    columns = ("user_id", "policy_version", "policy_hash", "policy_id", "is_given", "channel", "at", "address")
    acts = list(model.objects.order_by("pk").values(*columns))
    for purpose in PURPOSES[1:]:
        model.objects.bulk_create((model(**act, purpose=purpose) for act in acts), batch_size=1000)


def join_purposes(apps, schema_editor):
    """Go back to one consent for each time at which somebody accepted the policy."""
    consents = apps.get_model("accounts", "Consent").objects
    consents.exclude(purpose="account", is_given=True).delete()
    for act in consents.select_related("policy"):
        act.policy_version = act.policy.version
        act.save()


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0006_consents'),
    ]

    operations = [
        migrations.RunPython(keep_versions, join_purposes),
        migrations.RunPython(split_purposes, migrations.RunPython.noop),
    ]
