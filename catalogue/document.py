"""Reads YAML files strictly: every complaint of the schema comes with the line that caused it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from catalogue.errors import Fault

Location = tuple[str | int, ...]

# pydantic's own words are English and for programmers; these are for the person who edits the file.
_MESSAGES = {
    "missing": "thiếu mục này, xin thêm vào",
    "extra_forbidden": "không có mục nào tên như vậy, xem lại chính tả",
    "string_type": "phải là chữ; nếu là số hoặc mã thì đặt trong dấu nháy",
    "string_too_short": "đang để trống, xin điền vào hoặc bỏ cả mục",
    "string_too_long": "dài quá, xin viết ngắn lại",
    "too_short": "danh sách đang trống, xin thêm ít nhất một dòng",
    "date_type": "phải là ngày, viết như 2026-07-20 và không có dấu nháy",
    "date_from_datetime_parsing": "phải là ngày, viết như 2026-07-20",
    "int_type": "phải là số nguyên",
    "bool_type": "phải là true hoặc false",
    "list_type": "phải là danh sách, mỗi dòng bắt đầu bằng dấu gạch",
    "string_pattern_mismatch": "viết chưa đúng dạng",
    "model_type": "phải là một nhóm mục có tên",
    "model_attributes_type": "phải là một nhóm mục có tên",
}


class Strict(BaseModel):
    """Base of everything read from data/: unknown keys and wrong types are errors, values never change."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Document:
    """One YAML file that is still known line by line. `shown` is how faults name it."""

    def __init__(self, path: Path, shown: str) -> None:
        self.shown = shown
        self.faults: list[Fault] = []
        self._tree: yaml.Node | None = None
        self._value: Any = None
        self._read(path)

    def parse[Model: BaseModel](self, model: type[Model]) -> Model | None:
        """The document as `model`; None, with the reasons in `faults`, when anything is wrong."""
        if self.faults:
            return None
        try:
            return model.model_validate(self._value)
        except ValidationError as error:
            self.faults += [self._explain(dict(fault)) for fault in error.errors()]
            return None

    def fault(self, location: Location, message: str) -> Fault:
        """A fault at the line where `location` stands."""
        return Fault(self.shown, self.line_of(location), message)

    def line_of(self, location: Location) -> int:
        """The line, from 1, of the deepest part of `location` that exists in the document."""
        node, line = self._tree, 1
        for step in location:
            child = _child(node, step)
            if child is None:
                break
            line, node = child
        return line

    def _read(self, path: Path) -> None:
        try:
            self._tree = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        except FileNotFoundError:
            self.faults.append(Fault(self.shown, 0, "không có tệp này"))
            return
        except UnicodeDecodeError:
            self.faults.append(Fault(self.shown, 0, "tệp không phải UTF-8, xin lưu lại bằng UTF-8"))
            return
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 0
            self.faults.append(Fault(self.shown, line, "sai cú pháp YAML, xem lại thụt dòng và dấu nháy"))
            return
        if self._tree is None:
            self.faults.append(Fault(self.shown, 0, "tệp đang trống"))
            return
        self.faults += [Fault(self.shown, line, f"mục {key} có hai lần") for key, line in _twice(self._tree)]
        self._value = _Plain("").construct_document(self._tree)

    def _explain(self, error: dict[str, Any]) -> Fault:
        where = ".".join(str(step) for step in error["loc"])
        words = _words(error)
        # Rules over a whole record name the part that they are about: "authority: …".
        part = words.partition(":")[0]
        return self.fault((*error["loc"], part), f"{where}: {words}" if where else words)


class _Plain(yaml.SafeLoader):
    """Makes plain values of a tree that is already read."""


def read[Model: BaseModel](path: Path, model: type[Model], shown: str) -> tuple[Model | None, list[Fault]]:
    """One YAML document as `model`, or the faults in it."""
    document = Document(path, shown)
    return document.parse(model), document.faults


def _words(error: dict[str, Any]) -> str:
    if error["type"] == "literal_error":
        return f"chỉ nhận một trong: {error['ctx']['expected'].replace(' or ', ', ')}"
    if error["type"] in ("greater_than_equal", "less_than_equal"):
        return f"số nằm ngoài giới hạn ({error['msg'].removeprefix('Input should be ')})"
    return _MESSAGES.get(error["type"]) or str(error["msg"]).removeprefix("Value error, ")


def _child(node: Any, step: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step].start_mark.line + 1, node.value[step]
    return None


def _twice(node: Any) -> Iterator[tuple[str, int]]:
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _twice(item)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                yield key.value, key.start_mark.line + 1
            seen.add(key.value)
            yield from _twice(value)
