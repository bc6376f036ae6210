"""Reads data/ whole: either everything is right, or nothing is loaded and every fault is named."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from catalogue.agencies import Agencies, AgencyFile
from catalogue.amendments import AmendmentFile, Change, attach
from catalogue.amendments import versions as amended_versions
from catalogue.calendar import WorkingCalendar
from catalogue.deadlines import DeadlineFile, DeadlineRule
from catalogue.document import Document, Location, Strict
from catalogue.errors import CatalogueError, Fault
from catalogue.holidays import CalendarFile, build_calendar
from catalogue.hotlines import HotlineFile
from catalogue.legal import LegalFile, LegalTexts
from catalogue.places import Places, read_places
from catalogue.procedures import Procedure, ProcedureFile
from catalogue.retention import RetentionFile
from catalogue.routing import RELATIVE, RoutingFile, RoutingRule
from catalogue.situations import SituationFile, Situations
from catalogue.validity import Dated, overlapping

__all__ = ["DeadlineRule", "Facts", "RoutingRule", "check", "load_facts", "read_procedures", "rows"]


@dataclass(frozen=True)
class Facts:
    """Reference data that fits in memory; procedures are rows of the database (catalogue/store.py)."""

    agencies: Agencies
    places: Places
    calendar: WorkingCalendar
    hours_note: str
    deadlines: DeadlineFile
    routing: RoutingFile
    legal: LegalTexts
    situations: Situations
    hotlines: HotlineFile
    retention: RetentionFile


@dataclass(frozen=True)
class Row:
    """One line of a list of procedures for the command line."""

    code: str
    short_name: str
    field: str
    as_of: str
    confidence: str
    unverified: str


def load_facts(data: Path) -> Facts:
    """Everything of `data` except procedures. Raises CatalogueError with every fault in it."""
    reader = _Reader(data)
    places, reader.faults = read_places(data / "places" / "communes.csv", "data/places/communes.csv")
    agency_file = reader.take("agencies.yml", AgencyFile)
    calendar_file = reader.take("calendar/overlay.yml", CalendarFile)
    deadlines = reader.take("deadlines.yml", DeadlineFile)
    routing = reader.take("routing.yml", RoutingFile)
    legal = reader.take("legal.yml", LegalFile)
    situations = reader.take("situations.yml", SituationFile)
    hotlines = reader.take("hotlines.yml", HotlineFile)
    retention = reader.take("retention.yml", RetentionFile)
    if reader.faults:
        raise CatalogueError(reader.faults)
    # No fault means that every file was read.
    assert agency_file is not None
    assert calendar_file is not None
    assert deadlines is not None
    assert routing is not None
    assert legal is not None
    assert situations is not None
    assert hotlines is not None
    assert retention is not None
    agencies = Agencies(agency_file.agencies, places)
    reader.faults += _agency_faults(reader.documents["agencies.yml"], agency_file, agencies)
    reader.faults += _calendar_faults(reader.documents["calendar/overlay.yml"], calendar_file)
    reader.faults += _routing_faults(reader.documents["routing.yml"], routing, agencies)
    reader.faults += _overlaps(
        reader.documents["deadlines.yml"], "rules", deadlines.rules, lambda rule: (rule.kind, rule.category)
    )
    reader.faults += _overlaps(reader.documents["legal.yml"], "texts", legal.texts, lambda text: text.key)
    reader.faults += _retention_faults(reader.documents["retention.yml"], retention)
    if reader.faults:
        raise CatalogueError(reader.faults)
    calendar = build_calendar(calendar_file)
    return Facts(
        agencies,
        places,
        calendar,
        calendar_file.hours_note,
        deadlines,
        routing,
        LegalTexts(legal.texts),
        Situations(situations.phrases),
        hotlines,
        retention,
    )


def read_procedures(folder: Path) -> list[Procedure]:
    """Every procedure of `folder`, sorted by code. Raises CatalogueError with every fault in every file."""
    faults: list[Fault] = []
    found: list[_Found] = []
    paths = sorted(folder.glob("*.yml"))
    if not paths:
        raise CatalogueError([Fault("data/procedures", 0, "không có tệp .yml nào")])
    changes, changes_document = read_amendments(folder.parent)
    faults += changes_document.faults
    for path in paths:
        document = Document(path, f"data/procedures/{path.name}")
        file = document.parse(ProcedureFile)
        faults += document.faults
        for number, entry in enumerate(file.procedures if file else []):
            procedure = attach(entry.model_copy(update={"field": file.field if file else ""}), changes)
            found.append(_Found(document, ("procedures", number), procedure))
    if not faults:
        faults += _unknown_procedures(changes, changes_document, {one.procedure.code for one in found})
    faults += _procedure_faults(found, complete=not faults)
    if faults:
        raise CatalogueError(faults)
    return sorted((one.procedure for one in found), key=lambda one: (one.code, one.valid_from is not None))


def read_amendments(data: Path) -> tuple[list[Change], Document]:
    """The changes of data/amendments.yml, and the document with its faults."""
    document = Document(data / "amendments.yml", "data/amendments.yml")
    file = document.parse(AmendmentFile)
    return file.amendments if file else [], document


def check(data: Path) -> list[Fault]:
    """Every fault in `data`; empty when all is right."""
    faults: list[Fault] = []
    for attempt in (lambda: read_procedures(data / "procedures"), lambda: load_facts(data)):
        try:
            attempt()
        except CatalogueError as error:
            faults += error.faults
    return faults


def rows(procedures: Iterable[Procedure]) -> list[Row]:
    """Procedures as lines of a list."""
    return [
        Row(
            one.code,
            one.short_name,
            one.field,
            f"{one.as_of:%d/%m/%Y}",
            {"high": "cao", "medium": "vừa", "low": "thấp"}[one.confidence],
            ", ".join(name for name in one.unverified if name != "authority_2024"),
        )
        for one in procedures
    ]


@dataclass(frozen=True)
class _Found:
    document: Document
    location: Location
    procedure: Procedure

    def fault(self, message: str, *inside: str | int) -> Fault:
        return self.document.fault((*self.location, *inside), f"{self.procedure.code}: {message}")


class _Reader:
    """Reads the files of one folder and keeps what is wrong with them."""

    def __init__(self, data: Path) -> None:
        self.faults: list[Fault] = []
        self.documents: dict[str, Document] = {}
        self._data = data

    def take[Model: Strict](self, name: str, model: type[Model]) -> Model | None:
        document = self.documents[name] = Document(self._data / name, f"data/{name}")
        parsed = document.parse(model)
        self.faults += document.faults
        return parsed


def _procedure_faults(found: list[_Found], *, complete: bool) -> Iterator[Fault]:
    by_code: dict[str, list[_Found]] = defaultdict(list)
    for one in found:
        by_code[one.procedure.code].append(one)
    for code, versions in by_code.items():
        if overlapping([one.procedure for one in versions]):
            places = ", ".join(f"{one.document.shown}:{one.document.line_of(one.location)}" for one in versions[:-1])
            yield versions[-1].fault(
                f"trùng hiệu lực với bản ở {places}; sửa valid_from, valid_to hoặc bỏ một bản", "code"
            )
        for one in versions:
            yield from _amendment_faults(one)
            for number, other in enumerate(one.procedure.see_also):
                # While some file does not parse, what it holds is not known to be missing.
                if other.code == code or (complete and other.code not in by_code):
                    yield one.fault(f"see_also: không có thủ tục {other.code}, hoặc là chính nó", "see_also", number)
                elif (
                    other.name not in {known.procedure.short_name for known in by_code.get(other.code, ())}
                    and complete
                ):
                    yield one.fault(f"see_also: tên không khớp short_name của {other.code}", "see_also", number)


def _unknown_procedures(changes: list[Change], document: Document, known: set[str]) -> Iterator[Fault]:
    for number, change in enumerate(changes):
        for at, code in enumerate(change.procedures):
            if code not in known:
                yield document.fault(("amendments", number, "procedures", at), f"không có thủ tục {code}")


def _amendment_faults(found: _Found) -> Iterator[Fault]:
    try:
        list(amended_versions(found.procedure))
    except ValidationError as error:
        for fault in error.errors():
            where = ".".join(str(step) for step in fault["loc"])
            yield found.fault(f"amendments: {where}: {fault['msg']}", "amendments")
    except ValueError as error:
        yield found.fault(str(error), "amendments")


def _agency_faults(document: Document, file: AgencyFile, agencies: Agencies) -> Iterator[Fault]:
    seen: set[str] = set()
    for number, agency in enumerate(file.agencies):
        here: Location = ("agencies", number)
        if agency.key in seen:
            yield document.fault((*here, "key"), f"{agency.key}: có hai cơ quan cùng khóa này")
        seen.add(agency.key)
        for name, key in (("parent", agency.parent), ("successor", agency.successor)):
            if key is not None and key not in agencies:
                yield document.fault((*here, name), f"{agency.key}: {name} là {key}, nhưng không có cơ quan đó")
        if agency.valid_to and not agency.successor:
            yield document.fault((*here, "valid_to"), f"{agency.key}: đã hết hiệu lực thì phải có successor")
        if _circles(agency.key, agencies):
            yield document.fault(here, f"{agency.key}: parent hoặc successor chạy vòng tròn")


def _circles(key: str, agencies: Agencies) -> bool:
    for step in ("parent", "successor"):
        visited, at = {key}, getattr(agencies.get(key), step)
        while at is not None and at in agencies:
            if at in visited:
                return True
            visited.add(at)
            at = getattr(agencies.get(at), step)
    return False


def _calendar_faults(document: Document, file: CalendarFile) -> Iterator[Fault]:
    seen: set[object] = set()
    if file.first_year > file.last_year:
        yield document.fault(("first_year",), "first_year lớn hơn last_year")
    for number, stretch in enumerate(file.hours):
        if stretch.opens >= stretch.closes:
            yield document.fault(("hours", number), "giờ mở cửa phải sớm hơn giờ đóng cửa")
    for number, day in enumerate(file.days):
        if day.date in seen:
            yield document.fault(("days", number), f"{day.date}: ngày này có hai dòng")
        if not file.first_year <= day.date.year <= file.last_year:
            yield document.fault(("days", number, "date"), f"{day.date}: nằm ngoài các năm của lịch")
        seen.add(day.date)


def _routing_faults(document: Document, routing: RoutingFile, agencies: Agencies) -> Iterator[Fault]:
    named: list[tuple[Location, str]] = [(("coordinator",), routing.coordinator)]
    named += [
        (("rules", number, "to"), rule.to) for number, rule in enumerate(routing.rules) if rule.to not in RELATIVE
    ]
    for location, key in named:
        if key not in agencies:
            yield document.fault(location, f"không có cơ quan {key} trong data/agencies.yml")
    yield from _overlaps(document, "rules", routing.rules, lambda rule: rule.id)


def _retention_faults(document: Document, file: RetentionFile) -> Iterator[Fault]:
    for what in file.missing:
        yield document.fault(("rules",), f"thiếu thời hạn lưu cho {what}")
    yield from _overlaps(document, "rules", file.rules, lambda rule: " ".join(filter(None, (rule.what, rule.kind))))


def _overlaps[Item: Dated](
    document: Document, name: str, items: list[Item], key: Callable[[Item], object]
) -> Iterator[Fault]:
    groups: dict[object, list[int]] = defaultdict(list)
    for number, item in enumerate(items):
        groups[key(item)].append(number)
    for label, numbers in groups.items():
        if overlapping([items[number] for number in numbers]):
            yield document.fault(
                (name, numbers[-1]), f"{label}: hai dòng cùng hiệu lực một lúc, sửa valid_from hoặc valid_to"
            )
