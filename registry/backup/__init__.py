"""The registry as files: one of JSON lines for its rows, and the stored ones."""

ROWS = "registry.jsonl"
FILES = "files"
