"""A small reader of the page for tests: elements with their attributes and text, in document order."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "br", "img", "input", "hr"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    parent: Element | None = None
    children: list[Element] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join("".join(self.pieces).split())

    def all(self, *tags: str) -> list[Element]:
        found = []
        for child in self.children:
            if child.tag in tags:
                found.append(child)
            found += child.all(*tags)
        return found

    def inside(self, tag: str) -> bool:
        return self.parent is not None and (self.parent.tag == tag or self.parent.inside(tag))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("document", {})
        self.current = self.root
        self.unbalanced: list[str] = []

    def handle_starttag(self, tag, attrs):
        element = Element(tag, {k: v or "" for k, v in attrs}, self.current)
        self.current.children.append(element)
        if tag not in VOID:
            self.current = element

    def handle_startendtag(self, tag, attrs):
        self.current.children.append(Element(tag, {k: v or "" for k, v in attrs}, self.current))

    def handle_endtag(self, tag):
        if tag != self.current.tag:
            self.unbalanced.append(f"</{tag}> closes <{self.current.tag}>")
        if self.current.parent is not None:
            self.current = self.current.parent

    def handle_data(self, data):
        element = self.current
        while element is not None:
            element.pieces.append(data)
            element = element.parent


def read_html(text: str) -> Element:
    """Parse a page; raises if its tags are not balanced."""
    reader = _Reader()
    reader.feed(text)
    assert not reader.unbalanced, reader.unbalanced[:3]
    assert reader.current is reader.root, reader.current.tag
    return reader.root
