"""The fields that say how a file was read."""

from components._reading import reading_shown

FOUND = {
    "readable": True,
    "encoding": "gb18030",
    "delimiter": "\t",
    "quotechar": '"',
    "header": ["q", "a"],
}


def test_what_was_found_out_stands_in_the_field_it_can_be_changed_in():
    fields = reading_shown(FOUND, ("", "", "", ""), "en")
    assert [field.choices[0] for field in fields] == [
        ("found out: gb18030", ""),
        ("found out: Tab", ""),
        ('found out: "', ""),
        ("found out: Yes", ""),
    ]


def test_what_the_visitor_chose_stays_and_can_be_left_to_be_found_out_again():
    encoding, *_ = reading_shown(FOUND, ("big5", "", "", ""), "zh")
    assert (encoding.value, encoding.choices[0]) == ("big5", ("自动判断", ""))


def test_nothing_is_said_to_be_found_of_a_file_that_cannot_be_read():
    unread = {**FOUND, "readable": False, "encoding": None, "delimiter": None, "quotechar": None}
    unread["header"] = []
    fields = reading_shown(unread, ("", "", "", ""), "en")
    assert {field.choices[0][0] for field in fields} == {"find out"}
