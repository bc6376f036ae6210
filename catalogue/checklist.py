"""What one citizen brings, as a list to print and tick off: the content of the page and of the PDF."""

from dataclasses import dataclass
from datetime import datetime

from catalogue.answers import source_line
from catalogue.case_view import CaseView
from catalogue.load import Facts
from catalogue.phrases import join, paper, remark, sentence, where
from catalogue.procedures import Procedure
from catalogue.situations import Situation

PORTAL = "https://dichvucong.gov.vn"
_DOUBTS = {"documents": "danh sách giấy tờ", "fee": "lệ phí", "time_limit": "thời gian", "hand_in": "nơi nộp"}


@dataclass(frozen=True)
class Checklist:
    """`papers` are needed in this case; `others` (case, papers) only when that case applies; `facts` are (label,
    text); `doubt` is a sentence about what no source has settled, or empty. `url` is the portal's own page."""

    title: str
    case: str
    papers: list[str]
    others: list[tuple[str, list[str]]]
    facts: list[tuple[str, str]]
    notes: list[str]
    doubt: str
    source: str
    url: str


def known_answers(procedure: Procedure, given: Situation) -> dict[str, str]:
    """Of `given`, what answers a question of the procedure; the rest may come from a stranger's hand."""
    options = {question.key: {option.key for option in question.options} for question in procedure.questions}
    return {key: value for key, value in given.items() if value in options.get(key, ())}


def build(procedure: Procedure, situation: Situation, facts: Facts, at: datetime) -> Checklist:
    """The list for a case. What the situation leaves open stands under its own heading."""
    view = CaseView(procedure, situation, at.date())
    fee, limit = view.statement(procedure.fee), view.statement(procedure.time_limit)
    return Checklist(
        title=procedure.short_name,
        case=view.label.strip(" ()"),
        papers=[paper(item) for item in view.papers],
        others=[(group.case or "Khi cần", [paper(item) for item in group.items]) for group in view.open_groups],
        facts=[
            ("Lệ phí", _whole(fee.short, [(one.case, one.short) for one in fee.cases])),
            ("Thời gian", _whole(limit.short, [(one.case, one.short) for one in limit.cases])),
            ("Nộp tại", sentence(where(procedure.hand_in))),
            ("Giờ làm việc", sentence(facts.hours_note)),
        ],
        notes=[remark(one) for one in view.remarks(procedure.notes) if one.warning],
        doubt=_doubt(procedure),
        source=source_line(procedure),
        url=procedure.source.url or PORTAL,
    )


def _whole(short: str, cases: list[tuple[str, str]]) -> str:
    return " ".join([sentence(short), *(f"{case}: {text}." for case, text in cases)])


def _doubt(procedure: Procedure) -> str:
    names = [words for name, words in _DOUBTS.items() if name in procedure.unverified]
    return (
        f"Chưa đối chiếu được với nguồn chính thức: {join(names)}. Hỏi lại nơi nhận hồ sơ trước khi đi."
        if names
        else ""
    )
