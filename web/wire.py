"""Values as the JSON of the interfaces, those of `inference.summary` apart. Pure."""

from datetime import UTC, datetime

from inference.events import Reading
from inference.policy import Policy
from inference.summary import Json, probability, seconds, summary_json
from stream.address import redact
from stream.errors import Failure

__all__ = ["Json", "failure_json", "policy_json", "reading_json", "summary_json", "timestamp"]


def timestamp(unix_s: float) -> str:
    """RFC 3339 in UTC to the millisecond."""
    moment = datetime.fromtimestamp(unix_s, tz=UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def failure_json(failure: Failure) -> Json:
    """With the code of `stream.errors`, not the number that the API's summaries carry."""
    return {"code": failure.code, "message": failure.message}


def reading_json(reading: Reading) -> Json:
    """What every scoring event carries, the latency apart."""
    return {
        "position": seconds(reading.position_s),
        "gore": {"prob": probability(reading.prob)},
        "raw": {"prob": probability(reading.raw)},
        "window": {"seconds": seconds(reading.window_s), "samples": reading.window_samples},
    }


def policy_json(policy: Policy) -> Json:
    """User name and password of its `callback_url` are masked."""
    url = policy.callback_url
    shown: Json = {name: getattr(policy, name) for name in Policy.__dataclass_fields__}
    return shown | {"callback_url": None if url is None else redact(url)}
