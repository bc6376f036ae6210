"""The citizen rates an answer; a low rating leads to reopening."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.context import ActionContext
from actions.heard import heard
from actions.mine import one_of_mine
from backlog import ratings
from backlog.context import Desk
from kit import clock
from kit.db import session_scope
from kit.errors import TiepDanError


class Rate(Action):
    """One to five, from a button under the answer."""

    def __init__(self, context: ActionContext) -> None:
        self._context = context

    def name(self) -> str:
        return "action_rate"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        said = heard(tracker)
        stars = int(said.value("stars") or 0)
        try:
            with session_scope(self._context.engine) as session:
                ticket = one_of_mine(session, said, tracker)
                if ticket is None:
                    dispatcher.utter_message(response="utter_no_ticket_here")
                    return []
                desk = Desk(session, self._context.facts, self._context.sealer, clock.now())
                ratings.rate(desk, ticket, stars)
        except TiepDanError as refused:
            dispatcher.utter_message(text=refused.message)
            return []
        low = stars <= ratings.LOW
        named = f'{{"ticket":"{ticket.number}"}}'
        again = ("Đưa lên cấp trên", "appeal") if ticket.reopened else ("Mở lại phiếu", "reopen")
        offered = [*([again] if low and not ticket.appealed else []), ("Viết thêm một câu", "rate_word")]
        buttons = [{"title": title, "payload": f"/{intent}{named}"} for title, intent in offered]
        dispatcher.utter_message(response="utter_rated_low" if low else "utter_rated", buttons=buttons)
        return []
