"""Serves RTSP on the loopback address, on a free port for 0; prints the port. Run by the system's Python (`rtsp.py`).

Usage: rtsp_gst.py CLIP.mp4 PORT, or rtsp_gst.py --check to see whether everything it needs is there.
"""

import signal
import sys
from collections.abc import Sequence
from typing import Any

import gi

_ELEMENTS = ("x264enc", "videotestsrc", "qtdemux", "h264parse", "rtph264pay")
_LIVE = (
    "( videotestsrc is-live=true ! video/x-raw,width=640,height=360,framerate=30/1 "
    "! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=30 bitrate=800 "
    "! h264parse config-interval=-1 ! rtph264pay name=pay0 pt=96 )"
)
_CLIP = '( filesrc location="{path}" ! qtdemux ! h264parse config-interval=-1 ! rtph264pay name=pay0 pt=96 )'
_EVERYBODY = ("anonymous", "viewer")


def _factory(rtsp: Any, launch: str, *, shared: bool, roles: Sequence[str] = _EVERYBODY) -> Any:
    factory = rtsp.RTSPMediaFactory()
    factory.set_launch(launch)
    factory.set_shared(shared)
    permissions = rtsp.RTSPPermissions()
    for role in _EVERYBODY:
        # Whoever may not even access a path is told 404, not 401.
        permissions.add_permission_for_role(role, "media.factory.access", True)
        permissions.add_permission_for_role(role, "media.factory.construct", role in roles)
    factory.set_permissions(permissions)
    return factory


def _auth(rtsp: Any) -> Any:
    auth = rtsp.RTSPAuth()
    for role in _EVERYBODY:
        token = rtsp.RTSPToken()
        token.set_string("media.factory.role", role)
        if role == "anonymous":
            auth.set_default_token(token)
        else:
            auth.add_basic(rtsp.RTSPAuth.make_basic(role, "secret"), token)
    return auth


def main() -> None:
    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtsp", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    from gi.repository import GLib, Gst, GstRtsp, GstRtspServer

    Gst.init(None)
    missing = [name for name in _ELEMENTS if Gst.ElementFactory.find(name) is None]
    if missing:
        sys.exit(f"missing: {missing}")
    if sys.argv[1] == "--check":
        return
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(sys.argv[2])
    server.set_auth(_auth(GstRtspServer))
    mounts = server.get_mount_points()
    mounts.add_factory("/live", _factory(GstRtspServer, _LIVE, shared=True))
    mounts.add_factory("/clip", _factory(GstRtspServer, _CLIP.format(path=sys.argv[1]), shared=False))
    mounts.add_factory("/guarded", _factory(GstRtspServer, _LIVE, shared=True, roles=("viewer",)))
    datagrams = _factory(GstRtspServer, _LIVE, shared=True)
    datagrams.set_protocols(GstRtsp.RTSPLowerTrans.UDP)
    mounts.add_factory("/udp", datagrams)
    server.attach(None)
    sys.stdout.write(f"{server.get_bound_port()}\n")
    sys.stdout.flush()
    loop = GLib.MainLoop()
    GLib.unix_signal_add(GLib.PRIORITY_HIGH, signal.SIGTERM, loop.quit)
    loop.run()


if __name__ == "__main__":
    main()
