"""Checks of the NLU components; runs in Rasa's interpreter (Python 3.10), started by test_components.py."""

import pickle
import random
import re
import tempfile
import unicodedata
import unittest
from pathlib import Path
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.nlu.constants import INTENT, INTENT_RESPONSE_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from sklearn.feature_extraction.text import TfidfVectorizer

from nlu.components.entities import EntityFinder
from nlu.components.linker import ProcedureLinker
from nlu.components.model import SureSvm
from nlu.components.name_search import ProcedureIndex, Stop
from nlu.components.ranker import Ranker
from nlu.components.segments import segmented
from nlu.components.shape import bare, shape
from nlu.components.tfidf import Tfidf
from nlu.components.understanding import Understanding
from nlu.components.wide_search import WideFound, WideIndex
from nlu.importer import SECOND_LABEL, labelled
from nlu.tools import cases, figures, offline
from nlu.variants import variants, with_variants

CONTEXT = ExecutionContext(GraphSchema({}), None)
EXAMPLES = {
    "greet": ["chào em", "xin chào", "alo", "chào buổi sáng", "hello"],
    "complain/attitude": ["cán bộ nạt tôi", "cán bộ nói hỗn", "cô ở quầy quát tôi", "ông đó chửi dân"],
    "complain/harassment": ["cán bộ vòi tiền", "đòi phong bì mới ký", "bắt đưa tiền cà phê", "gợi ý bồi dưỡng tiền"],
    "ask_procedure/documents": ["khai sinh cần giấy gì", "hồ sơ gồm gì", "cần giấy tờ nào"],
    "ask_procedure/fee": ["lệ phí bao nhiêu", "tốn bao nhiêu tiền", "phí kết hôn"],
}
STRANGE = [
    "",
    " ",
    "😀😀",
    "\u202eabc",
    "a" * 100_000,
    "\x00\x01",
    "１２３",
    "hoà thuỷ Đaị",
    unicodedata.normalize("NFD", "đăng ký hộ tịch"),
]
PROCEDURES: list[dict[str, Any]] = [
    {"code": "1", "name": "Đăng ký khai sinh", "short_name": "Đăng ký khai sinh", "aliases": ["làm giấy khai sinh"]},
    {
        "code": "2",
        "name": "Đăng ký lại khai sinh",
        "short_name": "Đăng ký lại khai sinh",
        "aliases": ["mất khai sinh"],
    },
    {"code": "3", "name": "Đăng ký kết hôn", "short_name": "Đăng ký kết hôn", "aliases": ["cưới"]},
]
STOP = Stop(["giay to gi", "bao nhieu", "o dau", "le phi", "may ngay"], ["can", "gi", "con", "nop"])


def data() -> TrainingData:
    messages = []
    for label, texts in EXAMPLES.items():
        intent = label.split("/")[0]
        for text in texts:
            more = {INTENT_RESPONSE_KEY: label} if "/" in label else {}
            messages.append(Message(data={TEXT: text, INTENT: intent, **more}))
    return labelled(TrainingData(messages))


def trained(kind: Any, storage: Any, training: TrainingData) -> Any:
    component = kind.create(kind.get_default_config(), storage, Resource(kind.__name__), CONTEXT)
    component.train(training)
    return component


def loaded(kind: Any, storage: Any) -> Any:
    return kind.load(kind.get_default_config(), storage, Resource(kind.__name__), CONTEXT)


class Segments(unittest.TestCase):
    def test_syllables_of_one_word_are_joined(self) -> None:
        self.assertIn("giấy_tờ", segmented("bắt nộp giấy tờ"))

    def test_noise_never_raises(self) -> None:
        dice = random.Random(510)
        for _ in range(300):
            text = "".join(
                chr(dice.choice([dice.randrange(32, 0x1EFF), dice.randrange(0x300, 0x36F), 32])) for _ in range(30)
            )
            segmented(text)
            shape(text)
        for text in STRANGE:
            segmented(text)


class Shape(unittest.TestCase):
    def test_numbers_become_words(self) -> None:
        self.assertEqual(shape("Phiếu PA-2026-000123-4 [mã biên nhận]"), "phiếu xticket xreceipt")
        self.assertEqual(bare("Đòi 500k quá!!!"), "doi xmoney qua")

    def test_both_views_meet(self) -> None:
        self.assertEqual(bare("làm giấy khai sinh"), shape("lam giay khai sinh"))


class QuickTfidf(unittest.TestCase):
    def test_the_numbers_are_scikit_learns_also_after_saving(self) -> None:
        texts = [f"làm giấy khai sinh {number} cho con số {number % 7}" for number in range(40)]
        ways: list[dict[str, Any]] = [
            {"ngram_range": (1, 2), "token_pattern": r"\S+"},
            {"analyzer": "char_wb", "ngram_range": (2, 4), "min_df": 2},
        ]
        for way in ways:
            quick = Tfidf(**way)
            quick.fit_transform(texts)
            quick.transform(["khai sinh"])
            slow = TfidfVectorizer(lowercase=False, sublinear_tf=True, dtype=np.float32, **way).fit(texts)
            for asked in (["con con con số"], ["", "lạ hoắc"], texts[:3], texts):
                given = pickle.loads(pickle.dumps(quick)).transform(asked)
                self.assertLess(abs(given - slow.transform(asked)).max(), 1e-6)


class Acts(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.storage = LocalModelStorage(Path(self.folder.name))
        self.component = trained(Understanding, self.storage, data())

    def tearDown(self) -> None:
        self.folder.cleanup()

    def parse(self, text: str, component: Any = None) -> Message:
        return (component or self.component).process([Message(data={TEXT: text})])[0]

    def test_rankings_are_sorted_probabilities_led_by_the_intent(self) -> None:
        for text in ["chào", "can bo nat toi", "lệ phí", *STRANGE]:
            message = self.parse(text)
            ranking = message.get("intent_ranking")
            confidences = [one["confidence"] for one in ranking]
            self.assertEqual(confidences, sorted(confidences, reverse=True))
            self.assertTrue(all(0 <= one <= 1 for one in confidences))
            if ranking:
                self.assertEqual(ranking[0], message.get("intent"))

    def test_marks_do_not_matter(self) -> None:
        for text in ["cán bộ nạt tôi", "can bo nat toi"]:
            self.assertEqual(self.parse(text).get("intent")["name"], "complain")

    def test_the_same_after_saving_and_loading(self) -> None:
        again = loaded(Understanding, self.storage)
        for text in ["chào em", "nói hỗn", "cần giấy gì"]:
            self.assertEqual(self.parse(text).get("intent_ranking"), self.parse(text, again).get("intent_ranking"))

    def test_second_labels(self) -> None:
        self.assertEqual(self.parse("lệ phí bao nhiêu").get("aspects")[0]["name"], "fee")
        self.assertEqual(self.parse("cán bộ vòi tiền tôi").get("categories")[0]["name"], "harassment")

    def test_a_button_is_not_read(self) -> None:
        message = self.parse('/choose{"skip":"when"}')
        self.assertEqual(message.get("intent"), {"name": None, "confidence": 0.0})
        self.assertEqual(message.get("aspects"), [])

    def test_one_act_is_refused(self) -> None:
        training = TrainingData([Message(data={TEXT: text, INTENT: "greet"}) for text in EXAMPLES["greet"]])
        with self.assertRaises(InvalidConfigException):  # noqa: PT027  (no pytest in this interpreter)
            trained(Understanding, self.storage, training)


class Importer(unittest.TestCase):
    def test_labels_are_no_retrieval_intents(self) -> None:
        training = data()
        self.assertEqual(training.retrieval_intents, set())
        self.assertIn("ask_procedure/fee", [message.get(SECOND_LABEL) for message in training.training_examples])


class Variants(unittest.TestCase):
    def test_deterministic_without_marks_and_never_the_text_itself(self) -> None:
        for text in ["làm khai sinh cần gì vậy", "Không biết hỏi ai", "lam gi bay gio"]:
            self.assertEqual(variants(text), variants(text))
            self.assertNotIn(text, variants(text))
        self.assertIn("lam khai sinh can gi vay", variants("làm khai sinh cần gì vậy"))

    def test_every_variant_knows_its_source_and_stands_once(self) -> None:
        every, sources = with_variants(["chào chị", "chao chi", "cảm ơn em"])
        self.assertEqual(len(every), len(set(every)))
        self.assertEqual(sources[:3], [0, 1, 2])
        self.assertEqual(sources[every.index("cam on em")], 2)

    def test_all_ways_of_typing_occur(self) -> None:
        texts = [f"không biết đăng ký giấy tờ thứ {number} được không" for number in range(60)]
        typed = " ".join(variant for text in texts for variant in variants(text))
        for sign in ("ko", "ddawng", "kys", "dang ky", "giấyy"):
            self.assertIn(sign, typed)


class Linker(unittest.TestCase):
    def setUp(self) -> None:
        self.index = ProcedureIndex(PROCEDURES, STOP, ProcedureLinker.get_default_config()["weights"])

    def first(self, text: str) -> Any:
        found = self.index.search(text)
        return found and self.index.procedures[found.candidates[0][0]]["code"]

    def test_finds_with_and_without_marks(self) -> None:
        for text in ["làm khai sinh cần giấy tờ gì", "lam khai sinh can giay to gi"]:
            self.assertEqual(self.first(text), "1")

    def test_tells_twins_apart(self) -> None:
        self.assertEqual(self.first("đăng ký lại khai sinh"), "2")
        self.assertEqual(self.first("mất khai sinh"), "2")

    def test_says_nothing_where_nothing_is_named(self) -> None:
        for text in ["còn lệ phí?", "mấy ngày", "nộp ở đâu", "", "😀", "xyz qwe"]:
            self.assertIsNone(self.index.search(text))

    def test_candidates_are_ranked_and_confidence_is_a_probability(self) -> None:
        found = self.index.search("khai sinh")
        assert found is not None
        scores = [score for _, score in found.candidates]
        self.assertEqual(scores, sorted(scores, reverse=True))
        self.assertTrue(0 <= found.confidence <= 1)

    def test_a_name_inside_a_long_story_counts(self) -> None:
        story = "hôm đó trời mưa tôi đi bộ lên tới nơi thì người ta hỏi tôi tới làm gì, tôi nói đăng ký kết hôn"
        self.assertEqual(self.first(story), "3")


class WideSearch(unittest.TestCase):
    def setUp(self) -> None:
        entry = {"checked": False, "questions": []}
        entries = [
            {**entry, "code": "1", "name": "Khai sinh", "names": ["Đăng ký khai sinh"], "checked": True},
            {**entry, "code": "2", "name": "Tàu cá", "names": ["Cấp giấy chứng nhận đăng ký tàu cá"]},
            {**entry, "code": "3", "name": "Tàu cá, lại", "names": ["Cấp lại giấy chứng nhận đăng ký tàu cá"]},
            {**entry, "code": "4", "name": "Cơ sở", "names": ["Cấp phép cơ sở bán lẻ thuốc"]},
            *(
                {**entry, "code": f"x{at}", "name": f"Việc {at}", "names": [f"Công bố việc số {at}"]}
                for at in range(5)
            ),
        ]
        entries[3]["questions"] = ["mo tiem thuoc tay can gi", "bán thuốc ở xã"]
        self.index = WideIndex(entries, STOP, ProcedureLinker.get_default_config()["wide_weights"])

    def search(self, text: str) -> WideFound:
        found = self.index.search(text)
        assert found is not None
        return found

    def first(self, text: str) -> str:
        return self.index.procedures[self.search(text).candidates[0][0]]["code"]

    def test_names_and_questions_lead_to_procedures_in_any_spelling(self) -> None:
        for text, code in [("dang ky tau ca", "2"), ("cấp lại giấy tàu cá bị mất", "3"), ("mở tiệm thuốc tây", "4")]:
            self.assertEqual(self.first(text), code)

    def test_it_says_whether_a_checked_one_is_nearer(self) -> None:
        self.assertLess(self.search("dang ky khai sinh").lead, 0)
        self.assertGreater(self.search("dang ky tau ca").lead, 0)

    def test_only_imported_ones_are_candidates_and_confidence_is_a_probability(self) -> None:
        for text in ["đăng ký", "giấy chứng nhận", "bán thuốc"]:
            found = self.search(text)
            self.assertNotIn("1", [self.index.procedures[at]["code"] for at, _ in found.candidates])
            self.assertTrue(0 <= found.confidence <= 1)

    def test_nothing_is_like_gibberish(self) -> None:
        for text in ["", "😀", "hhhhh", "asdf qwer"]:
            self.assertIsNone(self.index.search(text))


class RankedProcedures(unittest.TestCase):
    def setUp(self) -> None:
        phrases = {
            "1": ["đăng ký khai sinh", "vợ mới sanh con", "làm giấy khai sinh cho bé", "con mới đẻ"],
            "2": ["đăng ký lại khai sinh", "mất giấy khai sinh làm lại", "giấy khai sinh cũ không còn", "sổ gốc mất"],
            "3": ["đăng ký kết hôn", "hai đứa sắp cưới", "làm giấy cưới", "làm hôn thú"],
        }
        nothing = ["chào em", "cảm ơn nghen", "trời hôm nay mưa", "bạn là máy hay người"]
        self.ranker = Ranker(phrases, nothing, 1.0)

    def test_situations_lead_to_procedures_in_any_spelling(self) -> None:
        for text, code in [("vo toi moi sinh con trai", "1"), ("tụi em sắp cưới nhau", "3"), ("GKS cũ mất rồi", "2")]:
            self.assertEqual(self.ranker.rank(text)[0][0], code)

    def test_what_is_about_nothing_is_no_candidate(self) -> None:
        self.assertNotIn("-", [code for code, _ in self.ranker.rank("chào em")])
        self.assertLess(self.ranker.rank("cảm ơn nghen")[0][1], 0.5)

    def test_of_a_long_story_the_telling_part_counts(self) -> None:
        story = "hôm qua trời mưa tôi đi chợ về gặp bà con lối xóm nói chuyện một hồi lâu rồi mới nhớ ra là " * 2
        self.assertEqual(self.ranker.rank(story + "vợ mới sanh con")[0][0], "1")


class Model(unittest.TestCase):
    def test_probabilities_sum_to_one_for_two_labels_and_for_more(self) -> None:
        rows = np.array([[1.0, 0], [0.9, 0.1], [0, 1], [0.1, 0.9], [0.5, 2], [0.4, 2.1]])
        for labels in (["a", "a", "b", "b", "b", "b"], ["a", "a", "b", "b", "c", "c"]):
            given = SureSvm(1.0).fit(rows, labels).predict_proba(rows)
            self.assertEqual(given.shape, (6, len(set(labels))))
            self.assertTrue(np.allclose(given.sum(axis=1), 1))


class Figures(unittest.TestCase):
    def test_labels(self) -> None:
        pairs = [("a", "a"), ("a", "b"), ("b", "b"), ("b", "b")]
        a, b = figures.by_label(pairs)
        self.assertEqual((a.precision, a.recall, a.f1), (1.0, 0.5, 0.6667))
        self.assertEqual((b.precision, b.recall, b.f1), (0.6667, 1.0, 0.8))
        self.assertAlmostEqual(figures.macro_f1(pairs), 0.73335)
        self.assertEqual(figures.confusion(pairs), {"labels": ["a", "b"], "counts": [[1, 1], [0, 2]]})
        self.assertEqual(figures.worst_confusions(pairs, "wxyz")[0]["texts"], ["x"])

    def test_ranks(self) -> None:
        self.assertEqual(figures.ranks([1, 2, 0, 4]), {"r1": 0.25, "r3": 0.5, "mrr": 0.4375})
        self.assertEqual(figures.ranks([])["r1"], None)

    def test_calibration(self) -> None:
        self.assertEqual(figures.calibration([0.75, 0.75, 0.75, 0.75], [True, True, True, False])["ece"], 0.0)
        self.assertEqual(figures.calibration([0.95, 0.95], [False, False])["ece"], 0.95)
        self.assertEqual(figures.calibration([1.0], [True])["bins"][0]["low"], 0.9)

    def test_entities_count_words_not_places(self) -> None:
        (place,) = figures.spans([{"place": ["Phường 2", "xã A"]}], [{"place": ["phường  2", "chợ"]}])
        self.assertEqual((place.n, place.precision, place.recall), (2, 0.5, 0.5))


class Measuring(unittest.TestCase):
    def test_any_rasa_file_can_be_measured(self) -> None:
        blocks = "".join(
            f"- intent: {label}\n  examples: |\n" + "".join(f"    - {text}\n" for text in texts)
            for label, texts in EXAMPLES.items()
        )
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "nlu.yml"
            path.write_text('version: "3.1"\nnlu:\n' + blocks, encoding="utf-8")
            measured = offline.measure_files(path, path)
        self.assertEqual(set(measured), {"intent_accuracy", "macro_f1", "parse_ms_p50", "train_seconds"})
        self.assertEqual(measured["intent_accuracy"], 1.0)

    def test_held_out_lines_are_read_strictly(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "cases.yml"
            path.write_text('- "a | greet | - | - | accented"\n- "b | ask_procedure | fee | 1/2 | long"\n')
            first, second = cases.read_cases(path)
            self.assertEqual((first.seconds, first.procedures), ((), frozenset()))
            self.assertEqual((second.seconds, second.procedures), (("fee",), frozenset({"1", "2"})))
            path.write_text('- "a | greet | - | - | shouted"\n')
            with self.assertRaises(ValueError):  # noqa: PT027  (no pytest in this interpreter)
                cases.read_cases(path)


class Entities(unittest.TestCase):
    def setUp(self) -> None:
        self.finder = EntityFinder(EntityFinder.get_default_config(), None, None)
        self.finder._index({"place": [{"key": "p2", "name": "Phường 2", "aliases": ["p2"]}], "agency": []})

    def values(self, text: str) -> dict[str, str]:
        return {found["entity"]: found["value"] for found in self.finder.find(text)}

    def test_finds_what_a_complaint_names(self) -> None:
        found = self.values(
            "bà ở quầy số 3 phường 2 sáng nay đòi 500k, bắt đi 3 lần, hồ sơ 000.00.16.H51-240315-0012"
        )
        self.assertEqual(found["counter"], "quầy số 3")
        self.assertEqual(found["place"], "phường 2")
        self.assertEqual(found["time"], "sáng nay")
        self.assertEqual(found["money"], "500k")
        self.assertEqual(found["trips"], "3")
        self.assertEqual(found["dossier_code"], "000.00.16.H51-240315-0012")

    def test_finds_officials_by_office_and_name(self) -> None:
        self.assertEqual(
            self.values("anh địa chính Nguyễn Văn Thử đòi tiền")["official"], "anh địa chính Nguyễn Văn Thử"
        )
        self.assertEqual(self.values("chị Hạnh nạt tôi")["official"], "chị Hạnh")

    def test_spans_point_into_the_text(self) -> None:
        text = "Ông Tám ở phường 2 hôm qua"
        for found in self.finder.find(text):
            self.assertTrue(re.search(re.escape(found["value"]), text[found["start"] : found["end"]], re.I))

    def test_strange_texts_do_not_raise(self) -> None:
        for text in STRANGE:
            self.finder.find(text[:5000])


if __name__ == "__main__":
    unittest.main(verbosity=2)
