"""Computes the validation table and the figures and writes them into docs/physics.md.

python benchmarks/physics_page.py            # table and figures: about a minute
python benchmarks/physics_page.py --table    # the table only
"""

import argparse
import os
from pathlib import Path

for _library in ("OPENBLAS", "MKL", "OMP"):  # before numpy is imported, as the command line does
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

from sims.validation.page import TABLE_BEGIN, TABLE_END, as_markdown, summary
from sims.validation.table import validate

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGE = DOCS / "physics.md"


def main() -> None:
    """Write the page; fail when a row fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", action="store_true", help="leave the figures as they are")
    options = parser.parse_args()
    rows = list(validate())
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(TABLE_BEGIN, 1)
    after = rest.split(TABLE_END, 1)[1]
    table = f"{TABLE_BEGIN}\n{summary(rows)}\n\n{as_markdown(rows)}\n\n{TABLE_END}"
    PAGE.write_text(before + table + after, encoding="utf-8")
    if not options.table:
        from physics_figures import draw_all

        draw_all(DOCS / "pictures")
    failed = [f"{row.check.topic}: {row.check.name} = {row.value:g}" for row in rows if not row.passed]
    print(summary(rows))
    if failed:
        raise SystemExit("\n".join(failed))


if __name__ == "__main__":
    main()
