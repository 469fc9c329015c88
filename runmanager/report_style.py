"""The style sheet of the report: readable on a phone, printed, in the dark, and without colour."""

STYLE = """
:root { --ink: #1b1f24; --paper: #ffffff; --soft: #f4f6f8; --line: #8a929b; --good: #17692f; --bad: #b3123f }
* { box-sizing: border-box }
body { font: 1rem/1.55 system-ui, sans-serif; max-width: 62rem; margin: 0 auto; padding: 1rem;
  color: var(--ink); background: var(--paper) }
h1 { font-size: 1.5rem; line-height: 1.25; overflow-wrap: anywhere } h2 { font-size: 1.2rem; margin-top: 2rem }
figure { margin: 1.5rem 0 } .picture { overflow-x: auto }
img { display: block; width: 100%; height: auto; background: white }
figcaption { font-size: .9rem; margin-top: .4rem }
a { color: inherit }
code { background: var(--soft); padding: .1rem .3rem; overflow-wrap: anywhere }
.verdict { padding: .7rem 1rem; border-left: .4rem solid; background: var(--soft) }
.passed { border-color: var(--good) } .failed { border-color: var(--bad) }
.warning { padding: .5rem 1rem; border: 1px solid var(--line) }
table { border-collapse: collapse; width: 100% } caption { text-align: left; font-size: .9rem; padding-bottom: .4rem }
th, td { text-align: left; padding: .35rem .7rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top;
  overflow-wrap: break-word }
th[scope=row] { font-weight: 600; width: 13rem }
td.value { width: 14rem; white-space: pre-line; font-variant-numeric: tabular-nums } td.outcome { width: 6rem }
td.method { font-size: .85rem }
@media (max-width: 40rem) {
  thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden }
  tr { display: block; padding: .5rem 0; border-bottom: 1px solid var(--line) }
  th[scope], td, td.value, td.outcome { display: block; border: 0; padding: .1rem 0; width: auto }
  img { width: 46rem; max-width: none }
}
@media (prefers-color-scheme: dark) { :root { --ink: #e3e7eb; --paper: #14181d; --soft: #22282f; --line: #6b7683;
  --good: #4ac26b; --bad: #ff7b90 } }
@media print { :root { --ink: black; --paper: white; --soft: white; --good: black; --bad: black }
  body { max-width: none; padding: 0; font-size: 10pt } img { width: 100% } figure, tr { break-inside: avoid }
  h2 { break-after: avoid } .verdict { border: 1px solid black; border-left-width: .4rem } }
"""
