"""Recomputes the capacity and cost tables of docs/notifications-design.md. Python standard library only.

    python3 docs/models/notification_model.py           prints the tables
    python3 docs/models/notification_model.py --write   writes the computed cells into the page

The page is the only place of parameters and formulas. To use other values, change them there.
"""
import math
import re
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "notifications-design.md"
FUNCTIONS = {"ceil": math.ceil, "max": max, "min": min, "__builtins__": {}}
SIZES = 3


def rows(lines, mark):
    """Yields (line number, cells) of the table below a mark."""
    start = lines.index(f"<!-- model: {mark} -->") + 3
    for number in range(start, len(lines)):
        if not lines[number].startswith("|"):
            return
        yield number, [cell.strip() for cell in lines[number].strip("|").split("|")]


def show(value):
    """Formats a value: whole numbers from 100 on, else up to three significant digits."""
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}"


def recompute(lines, parameters, tables):
    """Writes the computed cells into the lines, prints them, and returns the values for each size."""
    values = [{} for _ in range(SIZES)]
    for mark in parameters:
        for _, cells in rows(lines, mark):
            for known in values:
                known[cells[0].strip("`")] = float(cells[1])
    for mark in tables:
        print(f"\n{mark}")
        for number, cells in rows(lines, mark):
            name, formula = cells[0].strip("`"), cells[1].strip("`")
            for i, known in enumerate(values):
                known[name] = eval(formula, FUNCTIONS, known) if formula else float(cells[2 + i].replace(",", ""))
            shown = [show(known[name]) for known in values]
            print(f"{name:16}" + "".join(f"{text:>16}" for text in shown))
            if formula:
                lines[number] = f"| {cells[0]} | {cells[1]} | " + " | ".join(shown) + " |"
    return values


def main():
    lines = PAGE.read_text().split("\n")
    recompute(lines, ("parameters", "prices"), ("capacity", "cost"))
    if "--write" in sys.argv:
        PAGE.write_text("\n".join(lines))


if __name__ == "__main__":
    main()
