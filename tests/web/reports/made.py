"""Reports made up for the tests."""

import math
from dataclasses import replace

import numpy as np

from inference.incidents import Incident
from inference.policy import Policy
from inference.scores import Point
from web.pixelating import peak_frame
from web.reports.values import MediaReport, PeakFrame, Report, Shown
from web.store.kept import LatestReview, MediaPicture, Verdict

VIDEO = MediaPicture(codec="h264", width=1280, height=720, fps=30.0)
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</style></title><script>alert(1)</script>",
    "\"' autofocus onfocus='alert(1)",
    "&lt;b&gt; &amp;",
    "two\nlines\ttabbed\r\n",
    "\u202egpj.exe",
    "שלום עולם.mp4",
    "nul \x00 escape \x1b[31m half \udcff delete \x7f",
    "x" * 10_000,
    "-->]]>{{7*7}}${7*7}%s{0}",
    " ",
)
"""Names of media, as somebody may give them who means ill."""


def frame(picture: MediaPicture = VIDEO) -> PeakFrame:
    pixels = np.random.default_rng(7).integers(0, 256, (224, 224, 3), dtype=np.uint8)
    return peak_frame(pixels, picture)


def incident(start_s: float, end_s: float | None, *, peak: float = 0.9, number: int = 0) -> Incident:
    middle_s = start_s if end_s is None else (start_s + end_s) / 2
    return Incident(f"inc_{number:021}", start_s, end_s, peak, middle_s)


def video(name: str = "clip.mp4", *, seconds: float = 60.0, fps: float = 2.0) -> MediaReport:
    """With an incident in the middle of it, confirmed by somebody."""
    start_s, end_s = seconds / 2, seconds / 2 + 2.0
    points = [
        Point(at / fps, 0.95 if start_s <= at / fps <= end_s else 0.1 + 0.05 * math.sin(at), 0.2)
        for at in range(int(seconds * fps) + 1)
    ]
    points = [replace(point, prob=0.91) if start_s <= point.position_s <= end_s else point for point in points]
    review = LatestReview(verdict=Verdict.CONFIRMED, note="A wound.", reviewed_by="1", at_s=1_795_000_000.0)
    return MediaReport(
        name=name,
        uri=name,
        media_id=f"med_{1:021}",
        prob=0.91,
        samples=len(points),
        policy=Policy(),
        picture=VIDEO,
        points=tuple(points),
        incidents=(Shown(incident=incident(start_s, end_s, peak=0.91), frame=frame(), review=review),),
        incident_count=1,
        flagged_s=2.0,
    )


def image(name: str = "still.jpg", *, prob: float = 0.03) -> MediaReport:
    flagged = prob >= Policy().threshold
    return MediaReport(
        name=name,
        uri=name,
        media_id=f"med_{2:021}",
        prob=prob,
        samples=1,
        policy=Policy(),
        picture=MediaPicture(codec="jpeg", width=600, height=1000, fps=None),
        points=(Point(0.0, prob, prob),),
        incidents=(Shown(incident=incident(0.0, 0.0, peak=prob), frame=frame()),) if flagged else (),
        incident_count=int(flagged),
    )


def report(*media: MediaReport) -> Report:
    return Report(made_s=1_795_000_000.0, made_by="gorewatch 1", detector="gore-lite1 1", media=media)
