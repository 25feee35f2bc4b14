"""How much a text looks like something people write, if its bytes were read in one encoding.

Every single-byte encoding decodes nearly any bytes, and gb18030 too; what tells them apart is
whether the characters they give are everyday ones, together, of one language. Knows characters;
nothing of files or tables.
"""

import re
from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise

Judge = Callable[[str], float]  # a decoded sample -> 0 (noise) … 1 (everyday text)

_PUNCTUATION = frozenset("€£¥©®™°±§«»¿¡“”‘’‚„‹›–—…•·×\xa0²³½¼¾ºªµ†№")
# “ ” ‘ ’ … — of the Chinese and Korean charsets, read in a Latin one: in English text from Chinese
# machines nothing else is foreign. Polish has ĄŻ within its capitals.
_QUOTE_OF_TWO = re.compile(
    "¡[\xa4\xaa\xad-\xb1]|(?<!\\w)Ą[\xa4Ş\xadŽŻ°ą]|(?<=[a-z])Ą[\xa4Ş\xadŽŻ°ą]"
)
_RUN = 3  # letters beyond ASCII side by side: more are not a Latin alphabet's

_MANY = 200  # double-byte characters without one that is none
# Letters beyond ASCII, by language. A text is in one language: è and ç are French, č and ç none.
_WESTERN = (
    *("àâæçéèêëîïôœùûü", "äöüß", "áéíñóúü", "àáâãçéêíóôõúü", "àèéìíîòóù", "åäöé", "æøåéø"),
    *("áðéíóúýþæö", "éëïóöüèá", "àçèéíïòóúü"),
)
_CENTRAL = (
    *("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîşţ", "čćđšž"),
    "äöüß",
)
_TURKISH = ("çğıiöşüâîû",)
_BALTIC = ("ąčęėįšųūž", "āčēģīķļņšūž", "äöõüšž")

# All letters of a script, the commonest first; those before the space make up half of a text.
_CYRILLIC = "оеаинтсрвлкі мдпуяыьгзбчйхжшюцщэфъёїєґђјљњћџѓќѕў"
_GREEK = "αοιετσνηυρςά κπμλίόέδγήωθβχύφξώζψϊϋΐΰ"
_HEBREW = "יוהלאמרתבש נדחקעפטגםןסכזצךףץ"
_ARABIC = "الينمورتبة دهعسقفكحجأطشصزخىضغذثئإءآظؤپچژگ"
_THAI = "านรอกเงมยลว่ี ทสตะดบไปค้หแจพัขชิใ์ือุซโณญูธถศผฝภฉฟษฮฬฐฒฎฏฑฆำ็ๆฯ"

_SIMPLIFIED = (
    "的一是不了在人有我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可"
    "里后小么心多天而能好都然没日于起还发成事只作当想看文无开手用主行方又如前所本见经头面公同已老从"
    "动两长知样现分将外但身些与高意进把法此实回理美点月明其种声全工己话儿者向情部正名定女问力机给等"
    "几很业最间新什打便位因重被走电门相次东使教西再平真听世气信北少关并内加化由代产入先山太水万市"
)
_TRADITIONAL = (
    "的一是不了在人有我他這中大來上國個到說們為子和你地出道也時年得就那要下以生會自著去之過家學對可"
    "裡後小麼心多天而能好都然沒日於起還發成事只作當想看文無開手用主行方又如前所本見經頭面公同已老從"
    "動兩長知樣現分將外但身些與高意進把法此實回理美點月明其種聲全工己話兒者向情部正名定女問力機給等"
    "幾很業最間新什打便位因重被走電門相次東使教西再平真聽世氣信北少關並內加化由代產入先山太水萬市"
)
_KANA = "のにはをたがでてとしれさいるもすなかっくりこまんうーあきけそつねみめよらろわえだ"
_HANGUL = (
    "이다는에을의가고하를은한지로서기도사어나아리자들있시대라일그해정인수전니보면스과까요만게주여장"
    "부으조공제성동생상우안원세구모경국내진문무방신오소용습중말저비금영학당려마와되년거적없미개불때"
    "물치실운명계분유야발선단입화집최김박철희민현름음점맛별반간식친남것더좋였었했네데합행관위회업감"
)


def latin(*languages: str) -> Judge:
    """A few letters beyond ASCII among many within, all of one of the languages."""
    alphabets = [frozenset(letters + letters.upper()) for letters in languages]

    def judge(text: str) -> float:
        foreign = beyond_ascii(text)
        if not foreign:
            return 0.0
        letters = [character for character in foreign if character.isalpha()]
        marks = sum(character in _PUNCTUATION for character in foreign if not character.isalpha())
        fit = max(sum(letter in known for letter in letters) for known in alphabets)
        ascii_letters = sum("a" <= character <= "z" for character in text.lower())
        rare = 1.0 if len(letters) <= ascii_letters else 0.3
        doubled = 2 * len(_QUOTE_OF_TWO.findall(text)) / len(foreign)
        share = (fit + marks) / len(foreign) * (1 - _in_long_runs(text, len(foreign)))
        return rare * share * (1 - min(1, doubled))

    return judge


def _in_long_runs(text: str, foreign: int) -> float:
    """The share of characters beyond ASCII that stand side by side with more than a few others."""
    total = run = 0
    for character in text + " ":
        if character > "\x7f" and character != "\xa0":
            run += 1
            continue
        total += run if run > _RUN else 0
        run = 0
    return total / max(1, foreign)


def script(letters: str) -> Judge:
    """Words wholly of one script, its common letters common, capitals at their beginning."""
    common, _, others = letters.partition(" ")
    known = frozenset(common + others + (common + others).upper())
    often = frozenset(common + common.upper())

    def judge(text: str) -> float:
        foreign = beyond_ascii(text)
        if not foreign:
            return 0.0
        fit = sum(character in known for character in foreign)
        marks = sum(character in _PUNCTUATION for character in foreign)
        usual = sum(character in often for character in foreign) / max(1, fit)
        odd = sum(_is_odd(*pair) for pair in pairwise(text)) / len(foreign)
        return (fit + marks) / len(foreign) * (0.2 + 0.8 * min(1, usual / 0.45)) * (1 - min(1, odd))

    return judge


def _is_odd(before: str, after: str) -> bool:
    """Two alphabets within a word, or a capital after a small letter."""
    if not (before.isalpha() and after.isalpha()):
        return False
    return (before > "\x7f") != (after > "\x7f") or (before.islower() and after.isupper())


def ideographs(
    encoding: str, common: str, leads: Sequence[int], second: Sequence[int], rest: float
) -> Judge:
    """Characters of a double-byte charset, by level, and the commonest among them.

    Args:
        leads: pairs of first bytes: the first, everyday level and punctuation.
        second: the same for the second level.
        rest: what a character beyond both is worth.
    """
    often = frozenset(common)

    def judge(text: str) -> float:
        foreign = beyond_ascii(text)
        if not foreign:
            return 0.0
        everyday, learned = _level(encoding, *leads), _level(encoding, *second)
        fit = sum(
            1.0 if c in everyday else 0.7 if c in learned else 0.0 if c in "\ufffd" else rest
            for c in foreign
        )
        usual = sum(character in often for character in foreign) / len(foreign)
        if len(foreign) >= _MANY and "\ufffd" not in foreign:
            fit = max(fit, 0.8 * len(foreign))  # rare ones, as in names: noise would not fit at all
        alone = sum(map(_is_alone, text, text[1:], text[2:])) / len(foreign)
        return (0.85 * fit / len(foreign) + 0.15 * min(1, 4 * usual)) * (1 - 0.5 * min(1, alone))

    return judge


def _is_alone(before: str, character: str, after: str) -> bool:
    """One character amid ASCII letters: é and the letter after it, read as two bytes of one."""
    if character <= "\x7f" or character == "’":
        return False
    return before < "\x7f" > after and before.isalpha() and after.isalpha()


def shift_jis(text: str) -> float:
    """Half-width katakana are one byte each, and what Chinese bytes look like here."""
    foreign = beyond_ascii(text)
    narrow = sum("\uff61" <= character <= "\uff9f" for character in foreign)
    if narrow == len(foreign) >= 8 and foreign.count("｡") * 3 < narrow:  # else Chinese marks
        return 0.95
    return _SHIFT_JIS(text)


def euc_jp(text: str) -> float:
    """Kana must be there: the kanji alone would also fit Chinese bytes."""
    foreign = beyond_ascii(text)
    kana = sum("\u3041" <= character <= "\u30fe" for character in foreign)
    return _EUC_JP(text) if kana * 5 >= len(foreign) else 0.0


def korean(text: str) -> float:
    """Hangul bytes are also common Chinese ones; only common syllables tell them apart."""
    foreign = beyond_ascii(text)
    if not foreign:
        return 0.0
    fit = sum("가" <= c <= "힣" or c in _PUNCTUATION for c in foreign) / len(foreign)
    usual = sum(character in _HANGUL for character in foreign) / len(foreign)
    return fit * (0.3 + 0.7 * min(1, usual / 0.4))


def beyond_ascii(text: str) -> list[str]:
    return [character for character in text if character > "\x7f"]


@cache
def _level(encoding: str, *leads: int) -> frozenset[str]:
    """Characters whose first byte lies in the pairs of `leads`."""
    found: set[str] = set()
    for low, high in zip(leads[::2], leads[1::2], strict=True):
        for lead in range(low, high + 1):
            for trail in range(0x40, 0xFF):
                found.update(bytes((lead, trail)).decode(encoding, errors="ignore"))
    return frozenset(character for character in found if character > "\x7f")


# Levels: GB/T 2312-1980 rows 1-3, 16-55 and 56-87; Big5 A440-C67E and C940-F9D5; JIS X 0208 rows
# 1-47 and 48-84.
_SHIFT_JIS = ideographs("cp932", _KANA, (0x81, 0x83, 0x88, 0x97), (0x98, 0x9F, 0xE0, 0xEA), 0.3)
_EUC_JP = ideographs("euc_jp", _KANA, (0xA1, 0xA1, 0xA4, 0xA5, 0xB0, 0xCF), (0xD0, 0xF4), 0.3)
_GB = ideographs("gb2312", _SIMPLIFIED, (0xA1, 0xA1, 0xA3, 0xA3, 0xB0, 0xD7), (0xD8, 0xF7), 0.4)
_BIG5 = ideographs("big5", _TRADITIONAL, (0xA1, 0xA1, 0xA4, 0xC6), (0xC9, 0xF9), 0.3)

# Of two that fit equally, the earlier is taken.
JUDGES: dict[str, Judge] = {
    "cp949": korean,
    "euc_jp": euc_jp,
    "cp932": shift_jis,
    "gb18030": _GB,
    "big5": _BIG5,
    "cp1252": latin(*_WESTERN),
    "cp1250": latin(*_CENTRAL),
    "iso8859_2": latin(*_CENTRAL),
    "cp1254": latin(*_TURKISH),
    "cp1257": latin(*_BALTIC),
    "cp1251": script(_CYRILLIC),
    "koi8_r": script(_CYRILLIC),
    "iso8859_5": script(_CYRILLIC),
    "cp866": script(_CYRILLIC),
    "cp1253": script(_GREEK),
    "iso8859_7": script(_GREEK),
    "cp1255": script(_HEBREW),
    "cp1256": script(_ARABIC),
    "cp874": script(_THAI),
}
