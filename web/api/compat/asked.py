"""What is asked of a media: models, or a workflow of the operator's that stands for them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aiohttp import web

from inference.taxonomy import Taxonomy

from ...workflows import Workflow, decide, summary_json
from ..parts import parts_of
from .answers import Json
from .arguments import GORE_2, Models, read_models
from .errors import NO_WORKFLOW, Refused
from .form import Form


@dataclass(frozen=True, slots=True)
class Asked:
    """Models, and the workflow that judges what they answer."""

    models: Models
    workflow: Workflow | None = None

    @property
    def detailed(self) -> bool:
        return self.models.detailed

    def named(self) -> Json:
        """The key that says which workflow it was; none without one."""
        return {} if self.workflow is None else {"workflow": {"id": self.workflow.id}}

    def judged(self, gores: Sequence[Taxonomy]) -> Json:
        """The key that says what is to be done with a media, by its frames; none without a workflow."""
        return {} if self.workflow is None else {"summary": summary_json(decide(self.workflow, gores))}


Asks = Callable[[web.Request, Form], Asked]


def by_models(_: web.Request, form: Form) -> Asked:
    """Raises `Refused`."""
    return Asked(read_models(form.fields))


def by_workflow(request: web.Request, form: Form) -> Asked:
    """Raises `Refused` where none is named, or one that is not configured."""
    wanted = form.fields.get("workflow", "").strip()
    for workflow in parts_of(request).settings.workflows:
        if workflow.id == wanted:
            return Asked(Models((GORE_2,)), workflow)
    raise Refused(NO_WORKFLOW if wanted else NO_WORKFLOW.saying("Please specify a workflow"))
