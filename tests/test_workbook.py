"""Workbooks: that a person who opens one sees the result's numbers and what they are, and that nothing in it is run."""

import pandas as pd
import pytest

import ofsted_sif as sif

pytest.importorskip("xlsxwriter")
openpyxl = pytest.importorskip("openpyxl")
from ofsted_sif.workbook import to_excel  # noqa: E402


@pytest.fixture(scope="module")
def regions():
    return sif.aggregate(sif.as_at(sif.load_inspections(), **sif.release("la-2024-03-31")), "region")


def test_a_sheet_a_result_with_its_numbers_and_notes_before_it(regions, tmp_path):
    before = regions.copy(deep=True)
    to_excel({"Regions": regions}, tmp_path / "book.xlsx", notes="For the committee of May.")
    book = openpyxl.load_workbook(tmp_path / "book.xlsx")
    assert book.sheetnames == ["Notes", "Regions"]
    sheet = book["Regions"]
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][:3] == ("Region", "n", "N judged")
    assert [row[0] for row in rows[1:]] == regions["region"].tolist()
    place = list(regions.columns).index("share_good_or_outstanding")
    assert [row[place] for row in rows[1:]] == pytest.approx(regions["share_good_or_outstanding"].tolist(), abs=1e-15)
    assert sheet.cell(2, place + 1).number_format == "0.0%"
    assert sheet.freeze_panes == "A2"
    assert len(sheet.tables) == 1
    assert not sheet.merged_cells.ranges
    notes = " ".join(str(row[0]) for row in book["Notes"].iter_rows(values_only=True))
    assert "For the committee of May." in notes
    assert "Open Government Licence" in notes
    assert "not a product of Ofsted" in notes
    pd.testing.assert_frame_equal(regions, before)


def test_dates_are_dates_missing_is_empty_and_texts_are_no_formulas(tmp_path):
    table = pd.DataFrame(
        {"name": ["=1+1", None], "day": pd.to_datetime(["2024-03-31", None]), "x": [float("inf"), None], "flag": [True, False]}
    )
    to_excel({"a": table}, tmp_path / "book.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "book.xlsx")["a"]
    assert sheet["A2"].value == "=1+1"
    assert sheet["A2"].data_type == "s"
    assert sheet["B2"].is_date
    assert [cell.value for cell in sheet[3]] == [None, None, None, False]


def test_names_that_a_workbook_cannot_have_are_mended(regions, tmp_path):
    to_excel({"By region: a/b [x]": regions, "notes": regions, "y" * 40: regions, "Y" * 35: regions}, tmp_path / "book.xlsx")
    names = openpyxl.load_workbook(tmp_path / "book.xlsx").sheetnames
    assert len({name.casefold() for name in names}) == 5
    assert max(map(len, names)) <= 31


def test_an_empty_result_is_written_and_no_result_refused(regions, tmp_path):
    to_excel({"none": regions.iloc[:0]}, tmp_path / "book.xlsx")
    assert openpyxl.load_workbook(tmp_path / "book.xlsx")["none"]["A1"].value == "Region"
    with pytest.raises(ValueError, match="no result"):
        to_excel({}, tmp_path / "book.xlsx")
    with pytest.raises(ValueError, match="no columns"):
        to_excel({"a": pd.DataFrame()}, tmp_path / "book.xlsx")


def test_columns_of_one_name_get_headings_of_their_own(tmp_path):
    to_excel({"a": pd.DataFrame([[1, 2, 3]], columns=["n", "N", "n"])}, tmp_path / "book.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "book.xlsx")["a"]
    assert len({str(cell.value).casefold() for cell in sheet[1]}) == 3


def test_a_table_in_place_of_the_mapping_is_refused_with_what_to_type(regions, tmp_path):
    pl = pytest.importorskip("polars")
    for table, kind in ((regions, "DataFrame"), (pl.DataFrame({"n": [1]}), "DataFrame"), ([regions], "list")):
        with pytest.raises(TypeError, match=rf"results is a mapping .*, not {kind}: to_excel\(\{{'Results': table\}}, path\)"):
            to_excel(table, tmp_path / "book.xlsx")


@pytest.mark.parametrize("name", ["book.csv", "book", "book.xls"])
def test_a_workbook_is_called_xlsx(name, regions, tmp_path):
    with pytest.raises(ValueError, match=rf"{name} is no name of a workbook: give one that ends in \.xlsx, such as .*book\.xlsx$"):
        to_excel({"Regions": regions}, tmp_path / name)
    assert not list(tmp_path.iterdir())
    to_excel({"Regions": regions}, tmp_path / "BOOK.XLSX")


def test_a_missing_folder_is_named(regions, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*none to write .*none.z\.xlsx into: make it first"):
        to_excel({"Regions": regions}, tmp_path / "none" / "z.xlsx")
