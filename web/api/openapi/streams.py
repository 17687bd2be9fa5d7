"""`/v1`, described."""

from ...delivery.cloudevents import FEED_TYPES
from .. import media, preview
from ..fields import NewStream
from ..tokens import NewToken
from .common import BEARER, SEVERAL, in_path, problems
from .operation import Answer, Content, Operation, Parameter, answer
from .stream_shapes import (
    FailedSummary,
    Scores,
    StreamInfo,
    StreamList,
    Summary,
    TokenInfo,
)

_STREAM, _MEDIA = in_path("id", "Id of a stream."), in_path("id", "Id of a media.")
_SUMMARY = answer("The summary so far, or the final one.", Summary | FailedSummary)
_BODY = (400, 408, 413, 415, 422)

STREAMS = (
    Operation(
        method="POST",
        path="/v1/streams",
        id="addStream",
        tag="Streams",
        summary="Add a stream that the service pulls",
        text="The answer does not wait for its source; whether that can be read shows in its `state`. A live stream "
        "outlives the service: the next one takes it up again under its id, with a new media.",
        bodies=(Content(type=NewStream, example={"url": "rtsp://camera.example/lobby", "name": "lobby"}),),
        answers={201: answer("The stream.", StreamInfo, Location="Its path.")} | problems(*_BODY, 409),
        security=BEARER,
    ),
    Operation(
        method="GET",
        path="/v1/streams",
        id="listStreams",
        tag="Streams",
        summary="The streams, oldest first",
        text=SEVERAL,
        answers={200: answer("Those that the caller may see.", StreamList)} | problems(),
        security=BEARER,
    ),
    Operation(
        method="GET",
        path="/v1/streams/{id}",
        id="getStream",
        tag="Streams",
        summary="One stream",
        parameters=(_STREAM,),
        answers={200: answer("The stream.", StreamInfo)} | problems(404),
        security=BEARER,
    ),
    Operation(
        method="DELETE",
        path="/v1/streams/{id}",
        id="endStream",
        tag="Streams",
        summary="End a stream",
        text="Answers with the final summary, also for a stream that had ended by itself.",
        parameters=(_STREAM,),
        answers={200: answer("The final summary.", Summary | FailedSummary)} | problems(404),
        security=BEARER,
    ),
    Operation(
        method="GET",
        path="/v1/streams/{id}/summary",
        id="getStreamSummary",
        tag="Streams",
        summary="The summary of a stream's media",
        parameters=(_STREAM, media.DETAIL.described()),
        answers={200: _SUMMARY} | problems(404, 422),
        security=BEARER,
    ),
    Operation(
        method="GET",
        path="/v1/streams/{id}/preview.jpg",
        id="getStreamPreview",
        tag="Streams",
        summary="The latest sample as a picture",
        text="One that is clear names its view in `X-View-Id`.",
        parameters=(_STREAM, preview.CLEAR.described()),
        answers={200: Answer(text="The picture.", content=Content(media_type="image/jpeg"))} | problems(404, 422),
        security=BEARER,
    ),
)

MEDIA = (
    Operation(
        method="GET",
        path="/v1/media/{id}/summary",
        id="getMediaSummary",
        tag="Media",
        summary="The summary of a media",
        parameters=(_MEDIA, media.DETAIL.described()),
        answers={200: _SUMMARY} | problems(404, 422),
        security=BEARER,
    ),
    Operation(
        method="GET",
        path="/v1/media/{id}/scores",
        id="getScores",
        tag="Media",
        summary="Scores over time, thinned out with their peaks",
        parameters=(_MEDIA, media.FROM.described(), media.TO.described(), media.MAX_POINTS.described()),
        answers={200: answer("The points.", Scores)} | problems(404, 422),
        security=BEARER,
    ),
    Operation(
        method="GET",
        path="/v1/media/{id}/report.html",
        id="getReport",
        tag="Media",
        summary="What was found in a media that ended, as a page",
        text="It stands for itself: summary, scores over time, incidents their peak frames in grey blocks. No script.",
        parameters=(_MEDIA,),
        answers={200: Answer(text="The page.", content=Content(media_type="text/html"))} | problems(404, 409),
        security=BEARER,
    ),
)

SUBSCRIBE = Operation(
    method="GET",
    path="/v1/events",
    id="subscribe",
    tag="Events",
    summary="Events as they happen, over a WebSocket or as server-sent events",
    text="Subprotocol `cloudevents.json`; server-sent events where `Accept` has `text/event-stream`. Browsers, "
    "which cannot set the header, give their token as `token`.",
    parameters=(
        Parameter(name="stream", text="Only those of these streams.", repeated=True),
        Parameter(
            name="type",
            text="Only those of these types.",
            schema={"type": "string", "enum": list(FEED_TYPES)},
            repeated=True,
        ),
        Parameter(
            name="since",
            text="The id of an event: what came after it is sent first.",
            schema={"type": "string", "pattern": "^[0-9]{1,20}$"},
        ),
        Parameter(
            name="Last-Event-ID",
            text="The same for server-sent events; clients that come back by themselves send it.",
            schema={"type": "string", "pattern": "^[0-9]{1,20}$"},
            where="header",
        ),
    ),
    answers={
        101: Answer(text="The socket is open."),
        200: Answer(text="Server-sent events.", content=Content(media_type="text/event-stream")),
    }
    | problems(400, 422, 426, 503),
    security=(*BEARER, ("token",)),
)

OTHERS = (
    SUBSCRIBE,
    Operation(
        method="POST",
        path="/v1/tokens",
        id="addToken",
        tag="Tokens",
        summary="A short-lived token for a browser",
        bodies=(Content(type=NewToken, example={"scope": "events", "expires_s": 600}),),
        answers={201: answer("The token.", TokenInfo)} | problems(*_BODY, 404),
        security=BEARER,
    ),
)
