from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db import migrations, models
from django.db.models.deletion import CASCADE

ON_POSTGRESQL = [
    (
        "CREATE INDEX search_tokens ON liveblog_searchentry USING gin (to_tsvector('simple', tokens))",
        "DROP INDEX search_tokens",
    ),
]
# Triggers keep the index with its table. SQLite drops them when Django remakes the table: a migration that
# alters SearchEntry makes them anew.
ON_SQLITE = [
    (
        """
        CREATE VIRTUAL TABLE liveblog_searchindex USING fts5(
            tokens, content='liveblog_searchentry', content_rowid='id', tokenize='unicode61 remove_diacritics 0'
        )
        """,
        "DROP TABLE liveblog_searchindex",
    ),
    (
        """
        CREATE TRIGGER search_insert AFTER INSERT ON liveblog_searchentry BEGIN
            INSERT INTO liveblog_searchindex (rowid, tokens) VALUES (new.id, new.tokens);
        END
        """,
        "DROP TRIGGER search_insert",
    ),
    (
        """
        CREATE TRIGGER search_delete AFTER DELETE ON liveblog_searchentry BEGIN
            INSERT INTO liveblog_searchindex (liveblog_searchindex, rowid, tokens)
            VALUES ('delete', old.id, old.tokens);
        END
        """,
        "DROP TRIGGER search_delete",
    ),
]


def statements(schema_editor: BaseDatabaseSchemaEditor) -> list[tuple[str, str]]:
    return ON_POSTGRESQL if schema_editor.connection.vendor == "postgresql" else ON_SQLITE


def make_index(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for forwards, _backwards in statements(schema_editor):
        schema_editor.execute(forwards)


def drop_index(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for _forwards, backwards in reversed(statements(schema_editor)):
        schema_editor.execute(backwards)


class Migration(migrations.Migration):
    dependencies = [("liveblog", "0002_editions")]

    operations = [
        migrations.CreateModel(
            name="SearchEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("part", models.PositiveSmallIntegerField()),
                ("tokens", models.TextField()),
                (
                    "blog",
                    models.ForeignKey(
                        on_delete=CASCADE, related_name="+", to="liveblog.liveblog", verbose_name="live blog"
                    ),
                ),
                (
                    "update",
                    models.ForeignKey(
                        null=True,
                        on_delete=CASCADE,
                        related_name="+",
                        to="liveblog.update",
                        verbose_name="update",
                    ),
                ),
            ],
        ),
        migrations.RunPython(make_index, drop_index),
    ]
