"""A reply's headers wait for its body, and for nothing else."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from serving.one_send import JoiningSocket


class Recorder:
    """A connection that remembers each piece that was sent."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def sendall(self, data: bytes) -> None:
        """Remember a piece."""
        self.pieces.append(data)


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two ends of a connection."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.settimeout(5)
        yield ours, theirs


def test_headers_leave_with_the_body_and_later_pieces_alone() -> None:
    """The first two pieces are one send, and a stream's further ones are sent as they come."""
    recorder = Recorder()
    joining = JoiningSocket(recorder)
    for piece in (b"head", b"body", b"more", b"last"):
        joining.sendall(piece)
    joining.flush()

    assert recorder.pieces == [b"headbody", b"more", b"last"]


def test_a_reply_without_a_body_is_sent_once() -> None:
    """Headers alone leave when the request is done, and not again."""
    recorder = Recorder()
    joining = JoiningSocket(recorder)
    joining.sendall(b"head")
    assert not recorder.pieces
    joining.flush()
    joining.flush()

    assert recorder.pieces == [b"head"]


def test_headers_go_before_a_file_and_before_the_end(ends: tuple[socket.socket, socket.socket]) -> None:
    """Whatever else is done with the connection finds the headers sent: here it is closed for writing."""
    ours, theirs = ends
    joining = JoiningSocket(ours)
    joining.sendall(b"head")
    joining.shutdown(socket.SHUT_WR)

    assert (theirs.recv(10), theirs.recv(10)) == (b"head", b"")
