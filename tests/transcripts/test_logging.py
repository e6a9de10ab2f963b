"""Loggers: how they are set decides what a cell shows, and to whom it gives its records."""

from __future__ import annotations

import pytest

from fpcache.testing.sessions import expect
from fpcache.testing.sessions.edits import run_edit_run, run_one_then_other, run_twice

BEGIN = """
    import logging, sys
    log = logging.getLogger("app.part")
    def work(n):
        log.info("working on %s", n)
        logging.getLogger("app.other").warning("about %s", n)
        return n + 1
    # %%
    {}
    # %%
    x = work(1)
"""
SETTINGS = {
    "a level": "log.setLevel(logging.INFO)",
    "the level of another": "logging.getLogger('app.other').setLevel(logging.ERROR)",
    "the level above": "logging.getLogger('app').setLevel(logging.ERROR)",
    "disabled": "logging.getLogger('app.other').disabled = True",
    "a handler": "logging.getLogger('app').addHandler(logging.StreamHandler(sys.stdout))",
    "no longer up": "log.propagate = False; logging.getLogger('app.other').propagate = False",
    "a filter": "logging.getLogger('app.other').addFilter(lambda record: False)",
}


@pytest.mark.parametrize("setting", list(SETTINGS.values()), ids=list(SETTINGS))
def test_a_logger_that_is_set_in_another_way_shows_other_things(transcript, setting):
    _, warm = run_one_then_other(transcript, BEGIN.format("n = 1"), BEGIN.format(setting))
    expect(warm, {"x = work": "miss"})
    _, warm = run_twice(transcript, BEGIN.format(setting))
    expect(warm, {"x = work": "hit"})


def test_a_level_set_within_the_session_counts_for_what_comes_later(transcript):
    warn, quiet = (
        "logging.getLogger('nb').warning('%s', 3)",
        "logging.getLogger('nb').setLevel(logging.ERROR)",
    )
    cells = f"import logging\n# %%\n{warn}\n# %%\n{quiet}"
    _, warm = run_one_then_other(transcript, cells, f"{cells}\n# %%\n{warn}")
    assert [out.get("text") for out in warm[1].outputs] == ["3\n"]
    assert warm[3].outputs == []


HANDLERS = {
    "of one's own": "class Keep(logging.Handler):\n    def emit(self, record): kept.append(record.getMessage())",
    "into a text": "Keep = lambda: logging.StreamHandler(text)",
    "in memory": "import logging.handlers\nKeep = lambda: logging.handlers.MemoryHandler(10)",
    "into a file": "Keep = lambda: logging.FileHandler('log.txt')",
}


@pytest.mark.parametrize("where", ["'app'", ""], ids=["above", "root"])
@pytest.mark.parametrize("handler", list(HANDLERS.values()), ids=list(HANDLERS))
def test_a_record_that_a_handler_keeps_is_logged_again(transcript, handler, where):
    cells = (
        "import io, logging\nkept, text = [], io.StringIO()\n# %%\n"
        + handler
        + (
            f"\nlogging.getLogger({where}).addHandler(Keep())"
            "\n# %%\nlogging.getLogger('app.part').warning('careful'); x = 1"
            "\n# %%\nprint(kept, text.getvalue())"
        )
    )
    _, warm = run_twice(transcript, cells)
    expect(warm, {"logging.getLogger('app.part').warning": "uncacheable: which a replay would leave out"})


def test_a_log_that_is_only_shown_hits_and_is_shown(transcript):
    cells = """
        import logging, sys
        logging.basicConfig(stream=sys.stdout, level="INFO")
        # %%
        logging.getLogger("app").info("got it")
        x = sum(range(100))
    """
    _, warm = run_twice(transcript, cells)
    expect(warm, {"logging.getLogger": "hit"})
    _, warm = run_edit_run(transcript, cells, ("range(100)", "range(99)"))
    expect(warm, {"logging.getLogger": "hit", "x = ": "miss"})


@pytest.mark.parametrize("word", ["%(asctime)s", "%(process)d", "%(relativeCreated)d", "%(thread)d"])
def test_a_log_that_tells_the_time_or_the_process_is_logged_again(transcript, word):
    cells = f"""
        import logging, sys
        logging.basicConfig(stream=sys.stdout, level="INFO", format="{word} %(message)s")
        # %%
        logging.getLogger("app").info("got it"); x = 1
    """
    transcript.run(cells)
    expect(transcript.run(cells), {"logging.getLogger": "uncacheable: another in each run"})
