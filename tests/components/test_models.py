"""Which weights a visitor gets, and what is refused before an engine is touched."""

import os

import pytest

from components import _classifiers, _models, _summarizers
from components._models import Wanted
from finetune.errors import NothingToDownload, RunNotFound
from finetune.recipe import Recipe
from inference.catalog import BUILTIN_FOLDER
from inference.errors import (
    AdapterRefused,
    MessageEmpty,
    ModelNotHere,
    ModelUnknown,
    TextEmpty,
    TextTooLong,
    WrongModelForTask,
)
from inference.hub import config_hash
from inference.records import ChatSettings, SummarySettings

OWNER, STRANGER = "o" * 22, "s" * 22
ROWS = [{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}]


@pytest.fixture
def run(services):
    """A finished chat run: a folder as the trainer leaves it."""
    recipe = Recipe.plan("chat", "builtin/chat", 20, 3_000_000)
    run = services.store.create(recipe, ROWS, ROWS, OWNER, "mine")
    base = {"id": "builtin/chat", "config_sha256": config_hash(BUILTIN_FOLDER / "chat")}
    run.record(base=base)
    run.append("finished", step=1)
    (run.folder / "adapter").mkdir()
    (run.folder / "adapter" / "adapter_model.safetensors").write_bytes(b"")
    return run


def test_nothing_chosen_means_the_default_of_the_task(services):
    found = _models.find(services, "classification", Wanted())
    assert found.choice.folder == BUILTIN_FOLDER / "sentiment"


def test_an_owner_and_whoever_has_the_link_get_the_adapter_and_nobody_else(services, run):
    share = run.share()
    for token in (OWNER, share):
        found = _models.find(services, "chat", Wanted(run_id=run.id, token=token))
        assert (found.choice.folder, found.choice.adapter) == (BUILTIN_FOLDER / "chat", run.adapter)
    for token in (STRANGER, ""):
        with pytest.raises(RunNotFound):
            _models.find(services, "chat", Wanted(run_id=run.id, token=token))
    run.unshare()
    with pytest.raises(RunNotFound):
        _models.find(services, "chat", Wanted(run_id=run.id, token=share))


def test_weights_written_later_are_told_from_those_before(services, run):
    """Stopped, tried, resumed, tried again: the pool must not serve the first weights."""
    wanted, file = Wanted(run_id=run.id, token=OWNER), run.adapter / "adapter_model.safetensors"
    first = _models.find(services, "chat", wanted).choice
    os.utime(file, ns=(1, first.version + 1))
    assert _models.find(services, "chat", wanted).choice != first


def test_an_adapter_is_not_put_on_another_base(services, run):
    run.record(base={"id": "builtin/chat", "config_sha256": "0" * 64})
    with pytest.raises(AdapterRefused):
        _models.find(services, "chat", Wanted(run_id=run.id, token=OWNER))


def test_a_run_without_an_adapter_cannot_be_used(services, run):
    (run.folder / "adapter" / "adapter_model.safetensors").unlink()
    with pytest.raises(NothingToDownload):
        _models.find(services, "chat", Wanted(run_id=run.id, token=OWNER))


@pytest.mark.parametrize(
    ("task", "model", "error"),
    [
        ("chat", "nobody/nothing", ModelUnknown),
        ("chat", "../../etc", ModelUnknown),
        ("chat", "builtin/sentiment", WrongModelForTask),
        ("chat", "Qwen/Qwen3-0.6B", ModelNotHere),
    ],
)
def test_only_models_of_the_task_that_are_here_can_be_used(services, task, model, error):
    with pytest.raises(error):
        _models.find(services, task, Wanted(model=model))


def test_a_run_of_another_task_is_refused(services, run):
    with pytest.raises(WrongModelForTask):
        _models.find(services, "summarization", Wanted(run_id=run.id, token=OWNER))


def test_what_is_asked_is_checked_before_an_engine_is_loaded(services):
    with pytest.raises(MessageEmpty):
        _models.chat(services, Wanted(), " ", [], "", ChatSettings())
    with pytest.raises(TextTooLong):
        long = "x" * (services.limits.summary_characters + 1)
        _summarizers.summarize(services, Wanted(), long, SummarySettings())
    with pytest.raises(TextTooLong):
        _classifiers.classify(services, Wanted(), ["x" * (services.limits.classify_characters + 1)])


def _last(services, model, text, **settings):
    chosen = SummarySettings(**settings)
    return list(_summarizers.summarize(services, Wanted(model), text, chosen))[-1]


def test_the_places_of_sections_are_those_in_the_text_as_it_was_given(services):
    text = "\n  The mill stood empty. Nobody came.\n"
    (section,) = _last(services, "builtin/summary", text, fast=True).outline
    assert text[section.start : section.end] == text.strip()


def test_half_a_character_in_a_text_is_no_trouble_to_a_summariser(services):
    assert _last(services, "builtin/summary", "The mill \ud83d stood empty.", fast=True).text


def test_a_chat_model_summarises_through_the_chat_engine(services, minis, monkeypatch):
    from inference import summarize_chat

    minis.folder("Qwen/Qwen3-0.6B")
    monkeypatch.setenv("HF_HUB_CACHE", str(minis.cache))
    seen = []
    monkeypatch.setattr(summarize_chat, "summarize", lambda *asked: seen.append(asked))
    _summarizers.summarize(services, Wanted("Qwen/Qwen3-0.6B"), "A text.", SummarySettings("long"))
    ((text, choice, settings, seconds),) = seen
    assert (text, settings.length) == ("A text.", "long")
    assert choice.folder == minis.folder("Qwen/Qwen3-0.6B")
    assert seconds == services.limits.deadline_seconds


@pytest.mark.parametrize("model", ["builtin/chat", "builtin/sentiment"])
def test_the_demo_chat_and_models_that_write_nothing_are_no_summarisers(services, model):
    with pytest.raises(WrongModelForTask):
        _summarizers.summarize(services, Wanted(model), "A text.", SummarySettings())
    with pytest.raises(WrongModelForTask):
        _summarizers.summary_tokens(services, Wanted(model), "short")


def test_a_chat_run_is_no_summariser(services, run):
    wanted = Wanted(run_id=run.id, token=OWNER)
    with pytest.raises(WrongModelForTask):
        _summarizers.summarize(services, wanted, "A text.", SummarySettings())


@pytest.mark.parametrize(
    ("model", "english", "chinese"),
    [
        ("facebook/bart-large-cnn", True, False),
        ("builtin/summary", True, True),
        ("Qwen/Qwen3-0.6B", True, True),
        ("", True, True),
    ],
)
def test_whether_a_summariser_knows_the_language_of_a_text(services, model, english, chinese):
    assert _models.reads(services, Wanted(model), "The mill stood empty.") is english
    assert _models.reads(services, Wanted(model), "今天天气很好。") is chinese


def test_what_an_adapter_reads_only_its_owner_knows(services):
    assert _models.reads(services, Wanted(run_id="x" * 22), "今天天气很好。")


def test_the_bounds_of_a_summary_are_those_its_engine_keeps_to(services, minis, monkeypatch):
    for model in ("facebook/bart-large-cnn", "Qwen/Qwen3-0.6B"):
        minis.folder(model)
    monkeypatch.setenv("HF_HUB_CACHE", str(minis.cache))

    def bounds(model):
        return _summarizers.summary_tokens(services, Wanted(model), "medium")

    assert bounds("facebook/bart-large-cnn") == (56, 142)
    assert bounds("Qwen/Qwen3-0.6B") == (1, 256)
    assert bounds("") == bounds("facebook/bart-large-cnn")
    monkeypatch.setenv("HF_HUB_CACHE", str(minis.cache / "empty"))
    with pytest.raises(ModelNotHere):
        bounds("facebook/bart-large-cnn")


def test_a_record_says_what_this_machine_can_do_with_a_model(services):
    record = _models.record(services.catalog.find("builtin/chat"))
    assert record["here"] and record["runs_here"] and record["trains_here"] and record["demo"]
    large = _models.record(services.catalog.find("Qwen/Qwen3-32B"))
    assert large["memory_to_train"] > large["memory_to_run"] > 60_000_000_000


def test_a_record_tells_the_memory_by_part_for_every_number_format(services):
    found = _models.record(services.catalog.find("Qwen/Qwen3-0.6B"))["memory"]
    assert set(found) == {"float32", "bfloat16", "float16", "int8", "int4"}
    run, train = found["bfloat16"]["run"], found["bfloat16"]["train"]
    assert run["weights"] == train["weights"] == 2 * 596_049_920
    assert run["cache"] > 0 == run["training"] and train["training"] > 0 == train["cache"]


def test_a_model_too_small_for_conversations_is_asked_the_last_two_turns(services, monkeypatch):
    from inference import chat

    seen = []
    monkeypatch.setattr(chat, "reply", lambda messages, *rest: seen.append(messages))
    past = [
        {"role": role, "content": f"{role[0]}{turn}"}
        for turn in (1, 2)
        for role in ("user", "assistant")
    ]
    for history in (past, []):
        _models.chat(services, Wanted("builtin/chat"), "now", history, "be kind", ChatSettings())
    assert [[turn["content"] for turn in messages] for messages in seen] == [
        ["be kind", "u2", "a2", "now"],
        ["be kind", "now"],
    ]


def test_such_a_model_is_spared_an_earlier_turn_longer_than_it_can_follow(services, monkeypatch):
    from inference import chat

    seen = []
    monkeypatch.setattr(chat, "reply", lambda messages, *rest: seen.append(messages))
    past = [{"role": "user", "content": "u"}, {"role": "assistant", "content": "a" * 1_000}]
    _models.chat(services, Wanted("builtin/chat"), "now", past, "", ChatSettings())
    assert [turn["content"] for turn in seen[0]] == ["now"]


def test_an_answer_that_has_begun_is_not_thought_about(services, minis, monkeypatch):
    from inference import chat

    minis.folder("Qwen/Qwen3-0.6B")
    monkeypatch.setenv("HF_HUB_CACHE", str(minis.cache))
    seen = []
    monkeypatch.setattr(chat, "reply", lambda messages, choice, settings, *_: seen.append(settings))
    wanted, settings = Wanted("Qwen/Qwen3-0.6B"), ChatSettings(thinking=True)
    for begun in ("", "LoRA"):
        _models.chat(services, wanted, "What is LoRA?", [], "", settings, "", begun)
    assert [settings.thinking for settings in seen] == [True, False]


def test_an_adapter_of_the_demo_is_asked_each_question_by_itself(services, run):
    assert _models.find(services, "chat", Wanted("builtin/chat")).model.turns == 2
    assert _models.find(services, "chat", Wanted(run_id=run.id, token=OWNER)).model.turns == 1


def test_the_demo_thinks_briefly_when_it_is_asked_to(services):
    def last(thinking):
        settings = ChatSettings(temperature=0, max_new_tokens=128, thinking=thinking)
        return list(
            _models.chat(services, Wanted("builtin/chat"), "什么是LoRA？", [], "", settings)
        )[-1]

    thought, plain = last(True), last(False)
    assert thought.reasoning and not plain.reasoning
    assert thought.text == plain.text


def test_a_model_that_can_think_is_asked_to(services, minis, monkeypatch):
    from inference import chat

    minis.folder("Qwen/Qwen3-0.6B")
    minis.folder("Qwen/Qwen3-4B-Instruct-2507")
    monkeypatch.setenv("HF_HUB_CACHE", str(minis.cache))
    seen = []
    monkeypatch.setattr(chat, "reply", lambda messages, choice, settings, *_: seen.append(settings))
    for model in ("Qwen/Qwen3-0.6B", "Qwen/Qwen3-4B-Instruct-2507"):
        _models.chat(services, Wanted(model), "hi", [], "", ChatSettings(thinking=True))
    assert [settings.thinking for settings in seen] == [True, False]


def test_an_adapter_thinks_if_its_base_does(services, run):
    assert _models.can_think(services, Wanted("Qwen/Qwen3-0.6B"))
    assert not _models.can_think(services, Wanted("Qwen/Qwen3-4B-Instruct-2507"))
    assert _models.can_think(services, Wanted(run_id=run.id, token=OWNER))
    recipe = Recipe.plan("chat", "Qwen/Qwen3-0.6B", 20, 3_000_000)
    thinker = services.store.create(recipe, ROWS, ROWS, OWNER, "thinker")
    assert _models.can_think(services, Wanted(run_id=thinker.id, token=OWNER))
    with pytest.raises(RunNotFound):
        _models.can_think(services, Wanted(run_id=thinker.id, token=STRANGER))


def test_the_cells_of_a_file_are_scored_in_order_and_count_as_one_call(services):
    sent = []
    services.throttle.charge = lambda kind, visitor: sent.append(kind)
    most = services.limits.classify_characters
    cells = ["I love it", "  ", "", "太差了，非常失望", "bad " * most]
    found = list(_classifiers.classify_rows(services, Wanted("builtin/sentiment"), cells))
    assert [it and it.label for it in found] == ["positive", None, None, "negative", "negative"]
    assert len(found[4].text) == most
    assert sent == ["costly"]


def test_a_file_of_blank_cells_has_no_scores(services):
    assert list(_classifiers.classify_rows(services, Wanted(), [" ", ""])) == [None, None]


def test_what_is_to_be_explained_is_checked_and_explained(services):
    with pytest.raises(TextEmpty):
        _classifiers.explain(services, Wanted(), " ")
    found = _classifiers.explain(services, Wanted("builtin/sentiment"), " bad food ")
    assert found.scores.text == "bad food" and found.scores.label == "negative"
    assert [(it.start, it.end) for it in found.words] == [(0, 3), (4, 8)]


def test_masks_are_filled_by_berts_with_that_head_those_that_are_here_first(
    services, minis, monkeypatch
):
    base, classifier = "google-bert/bert-base-uncased", "textattack/bert-base-uncased-SST-2"
    away = "google-bert/bert-base-chinese"
    monkeypatch.setenv("HF_HUB_CACHE", "nowhere")
    assert [model.id for model in _classifiers.mask_models(services)] == [base, away]
    for model in (base, classifier):
        minis.folder(model)
    monkeypatch.setenv("HF_HUB_CACHE", str(minis.cache))
    assert _classifiers.mask_models(services)[0].id == base
    for wanted in (Wanted(base), Wanted()):  # with nothing chosen it is one that can
        (candidates,) = _classifiers.fill_mask(services, wanted, "a [MASK] day")
        assert len(candidates) == 10
    with pytest.raises(WrongModelForTask):
        _classifiers.fill_mask(services, Wanted(classifier), "a [MASK] day")
    with pytest.raises(ModelNotHere):
        monkeypatch.setenv("HF_HUB_CACHE", "nowhere")
        _classifiers.fill_mask(services, Wanted(away), "[MASK]")
    with pytest.raises(TextEmpty):
        _classifiers.fill_mask(services, Wanted(base), " ")
