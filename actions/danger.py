"""Whether somebody may be in danger: such a story is filed like any other, but the emergency numbers come first."""

import re

from vntext.fold import fold

# Not meant: "đánh máy", "danh sách", "định danh", "từ từ", "chờ muốn chết", "tra cứu tới giờ", "bị nhốt xe".
_VIOLENCE = re.compile(
    r"\bdoa\b.{0,20}\b(?:giet|danh(?! (?:sach|thue|rot|gia|may|so|dau|hieu))|chem|dam|dot|xu(?! ly| phat)"
    r"|lay mang|tinh mang)\b"
    r"|\bdoi (?:giet|chem|dot|danh (?:toi|tui|em|chet|dap))\b|\btat (?:xang|a ?xit)\b"
    r"|\b(?:danh dap|hanh hung|bop co|dam chem|(?:cam|ke|chia|rut|vac|xach) dao)\b"
    r"|\b(?:bi|dang|no|ong|ba|toi|tui)\s+(?:\w+\s+){0,2}(?:ri dao|nhot(?! xe))\b"
    r"|\bbi (?:(?!(?:dinh|ghi|nac|an|chuc|mao)\b)\w+ ){0,3}danh"
    r"(?= (?:toi|tui|em|vo|chong|nguoi|den|trong|truoc)\b|\s*(?:[,.;!?]|$))"
    r"|\b(?:danh|dap|dam|tat)\s+(?:\w+\s+){0,3}"
    r"(?:chay mau|gay tay|gay chan|bat tinh|nhap vien|bam tim|sung mat|trong thuong)\b"
    r"|\b(?:toi|tui|em|con|minh|chi) (?:chi )?muon chet\b|\bmuon chet (?:quach|cho xong|cho roi)\b"
    r"|\b(?:khong|ko|k|chang|cha|hong) (?:con )?muon song\b|\btu sat\b(?! nhap| hach)"
    r"|\b(?:muon|dinh|nghi toi|nghi den|doa) tu tu\b|\btu tu (?:chet|mat)\b"
    r"|(?<!tra )(?<!cap )(?<!nghien )\bcuu (?:toi|tui|em|con|voi)\b"
)
_SUICIDE = re.compile(r"\btự\s+tử\b")  # without its marks it is "từ từ"


def in_danger(text: str) -> bool:
    """Whether a text tells of violence, threats to life, or somebody who may harm themselves."""
    return bool(_VIOLENCE.search(fold(text)) or _SUICIDE.search(text.lower()))
