"""The schemas of Python types, each once, as a document refers to them."""

from collections.abc import Iterable
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode

from ...policies import bounded

Json = dict[str, Any]


class _Schemas(GenerateJsonSchema):
    """Without the titles of properties, which repeat their names."""

    def field_title_should_be_set(self, _: Any) -> bool:
        return False


class Components:
    """`all` goes into `components/schemas` of the document; `of` is what stands where a type is meant."""

    def __init__(self, types: Iterable[Any]) -> None:
        self._types: list[Any] = []
        for one in types:
            if one not in self._types:
                self._types.append(one)
        adapters: list[TypeAdapter[Any]] = [TypeAdapter(one) for one in self._types]
        inputs: list[tuple[int, JsonSchemaMode, TypeAdapter[Any]]] = [
            (number, "validation", adapter) for number, adapter in enumerate(adapters)
        ]
        found, rest = TypeAdapter.json_schemas(
            inputs,
            ref_template="#/components/schemas/{model}",
            schema_generator=_Schemas,
        )
        self._by_number = {number: schema for (number, _), schema in found.items()}
        self.all: Json = rest.get("$defs", {})
        if policy := self.all.get("Policy"):
            self.all["Policy"] = bounded(policy) | {"required": list(policy["properties"])}

    def of(self, type_: Any) -> Json:
        return self._by_number[self._types.index(type_)]
