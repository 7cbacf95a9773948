"""Finding a font with Chinese characters."""

from __future__ import annotations

import pytest

from tongban.base.fonts import NAMES, PROBE, chinese_font


def test_without_fonts_there_is_none(tmp_path):
    assert chinese_font((str(tmp_path),)) is None


def test_a_file_that_is_no_font_is_passed_over(tmp_path):
    for name in NAMES:
        (tmp_path / name).write_bytes(b"no font")
    assert chinese_font((str(tmp_path),)) is None


@pytest.mark.skipif(chinese_font() is None, reason="no Chinese font on this machine")
def test_a_font_is_found_that_has_what_receipts_say():
    font = chinese_font()
    assert font.lacks(PROBE) == ""
    assert font.lacks("张\U0002ffff") == "\U0002ffff"
