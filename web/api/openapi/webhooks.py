"""`/v1/webhooks` and `/v1/callbacks`, described."""

from .. import callbacks
from ..webhooks import OF_SERVICE, NewWebhook
from .common import BEARER, in_path, problems
from .operation import Answer, Content, Operation, answer
from .webhook_shapes import CallbackInfo, CallbackList, NewWebhookInfo, SecretInfo, WebhookInfo, WebhookList

_ID = in_path("id", "Id of a webhook.")
_TEXT = "Signed by the rules of Standard Webhooks; the secret is told in this answer alone."
_SECRET_TEXT = "It signs what is posted to the `callback_url` of streams that the key made."  # noqa: S105  (prose)

WEBHOOKS = (
    Operation(
        method="POST",
        path="/v1/webhooks",
        id="addWebhook",
        tag="Webhooks",
        summary="Have events posted to an address",
        text=_TEXT,
        bodies=(
            Content(
                type=NewWebhook,
                example={"url": "https://shop.example/hook", "types": ["gore.incident", "media.failed"]},
            ),
        ),
        answers={201: answer("The webhook, with its secret.", NewWebhookInfo, Location="Its path.")}
        | problems(400, 409, 413, 415, 422),
        security=BEARER,
    ),
    Operation(
        method="GET",
        path="/v1/webhooks",
        id="listWebhooks",
        tag="Webhooks",
        summary="The key's webhooks, oldest first",
        answers={200: answer("The webhooks.", WebhookList)} | problems(),
        security=BEARER,
    ),
    Operation(
        method="GET",
        path="/v1/webhooks/secret",
        id="getWebhookSecret",
        tag="Webhooks",
        summary="The secret of the key's streams",
        text=_SECRET_TEXT,
        parameters=(OF_SERVICE.described(),),
        answers={200: answer("The secret.", SecretInfo)} | problems(422),
        security=BEARER,
    ),
    Operation(
        method="POST",
        path="/v1/webhooks/secret",
        id="replaceWebhookSecret",
        tag="Webhooks",
        summary="Replace the secret of the key's streams",
        text=_SECRET_TEXT,
        parameters=(OF_SERVICE.described(),),
        answers={200: answer("The new one; the one so far signs beside it for a day.", SecretInfo)} | problems(422),
        security=BEARER,
    ),
    Operation(
        method="GET",
        path="/v1/webhooks/{id}",
        id="getWebhook",
        tag="Webhooks",
        summary="One webhook",
        parameters=(_ID,),
        answers={200: answer("The webhook.", WebhookInfo)} | problems(404),
        security=BEARER,
    ),
    Operation(
        method="DELETE",
        path="/v1/webhooks/{id}",
        id="deleteWebhook",
        tag="Webhooks",
        summary="Post nothing more to an address",
        text="What is owed to it, and what was given up, goes with it.",
        parameters=(_ID,),
        answers={204: Answer(text="It is gone.")} | problems(404),
        security=BEARER,
    ),
    Operation(
        method="POST",
        path="/v1/webhooks/{id}/secret",
        id="replaceSecret",
        tag="Webhooks",
        summary="Replace a webhook's secret",
        parameters=(_ID,),
        answers={200: answer("The new one; the one so far signs beside it for a day.", SecretInfo)} | problems(404),
        security=BEARER,
    ),
    Operation(
        method="POST",
        path="/v1/webhooks/{id}/enable",
        id="enableWebhook",
        tag="Webhooks",
        summary="Post to an address again that said it wants no more",
        parameters=(_ID,),
        answers={200: answer("The webhook.", WebhookInfo)} | problems(404, 409),
        security=BEARER,
    ),
    Operation(
        method="GET",
        path="/v1/callbacks",
        id="listCallbacks",
        tag="Callbacks",
        summary="Callbacks of jobs and posted events, oldest first",
        text="Those of jobs need the scope `check`, events the scope `events`. An event that was taken is not listed.",
        parameters=(callbacks.STATE.described(), callbacks.LIMIT.described(), callbacks.AFTER.described()),
        answers={200: answer("Those of the key, or with `admin` of all.", CallbackList)} | problems(422),
        security=BEARER,
    ),
    Operation(
        method="POST",
        path="/v1/callbacks/{id}/retry",
        id="retryCallback",
        tag="Callbacks",
        summary="Send again what was given up",
        parameters=(in_path("id", "Id of a callback."),),
        answers={200: answer("The callback, which is pending again.", CallbackInfo)} | problems(404, 409),
        security=BEARER,
    ),
)
