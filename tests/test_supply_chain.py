"""The bill of materials, the licences of packages, and the check for advisories."""

from __future__ import annotations

import sys

import pytest

from tests import advisories, sbom


def test_the_bill_of_materials_is_valid_and_has_hashes_and_a_licence_for_each_package():
    components = sbom.bill()["components"]
    assert {component["name"]: component["version"] for component in components} == sbom.pins()
    for component in components:
        assert component["purl"].startswith("pkg:pypi/")
        hashes = [digest for link in component["externalReferences"] for digest in link.get("hashes", [])]
        assert hashes or component.get("hashes"), component["name"]
        assert component["licenses"][0]["expression"] != "unknown"


@pytest.mark.parametrize("name", sorted(sbom.pins()))
def test_the_licence_of_each_package_is_permitted(name):
    assert sbom.is_permitted(sbom.licence_of(name)), sbom.licence_of(name)


def test_a_licence_that_is_not_permitted_is_refused():
    assert sbom.is_permitted("MIT OR GPL-3.0-only")
    assert not sbom.is_permitted("MIT AND GPL-3.0-only")
    assert not sbom.is_permitted("unknown")


def test_the_page_of_licences_is_up_to_date():
    assert sbom.PAGE.read_text() == sbom.page()


@pytest.mark.parametrize(
    ("output", "status", "result"),
    [
        ("No known vulnerabilities found", 0, 0),
        ("Found 1 known vulnerability in 1 package", 1, 1),
        ("ConnectionError: Max retries exceeded", 1, advisories.NOT_CHECKED),
        ("Dependency not found on PyPI and could not be audited: django", 1, advisories.NOT_CHECKED),
    ],
)
def test_advisories_distinguish_findings_from_an_unreachable_database(capfd, output, status, result):
    script = f"import sys; print({output!r}); sys.exit({status})"
    assert advisories.main([sys.executable, "-c", script]) == result
    captured = capfd.readouterr()
    if result == advisories.NOT_CHECKED:
        assert "Not checked" in captured.err
    else:
        assert output in captured.out
