"""Documents as people have them, and as strangers make them."""

import io
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import docx
import psutil
import pypdf
import pytest

from inference import documents, errors, paragraphs
from inference.documents import read
from inference.html_text import read_html
from inference.limits import Limits
from tests.inference.papers import PICTURE, docx_of, epub, lines, pdf, written, zipped

PROJECT = Path(documents.__file__).parent.parent
PROSE = (
    "The committee met on Monday to talk about the inter-",
    "national budget. It was agreed that the well-known",
    "plan of last year, which nobody had read, should be",
    "read by everybody before the next meeting.",
)
CHINESE = (
    "委员会星期一开会，讨论了明年的预算。大家一致同意，",
    "去年那份谁也没有读过的计划，下次开会之前人人都要读。",
)


@pytest.fixture
def document(tmp_path):
    """Write the bytes to a file, and read that."""

    def write_and_read(raw, name="it", limits=None, **options):
        path = tmp_path / "upload"
        path.write_bytes(raw.encode() if isinstance(raw, str) else raw)
        return read(path, name, limits or Limits(), **options)

    return write_and_read


@pytest.fixture
def refused(document):
    def read_and_fail(*args, **options):
        with pytest.raises(errors.DocumentRefused) as caught:
            document(*args, **options)
        return caught.value

    return read_and_fail


def saved(word):
    held = io.BytesIO()
    word.save(held)
    return held.getvalue()


# Text

ENCODINGS = ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "gb18030")


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("novel", ["honglou_meng_part_a", "pride_and_prejudice"])
def test_a_novel_reads_alike_in_every_encoding(document, lab_data, novel, encoding):
    raw = (lab_data / "data/long-documents" / f"{novel}.txt").read_bytes()
    told = document(raw, "novel.txt")
    found = document(raw.decode("utf-8-sig").encode(encoding), "novel.txt")
    assert found.text == told.text
    assert (found.kind, found.encoding) == ("text", encoding)


def test_a_novel_in_big5(document, lab_data):
    text = (lab_data / "data/long-documents/honglou_meng_part_a.txt").read_text("utf-8")
    raw = text.encode("big5", "ignore")
    found = document(raw, "novel.txt")
    assert found.encoding == "big5"
    assert found.text == document(raw.decode("big5"), "novel.txt").text


def test_a_novel_has_no_line_ends_but_those_of_its_paragraphs(document, lab_data):
    found = document((lab_data / "data/long-documents/pride_and_prejudice.txt").read_bytes())
    assert (
        "\n\nIt is a truth universally acknowledged, that a single man in possession of a good "
        "fortune, must be in want of a wife.\n\nHowever little known"
    ) in found.text


@pytest.mark.parametrize(
    "meant",
    [
        # verse, a list, code, a table, a log: short or equal lines that nobody wrapped
        "Rough winds do shake the darling buds of May,\nAnd summer's lease hath all too short.",
        "Things to buy for the long way home:\n- bread, butter and a little cheese\n- two apples",
        "```\nfor number in range(1000):\n    print(number, number ** 2)\n```",
        "2026-01-01 00:00:01 GET /index.html 200 1234\n" * 5 + "2026-01-01 00:00:02 GET / 200 99",
        "name, age, city, and what they said\n" * 3 + "Ada, 36, London, nothing at all",
    ],
)
def test_a_line_end_that_was_meant_stays(document, meant):
    assert document(meant, "it.md").text == meant


def test_wrapped_prose_is_mended(document):
    wrapped = "\n".join((*PROSE, *PROSE, *PROSE))
    text = document(f"Minutes\n\n{wrapped}\n\n{wrapped}").text
    whole = (
        "The committee met on Monday to talk about the international budget. It was agreed that "
        "the well-known plan of last year, which nobody had read, should be read by everybody "
        "before the next meeting."
    )
    assert text.split("\n\n")[0] == "Minutes"
    assert text.split("\n\n")[1].startswith(whole)


def test_wrapped_chinese_is_mended_without_spaces(document):
    text = "\n".join([*CHINESE] * 3)
    assert CHINESE[0] + CHINESE[1] in document(text.encode("gb18030")).text


def test_an_indented_line_is_a_paragraph(document):
    assert (
        document("　　第一段很短。\n　　第二段也很短。\n").text == "第一段很短。\n\n第二段也很短。"
    )


def test_a_file_without_a_telling_name_is_what_its_bytes_are(document):
    assert document(pdf(lines(*PROSE)), "notes.txt").kind == "pdf"
    assert document("<!DOCTYPE html><p>Hello</p>", "notes.txt").kind == "html"
    assert document("Use <b> for bold.", "notes.txt").text == "Use <b> for bold."
    assert document("<p>Hello <b>you</b></p>", "page.HTM").text == "Hello you"


# HTML

PAGE = """<!doctype html><html><head><title>The paper</title><style>p {}</style></head><body>
<nav><a>Home</a></nav><script>alert(1)</script>
<h1>News</h1><p>First&nbsp;one <b>bold</b>
still one.</p><p>Second<br>line</p>
<ul><li>milk<li><p>tea</p></ul><table><tr><th>a<th>b<tr><td>1<td>2</table>
<div hidden>not</div><p style="display: none">not</p><pre>x
  y</pre><footer>Imprint</footer></body></html>"""


def test_a_page_keeps_its_paragraphs_and_loses_what_is_no_text(document):
    assert document(PAGE, "page.html").text == (
        "News\n\nFirst\xa0one bold still one.\n\nSecond\nline\n\n- milk\n- tea\n\n"
        "a | b\n1 | 2\n\nx\n  y"
    )


def test_a_page_with_an_article_is_that_article(document):
    article = "<article><p>" + "Long text. " * 30 + "</p></article>"
    page = f"<html><title>T</title><div>Menu</div>{article}<div>More stories</div></html>"
    assert document(page).text == "T\n\n" + ("Long text. " * 30).strip()


@pytest.mark.parametrize(
    ("encoding", "told"), [("gb18030", "gb2312"), ("big5", "big5"), ("utf-8", "gbk"), ("big5", "")]
)
def test_a_page_is_in_the_encoding_it_names_if_it_is(document, encoding, told):
    page = f'<html><meta charset="{told}"><p>{"中文網頁，內容簡單。" * 5}</p></html>'
    assert document(page.encode(encoding), "page.html").text == "中文網頁，內容簡單。" * 5


def test_a_deep_page_is_read(document):
    page = "<html><body>" + "<div>" * 100_000 + "deep" + "</div>" * 100_000 + "<p>end</p>"
    assert document(page).text == "deep\n\nend"


# DOCX


def test_a_word_document_as_word_writes_it(document):
    word = docx.Document()
    word.add_heading("Report", 1)
    word.add_paragraph("First paragraph.").add_run(" Bold.").bold = True
    table = word.add_table(2, 2)
    for cell, text in zip(table._cells, ("city", "people", "北京", "21 million"), strict=True):
        cell.text = text
    word.add_paragraph("第二段。")
    found = document(saved(word), "report.docx")
    assert found.text == (
        "Report\n\nFirst paragraph. Bold.\n\ncity | people\n北京 | 21 million\n\n第二段。"
    )
    assert (found.kind, found.pages) == ("docx", 0)


def test_changes_boxes_and_notes_of_a_word_document(document):
    run = "<w:r><w:t>{}</w:t></w:r>".format
    body = (
        f"<w:p><w:pPr><w:tabs><w:tab/></w:tabs></w:pPr>{run('Kept')}<w:ins>{run(' added')}</w:ins>"
        f"<w:del><w:r><w:delText>gone</w:delText></w:r></w:del>"
        "<w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r><w:r><w:tab/><w:t>end</w:t></w:r>"
        f"</w:p><w:sdt><w:sdtContent><w:p>{run('Controlled')}</w:p></w:sdtContent></w:sdt>"
        f"<w:p><w:r><mc:AlternateContent><mc:Choice><w:txbxContent><w:p>{run('Box')}</w:p>"
        f"</w:txbxContent></mc:Choice><mc:Fallback><w:p>{run('Box again')}</w:p></mc:Fallback>"
        "</mc:AlternateContent></w:r></w:p>"
    )
    notes = (
        f'<w:footnote w:type="separator"><w:p>{run("no")}</w:p></w:footnote>'
        f"<w:footnote><w:p>{run('A note.')}</w:p></w:footnote>"
    )
    found = document(docx_of(body, footnotes=notes))
    assert found.text == "Kept added\tend\n\nControlled\n\nBox\n\nA note."


# EPUB


def test_a_book_is_read_in_the_order_of_its_spine(document):
    chapter = "<html><head><title>Book</title></head><body><h2>{}</h2><p>{}</p></body></html>"
    book = epub(
        {
            "two.xhtml": chapter.format("Two", "The end."),
            "one.xhtml": chapter.format("One", "第一章的内容。"),
            "unused.xhtml": chapter.format("Unused", "Nobody reads this."),
        },
        order=["one.xhtml", "two.xhtml"],
    )
    found = document(book, "book.epub")
    assert found.text == "One\n\n第一章的内容。\n\nTwo\n\nThe end."
    assert (found.kind, found.pages) == ("epub", 2)


def test_a_protected_book_is_refused(refused):
    locked = (
        '<encryption xmlns:e="http://www.w3.org/2001/04/xmlenc#"><e:CipherReference '
        'URI="OEBPS/text/one.xhtml"/></encryption>'
    )
    book = epub({"one.xhtml": "<p>x</p>"}, **{"META-INF/encryption.xml": locked})
    assert isinstance(refused(book), errors.DocumentEncrypted)


# PDF


def test_lines_of_a_pdf_become_paragraphs(document):
    page = "\n".join(
        (
            lines("Minutes of the committee, from Monday on", top=760, size=20),
            lines(*PROSE, top=720),
            lines(*PROSE, top=650),
        )
    )
    found = document(pdf(page, lines(*CHINESE)), "minutes.pdf")
    whole = (
        "The committee met on Monday to talk about the international budget. It was agreed that "
        "the well-known plan of last year, which nobody had read, should be read by everybody "
        "before the next meeting."
    )
    assert found.text.split("\n\n")[1:] == [whole, whole, "".join(CHINESE)]
    assert (found.kind, found.pages) == ("pdf", 2)


def test_running_heads_and_page_numbers_are_left_out(document):
    pages = [
        "\n".join((lines(f"Annual report - {n}", top=810), lines(*PROSE), lines(f"{n}", top=30)))
        for n in range(1, 5)
    ]
    text = document(pdf(*pages)).text
    assert "Annual report" not in text
    assert not any(line.strip().isdigit() for line in text.splitlines())
    assert text.count("The committee met") == 4


def test_a_row_of_figures_in_the_margin_is_text(document):
    pages = [lines(f"1{n} 2{n} 3{n}", *PROSE, top=810) for n in range(1, 5)]
    assert "14 24 34" in document(pdf(*pages)).text


def test_a_scan_asks_for_text_recognition(refused):
    stamped = "\n".join((PICTURE, lines("Scanned by X", top=30)))
    for pages in ([PICTURE], [PICTURE] * 3, [stamped] * 4):
        error = refused(pdf(*pages))
        assert isinstance(error, errors.DocumentScanned)
        assert error.values == {"pages": len(pages)}


def test_a_picture_beside_text_is_no_scan(document):
    assert document(pdf("\n".join((PICTURE, lines(*PROSE))), PICTURE)).text.startswith("The comm")


def test_a_pdf_that_does_not_tell_its_letters_is_as_good_as_a_scan(refused):
    assert isinstance(refused(pdf(lines(*CHINESE), told=False)), errors.DocumentScanned)


def encrypted(user):
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf(lines(*PROSE))))
    writer.encrypt(user, "owner", algorithm="AES-256")
    held = io.BytesIO()
    writer.write(held)
    return held.getvalue()


def test_a_pdf_is_opened_without_a_password_or_refused(document, refused):
    assert document(encrypted("")).text.startswith("The committee")
    assert isinstance(refused(encrypted("secret")), errors.DocumentEncrypted)


# Refused


def test_nothing_is_said_to_be_nothing(refused):
    assert isinstance(refused(b""), errors.DocumentEmpty)
    blank = [" \n\t\n　", b"\xef\xbb\xbf", "<html><body> &nbsp; </body></html>", pdf("", "")]
    for raw in (*blank, saved(docx.Document()), epub({"one.xhtml": "<p/>"})):
        assert isinstance(refused(raw), errors.DocumentBlank)


def test_a_document_that_was_cut_off_is_broken(refused):
    word = docx.Document()
    word.add_paragraph("Hello " * 1000)
    book = epub({"one.xhtml": "<p>Hello</p>"})
    for raw in (saved(word), book, b"%PDF-1.7\n1 0 obj\n<< /Type /Cata"):
        assert isinstance(refused(raw[: len(raw) * 3 // 4]), errors.DocumentBroken)


@pytest.mark.parametrize(
    "raw",
    [
        docx_of("<w:p><w:r><w:t>x"),  # no whole XML
        zipped({"[Content_Types].xml": "", "_rels/.rels": "<Relationships/>"}),
        zipped({"META-INF/container.xml": "<container/>"}),
        epub({}),
        docx_of("<w:p><w:r><w:t>&a;</w:t></w:r></w:p>", before='<!DOCTYPE x [<!ENTITY a "b">]>'),
    ],
)
def test_a_document_without_its_parts_is_broken(refused, raw):
    assert isinstance(refused(raw), errors.DocumentBroken)


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600


@pytest.mark.parametrize(
    ("raw", "kind", "values"),
    [
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 20, errors.PictureGiven, {"format": "PNG"}),
        (b"RIFF\0\0\0\0WAVEfmt ", errors.RecordingGiven, {"format": "WAV"}),
        (b"\0\0\0\x20ftypisom", errors.RecordingGiven, {"format": "MP4"}),
        (b"\x1f\x8b\x08\0", errors.ArchiveGiven, {"format": "gzip"}),
        (zipped({"a.txt": "a"}), errors.ArchiveGiven, {"format": "ZIP"}),
        (OLE, errors.OldOfficeFile, {}),
        (OLE + "EncryptedPackage".encode("utf-16-le"), errors.DocumentEncrypted, {}),
        (b"{\\rtf1 Hello}", errors.DocumentUnsupported, {"format": "RTF"}),
        (
            zipped({"[Content_Types].xml": "", "_rels/.rels": "", "xl/workbook.xml": ""}),
            errors.DocumentUnsupported,
            {"format": "XLSX"},
        ),
        (
            zipped({"mimetype": "application/vnd.oasis.opendocument.text"}),
            errors.DocumentUnsupported,
            {"format": "ODT"},
        ),
        (bytes(range(256)) * 40, errors.DocumentNotText, {}),
    ],
)
def test_another_kind_of_file_is_named(refused, raw, kind, values):
    error = refused(raw, "letter.docx")
    assert (type(error), error.values) == (kind, values)


def test_the_limits_on_bytes_and_letters(document, refused):
    error = refused("x" * 11, limits=Limits(upload_bytes=10))
    assert (type(error), error.values) == (errors.DocumentTooLarge, {"bytes": 11, "limit": 10})
    packed = docx_of("<w:p><w:r><w:t>" + "a" * 5_000_000 + "</w:t></w:r></w:p>")
    unpacked = refused(packed, limits=Limits(unpacked_bytes=4_000_000))
    assert unpacked.values == {"limit": 4_000_000}
    for long in (packed, "a" * 5_000_000):
        with pytest.raises(errors.TextTooLong) as letters:
            document(long)
        assert letters.value.values == {"length": 5_000_000, "limit": 1_000_000}


def test_an_archive_that_lies_about_its_size_does_no_harm(refused, monkeypatch):
    """256 million zeros that are said to be ten bytes."""
    monkeypatch.setattr(documents, "MEMORY", 300_000_000)
    raw = zipped({"META-INF/container.xml": "", "mimetype": bytes(1 << 28)})
    raw = raw.replace((1 << 28).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert isinstance(refused(raw), errors.DocumentUnpacksTooLarge | errors.DocumentBroken)


# A stranger's


def endless(depth=9, fan=12):
    """A page that draws a form twelve times, which draws one twelve times …"""
    call = "/F Do " * fan
    forms = [
        f"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /Font << /L 5 0 R >> "
        f"/XObject << /F {7 + level} 0 R >> >> /Length {len(call)} >>\nstream\n{call}\nendstream"
        for level in range(depth)
    ]
    text = lines("x")
    last = (
        "<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /Font << /L 5 0 R >> >> "
        f"/Length {len(text)} >>\nstream\n{text}\nendstream"
    )
    return written(
        [
            "<< /Type /Catalog /Pages 2 0 R >>",
            "<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
            "/Resources << /XObject << /F 6 0 R >> >> >>",
            f"<< /Length {len(call)} >>\nstream\n{call}\nendstream",
            "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
            *forms,
            last,
        ]
    )


def test_a_document_that_takes_for_ever_is_stopped(refused):
    error = refused(endless(), seconds=2)
    assert (type(error), error.values) == (errors.DocumentTooSlow, {"seconds": 2})
    assert psutil.Process().children() == []


def test_a_child_ends_by_itself_where_nobody_waits_for_it():
    request = {"kind": "pdf", "seconds": 0.1, "memory": documents.MEMORY}
    given = json.dumps(request | {"unpacked": 10**8, "characters": 10**7}).encode() + b"\n"
    child = subprocess.run(
        [sys.executable, "-m", "inference.document_child"],
        cwd=PROJECT,
        input=given + endless(),
        capture_output=True,
        timeout=60,
    )
    assert -child.returncode in (signal.SIGXCPU, signal.SIGALRM)


def test_what_eats_memory_is_stopped(refused, monkeypatch):
    monkeypatch.setattr(documents, "MEMORY", 80_000_000)
    page = "<html>" + "<p>" + "text " * 3_900_000
    assert isinstance(refused(page), errors.DocumentUnpacksTooLarge)


def test_only_a_few_are_read_at_once(refused, monkeypatch):
    monkeypatch.setattr(documents, "_turns", documents.threading.BoundedSemaphore(1))
    with documents._turn(0.1):
        assert isinstance(refused(pdf(lines(*PROSE)), seconds=0.1), errors.DocumentsBusy)


def test_the_child_learns_no_secret():
    given = {"PATH": "/bin", "HF_TOKEN": "hf_x", "LAB_CHAT_KEY": "k", "HTTPS_PROXY": "http://u:p@h"}
    assert documents.child_environment(given) == {"PATH": "/bin", "PYTHONUTF8": "1"}


def test_no_reader_is_loaded_with_the_page():
    code = (
        "import sys, inference.documents\n"
        "print(sorted({'lxml', 'pypdfium2', 'charset_normalizer'} & set(sys.modules)))"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "[]"


def test_comments_without_end_are_looked_at_once():
    started = time.process_time()
    assert not documents._PAGE.match("<!---->" * 500 + "x")
    assert time.process_time() - started < 1


def test_a_word_of_many_letters_is_looked_at_once():
    started = time.process_time()
    words = paragraphs.hyphenated_words(["x" * 200_000, "a well-known word", "字" * 200_000])
    assert words == {"well-known"}
    assert time.process_time() - started < 2


def test_a_paragraph_in_an_item_or_a_cell_is_part_of_it():
    page = "<ul><li><p>one</p><p>two</p></li></ul><table><tr><td><p>a</p></td><td><div>b</div></td>"
    assert read_html(page) == "- one\ntwo\n\na | b"


def test_a_line_of_wide_spaces_is_no_line(document):
    found = document(pdf(lines("A first line.", "　　", "A second one.")))
    assert found.text.split() == ["A", "first", "line.", "A", "second", "one."]
