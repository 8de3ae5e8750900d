"""A report's HTML as a browser would read it, and texts that would like to be more than text."""

from __future__ import annotations

from html.parser import HTMLParser

HOSTILE = (
    "</pre></td><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}{% raw %}",
    "</style><style>body{display:none}",
    "<!--",
    "javascript:alert(1)",
)


class HtmlPage(HTMLParser):
    """What a browser would make of it: the tags with their attributes, the tables, the text."""

    def __init__(self, source: str):
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.tables: dict[str, list[list[str]]] = {}
        self.text = ""
        self._section, self._within_style = "", False
        self.feed(source)
        self.close()

    @property
    def names(self) -> set[str]:
        return {tag for tag, _ in self.tags}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        self._within_style = tag == "style"
        if tag == "section":
            self._section = str(found["id"])
        rows = self.tables.setdefault(self._section, [])
        if tag == "tr":
            rows.append([])
        elif tag in ("td", "th"):
            rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self._within_style = False
        if tag == "table":
            self.tables[self._section].append([])

    def handle_data(self, data: str) -> None:
        if self._within_style:
            return
        self.text += data
        rows = self.tables.get(self._section, [])
        if rows and rows[-1]:
            rows[-1][-1] = " ".join(f"{rows[-1][-1]} {data}".split())

    def row(self, section: str, first: str) -> list[str]:
        return next(row for row in self.tables[section] if row and row[0] == first)
