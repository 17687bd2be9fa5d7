"""A page of HTML taken apart, which fails where elements are not closed in order."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

_EMPTY = {"meta", "img", "br", "link"}
_DRAWN = {"path", "rect", "polyline", "circle", "line"}


@dataclass
class Element:
    """`text` is all that is in it and below it."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    text: str = ""


class Parsed(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(page)
        self.close()
        assert self._open == [], f"not closed: {[element.tag for element in self._open]}"

    def all(self, tag: str, **attributes: str) -> list[Element]:
        """In their order; `class_` stands for `class`."""
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [one for one in self.elements if one.tag == tag and wanted.items() <= one.attributes.items()]

    def texts(self, tag: str, **attributes: str) -> list[str]:
        return [" ".join(one.text.split()) for one in self.all(tag, **attributes)]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"{tag} has an attribute twice: {names}"
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.elements.append(element)
        if tag not in _EMPTY:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in _DRAWN, f"{tag} cannot close itself"
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop().tag == tag, f"</{tag}> is out of order"

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")
