"""Macaroons: bearer tokens that say themselves what they are good for."""

from exports.macaroons.caveats import Facts as Facts
from exports.macaroons.caveats import Grant as Grant
from exports.macaroons.caveats import destination_caveat as destination_caveat
from exports.macaroons.errors import BadMacaroon as BadMacaroon
from exports.macaroons.errors import Reason as Reason
from exports.macaroons.packets import MAX_IDENTIFIER_CHARS as MAX_IDENTIFIER_CHARS
from exports.macaroons.packets import Macaroon as Macaroon
from exports.macaroons.packets import parse as parse
from exports.macaroons.tokens import identifier_of as identifier_of
from exports.macaroons.tokens import mint as mint
from exports.macaroons.tokens import verify as verify
