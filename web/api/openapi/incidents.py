"""`/v1/incidents` and `/v1/views`, described."""

from .. import incidents, preview, reviews, thumbnail, views
from ..reviews import NewReview
from ..views import Shown
from .common import BEARER, in_path, problems
from .incident_shapes import HeatInfo, IncidentList, ReviewList, StreamIncident, ViewList
from .operation import Answer, Content, Operation, answer

_INCIDENT = in_path("id", "Id of an incident.")

INCIDENTS = (
    Operation(
        method="GET",
        path="/v1/incidents",
        id="listIncidents",
        tag="Incidents",
        summary="Incidents, newest first",
        text="Whoever heard of an incident finds it. What begins while pages are turned is on none that follows.",
        parameters=(
            incidents.STREAM.described(),
            incidents.MEDIA.described(),
            incidents.STATE.described(),
            incidents.VERDICT.described(),
            incidents.SINCE.described(),
            incidents.UNTIL.described(),
            incidents.LIMIT.described(),
            incidents.CURSOR.described(),
        ),
        answers={200: answer("Those that the caller may see.", IncidentList)} | problems(400, 422),
        security=BEARER,
    ),
    Operation(
        method="GET",
        path="/v1/incidents/{id}",
        id="getIncident",
        tag="Incidents",
        summary="One incident",
        parameters=(_INCIDENT,),
        answers={200: answer("The incident.", StreamIncident)} | problems(404),
        security=BEARER,
    ),
    Operation(
        method="POST",
        path="/v1/incidents/{id}/review",
        id="reviewIncident",
        tag="Incidents",
        summary="Say what an incident really is",
        text="Every review is kept; the newest counts.",
        parameters=(_INCIDENT,),
        bodies=(Content(type=NewReview, example={"verdict": "dismissed", "note": "Ketchup."}),),
        answers={200: answer("The incident as it is reviewed now.", StreamIncident)}
        | problems(400, 404, 408, 413, 415, 422),
        security=BEARER,
    ),
    Operation(
        method="GET",
        path="/v1/incidents/{id}/reviews",
        id="listReviews",
        tag="Incidents",
        summary="All reviews of an incident, newest first",
        parameters=(_INCIDENT, reviews.LIMIT.described(), reviews.CURSOR.described()),
        answers={200: answer("The reviews.", ReviewList)} | problems(404, 422),
        security=BEARER,
    ),
    Operation(
        method="GET",
        path="/v1/incidents/{id}/thumbnail.jpg",
        id="getThumbnail",
        tag="Incidents",
        summary="The frame of an incident's peak as a picture",
        text="Kept by the stream's policy, `keep`. One that is clear names its view in `X-View-Id`.",
        parameters=(_INCIDENT, preview.CLEAR.described(), thumbnail.COVERED.described()),
        answers={200: Answer(text="The picture.", content=Content(media_type="image/jpeg"))} | problems(404, 422),
        security=BEARER,
    ),
    Operation(
        method="GET",
        path="/v1/incidents/{id}/heat",
        id="getHeat",
        tag="Incidents",
        summary="Where the detector sees gore in the frame of an incident's peak",
        text="Judged anew by the detector in use. Not every detector tells: see `heat` of the incident.",
        parameters=(_INCIDENT,),
        answers={200: answer("The grid.", HeatInfo)} | problems(404),
        security=BEARER,
    ),
)

VIEWS = (
    Operation(
        method="GET",
        path="/v1/views",
        id="listViews",
        tag="Views",
        summary="Who looked at which picture as it is, newest first",
        text="Asks for the scope `admin`.",
        parameters=(views.SUBJECT.described(), views.LIMIT.described(), views.CURSOR.described()),
        answers={200: answer("The views.", ViewList)} | problems(422),
        security=BEARER,
    ),
    Operation(
        method="POST",
        path="/v1/views/{id}/shown",
        id="noteShown",
        tag="Views",
        summary="Tell for how long a clear picture was shown",
        text="Once, and by who viewed alone. The picture's answer has the id in `X-View-Id`.",
        parameters=(in_path("id", "Id of a view."),),
        bodies=(Content(type=Shown, example={"seconds": 1.4}),),
        answers={204: Answer(text="It is written down.")} | problems(400, 404, 408, 409, 413, 415, 422),
        security=BEARER,
    ),
)
