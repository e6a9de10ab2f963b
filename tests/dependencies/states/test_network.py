"""Connections: made by Python or not, over new sockets or old ones."""

from __future__ import annotations

import socket
import sys
import threading

import pytest

from fpcache.dependencies import network


@pytest.fixture
def server():
    echoing: list[threading.Thread] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    one, _ = listening.accept()
                except OSError:
                    return
                echoing.append(threading.Thread(target=echo, args=(one,), daemon=True))
                echoing[-1].start()

        serving = threading.Thread(target=serve, daemon=True)
        serving.start()
        yield listening.getsockname()
        listening.shutdown(socket.SHUT_RDWR)
        serving.join(10)
        for thread in echoing:  # or the end of a connection would be seen by the next test
            thread.join(10)


def echo(one: socket.socket) -> None:
    with one:
        while data := one.recv(100):
            one.sendall(data)


@pytest.fixture
def ran(cells):
    found = cells(network)
    found.live("import socket, subprocess, sys")
    return found


def test_a_run_without_connections_is_not_refused(ran):
    assert ran.run("x = 1").reasons == []


def test_a_connection_is_refused_but_for_explicit_caching(ran, server):
    ran.namespace["server"] = server
    found = ran.run("c = socket.create_connection(server); c.close()")
    assert "reads the network" in found.reasons[0]
    assert found.seen.refusals[0].explicit_ok
    assert [d.kind for d in found.seen.dependencies] == ["waiver"] * len(found.reasons)


def test_a_name_that_is_looked_up_is_refused(ran):
    found = ran.run("x = socket.getaddrinfo('localhost', 80)")
    assert "getaddrinfo: localhost" in found.reasons[0]


@pytest.mark.skipif(sys.platform != "linux", reason="counts bytes through Linux's TCP_INFO")
def test_bytes_over_a_connection_that_was_open_before_are_refused(ran, server):
    with socket.create_connection(server) as one:
        ran.namespace["one"] = one
        one.sendall(b"a")
        one.recv(1)
        assert ran.run("x = 1").reasons == []
        assert "open before" in ran.run("one.sendall(b'b'); x = one.recv(1)").reasons[0]


def test_a_pair_of_sockets_within_the_process_is_not_refused(ran):
    assert (
        ran.run("a, b = socket.socketpair(); a.sendall(b'x'); b.recv(1); a.close(); b.close()").reasons == []
    )


def test_queues_between_processes_are_not_the_network(ran):
    ran.live("import multiprocessing\nm = multiprocessing.Manager()")
    try:
        # What other tests of this process left connected may send something meanwhile; not each time.
        tries = [ran.run("q = m.list([1]); x = q[0]").reasons for _ in range(5)]
        assert [] in tries
    finally:
        ran.live("m.shutdown()")


def test_a_database_file_is_refused(ran, tmp_path):
    ran.namespace["path"] = str(tmp_path / "a.db")
    assert "database" in ran.run("import sqlite3; c = sqlite3.connect(path); c.close()").reasons[0]
