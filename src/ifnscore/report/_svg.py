"""A figure as part of the page: matplotlib's SVG, reduced to an allow-list, in the colours of the page, with words.

What matplotlib writes is for files of their own: inline styles (which the policy of the page forbids), ids that repeat in the
next figure, six decimals, black on nothing. Whatever is not in the lists here does not reach the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from ifnscore.report import _compact, _draw, _text

if TYPE_CHECKING:
    from ifnscore.report._model import Figure

_TAGS = {"svg", "g", "a", "path", "use", "text", "tspan", "defs", "clipPath", "rect", "image", "pattern"}
#: Attributes whose numbers are shortened.
_NUMBERS = {
    "d",
    "x",
    "y",
    "width",
    "height",
    "viewBox",
    "transform",
    "font-size",
    *(f"stroke-{k}" for k in ("width", "dasharray", "dashoffset")),
}
_ATTRIBUTES = _NUMBERS | {
    *(
        "id",
        "href",
        "clip-path",
        "patternUnits",
        "image-rendering",
        "opacity",
        "fill",
        "fill-opacity",
        "stroke",
        "stroke-opacity",
    ),
    *("stroke-linecap", "stroke-linejoin", "font-weight", "font-style", "text-anchor"),
}
_NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
_PICTURE = re.compile(r"data:image/png;base64,[A-Za-z0-9+/=\s]+")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_NEUTRAL = re.compile(r"#(?P<two>[0-9a-f]{2})(?P=two){2}")
#: Greys up to here are ink (0x59 = 0.35), white is paper: both change on a dark page.
_DARKEST_GREY = 0x59
_INK, _PAPER, _BLACK = "currentColor", "var(--paper)", "#000000"
#: Inches beyond which a figure keeps more of its width on a small screen, where it scrolls: its type stays readable.
_WIDE = 7.5
#: Pixels of the page for a point of the figure: type of 8 points becomes 14 pixels.
SCALE = 1.75


def draw(block: Figure, number: int) -> str:
    """Return a figure as an ``<svg>`` for the middle of an HTML page.

    Parameters
    ----------
    block
        What to draw; its `alt` is read aloud in place of the picture.
    number
        Of the figure in the page: makes its ids unique.

    Returns
    -------
    str
        Markup that holds no style, no script and no address but those of its own parts and of pictures inside it.
    """
    root = ET.fromstring(_draw.raw(block))  # noqa: S314 - written by matplotlib just now
    _allowed(root)
    _hover(root)
    _spread(root)
    _backed(root)
    _coloured(root, on_picture=False)
    _named(root, f"f{number}")
    _compact.compact(root)
    _worded(root, block, number)
    return ET.tostring(root, encoding="unicode", short_empty_elements=True)


def _allowed(node: ET.Element) -> None:
    """Keep tags and attributes of the lists, without name spaces; styles become attributes."""
    node.tag = _local(node.tag)
    styles = [part.partition(":") for part in node.attrib.pop("style", "").split(";")]
    given = {_local(k): v for k, v in node.attrib.items()} | {k.strip(): v.strip() for k, _, v in styles if k.strip()}
    node.attrib.clear()
    for key, value in given.items():
        if key in _ATTRIBUTES and (key != "href" or _inside(node.tag, value)):
            node.set(key, _short(value, 4 if key == "transform" else 2) if key in _NUMBERS else "".join(value.split()))
    for child in list(node):
        if _local(child.tag) in _TAGS:
            _allowed(child)
        else:
            node.remove(child)


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _inside(tag: str, address: str) -> bool:
    """Whether an address stays in the page: a part of the figure, a picture within it, or a value of a point."""
    if tag == "image":
        return _PICTURE.fullmatch(address) is not None
    return address.startswith(_draw.VALUE if tag == "a" else "#")


def _short(text: str, digits: int) -> str:
    """Round the numbers in a text: a hundredth of a point is less than a pixel of any screen."""

    def shorter(found: re.Match[str]) -> str:
        number = f"{float(found[0]):.{digits}f}".rstrip("0").rstrip(".")
        return "0" if number in {"-0", ""} else number

    words = " ".join(_NUMBER.sub(shorter, text).split())
    return re.sub(r" ?([A-Za-z]) ?", r"\1", words) if re.match(r"[Mm] ", words) else words


def _hover(node: ET.Element) -> None:
    """Turn the addresses that carry values into titles, which browsers show beside the pointer."""
    for child in list(node):
        _hover(child)
    if node.tag == "a":
        node.tag, words = "g", _draw.value(node.attrib.pop("href", ""))
        if words:
            inner = node[0] if len(node) == 1 and node[0].tag == "g" else None
            if inner is not None:  # a clip of its own: outside, where it is shared with the neighbours
                node.attrib, inner.attrib = inner.attrib, node.attrib
            title = ET.Element("title")
            title.text = _text.printable(words)
            (node if inner is None else inner).insert(0, title)


def _spread(root: ET.Element) -> None:
    """Give texts that matplotlib placed by their left end the width it reckoned with, whatever font the reader has."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    for text in root.iter("text"):
        if "text-anchor" in text.attrib or not text.text or not text.text.strip() or "font-size" not in text.attrib:
            continue
        size = float(text.get("font-size", "8").removesuffix("px"))
        font = FontProperties(size=size, weight=int(text.get("font-weight", "400")), style=text.get("font-style", "normal"))  # type: ignore[arg-type]
        width = text_to_path.get_text_width_height_descent(text.text, font, ismath=False)[0]
        text.set("textLength", f"{width:.1f}")


def _backed(node: ET.Element) -> None:
    """Put white behind pictures: what is missing in a heat map is white in every scheme, as the words on it expect."""
    for child in list(node):
        _backed(child)
        if child.tag == "image":
            place = {k: v for k, v in child.attrib.items() if k in {"x", "y", "width", "height", "transform"}}
            node.insert(list(node).index(child), ET.Element("rect", place | {"fill": "#ffffff"}))


def _coloured(node: ET.Element, *, on_picture: bool) -> None:
    """Turn ink and paper into the colours of the page; upon a picture, such as a heat map, colours stay as they are."""
    if node.get("id", "").startswith("axes_"):
        on_picture = _has_picture(node)
    if on_picture and node.tag == "text":
        node.attrib.setdefault("fill", _BLACK)  # asked for: what is drawn by default has the colour of ink
    for key in ("fill", "stroke"):
        found = node.get(key)
        if found is not None:
            node.set(key, _colour(found, node.tag, on_picture=on_picture))
    if node.get("fill") == _INK:
        del node.attrib["fill"]  # inherited from the root
    for child in node:
        _coloured(child, on_picture=on_picture)


def _has_picture(axes: ET.Element) -> bool:
    """Whether a picture belongs to these axes, and not to axes within them."""
    return any(c.tag == "image" or (not c.get("id", "").startswith("axes_") and _has_picture(c)) for c in axes)


def _colour(colour: str, tag: str, *, on_picture: bool) -> str:
    if colour == _draw.INK:
        return _INK
    grey = _NEUTRAL.fullmatch(colour)
    if on_picture or grey is None:
        return colour
    if int(grey["two"], 16) <= _DARKEST_GREY:
        return _INK
    return _PAPER if colour == "#ffffff" and tag not in {"text", "tspan"} else colour


def _named(root: ET.Element, prefix: str) -> None:
    """Drop ids that nothing refers to, and number the others within this figure."""
    wanted = [name for node in root.iter() for name in _references(node)]
    names = {old: f"{prefix}-{i}" for i, old in enumerate(dict.fromkeys(wanted), 1)}
    for node in root.iter():
        if node.get("id") in names:
            node.set("id", names[node.attrib["id"]])
        else:
            node.attrib.pop("id", None)
        for key, value in node.attrib.items():
            if key == "href" and value[:1] == "#":
                node.set(key, f"#{names[value[1:]]}")
            elif key != "d" and "url(" in value:
                node.set(key, _REFERENCE.sub(lambda found: f"url(#{names[found[1]]})", value))


def _references(node: ET.Element) -> Iterable[str]:
    if node.get("href", "")[:1] == "#":
        yield node.attrib["href"][1:]
    for key, value in node.attrib.items():
        if key != "d":
            yield from _REFERENCE.findall(value)


def _worded(root: ET.Element, block: Figure, number: int) -> None:
    """Name and describe the figure for those who cannot see it, and give it the size of the page."""
    width, height = block.size
    box = root.get("viewBox", f"0 0 {width * 72:g} {height * 72:g}")
    root.attrib.clear()
    root.attrib |= {
        "xmlns": "http://www.w3.org/2000/svg",
        "viewBox": box,
        "width": f"{width * 72 * SCALE:.0f}",
        "height": f"{height * 72 * SCALE:.0f}",
        "class": "wide" if width > _WIDE else "drawing",
        "role": "img",
        "aria-labelledby": f"f{number}-title f{number}-desc",
        "fill": _INK,
        "stroke-linejoin": "round",
    }
    for i, (tag, words) in enumerate((("title", f"Figure {number}"), ("desc", block.alt))):
        element = ET.Element(tag, {"id": f"f{number}-{tag}"})
        element.text = _text.printable(words)
        root.insert(i, element)
