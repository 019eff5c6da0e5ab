"""Recomputes the tables of docs/capacity.md. Python standard library only.

    python3 docs/models/capacity_model.py           prints the tables
    python3 docs/models/capacity_model.py --write   writes the measured parameters and the computed cells into the page

Measured parameters are those of docs/performance.md. The page is the only place of the others and of the formulas.
"""
import re
import sys
from pathlib import Path

from notification_model import recompute, rows, show

DOCS = Path(__file__).resolve().parents[1]
PAGE = DOCS / "capacity.md"


def measured():
    """Returns the measured parameters by name."""
    performance = (DOCS / "performance.md").read_text()
    scale = performance[performance.index("for the [capacity model]"):performance.index("<!-- end of scale -->")]
    found = dict(re.findall(r"\| `([a-z_]+)` \| ([0-9.]+) \|", scale))
    read = re.search(r"\| GET, waiting(?:, \d+ bytes)? \| Darkroom \| [0-9.]+ \| (\d+) \| (\d+) \|", performance)
    return found | {"read_own_us": read[1], "read_us": read[2]}


def main():
    lines = PAGE.read_text().split("\n")
    known = measured()
    for number, cells in rows(lines, "parameters"):
        name = cells[0].strip("`")
        if name in known:
            lines[number] = "| " + " | ".join([cells[0], known[name], *cells[2:]]) + " |"
    values = recompute(lines, ("parameters",), ("capacity",))
    for number, cells in rows(lines, "sizes"):
        name = re.search("`([a-z_]+)`", cells[0])[1]
        lines[number] = f"| {cells[0]} | " + " | ".join(show(known[name]) for known in values) + " |"
    if "--write" in sys.argv:
        PAGE.write_text("\n".join(lines))


if __name__ == "__main__":
    main()
