"""What can be wrong with a table, a class per thing a caller can do about it.

TableError
├── UnknownFormat     ask for another format
├── NotATable         send the right file: this one is something else, or damaged
├── BadEncoding       declare the encoding
├── BadHeader         mend the header row, or declare the headers
├── BadRow            mend the row that is named
├── TooLarge          send less, or raise the limit
├── UnknownColumn     name a column that exists
├── WrongType         declare another type for the column
├── BadSchema         mend the Table Schema
└── BadRule           mend the filter at the place that is named
"""


class TableError(Exception):
    """A table cannot be read or written as asked; the message is for people."""

    def __init__(
        self, message: str, *, row: int | None = None, column: str | None = None
    ) -> None:
        super().__init__(message)
        self.row = row
        self.column = column


class UnknownFormat(TableError):
    """No reader or writer is known for this kind of file."""


class NotATable(TableError):
    """The bytes are not what their name says, or they are damaged."""


class BadEncoding(TableError):
    """The text is not in the encoding that was declared or detected."""


class BadHeader(TableError):
    """Column names are missing, empty or used twice."""


class BadRow(TableError):
    """One row does not fit its table."""


class TooLarge(TableError):
    """A limit on rows, bytes or nesting was passed."""


class UnknownColumn(TableError):
    """A column was named that the table does not have."""


class WrongType(TableError):
    """What was asked of a column does not go with its type."""


class BadSchema(TableError):
    """A Table Schema, or one of its fields, makes no sense."""


class BadRule(TableError):
    """A filter is not in the rule language; `position` counts characters from 0."""

    def __init__(self, message: str, *, position: int) -> None:
        super().__init__(message)
        self.position = position
