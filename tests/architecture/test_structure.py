"""Rules that an import graph can check and a linter cannot."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "app"
PUBLIC_MODULES = {"service", "workflows", "events", "errors", "schemas", "dependencies"}
PAGE_MODULES = {"pages", "presenters"}
"""Modules of a feature that may also import the presenters of other features."""
SOURCES = sorted(APP.rglob("*.py"))
FEATURES = sorted(path.name for path in (APP / "features").iterdir() if (path / "__init__.py").exists())

# Files above the limit, each with its reason.
MAX_FILE_LINES = 400
LONG_FILES: dict[str, str] = {
    "app/core/transparency/verify.py": "one file on the standard library, which people take away and run by itself",
}

# Where statements may be written: repositories, core, and the models.
QUERY_PLACES = re.compile(r"features/[a-z]+/repository(\.py|/)|core/|models/|scripts/safe_migrate")
QUERY_WORDS = {"select", "insert", "update", "delete"}
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
SESSION_CALLS = {"execute", "scalar", "scalars", "stream"}
# Where transactions may be opened: in the infrastructure for requests and messages, in workflows, and at start-up.
TRANSACTION_PLACES = re.compile(r"features/[a-z]+/workflows(\.py|/)|core/|tasks/|cli/")


def name(path: Path) -> str:
    """Return the path from the root of the repository."""
    return str(path.relative_to(ROOT))


def tree(path: Path) -> ast.Module:
    """Parse one file."""
    return ast.parse(path.read_text(encoding="utf-8"))


def called(path: Path) -> Iterator[tuple[str, bool, int]]:
    """Yield every call as its name, whether it is a method, and its line."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr, True, node.lineno
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id, False, node.lineno


def by_name(path: Path) -> str:
    """Return the id of a test case."""
    return name(path)


def test_there_is_something_to_check() -> None:
    assert len(SOURCES) > 40
    assert len(FEATURES) >= 1


@pytest.mark.parametrize("path", SOURCES, ids=by_name)
def test_nothing_but_the_unit_of_work_commits(path: Path) -> None:
    if name(path) != "app/core/unit_of_work.py":
        assert [line for word, method, line in called(path) if method and word in {"commit", "rollback"}] == []


@pytest.mark.parametrize("path", SOURCES, ids=by_name)
def test_only_workflows_open_transactions_of_their_own(path: Path) -> None:
    if not TRANSACTION_PLACES.match(str(path.relative_to(APP))):
        opens = {"unit_of_work", "sessions"}
        assert [line for word, _method, line in called(path) if word in opens] == []


@pytest.mark.parametrize("path", SOURCES, ids=by_name)
def test_queries_live_in_repositories(path: Path) -> None:
    if QUERY_PLACES.search(name(path)):
        return
    source = tree(path)
    imported = {
        alias.asname or alias.name
        for node in ast.walk(source)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy")
        for alias in node.names
    }
    assert imported & QUERY_WORDS == set()
    if imported:
        assert [line for word, method, line in called(path) if method and word in SESSION_CALLS] == []


REPOSITORIES = [path for path in SOURCES if re.search(r"features/[a-z]+/repository(\.py|/)", name(path))]


@pytest.mark.parametrize("path", REPOSITORIES, ids=by_name)
def test_what_reads_and_writes_is_a_method_of_a_repository_that_holds_the_session(path: Path) -> None:
    body = tree(path).body
    assert [node.name for node in body if isinstance(node, ast.AsyncFunctionDef)] == []
    for node in body:
        if isinstance(node, ast.ClassDef) and any(isinstance(item, ast.AsyncFunctionDef) for item in node.body):
            assert node.name.endswith("Repository")
            (made,) = [item for item in node.body if isinstance(item, ast.FunctionDef) and item.name == "__init__"]
            assert [argument.arg for argument in made.args.args[:2]] == ["self", "session"]
            assert "self._session = session" in ast.unparse(made)


@pytest.mark.parametrize("path", SOURCES, ids=by_name)
def test_files_have_at_most_400_lines(path: Path) -> None:
    length = len(path.read_text(encoding="utf-8").splitlines())
    assert length <= MAX_FILE_LINES or name(path) in LONG_FILES, f"{name(path)} has {length} lines: make it a package"


def test_the_list_of_long_files_is_not_stale() -> None:
    stale = [item for item in LONG_FILES if len((ROOT / item).read_text().splitlines()) <= MAX_FILE_LINES]
    assert stale == []


@pytest.mark.parametrize("path", SOURCES, ids=by_name)
def test_every_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(tree(path)), f"{name(path)} has no first sentence"


@pytest.mark.parametrize("path", sorted((APP / "models").glob("*.py")), ids=by_name)
def test_relationships_never_load_by_surprise(path: Path) -> None:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "relationship":
            lazy = [keyword.value for keyword in node.keywords if keyword.arg == "lazy"]
            assert [value.value for value in lazy if isinstance(value, ast.Constant)] == ["raise"]


def test_features_are_entered_by_their_public_modules() -> None:
    graph = grimp.build_graph("app", cache_dir=None)
    wrong: list[str] = []
    for importer in graph.find_descendants("app.features"):
        for imported in graph.find_modules_directly_imported_by(importer):
            here, there = importer.split("."), imported.split(".")
            crosses = there[:2] == ["app", "features"] and len(there) > 3 and here[2] != there[2]
            open_here = PUBLIC_MODULES | {"presenters"} if PAGE_MODULES.intersection(here[3:4]) else PUBLIC_MODULES
            if crosses and there[3] not in open_here:
                wrong.append(f"{importer} -> {imported}")
    assert wrong == []


def test_site_enters_features_as_their_pages_do() -> None:
    graph = grimp.build_graph("app", cache_dir=None)
    wrong = [
        f"{importer} -> {imported}"
        for importer in graph.find_descendants("app.site")
        for imported in graph.find_modules_directly_imported_by(importer)
        if imported.startswith("app.features.") and imported.split(".")[3:4] != []
        if imported.split(".")[3] not in PUBLIC_MODULES | {"presenters"}
    ]
    assert wrong == []


def test_a_page_of_site_asks_several_features() -> None:
    for path in sorted((APP / "site").glob("*.py")):
        if "FeatureRouter()" in (source := path.read_text(encoding="utf-8")):
            asked = set(re.findall(r"from app\.features\.([a-z]+)", source))
            assert len(asked) > 1, f"{name(path)} is a page of {asked} alone: it belongs there"


def test_endpoints_do_not_repeat_what_their_guards_refuse() -> None:
    guards = {"NotSignedInError", "CsrfError", "UnsupportedMediaTypeError"}
    wrong = [
        f"{name(path)}: {node.id}"
        for path in SOURCES
        if re.search(r"features/[a-z]+/endpoints", name(path))
        for call in ast.walk(tree(path))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "refusals"
        for node in ast.walk(call)
        if isinstance(node, ast.Name) and node.id in guards
    ]
    assert wrong == []


def test_the_migrations_folder_is_not_a_package() -> None:
    assert not (ROOT / "alembic" / "__init__.py").exists()


def test_the_architecture_document_names_every_feature() -> None:
    section = (ROOT / "AGENTS.md").read_text(encoding="utf-8").split("## Features", 1)[1].split("\n## ", 1)[0]
    named = re.findall(r"^\| `([a-z]+)` \|", section, re.MULTILINE)
    assert sorted(named) == FEATURES


def test_no_committed_file_names_an_index_or_a_home() -> None:
    patterns = re.compile(r"(?<!no-emit-)index-url|--find-links|/home/[a-z]+/|file:///")
    wrong = [
        f"{name(path)}: {line.strip()[:80]}"
        for path in [*ROOT.glob("requirements/*"), *ROOT.glob("*.txt"), *ROOT.glob("bin/*")]
        if path.is_file()
        for line in path.read_text(encoding="utf-8").splitlines()
        if patterns.search(line)
    ]
    assert wrong == []


BUSINESS_WORDS = re.compile(
    r"(?:^|_)(?:orders?|proposals?|customers?|freelancers?|offers?|invitations?|category|categories|profiles?|matching|"
    r"notifications?|chat|skills?|contracts?|reviews?|disputes?)(?:_|$)"
)
# Read with all other settings in one place, so that .env.example and the check of the environment are complete.
BUSINESS_IN_CORE = {"app/core/setting_groups.py": "MarketSettings"}


def identifiers(source: ast.AST) -> Iterator[str]:
    """Yield every name that a module defines, imports or uses, in snake case."""
    for node in ast.walk(source):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found = node.name
        elif isinstance(node, ast.Name):
            found = node.id
        elif isinstance(node, ast.arg):
            found = node.arg
        elif isinstance(node, ast.ImportFrom):
            found = (node.module or "").replace(".", "_")
        else:
            continue
        yield re.sub(r"(?<=[a-z])(?=[A-Z])", "_", found).lower()


@pytest.mark.parametrize("path", sorted((APP / "core").rglob("*.py")), ids=by_name)
def test_core_names_no_feature(path: Path) -> None:
    source = tree(path)
    source.body = [
        node
        for node in source.body
        if not (isinstance(node, ast.ClassDef) and node.name == BUSINESS_IN_CORE.get(name(path)))
    ]
    assert sorted({word for word in identifiers(source) if BUSINESS_WORDS.search(word)} - {"market_settings"}) == []


@pytest.mark.parametrize("path", SOURCES, ids=by_name)
def test_the_address_of_the_api_stands_in_one_place(path: Path) -> None:
    if name(path) != "app/core/http/dependencies.py":
        texts = [node.value for node in ast.walk(tree(path)) if isinstance(node, ast.Constant)]
        docs = {ast.get_docstring(node, clean=False) for node in ast.walk(tree(path)) if isinstance(node, DOCUMENTED)}
        assert [text for text in texts if isinstance(text, str) and "/api/" in text and text not in docs] == []


@pytest.mark.parametrize("path", SOURCES, ids=by_name)
def test_signatures_are_made_and_compared_in_one_place(path: Path) -> None:
    if name(path) != "app/core/security/signing.py":
        assert not re.search(
            r"^(import|from) (hmac|itsdangerous)|compare_digest", path.read_text("utf-8"), re.MULTILINE
        )


def test_every_signature_has_a_purpose_of_its_own() -> None:
    purposes = [
        str(node.args[0].value)
        for path in SOURCES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") == "Signer"
        and isinstance(node.args[0], ast.Constant)
    ]
    assert len(purposes) > 5
    assert sorted(purposes) == sorted(set(purposes))


@pytest.mark.parametrize("path", SOURCES, ids=by_name)
def test_cookies_are_made_in_one_place(path: Path) -> None:
    if name(path) != "app/core/security/cookies.py":
        made = {"set-cookie", "Max-Age="}
        assert [word for word in made if word in path.read_text("utf-8")] == []
        assert [line for word, method, line in called(path) if method and word in {"set_cookie", "delete_cookie"}] == []


def test_a_use_case_that_changes_something_returns_no_read_schema() -> None:
    found: set[str] = set()
    for feature in (APP / "features").iterdir():
        shapes = {
            node.name
            for path in [*feature.glob("schemas.py"), *feature.glob("schemas/*.py")]
            for node in tree(path).body
            if isinstance(node, ast.ClassDef)
        }
        for path in [*feature.glob("service.py"), *feature.glob("service/*.py")]:
            for node in tree(path).body:
                if isinstance(node, ast.AsyncFunctionDef) and node.returns and node.name[0] != "_" and node.args.args:
                    first, returned = node.args.args[0].annotation, set(re.findall(r"\w+", ast.unparse(node.returns)))
                    if first and ast.unparse(first) == "UnitOfWork" and returned & shapes:
                        found.add(f"{feature.name}.{node.name}")
    assert found == set()
