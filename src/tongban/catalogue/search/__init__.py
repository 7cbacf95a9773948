"""Search over service items: `text` (words, pinyin), `index` (writing), `query` (asking)."""
