"""Configures Sphinx: MyST text notebooks that are executed at build, and a site that asks no other host for anything."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE / "extensions")]

# what a chapter prints and draws must not depend on the machine: one thread, no state of the user's
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MPLBACKEND="agg", PYTHONHASHSEED="0")
os.environ.setdefault("MPLCONFIGDIR", str(HERE / "_build" / "matplotlib"))
os.environ.setdefault("SOURCE_DATE_EPOCH", "1767225600")  # 2026-01-01; makes two builds equal
os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
os.environ["IPYTHONDIR"] = str(HERE / "_build" / "ipython")
kernel = HERE / "_build/ipython/profile_default/ipython_kernel_config.py"
kernel.parent.mkdir(parents=True, exist_ok=True)
kernel.write_text("c.IPKernelApp.log_level = 40\n", encoding="utf-8")  # a kernel on this machine needs no encryption
del kernel

from glassnet.version import __version__

project = "glassnet"
author = "the glassnet authors"
copyright = "the glassnet authors, BSD-3-Clause"
version = release = __version__
language = "en"

extensions = [
    "myst_nb",
    "sphinx_design",
    "dealing",
    "exercise",
    "floors",
    "generated",
    "mathml",
    "notebooks",
    "outputs",
    "recording",
    "timing",
]

# files of the build must not become pages
exclude_patterns = [
    "_build",
    "**/jupyter_execute",
    "**/.jupyter_cache",
    "**/.ipynb_checkpoints",
    "exercises",
    "extensions",
]
nitpicky = True
toc_object_entries_show_parents = "hide"
nitpick_ignore_regex = [(r"py:class", r".*")]  # types in signatures: few of them have a page; links in prose are py:obj

# MyST
myst_enable_extensions = [
    "amsmath",
    "attrs_block",
    "attrs_inline",
    "colon_fence",
    "deflist",
    "dollarmath",
    "substitution",
]
myst_heading_anchors = 4
myst_links_external_new_tab = False
myst_dmath_double_inline = True

# each build executes each page that changed, and all pages once the package's source changed
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_execution_show_tb = True
nb_merge_streams = True
nb_render_markdown_format = "myst"  # tables that a cell shows are tables
nb_ipywidgets_js = {}  # the default fetches scripts from another host
nb_number_source_lines = False

html_math_renderer = "mathml"
html_theme = "pydata_sphinx_theme"
html_title = "glassnet"
html_baseurl = os.environ.get("GLASSNET_SITE", "")  # the address the site will have; links in notebooks lead there
html_static_path = ["assets"]
html_css_files = ["site.css"]
html_js_files = [("site.js", {"defer": "defer"})]
html_favicon = "assets/icon.svg"
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_last_updated_fmt = None
html_permalinks_icon = "#"
html_theme_options = {
    "logo": {"text": "glassnet", "image_light": "assets/icon.svg", "image_dark": "assets/icon.svg", "alt_text": ""},
    "header_links_before_dropdown": 6,
    "navbar_align": "left",
    "navbar_end": ["theme-switcher"],
    "navbar_persistent": ["search-button-field"],
    "show_nav_level": 1,
    "show_toc_level": 2,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
    "back_to_top_button": False,
    "article_header_start": ["breadcrumbs"],
}
html_sidebars = {"index": []}
templates_path = ["templates"]

linkcheck_ignore = [r"^http://(localhost|127\.0\.0\.1)"]
linkcheck_timeout = 20
linkcheck_workers = 8
