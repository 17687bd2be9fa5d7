"""Trickle ICE and ICE restart on a live connection.

aiortc adds candidates, but cannot restart ICE. aioice can, as it stands: a check that comes in under new credentials
makes a new pair, and a pair that the publisher nominates takes the place of the one in use, while DTLS and the media
above notice nothing. So a restart is a change of the credentials on both sides, and checks to the new candidates.
The credentials of our own side and the list of pairs have private names; a test says when they go away.
"""

import asyncio
import logging

from aioice.ice import CandidatePair, Connection
from aioice.utils import random_string
from aiortc import RTCPeerConnection, RTCRtpTransceiver
from aiortc.rtcicetransport import RTCIceCandidate, RTCIceTransport
from aiortc.sdp import candidate_from_sdp, candidate_to_sdp

from stream.sdp_fragment import MOST_CANDIDATES, Fragment, FragmentInvalid, Trickled, write_fragment

_UFRAG_CHARS, _PWD_CHARS = 8, 24
_ADD_TIMEOUT_S = 5.0
_PACE_S = 0.02
_log = logging.getLogger("gorewatch.worker")


class IceSession:
    """The ICE of one publisher, from its answer on."""

    def __init__(self, peer: RTCPeerConnection, transceiver: RTCRtpTransceiver) -> None:
        self._transceiver = transceiver
        self._transport: RTCIceTransport = transceiver.receiver.transport.transport
        # Sections of one bundle share a transport: a candidate of any of them is one of the video's.
        self._mids = {
            other.mid for other in peer.getTransceivers() if other.receiver.transport is transceiver.receiver.transport
        }

    @property
    def _connection(self) -> Connection:
        return self._transport._connection

    async def trickle(self, fragment: Fragment) -> None:
        """Add the publisher's candidates. Those of another session, or beyond the limit, are passed over."""
        remote = self._connection.remote_username
        if fragment.ufrag is not None and remote is not None and fragment.ufrag != remote:
            return
        await self._add_all(fragment)
        if fragment.ended:
            await self._transport.addRemoteCandidate(None)

    async def restart(self, fragment: Fragment) -> str:
        """Take the publisher's new credentials. Returns the fragment with ours. Raises `FragmentInvalid`."""
        connection = self._connection
        if fragment.ufrag is None or fragment.pwd is None:
            raise FragmentInvalid("A restart needs ice-ufrag and ice-pwd.")
        if fragment.ufrag == connection.remote_username:
            raise FragmentInvalid("A restart needs a new ice-ufrag.")
        connection.remote_username, connection.remote_password = fragment.ufrag, fragment.pwd
        connection._local_username = random_string(_UFRAG_CHARS)
        connection._local_password = random_string(_PWD_CHARS)
        before = set(map(id, connection._check_list))
        connection._remote_candidates.clear()
        connection._remote_candidates_end = self._transport.iceGatherer._remote_candidates_end = False
        await self._add_all(fragment)
        for pair in [pair for pair in connection._check_list if id(pair) not in before]:
            # The loop that starts checks has ended with the first connection.
            if pair.state in (CandidatePair.State.FROZEN, CandidatePair.State.WAITING):
                connection.check_start_task(pair)
                await asyncio.sleep(_PACE_S)
        return self._ours()

    def _ours(self) -> str:
        connection = self._connection
        return write_fragment(
            ufrag=connection.local_username,
            pwd=connection.local_password,
            media="m=video 9 UDP/TLS/RTP/SAVPF 0",
            mid=self._transceiver.mid or "0",
            candidates=[candidate_to_sdp(one) for one in self._transport.iceGatherer.getLocalCandidates()],
        )

    async def _add_all(self, fragment: Fragment) -> None:
        """At once, since the name of a browser's candidate may have to be looked up in the local network."""
        ours = [one for one in fragment.candidates if one.mid is None or one.mid in self._mids]
        room = max(MOST_CANDIDATES - len(self._connection.remote_candidates), 0)
        await asyncio.gather(*(self._add(trickled) for trickled in ours[:room]))

    async def _add(self, trickled: Trickled) -> None:
        candidate: RTCIceCandidate = candidate_from_sdp(trickled.candidate)
        if candidate.protocol.lower() != "udp":
            return
        try:
            async with asyncio.timeout(_ADD_TIMEOUT_S):
                await self._transport.addRemoteCandidate(candidate)
        except (TimeoutError, ValueError) as error:
            _log.debug("a publisher's candidate was not taken: %s", error)
