"""The table of sentences: complete, alike in both languages, and used."""

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

from components import _texts
from components._texts import TABLE, TRANSLATIONS, i18n, plain, say, visible

COMPONENTS = Path(_texts.__file__).parent
SAME_IN_BOTH = {"figure_rouge1", "figure_rouge2", "figure_rougeL", "setting_use_dora"}
SAME_IN_BOTH |= {"f1", "file_label_count"}
# Keys put together from a value: the values are listed where they are defined.
MADE_UP = re.compile(
    r"(tab|task|order|device|label|limit|reason|status|stage|length|role|preset|severity|figure"
    r"|chat|learned|inside|pace|setting|settings|data_seen|is|use|curve|stopped|failed|try"
    r"|preset_chat|machine|fit|starter|sentiment_example|finetune|fetching|search|outline|measure"
    r"|meaning|documents|reads|lines|against|file|doctor|part|place)_\w+"
)


def places(template: str) -> set[tuple[str, str | None]]:
    return {(name, spec) for _, name, spec, _ in Formatter().parse(template) if name is not None}


@pytest.mark.parametrize("key", TABLE)
def test_a_sentence_says_the_same_in_both_languages(key):
    english, chinese = TABLE[key]
    assert places(english) == places(chinese)
    assert english.strip() and chinese.strip()
    if key not in SAME_IN_BOTH:
        assert re.search(r"[\u4e00-\u9fff]", chinese), "no Chinese in it"
    assert not re.search(r"[\u4e00-\u9fff]", english)


def constants(function: str) -> set[str]:
    """The literal first arguments of `say(…)` or `i18n(…)` in the whole of components."""
    found = set()
    for file in COMPONENTS.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            named = isinstance(node, ast.Call) and getattr(node.func, "id", "") == function
            if named and node.args and isinstance(node.args[0], ast.Constant):
                found.add(node.args[0].value)
    return found


def test_every_key_that_is_asked_for_exists():
    asked = constants("say") | constants("i18n")
    assert len(asked) > 60
    assert asked <= set(TABLE)


def test_no_sentence_is_left_over():
    source = "".join(
        file.read_text(encoding="utf-8")
        for file in COMPONENTS.glob("*.py")
        if file.name != "_sentences.py"
    )
    named = set(re.findall(r"[\"'](\w+)[\"']", source))
    assert [key for key in TABLE if key not in named and not MADE_UP.fullmatch(key)] == []


def test_the_browser_gets_both_languages_under_keys_gradio_does_not_use():
    tables = TRANSLATIONS.translations_dict
    assert set(tables) == {"en", "zh", "zh-CN", "zh-TW"}
    assert set(tables["en"]) == set(tables["zh-CN"]) == {f"lab_{key}" for key in TABLE}
    assert i18n("file").key == "lab_file"


def test_an_unknown_key_is_found_at_once():
    with pytest.raises(KeyError):
        i18n("no_such_key")


def test_sentences_are_filled_in():
    assert say("time_left", "zh", left="3 秒") == "大约还需 3 秒"
    assert say("time_left", "en", left="3 s") == "about 3 s left"


def test_visitors_words_are_not_markup():
    assert plain("![](http://evil)") == r"\!\[\]\(http\://evil\)"  # nor called on, nor a link
    assert plain("<img src=x onerror=alert(1)>") == r"\<img src=x onerror=alert\(1\)\>"
    assert plain("<b>*a*</b> [x](y) $z$") == r"\<b\>\*a\*\</b\> \[x\]\(y\) \$z\$"


def test_blanks_of_a_token_are_signs_but_not_those_between_its_bytes():
    assert visible(" a\n") == "␣a⏎"
    assert visible("<E4 BD>") == "<E4 BD>"
