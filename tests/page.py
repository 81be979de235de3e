"""A page as a browser takes it."""

from html.parser import HTMLParser


class Page(HTMLParser):
    """What a browser would make of it: elements with their attributes, texts by their element."""

    def __init__(self, source):
        super().__init__()
        self.source, self.elements, self.text, self.texts = source, [], "", {}
        self._within = []
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._within.append(tag)

    def handle_endtag(self, tag):
        while self._within.pop() != tag:
            pass

    def handle_data(self, data):
        self.text += data
        if data.strip():
            self.texts.setdefault(self._within[-1], []).append(data)

    def all(self, tag, css_class=""):
        return [
            attrs
            for name, attrs in self.elements
            if name == tag and css_class in ["", *(attrs.get("class") or "").split()]
        ]
