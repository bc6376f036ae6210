"""Words of one or more syllables, from underthesea; syllables when anything goes wrong."""

import logging

from underthesea import word_tokenize

from nlu.components.shape import shape

logger = logging.getLogger(__name__)

_LONGEST = 2000  # characters; word segmentation of an attack would take seconds


def segmented(text: str) -> str:
    """ "tôi làm khai sinh" → "tôi làm khai_sinh". Never raises: whatever a citizen's text does to a library, the
    message must go on."""
    if len(text) > _LONGEST:
        return text
    try:
        return str(word_tokenize(text, format="text", use_token_normalize=False))
    except Exception as error:
        logger.debug("segmentation falls back: %s", type(error).__name__)
        return text


def segmented_words(text: str) -> str:
    """The words of a text as a citizen types it."""
    return segmented(shape(text))
