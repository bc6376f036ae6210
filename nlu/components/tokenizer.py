"""Vietnamese tokens from underthesea, aligned to the text; white space when anything goes wrong."""

import logging
import re
from typing import Any, Dict, List

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.training_data.message import Message
from underthesea import word_tokenize

logger = logging.getLogger(__name__)

_WORD = re.compile(r"\S+")
_LONGEST = 2000  # characters; word segmentation of an attack would take seconds


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class VietnameseTokenizer(Tokenizer):
    """Words of one or more syllables. Never raises: underthesea rewrites some words ("hoà" → "hòa"), which then
    are not found in the text, and then the whole message falls back to white space."""

    @staticmethod
    def get_default_config() -> Dict[str, Any]:
        return {"intent_tokenization_flag": False, "intent_split_symbol": "_", "token_pattern": None, "version": 1}

    @staticmethod
    def required_packages() -> List[str]:
        return ["underthesea"]

    def tokenize(self, message: Message, attribute: str) -> List[Token]:
        """Tokens of one attribute of a message, in order, each with its place in the text."""
        text = message.get(attribute) or ""
        return tokens_of(text)


def tokens_of(text: str) -> List[Token]:
    """Aligned tokens of any text."""
    if len(text) <= _LONGEST:
        try:
            return _align(text, word_tokenize(text, use_token_normalize=False))
        except Exception as error:  # whatever a citizen's text does to a library, the message must go on
            logger.debug("tokenizer falls back: %s", type(error).__name__)
    return [Token(match.group(), match.start()) for match in _WORD.finditer(text)]


def _align(text: str, words: List[str]) -> List[Token]:
    tokens: List[Token] = []
    at = 0
    for word in words:
        start = text.index(word, at)
        tokens.append(Token(word, start))
        at = start + len(word)
    return tokens
