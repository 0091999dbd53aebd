"""Options of formats and normalisations: named text values, checked before anything is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ifnscore.errors import DataError, UsageError, listing, nearest


@dataclass(frozen=True, slots=True)
class Option:
    """A value that changes how an input is read or normalised.

    Attributes
    ----------
    name
        As in ``--option NAME=VALUE`` and ``ifn.read(path, name="value")``.
    help
        What it does, in one line.
    choices
        Values that are allowed; empty for free text.
    default
        Value where none is given; empty for none.
    is_file
        Whether the value names a file, which is then an input of the run.
    """

    name: str
    help: str
    choices: tuple[str, ...] = ()
    default: str = ""
    is_file: bool = False


def check(given: Mapping[str, str], known: Iterable[Option]) -> None:
    """Refuse options that no format and no normalisation has, and values that are not among their choices.

    Raises
    ------
    UsageError
        Names the nearest options, or the choices.
    """
    by_name: dict[str, list[Option]] = {}
    for option in known:
        by_name.setdefault(option.name, []).append(option)
    for name, value in given.items():
        if name not in by_name:
            msg = f"unknown option {name!r}; known are {', '.join(sorted(by_name))}.{nearest(name, by_name)}"
            raise UsageError(msg)
        choices = list(dict.fromkeys(c for o in by_name[name] for c in o.choices))
        if choices and all(o.choices for o in by_name[name]) and value not in choices:
            msg = f"option {name}={value}: choose among {', '.join(choices)}.{nearest(value, choices)}"
            raise UsageError(msg)


def resolve(given: Mapping[str, str], known: Iterable[Option], label: str) -> dict[str, str]:
    """Return the value of every option of one format, its default where none was given.

    Parameters
    ----------
    given
        All options of the call; those that belong to others are left alone.
    known
        Options of the format.
    label
        The file or normalisation, for messages.

    Raises
    ------
    DataError
        The value belongs to the same option of another format.
    """
    values = {}
    for option in known:
        value = given.get(option.name, option.default)
        if option.choices and value and value not in option.choices:
            msg = f"{label}: option {option.name}={value} is not for this format; choose among {', '.join(option.choices)}"
            raise DataError(msg)
        values[option.name] = value
    return values


def unused(given: Mapping[str, str], used: Iterable[Option], where: str) -> None:
    """Refuse options that none of the inputs has a use for, so that a wish is never dropped silently.

    Raises
    ------
    DataError
        Names them.
    """
    left = sorted(set(given) - {o.name for o in used})
    if left:
        msg = f"{where}: option {listing(left)} has no meaning here; 'ifnscore formats' lists the options of each format"
        raise DataError(msg)
