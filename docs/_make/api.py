"""The API: every public name of every public module, summed up in tables, one page a name."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path
from types import ModuleType

from _make import text

#: Public modules in the order of reading, with what they are for.
MODULES = {
    "ifnscore": "Names of the package itself.",
    "ifnscore.tl": "The verbs: score, compare, associate.",
    "ifnscore.get": "Tables of what was scored.",
    "ifnscore.pl": "Figures.",
    "ifnscore.report": "The report.",
    "ifnscore.datasets": "Data that ship with the package.",
    "ifnscore.signatures": "The catalogue.",
    "ifnscore.methods": "Scoring methods.",
    "ifnscore.reference": "Frozen healthy controls.",
    "ifnscore.cohort": "Patients, visits, exposures, outcomes.",
    "ifnscore.instruments": "Clinical measures.",
    "ifnscore.pp": "Normalisations.",
    "ifnscore.errors": "Errors and warnings.",
}


def names(module: ModuleType) -> list[str]:
    """Return the public names: ``__all__``, else what is defined here without an underscore."""
    listed = getattr(module, "__all__", None)
    if listed is not None:
        return [n for n in listed if n != "__version__"]
    own = inspect.getmembers(module, lambda x: getattr(x, "__module__", None) == module.__name__ and callable(x))
    return [n for n, _ in own if not n.startswith("_")]


def write(out: Path) -> None:
    """Write ``api.md``."""
    blocks, seen = [], set()
    todo = dict(MODULES)
    while todo:
        name, what = next(iter(todo.items()))
        del todo[name]
        module = importlib.import_module(name)
        found = names(module)
        inner = [n for n in found if inspect.ismodule(getattr(module, n))]
        for n in inner:
            path = getattr(module, n).__name__
            if path not in MODULES:
                todo = {path: (getattr(module, n).__doc__ or "").strip().splitlines()[0], **todo}
        here = [n for n in found if n not in inner and id(getattr(module, n)) not in seen]  # one page an object
        seen |= {id(getattr(module, n)) for n in here}
        listing = "\n".join(f"   {n}" for n in here)
        if listing:
            directive = f"```{{eval-rst}}\n.. currentmodule:: {name}\n\n.. autosummary::\n   :toctree: api\n\n{listing}\n```"
            blocks += [f"## {name}\n\n{text.plain(what)}", directive]
    text.write(out / "api.md", "# API", "`import ifnscore as ifn`; every public name has a page.", *blocks)
