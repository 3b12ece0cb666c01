"""A page as a section of another: ids under a prefix, headings one level lower.

Works on the markup that the templates made, so no part needs to know where it stands. In it every
``<`` and ``>`` of a name is escaped, and every attribute stands in double quotes.
"""

from __future__ import annotations

import re

from markupsafe import Markup, escape

_TAG = re.compile(r'<(/?)([a-zA-Z][\w-]*)((?:[^<>"]|"[^"]*")*)>')
_ATTRIBUTE = re.compile(r'([\w:-]+)="([^"]*)"')
_URL = re.compile(r"url\(#([^)]+)\)")

# Attributes that hold ids of this page, several separated by blanks.
_IDS = {
    "id",
    "for",
    "form",
    "headers",
    "list",
    "popovertarget",
    "aria-activedescendant",
    "aria-controls",
    "aria-describedby",
    "aria-details",
    "aria-errormessage",
    "aria-flowto",
    "aria-labelledby",
    "aria-owns",
}
_LANDMARKS = {"nav", "section"}
_LOWEST = 6


def nested(markup: str, *, prefix: str, name: str) -> Markup:
    """Returns the markup ready to stand beside that of other records.

    Args:
        markup: What a template made.
        prefix: Put before each id and each reference to one; unique within the page.
        name: What to call the record; added to the labels of landmarks, which must differ.
    """

    def tag(found: re.Match[str]) -> str:
        slash, element, attributes = found.groups()
        if re.fullmatch("h[1-6]", element):
            element = f"h{min(int(element[1]) + 1, _LOWEST)}"
        if not attributes:
            return f"<{slash}{element}>"
        landmark = element in _LANDMARKS or ' role="region"' in attributes
        changed = _ATTRIBUTE.sub(
            lambda one: _attribute(one[1], one[2], element, prefix, name if landmark else ""),
            attributes,
        )
        return f"<{slash}{element}{changed}>"

    return Markup(_TAG.sub(tag, markup))


def _attribute(attribute: str, value: str, element: str, prefix: str, landmark: str) -> str:
    if attribute in _IDS or (attribute == "name" and element == "input"):
        value = " ".join(f"{prefix}-{one}" for one in value.split())
    elif attribute in ("href", "xlink:href") and value.startswith("#"):
        value = f"#{prefix}-{value[1:]}"
    elif attribute == "aria-label" and landmark:
        value = f"{value}, {escape(landmark)}"
    elif "url(#" in value and attribute not in ("alt", "title", "aria-label", "content"):
        value = _URL.sub(rf"url(#{prefix}-\1)", value)
    return f'{attribute}="{value}"'
