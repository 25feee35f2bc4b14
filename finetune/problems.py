"""What can be wrong with a table or a recipe: one table of codes, one record.

Each code has a fixed severity and two English sentences: what was found, and what to do about it.
The interface translates by `code` and fills in the same `details`. Errors stop a run; warnings do
not. Knows nothing about files, tasks or training.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["error", "warning"]

SHOWN_ROWS = 10  # row numbers in a problem that several rows have
SHOWN_CHARACTERS = 60  # of a visitor's value in a problem
_ENCODING_ADVICE = "If characters look wrong in the preview, choose another encoding."
_SETTING_ADVICE = "Correct it, or leave it out to use the preset."
_QUOTE_ADVICE = "Put the whole cell in quotes and double every quote inside it."

# code -> (severity, what, advice)
PROBLEMS: dict[str, tuple[Severity, str, str]] = {
    # the file as a whole
    "no_file": ("error", "There is no such file.", "Check its name and its folder."),
    "empty_file": ("error", "The file is empty.", "Choose a file with a header and rows."),
    "too_many_bytes": (
        "error",
        "The file has {bytes:,} bytes; the limit is {limit:,}.",
        "Split the file, or keep only the columns needed.",
    ),
    "too_many_unpacked": (
        "error",
        "Unpacked, the file would have more than {limit:,} bytes, which is the limit.",
        "Split the file, or keep only the columns needed.",
    ),
    "old_spreadsheet": (
        "error",
        "This is a workbook of an old kind, or one locked by a password.",
        "Open it in your spreadsheet program, save it as XLSX without a password, and upload that.",
    ),
    "not_a_workbook": (
        "error",
        "This is a ZIP archive and no XLSX workbook.",
        "Unpack it and upload the table, or save your spreadsheet as XLSX.",
    ),
    "workbook_broken": (
        "error",
        "The XLSX workbook is damaged, or locked by a password.",
        "Open it in your spreadsheet program, save it again without a password, and upload that.",
    ),
    "other_sheets": (
        "warning",
        "The workbook has {count} more filled sheets; only “{sheet}” was read.",
        "Move the sheet you want to the first place if it is another.",
    ),
    "parquet_broken": (
        "error",
        "The Parquet file is damaged, or of a kind that cannot be read.",
        "Write it again, without encryption, or save the table as CSV.",
    ),
    "binary_values": (
        "warning",
        "The values of this column are bytes and not text; they were left empty.",
        "Choose other columns for training.",
    ),
    "other_format": (
        "error",
        "This is a {format} file, not a table.",
        "Upload a CSV, TSV, JSON, XLSX or Parquet file.",
    ),
    "binary": (
        "error",
        "The file holds binary data, not text.",
        "Upload a CSV, TSV, JSON, XLSX or Parquet file.",
    ),
    "not_a_table": (
        "error",
        "The file is running text: no delimiter divides its lines into columns.",
        "Upload a table with one example a row and a column for each part of it.",
    ),
    "no_rows": (
        "error",
        "The file has a header and no rows below it.",
        "Add rows, or say that the first row is not a header.",
    ),
    "json_broken": (
        "error",
        "The JSON is broken at line {line:,}, column {position:,}.",
        "Correct it, or save the table as CSV.",
    ),
    "json_not_flat": (
        "error",
        "The JSON is not a list of flat objects: there is {found} here.",
        "Give one object a row, with texts and numbers as its values.",
    ),
    "json_nested": (
        "warning",
        "The values of this key are lists or objects; they are read as plain text.",
        "Choose other columns for training, or flatten them.",
    ),
    # encoding
    "unknown_encoding": (
        "error",
        "There is no encoding called “{encoding}”.",
        "Choose one from the list, for example utf-8 or gb18030.",
    ),
    "undecodable": (
        "error",
        "The bytes are not {encoding} text: the first that does not fit is byte {position:,}.",
        "Save the file as UTF-8, or choose the encoding it was written in.",
    ),
    "damaged_bytes": (
        "warning",
        "{count:,} bytes are not valid {encoding}; they became “\ufffd”.",
        "Correct these places in the file, or choose another encoding.",
    ),
    "half_characters": (
        "warning",
        "{count:,} escapes such as \\ud83d are half of a character; they became “\ufffd”.",
        "Correct these places in the file.",
    ),
    "encoding_guessed": (
        "warning",
        "The file is not UTF-8; it was read as {encoding}.",
        _ENCODING_ADVICE,
    ),
    "encoding_ambiguous": (
        "warning",
        "The file could be {encoding} or {other}; it was read as {encoding}.",
        _ENCODING_ADVICE,
    ),
    # structure
    "bad_dialect": (
        "error",
        "The {name} must be one character; “{given}” is not.",
        "Choose one character, for example a comma, or leave it to be found.",
    ),
    "same_dialect": (
        "error",
        "“{given}” cannot be both the delimiter and the quotechar.",
        "Choose another character for one of them.",
    ),
    "unclosed_quote": (
        "error",
        "A quote opens in this row (line {line:,}) and is never closed.",
        "Close the quote, or double it if it belongs to the text.",
    ),
    "stray_quote": (
        "error",
        "A quoted cell goes on after its closing quote (line {line:,}).",
        _QUOTE_ADVICE,
    ),
    "quotes_as_text": (
        "warning",
        "Quotes do not enclose cells here (line {line:,}); every quote was read as text.",
        _QUOTE_ADVICE,
    ),
    "stray_quote_kept": (
        "warning",
        "A quoted cell goes on after its closing quote (line {line:,}); it was kept as text.",
        _QUOTE_ADVICE,
    ),
    "backslash_quotes": (
        "warning",
        "Quotes inside cells are written as \\\" (line {line:,}); they were read as quotes.",
        "Nothing to do if the preview looks right.",
    ),
    "nul": (
        "warning",
        "{count:,} cells hold a NUL character, in these rows: {rows}.",
        "Remove these characters: the text may be damaged there.",
    ),
    "giant_cell": (
        "error",
        "A cell has more than {limit:,} characters (line {line:,}).",
        "Shorten it. A quote that is never closed also looks like this.",
    ),
    "too_many_columns": (
        "error",
        "This row has {columns:,} columns; the limit is {limit:,}.",
        "Keep only the columns needed.",
    ),
    "too_many_rows": (
        "error",
        "The table has more than {limit:,} rows.",
        "Keep a sample of the rows, or split the file.",
    ),
    "too_many_cells": (
        "error",
        "The table has more than {limit:,} cells.",
        "Keep only the columns needed, or fewer rows.",
    ),
    "ragged_row": (
        "warning",
        "{count:,} rows do not have {expected} cells like the header; the first has {found}. "
        "They are: {rows}.",
        "Put quotes around a cell that contains the delimiter.",
    ),
    "notes_above_header": (
        "warning",
        "{count} lines above the header were left out.",
        "Nothing to do if they are notes and not data.",
    ),
    "comment_lines": (
        "warning",
        "{count} lines starting with # were left out as comments.",
        "Nothing to do if they are comments and not data.",
    ),
    "no_header": (
        "warning",
        "The first row looks like data, so the columns are called “column 1”, “column 2”, ….",
        "If the first row is a header, say so.",
    ),
    "empty_column_name": (
        "warning",
        "Column {number} has no name; it is called “column {number}” here.",
        "Give every column a name.",
    ),
    "duplicate_column_name": (
        "warning",
        "More than one column is called “{name}”; this one is called “{used}” here.",
        "Give every column its own name.",
    ),
    "one_column": (
        "warning",
        "The table has one column; training needs at least two.",
        "If there should be more, choose the delimiter.",
    ),
    # mapping and examples
    "column_missing": (
        "error",
        "There is no column called “{name}” for {role}.",
        "Choose one of: {columns}.",
    ),
    "role_missing": (
        "error",
        "No column is chosen for {role}.",
        "Choose the column that holds it.",
    ),
    "role_unknown": (
        "error",
        "“{role}” is not a part of a {task} example.",
        "Use: {roles}.",
    ),
    "column_used_twice": (
        "error",
        "The column “{name}” is chosen for both {role} and {other}.",
        "Choose a different column for each.",
    ),
    "empty_cells": (
        "warning",
        "{count:,} rows have no {role} and are left out: {rows}.",
        "Fill in the cells if these rows should count.",
    ),
    "long_rows": (
        "warning",
        "{count:,} rows have more cells than the header and are left out: {rows}.",
        "Put quotes around a cell that contains the delimiter.",
    ),
    "messages_alone": (
        "error",
        "A column with whole conversations is chosen, and others for {roles} as well.",
        "Choose either the conversations or the parts of one, and leave the others empty.",
    ),
    "conversation_unreadable": (
        "warning",
        "{count:,} rows hold no conversation that can be read and are left out: {rows}.",
        "Give each a list of turns with the roles system, user and assistant, and text as content.",
    ),
    "conversation_tools": (
        "warning",
        "{count:,} conversations in which tools are called are left out: {rows}.",
        "Nothing to do: this app trains on plain conversations only.",
    ),
    "conversation_unanswered": (
        "warning",
        "{count:,} conversations have no question with an answer and are left out: {rows}.",
        "Let each end with what the assistant should have said.",
    ),
    "conversation_cut": (
        "warning",
        "{count:,} conversations begin before a question or end with one; those turns are left "
        "out: {rows}.",
        "Nothing to do: only what the assistant answers is learnt.",
    ),
    "first_of_list": (
        "warning",
        "{count:,} rows give a list for {role}; the first text of each was taken: {rows}.",
        "Nothing to do if one of them is enough.",
    ),
    "rows_truncated": (
        "warning",
        "{percent}% of the rows are longer than {max_length:,} tokens and will be cut.",
        "Choose a larger max_length if what is cut matters, or shorten the texts.",
    ),
    "too_few_rows": (
        "error",
        "{rows} usable rows are too few to learn from and to check on.",
        "Give at least {least}.",
    ),
    "few_rows": (
        "warning",
        "{rows} usable rows are few: the result may only repeat them.",
        "Give {enough} or more if you can.",
    ),
    "one_input": (
        "error",
        "Every row has the same {role}, so nothing would be left to check on.",
        "Give rows that differ, or choose another column.",
    ),
    "one_text_a_label": (
        "error",
        "No label has two different texts, so nothing would be left to check on.",
        "Give several different texts for each label, or choose another column.",
    ),
    "one_class": (
        "error",
        "Every row has the same label, so there is nothing to tell apart.",
        "Give rows with at least two labels.",
    ),
    "too_many_classes": (
        "error",
        "The label column has {classes:,} different values; the limit is {limit}.",
        "Choose a column with a few repeated labels.",
    ),
    "many_classes": (
        "warning",
        "The label column has {classes:,} different values, {rows:,} rows each on average.",
        "If these are no labels, choose another column; else give more rows for each.",
    ),
    "rare_class": (
        "warning",
        "{count} labels have a single row each, this one first: they cannot be checked.",
        "Add rows for them, or join them with other labels.",
    ),
    "duplicate_rows": (
        "warning",
        "{count:,} rows repeat an earlier row exactly: {rows}.",
        "They are kept, on one side of the split; remove them if they are not wanted.",
    ),
    "conflicting_labels": (
        "warning",
        "{count:,} texts have more than one label; it differs from an earlier one in: {rows}.",
        "Decide on one label for each text.",
    ),
    # recipe
    "unknown_setting": (
        "error",
        "There is no setting called “{name}”.",
        "Use one of the settings listed.",
    ),
    "unknown_setting_close": (
        "error",
        "There is no setting called “{name}”.",
        "Did you mean “{close}”?",
    ),
    "setting_without_value": (
        "error",
        "“{name}” is not written as key=value.",
        "Write for example r=16.",
    ),
    "setting_not_whole": ("error", "{name} must be a whole number.", _SETTING_ADVICE),
    "setting_not_number": ("error", "{name} must be a finite number.", _SETTING_ADVICE),
    "setting_not_boolean": ("error", "{name} must be true or false.", _SETTING_ADVICE),
    "setting_out_of_bounds": (
        "error",
        "{name} is out of bounds: {bounds}.",
        _SETTING_ADVICE,
    ),
    "setting_not_a_choice": ("error", "{name} must be one of: {choices}.", _SETTING_ADVICE),
    "setting_not_modules": (
        "error",
        "{name} must be “all-linear” or a list of layer names.",
        _SETTING_ADVICE,
    ),
    "max_steps_zero": (
        "error",
        "{name} must be at least 1, or -1 to go by epochs.",
        _SETTING_ADVICE,
    ),
    "recipe_field_refused": (
        "error",
        "{name} cannot be used: {reason}.",
        "Correct it.",
    ),
    "setting_for_classification": (
        "error",
        "{name} is for classification only.",
        "Set it to 0, or leave it out.",
    ),
    "setting_needs_cuda": (
        "error",
        "{name} cannot be {given} here: that needs an NVIDIA GPU.",
        "Choose {instead}.",
    ),
    # of a plan
    "plan_too_large": (
        "warning",
        "Training needs about {needed} of memory; {available} is free.",
        "Press “Make it fit”, or choose a smaller base.",
    ),
    "plan_too_long": (
        "warning",
        "Training takes about {hours} hours; here it is stopped after {limit}.",
        "Choose a quicker preset, fewer passes (num_train_epochs) or a smaller base. A stopped run "
        "can be resumed.",
    ),
    "plan_too_few_steps": (
        "warning",
        "{steps} steps are too few for this base to learn anything that could be noticed.",
        "Give it at least {enough}: more rows, more passes (num_train_epochs), or a smaller batch "
        "(per_device_train_batch_size).",
    ),
    "plan_overfits": (
        "warning",
        "Every row is read {passes} times: the rows will be known by heart, and new questions "
        "answered worse.",
        "Take at most {most} passes (num_train_epochs), add rows, or let training stop by itself "
        "(early_stopping_patience = 3).",
    ),
    "plan_too_fast": (
        "warning",
        "The learning rate {rate} is far above the usual {usual} for a base of this size; the loss "
        "may blow up.",
        "Set learning_rate to {usual}, or leave it empty.",
    ),
    "plan_too_slow": (
        "warning",
        "The learning rate {rate} is far below the usual {usual} for a base of this size; little "
        "will change.",
        "Set learning_rate to {usual}, or leave it empty.",
    ),
    "plan_cuts_rows": (
        "warning",
        "A row has about {tokens} tokens on average and is cut after {length}: most rows lose "
        "their end.",
        "Set max_length to {longer}, or shorten the rows.",
    ),
    "plan_checks_on_few": (
        "warning",
        "{held_out} rows are kept for checking: too few to tell whether anything was learnt.",
        "Keep at least {enough}: give about {rows} rows, or a larger held_out_share.",
    ),
    "plan_unbalanced": (
        "warning",
        "{percent} % of the rows have the same label: a model that always names it looks good.",
        "Add rows of the other labels, and look at the macro F1 rather than at the accuracy.",
    ),
    "settings_clash": (
        "error",
        "{name} cannot be {given} together with {other}.",
        "Leave one of the two out.",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, where it is, and what to do.

    `row` counts rows as a spreadsheet shows them: from 1, with the header and everything above it.
    `value` is the visitor's own text, cut to `SHOWN_CHARACTERS`.
    """

    severity: Severity
    code: str
    row: int | None = None
    column: str | None = None
    value: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def what(self) -> str:
        return PROBLEMS[self.code][1].format(**self.details)

    @property
    def advice(self) -> str:
        return PROBLEMS[self.code][2].format(**self.details)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able; `code` and `details` are what a translation needs."""
        return {
            "severity": self.severity,
            "row": self.row,
            "column": self.column,
            "what": self.what,
            "value": self.value,
            "advice": self.advice,
            "code": self.code,
            "details": dict(self.details),
        }


def problem(
    code: str,
    *,
    row: int | None = None,
    column: str | None = None,
    value: object = None,
    **details: Any,
) -> Problem:
    """A problem of the kind `code`, its severity from the table, its value shortened."""
    severity, what, advice = PROBLEMS[code]
    (what + advice).format(**details)  # a missing detail is a mistake here, not when it is shown
    return Problem(severity, code, row, column, shorten(value), details)


def shorten(value: object) -> str | None:
    """One line of at most `SHOWN_CHARACTERS` characters; None stays None."""
    if value is None:
        return None
    text = " ".join(str(value)[: SHOWN_CHARACTERS * 4].split())
    text = "".join(character if character.isprintable() else "\ufffd" for character in text)
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"


def listed(rows: Sequence[int]) -> str:
    """`3, 7, 12, …`: the first row numbers."""
    return ", ".join(map(str, rows[:SHOWN_ROWS])) + (", …" if len(rows) > SHOWN_ROWS else "")


def errors(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Those that stop a run."""
    return tuple(found for found in problems if found.severity == "error")
