"""Writes the page's copy of the schema, the names, defaults and limits of a query: `python tools/schema.py`.

A test compares the file with the server's schema.
"""

import json
from pathlib import Path

from glassnet.playground.state import describe

FILE = Path(__file__).parents[1] / "src/glassnet/playground/static/app/schema.js"


def text() -> str:
    schema = {name: part for name, part in describe().items() if name != "version"}
    told = json.dumps(schema, ensure_ascii=False)
    return f"""/** The names of a query with their defaults, limits and choices: written by `python tools/schema.py` from the server's own. */

/** @typedef {{{{default: string, low?: number, high?: number, choices?: any}}}} Name */

/** @type {{{{names: Record<string, Name>, most: Record<string, number>, view: Record<string, string>}}}} */
export const SCHEMA = {told};
"""


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
