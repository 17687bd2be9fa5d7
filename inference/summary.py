"""The fold of a media's scores into its summary: key for key the JSON of the Sightengine API."""

from dataclasses import dataclass

from stream.errors import Failure


@dataclass(frozen=True, slots=True)
class MediaRef:
    """Which media a summary is about. `uri` is already redacted."""

    request_id: str
    media_id: str
    uri: str


@dataclass(frozen=True, slots=True)
class Summary:
    """`prob` is the highest smoothed probability, None when no frame could be decoded."""

    media: MediaRef
    timestamp_s: float
    """Unix seconds."""
    operations: int
    """Samples scored."""
    prob: float | None
    failure: Failure | None = None
