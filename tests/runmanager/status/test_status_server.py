"""The status page over HTTP: read-only, loopback or token, escaped; and once in a real browser."""

import http.client
import json
import shutil
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runmanager.errors import BadInputError
from runmanager.queue.entries import Ending, Entry, Job, Prediction, Status
from runmanager.queue.store import QueueStore
from runmanager.status import serving
from runmanager.status import snapshot as snapshots
from runmanager.status.server import StatusServer

NOW = 1_795_000_000.0
TOKEN = "a-token-of-enough-characters"  # noqa: S105 - opens nothing

Start = Callable[..., StatusServer]


def a_night() -> snapshots.Snapshot:
    running = Entry(
        3, Status.RUNNING, 3.0, Job("esr", station=Path("lab.yaml")), NOW,
        started_at=NOW - 60, fraction=0.4, what="sweep 4 of 10 <b>&",
        prediction=Prediction(100.0, 10, {}, passed=True),
    )  # fmt: skip
    waiting = Entry(
        4, Status.QUEUED, 4.0, Job("g2"), NOW, confirmed=True,
        prediction=Prediction(50.0, 10, {}, passed=False, violations=("the laser does not reach 900 nm",)),
    )  # fmt: skip
    ended = Entry(
        2, Status.COMPLETED, 2.0, Job("g2", station=Path("cave.yaml")), NOW,
        ending=Ending(4, NOW - 90.0, unsafe="close <the> shutter", passed=True, duration_s=float("nan")),
    )  # fmt: skip
    return snapshots.take([running], [waiting], [ended], held=False, now=NOW)


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[tuple[StatusServer, threading.Thread]] = []

    def begin(look: Callable[[], snapshots.Snapshot] = a_night, **options: str) -> StatusServer:
        server = StatusServer(look, **options)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        started.append((server, thread))
        return server

    yield begin
    for server, thread in started:
        server.shutdown()
        thread.join()
        server.server_close()


def ask(
    server: StatusServer, path: str = "/", method: str = "GET", headers: dict[str, str] | None = None
) -> tuple[int, str, http.client.HTTPResponse]:
    connection = http.client.HTTPConnection(*server.server_address[:2], timeout=10)
    try:
        connection.request(method, path, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), answer
    finally:
        connection.close()


def test_the_page_tells_what_runs_and_for_how_long(start: Start) -> None:
    status, text, _ = ask(start())
    assert status == 200
    assert "3 esr" in text
    assert "1 min 00 s left" in text


def test_the_alarm_stands_before_everything_else(start: Start) -> None:
    text = ask(start())[1]
    assert text.index("Do this by hand now: close &lt;the&gt; shutter") < text.index("<h2>Now</h2>")


def test_everything_from_outside_is_escaped(start: Start) -> None:
    text = ask(start())[1]
    assert "sweep 4 of 10 &lt;b&gt;&amp;" in text
    assert "<b>" not in text


def test_the_json_is_strict(start: Start) -> None:
    status, text, _ = ask(start(), "/status.json")
    assert status == 200
    assert json.loads(text)["waiting"][0]["violations"] == ["the laser does not reach 900 nm"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_can_be_changed(start: Start, method: str) -> None:
    status, _, answer = ask(start(), method=method)
    assert status == 405
    assert answer.headers["Allow"] == "GET, HEAD"


def test_head_has_no_body(start: Start) -> None:
    status, text, answer = ask(start(), method="HEAD")
    assert (status, text) == (200, "")
    assert int(answer.headers["Content-Length"]) > 0


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[::1"])
def test_a_foreign_name_is_not_answered(start: Start, host: str) -> None:
    assert ask(start(), headers={"Host": host})[0] in (400, 421)


@pytest.mark.parametrize("path", ["/etc/passwd", "/../queue.sqlite", "/status.json/x"])
def test_there_is_nothing_but_the_page(start: Start, path: str) -> None:
    assert ask(start(), path)[0] == 404


def test_with_a_token_nobody_reads_without_it(start: Start) -> None:
    server = start(token=TOKEN)
    assert ask(server)[0] == 403
    assert ask(server, "/?token=wrong-token-wrong-token")[0] == 403
    assert ask(server, f"/?token={TOKEN}")[0] == 200
    assert ask(server, headers={"Authorization": f"Bearer {TOKEN}"})[0] == 200


def test_beyond_loopback_a_token_is_demanded() -> None:
    with pytest.raises(BadInputError, match="give a --token"):
        StatusServer(a_night, host="0.0.0.0")  # noqa: S104 - refused before it listens


@pytest.mark.parametrize("token", ["short", "with space and more words", "äöü" * 10])
def test_a_weak_token_is_refused(token: str) -> None:
    with pytest.raises(BadInputError, match="token must be at least 16"):
        StatusServer(a_night, token=token)


def test_a_port_in_use_is_named(start: Start) -> None:
    port = start().server_address[1]
    with pytest.raises(BadInputError, match=f"port {port}"):
        StatusServer(a_night, port=port)


def test_a_queue_that_cannot_be_read_does_not_end_the_page(start: Start) -> None:
    answers = iter([BadInputError("the queue is gone"), a_night()])

    def look() -> snapshots.Snapshot:
        answer = next(answers)
        if isinstance(answer, BadInputError):
            raise answer
        return answer

    server = start(look)
    assert ask(server)[0] == 503
    assert ask(server)[0] == 200


def test_in_a_real_browser(start: Start, tmp_path: Path) -> None:
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no Chromium on this machine")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    shown = subprocess.run(
        [browser, *options, f"--user-data-dir={tmp_path}", "--dump-dom", start().url],
        capture_output=True, text=True, timeout=100, check=True,
    ).stdout  # fmt: skip
    assert "NOT CONFIRMED" in shown
    assert "close &lt;the&gt; shutter" in shown


def test_the_page_of_a_queue_with_a_dead_runner(tmp_path: Path) -> None:
    path = tmp_path / "queue.sqlite"
    code = (
        "import os, sys; from pathlib import Path; from runmanager.queue.entries import Job;"
        "from runmanager.queue.store import QueueStore; store = QueueStore(Path(sys.argv[1]));"
        "store.add(Job('g2', out=Path(sys.argv[1]).parent)); store.claim_next(store.hold().__enter__()); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=False, timeout=60)
    seen = serving.look_at(path)
    assert not seen.running
    assert seen.benches[0].safety is snapshots.Safety.UNKNOWN


def test_a_page_of_no_queue_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="there is no queue at"):
        serving.serve(tmp_path / "none.sqlite", host="127.0.0.1", port=0, token="", as_json=True)
    assert not (tmp_path / "none.sqlite").exists()


def test_the_command_serves_until_it_is_told_to_end(tmp_path: Path) -> None:
    path = tmp_path / "queue.sqlite"
    with QueueStore(path) as store:
        store.add(Job("g2", out=tmp_path))
    command = [sys.executable, "-m", "runmanager", "queue", "status-page", "--queue", str(path), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            url = json.loads(process.stdout.readline())["url"]
            assert url.startswith("http://127.0.0.1:")
            with urllib.request.urlopen(url, timeout=20) as answer:  # noqa: S310 - loopback
                assert b"1 g2" in answer.read()
        finally:
            process.terminate()
        assert process.wait(timeout=30) == 0
