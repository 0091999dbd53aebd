"""Sphinx settings. Pages are read without a network: fonts, scripts and styles are local, formulas are MathML."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path

DOCS = Path(__file__).parent
sys.path[:0] = [str(DOCS), str(DOCS / "_ext")]
os.environ.setdefault("MPLBACKEND", "agg")
warnings.simplefilter("ignore")  # of scoring the examples; what Sphinx warns about goes through its own logger

import ifnscore  # noqa: E402

project = "ifnscore"
author = "The ifnscore developers"
copyright = author
version = release = ifnscore.__version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.napoleon", "mathml"]
source_suffix = {".rst": "restructuredtext", ".md": "myst-nb", ".ipynb": "myst-nb"}  # the first is what autosummary writes
exclude_patterns = ["_build", "_make", "_ext", "scverse", "methods/*.md", "_generated/parts", "**.ipynb_checkpoints"]
templates_path = ["_templates"]
nitpicky = True
#: What other packages own cannot be linked to without a network; everything of ifnscore is checked.
nitpick_ignore_regex = [
    ("py:.*", r"(?!ifnscore\.).*"),
    ("py:.*", r"ifnscore\.(.*\.)?_.*|ifnscore\.(matrix|options|axis|strata)\..*"),
]

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
nb_execution_mode = "off"
nb_ipywidgets_js = {}  # would come from a CDN
nb_render_markdown_format = "myst"

autosummary_generate = True
autosummary_imported_members = True
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
python_use_unqualified_type_names = True
maximum_signature_line_length = 100
napoleon_google_docstring = False
napoleon_use_param = False
napoleon_use_rtype = False
napoleon_use_ivar = True
napoleon_preprocess_types = False

html_theme = "furo"
html_title = f"ifnscore {release}"
html_static_path = ["_static"]
html_css_files = ["ifnscore.css"]
html_show_sourcelink = False
html_copy_source = False
html_math_renderer = "mathml"
html_theme_options = {"source_view_link": "", "footer_icons": []}


def _generate(app: object, config: object) -> None:
    from _make import write_all

    write_all(DOCS)


def setup(app: object) -> None:
    """Write the generated pages before anything is read."""
    app.connect("config-inited", _generate)  # type: ignore[attr-defined]
