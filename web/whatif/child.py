"""What runs inside a process that judges: it is told a question on its standard input, a socket, and answers there.

It holds the compressed blocks of one media at a time. When the service goes away it ends at once.
"""

import asyncio
import contextlib
import os
import select
import signal
import socket
import threading

from stream.messages import MessageInvalid, frame, read_frame

from .judging import Judging, Recorded
from .messages import ANSWERS, Answer, Begin, End, NextMedia, read_body

_NICENESS = 10
"""Live streams come first."""
_STDIN = 0
_GONE = select.POLLHUP | getattr(select, "POLLRDHUP", 0)


class Conversation:
    """One question after the other."""

    def __init__(self) -> None:
        self._judging: Judging | None = None
        self._media: Recorded | None = None
        self._blocks: list[bytes] = []

    def hear(self, body: bytes) -> Answer | None:
        """Take one message; the answer, if that was the last of a question. Raises ValueError and `MessageInvalid`."""
        match read_body(body):
            case Begin(policies, slack_s):
                self._judging, self._media, self._blocks = Judging(policies, slack_s=slack_s), None, []
            case NextMedia(media):
                self._judge()
                self._media = media
            case End():
                return self._answer(self._judge())
            case bytes(block):
                self._blocks.append(block)
        return None

    def _judge(self) -> Judging:
        """Judge the media whose blocks are there."""
        if self._judging is None:
            raise MessageInvalid("there is no question")
        if self._media is not None:
            self._judging.take(self._media, self._blocks)
        self._media, self._blocks = None, []
        return self._judging

    def _answer(self, judging: Judging) -> Answer:
        self._judging = None
        return Answer(outcomes=tuple(judging.outcomes), exact=judging.exact, last=judging.last)


async def _serve(connection: socket.socket) -> None:
    reader, writer = await asyncio.open_connection(sock=connection)
    conversation = Conversation()
    while (body := await read_frame(reader)) is not None:
        answer = conversation.hear(body)
        if answer is not None:
            writer.write(frame(ANSWERS.dump_json(answer)))
            await writer.drain()


def _end_with(connection: socket.socket) -> None:
    """End this process when the other side is gone, also in the middle of judging."""
    gone = select.poll()
    gone.register(connection.fileno(), _GONE)
    gone.poll()
    os._exit(0)


def main() -> None:
    """Entry of `python -m web.whatif.child`."""
    # Ctrl-C and service managers signal the whole group; only the service decides when this ends.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    os.nice(_NICENESS)
    connection = socket.socket(fileno=os.dup(_STDIN))
    threading.Thread(target=_end_with, args=(connection,), name="end-with-service", daemon=True).start()
    with contextlib.suppress(OSError):
        asyncio.run(_serve(connection))


if __name__ == "__main__":
    main()
