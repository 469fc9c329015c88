"""The status page as HTML: one page without scripts, readable on a phone, in the dark and by a screen reader.

Everything that comes from outside is escaped here, at the border.
"""

import html
import time

from runmanager.numbers import duration
from runmanager.status.snapshot import BenchSafety, Ended, RunningNow, Safety, Snapshot, Waiting

REFRESH_S = 5
LATEST_S = 4e9  # 2096; beyond it a forecast is no time of day

STYLE = """
:root { --ink: #1b1f24; --paper: #ffffff; --soft: #f1f4f6; --line: #8a929b; --good: #17692f; --bad: #b3123f;
  --busy: #1d5b9e }
@media (prefers-color-scheme: dark) { :root { --ink: #e3e7eb; --paper: #14181d; --soft: #22282f; --line: #6b7683;
  --good: #4ac26b; --bad: #ff7b90; --busy: #6cb2ff } }
* { box-sizing: border-box }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; color: var(--ink);
  background: var(--paper); overflow-wrap: break-word }
h1 { font-size: 1.3rem; margin: 0 } h2 { font-size: 1.05rem; margin: 1.6rem 0 .5rem }
.taken { margin: 0; font-size: .85rem }
.card { padding: .6rem .9rem; margin: .5rem 0; border-left: .4rem solid var(--line); background: var(--soft) }
.good { border-color: var(--good) } .bad { border-color: var(--bad) } .busy { border-color: var(--busy) }
.card p { margin: .2rem 0 } .state { font-weight: 600 }
.alarm { border: .2rem solid var(--bad); border-left-width: .6rem; font-size: 1.1rem }
progress { width: 100%; height: 1.1rem; accent-color: var(--busy) }
ol, ul { list-style: none; padding: 0; margin: 0 }
li { padding: .45rem 0; border-bottom: 1px solid var(--line) } li p { margin: 0 }
.row { display: flex; justify-content: space-between; gap: 0 1rem; flex-wrap: wrap }
.when, .small { font-size: .88rem; font-variant-numeric: tabular-nums }
.pass { color: var(--good) } .fail { color: var(--bad) }
"""


def page(snapshot: Snapshot) -> str:
    """The whole page of ``snapshot``."""
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="{REFRESH_S}"><meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,"><title>{_title(snapshot)}</title><style>{STYLE}</style></head><body>
<header><h1>solotron</h1><p class="taken">as of {_date(snapshot.taken_at)}, renewed every {REFRESH_S} s</p></header>
<main>
{_safe_state(snapshot)}
{_now(snapshot)}
{_queue(snapshot)}
{_last(snapshot)}
</main></body></html>
"""


def _title(snapshot: Snapshot) -> str:
    if any(bench.safety is Safety.NOT_CONFIRMED for bench in snapshot.benches):
        return "NOT SAFE - solotron"
    if snapshot.running:
        first = snapshot.running[0]
        return _text(f"{first.fraction:.0%} {first.experiment} - solotron")
    return "idle - solotron"


def _safe_state(snapshot: Snapshot) -> str:
    if not snapshot.benches:
        return ""
    return "<h2>Safe state</h2>" + "\n".join(_bench(bench) for bench in snapshot.benches)


def _bench(bench: BenchSafety) -> str:
    look = {
        Safety.CONFIRMED: "card good",
        Safety.IN_USE: "card busy",
        Safety.PAUSED: "card busy",
        Safety.UNKNOWN: "card bad",
        Safety.NOT_CONFIRMED: "card alarm",
    }[bench.safety]
    by_hand = f"<p>Do this by hand now: {_text(bench.by_hand)}</p>" if bench.by_hand else ""
    alarm = ' role="alert"' if bench.by_hand else ""
    return (
        f'<div class="{look}"{alarm}><p class="state">{_text(bench.bench)}: {_text(bench.safety.upper())}</p>'
        f"<p>{_text(bench.text)}</p>{by_hand}</div>"
    )


def _now(snapshot: Snapshot) -> str:
    if not snapshot.running:
        what = "The queue is paused: nothing starts." if snapshot.held else "Nothing is running."
        return f"<h2>Now</h2><p>{what}</p>"
    return "<h2>Now</h2>" + "\n".join(_running(run, snapshot.taken_at) for run in snapshot.running)


def _running(run: RunningNow, now: float) -> str:
    percent = 100.0 * min(max(run.fraction, 0.0), 1.0)
    state = "paused" if run.paused else _left(run.finishes_at, now)
    return (
        f'<div class="card busy"><p class="row"><span class="state">{run.id} {_text(run.experiment)}</span>'
        f"<span>{_text(run.bench)}</span></p>"
        f'<progress max="100" value="{percent:.1f}" aria-label="done">{percent:.0f} %</progress>'
        f'<p class="row"><span>{_text(run.what or "starting")}</span><span class="when">{percent:.0f} %, {state}'
        f"</span></p><p class=small>began {_clock(run.started_at, now)}</p></div>"
    )


def _left(finishes_at: float | None, now: float) -> str:
    if finishes_at is None:
        return "time left unknown"
    if finishes_at <= now:
        return "should end at any moment"
    return f"{duration(finishes_at - now)} left, until {_clock(finishes_at, now)}"


def _queue(snapshot: Snapshot) -> str:
    if not snapshot.n_waiting:
        return "<h2>Waiting</h2><p>The queue is empty.</p>"
    more = snapshot.n_waiting - len(snapshot.waiting)
    rest = f'<p class="small">and {more} more</p>' if more else ""
    rows = "\n".join(_waiting(entry, snapshot.taken_at) for entry in snapshot.waiting)
    return f"<h2>Waiting ({snapshot.n_waiting})</h2><ol>{rows}</ol>{rest}"


def _waiting(entry: Waiting, now: float) -> str:
    ends = "no forecast yet" if entry.finishes_at is None else f"ends about {_clock(entry.finishes_at, now)}"
    if entry.skipped:
        ends = "will be skipped"
    problems = "".join(f'<p class="small fail">⚠ {_text(violation)}</p>' for violation in entry.violations)
    return (
        f'<li><p class="row"><span>{entry.id} {_text(entry.experiment)} <span class="small">on {_text(entry.bench)}'
        f'</span></span><span class="when">{ends}</span></p>{problems}</li>'
    )


def _last(snapshot: Snapshot) -> str:
    if not snapshot.ended:
        return "<h2>Last runs</h2><p>None yet.</p>"
    rows = "\n".join(_ended(entry, snapshot.taken_at) for entry in snapshot.ended)
    return f"<h2>Last runs</h2><ul>{rows}</ul>"


def _ended(entry: Ended, now: float) -> str:
    if entry.passed is None:
        mark, look = entry.status, "fail"
    elif entry.passed and entry.status == "completed":
        mark, look = "✓ verdict passed", "pass"
    else:
        mark, look = f"✗ {entry.status}, verdict {'passed' if entry.passed else 'failed'}", "fail"
    numbers = "".join(f'<p class="small">{_text(line)}</p>' for line in entry.results)
    reason = f'<p class="small">{_text(entry.reason)}</p>' if entry.reason else ""
    return (
        f'<li><p class="row"><span>{entry.id} {_text(entry.experiment)} <span class="small">on {_text(entry.bench)}'
        f'</span></span><span class="{look}">{_text(mark)}</span></p>{numbers}{reason}'
        f'<p class="small">ended {_clock(entry.finished_at, now)}</p></li>'
    )


def _date(at_s: float) -> str:
    return time.strftime("%a %d %b %Y, %H:%M:%S", time.localtime(at_s))


def _clock(at_s: float, now: float) -> str:
    """Local wall clock; with the day where it is another one, because a night has two."""
    if not 0.0 <= at_s < LATEST_S:
        return "at an unknown time"
    at, today = time.localtime(at_s), time.localtime(now)
    same_day = (at.tm_year, at.tm_yday) == (today.tm_year, today.tm_yday)
    return time.strftime("%H:%M" if same_day else "%a %d %b, %H:%M", at)


def _text(text: str) -> str:
    return html.escape(" ".join(str(text).split()), quote=True)
