"""Architecture rules: the import ladder between packages, and lists that must stay complete."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.environment import ROOT

# Import ladder: a package imports only from lower rungs, so packages on one rung never import each other.
RUNGS = {
    "newsroom": 1,
    "liveblog.models": 2,
    "liveblog.audience": 3,
    "liveblog.visibility": 3,
    # It filters nothing, so it stands below visibility and may be used by everything that writes.
    "liveblog.audit": 3,
    "liveblog.presentation": 4,
    "liveblog.publishing": 4,
    "liveblog.articles": 5,
    "liveblog.admin": 6,
    "liveblog.desk": 6,
    "liveblog.reader": 6,
    "liveblog.api": 6,
    "liveblog.streams": 6,
    "liveblog.wakeups": 5,
    "liveblog.monitoring": 6,
    "liveblog.webhooks": 6,
    "liveblog.templatetags": 6,
    "liveblog.management": 7,
    # Django finds these by name.
    "liveblog": 1,
    "liveblog.apps": 1,
    "liveblog.migrations": 4,
}
# These mount the packages, so only they may import from higher rungs.
MOUNTS = ("newsroom.urls", "newsroom.asgi")

OURS = ("newsroom", "liveblog")
# Names say what a value is, which a bare participle or adverb does not.
VAGUE = {"said", "found", "told", "taken", "asked", "named", "kept", "held", "also", "then"}
# Openers of clauses without a main verb.
HEADLESS = ("What", "Who", "Whoever", "Whatever", "Whether", "Where", "How", "Of", "That")
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
SOURCES = sorted(path for top in OURS for path in (ROOT / top).rglob("*.py"))

WIDEST_LINE = 120
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*") if path.is_file())


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def room_of(module: str) -> str:
    top, *rest = module.split(".")
    return top if top == "newsroom" else ".".join([top, *rest[:1]])


def imports_of(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            # `from liveblog import publishing` imports a package, not a name.
            names_rooms = node.module == "liveblog"
            yield from (f"liveblog.{alias.name}" if names_rooms else node.module for alias in node.names)


def is_allowed(importer: str, imported: str) -> bool:
    mine, theirs = room_of(importer), room_of(imported)
    return mine == theirs or importer in MOUNTS or RUNGS.get(theirs, 99) < RUNGS[mine]


@pytest.mark.parametrize("path", SOURCES, ids=module_of)
def test_imports_go_down_the_ladder(path):
    own = [name for name in imports_of(ast.parse(path.read_text())) if name.split(".")[0] in OURS]
    assert [name for name in own if not is_allowed(module_of(path), name)] == []


def test_nothing_renders_templates_of_a_higher_rung():
    """Read the first directory of a template's name as the package that it belongs to."""
    upward = [
        (path.name, name)
        for path in [*SOURCES, *TEMPLATES]
        for name in re.findall(r"[\"'](\w+)/[^\"'\s]*\.(?:html|xml|atom|rss)[\"']", path.read_text())
        # The admin's templates keep Django's names, so that all of its pages can extend them.
        if f"liveblog.{name}" in RUNGS and name != "admin"
        if not is_allowed(renderer_of(path), f"liveblog.{name}")
    ]
    assert upward == []


def renderer_of(path: Path) -> str:
    """Return the module, or the package that a template belongs to; error pages belong to the project."""
    if path.suffix == ".py":
        return module_of(path)
    directory = path.relative_to(ROOT / "templates").parts[0]
    return f"liveblog.{directory}" if f"liveblog.{directory}" in RUNGS else "newsroom.urls"


@pytest.mark.parametrize("path", SOURCES, ids=module_of)
def test_nothing_is_imported_inside_a_function(path):
    functions = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, FUNCTIONS)]
    assert [name for function in functions for name in imports_of(function)] == []


def test_only_settings_reads_the_environment_and_the_example_is_complete():
    readers = [
        module_of(path) for path in SOURCES if re.search(r"environ(\[|\.get)|getenv", path.read_text())
    ]
    assert readers == []

    read = re.findall(r"\benv\.\w+\(\s*\"(\w+)\"", (ROOT / "newsroom/settings.py").read_text())
    # ENV_FILE is the path of the file itself, so the file cannot set it.
    assert sorted(read) == sorted([*read_example(), "ENV_FILE"])


def test_settings_import_no_code_of_the_project():
    imported = {*imports_of(ast.parse((ROOT / "newsroom/settings.py").read_text()))}
    # The package itself provides the version, and the other module checks values.
    assert {name for name in imported if name.split(".")[0] in OURS} == {
        "newsroom",
        "newsroom.setting_checks",
    }


def read_example() -> list[str]:
    return re.findall(r"^#(\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)


def dependencies() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return [Requirement(line) for line in project["dependencies"] + project["optional-dependencies"]["test"]]


def pins_of(lock_name: str) -> dict[str, str]:
    lock = (ROOT / lock_name).read_text()
    pins = dict(re.findall(r"^([a-z0-9_.-]+)(?:\[[^]]*\])?==(\S+)", lock, re.MULTILINE))
    assert lock.count("\n    --hash=sha256:") >= len(pins)
    return pins


def test_locks_pin_and_hash_the_dependencies_of_pyproject():
    pins = pins_of("requirements-test.txt")
    for requirement in dependencies():
        assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)]), requirement


def test_runtime_lock_has_the_same_pins_without_test_dependencies():
    runtime, tests = pins_of("requirements.txt"), pins_of("requirements-test.txt")
    assert runtime.items() < tests.items()
    assert not runtime.keys() & {"pytest", "playwright", "hypothesis", "ruff"}


def test_no_lock_names_a_registry():
    for name in ("requirements.txt", "requirements-test.txt", "pyproject.toml"):
        assert not re.search(
            r"index.url|find-links|trusted-host|://\S+/(simple|packages)", (ROOT / name).read_text()
        )


def test_every_dependency_is_documented():
    documented = re.findall(r"^\| ([\w.-]+)", (ROOT / "docs/dependencies.md").read_text(), re.MULTILINE)
    assert {requirement.name for requirement in dependencies()} - set(documented) == set()


def test_every_imported_package_is_a_declared_dependency():
    distributions = packages_distributions()
    packages = {name.split(".")[0] for path in SOURCES for name in imports_of(ast.parse(path.read_text()))}
    foreign = packages - set(OURS) - set(sys.stdlib_module_names)
    declared = {canonicalize_name(requirement.name) for requirement in dependencies()}
    undeclared = {
        name: distributions[name]
        for name in foreign
        if declared.isdisjoint(canonicalize_name(distribution) for distribution in distributions[name])
    }
    assert undeclared == {}


@pytest.mark.parametrize("path", [*SOURCES, *sorted((ROOT / "tests").rglob("*.py"))], ids=module_of)
def test_names_and_docstrings_are_plain_english(path):
    tree = ast.parse(path.read_text())
    assert VAGUE.intersection(defined_names(tree)) == set()
    openers = [docstring.split()[0] for docstring in docstrings(tree) if docstring.split()]
    assert [opener for opener in openers if opener in HEADLESS] == []


def defined_names(tree: ast.AST) -> Iterator[str]:
    """Yield the names of functions, classes, parameters, variables and attributes that the module defines."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name
            case ast.arg():
                yield node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.id
            case ast.Attribute(ctx=ast.Store()):
                yield node.attr


def docstrings(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, (*FUNCTIONS, ast.ClassDef, ast.Module)):
            yield ast.get_docstring(node) or ""


def test_only_visibility_checks_for_embargoes():
    """Code that checks for an embargo decides who may see a live blog, so it belongs in visibility."""
    embargo_check = re.compile(r"embargo_until_at__isnull|embargo_until_at is (not )?None")
    modules = {module_of(path) for path in SOURCES if embargo_check.search(path.read_text())}
    # Allow the verb that lifts an embargo, the rule of two people about doing it early, and the desk's
    # choice of link targets, which check no access.
    allowed = {"liveblog.publishing.blogs", "liveblog.publishing.blog_safeguards", "liveblog.desk.material"}
    assert modules - allowed == {"liveblog.visibility"}


def test_every_file_that_contributing_names_exists():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    names = set(re.findall(r"`([\w./-]*\w/[\w./-]*|[\w.-]+\.(?:md|py|toml|txt))`", text))
    assert len(names) > 40
    # Skip `.venv`, which the setup creates, and files of Django.
    names = {name for name in names if not name.startswith((".venv/", "django/"))}
    missing = {name for name in names if not (ROOT / name).exists()}
    assert missing == set()


def test_every_make_target_is_documented_and_every_documented_one_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    text = (ROOT / "CONTRIBUTING.md").read_text()
    documented = {
        name for line in re.findall(r"^make (.*?)(?: #|$)", text, re.MULTILINE) for name in line.split()
    }
    assert targets == {name for name in documented if "=" not in name and re.fullmatch(r"[a-z-]+", name)}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_line_of_a_template_is_wider_than_120_characters(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [number for number, line in enumerate(lines, 1) if len(line) > WIDEST_LINE] == []
