"""The adapter to IPython: the hook, and what it sees of outputs."""

from __future__ import annotations

import sys

import pytest
from IPython.core.interactiveshell import InteractiveShell

from fpcache.replay.outputs import OutputLog
from fpcache.shell import ShellAdapter, hide_magic_line


@pytest.fixture
def shell():
    InteractiveShell.clear_instance()
    made = InteractiveShell.instance()
    yield made
    InteractiveShell.clear_instance()


def watched(adapter: ShellAdapter, code: str) -> tuple[list, list, list]:
    """Run code while watching; return outputs, values and errors."""
    log, values, errors = OutputLog(), [], []
    with adapter.watch_outputs(log, values.append, errors.append):
        adapter.shell.run_cell(code, store_history=True)
    return [(type(item).__name__, getattr(item, "text", None)) for item in log], values, errors


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["%%fpcache --whole\n", "x = 1\n"], ["#%fpcache --whole\n", "x = 1\n"]),
        (["%%fpcache\n", "x\n"], ["#%fpcache\n", "x\n"]),
        (["%%fpcache\n", "\n", "%%time\n", "x\n"], ["%%time\n", "x\n"]),
        (["%%fpcache\n"], ["#%fpcache\n"]),
        (["%%fpcached\n", "x\n"], ["%%fpcached\n", "x\n"]),
        (["x = 1\n", "%%fpcache\n"], ["x = 1\n", "%%fpcache\n"]),
        ([], []),
    ],
)
def test_only_a_first_line_with_the_magic_is_hidden_at_the_same_length(lines, expected):
    assert hide_magic_line(lines) == expected


def test_the_hook_gets_the_magics_arguments_and_unloading_leaves_no_trace(shell):
    adapter, seen = ShellAdapter(shell), []

    async def run_cell(request):
        seen.append((request.magic_line, len(request.nodes)))
        return await adapter.run_nodes(
            request.nodes, request.cell_name, request.interactivity, request.compiler, request.result
        )

    transformers = list(shell.input_transformers_cleanup)
    assert adapter.install(run_cell)
    assert shell.run_cell("%%fpcache --quiet\nx = 1\ny = 2").success
    assert shell.run_cell("x").success
    adapter.uninstall()
    assert shell.run_cell("z = 3").success
    assert seen == [("--quiet", 2), (None, 1)]
    assert shell.input_transformers_cleanup == transformers
    assert "run_ast_nodes" not in vars(shell)


def test_a_shell_that_runs_cells_in_its_own_way_is_not_hooked(shell):
    class Other(InteractiveShell):
        async def run_ast_nodes(self, nodes, name):
            return False

    assert not ShellAdapter(Other()).install(None)


def test_outputs_are_seen_in_order_and_still_shown(shell, capsys):
    code = "import sys\nprint('a')\nprint('b', file=sys.stderr)\nprint('c')\n41 + 1"
    outputs, values, errors = watched(ShellAdapter(shell), code)
    assert outputs == [("Stream", "a\n"), ("Stream", "b\n"), ("Stream", "c\n"), ("Result", None)]
    assert values == [42]
    assert errors == []
    shown = capsys.readouterr()
    assert "a\nc\n" in shown.out
    assert "42" in shown.out
    assert shown.err == "b\n"


def test_a_traceback_is_noticed(shell, capsys):
    assert len(watched(ShellAdapter(shell), "1/0")[2]) == 1
    assert "ZeroDivisionError" in capsys.readouterr().out


def test_nothing_stays_wrapped_after_watching(shell, capsys):
    streams = (sys.stdout, sys.stderr)
    adapter = ShellAdapter(shell)
    watched(adapter, "print(1)")
    assert (sys.stdout, sys.stderr) == streams
    assert "write" not in vars(sys.stdout) if hasattr(sys.stdout, "__dict__") else True
    assert "publish" not in vars(shell.display_pub)
    assert "write_format_data" not in vars(shell.displayhook)


def test_a_silenced_expression_is_no_result(shell, capsys):
    assert watched(ShellAdapter(shell), "1 + 1;")[:2] == ([], [])


def test_a_replayed_result_sets_out_and_underscore(shell, capsys):
    adapter = ShellAdapter(shell)
    shell.run_cell("before = 1", store_history=True)
    shell.execution_count += 1
    adapter.publish_result("value", {"text/plain": "'picture'"}, {})
    assert shell.displayhook._ == "value"  # `_` itself may belong to gettext by now
    assert list(shell.user_ns["Out"].values()) == ["value"]
    assert "'picture'" in capsys.readouterr().out
