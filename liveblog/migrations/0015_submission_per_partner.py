"""Give submissions by API key to the key's partner, so that a retry with a rotated key finds them."""

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db import migrations


def give_to_partners(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    ApiKey = apps.get_model("liveblog", "ApiKey")
    Submission = apps.get_model("liveblog", "Submission")
    for pk, partner_id in ApiKey.objects.order_by("pk").values_list("pk", "partner_id"):
        actor = f"partner {partner_id}"
        submissions = Submission.objects.filter(actor=f"key {pk}")
        # Where two keys of a partner used the same token, the older key's submission stays.
        submissions.filter(token__in=Submission.objects.filter(actor=actor).values("token")).delete()
        submissions.update(actor=actor)


class Migration(migrations.Migration):
    dependencies = [("liveblog", "0014_submission_actor")]

    operations = [migrations.RunPython(give_to_partners, migrations.RunPython.noop)]
