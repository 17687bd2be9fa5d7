"""`/whip`, described."""

from .common import BEARER, in_path, problems
from .operation import TEXT, Answer, Content, Operation, Parameter

_SDP = Content(media_type="application/sdp", schema=TEXT)
_FRAGMENT = Content(media_type="application/trickle-ice-sdpfrag", schema=TEXT)
_NAME = in_path("name", "Name of the stream: 1 to 64 of `A-Z a-z 0-9 . _ -`.")
_SESSION = (_NAME, in_path("session", "Session, as in the `Location` that was answered."))
_IF_MATCH = Parameter(
    name="If-Match", text='`ETag` of the session, or `"*"` to restart ICE.', where="header", required=True
)
_ETAG = "Of the ICE session."

WHIP = (
    Operation(
        method="POST",
        path="/whip/{name}",
        id="publish",
        tag="WebRTC",
        summary="Publish with WebRTC (RFC 9725)",
        parameters=(_NAME,),
        bodies=(_SDP,),
        answers={
            201: Answer(
                text="The answer to the offer.",
                content=_SDP,
                headers={"Location": "The session.", "ETag": _ETAG, "Accept-Patch": "What PATCH takes."},
            )
        }
        | problems(400, 406, 408, 409, 413, 415, 422),
        security=BEARER,
    ),
    Operation(
        method="PATCH",
        path="/whip/{name}/{session}",
        id="trickle",
        tag="WebRTC",
        summary="Add candidates, or restart ICE",
        parameters=(*_SESSION, _IF_MATCH),
        bodies=(_FRAGMENT,),
        answers={
            200: Answer(text="ICE was restarted.", content=_FRAGMENT, headers={"ETag": _ETAG}),
            204: Answer(text="The candidates were taken.", headers={"ETag": _ETAG}),
        }
        | problems(400, 404, 408, 412, 413, 415, 422, 428),
        security=BEARER,
    ),
    Operation(
        method="DELETE",
        path="/whip/{name}/{session}",
        id="unpublish",
        tag="WebRTC",
        summary="End a session",
        parameters=_SESSION,
        answers={200: Answer(text="It has ended.")} | problems(404),
        security=BEARER,
    ),
    Operation(
        method="OPTIONS",
        path="/whip/{name}",
        id="publishOptions",
        tag="WebRTC",
        summary="What may be posted",
        parameters=(_NAME,),
        answers={204: Answer(text="See its headers.", headers={"Accept-Post": "What POST takes."})} | problems(),
        security=BEARER,
    ),
    Operation(
        method="OPTIONS",
        path="/whip/{name}/{session}",
        id="sessionOptions",
        tag="WebRTC",
        summary="What may be patched",
        parameters=_SESSION,
        answers={204: Answer(text="See its headers.", headers={"Accept-Patch": "What PATCH takes."})} | problems(),
        security=BEARER,
    ),
)
