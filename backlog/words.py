"""Words for people: categories and kinds of tickets, and what happened to them."""

CATEGORIES = {
    "working_hours": "giờ giấc làm việc",
    "attitude": "thái độ phục vụ",
    "harassment": "nhũng nhiễu, vòi vĩnh",
    "obstruction": "gây khó, đòi thêm giấy tờ, bắt đi lại",
    "buck_passing": "đùn đẩy, chỉ qua chỉ lại",
    "delay": "chậm trễ, trễ hẹn",
    "other_conduct": "việc khác",
}
KINDS = {"phan_anh": "phản ánh", "kien_nghi": "kiến nghị", "khen": "lời khen"}
ACTIONS = {
    "submit": "Người dân gửi phiếu",
    "add_information": "Người dân bổ sung",
    "note": "Ghi chú nội bộ",
    "escalate": "Nâng mức nhắc hạn",
    "interim_reply": "Báo người dân việc trễ hạn",
    "open_identity": "Mở danh tính người gửi",
}
LEVELS = {
    0: "trong hạn",
    1: "đã quá nửa thời hạn",
    2: "sắp đến hạn",
    3: "quá hạn",
    4: "quá hạn trên 1 tuần",
    5: "quá hạn trên 2 tuần",
    6: "quá hạn trên 3 tuần",
}
