"""What no replay can honour: the calendar, entropy, input, the network, other processes, work left running."""

from __future__ import annotations

import pytest

from fpcache.testing.sessions import Do, assert_same, expect

VOLATILE = """
    import datetime, os, random, secrets, time, uuid
    import numpy as np, pandas as pd
    def today(): return datetime.date.today().year
    def token(): return secrets.token_hex()
    # %%
    now = datetime.datetime.now()
    year = today()
    stamp = pd.Timestamp.now()
    text = time.strftime("%S")
    seconds = time.time()
    # %%
    name = uuid.uuid4().hex
    noise = os.urandom(8)
    secret = token()
    draw = np.random.default_rng().random()
    system = random.SystemRandom().random()
    own = random.Random().random()
"""


def test_calendar_and_entropy_are_refused_in_automatic_mode_and_told_in_explicit(transcript):
    pytest.importorskip("pandas")
    names = ["now", "year", "stamp", "text", "seconds", "name", "noise", "secret", "draw", "system", "own"]
    for _ in range(2):
        auto = transcript.run(VOLATILE, mode="auto")
        expect(auto, {f"{name} =": "uncacheable: reads" for name in names})
        explicit = transcript.run(VOLATILE, mode="explicit", options="")
    expect(explicit, {f"{name} =": "hit" for name in names})
    untold = [row.name for row in explicit.rows() if row.status == "hit" and not row.facts["waived"]]
    assert untold == [], "an explicit cell says that it keeps what it read of the world"
    assert "keeps what the recorded run saw though it reads the calendar" in explicit[1].stream()


def test_input_is_refused_in_both_modes(transcript):
    ask = Do(
        "shell.user_ns['ask'] = lambda: None; import builtins; builtins.input = lambda prompt='': 'typed'"
    )
    cells = [ask, "def question():\n    return input('name? ')", "name = question()", "other = input()"]
    for mode in ("auto", "explicit"):
        for _ in range(2):
            run = transcript.run(cells, mode=mode)
        expect(run, {"name": "uncacheable: input", "other": "uncacheable: input"})
        assert run.value("name") == "typed"


def test_the_network_is_refused_in_automatic_mode(transcript):
    server = Do("""
import http.server, threading
class Handler(http.server.BaseHTTPRequestHandler):
    count = 0
    def do_GET(self):
        Handler.count += 1
        self.send_response(200); self.end_headers(); self.wfile.write(str(Handler.count).encode())
    def log_message(self, *args): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
shell.user_ns["url"] = "http://127.0.0.1/"; shell.user_ns["port"] = server.server_port
""")
    cells = [
        server,
        "import urllib.request\ndef fetch():\n    return urllib.request.urlopen(f'http://127.0.0.1:{port}/').read()",
        "a = fetch()\nb = fetch()",
    ]
    for _ in range(2):
        run = transcript.run(cells)
        expect(run, {"a": "uncacheable: network", "b": "uncacheable: network"})
        assert run.value("a") != run.value("b")


def test_child_processes_are_refused(transcript):
    cells = """
        import subprocess
        def count():
            subprocess.run(["sh", "-c", "echo x >> count.txt"], check=True)
            return len(open("count.txt").read().split())
        # %%
        n = count()
        m = count()
    """
    plain = transcript.plain(cells)
    for _ in range(2):
        run = transcript.run(cells)
        expect(run, {"n": "uncacheable: process", "m": "uncacheable: process"})
        assert_same(plain, run)


def test_a_thread_or_a_task_left_at_work_is_not_skipped(transcript):
    cells = """
        import threading, time
        done = []
        def work():
            time.sleep(0.2); done.append(1)
        # %%
        thread = threading.Thread(target=work)
        thread.start()
        # %%
        def start():
            other = threading.Thread(target=work); other.start()
            return 1
        n = start()
        # %%
        time.sleep(0.6)
        # %%
        count = len(done)
    """
    for _ in range(2):
        run = transcript.run(cells)
        assert run.value("count") == 2
        assert run.statuses()["n = start()"] == "uncacheable"


def test_threads_that_end_inside_the_component_are_no_obstacle(transcript):
    cells = """
        from concurrent.futures import ThreadPoolExecutor
        def square(n): return n * n
        # %%
        with ThreadPoolExecutor(2) as pool:
            squares = list(pool.map(square, range(4)))
    """
    transcript.run(cells)
    warm = transcript.run(cells)
    assert warm.value("squares") == ["list", 0, 1, 4, 9]
