"""What a report is before it becomes HTML or Markdown: sections of blocks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ifnscore._lazy import pd


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of plain text; `title`, where there is one, stands above it as a small heading."""

    text: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Bullets:
    """Short lines; `title`, where there is one, stands above them as a small heading."""

    items: tuple[str, ...]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """Something that the reader must not miss: what limits a number, or what is absent and why."""

    text: str
    kind: Literal["warning", "missing", "synthetic", "information"] = "information"


@dataclass(frozen=True, slots=True)
class Quote:
    """Text to copy as it is: a methods paragraph."""

    text: str
    label: str


@dataclass(frozen=True, eq=False, slots=True)
class Table:
    """A table to read, and the whole of it to download.

    Attributes
    ----------
    name
        File name of the download without its ending; unique in a document.
    caption
        One sentence.
    frame
        Everything: this is what the download holds.
    columns
        Name in `frame` -> heading, for what is shown; None shows all.
    most
        Rows that are shown; the rest is in the download, and the page says so.
    shown
        What a reader sees in place of `frame`, row by row: words for names, even digits; None for `frame` itself.
    """

    name: str
    caption: str
    frame: pd.DataFrame
    columns: dict[str, str] | None = None
    most: int = 60
    shown: pd.DataFrame | None = None

    @property
    def visible(self) -> pd.DataFrame:
        """The rows that are printed."""
        return (self.frame if self.shown is None else self.shown).head(self.most)


@dataclass(frozen=True, eq=False, slots=True)
class Figure:
    """A figure with words for those who cannot see it, and the table behind it.

    Attributes
    ----------
    name
        Unique in a document.
    caption
        What is shown, how it is to be read.
    alt
        What it shows, in one or two sentences with the numbers: read aloud in place of the picture.
    draw
        Draws into axes.
    size
        Width and height in inches.
    table
        The numbers behind it.
    """

    name: str
    caption: str
    alt: str
    draw: Callable[[Axes], object]
    size: tuple[float, float] = (6.4, 4.0)
    table: Table | None = None


@dataclass(frozen=True, slots=True)
class Details:
    """Blocks that are folded away until they are asked for; always open in print."""

    summary: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Download:
    """A file inside the page."""

    name: str
    label: str
    text: str
    mime: str = "text/plain"


Block: TypeAlias = "Paragraph | Bullets | Note | Quote | Table | Figure | Details | Download"


@dataclass(frozen=True, slots=True)
class Section:
    """A part with a heading; `id` is its anchor."""

    id: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report.

    Attributes
    ----------
    title, subtitle
        What was scored, in whom.
    sections
        The first one is the first screen.
    synthetic
        The data are invented: said on every screen.
    """

    title: str
    subtitle: str
    sections: tuple[Section, ...]
    synthetic: bool = False
    facts: tuple[tuple[str, str], ...] = field(default=())
