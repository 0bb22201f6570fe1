"""Tables from outside: read with distrust, written inert."""

import io
import zipfile

import pytest
import xlsxwriter

from app.registers import sheets
from app.registers.errors import FileRefused
from app.registers.sheets import read, write_csv, write_excel


def excel(*rows, macro=False):
    """Build a workbook of these cells; None leaves one empty."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                if cell is not None:
                    sheet.write(number, column, cell)
    if macro:
        with zipfile.ZipFile(file, "a") as package:
            package.writestr("xl/vbaProject.bin", b"macro")
    return file.getvalue()


def cells(content):
    return [line.cells for line in read(content)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_offices_write_csv_in_many_ways(encoding, delimiter):
    text = delimiter.join(("名称", "区划")) + "\r\n" + delimiter.join(("示例热电", "沙坡头区"))
    assert cells(text.encode(encoding)) == [("名称", "区划"), ("示例热电", "沙坡头区")]


def test_a_row_keeps_the_number_it_has_in_the_file():
    content = '名称,备注\n甲,"一\n二"\n\n乙,\n'.encode()
    assert [line.number for line in read(content)] == [1, 2, 5]


def test_excel_gives_text_dates_numbers_and_truth_as_they_were_seen():
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(2, 1, ["名称", 640502, 1234.5, True])
        sheet.write_datetime(3, 1, sheets_day(), book.add_format({"num_format": "yyyy-mm-dd"}))
        sheet.write_formula(4, 1, "=1+1", None, 2)
    lines = read(file.getvalue())
    assert [line.number for line in lines] == [3, 4, 5]
    assert [cell for cell in lines[0].cells if cell] == ["名称", "640502", "1234.5", "是"]
    assert "2026-03-31" in lines[1].cells
    assert "2" in lines[2].cells


def sheets_day():
    from datetime import datetime

    return datetime(2026, 3, 31)  # noqa: DTZ001 - a cell of a sheet has no zone


def bomb():
    """A package whose parts unpack to more than any honest table."""
    file = io.BytesIO(excel(["名称"]))
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as package:
        package.writestr("xl/media/much.bin", b"0" * (sheets.LARGEST_UNPACKED + 1))
    return file.getvalue()


def understated():
    """A package that declares less than it holds."""
    content = bytearray(bomb())
    declared = (sheets.LARGEST_UNPACKED + 1).to_bytes(4, "little")
    assert content.count(declared) >= 1
    return bytes(content).replace(declared, (1000).to_bytes(4, "little"))


def far_corner():
    """A sheet whose only cells stand in two far corners: half a terabyte if read as a grid."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_string(0, 0, "名称")
        sheet.write_string(1_048_575, 16_383, "远")
    return file.getvalue()


def word_document():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as package:
        package.writestr("word/document.xml", "<x/>")
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "0 字节"),
        (b"a" * (sheets.LARGEST + 1), "5 MB"),
        (b"\n\n,,\n", "没有任何行"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1old", "旧版"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\xff\xfe", "不是表格"),
        (b'a,"b\nc', "CSV"),
        (b"PK\x03\x04 broken", "损坏"),
        (("," * sheets.MOST_COLUMNS + "x").encode(), "列数过多"),
        (("a\n" * (sheets.MOST_ROWS + 20)).encode(), "10000 行"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_is_no_table_is_refused_with_a_sentence(content, said):
    with pytest.raises(FileRefused) as refused:
        read(content)
    assert said in refused.value.label.zh
    assert refused.value.label.en


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: excel(["名称"], macro=True), "宏"),
        (bomb, "解压"),
        (understated, "损坏"),
        (far_corner, "过大"),
        (word_document, "不是 Excel"),
    ],
    ids=["macro", "bomb", "understated bomb", "far corner", "word"],
)
def test_a_dangerous_package_is_refused_before_it_costs_anything(make, said):
    with pytest.raises(FileRefused) as refused:
        read(make())
    assert said in refused.value.label.zh


@pytest.mark.parametrize(
    "formula", ["=1+1", "+1+A1", "-1-A1", "@SUM(A1)", "\tx", "\rx", '=HYPERLINK("x")']
)
def test_nothing_written_is_a_formula(formula):
    csv_text = write_csv([["名称"], [formula]]).decode("utf-8-sig")
    assert csv_text.splitlines()[1].lstrip('"').startswith("'")
    package = zipfile.ZipFile(io.BytesIO(write_excel([["名称"], [formula]], "表")))
    assert b"<f>" not in package.read("xl/worksheets/sheet1.xml")


def test_what_is_written_is_read_again():
    rows = [["名称", "备注"], ["示例热电", "第一行\n第二行"], ["=示例水泥", "+86 955"]]
    assert cells(write_csv(rows)) == [tuple(row) for row in rows]
    assert cells(write_excel(rows, "单位")) == [tuple(row) for row in rows]
