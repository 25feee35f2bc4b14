"""A book (EPUB) -> the text of its chapters, in the order they are read in.

The spine of the package document tells the order: https://www.w3.org/TR/epub-33/#sec-spine-elem.
What is not text, such as the table of contents for devices, is left out.
"""

import posixpath
import zipfile
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from inference.decode import NotText
from inference.errors import DocumentBroken, DocumentEncrypted
from inference.html_text import decode_markup, read_html

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_PAGES = {"application/xhtml+xml", "text/html", "application/xml", "text/xml"}


def read_epub(archive: zipfile.ZipFile) -> tuple[str, int]:
    """(the text, how many chapters it has).

    Raises:
        DocumentBroken: the package document or every chapter is missing.
        DocumentEncrypted: the chapters are protected.
    """
    package = _package(archive)
    chapters = list(dict.fromkeys(_spine(archive, package)))
    here = [name for name in chapters if name in archive.NameToInfo]
    if not here:
        raise DocumentBroken()
    if set(here) & set(_encrypted(archive)):
        raise DocumentEncrypted()
    texts = [_chapter(archive.read(name)) for name in here]
    return "\n\n".join(text for text in texts if text), len(here)


def _chapter(raw: bytes) -> str:
    try:
        text = decode_markup(raw).text
    except NotText:
        text = raw.decode("utf-8", "replace")
    return read_html(text, titled=False)  # its title is the book's in every chapter


def _package(archive: zipfile.ZipFile) -> str:
    for tag, attributes in _elements(archive, _CONTAINER):
        if tag == "rootfile" and attributes.get("full-path"):
            return posixpath.normpath(attributes["full-path"])
    raise DocumentBroken()


def _spine(archive: zipfile.ZipFile, package: str) -> Iterator[str]:
    files: dict[str, str] = {}
    order: list[str] = []
    for tag, attributes in _elements(archive, package):
        if tag == "item" and _is_chapter(attributes):
            href = unquote(attributes.get("href", "").partition("#")[0])
            name = posixpath.normpath(posixpath.join(posixpath.dirname(package), href))
            files[attributes.get("id", "")] = name
        elif tag == "itemref" and attributes.get("linear") != "no":
            order.append(attributes.get("idref", ""))
    return (files[name] for name in order if name in files)


def _is_chapter(attributes: Mapping[str, str]) -> bool:
    contents = "nav" in attributes.get("properties", "").split()
    return attributes.get("media-type") in _PAGES and not contents


def _encrypted(archive: zipfile.ZipFile) -> Iterator[str]:
    if _ENCRYPTION in archive.NameToInfo:
        for tag, attributes in _elements(archive, _ENCRYPTION):
            if tag == "CipherReference":
                yield posixpath.normpath(unquote(attributes.get("URI", "")))


def _elements(archive: zipfile.ZipFile, name: str) -> list[tuple[str, Mapping[str, str]]]:
    """(name without its namespace, attributes) of every element of an XML file, in order."""
    from lxml import etree

    found: list[tuple[str, Mapping[str, str]]] = []

    class Target:
        def start(self, tag: str, attributes: Mapping[str, str]) -> None:
            found.append((tag.rpartition("}")[2], dict(attributes)))

        def close(self) -> None: ...

    parser = etree.XMLParser(target=Target(), resolve_entities=False, no_network=True, recover=True)
    try:
        parser.feed(archive.read(name))
        parser.close()
    except (KeyError, etree.XMLSyntaxError) as error:
        raise DocumentBroken() from error
    return found
