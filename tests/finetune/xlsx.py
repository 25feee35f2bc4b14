"""XLSX workbooks for tests, from the XML up, so that a broken or hostile one can be made too."""

import io
import zipfile
from xml.sax.saxutils import escape

_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
DATE, PERCENT = 1, 2  # cell styles


def cell(value, place=""):
    """A number, text, boolean, or (number, style) as a `<c>` element."""
    value, style = value if isinstance(value, tuple) else (value, 0)
    at = (f' r="{place}"' if place else "") + (f' s="{style}"' if style else "")
    if value is None:
        return f"<c{at}/>"
    if isinstance(value, bool):
        return f'<c{at} t="b"><v>{value:d}</v></c>'
    if isinstance(value, str):
        return f'<c{at} t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'
    return f"<c{at}><v>{value}</v></c>"


def sheet(*rows):
    body = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
    return f"<worksheet {_MAIN}><sheetData>{body}</sheetData></worksheet>"


def parts(*sheets):
    """The parts of a workbook, name -> XML; `sheets` are the XML of worksheets."""
    numbers = range(1, len(sheets) + 1)
    listed = "".join(f'<sheet name="S{n}" sheetId="{n}" r:id="rId{n}"/>' for n in numbers)
    related = "".join(
        f'<Relationship Id="rId{n}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in numbers
    )
    styles = "".join(f'<xf numFmtId="{number}"/>' for number in (0, 14, 9))
    return {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook {_MAIN} xmlns:r="{_OFFICE}"><sheets>{listed}</sheets>'
        "</workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">{related}'
        "</Relationships>",
        "xl/styles.xml": f"<styleSheet {_MAIN}><cellXfs>{styles}</cellXfs></styleSheet>",
        **{f"xl/worksheets/sheet{n}.xml": sheets[n - 1] for n in numbers},
    }


def packed(contents):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return file.getvalue()


def workbook(*sheets):
    return packed(parts(*sheets))
