"""Expected errors of fine-tuning, named by cause; they extend `inference.errors`.

LabError
├── Refused                    an input with problems, all of them listed
│   ├── TableRefused           the file, its mapping or its rows
│   └── RecipeRefused          the settings of a run
├── RowsRefused                a file whose rows cannot be classified or summarized as asked
│   ├── ColumnMissing, ColumnWithoutText, OneColumnForBoth
│   └── TooManyRowsToScore, TooManyDocuments, NothingScored
└── RunError                   a run that cannot do what was asked
    ├── RunNotFound            also what a stranger's run id gets
    ├── RunBusy, RunNotFinished, NothingToDownload
    ├── OwnerTokenRefused, UploadMissing
    └── TooManyRuns, QueueFull, NoDiskSpace

LabError
├── NoChatTemplate, TemplateUnusable, BaseChanged   a base that cannot be trained on
├── TokenMissing, RepositoryNameRefused, RepositoryPublic, PushRefused, PushFailed
│                              an adapter that cannot be pushed
├── PrecisionUnsupported, QuantizationUnavailable, RankTooHigh, TrainingTooLarge
│                              settings that this machine or base cannot follow
├── ReferenceMissing, SummaryMissing
│                              what is to be compared is not there
└── SliceTooShort              the GPU is lent for less than a step takes
"""

from collections.abc import Iterable

from finetune.problems import Problem, errors
from inference.errors import LabError


class Refused(LabError):
    """An input that cannot be used. `problems` holds every error and warning found in it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        found = errors(self.problems)
        where = f" (row {found[0].row})" if found[0].row else ""
        super().__init__(what=found[0].what + where, advice=found[0].advice, count=len(found))

    def __reduce__(self):
        return (type(self), (self.problems,))


class TableRefused(Refused):
    sentence = "This table cannot be used; problems found: {count}. {what} {advice}"


class RecipeRefused(Refused):
    sentence = "These settings cannot be used; problems found: {count}. {what} {advice}"


class RowsRefused(LabError):
    """The rows of a file cannot be classified or summarized as asked."""


class ColumnMissing(RowsRefused):
    sentence = "There is no column called “{column}” in this file. Choose one of: {columns}."


class ColumnWithoutText(RowsRefused):
    sentence = "The column “{column}” holds no words. Choose the column with the texts."


class OneColumnForBoth(RowsRefused):
    sentence = "“{column}” is chosen as text and as label. Choose a different column for each."


class TooManyRowsToScore(RowsRefused):
    sentence = (
        "The file has {rows:,} rows, and at most {limit:,} are scored at a time. "
        "Score the first {limit:,}, or split the file."
    )


class TooManyDocuments(RowsRefused):
    sentence = (
        "This file has {rows:,} rows; at most {limit:,} can be summarized at once. Split the file."
    )


class NothingScored(RowsRefused):
    sentence = "No file has been scored yet. Upload one and score it first."


class RunError(LabError):
    """A run cannot do what was asked."""


class RunNotFound(RunError):
    sentence = "There is no such run here. Choose one from your list of runs."


class RunBusy(RunError):
    sentence = "The run is {status}. Stop it first, or wait until it has ended."


class NothingToDownload(RunError):
    sentence = "The run is {status} and has no adapter yet. Wait until it has finished."


class TooManyRuns(RunError):
    sentence = "You have {limit} runs, which is the limit. Delete one to start another."


class QueueFull(RunError):
    sentence = "{limit} runs wait for their turn, which is the limit. Try again when one has begun."


class NoDiskSpace(RunError):
    sentence = (
        "The disk here has no room for another run. Delete runs you no longer need, "
        "or try again in an hour: then older ones make room."
    )


class RunNotFinished(RunError):
    sentence = "The run is {status}; only a finished run can be shared. Wait until it has ended."


class OwnerTokenRefused(RunError):
    sentence = (
        "A run needs an owner: send a token of at least {least} characters and keep it; "
        "it is the only key to the run."
    )


class UploadMissing(RunError):
    sentence = "There is no such upload here any more. Upload the file again."


class ReferenceMissing(LabError):
    sentence = "There is no reference summary to compare with. Paste one first."


class SummaryMissing(LabError):
    sentence = "There is no summary yet. Summarize a text first."


class NoChatTemplate(LabError):
    sentence = (
        "{model} has no chat template, so it cannot learn from conversations. Choose a chat model."
    )


class TemplateUnusable(LabError):
    sentence = (
        "The chat template of {model} writes earlier turns anew in each reply, "
        "so its answers cannot be told apart. Choose another base model."
    )


class BaseChanged(LabError):
    sentence = (
        "The files of {model} are not those this run began with ({expected} then, {found} now). "
        "Put them back, or start a new run."
    )


class PrecisionUnsupported(LabError):
    sentence = "This machine cannot compute in {precision}. Set precision to auto or fp32."


class QuantizationUnavailable(LabError):
    sentence = (
        "A base in {quantization} needs an NVIDIA GPU and the package bitsandbytes. "
        "Install it, or set quantization to none."
    )


class RankTooHigh(LabError):
    sentence = (
        "The smallest layer of this base has {limit} directions, fewer than r = {r}. "
        "Lower r to {limit}, or set init_lora_weights to default instead of {start}."
    )


class TrainingTooLarge(LabError):
    sentence = (
        "Training ran out of memory even with {rows} row of at most {tokens:,} tokens at a time, "
        "with activation_checkpointing. Start a new run with a smaller base model, "
        "a smaller r or a shorter max_length."
    )


class SliceTooShort(LabError):
    sentence = (
        "A GPU is lent for {seconds} seconds at a time here, and one step of this training takes "
        "longer. Start a new run with a smaller base model, a shorter max_length or a smaller "
        "per_device_train_batch_size."
    )


class TokenMissing(LabError):
    sentence = (
        "Pushing to a hub needs an access token that may write. "
        "Send it on standard input, or set HF_TOKEN."
    )


class RepositoryNameRefused(LabError):
    sentence = (
        "“{repository}” is no name of a repository. Write name or organisation/name, "
        "with letters, digits, dots, dashes and underscores."
    )


class PushRefused(LabError):
    sentence = (
        "{host} does not let this token write to {repository} (status {status}). "
        "Use a token with write permission for it, or choose another name."
    )


class RepositoryPublic(LabError):
    sentence = (
        "{repository} is there already and everybody can see it, so nothing was sent. "
        "Choose another name, or push to a public repository on purpose."
    )


class PushFailed(LabError):
    sentence = "The push ended early ({reason}). Try again; if it stays, download the adapter."
