"""Rows of data going out."""

from exports.models.delivery import Delivery as Delivery
from exports.models.export import ExportTask as ExportTask
from exports.models.export import SavedConfiguration as SavedConfiguration
from exports.models.export import SavedInput as SavedInput
from exports.models.macaroon import MacaroonIdentifier as MacaroonIdentifier
from exports.models.part import ExportPart as ExportPart
