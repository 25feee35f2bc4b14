"""Small documents for tests, written on the spot: PDF by hand, EPUB and DOCX as ZIPs."""

import io
import zipfile

CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
)
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships'
    '/officeDocument" Target="word/document.xml"/></Relationships>'
)


def zipped(files):
    """{name: text or bytes} -> a ZIP."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return held.getvalue()


def docx_of(body, before="", **parts):
    """A DOCX whose body is this WordprocessingML (prefix `w`)."""
    files = {"[Content_Types].xml": "<Types/>", "_rels/.rels": RELATIONS}
    files["word/document.xml"] = (
        f'{before}<w:document xmlns:w="{WORD}" xmlns:mc="http://schemas.openxmlformats.org/'
        f'markup-compatibility/2006"><w:body>{body}</w:body></w:document>'
    )
    for name, xml in parts.items():
        files[f"word/{name}.xml"] = f'<w:{name} xmlns:w="{WORD}">{xml}</w:{name}>'
    return zipped(files)


def epub(chapters, order=None, **files):
    """{file name: XHTML} -> an EPUB whose spine has `order`."""
    items = "".join(
        f'<item id="{name}" href="text/{name}" media-type="application/xhtml+xml"/>'
        for name in chapters
    )
    spine = "".join(f'<itemref idref="{name}"/>' for name in order or chapters)
    book = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": CONTAINER,
        "OEBPS/book.opf": (
            '<package xmlns="http://www.idpf.org/2007/opf"><manifest>'
            f'<item id="toc" href="toc.ncx" media-type="application/x-dtbncx+xml"/>{items}'
            f"</manifest><spine>{spine}</spine></package>"
        ),
    }
    return zipped(book | {f"OEBPS/text/{name}": page for name, page in chapters.items()} | files)


def lines(*texts, left=72, top=720, leading=14, size=11):
    """The content of a page: one line below the other, Latin or Chinese."""
    shown = [
        f"BT 1 0 0 1 {left} {top - leading * at} Tm {_shown(it, size)} ET"
        for at, it in enumerate(texts)
    ]
    return "\n".join(shown)


PICTURE = "q 400 0 0 500 72 200 cm /I Do Q"


def pdf(*pages, told=True):
    """A PDF with these contents of pages. Its Chinese font is not embedded; which letters its
    glyphs are, it says where `told`."""
    letters = sorted({letter for page in pages for letter in _chinese(page)})
    kids = " ".join(f"{8 + 2 * at} 0 R" for at in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {len(pages)} /Kids [{kids}] >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        "<< /Type /Font /Subtype /Type0 /BaseFont /Song /Encoding /Identity-H "
        f"/DescendantFonts [5 0 R] {'/ToUnicode 6 0 R' if told else ''} >>",
        "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Song /DW 1000 /CIDSystemInfo "
        "<< /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>",
        _stream(_to_unicode(letters)),
        _stream("0", "/Type /XObject /Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8 "
                     "/ColorSpace /DeviceGray"),
    ]  # fmt: skip
    for at, page in enumerate(pages):
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {9 + 2 * at} 0 R "
            "/Resources << /Font << /L 3 0 R /C 4 0 R >> /XObject << /I 7 0 R >> >> >>"
        )
        objects.append(_stream(page))
    return written(objects)


def written(objects):
    """The file of these objects, the first of them its catalogue."""
    out, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n{content}\nendobj\n".encode("latin-1")
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    end = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    end += f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF"
    return out + end.encode()


def _shown(text, size):
    if text.isascii():
        escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        return f"/L {size} Tf ({escaped}) Tj"
    return f"/C {size} Tf <{''.join(f'{ord(letter):04x}' for letter in text)}> Tj"


def _chinese(page):
    for shown in page.split("<")[1:]:
        codes = shown.partition(">")[0]
        yield from (chr(int(codes[at : at + 4], 16)) for at in range(0, len(codes), 4))


def _to_unicode(letters):
    blocks = [letters[at : at + 100] for at in range(0, len(letters), 100)]
    maps = [
        f"{len(block)} beginbfchar\n"
        + "".join(f"<{ord(it):04x}> <{ord(it):04x}>\n" for it in block)
        + "endbfchar\n"
        for block in blocks
    ]
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /U def "
        "/CMapType 2 def 1 begincodespacerange <0000> <ffff> endcodespacerange\n"
        f"{''.join(maps)}endcmap end end"
    )


def _stream(content, more=""):
    return f"<< /Length {len(content)} {more} >>\nstream\n{content}\nendstream"
