"""The editor of guides: sections, inputs, what was typed."""
