"""Keep what open proposals say as their first revision, and put the items that are there on shelves."""

from django.db import migrations

BATCH = 500


def keep_revisions(apps, schema_editor):
    Proposal = apps.get_model("catalogue", "Proposal")
    Revision = apps.get_model("catalogue", "ProposalRevision")
    for one in Proposal.objects.iterator(chunk_size=BATCH):
        Revision.objects.create(
            proposal=one,
            number=one.revision,
            before=0,
            document=one.document,
            author=one.author,
            at=one.updated_at,
        )


def put_on_shelves(apps, schema_editor):
    from tongban.catalogue.shelves.rules import shelves_of, sort_key

    Item = apps.get_model("catalogue", "ServiceItem")
    Guide = apps.get_model("catalogue", "Guide")
    Shelf = apps.get_model("catalogue", "Shelf")
    last = 0
    while batch := list(Item.objects.filter(pk__gt=last).order_by("pk").defer("source_row")[:BATCH]):
        last = batch[-1].pk
        documents = dict(
            Guide.objects.filter(effective_to=None, item__in=[item.pk for item in batch])
            .order_by()
            .values_list("item_id", "document")
        )
        places = []
        for item in batch:
            item.sort_key = sort_key(item.name)
            places += [
                Shelf(item=item, shelf=shelf, region_path=item.region_path, sort_key=item.sort_key)
                for shelf in shelves_of(item.name, documents.get(item.pk))
            ]
        Item.objects.bulk_update(batch, ["sort_key"], batch_size=200)
        Shelf.objects.bulk_create(places, batch_size=2_000)


def empty(apps, schema_editor):
    apps.get_model("catalogue", "Shelf").objects.all().delete()
    apps.get_model("catalogue", "ProposalRevision").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0006_editing")]
    operations = [
        migrations.RunPython(keep_revisions, empty),
        migrations.RunPython(put_on_shelves, migrations.RunPython.noop),
    ]
