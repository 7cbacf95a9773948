from __future__ import annotations

import gzip

import pytest

from tongban.base.tables import LoadReport, TableError, read_table


def rows(path, required=("a",)):
    report = LoadReport()
    return [row.cells for row in read_table(path, required, report)], report


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_chinese_tables_read_in_the_encodings_that_offices_use(tmp_path, encoding):
    path = tmp_path / "t.csv"
    path.write_bytes("a,b\n身份证,公安\n".encode(encoding))
    assert rows(path)[0] == [{"a": "身份证", "b": "公安"}]


def test_a_zipped_table_reads(tmp_path):
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(b"a\n1\n"))
    assert rows(path)[0] == [{"a": "1"}]


def test_a_row_with_other_cells_is_reported_with_its_line_and_the_rest_goes_on(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\n1\n1,2,3\n\n3,4\n")
    found, report = rows(path)
    assert found == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]
    assert [(problem.row, problem.code) for problem in report.problems] == [
        (3, "cells"),
        (4, "cells"),
    ]
    assert report.read == 4


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "missing_column"),
        (b"b\n1\n", "missing_column"),
        (b"a,a\n1,2\n", "column_twice"),
        (b"a\n\x00\n", "binary"),
        (b"a\n\xff\xff\xff\n", "encoding"),
        (b'"a\n1\n', "missing_column"),
    ],
)
def test_an_unusable_file_is_refused_whole_with_a_reason(tmp_path, content, code):
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(TableError) as refusal:
        rows(path)
    assert refusal.value.code == code


def test_a_broken_archive_is_refused(tmp_path):
    path = tmp_path / "t.csv.gz"
    path.write_bytes(b"not gzip")
    with pytest.raises(TableError):
        rows(path)


def test_a_quote_that_is_not_closed_costs_its_own_row_alone(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('a,b\n1,2\n"3,4\n5,6\n"7\n8",9\n')
    found, report = rows(path)
    assert found == [{"a": "1", "b": "2"}, {"a": "5", "b": "6"}, {"a": "7\n8", "b": "9"}]
    assert [(problem.row, problem.code) for problem in report.problems] == [(3, "quote")]
    assert report.read == 4


def test_a_row_with_damaged_characters_costs_its_own_row_alone(tmp_path):
    path = tmp_path / "t.csv"
    good = "身份证,公安机关的窗口\n".encode()
    path.write_bytes(b"a,b\n" + good * 3 + b"\xff\xfe,x\n" + good)
    found, report = rows(path)
    assert len(found) == 4
    assert [(problem.row, problem.column, problem.code) for problem in report.problems] == [
        (5, "a", "encoding")
    ]
