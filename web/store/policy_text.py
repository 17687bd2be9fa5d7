"""Policies as text, in the columns of what they were the policy of."""

import json
from dataclasses import asdict, fields

from inference.policy import Policy, PolicyInvalid


def policy_text(policy: Policy) -> str:
    return json.dumps(asdict(policy))


def policy_from(text: str) -> Policy | None:
    """None for one that an earlier version allowed, and this one does not."""
    known = {field.name for field in fields(Policy)}
    try:
        return Policy(**{name: value for name, value in json.loads(text).items() if name in known})
    except PolicyInvalid:
        return None
