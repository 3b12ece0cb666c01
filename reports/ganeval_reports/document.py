"""One self-contained HTML document: templates, style and script in one file, nothing fetched.

The Content-Security-Policy allows the inlined style and script by their digest and images from
data URLs, and nothing else: a hostile file name that slipped through escaping would still not run.
A page with images beside it also allows images from where the page itself lies: of a page on disk
that is the disk, never a network.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

_PACKAGE = files("ganeval_reports")
# In the order of the cascade.
_STYLES = (
    "base",
    "plots",
    "tables",
    "images",
    "comparison",
    "viewer",
    "index",
    "training",
    "classify",
    "ablation",
    "saliency",
    "print",
)
_SCRIPTS = ("copy", "tables", "slider", "zoom", "viewer", "tiles")


def document(template: str, *, beside: bool = False, **content: object) -> str:
    """Renders ``templates/TEMPLATE`` with its content as a whole document.

    Args:
        template: Extends ``layout``, which is ``base.html.j2`` here.
        beside: Images lie in a folder beside the page.
        content: What the template prints.
    """
    style = "\n".join(_read(f"assets/{name}.css") for name in _STYLES)
    script = "\n".join(_read(f"assets/{name}.js") for name in _SCRIPTS)
    images = "data: 'self'" if beside else "data:"
    policy = (
        f"default-src 'none'; img-src {images}; "
        f"style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return _rendered(
        template,
        layout="base.html.j2",
        policy=policy,
        style=Markup(style),
        script=Markup(script),
        **content,
    )


def section(template: str, **content: object) -> str:
    """Renders ``templates/TEMPLATE`` as a part of a document, to be made ready by `nested`."""
    return _rendered(template, layout="section.html.j2", **content)


def _rendered(template: str, **content: object) -> str:
    return _environment().get_template(template).render(**content)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FunctionLoader(lambda name: _read(f"templates/{name}")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _read(path: str) -> str:
    return _PACKAGE.joinpath(path).read_text("utf-8")


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
