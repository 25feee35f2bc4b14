"""A linear classifier of questions: it says which topic a made-up question belongs to.

On wordings it never saw it is right far more often than a transformer of a few million parameters
trained on the same questions, because it weighs every word by itself. The transformer learns that
from what it says of questions put together from pieces of others (Tang et al., 2019, "Distilling
task-specific knowledge from BERT into simple neural networks").
"""

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline, make_union

from finetune.pretrain.collection import LANGUAGES, UNKNOWN, Asked, Language, Topic
from finetune.pretrain.phrasings import MadeUp
from finetune.pretrain.teacher import pieces, span

MADE_UP = 40_000  # questions per language, before the unsure ones are left out
SURE = 0.3  # probability from which a made-up question is one of its topic
SPANS = (1, 1, 2, 2, 3)  # of questions in a made-up one
LONGEST_SPAN: dict[Language, int] = {"en": 12, "zh": 24}  # words, characters
UNRELATED_TIMES = 2  # as often as another are questions of no topic taken apart
# There are more of these than of any topic; at full weight new wordings would be taken for them.
UNRELATED_WEIGHT = 0.1
STRENGTH = 30.0  # the inverse of the penalty
ITERATIONS = 60


def made_up_questions(
    topics: Sequence[Topic],
    unrelated: Mapping[Language, Asked],
    rng: random.Random,
    count: int = MADE_UP,
) -> MadeUp:
    """By topic (or `UNKNOWN`) and language: made-up questions the classifier is sure about.

    `count` are made in each language; a topic nothing was made up for is missing. Held-out
    wordings are never read.
    """
    found: dict[tuple[str, Language], list[str]] = defaultdict(list)
    for language in LANGUAGES:
        own = [topic for topic in topics if topic.language == language]
        beside = unrelated[language].questions
        asked = [question for topic in own for question in topic.questions]
        taken_apart = [pieces(text) for text in (*asked, *beside * UNRELATED_TIMES)]
        space = " " if language == "en" else ""
        texts = [
            space.join(
                span(rng.choice(taken_apart), LONGEST_SPAN[language], rng)
                for _ in range(rng.choice(SPANS))
            )
            for _ in range(count)
        ]
        teacher = _trained(own, beside, language)
        for text, (topic_id, probability) in zip(texts, _told(teacher, texts), strict=True):
            if probability >= SURE:
                found[topic_id, language].append(text)
    return dict(found)


def _trained(topics: Sequence[Topic], unrelated: Sequence[str], language: Language) -> Pipeline:
    """Fitted on the questions and answers of one language, and on questions of no topic."""
    rows = [
        (text, topic.id)
        for topic in topics
        for text in (*topic.questions, topic.answer, topic.simple)
        if text
    ]
    rows += [(text, UNKNOWN) for text in unrelated]
    weights = [UNRELATED_WEIGHT if topic_id == UNKNOWN else 1.0 for _, topic_id in rows]
    regression = LogisticRegression(C=STRENGTH, max_iter=ITERATIONS)
    return make_pipeline(_features(language), regression).fit(
        [text for text, _ in rows],
        [topic_id for _, topic_id in rows],
        logisticregression__sample_weight=weights,
    )


def _features(language: Language) -> TfidfVectorizer | FeatureUnion:
    """TF-IDF of characters (Chinese) or of words and characters (English)."""
    if language == "zh":
        return TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True, min_df=2)
    return make_union(
        TfidfVectorizer(
            token_pattern=r"(?u)\b\w+\b", ngram_range=(1, 2), sublinear_tf=True, min_df=2
        ),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, min_df=2),
    )


def _told(teacher: Pipeline, texts: Sequence[str]) -> list[tuple[str, float]]:
    """The likeliest topic of each text and its probability."""
    probabilities = teacher.predict_proba(list(texts))
    best = probabilities.argmax(1)
    return [
        (str(teacher.classes_[at]), float(row[at]))
        for row, at in zip(probabilities, best, strict=True)
    ]
