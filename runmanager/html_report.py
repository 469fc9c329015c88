"""A self-contained HTML page of one analysis: verdict, numbers, figure, and the command that reproduces it."""

import base64
import html
import io
import shlex
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from runfile.results import Analysis
from runmanager.numbers import with_error

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1b1f24 }
h1 { font-size: 1.5rem } table { border-collapse: collapse; width: 100% } img { max-width: 100% }
th, td { text-align: left; padding: .35rem .7rem; border-bottom: 1px solid #d5dae0; vertical-align: top }
.verdict { padding: .7rem 1rem; border-left: .4rem solid; background: #f4f6f8 }
.passed { border-color: #1a7f37 } .failed { border-color: #cf222e } code { background: #f4f6f8; padding: .1rem .3rem }
@media (prefers-color-scheme: dark) { body { background: #14181d; color: #e3e7eb }
  .verdict, code { background: #22282f } th, td { border-color: #3a424b } img { background: white } }
"""


def write_report(path: Path, title: str, found: Analysis, figure: "Figure") -> Path:
    """Write ``<file>.html`` and ``<file>.png`` beside the analysed file; returns the page's path."""
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=150)
    path.with_suffix(".png").write_bytes(picture.getvalue())
    target = path.with_suffix(".html")
    target.write_text(_page(path, title, found, picture.getvalue()), encoding="utf-8")
    return target


def _page(path: Path, title: str, found: Analysis, picture: bytes) -> str:
    word = "passed" if found.verdict.passed else "failed"
    rows = "".join(
        f"<tr><td>{_text(name)}</td><td>{_text(with_error(result))}</td><td>{_text(result.method)}</td></tr>"
        for name, result in found.results.items()
    )
    checks = "".join(
        f"<tr><td>{'✓' if check.passed else '✗'} {_text(check.name)}</td><td>{_text(check.detail)}</td></tr>"
        for check in found.verdict.checks
    )
    warnings = "".join(f"<p><strong>Warning:</strong> {_text(warning)}</p>" for warning in found.warnings)
    encoded = base64.b64encode(picture).decode("ascii")
    command = f"solotron analyze {shlex.quote(path.name)} --report"
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{_text(title)}</title><style>{STYLE}</style></head><body>
<h1>{_text(title)}</h1>
<p class="verdict {word}"><strong>Verdict: {word}.</strong> {_text(found.verdict.reason)}</p>
{warnings}
<img alt="Figure of {_text(title)}" src="data:image/png;base64,{encoded}">
<h2>Results</h2><table><tr><th>Quantity</th><th>Value</th><th>Method</th></tr>{rows}</table>
<h2>Checks</h2><table>{checks}</table>
<p>Made by solotron {metadata.version("solotron")} with <code>{_text(command)}</code></p>
</body></html>
"""


def _text(text: str) -> str:
    return html.escape(text)
