"""A form shown again after an error: values, checked boxes, and each error beside its field."""

from starlette.datastructures import FormData, UploadFile

from app.core.errors import FieldError, InvalidError
from app.web.forms import FormState


def test_an_untouched_form_shows_defaults_and_no_errors() -> None:
    form = FormState.start(name="Anna", skills=["python", "sql"], tag=("a",), none=None, count=3)
    assert (form.value("name"), form.value("count"), form.value("none")) == ("Anna", "3", "")
    assert form.all("skills") == ("python", "sql")
    assert form.all("tag") == ("a",)
    assert form.value("missing", "default") == "default"
    assert form.chosen("box", "1", default=True)
    assert not form.has_errors


def test_a_sent_form_shows_what_was_typed_even_where_that_is_nothing() -> None:
    form = FormState.posted(FormData([("name", "Anna"), ("skills", "python"), ("skills", "sql")]))
    assert form.value("name") == "Anna"
    assert form.value("skills") == "sql"
    assert form.all("skills") == ("python", "sql")
    assert form.value("missing", "default") == ""
    assert not form.chosen("box", "1", default=True), "an unticked box is not sent"
    assert form.chosen("skills", "python")
    assert not form.chosen("skills", "go")


def test_files_are_not_shown_again() -> None:
    form = FormState.posted(FormData([("file", UploadFile(file=None, filename="a.txt")), ("name", "Anna")]))  # type: ignore[arg-type]
    assert form.all("file") == ()
    assert form.value("name") == "Anna"


def test_each_error_stands_beside_its_field_and_the_first_one_wins() -> None:
    errors = [
        FieldError(("body", "budget", "amount"), "Too small."),
        FieldError(("body", "budget"), "Wrong currency."),
        FieldError(("query", "cursor"), "Unknown."),
        FieldError(("body", 3), "The whole form."),
    ]
    form = FormState.start().with_error(errors)
    assert form.error("budget") == "Too small."
    assert form.error("cursor") == "Unknown."
    assert form.error("") == "The whole form."
    assert form.error("name") == ""
    assert form.has_errors
    assert form.touched


def test_a_failure_without_fields_is_told_of_the_whole_form() -> None:
    form = FormState.start(name="Anna").with_error(InvalidError())
    assert list(form.errors) == [""]
    assert form.error("") != ""
    assert form.value("name") == "Anna"
    named = FormState.start().with_error(InvalidError(errors=[FieldError(("body", "name"), "Taken.")]))
    assert dict(named.errors) == {"name": "Taken."}


def test_errors_are_listed_in_the_order_of_the_page() -> None:
    form = FormState.start().with_error([FieldError((name,), name) for name in ("third", "first", "unknown")])
    form.labels.update({"first": "First", "second": "Second", "third": "Third"})
    assert [name for name, _ in form.all_errors] == ["unknown", "first", "third"]


def test_the_key_changes_with_everything_that_is_shown() -> None:
    form = FormState.start(name="Anna")
    assert form.key == FormState.start(name="Anna").key
    others = [FormState.start(name="Olga"), FormState.posted(FormData([("name", "Anna")])), form.with_error([])]
    assert form.key not in [other.key for other in others]
