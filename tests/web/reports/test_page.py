"""The page as a browser takes it apart: what it says, and that what comes from outside stays text."""

import base64
import hashlib
import io
from dataclasses import replace

import pytest
from PIL import Image

from inference.policy import Policy
from inference.scores import Point
from stream.errors import Failure
from tests.web.reports.made import HOSTILE, VIDEO, frame, image, incident, report, video
from tests.web.reports.parsed import Parsed
from web.reports.page import page
from web.reports.style import CONTENT_SECURITY_POLICY, STYLE
from web.reports.values import MOST_INCIDENTS, MediaReport, Shown, highest
from web.store.kept import LatestReview, Verdict

TAGS = {
    *("html", "head", "meta", "title", "style", "body", "header", "main", "nav", "section", "h1", "h2", "h3", "p"),
    *("strong", "span", "bdi", "code", "dl", "dt", "dd", "a", "div", "figure", "figcaption", "img"),
    *("table", "thead", "tbody", "tr", "th", "td", "svg", "path", "polyline", "rect", "text"),
}
UNREAD = MediaReport(
    name="page.html",
    uri="page.html",
    media_id=f"med_{3:021}",
    prob=None,
    samples=0,
    policy=Policy(),
    failure=Failure("not_media", "page.html is no media."),
)


def test_one_media_with_all_there_is() -> None:
    media = replace(video(), kept=True, started_s=1_795_000_000.0, finished_s=1_795_000_060.0)
    shown = Parsed(page(report(media)))
    assert shown.texts("title") == ["gorewatch: clip.mp4"]
    assert "1 of 1 media flagged; incidents: 1." in shown.texts("p")
    assert any("by gorewatch 1; detector gore-lite1 1." in text for text in shown.texts("p"))
    facts = dict(zip(shown.texts("dt"), shown.texts("dd"), strict=True))
    assert facts == {
        "Highest prob": "0.9100",
        "Incidents": "1, 0:00:02.0 in all",
        "Samples": "121",
        "Address": "clip.mp4",
        "Media": media.media_id,
        "Watched": "2026-11-18 11:06:40 UTC to 2026-11-18 11:07:40 UTC",
        "Picture": "h264, 1280 × 720, 30 frames/s",
        "Policy": "threshold 0.5, release 0.4 for 2 s, window 3 s; at most 2 samples/s, up to 8 where prob rises; "
        "decode auto",
    }
    assert shown.texts("td") == [
        *("0:00:30.0", "0:00:32.0", "0:00:02.0", "0.9100", "0:00:31.0", ""),
        *("confirmed 2026-11-18 11:06:40 UTC: A wound.", f"inc_{0:021}"),
    ]
    assert len(shown.all("svg", class_="chart")) == 1
    assert shown.all("nav") == []


def test_frames_are_grey_blocks_and_no_more_than_that() -> None:
    (shown,) = Parsed(page(report(video()))).all("img")
    head, _, data = shown.attributes["src"].partition(",")
    assert head == "data:image/png;base64"
    with Image.open(io.BytesIO(base64.b64decode(data))) as picture:
        assert (picture.mode, picture.size) == ("L", (16, 9))
    assert shown.attributes["alt"] == "The frame at 0:00:31, in grey blocks"
    assert (shown.attributes["width"], shown.attributes["height"]) == ("128", "72")


def test_a_tall_frame_is_as_high_as_a_row_allows() -> None:
    tall = frame(replace(VIDEO, width=720, height=2160))
    media = replace(video(), incidents=(Shown(incident=incident(1.0, 2.0), frame=tall),))
    (shown,) = Parsed(page(report(media))).all("img")
    assert (int(shown.attributes["width"]), int(shown.attributes["height"])) == (53, 159)


def test_several_have_a_table_of_contents_that_leads_to_each() -> None:
    shown = Parsed(page(report(video(), image(), image("bad.jpg", prob=0.97), UNREAD)))
    assert "2 of 4 media flagged; incidents: 2; not read, or not to the end: 1." in shown.texts("p")
    targets = [link.attributes["href"] for link in shown.all("a")]
    assert targets == ["#media-1", "#media-2", "#media-3", "#media-4"]
    assert [f"#{one.attributes['id']}" for one in shown.all("section")] == targets
    assert shown.texts("strong")[:4] == ["flagged", "clear", "flagged", "not readable"]
    assert shown.texts("h2") == ["Contents", "clip.mp4", "still.jpg", "bad.jpg", "page.html"]
    assert any(text == "not readable – page.html is no media." for text in shown.texts("p"))
    assert len(shown.all("svg", class_="chart")) == 1, "an image has no time"


def test_what_was_read_in_part_says_so() -> None:
    media = replace(video(), failure=Failure("truncated", "It is cut short."))
    (said,) = [text for text in Parsed(page(report(media))).texts("p") if "cut short" in text]
    assert said == "flagged, incomplete – only a part of it was scored: It is cut short."


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_comes_from_outside_is_text(text: str) -> None:
    review = LatestReview(verdict=Verdict.DISMISSED, note=text, reviewed_by=text, at_s=0.0)
    media = replace(
        video(),
        name=text,
        uri=text,
        media_id=text,
        kept=True,
        failure=Failure(text, text),
        picture=replace(VIDEO, codec=text[:32]),
        incidents=(Shown(incident=replace(incident(1.0, 2.0), id=text), review=review),),
    )
    for made in (report(media), report(media, media)):
        written = page(replace(made, made_by=text, detector=text)).encode()
        shown = Parsed(written.decode())
        assert {one.tag for one in shown.elements} <= TAGS
        for one in shown.elements:
            assert not [name for name in one.attributes if name.startswith("on") or name == "style"]
        assert len(written) < 200_000
        assert not set(written) & {0, 0x1B, 0x7F}
        if 0 < len(text.strip()) <= 80 and "\u202e" not in text and "\x00" not in text:
            assert " ".join(text.split()) in shown.texts("h2")


def test_it_asks_nobody_for_anything_and_says_so_itself() -> None:
    written = page(report(video(), image()))
    shown = Parsed(written)
    (policy,) = shown.all("meta", http_equiv="Content-Security-Policy")
    assert policy.attributes["content"] == CONTENT_SECURITY_POLICY
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in CONTENT_SECURITY_POLICY
    assert "default-src 'none'" in CONTENT_SECURITY_POLICY
    assert [style.text for style in shown.all("style")] == [STYLE]
    for one in shown.elements:
        for name in ("src", "href", "xlink:href", "action", "data", "srcset", "background"):
            assert one.attributes.get(name, "#").startswith(("#", "data:image/png;base64,"))
    assert "url(" not in STYLE
    assert "@import" not in STYLE


def test_of_very_many_incidents_the_highest_are_shown_in_order_and_the_rest_counted() -> None:
    many = [Shown(incident=incident(float(at), at + 0.5, peak=0.5 + at % 100 / 250, number=at)) for at in range(1000)]
    kept = highest(many)
    assert len(kept) == MOST_INCIDENTS
    assert min(one.incident.peak for one in kept) == pytest.approx(0.5 + 80 / 250)
    media = replace(video(), incidents=kept, incident_count=1000)
    shown = Parsed(page(report(media)))
    assert "The 200 with the highest peaks are shown; 800 more are not." in shown.texts("p")
    starts = shown.texts("td", class_="number")[::5]
    assert starts == sorted(starts)
    assert len(starts) == MOST_INCIDENTS


def test_without_a_policy_or_scores_it_is_a_page_all_the_same() -> None:
    media = replace(video(), policy=None, points=(), picture=None)
    shown = Parsed(page(report(media)))
    assert shown.all("svg") == []
    assert "Policy" not in shown.texts("dt")
    assert shown.texts("strong") == ["flagged"], "it had an incident"
    single = replace(media, incidents=(), incident_count=0, points=(Point(0.0, 0.9, 0.9),))
    assert Parsed(page(report(single))).texts("strong") == ["clear"]
