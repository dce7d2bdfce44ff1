"""Templates to files: the one place that knows Jinja."""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, PackageLoader, PrefixLoader
from jinja2.loaders import ChoiceLoader

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


class Renderer:
    """Writes pages below a folder. `shared` is what every page says: version, date."""

    def __init__(self, out: Path, **shared: Any) -> None:
        self.out = out
        self._shared = shared
        self.pages = 0
        self.size_bytes = 0

    def page(self, path: str, template: str, *, level: int = 2, **context: Any) -> None:
        """Write one page; `path` is relative to the site's folder, `level` that of its blocks' headings."""
        root = "../" * path.count("/")
        text = _environment().get_template(template).render(root=root, level=level, **self._shared, **context)
        target = self.out / path
        target.parent.mkdir(parents=True, exist_ok=True)
        content = text.encode()
        target.write_bytes(content)
        self.pages += 1
        self.size_bytes += len(content)
