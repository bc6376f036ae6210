"""Training data as Rasa needs them for two labels: `ask_procedure/fee` is an act and what is asked about it."""

from typing import Any, Dict, List, Optional, Union

from rasa.shared.core.domain import Domain
from rasa.shared.core.training_data.structures import StoryGraph
from rasa.shared.importers.importer import TrainingDataImporter
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.constants import INTENT_RESPONSE_KEY
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils.common import cached_method

SECOND_LABEL = "second_label"


class LabelImporter(TrainingDataImporter):
    """Rasa's file importer that keeps second labels from Rasa's response selector."""

    def __init__(
        self,
        config_file: Optional[str] = None,
        domain_path: Optional[str] = None,
        training_data_paths: Optional[Union[List[str], str]] = None,
        **kwargs: Any,
    ) -> None:
        self._files = RasaFileImporter(config_file, domain_path, training_data_paths)

    def get_config(self) -> Dict[str, Any]:
        return self._files.get_config()

    def get_config_file_for_auto_config(self) -> Optional[str]:
        path: Optional[str] = self._files.get_config_file_for_auto_config()
        return path

    def get_stories(self, exclusion_percentage: Optional[int] = None) -> StoryGraph:
        return self._files.get_stories(exclusion_percentage)

    def get_conversation_tests(self) -> StoryGraph:
        return self._files.get_conversation_tests()

    def get_domain(self) -> Domain:
        return self._files.get_domain()

    @cached_method  # Rasa asks five times
    def get_nlu_data(self, language: Optional[str] = "vi") -> TrainingData:
        return labelled(self._files.get_nlu_data(language or "vi"))


def labelled(data: TrainingData) -> TrainingData:
    """The data with `ask_procedure/fee` under our own name.

    Rasa writes such labels for its response selector, takes the intent for a retrieval intent and then misses its
    responses; here the second part is a label that other classifiers learn.
    """
    for message in data.training_examples:
        key = message.data.pop(INTENT_RESPONSE_KEY, None)
        if key:
            message.data[SECOND_LABEL] = key
    return data
