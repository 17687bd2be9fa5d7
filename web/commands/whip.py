"""A WHIP publisher (RFC 9725) of a video file, on aiortc's media player."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import aiohttp
import av
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.contrib.media import MediaPlayer
from aiortc.mediastreams import MediaStreamTrack

_HTTP_TIMEOUT = aiohttp.ClientTimeout(total=20.0)
_CONNECT_TIMEOUT_S = 15.0
_LAST_PACKETS_S = 0.5
_OVER = frozenset({"failed", "closed"})
_SDP = "application/sdp"


class PublishFailed(Exception):
    """`str()` is one sentence that says what to do about it."""


async def publish_file(path: Path, url: str, *, token: str | None = None) -> None:
    """Returns when the file has been sent to its end and the session is taken down; cancelling takes it down too.

    Raises `PublishFailed` when the file is no video, the endpoint refuses, or the connection breaks.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise PublishFailed(f"{url!r} is no WHIP endpoint; give an address such as http://127.0.0.1:8080/whip/NAME.")
    player, codec = _open(path)
    track = player.video
    assert track is not None, "_open has looked for it"
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    try:
        async with aiohttp.ClientSession(headers=headers, timeout=_HTTP_TIMEOUT) as http:
            await _offer(peer, track, codec)
            async with _session(http, peer, url):
                await _until_over(peer, track)
    finally:
        track.stop()
        await peer.close()


def _open(path: Path) -> tuple[MediaPlayer, str | None]:
    """The player, and the codec that its packets have if they can be sent as they are."""
    try:
        codec = _sendable_codec(path)
        player = MediaPlayer(str(path), decode=codec is None)
    except (av.FFmpegError, OSError) as error:
        reason = (error.strerror or str(error)).rstrip(".")
        raise PublishFailed(f"{path} cannot be read: {reason}; give a video file.") from error
    if player.video is None:
        raise PublishFailed(f"{path} has no video track; give a video file.")
    return player, codec


def _sendable_codec(path: Path) -> str | None:
    """H.264 in a transport stream and VP8 go over the wire unchanged, unless a frame is sent before its turn."""
    with av.open(str(path), metadata_errors="replace") as container:
        if not container.streams.video:
            raise PublishFailed(f"{path} has no video track; give a video file.")
        context = container.streams.video[0].codec_context
        plain_h264 = context.name == "h264" and container.format.name == "mpegts" and not context.has_b_frames
        if plain_h264:
            return "video/H264"
        return "video/VP8" if context.name == "vp8" else None


async def _offer(peer: RTCPeerConnection, track: MediaStreamTrack, codec: str | None) -> None:
    transceiver = peer.addTransceiver(track, direction="sendonly")
    wanted = codec or "video/H264"
    codecs = RTCRtpSender.getCapabilities("video").codecs
    transceiver.setCodecPreferences([one for one in codecs if one.mimeType in (wanted, "video/rtx")])
    await peer.setLocalDescription(await peer.createOffer())


@contextlib.asynccontextmanager
async def _session(http: aiohttp.ClientSession, peer: RTCPeerConnection, url: str) -> AsyncIterator[None]:
    """POST the offer and take the answer; DELETE the session at the end, however it ends."""
    try:
        async with http.post(url, data=peer.localDescription.sdp, headers={"Content-Type": _SDP}) as response:
            body = await response.text()
            if response.status != 201:
                raise PublishFailed(f"The endpoint refuses the offer ({response.status}): {_detail(body, response)}")
            location = response.headers.get("Location")
    except (aiohttp.ClientError, TimeoutError) as error:
        raise PublishFailed(f"{url} cannot be reached ({str(error) or 'no answer in time'}); is it running?") from error
    try:
        await _accept(peer, body)
        yield
    finally:
        if location is not None:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with http.delete(urljoin(url, location)):
                    pass


async def _accept(peer: RTCPeerConnection, answer: str) -> None:
    try:
        await peer.setRemoteDescription(RTCSessionDescription(sdp=answer, type="answer"))
    except ValueError as error:
        raise PublishFailed(f"The endpoint's answer is of no use: {error}.") from error


async def _until_over(peer: RTCPeerConnection, track: MediaStreamTrack) -> None:
    """Until the track has ended. Raises `PublishFailed` when the connection does not come about or ends before it."""
    sent, connected, over = asyncio.Event(), asyncio.Event(), asyncio.Event()
    track.add_listener("ended", sent.set)

    def look() -> None:
        if peer.connectionState == "connected":
            connected.set()
        elif peer.connectionState in _OVER:
            connected.set()
            over.set()

    peer.add_listener("connectionstatechange", look)
    look()
    try:
        async with asyncio.timeout(_CONNECT_TIMEOUT_S):
            await connected.wait()
    except TimeoutError as error:
        raise PublishFailed("No media connection came about in time; is UDP to the service let through?") from error
    waits = {asyncio.create_task(sent.wait()), asyncio.create_task(over.wait())}
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
    await asyncio.sleep(_LAST_PACKETS_S)
    # A connection that ends stops the track too, so that alone says nothing.
    if over.is_set():
        raise PublishFailed("The connection ended before the file did; the service's log says why.")


def _detail(body: str, response: aiohttp.ClientResponse) -> str:
    """What a problem document says, or the status in words."""
    try:
        problem = json.loads(body)
    except ValueError:
        problem = None
    detail = problem.get("detail") if isinstance(problem, dict) else None
    if isinstance(detail, str):
        return detail
    if response.status in (401, 403):
        return "give the API_USER:API_SECRET of a key with the scope publish with --token."
    return f"{response.reason}."
