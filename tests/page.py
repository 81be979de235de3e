"""A page as a browser takes it."""

from html.parser import HTMLParser


class Page(HTMLParser):
    """What a browser would make of the page: elements with their attributes, and all text."""

    def __init__(self, source):
        super().__init__()
        self.source, self.elements, self.text = source, [], ""
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def all(self, tag):
        return [attrs for name, attrs in self.elements if name == tag]
