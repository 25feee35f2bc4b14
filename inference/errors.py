"""Expected errors, named by cause.

    LabError                       a sentence template and the values that fill it
    ├── RequestRefused             what the visitor asked for is outside the limits
    │   ├── MessageEmpty, MessageTooLong, MessageTooLongForModel
    │   ├── TooManyTurns, ConversationTooLong
    │   ├── TextEmpty, TextTooLong, TextTooLongForModel, TooManyLines
    │   ├── NoMask, TooManyMasks
    │   ├── SettingsRefused, SettingChoiceRefused, ArgumentRefused
    │   ├── DocumentRefused        an uploaded document whose text cannot be read
    │   │   ├── DocumentEmpty, DocumentBlank, DocumentScanned
    │   │   ├── DocumentEncrypted, DocumentBroken, DocumentNotText
    │   │   ├── DocumentTooLarge, DocumentUnpacksTooLarge, DocumentTooSlow, DocumentsBusy
    │   │   └── PictureGiven, RecordingGiven, ArchiveGiven, OldOfficeFile, DocumentUnsupported
    │   ├── TooManyRequests
    │   └── AccessTokenRefused, OperatorRefused
    ├── ModelUnavailable
    │   ├── ModelUnknown, ModelNotHere, ModelDoesNotFit, ModelBroken, WrongModelForTask
    │   ├── ModelArriving, ModelNeeded
    │   ├── AdapterRefused, AdapterUnsafe, AdapterBroken
    │   ├── ChatServerTrouble      the operator's chat server did not answer as it should
    │   │   ├── ChatServerUnreachable, ChatServerSilent, ChatServerFailed, ChatServerTorn
    │   │   ├── ChatServerBusy, ChatServerBusyFor, ChatServerKeyRefused, NotAChatServer
    │   │   └── RemoteModelUnknown, RemoteContextTooLong, RemoteRequestRefused
    │   └── NotFetched             it could not be brought onto this machine
    │       ├── HubUnreachable, HubSilent, HubBusy, HubFailed, NotAHub
    │       ├── ModelGated, ModelMissing, NoSafeWeights
    │       ├── ConnectionStalled, DownloadTruncated, FetchFailed
    │       ├── DiskTooSmall, DiskFull, CacheNotWritable
    │       ├── DownloadsOff, DownloadsNotForVisitors
    │       └── SourceUnknown, SourceNotInstalled
    ├── AcceleratorUnavailable     the machine stopped us, not the request
    │   ├── OutOfMemory, DeadlinePassed
    │   └── QuotaExceeded, CallTooLong, AcceleratorBusy, AcceleratorFailed   (ZeroGPU)
    ├── ConfigurationRefused       an environment variable or file of the operator
    └── PortInUse

The English sentence lives with its class; other languages are kept by the interface, keyed by
`code`. `finetune.errors` extends this tree. Nothing here knows who shows the sentence.
"""

import re
from typing import ClassVar


class LabError(Exception):
    """An expected error: says what happened, which value, and what to do next."""

    sentence: ClassVar[str] = ""

    def __init__(self, **values: object) -> None:
        self.values = values
        super().__init__(self.sentence.format(**values))

    @classmethod
    def code(cls) -> str:
        """`MessageTooLong` -> `message_too_long`: the key of its translations."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def __reduce__(self):
        # Keyword-only constructors do not survive pickling by default (ZeroGPU workers pickle).
        return (_rebuild, (type(self), self.values))


def _rebuild(kind: type[LabError], values: dict[str, object]) -> LabError:
    return kind(**values)


class RequestRefused(LabError):
    """What was asked for is outside the limits."""


class MessageEmpty(RequestRefused):
    sentence = "The message is empty. Type a question first."


class MessageTooLong(RequestRefused):
    sentence = (
        "The message has {length:,} characters; the limit is {limit:,}. Shorten it and send again."
    )


class MessageTooLongForModel(RequestRefused):
    sentence = (
        "The message has {tokens:,} tokens; this model can read {limit:,}. "
        "Shorten it or choose a model with a longer context."
    )


class ConversationTooLong(RequestRefused):
    sentence = (
        "This conversation has {length:,} characters; the limit is {limit:,}. Start a new one."
    )


class NothingLiked(RequestRefused):
    sentence = (
        "No reply is liked yet. Press the thumb under the ones that are good, then save them."
    )


class ModelElsewhere(RequestRefused):
    sentence = (
        "This model is on another server: its tokens and probabilities cannot be seen from here. "
        "Choose a model of this machine."
    )


class NothingChosen(RequestRefused):
    sentence = "Click a token of the answer, then choose one of the others to go on from."


class AnswerGone(RequestRefused):
    sentence = "The answer that was looked into is not the last one any more. Look into it anew."


class NoAnswerYet(RequestRefused):
    sentence = "There is no answer to look into yet. Ask something first."


class ConversationRefused(RequestRefused):
    sentence = (
        "This file cannot be read as a conversation ({reason}). Choose a JSON file exported here."
    )


class TooManyTurns(RequestRefused):
    sentence = "This conversation has {turns} turns; the limit is {limit}. Start a new one."


class TextEmpty(RequestRefused):
    sentence = "There is no text to work on. Paste some text first."


class TextTooLong(RequestRefused):
    sentence = (
        "The text has {length:,} characters; the limit here is {limit:,}. Shorten or split it."
    )


class DocumentRefused(RequestRefused):
    """An uploaded document whose text cannot be read."""


class DocumentEmpty(DocumentRefused):
    sentence = "The file is empty. Choose another, or paste the text."


class DocumentBlank(DocumentRefused):
    sentence = "There is no text in this document. Choose another, or paste the text."


class DocumentScanned(DocumentRefused):
    sentence = (
        "The pages of this PDF are pictures without a text layer, as a scanner makes them "
        "(pages: {pages:,}). Run text recognition (OCR) on it first, then upload the result."
    )


class DocumentEncrypted(DocumentRefused):
    sentence = (
        "The document is protected by a password. Open it with the password, save it without one, "
        "and upload that."
    )


class DocumentBroken(DocumentRefused):
    sentence = (
        "The document is damaged or cut off. Open it in the program it comes from, save it again "
        "and upload that."
    )


class DocumentNotText(DocumentRefused):
    sentence = (
        "The file is not text in any encoding that is known here. Save it as UTF-8 text, as DOCX "
        "or as PDF, and upload that."
    )


class DocumentTooLarge(DocumentRefused):
    sentence = "The file has {bytes:,} bytes; the limit is {limit:,}. Split it, or paste a part."


class DocumentUnpacksTooLarge(DocumentRefused):
    sentence = (
        "Unpacked, the document takes more than {limit:,} bytes, which is the limit. Split it, "
        "or paste a part."
    )


class DocumentTooSlow(DocumentRefused):
    sentence = (
        "Reading the document took longer than {seconds:g} seconds and was stopped. Split it, "
        "or paste a part."
    )


class DocumentsBusy(DocumentRefused):
    sentence = "Other documents are being read just now. Try again in a moment."


class PictureGiven(DocumentRefused):
    sentence = (
        "This is a picture ({format}), not a document. Run text recognition (OCR) on it first, "
        "then paste the text."
    )


class RecordingGiven(DocumentRefused):
    sentence = (
        "This is a sound or video file ({format}), not a document. Have it transcribed first, "
        "then paste the text."
    )


class ArchiveGiven(DocumentRefused):
    sentence = "This is an archive ({format}). Unpack it and upload one of the documents in it."


class OldOfficeFile(DocumentRefused):
    sentence = (
        "This is an office file of an old kind, such as DOC. Open it in your office program, save "
        "it as DOCX or PDF, and upload that."
    )


class DocumentUnsupported(DocumentRefused):
    sentence = (
        "Text cannot be read from {format} files here. Save it as PDF, DOCX or plain text, and "
        "upload that."
    )


class TextTooLongForModel(RequestRefused):
    sentence = "The text has {tokens:,} tokens; this model reads {limit:,} at once. Shorten it."


class NoMask(RequestRefused):
    sentence = "There is nothing to guess yet. Type [MASK] in place of a word of the text."


class TooManyMasks(RequestRefused):
    sentence = "The text has {masks:,} times [MASK]; the limit is {most}. Leave some of them out."


class TooManyLines(RequestRefused):
    sentence = "There are {lines:,} texts; the limit here is {most:,}. Put more into a file."


class SettingsRefused(RequestRefused):
    sentence = "The setting “{name}” is {value}; it must lie between {low} and {high}."


class SettingChoiceRefused(RequestRefused):
    sentence = "The setting “{name}” is “{value}”; it must be one of: {choices}."


class StopTextsRefused(RequestRefused):
    sentence = "Give at most {most} stop texts of 1 to {characters} characters each."


class ArgumentRefused(RequestRefused):
    sentence = "The parameter “{name}” must be {kind}; it was “{value}”."


class TooManyRequests(RequestRefused):
    sentence = "That was too often in a short time. Try again in {wait:,} seconds."


class AccessTokenRefused(RequestRefused):
    sentence = (
        "This is no access token: it has {limit} plain letters, digits and signs at most, and no "
        "spaces. Copy it again from the settings of your account."
    )


class OperatorRefused(RequestRefused):
    sentence = (
        "That is not the operator's token. It is what LAB_OPERATOR_TOKEN was set to when the app "
        "was started; only whoever runs this page can do this."
    )


class ModelUnavailable(LabError):
    """A model or adapter cannot be used now."""


class ModelUnknown(ModelUnavailable):
    sentence = "There is no model called “{model}” on offer. Choose one from the list."


class ModelArriving(ModelUnavailable):
    sentence = "{model} is being downloaded. Wait until that has ended, or cancel it first."


class ModelNeeded(ModelUnavailable):
    sentence = "A training run waits for {model} or uses it. Delete it when that has ended."


class WrongModelForTask(ModelUnavailable):
    sentence = "{model} cannot be used for {task}. Choose a model from this tab's list."


class ModelNotHere(ModelUnavailable):
    sentence = (
        "{model} is not on this machine yet ({size} to download). "
        "Press Download beside the model list, fetch it with “python -m inference fetch {model}”, "
        "or choose a model that is already here."
    )


class ModelDoesNotFit(ModelUnavailable):
    sentence = (
        "{model} needs about {needed} of memory and {available} is free. Choose a smaller model."
    )


class ModelBroken(ModelUnavailable):
    sentence = "The files of {model} cannot be loaded ({reason}). Fetch the model again."


class AdapterRefused(ModelUnavailable):
    sentence = (
        "This adapter was trained for {expected} and cannot be attached to {found}. "
        "Choose the base model it was trained on."
    )


class AdapterUnsafe(ModelUnavailable):
    sentence = (
        "This adapter contains the file “{file}”. Only safetensors and JSON files are accepted; "
        "save the adapter again as safetensors."
    )


class AdapterBroken(ModelUnavailable):
    sentence = "The adapter's files cannot be loaded ({reason}). Train or download it again."


class ChatServerTrouble(ModelUnavailable):
    """The chat server of LAB_CHAT_URL cannot be used now. Its address is not a visitor's matter."""


class ChatServerUnreachable(ChatServerTrouble):
    sentence = (
        "The chat server cannot be reached ({reason}). Try again in a moment, or choose a model "
        "of this machine."
    )


class ChatServerSilent(ChatServerTrouble):
    sentence = (
        "The chat server sent nothing for {seconds:g} seconds. Try again in a moment, or choose a "
        "model of this machine."
    )


class ChatServerFailed(ChatServerTrouble):
    sentence = (
        "The chat server answered with an error (status {status}). Try again in a moment, or "
        "choose a model of this machine."
    )


class ChatServerTorn(ChatServerTrouble):
    sentence = (
        "The chat server broke off in the middle of its reply, or sent something that cannot be "
        "read. Send the message again."
    )


class ChatServerBusy(ChatServerTrouble):
    sentence = (
        "The chat server takes no more requests for now (status 429). Wait a little and send the "
        "message again."
    )


class ChatServerBusyFor(ChatServerTrouble):
    sentence = (
        "The chat server takes no more requests for now (status 429). Send the message again in "
        "{seconds:,} seconds."
    )


class ChatServerKeyRefused(ChatServerTrouble):
    sentence = (
        "The chat server does not accept the key of this page, or its credit (status {status}). "
        "Whoever runs this page must check LAB_CHAT_KEY; the models of this machine go on working."
    )


class NotAChatServer(ChatServerTrouble):
    sentence = (
        "The chat server does not answer as one that is compatible with OpenAI's. Whoever runs "
        "this page must check LAB_CHAT_URL; the models of this machine go on working."
    )


class RemoteModelUnknown(ChatServerTrouble):
    sentence = "The chat server has no model called “{model}”. Choose one from the list."


class RemoteContextTooLong(ChatServerTrouble):
    sentence = (
        "The message and the longest reply asked for are more than {model} can read. Shorten the "
        "message, or lower max_new_tokens."
    )


class RemoteRequestRefused(ChatServerTrouble):
    sentence = (
        "The chat server does not accept this request (status {status}). Change the settings back "
        "to what they were, or choose another model."
    )


class NotFetched(ModelUnavailable):
    """A model of the catalogue could not be brought onto this machine."""


class HubUnreachable(NotFetched):
    sentence = (
        "{host} cannot be reached ({reason}). Check the network connection, or set HF_ENDPOINT "
        "to a mirror, and try again. Models that are already here go on working."
    )


class HubSilent(NotFetched):
    sentence = (
        "{host} did not answer within {seconds:g} seconds. Check the network connection, or set "
        "HF_ENDPOINT to a mirror, and try again. Models that are already here go on working."
    )


class NotAHub(NotFetched):
    sentence = (
        "{host} does not answer as a model hub does. Sign in to the network if it asks for that, "
        "check HF_ENDPOINT, and try again."
    )


class HubBusy(NotFetched):
    sentence = (
        "{host} refuses more requests for now (status 429). Wait a few minutes and try again: "
        "what has arrived is kept."
    )


class HubFailed(NotFetched):
    sentence = (
        "{host} answered with an error (status {status}). Try again in a few minutes: "
        "what has arrived is kept."
    )


class ModelGated(NotFetched):
    sentence = (
        "{host} does not hand out {model} without permission (status {status}). Accept its terms "
        "on its page and send an access token that may read it, or choose another model."
    )


class ModelMissing(NotFetched):
    sentence = (
        "{host} has no {model}, or not all of its files. Choose another model, "
        "or another source with LAB_SOURCE or HF_ENDPOINT."
    )


class NoSafeWeights(NotFetched):
    sentence = (
        "{host} offers no safetensors files of {model}; other formats can hide code and are not "
        "fetched. Choose another model."
    )


class ConnectionStalled(NotFetched):
    sentence = (
        "Nothing more of {model} arrived for {seconds:g} seconds ({done} of {total} are here). "
        "Check the network connection and try again: the download goes on from there."
    )


class DownloadTruncated(NotFetched):
    sentence = (
        "{file} of {model} arrived with {found:,} of {expected:,} bytes. "
        "Try again: only what is missing is fetched."
    )


class FetchFailed(NotFetched):
    sentence = (
        "The download of {model} ended unexpectedly ({reason}). "
        "Try again; the log of this program says more."
    )


class DiskTooSmall(NotFetched):
    sentence = (
        "{model} needs {needed} of disk space and {free} is free. "
        "Delete what is no longer needed, or choose a smaller model."
    )


class DiskFull(NotFetched):
    sentence = (
        "The disk became full while {model} was being fetched. "
        "Free some space and try again: the download goes on from there."
    )


class CacheNotWritable(NotFetched):
    sentence = (
        "The folder for models cannot be written ({reason}). Set HF_HOME to a folder that this "
        "program may write to, and start again."
    )


class DownloadsOff(NotFetched):
    sentence = (
        "{model} is not on this machine, and downloads are switched off ({name} is set). "
        "Unset it and start again, or choose a model that is already here."
    )


class DownloadsNotForVisitors(NotFetched):
    sentence = (
        "{model} is not on this machine, and visitors cannot download here. Whoever runs this "
        "page can fetch it with “python -m inference fetch {model}”; or choose a model that is "
        "already here."
    )


class SourceUnknown(NotFetched):
    sentence = (
        "LAB_SOURCE is set to “{value}”; it must be one of: {choices}. Change it and start again."
    )


class SourceNotInstalled(NotFetched):
    sentence = (
        "LAB_SOURCE is set to “{source}”, and the package for it is not installed. "
        "Run “pip install {package}” and try again."
    )


class AcceleratorUnavailable(LabError):
    """The machine stopped the work; the same request may succeed later or elsewhere."""


class OutOfMemory(AcceleratorUnavailable):
    sentence = "The memory of this machine ran out. Choose a smaller model or a shorter text."


class DeadlinePassed(AcceleratorUnavailable):
    sentence = (
        "This took longer than {seconds} seconds and was stopped. "
        "Choose a smaller model or send less at once."
    )


class QuotaExceeded(AcceleratorUnavailable):
    sentence = (
        "Your GPU quota for today is used up ({detail}). Sign in to Hugging Face, come back "
        "later, or duplicate this Space to your own hardware."
    )


class CallTooLong(AcceleratorUnavailable):
    sentence = "The GPU call asked for more time than is allowed ({detail}). Ask for less at once."


class AcceleratorBusy(AcceleratorUnavailable):
    sentence = "No GPU became free in time ({detail}). Try again in a moment."


class AcceleratorFailed(AcceleratorUnavailable):
    sentence = "The GPU call failed ({detail}). Try again; if it stays, choose a smaller model."


class ConfigurationRefused(LabError):
    sentence = "{name} is set to “{value}”: {reason}. Change it and start again."


class PortInUse(LabError):
    sentence = (
        "Port {port} is in use already. Stop the program that uses it, "
        "or choose another with GRADIO_SERVER_PORT."
    )
