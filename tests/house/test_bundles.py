"""Every stylesheet and script of ours is part of a bundle, in the order in which pages need them."""

from __future__ import annotations

import pytest

from postroom.web.bundles import BUNDLES, DESK, FOLDER, bundle_of, contents, files
from postroom.web.places import AREAS


def test_every_file_is_in_a_bundle_and_in_none_twice() -> None:
    bundled = {name for bundle in BUNDLES for name in files(bundle)}
    assert bundled == {path.name for path in FOLDER.iterdir() if path.suffix in (".css", ".js")}
    assert all(len(set(names)) == len(names) for names in BUNDLES.values())


def test_the_order_that_pages_need() -> None:
    for bundle in BUNDLES.keys() - {"postroom/lists.js", "postroom/contacts.css"}:
        assert files(bundle)[-1] == "narrow.css" if bundle.endswith(".css") else files(bundle)[0] == "app.js"


@pytest.mark.parametrize(
    ("module", "bundle"),
    [
        ("postroom.web.pages.records.page", "desk"),
        ("postroom.web.pages.settings.servers.page", "office"),
        ("django.views.defaults", "office"),
        ("", "office"),
    ],
)
def test_which_bundle_a_page_loads(module: str, bundle: str) -> None:
    assert bundle_of(module) == bundle


def test_the_desk_has_areas_that_there_are() -> None:
    assert set(AREAS) >= DESK


@pytest.mark.parametrize("bundle", [name for name in BUNDLES if name.endswith(".js")])
def test_scripts_keep_to_themselves(bundle: str) -> None:
    for name in files(bundle):
        code = [line for line in (FOLDER / name).read_text().splitlines() if line and not line.startswith("//")]
        assert (code[0], code[-1]) == ("(() => {", "})();")
        assert all(line.count("`") % 2 == 0 for line in code), "a string over several lines would lose its indentation"
    assert contents(bundle).endswith(b"})();\n")
