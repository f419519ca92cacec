"""Tables read from any file, changed, checked and written, in bounded memory."""

from exports.tables.aggregates import Aggregate as Aggregate
from exports.tables.cast import Caster as Caster
from exports.tables.columns import ColumnInput as ColumnInput
from exports.tables.dialects import read_dialect as read_dialect
from exports.tables.errors import TableError as TableError
from exports.tables.preview import preview as preview
from exports.tables.read import open_table as open_table
from exports.tables.sorting import SortKey as SortKey
from exports.tables.transform import BoundTransform as BoundTransform
from exports.tables.transform import Transform as Transform
from exports.tables.types import Dialect as Dialect
from exports.tables.types import Limits as Limits
from exports.tables.types import Table as Table
from exports.tables.validate import Checker as Checker
from exports.tables.write import open_writer as open_writer
from exports.tables.writer import WriteOptions as WriteOptions
from exports.tables.writer import Writer as Writer
