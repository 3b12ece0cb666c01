"""Makes matplotlib's SVG fit to stand inside a page with a strict Content-Security-Policy.

Such a policy blocks ``style`` attributes and elements, so they become presentation attributes.
Colours become the page's CSS variables, so one drawing serves light, dark and print. Fonts are
inherited. Ids are made unique within the page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.etree import ElementTree

from markupsafe import Markup

_SVG = "{http://www.w3.org/2000/svg}"
_HREF = "{http://www.w3.org/1999/xlink}href"
_DROPPED = {f"{_SVG}metadata", f"{_SVG}style"}
# matplotlib writes these as a style element for all of its lines.
_LINE_DEFAULTS = {"stroke-linejoin": "round", "stroke-linecap": "butt"}
_URL = re.compile(r"url\(#([^)]+)\)")
_FONT = re.compile(r"(?:(?P<weight>bold|\d00) )?(?P<size>[\d.]+px)")
# A hundredth of a pixel is enough.
_NUMBER = re.compile(r"-?\d+\.\d{3,}(?![\de])")
_COORDINATES = ("d", "x", "y")


def inline(
    source: str,
    *,
    prefix: str,
    colours: Mapping[str, str],
    description: str,
    css: str = "",
) -> Markup:
    """Rewrites a standalone SVG document as one inline ``<svg>`` element.

    Args:
        source: What matplotlib wrote.
        prefix: Put before each id; unique within the page.
        colours: Hex colour drawn to the CSS colour that takes its place.
        description: Text read out instead of the picture.
        css: Its classes.
    """
    root = ElementTree.fromstring(source)
    referenced = {name for element in root.iter() for name in _references(element)}
    for parent in list(root.iter()):
        for child in [child for child in parent if child.tag in _DROPPED]:
            parent.remove(child)
    for element in root.iter():
        element.tag = element.tag.removeprefix(_SVG)
        _unstyle(element, colours)
        _rename(element, prefix, referenced)
        # matplotlib's line breaks inside paths and between elements only add bytes.
        element.tail = None
        if element.tag != "text":
            element.text = None
        for name in _COORDINATES:
            if name in element.attrib:
                element.attrib[name] = _rounded(element.attrib[name])
    root.attrib = {
        "viewBox": root.attrib["viewBox"],
        **({"class": css} if css else {}),
        "role": "img",
        "aria-label": description,
        **_LINE_DEFAULTS,
    }
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def _rounded(coordinates: str) -> str:
    text = " ".join(coordinates.split())
    return _NUMBER.sub(lambda number: f"{round(float(number[0]), 2):g}", text)


def _references(element: ElementTree.Element) -> list[str]:
    links = [element.attrib[_HREF][1:]] if _HREF in element.attrib else []
    return links + [name for value in element.attrib.values() for name in _URL.findall(value)]


def _unstyle(element: ElementTree.Element, colours: Mapping[str, str]) -> None:
    for declaration in element.attrib.pop("style", "").split(";"):
        name, _, value = (part.strip() for part in declaration.partition(":"))
        if name == "font":
            _set_font(element, value)
        elif name and name != "font-family":
            element.attrib[name] = colours.get(value, value)


def _set_font(element: ElementTree.Element, shorthand: str) -> None:
    found = _FONT.search(shorthand)
    if found:
        element.attrib["font-size"] = found["size"]
        if found["weight"]:
            element.attrib["font-weight"] = found["weight"]


def _rename(element: ElementTree.Element, prefix: str, referenced: set[str]) -> None:
    own = element.attrib.pop("id", None)
    if own in referenced:
        element.attrib["id"] = f"{prefix}-{own}"
    target = element.attrib.pop(_HREF, None)
    if target:
        element.attrib["href"] = f"#{prefix}-{target[1:]}"
    for name, value in element.attrib.items():
        element.attrib[name] = _URL.sub(rf"url(#{prefix}-\1)", value)
