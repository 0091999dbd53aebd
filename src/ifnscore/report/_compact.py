"""The same figure in fewer bytes: nothing that shows nothing, and what neighbours share is said once."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Iterable

_WORDS = frozenset({"text", "tspan", "title"})
#: What points inherit from a group, as if they said it themselves. Opacity is none of it: a group is faded as a whole.
_SHARED = {"fill", "fill-opacity", "stroke"} | {
    f"stroke-{what}" for what in ("width", "opacity", "linecap", "linejoin", "dasharray", "dashoffset")
}
_NO_TURN = re.compile(r"rotate\(-?0[ ,)]")


def compact(node: ET.Element) -> None:
    """Make an SVG smaller, in place; it looks as before.

    Parameters
    ----------
    node
        Its root.
    """
    node.tail = None
    if node.tag not in _WORDS:
        node.text = None
    if _NO_TURN.match(node.get("transform", "")):
        del node.attrib["transform"]
    for child in node:
        compact(child)
    _replace(node, _unwrapped(node))
    _replace(node, _clipped(node))
    _replace(node, _grouped(node))


def _replace(node: ET.Element, children: Iterable[ET.Element]) -> None:
    node[:] = list(children)


def _unwrapped(node: ET.Element) -> Iterable[ET.Element]:
    """Yield the children that show something; groups that say nothing give their own children."""
    for child in node:
        if (child.tag in {"g", "defs"} and not len(child)) or _invisible(child):
            continue
        if child.tag == "g" and not child.attrib and child.find("title") is None:
            yield from child
        else:
            yield child


def _invisible(node: ET.Element) -> bool:
    return node.tag == "path" and node.get("fill") == "none" and not {"stroke", "id"} & set(node.attrib)


def _clipped(node: ET.Element) -> Iterable[ET.Element]:
    """Yield the children; neighbours under one clip become one group."""
    for clip, run in groupby(node, key=_clip):
        members = list(run)
        if clip and len(members) > 1:
            members[0].extend([child for other in members[1:] for child in other])
            _replace(members[0], _grouped(members[0]))
            yield members[0]
        else:
            yield from members


def _clip(node: ET.Element) -> str:
    plain = node.tag == "g" and set(node.attrib) == {"clip-path"} and node.find("title") is None
    return node.attrib["clip-path"] if plain else ""


def _grouped(node: ET.Element) -> Iterable[ET.Element]:
    """Yield the children; the look that a run of points shares moves to a group around them."""
    for look, run in groupby(node, key=_look):
        members = list(run)
        if not look or len(members) == 1:
            yield from members
            continue
        group = ET.Element("g", dict(look))
        for member in members:
            point = _point(member)
            for key, _ in look if point is not None else ():
                del point.attrib[key]  # type: ignore[union-attr]
            group.append(member)
        yield group


def _look(node: ET.Element) -> tuple[tuple[str, str], ...]:
    point = _point(node)
    return () if point is None else tuple((k, v) for k, v in point.attrib.items() if k in _SHARED)


def _point(node: ET.Element) -> ET.Element | None:
    """Return the point that a child of a figure is, alone or with its title."""
    if node.tag == "use":
        return node
    return node.find("use") if node.tag == "g" and not node.attrib and [c.tag for c in node] == ["title", "use"] else None
