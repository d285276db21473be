"""Tables with defects drawn by seed, and a second reading of their cells by Python's own csv, float and datetime."""

import bz2
import csv
import gzip
import io
import lzma
import math
import re
from datetime import datetime

import numpy as np
import polars as pl

NASTY = (
    *("", " ", "NA", '"NA"', "NaN", "null", "?", "-", ".", "n.a.", "None", "unknown", "inf", "-inf", "1e999", "1e300"),
    *(
        "12345678901234567890",
        "007",
        "0x10",
        "1_000",
        "1,5",
        '"1,5"',
        '"1,234"',
        "1.234,5",
        "1'234",
        "1 234",
        "$5",
        "5 %",
    ),
    *(
        "(5)",
        "--5",
        "+5",
        "5e",
        "٣",
        "½",
        "−5",
        "True",
        "t",
        "2024-02-30",
        "31.12.2024",
        "12/31/2024",
        "Jan 1 2000",
        "25:61",
    ),
    *('"', '""', '"a', 'a"b', "\x1b[2J", "ü", "𝔘", "é\u0301", "\u202e", "#", "a;b", "a\tb", "'", "\\", "x" * 3000),
)
SEPARATORS = (",", ";", "\t", "|")


def base(rng):
    """A good table as text: its lines, and the separator."""
    separator = str(rng.choice(SEPARATORS))
    n = int(rng.integers(22, 60))
    comma = separator == ";" and rng.random() < 0.5
    quote = '"' if separator == "," else ""
    columns = {
        "": [str(k) for k in range(n)],
        "size": [f"{x:.3f}" for x in rng.normal(0, 100, n)],
        "count": [str(int(x)) for x in rng.integers(0, 2000, n)],
        "price": [f"{quote}${int(x):,}.50{quote}" for x in rng.integers(1, 10**7, n)],
        "share": [f"{x:.1f} %" for x in rng.uniform(0, 100, n)],
        "day": [f"{y}-{m:02}-{d:02}" for y, m, d in zip(*_days(rng, n), strict=True)],
        "when": [f"{d}/{m}/{y} {d % 24:02}:{m:02}" for y, m, d in zip(*_days(rng, n), strict=True)],
        "city": [str(each) for each in rng.choice(["Bern", '"Chur, GR"', '"a ""b"""', "Zürich", '"NA"', ""], n)],
        "open": [str(each) for each in rng.choice(["True", "false", "T"], n)],
        "y": [str(each) for each in rng.choice(["no", "yes"], n)],
    }
    if comma:
        columns["size"] = [cell.replace(".", ",") for cell in columns["size"]]
    chosen = [
        "size",
        "y",
        *rng.permutation([name for name in columns if name not in ("size", "y")])[: rng.integers(1, 8)],
    ]
    names = [str(name) for name in rng.permutation(chosen)]
    lines = [
        separator.join(names),
        *(separator.join(row) for row in zip(*(columns[name] for name in names), strict=True)),
    ]
    return lines, separator


def _days(rng, n):
    return rng.integers(1950, 2030, n), rng.integers(1, 13, n), rng.integers(1, 29, n)


def mutate(seed):
    """The bytes of a table with up to three defects."""
    rng = np.random.default_rng(seed)
    lines, separator = base(rng)
    for _ in range(rng.integers(0, 4)):
        lines = _change_lines(rng, lines, separator)
    end = str(rng.choice(["\n", "\r\n", "\r"], p=[0.7, 0.2, 0.1]))
    encoding = str(rng.choice(["utf-8", "utf-8-sig", "utf-16", "cp1252", "utf-8-sig"], p=[0.6, 0.1, 0.1, 0.1, 0.1]))
    data = (end.join(lines) + (end if rng.random() < 0.8 else "")).encode(encoding, "replace")
    for _ in range(rng.choice([0, 1, 2], p=[0.6, 0.25, 0.15])):
        data = _change_bytes(rng, data)
    if rng.random() < 0.15:
        pack = (gzip.compress, bz2.compress, lzma.compress)[rng.integers(3)]
        data = pack(data)
        if rng.random() < 0.5:
            data = _change_bytes(rng, data)
    return data


def _change_lines(rng, lines, separator):
    lines = [*lines]
    at = int(rng.integers(len(lines)))
    cells = lines[at].split(separator)
    column = int(rng.integers(len(cells)))
    kind = int(rng.integers(16))
    if kind <= 3:
        cells[column] = str(rng.choice(NASTY))
        lines[at] = separator.join(cells)
    elif kind == 4:  # one word in many rows of a column
        word = str(rng.choice(NASTY))
        for k in range(1, len(lines)):
            row = lines[k].split(separator)
            if rng.random() < 0.3 and column < len(row):
                row[column] = word
                lines[k] = separator.join(row)
    elif kind == 5:
        del lines[at]
    elif kind == 6:
        lines.insert(at, lines[at])
    elif kind == 7:
        lines[at] = lines[at][: int(rng.integers(len(lines[at]) + 1))]
    elif kind == 8:
        lines[at] = lines[at].replace(separator, str(rng.choice(SEPARATORS)))
    elif kind == 9:
        other = str(rng.choice([*SEPARATORS, " ", ":"]))
        lines = [line.replace(separator, other) for line in lines]
    elif kind == 10:
        place = int(rng.integers(len(lines[at]) + 1))
        lines[at] = lines[at][:place] + '"' + lines[at][place:]
    elif kind == 11:
        lines.insert(at, str(rng.choice(["", "# a comment", "%", "sep=;", f"sep={separator}", "   "])))
    elif kind == 12:
        lines = ["# made by hand", "", *lines]
    elif kind == 13:
        lines = [line + separator for line in lines[: 1 if rng.random() < 0.3 else None]] + lines[len(lines) :]
    elif kind == 14:
        lines[0] = separator.join(str(rng.choice(["size", "y", "", "1"])) for _ in cells)
    else:
        lines[0] = separator.join(lines[0].split(separator)[1:])
    return lines or [""]


def _change_bytes(rng, data):
    changed = bytearray(data)
    for _ in range(int(rng.integers(1, 4))):
        if not changed:
            break
        at = int(rng.integers(len(changed)))
        kind = int(rng.integers(4))
        if kind == 0:
            changed[at] ^= 1 << int(rng.integers(8))
        elif kind == 1:
            changed[at] = int(rng.integers(256))
        elif kind == 2:
            del changed[at : at + int(rng.integers(1, 20))]
        else:
            changed[at:at] = bytes(rng.integers(0, 256, int(rng.integers(1, 4))).astype(np.uint8))
    return bytes(changed)


# --- the second reading -------------------------------------------------------------------------------------------------


def lines_of(data):
    """The text of a file by its lines, decoded by the stated rule."""
    for start, unpack in ((b"\x1f\x8b", gzip.decompress), (b"BZh", bz2.decompress), (b"\xfd7zXZ", lzma.decompress)):
        if data.startswith(start):
            data = unpack(data)
    text = None
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = data.decode("utf-32" if data[:4] in (b"\xff\xfe\0\0", b"\0\0\xfe\xff") else "utf-16")
    for encoding in ("utf-8-sig", "cp1252", "latin-1"):
        try:
            text = data.decode(encoding) if text is None else text
        except UnicodeDecodeError:
            continue
    if "\n" not in text:
        text = text.replace("\r", "\n")
    return [line.removesuffix("\r") + "\n" for line in text.split("\n")]


def cells_of(lines, line, separator):
    """The cells of the record that begins on a line, from 1."""
    lines = (text.replace("\r", "\u2028") for text in lines[line - 1 :])  # the csv module takes a return for a line end
    return [cell.replace("\u2028", "\r") for cell in next(csv.reader(lines, delimiter=separator))]


def number_of(cell, form):
    """The number that a cell says, written as `form` writes 1234.5; nan if it says none."""
    cell = cell.strip()
    if not form:
        return float(cell) if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", cell) else math.nan
    cell = cell.translate({0x2212: "-", 0xA0: " ", 0x2019: "'", 0x202F: " ", 0x2009: " "})
    prefix, suffix = re.split(r"1.?234.5", form)
    thousands, decimal = re.search(r"1(.?)234(.)5", form).groups()
    pattern = (
        rf"([+-]?){re.escape(prefix)} ?([+-]?)([\d{re.escape(thousands + decimal)}eE+-]+) ?{re.escape(suffix.strip())}"
    )
    found = re.fullmatch(pattern, cell)
    if found is None:
        return math.nan
    sign, inner, body = found.groups()
    if thousands:
        whole = re.match(rf"\d{{1,3}}({re.escape(thousands)}\d{{3}})+(?!\d)", body)
        body = (whole[0].replace(thousands, "") + body[whole.end() :]) if whole else body
    try:
        return float(body.replace(decimal, ".")) * (-1 if "-" in sign + inner else 1)
    except ValueError:
        return math.nan


def date_of(cell, form):
    """The days since 1970 that a cell says, with its time as a fraction; nan if it says none."""
    order = "%d/%m/%Y" if "day first" in form else "%m/%d/%Y"
    for date in ("%Y-%m-%d", order, order.replace("/", "."), "%b %d %Y"):
        for time in ("", " %H:%M"):
            try:
                found = datetime.strptime(cell.strip(), date + time)
                return (found - datetime(1970, 1, 1)).total_seconds() / 86400
            except ValueError:
                continue
    return math.nan


def check(data, table, choice):
    """Assert that each cell of the table is what stands in the text, and each number what the cell says."""
    lines = lines_of(data)
    used = table.take(choice.rows)
    width = len(table.names)
    for row in range(len(table)):
        expected = cells_of(lines, int(table.lines[row]), table.separator)
        found = ["" if cell is None else cell for cell in table.frame.row(row)]
        assert found == expected[:width], (row, found, expected)
        assert not any(cell.strip() for cell in expected[width:]), expected
    told = {decision.column for decision in choice.decisions}
    for name, made in choice.types.items():
        cells = [cell or "" for cell in used.column(name).to_list()]
        if made.kind == "categorical":
            check_words(cells, made.words(used, name), made)
            continue
        parts = made.numbers(used, name)
        values = parts.get("", parts.get("time", parts.get("hour")))
        unread = made.unread(used, name)
        assert not unread.any() or name in told, (name, "unread cells untold")
        for cell, value, skipped in zip(cells, values, unread, strict=True):
            if made.kind == "date":
                said = date_of(cell, made.form) if made.form != "time" else value
            else:
                said = number_of(cell, made.form)
            if math.isnan(value):
                assert math.isnan(said) or abs(said) > 1e150 or skipped or cell.strip() == "", (name, cell, made)
            elif not math.isnan(said):
                assert value == said or abs(value - said) <= 1e-12 * abs(said) + 1e-9 * (made.kind == "date"), (
                    name,
                    cell,
                    value,
                    said,
                )
            else:
                assert made.kind == "date", (name, cell, value, made)


def check_words(cells, words, made):
    for cell, word in zip(cells, words.to_list(), strict=True):
        cell = cell.strip()
        if word is None:
            assert cell.lower() in ("", "na", "n/a", "nan", "null") or cell in made.missing, cell
        else:
            assert word == cell or (made.form == "boolean" and word[0] == cell[0].lower()), (cell, word)


def parquet(seed):
    """The bytes of a Parquet file with a few of them changed."""
    rng = np.random.default_rng(seed)
    content = io.BytesIO()
    pl.DataFrame(
        {"x": rng.normal(size=50), "c": rng.choice(["a", "b"], 50), "y": rng.integers(0, 2, 50)}
    ).write_parquet(content)
    return _change_bytes(rng, content.getvalue())
