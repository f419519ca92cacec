"""Rows of data going out."""

from exports.models.delivery import Delivery as Delivery
from exports.models.export import ExportTask as ExportTask
from exports.models.export import SavedConfiguration as SavedConfiguration
from exports.models.export import SavedInput as SavedInput
from exports.models.macaroon import MacaroonIdentifier as MacaroonIdentifier
from exports.models.part import ExportPart as ExportPart
from exports.models.share import Share as Share
from exports.models.share import ShareKind as ShareKind
from exports.models.share import ShareQuery as ShareQuery
from exports.models.stream import Batch as Batch
from exports.models.stream import EventSegment as EventSegment
from exports.models.stream import EventStream as EventStream
