"""Every stylesheet and script of ours is part of a bundle, once, in the order in which pages need them."""

from __future__ import annotations

from postroom.web.bundles import BUNDLES, FOLDER, contents


def test_every_file_is_in_one_bundle() -> None:
    bundled = [name for names in BUNDLES.values() for name in names]
    assert sorted(bundled) == sorted(path.name for path in FOLDER.iterdir() if path.suffix in (".css", ".js"))


def test_the_order_that_pages_need() -> None:
    assert BUNDLES["postroom/all.css"][-1] == "narrow.css"
    assert BUNDLES["postroom/all.js"][0] == "app.js"


def test_scripts_keep_to_themselves() -> None:
    for name in BUNDLES["postroom/all.js"]:
        code = [line for line in (FOLDER / name).read_text().splitlines() if line and not line.startswith("//")]
        assert (code[0], code[-1]) == ("(() => {", "})();")
        assert all(line.count("`") % 2 == 0 for line in code), "a string over several lines would lose its indentation"
    assert contents("postroom/all.js").endswith(b"})();\n")
