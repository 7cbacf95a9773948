"""Every column is classified, and what is sensitive is sealed."""

from __future__ import annotations

from django.apps import apps

from tongban.ledger.sealed import BlindIndexField, SealedTextField
from tongban.web import data_classes
from tongban.web.data_classes import TABLE, UNSEALED, WITHOUT_PEOPLE, DataClass, columns, why
from tongban.web.retention import RULES
from tools import personal_data

OURS = {"ledger", "directory", "catalogue", "cases", "assessment", "web"}
MODELS = {model._meta.label: model for model in apps.get_models(include_auto_created=True)}


def in_models() -> set[str]:
    return {
        f"{label}.{field.name}"
        for label, model in MODELS.items()
        if label not in WITHOUT_PEOPLE
        for field in model._meta.concrete_fields
    }


def in_table() -> set[str]:
    return {f"{model}.{field}" for model, field, _class in columns()}


def test_every_column_is_classified():
    assert in_models() - in_table() == set()


def test_no_column_is_classified_that_is_gone():
    assert in_table() - in_models() == set()
    assert set(MODELS) >= WITHOUT_PEOPLE
    assert not {label for label in WITHOUT_PEOPLE if label.split(".")[0] in OURS}


def open_and_sensitive(table=TABLE) -> set[str]:
    """Sensitive columns of our own rooms that the database can read."""
    found = set()
    for label, fields in table.items():
        for name, said in fields.items():
            field = MODELS[label]._meta.get_field(name)
            sealed = isinstance(field, SealedTextField | BlindIndexField)
            sensitive = data_classes.class_of(said) is DataClass.SENSITIVE
            if label.split(".")[0] in OURS and sensitive and not sealed:
                found.add(f"{label}.{name}")
    return found


def test_what_is_sensitive_is_sealed_or_says_why_not():
    assert open_and_sensitive() == set(UNSEALED)


def test_an_open_column_that_is_sensitive_is_seen():
    assert open_and_sensitive({"directory.Person": {"name": DataClass.SENSITIVE}}) == {
        "directory.Person.name"
    }


def test_what_is_sealed_is_called_sensitive():
    for label, fields in TABLE.items():
        for name, said in fields.items():
            if isinstance(MODELS[label]._meta.get_field(name), SealedTextField | BlindIndexField):
                assert data_classes.class_of(said) is DataClass.SENSITIVE, f"{label}.{name}"


def test_the_why_is_a_word():
    for fields in TABLE.values():
        assert all(len(why(said).split()) <= 3 for said in fields.values())


# docs/personal-data.md


def test_the_page_is_what_the_tables_say():
    said = personal_data.PAGE.read_text(encoding="utf-8")
    assert said == personal_data.page(), "run `make personal-data`"
    assert personal_data.main(["--check"]) == 0


def test_the_page_names_every_table_every_rule_and_what_is_open():
    page = personal_data.page()
    assert all(model in page for model in TABLE)
    assert all(f"| {rule.kind} |" in page for rule in RULES)
    assert all(column in page for column in UNSEALED)


def test_an_old_page_is_seen(tmp_path, monkeypatch):
    monkeypatch.setattr(personal_data, "PAGE", tmp_path / "page.md")
    assert personal_data.main(["--check"]) == 1
    assert personal_data.main([]) == 0
    assert personal_data.main(["--check"]) == 0
