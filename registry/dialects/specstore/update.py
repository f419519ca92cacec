"""The endpoint that a runner elsewhere reports to (contract 3.1.6)."""

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from registry import callbacks
from registry.dialects.specstore import callback_wire, wire
from registry.dialects.specstore.auth import within_reach
from registry.dialects.specstore.callback_wire import Unusable
from registry.dialects.specstore.views import SpecstoreView
from registry.errors import NoSuchPipeline, NotAuthorised
from tasks.dialects.json_body import BadJson, BodyTooLarge, read_json


class Update(SpecstoreView):
    """Answers 200 to whatever is JSON: a runner takes all else for its own failure."""

    def post(self, request: Request, token: str = "") -> HttpResponse:
        try:
            body = read_json(request)
        except BadJson as error:
            return self.reply(callback_wire.untaken(str(error)), status=400)
        except BodyTooLarge as error:
            return self.reply(callback_wire.untaken(str(error)))
        if body is None:
            return self.reply(callback_wire.untaken(wire.EMPTY))
        try:
            callback = callback_wire.read_callback(body)
            among = within_reach(request, token)
            revision = callbacks.take(callback, among=among, at=timezone.now())
        except Unusable as error:
            return self.reply(callback_wire.untaken(str(error)))
        except (NotAuthorised, NoSuchPipeline):
            # Alike, so that nobody learns which pipelines there are.
            return self.reply(callback_wire.untaken(callback_wire.NOT_FOUND))
        return self.reply(callback_wire.taken(revision, callback))
