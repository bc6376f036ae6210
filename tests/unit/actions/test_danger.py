"""Danger in a story: what must never be missed, and everyday words that must not raise an alarm."""

import pytest

from actions.danger import in_danger

DANGER = [
    "cán bộ dọa đánh tôi nếu còn khiếu nại",
    "no doa giet ca nha toi",
    "Bảo vệ hăm dọa chém tôi trước cổng ủy ban",
    "ông ấy đe dọa sẽ xử tôi ngoài đường",
    "ba do hu doa dot nha toi",
    "hắn dọa sẽ đâm chết con tôi",
    "anh công an dọa lấy mạng tôi",
    "em bị đánh đập trong phòng làm việc",
    "toi bi hanh hung ngay tai bo phan mot cua",
    "cán bộ đánh tôi chảy máu mũi",
    "bao ve danh ba toi gay tay",
    "ổng đấm vô mặt tui sưng mặt",
    "nó đánh chồng tôi bất tỉnh phải nhập viện",
    "bị đánh phải nhập viện",
    "dap toi bam tim ca nguoi",
    "Tôi bị nhốt trong phòng, không cho ra",
    "em dang bi nhot trong tru so",
    "chúng tôi bị nhốt từ sáng tới giờ trong trụ sở",
    "ông trưởng ấp cầm dao rượt tôi",
    "no cam dao doi chem toi",
    "bị kề dao vào cổ, bắt ký giấy",
    "ông ta bóp cổ vợ tôi",
    "tôi bị bóp cổ ngay ở quầy",
    "tôi khổ quá chỉ muốn chết",
    "khong muon song nua vi bi ep qua",
    "chắc tôi tự tử mất",
    "em nghĩ tới chuyện tự sát rồi",
    "cứu tôi với, họ đang phá cửa",
    "cuu em voi anh oi",
    "Cứu với! có người bị đánh",
    "bị côn đồ do cán bộ thuê đánh trọng thương",
    "tôi vừa bị cán bộ đánh, giờ đang chảy máu",
    "con tôi bị bảo vệ tát chảy máu miệng",
    "họ tạt xăng đòi đốt nhà tôi",
    "CÁN BỘ DỌA GIẾT TÔI",
    "tôi bị bảo vệ đánh",
    "co nguoi bi danh truoc cong uy ban",
    "cán bộ hành hung dân ngay tại quầy",
    "chac toi tu tu mat",
    "ko muon song nua",
    "ca nha bi ep qua toi muon chet quach cho xong",
    "đe dọa tính mạng gia đình tôi",
    "nó rút dao ngay trước quầy",
]
QUIET = [
    "cán bộ đánh máy sai tên con tôi",
    "danh may sai ngay sinh",
    "họ đánh số hồ sơ lộn xộn",
    "phải đánh dấu lại từng trang",
    "cán bộ không đánh giá đúng hồ sơ của tôi",
    "chết thật, quên giấy tờ ở nhà",
    "chet roi, tre hen roi a",
    "nóng muốn xỉu mà phải chờ 3 tiếng",
    "bị nhốt xe trong bãi vì bảo vệ về sớm",
    "cán bộ đập bàn quát tôi",
    "ba do dap ban noi lon tieng",
    "đóng sầm cửa trước mặt tôi",
    "cán bộ dọa không giải quyết hồ sơ",
    "doa phat tien neu con hoi",
    "họ dọa đuổi tôi ra ngoài",
    "dọa sẽ mang hồ sơ của tôi trả về",
    "đi làm giấy chứng tử cho ba tôi",
    "lam giay bao tu cho me mat thang truoc",
    "tự túc đi photo giấy tờ",
    "đất nhà tôi bị lấn chiếm",
    "xin giấy xác nhận cho con đi cấp cứu bệnh viện",
    "cán bộ xử lý chậm, dọa mãi không xong",
    "doa xu ly ho so cham",
    "hồ sơ bị ngâm 3 tháng, tôi chán muốn bỏ cuộc",
    "đám giỗ nhà tôi bị cán bộ làm khó",
    "nhân viên bấm điện thoại không thèm nhìn",
    "cứu xét lại hồ sơ giúp tôi",
    "xin tiền trợ cấp cứu đói cho gia đình",
    "mua dao phay ở chợ bị phường phạt",
    "đất của tôi tự sát nhập vào thửa bên cạnh",
    "họ đánh dấu chéo rồi chảy mực",
    "cán bộ tắt máy không nghe điện thoại",
    "tôi bị đánh rớt hồ sơ vì thiếu giấy",
    "đánh thuế sai làm tôi thiệt hại",
    "cán bộ nói cứ từ từ rồi giải quyết",
    "ho bao cu tu tu ma hen hoai",
    "chờ muốn chết mà không ai gọi tên",
    "nong muon chet, quat thi hu",
    "tra cứu tới giờ không ra kết quả",
    "tra cuu em khong thay ho so",
    "họ dọa gạch tên tôi khỏi danh sách hộ nghèo",
    "tôi bị khóa tài khoản định danh",
    "bi sai thong tin dinh danh, len 3 lan khong sua",
    "bị ghi sai danh tính",
    "họ đòi đánh số lại toàn bộ giấy tờ",
    "doi danh sach ho ngheo mai khong co",
    "đưa mẹ đi cấp cứu con xin giấy xác nhận không được",
]


@pytest.mark.parametrize("text", DANGER)
def test_violence_and_despair_are_heard_in_every_writing(text: str) -> None:
    assert in_danger(text)


@pytest.mark.parametrize("text", QUIET)
def test_everyday_words_raise_no_alarm(text: str) -> None:
    assert not in_danger(text)


def test_the_lists_are_long_enough_to_mean_something() -> None:
    assert min(len(DANGER), len(QUIET)) >= 25
