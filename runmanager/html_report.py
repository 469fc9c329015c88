"""A self-contained HTML page of one analysis: verdict, numbers, figures, and the command that reproduces it.

Beside the page lie the figures as PNG and all numbers as JSON, for a script.
"""

import base64
import hashlib
import html
import io
import json
import platform
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runfile.results import Analysis, Check, Result
from runmanager.numbers import with_error
from runmanager.report_style import STYLE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SHORT = ((1e3, "ms"), (1e6, "µs"), (1e9, "ns"))
_PACKAGES = ("solotron", "numpy", "scipy", "h5py", "ptufile")


@dataclass(frozen=True)
class Section:
    """A further part of a report: what is seen beside the verdict. ``name``: short, for file names and JSON."""

    name: str
    heading: str
    caption: str
    figure: "Figure"
    results: dict[str, Result]
    remarks: tuple[str, ...] = ()


def report_path(path: Path, ending: str) -> Path:
    """Where a part of the report of ``path`` lies: ``run.h5`` → ``run.html``, any other ``x.ptu`` → ``x.ptu.html``.

    So two measurements in one folder never share a report. ``ending``: ".html", "-brightness.png", …
    """
    stem = path.stem if path.suffix.lower() == ".h5" else path.name
    return path.with_name(stem + ending)


def write_report(
    path: Path,
    title: str,
    found: Analysis,
    figure: "Figure",
    *,
    sections: Sequence[Section] = (),
    words: Sequence[str] = (),
) -> Path:
    """Write page (.html), figures (.png) and numbers (.json) beside the analysed file; returns the page's path.

    ``words``: options of the command that repeats the analysis.
    """
    command = _command(path, words)
    pictures = [_png(figure), *(_png(section.figure) for section in sections)]
    report_path(path, ".png").write_bytes(pictures[0])
    for section, picture in zip(sections, pictures[1:], strict=True):
        report_path(path, f"-{section.name}.png").write_bytes(picture)
    document = _document(path, title, found, sections, command)
    text = json.dumps(document, allow_nan=False, indent=1, ensure_ascii=False)
    report_path(path, ".json").write_text(text + "\n", encoding="utf-8")
    target = report_path(path, ".html")
    target.write_text(_page(path, title, found, sections, pictures, command), encoding="utf-8")
    return target


def _command(path: Path, words: Sequence[str]) -> str:
    return shlex.join(["solotron", "analyze", path.name, "--report", *words])


def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in _PACKAGES}}


def _document(path: Path, title: str, found: Analysis, sections: Sequence[Section], command: str) -> dict[str, Any]:
    """The same keys as ``analyze --json``, and what is needed to repeat it: file, its checksum, command, versions."""
    from runmanager.output import analysis_document

    size, checksum = None, None
    if path.is_file():
        with path.open("rb") as stream:
            checksum = hashlib.file_digest(stream, "sha256").hexdigest()
        size = path.stat().st_size
    return {
        "run_file": path.name,
        "title": title,
        **analysis_document(found),
        "sections": {
            section.name: {
                "results": analysis_document(Analysis(section.results, found.verdict))["results"],
                "remarks": list(section.remarks),
            }
            for section in sections
        },
        "command": command,
        "versions": _versions(),
        "size_bytes": size,
        "sha256": checksum,
    }


def _page(
    path: Path,
    title: str,
    found: Analysis,
    sections: Sequence[Section],
    pictures: Sequence[bytes],
    command: str,
) -> str:
    word = "passed" if found.verdict.passed else "failed"
    warnings = "".join(
        f'<p class="warning"><strong>Warning:</strong> {_text(warning)}</p>\n' for warning in found.warnings
    )
    further = "".join(_section(section, picture) for section, picture in zip(sections, pictures[1:], strict=True))
    summary = f"{title}: verdict {word}. The numbers drawn here are in the table of results."
    versions = ", ".join(f"{name} {version}" for name, version in _versions().items())
    numbers = report_path(path, ".json").name
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{_text(title)}</title><style>{STYLE}</style></head><body><main>
<h1>{_text(title)}</h1>
<p class="verdict {word}">
<strong>{_mark(found.verdict.passed)} Verdict: {word}.</strong> {_text(found.verdict.reason)}</p>
{warnings}{_picture(pictures[0], summary, f"{title}, as analysed.")}
<h2>Results</h2>
{_results(found.results, "One standard error unless an interval is given.")}
<h2>Checks</h2>
{_checks(found.verdict.checks)}
{further}<h2>Repeat it</h2>
<p>In the folder of <code>{_text(path.name)}</code>: <code>{_text(command)}</code></p>
<p>All numbers for a script: <a href="{_text(numbers)}">{_text(numbers)}</a>. Made with {_text(versions)}.</p>
</main></body></html>
"""


def _section(section: Section, picture: bytes) -> str:
    remarks = "".join(f"<p>{_text(remark)}</p>\n" for remark in section.remarks)
    return f"""<h2>{_text(section.heading)}</h2>
{remarks}{_picture(picture, f"{section.heading}. The numbers drawn here are in the table below.", section.caption)}
{_results(section.results, "Not part of the verdict.")}
"""


def _results(results: dict[str, Result], caption: str) -> str:
    rows = "".join(
        f'<tr><th scope="row">{_text(name)}</th><td class="value">{_value(result)}</td>'
        f'<td class="method">{_text(result.method)}</td></tr>\n'
        for name, result in results.items()
    )
    return (
        f"<table><caption>{_text(caption)}</caption><thead><tr><th scope='col'>Quantity</th><th scope='col'>Value</th>"
        f"<th scope='col'>Method</th></tr></thead><tbody>\n{rows}</tbody></table>"
    )


def _value(result: Result) -> str:
    """The number, short times in ms, µs or ns; its interval on a line of its own."""
    if result.unit == "s" and 0.0 < abs(result.value) < 0.1:
        factor, unit = next((each for each in _SHORT if abs(result.value) * each[0] >= 1.0), _SHORT[-1])
        edges = None if result.interval is None else (result.interval[0] * factor, result.interval[1] * factor)
        result = replace(result, value=result.value * factor, stderr=result.stderr * factor, unit=unit, interval=edges)
    return _text(with_error(result)).replace("  [", "\n[")


def _checks(checks: Sequence[Check]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{_mark(check.passed)} {_text(check.name)}</th>'
        f"<td class='outcome'>{'passed' if check.passed else 'failed'}</td><td>{_text(check.detail)}</td></tr>\n"
        for check in checks
    )
    return (
        "<table><caption>The verdict is passed when all of these are.</caption><thead><tr><th scope='col'>Check</th>"
        f"<th scope='col'>Outcome</th><th scope='col'>Detail</th></tr></thead><tbody>\n{rows}</tbody></table>"
    )


def _picture(png: bytes, alternative: str, caption: str) -> str:
    """The figure; on a narrow screen its frame scrolls, also by keyboard."""
    encoded = base64.b64encode(png).decode("ascii")
    return (
        '<figure><div class="picture" role="group" aria-label="Figure" tabindex="0">'
        f'<img alt="{_text(alternative)}" src="data:image/png;base64,{encoded}"></div>'
        f"<figcaption>{_text(caption)}</figcaption></figure>"
    )


def _png(figure: "Figure") -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=150)
    return buffer.getvalue()


def _mark(passed: bool) -> str:
    return "✓" if passed else "✗"


def _text(text: str) -> str:
    return html.escape(text)
