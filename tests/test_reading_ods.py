"""Sheets of an ODS are parsed one by one, and hold what they hold where the whole workbook is parsed at once."""

import io

import pytest
import python_calamine

import ofsted_sif as sif
from ofsted_sif.reading import ods as tables
from ofsted_sif.reading.files import open_source
from tests.test_reading_damaged import MANIFEST, ODS, packed

BEGIN = (
    '<?xml version="1.0"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:automatic-styles><style:style style:name="hidden" '
    'style:family="table"><style:table-properties table:display="false"/></style:style></office:automatic-styles>'
    "<office:body><office:spreadsheet>"
)
END = "</office:spreadsheet></office:body></office:document-content>"
HEADER = ("URN", "Provision type", "Local authority", "Inspection type", "Inspection date", "Event number", "Overall effectiveness")


def text(value: str, attributes: str = "") -> str:
    return f'<table:table-cell office:value-type="string"{attributes}><text:p>{value}</text:p></table:table-cell>'


def row(*cells: str, attributes: str = "") -> str:
    return f"<table:table-row{attributes}>{''.join(cells)}</table:table-row>"


def sheet(name: str, *rows: str, style: str = "seen") -> str:
    return f'<table:table table:name="{name}" table:style-name="{style}"><table:table-column/>{"".join(rows)}</table:table>'


def workbook(*sheets: str) -> bytes:
    return packed({"mimetype": ODS, "content.xml": BEGIN + "".join(sheets) + END, "META-INF/manifest.xml": MANIFEST})


def care(first: int, n: int) -> list[str]:
    """A header and the inspections of n homes: dates and numbers typed, blank cells told by how many they are."""
    date = (
        '<table:table-cell office:value-type="date" office:date-value="2015-04-03T00:00:00"><text:p>03/04/2015</text:p></table:table-cell>'
    )
    number = '<table:table-cell office:value-type="float" office:value="{0}"><text:p>{0}</text:p></table:table-cell>'
    rows = [
        row(
            text(f"SC{urn:06}"),
            text("Children&apos;s Home"),
            text("Leeds"),
            text("Full inspection"),
            date,
            number.format(urn),
            text("Good"),
        )
        for urn in range(first, first + n)
    ]
    return [row(*map(text, HEADER)), *rows]


THRICE = ' table:number-rows-repeated="3"'
COVERED = "<table:covered-table-cell/>"
INNER = f"<table:table-cell>{sheet('Inner', row(text('in')))}</table:table-cell>"
BLANK = '<table:table-cell table:number-columns-repeated="3"/>'
WORKBOOKS = {
    "cells of all kinds": workbook(
        sheet("Cover", row(text("Title<text:s/>of two"), BLANK, text("x &amp; y")), row(BLANK)),
        sheet("Many", row(text("above")), *care(1, 100), row(text("same", ' table:number-columns-repeated="2"'), attributes=THRICE)),
        sheet("Repeated", row(BLANK, attributes=' table:number-rows-repeated="70"'), row(BLANK, text("far"), COVERED)),
        sheet("Later", *care(500, 3), row(BLANK, attributes=' table:number-rows-repeated="1048000"')),
        sheet("Empty"),
        sheet("Away", *care(900, 66), style="hidden"),
    ),
    "rows in groups": workbook(
        sheet("One", f"<table:table-header-rows>{care(1, 2)[0]}</table:table-header-rows>", *care(1, 80)[1:]),
        sheet("Two", f"<table:table-row-group>{''.join(care(200, 90))}</table:table-row-group>"),
    ),
    "a table within a cell": workbook(sheet("One", *care(1, 2), row(INNER)), sheet("Two", *care(7, 70))),
    "a comment": workbook(sheet("One", *care(1, 70)), "<!-- </table:table> -->", sheet("Two", *care(5, 2))),
}


@pytest.mark.parametrize("made", WORKBOOKS)
def test_a_sheet_holds_what_it_holds_in_the_whole_workbook(made: str) -> None:
    whole = python_calamine.load_workbook(io.BytesIO(WORKBOOKS[made]))
    source = open_source(io.BytesIO(WORKBOOKS[made]))
    assert sorted(map(str, source.names)) == sorted(whole.sheet_names)
    for name in whole.sheet_names:
        expected = whole.get_sheet_by_name(name).to_python(skip_empty_area=False)
        assert source.load(name, None).rows == expected
        assert source.load(name, None).height == len(expected)
        beginning = source.load(name, 5).rows
        assert [[cell for cell in cells if cell != ""] for cells in beginning] == [
            [cell for cell in cells if cell != ""] for cells in expected[:5]
        ]


def test_sheets_are_listed_with_all_their_rows_and_the_hidden_one_last() -> None:
    listed = sif.list_sheets(io.BytesIO(WORKBOOKS["cells of all kinds"])).set_index("sheet")
    assert listed["rows"].to_dict() == {"Cover": 1, "Many": 105, "Repeated": 71, "Later": 4, "Empty": 0, "Away": 67}
    assert listed.index[-1] == "Away"
    assert not listed.loc["Away", "visible"]
    assert len(sif.read_inspections(io.BytesIO(WORKBOOKS["cells of all kinds"]), sheet="Later")) == 3


def test_two_sheets_of_one_name_are_read_as_the_library_has_them() -> None:
    data = workbook(sheet("Same", *care(1, 2)), sheet("Same", *care(11, 2)))
    source = open_source(io.BytesIO(data))
    whole = python_calamine.load_workbook(io.BytesIO(data))
    assert source.load("Same", None).rows == whole.get_sheet_by_name("Same").to_python(skip_empty_area=False)


def test_a_sheet_that_expands_beyond_all_bounds_is_refused_where_it_is_asked_for() -> None:
    many = row(text("x", ' table:number-columns-repeated="16000"'), attributes=' table:number-rows-repeated="9000"')
    data = workbook(sheet("Small", *care(1, 70)), sheet("Large", *care(1, tables.BEGINNING + 1), many))
    assert len(sif.read_inspections(io.BytesIO(data), sheet="Small")) == 70
    with pytest.raises(sif.ReadingError, match="expand to more than 10,000,000 cells"):
        sif.read_inspections(io.BytesIO(data), sheet="Large")


def test_a_sheet_that_is_most_of_its_workbook_is_read_beside_one_that_expands_beyond_all_bounds() -> None:
    many = row(text("x", ' table:number-columns-repeated="16000"'), attributes=' table:number-rows-repeated="9000"')
    data = workbook(sheet("Small", many), sheet("Large", *care(1, 300)))
    beginning = workbook(sheet("Small", *[row(text("a"))] * tables.BEGINNING, many), sheet("Large", *care(1, 300)))
    with pytest.raises(sif.ReadingError, match="expand to more than 10,000,000 cells"):  # among the first rows of all sheets
        sif.read_inspections(io.BytesIO(data), sheet="Large")
    table = sif.read_inspections(io.BytesIO(beginning), sheet="Large")
    assert len(table) == 300
    with pytest.raises(sif.ReadingError, match="expand to more than 10,000,000 cells"):
        open_source(io.BytesIO(beginning)).load("Small", None)


@pytest.mark.parametrize(
    "cell",
    [
        '<table:table-cell table:number-columns-repeated="9000" office:value-type="string"><text:p>{}</text:p></table:table-cell>',
        # As if an empty cell ended the row where it does not, or began where it does not; and a value that stands within its tag.
        '<table:table-cell table:number-columns-repeated="9000" x="/>" office:value-type="string"><text:p>{}</text:p></table:table-cell>',
        '<table:table-cell office:string-value="{}" x="<table:table-cell " table:number-columns-repeated="9000"/>',
        "<table:table-cell office:string-value='{}' x='<table:table-cell ' table:number-columns-repeated='9000'/>",
        '<table:table-cell x="</table:table-row>" table:number-columns-repeated="9000" office:string-value="{}"/>',
        '<table:table-cell office:value-type="string" office:string-value="{}" table:number-columns-repeated="9000"/>',
    ],
)
def test_text_that_is_repeated_beyond_all_bounds_is_refused(cell: str) -> None:
    long = row(cell.format("long text " * 4000))
    data = workbook(sheet("Data", *care(1, tables.BEGINNING + 1), long))
    with pytest.raises(sif.ReadingError, match=r"hold more than 256 MB of text|some of its cells cannot be read"):
        sif.read_inspections(io.BytesIO(data))
