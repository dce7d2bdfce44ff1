"""Templates to files: the one place that knows Jinja."""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, PackageLoader, PrefixLoader, Template
from jinja2.loaders import ChoiceLoader
from markupsafe import Markup

from pages.reuse import Before
from quarterdeck.settings import PROJECT_ROOT

TEMPLATES = PROJECT_ROOT / "pages" / "templates"
ASSETS = PROJECT_ROOT / "pages" / "assets"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=ChoiceLoader(
            [
                FileSystemLoader(TEMPLATES),
                PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
            ]
        ),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment


@cache
def _template(name: str) -> Template:
    return _environment().get_template(name)


@cache
def _header(root: str) -> Markup:
    """The same on every page of a folder; the component takes longer than most pages."""
    return Markup(_template("header.html").render(root=root))


class Renderer:
    """Writes pages below a folder. `shared` is what pages about a version say of it."""

    def __init__(self, out: Path, **shared: Any) -> None:
        self.out = out
        self._shared = shared
        self._folders: set[Path] = set()
        self.written = 0
        self.reused = 0

    def page(self, path: str, template: str, *, level: int = 2, **context: Any) -> None:
        """Write one page; `path` is relative to the site's folder, `level` that of its blocks' headings."""
        root = "../" * path.count("/")
        text = _template(template).render(root=root, header=_header(root), level=level, **self._shared, **context)
        self.target(path).write_text(text, encoding="utf-8")

    def target(self, path: str) -> Path:
        """Where a file that is to be written belongs."""
        target = self.out / path
        if target.parent not in self._folders:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._folders.add(target.parent)
        self.written += 1
        return target

    def reuse(self, before: Before, path: str) -> bool:
        """Let a file be that of the version before; False where it cannot be."""
        if not before.link(path, self.out / path):
            return False
        self.reused += 1
        return True
