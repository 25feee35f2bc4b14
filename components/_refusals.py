"""Refusals in the visitor's language: errors, problems of a file or recipe, failed trainings.

English lives with the errors and problems themselves; Chinese is kept here, keyed by their codes.
Also the labels of the training settings. Knows records and words; knows nothing of the page.
"""

import re
from collections.abc import Iterator, Mapping
from string import Formatter
from typing import Any

from finetune.errors import Refused
from finetune.problems import PROBLEMS, errors
from inference.errors import LabError

# LabError.code() -> Chinese, with the places of the class's English `sentence`
ERRORS_ZH: dict[str, str] = {
    # a request
    "message_empty": "消息是空的。请先输入一个问题。",
    "message_too_long": ("这条消息有 {length:,} 个字符，上限是 {limit:,} 个。请缩短后再发送。"),
    "message_too_long_for_model": (
        "这条消息有 {tokens:,} 个词元，而这个模型最多能读 {limit:,} 个。"
        "请缩短消息，或换一个上下文更长的模型。"
    ),
    "conversation_too_long": (
        "这次对话已有 {length:,} 个字符，上限是 {limit:,} 个。请开始新的对话。"
    ),
    "too_many_turns": "这次对话已有 {turns} 轮，上限是 {limit} 轮。请开始新的对话。",
    "text_empty": "还没有可以处理的文本。请先粘贴一段文本。",
    "text_too_long": (
        "这段文本有 {length:,} 个字符，这里的上限是 {limit:,} 个。请缩短，或分成几段。"
    ),
    # a document
    "document_empty": "这个文件是空的。请换一个文件，或直接粘贴文本。",
    "document_blank": "这个文档里没有文字。请换一个文档，或直接粘贴文本。",
    "document_scanned": (
        "这个 PDF 的页面都是图片，没有文字层，像是扫描件（共 {pages:,} 页）。"
        "请先做文字识别（OCR），再上传识别后的文件。"
    ),
    "document_encrypted": "这个文档有密码保护。请用密码打开它，另存为没有密码的文件后再上传。",
    "document_broken": "这个文档已损坏或不完整。请用原来的程序打开它，重新保存后再上传。",
    "document_not_text": (
        "这个文件不是文本，或者它的编码这里不认识。请把它另存为 UTF-8 文本、DOCX 或 PDF 后再上传。"
    ),
    "document_too_large": (
        "这个文件有 {bytes:,} 字节，上限是 {limit:,} 字节。请把它拆开，或只粘贴其中一部分。"
    ),
    "document_unpacks_too_large": (
        "这个文档解压后超过了 {limit:,} 字节的上限。请把它拆开，或只粘贴其中一部分。"
    ),
    "document_too_slow": (
        "读取这个文档超过了 {seconds:g} 秒，已经停止。请把它拆开，或只粘贴其中一部分。"
    ),
    "documents_busy": "正在读取其他文档。请稍后再试。",
    "picture_given": "这是一张图片（{format}），不是文档。请先做文字识别（OCR），再粘贴文字。",
    "recording_given": (
        "这是音频或视频文件（{format}），不是文档。请先把它转写成文字，再粘贴进来。"
    ),
    "archive_given": "这是一个压缩包（{format}）。请先解压，再上传其中的一个文档。",
    "old_office_file": (
        "这是旧格式的办公文件，例如 DOC。请用办公软件打开它，另存为 DOCX 或 PDF 后再上传。"
    ),
    "document_unsupported": (
        "这里不能从 {format} 文件中读取文字。请另存为 PDF、DOCX 或纯文本后再上传。"
    ),
    # settings
    "text_too_long_for_model": (
        "这段文本有 {tokens:,} 个词元，而这个模型一次最多能读 {limit:,} 个。请缩短。"
    ),
    "no_mask": "还没有要猜的词。请在文本里把一个词换成 [MASK]。",
    "too_many_masks": "文本里有 {masks:,} 个 [MASK]，上限是 {most} 个。请去掉几个。",
    "too_many_lines": "共有 {lines:,} 段文本，这里的上限是 {most:,} 段。更多的请放进文件里。",
    "settings_refused": "设置“{name}”的值是 {value}，它必须在 {low} 到 {high} 之间。",
    "setting_choice_refused": "设置“{name}”的值是“{value}”，它必须是以下之一：{choices}。",
    "conversation_refused": "无法把这个文件读成对话（{reason}）。请选择从这里导出的 JSON 文件。",
    "nothing_liked": "还没有点赞的回复。请先给好的回复点赞，再保存。",
    "model_elsewhere": (
        "这个模型在另一台服务器上，从这里看不到它的词元和概率。请选择本机上的模型。"
    ),
    "nothing_chosen": "请先点回答里的一个词元，再从其他词元中选一个。",
    "answer_gone": "刚才细看的已不是最后一个回答。请重新细看。",
    "no_answer_yet": "还没有可以细看的回答。请先提一个问题。",
    "stop_texts_refused": "停止文本最多 {most} 个，每个 1 到 {characters} 个字符。",
    "argument_refused": "参数“{name}”必须是 {kind}，收到的是“{value}”。",
    "too_many_requests": "短时间内请求太多。请在 {wait:,} 秒后再试。",
    "access_token_refused": (
        "这不是访问令牌：它最多有 {limit} 个普通的字母、数字和符号，没有空格。"
        "请在你的账号设置里重新复制。"
    ),
    "operator_refused": (
        "这不是维护者令牌。它是启动应用时 LAB_OPERATOR_TOKEN 的值，只有本页面的维护者可以这样做。"
    ),
    # a model or an adapter
    "model_arriving": "{model} 正在下载。请等它结束，或先取消下载。",
    "model_needed": "有训练任务在等待或使用 {model}。请等它结束后再删除。",
    "model_unknown": "这里没有名为“{model}”的模型。请从列表中选一个。",
    "wrong_model_for_task": "{model} 不能用于{task}。请从本页的模型列表中选一个。",
    "model_not_here": (
        "这台机器上还没有 {model}（需要下载 {size}）。"
        "请点模型列表旁的“下载”，或运行“python -m inference fetch {model}”，"
        "或选择一个已经就绪的模型。"
    ),
    "model_does_not_fit": (
        "{model} 大约需要 {needed} 内存，目前可用 {available}。请选择小一些的模型。"
    ),
    "model_broken": "{model} 的文件无法加载（{reason}）。请重新下载这个模型。",
    "adapter_refused": (
        "这个适配器是在 {expected} 上训练的，不能接到 {found} 上。请选择训练它时用的基座模型。"
    ),
    "adapter_unsafe": (
        "这个适配器里有文件“{file}”。这里只接受 safetensors 和 JSON 文件，"
        "请把适配器重新保存为 safetensors 格式。"
    ),
    "adapter_broken": "适配器的文件无法加载（{reason}）。请重新训练或重新下载。",
    # the operator's chat server
    "chat_server_unreachable": (
        "无法连接对话服务器（{reason}）。请稍后再试，或选择这台机器上的模型。"
    ),
    "chat_server_silent": (
        "对话服务器在 {seconds:g} 秒内没有发来任何内容。请稍后再试，或选择这台机器上的模型。"
    ),
    "chat_server_failed": (
        "对话服务器返回了错误（状态码 {status}）。请稍后再试，或选择这台机器上的模型。"
    ),
    "chat_server_torn": "对话服务器的回复中途断开，或内容无法读取。请重新发送这条消息。",
    "chat_server_busy": "对话服务器暂时不接受更多请求（状态码 429）。请稍等片刻再重新发送。",
    "chat_server_busy_for": (
        "对话服务器暂时不接受更多请求（状态码 429）。请在 {seconds:,} 秒后重新发送。"
    ),
    "chat_server_key_refused": (
        "对话服务器不接受本页面的密钥，或额度不足（状态码 {status}）。"
        "请本页面的维护者检查 LAB_CHAT_KEY；这台机器上的模型不受影响。"
    ),
    "not_a_chat_server": (
        "对话服务器的应答与 OpenAI 的接口不兼容。"
        "请本页面的维护者检查 LAB_CHAT_URL；这台机器上的模型不受影响。"
    ),
    "remote_model_unknown": "对话服务器上没有名为“{model}”的模型。请从列表中选一个。",
    "remote_context_too_long": (
        "这条消息加上所要求的最长回复，超过了 {model} 能读的长度。"
        "请缩短消息，或调小 max_new_tokens。"
    ),
    "remote_request_refused": (
        "对话服务器不接受这个请求（状态码 {status}）。请把设置改回原来的值，或换一个模型。"
    ),
    # getting a model onto this machine
    "hub_unreachable": (
        "无法连接 {host}（{reason}）。请检查网络连接，或把 HF_ENDPOINT 设为一个镜像站，然后重试。"
        "已经就绪的模型不受影响。"
    ),
    "hub_silent": (
        "{host} 在 {seconds:g} 秒内没有应答。请检查网络连接，或把 HF_ENDPOINT 设为一个镜像站，"
        "然后重试。已经就绪的模型不受影响。"
    ),
    "not_a_hub": (
        "{host} 的应答不像模型仓库。如果网络要求登录，请先登录；也请检查 HF_ENDPOINT，然后重试。"
    ),
    "hub_busy": "{host} 暂时不接受更多请求（状态码 429）。请过几分钟再试，已下载的部分会保留。",
    "hub_failed": ("{host} 返回了错误（状态码 {status}）。请过几分钟再试，已下载的部分会保留。"),
    "model_gated": (
        "未经许可，{host} 不提供 {model}（状态码 {status}）。请在它的页面上同意使用条款，"
        "并提供有权读取它的访问令牌，或选择其他模型。"
    ),
    "model_missing": (
        "{host} 上没有 {model}，或缺少它的文件。请选择其他模型，"
        "或用 LAB_SOURCE 或 HF_ENDPOINT 换一个下载源。"
    ),
    "no_safe_weights": (
        "{host} 没有提供 {model} 的 safetensors 文件；其他格式可能夹带代码，这里不会下载。"
        "请选择其他模型。"
    ),
    "connection_stalled": (
        "{seconds:g} 秒内没有收到 {model} 的新数据（已有 {done}，共 {total}）。"
        "请检查网络连接后重试，下载会从中断处继续。"
    ),
    "download_truncated": (
        "{model} 的文件 {file} 不完整：收到 {found:,} 字节，应为 {expected:,} 字节。"
        "请重试，只会下载缺少的部分。"
    ),
    "fetch_failed": ("{model} 的下载意外中止（{reason}）。请重试；详细原因见本程序的日志。"),
    "disk_too_small": (
        "{model} 需要 {needed} 磁盘空间，目前只剩 {free}。"
        "请删除不再需要的文件，或选择小一些的模型。"
    ),
    "disk_full": "下载 {model} 时磁盘满了。请腾出一些空间后重试，下载会从中断处继续。",
    "cache_not_writable": (
        "无法写入存放模型的文件夹（{reason}）。"
        "请把 HF_HOME 设为本程序可以写入的文件夹，然后重新启动。"
    ),
    "downloads_off": (
        "这台机器上还没有 {model}，而下载功能已关闭（设置了 {name}）。"
        "请取消这项设置后重新启动，或选择一个已经就绪的模型。"
    ),
    "downloads_not_for_visitors": (
        "这台机器上还没有 {model}，这里也不向访客开放下载。本页面的维护者可以用"
        "“python -m inference fetch {model}”下载；你也可以选择一个已经就绪的模型。"
    ),
    "source_unknown": (
        "LAB_SOURCE 设置成了“{value}”，它必须是以下之一：{choices}。请修改后重新启动。"
    ),
    "source_not_installed": (
        "LAB_SOURCE 设置成了“{source}”，但没有安装它需要的软件包。"
        "请运行“pip install {package}”，然后重试。"
    ),
    # the machine
    "out_of_memory": "这台机器的内存用完了。请选择小一些的模型，或使用短一些的文本。",
    "deadline_passed": (
        "处理时间超过了 {seconds} 秒，已经停止。请选择小一些的模型，或减少每次发送的内容。"
    ),
    "quota_exceeded": (
        "你今天的 GPU 额度已经用完（{detail}）。请登录 Hugging Face、稍后再来，"
        "或把这个 Space 复制到你自己的硬件上。"
    ),
    "call_too_long": (
        "这次 GPU 调用申请的时间超过了允许的上限（{detail}）。请减少每次发送的内容。"
    ),
    "accelerator_busy": "等了一会儿，仍然没有空闲的 GPU（{detail}）。请稍后再试。",
    "accelerator_failed": (
        "GPU 调用失败了（{detail}）。请再试一次；如果仍然失败，请选择小一些的模型。"
    ),
    # the operator
    "configuration_refused": "{name} 设置成了“{value}”：{reason}。请修改后重新启动。",
    "port_in_use": (
        "端口 {port} 已被占用。请停止占用它的程序，或用 GRADIO_SERVER_PORT 指定另一个端口。"
    ),
    # training
    "table_refused": "这个表格无法使用，发现 {count} 个问题。{what}{advice}",
    "recipe_refused": "这些设置无法使用，发现 {count} 个问题。{what}{advice}",
    "column_missing": "这个文件里没有名为“{column}”的列。请从这些列中选择：{columns}。",
    "column_without_text": "“{column}”这一列里没有文字。请选择存放文本的那一列。",
    "one_column_for_both": "“{column}”同时被选为文本列和标签列。请各选一列。",
    "too_many_rows_to_score": (
        "这个文件有 {rows:,} 行，一次最多分析 {limit:,} 行。请只分析前 {limit:,} 行，或拆分文件。"
    ),
    "nothing_scored": "还没有分析过文件。请先上传一个文件并分析。",
    "run_not_found": "这里没有这个训练。请从你的训练列表中选一个。",
    "run_busy": "这个训练的状态是“{status}”。请先停止它，或等它结束。",
    "nothing_to_download": "这个训练的状态是“{status}”，还没有适配器。请等它完成。",
    "too_many_runs": "你已经有 {limit} 个训练，达到了上限。请先删除一个，再开始新的训练。",
    "queue_full": "已有 {limit} 个训练在排队，达到了上限。请等其中一些开始后再试。",
    "no_disk_space": (
        "这里的磁盘放不下新的训练了。请删除不再需要的训练，或一小时后再试：到时较早的训练会让出空间。"
    ),
    "run_not_finished": ("这个训练的状态是“{status}”，只有已完成的训练才能分享。请等它结束。"),
    "owner_token_refused": (
        "每个训练都要有归属：请发送至少 {least} 个字符的令牌并保管好，它是打开这个训练的唯一钥匙。"
    ),
    "too_many_documents": "这个文件有 {rows:,} 行，一次最多摘要 {limit:,} 行。请把文件分成几份。",
    "reference_missing": "还没有可以比较的参考摘要。请先粘贴一段。",
    "summary_missing": "还没有摘要。请先为一段文本生成摘要。",
    "upload_missing": "上传的文件已经不在这里了。请重新上传。",
    "no_chat_template": "{model} 没有对话模板，无法从对话中学习。请选择一个对话模型。",
    "template_unusable": (
        "{model} 的对话模板会在每次回复时改写前面的内容，因此无法分辨出它的回答。请换一个基座模型。"
    ),
    "base_changed": (
        "{model} 的文件和这个训练开始时不一样了（当时是 {expected}，现在是 {found}）。"
        "请换回原来的文件，或开始新的训练。"
    ),
    "token_missing": ("推送到模型站需要有写权限的访问令牌。请从标准输入提供，或设置 HF_TOKEN。"),
    "repository_name_refused": (
        "“{repository}”不是有效的仓库名。请写成“仓库名”或“组织名/仓库名”，"
        "只用字母、数字、点、横线和下划线。"
    ),
    "push_refused": (
        "{host} 不允许用这个令牌写入 {repository}（状态码 {status}）。"
        "请使用有写权限的令牌，或换一个名称。"
    ),
    "repository_public": (
        "{repository} 已经存在，而且所有人都能看到，所以没有上传任何内容。"
        "请换一个名称，或者明确选择上传到公开的仓库。"
    ),
    "push_failed": "上传提前结束了（{reason}）。请重试；如果仍然失败，请下载适配器。",
    "precision_unsupported": (
        "这台机器不能用 {precision} 计算。请把 precision 设为 auto 或 fp32。"
    ),
    "quantization_unavailable": (
        "使用 {quantization} 基座需要 NVIDIA 显卡和 bitsandbytes 软件包。"
        "请先安装，或把 quantization 设为 none。"
    ),
    "rank_too_high": (
        "这个基座最小的层只有 {limit} 个方向，少于 r = {r}。"
        "请把 r 降到 {limit}，或把 init_lora_weights 从 {start} 改为 default。"
    ),
    "slice_too_short": (
        "这里的显卡每次只借用 {seconds} 秒，而这个训练的一步需要更长时间。请开始新的训练，"
        "换小一些的基座模型，或调小 max_length 或 per_device_train_batch_size。"
    ),
    "training_too_large": (
        "即使一次只读 {rows} 行、每行最多 {tokens:,} 个词元，并打开 activation_checkpointing，"
        "训练时内存仍然不够。请开始新的训练，换小一些的基座模型，或调小 r 或 max_length。"
    ),
}

_ENCODING_ADVICE = "如果预览中的文字不对，请选择其他编码。"
_SETTING_ADVICE = "请改正，或者留空，由训练强度决定。"
_QUOTE_ADVICE = "请用引号括起整个单元格，并把里面的每个引号写成两个。"
_DELIMITER_ADVICE = "如果单元格里有分隔符，请用引号把单元格括起来。"
_FORMATS_ADVICE = "请上传 CSV、TSV、JSON、XLSX 或 Parquet 文件。"
_COLUMNS_ADVICE = "请只保留需要的列。"

# code -> (what, advice) in Chinese, with the places of finetune.problems.PROBLEMS.
# A row is one of the table; a line of text is called “行文本”, since a row may span several.
PROBLEMS_ZH: dict[str, tuple[str, str]] = {
    # the file as a whole
    "no_file": ("找不到这个文件。", "请检查文件名和所在的文件夹。"),
    "empty_file": ("文件是空的。", "请选择一个有表头和数据行的文件。"),
    "too_many_bytes": (
        "文件有 {bytes:,} 字节，上限是 {limit:,} 字节。",
        "请拆分文件，或只保留需要的列。",
    ),
    "too_many_unpacked": (
        "文件解压后会超过 {limit:,} 字节，也就是上限。",
        "请拆分文件，或只保留需要的列。",
    ),
    "old_spreadsheet": (
        "这是旧格式的电子表格，或者加了密码。",
        "请用你的表格软件打开它，另存为不带密码的 XLSX，再上传。",
    ),
    "not_a_workbook": (
        "这是 ZIP 压缩包，不是 XLSX 工作簿。",
        "请解压后上传里面的表格，或把电子表格另存为 XLSX。",
    ),
    "workbook_broken": (
        "XLSX 工作簿已损坏，或者加了密码。",
        "请用你的表格软件打开它，重新保存为不带密码的文件，再上传。",
    ),
    "other_sheets": (
        "工作簿里还有 {count} 张有内容的工作表，只读取了“{sheet}”。",
        "如果想用另一张，请把它移到最前面。",
    ),
    "parquet_broken": (
        "Parquet 文件已损坏，或者是无法读取的类型。",
        "请重新写出不加密的文件，或把表格另存为 CSV。",
    ),
    "binary_values": ("这一列的值是字节而不是文本，已留空。", "训练时请选择其他列。"),
    "other_format": (
        "这是 {format} 文件，不是表格。",
        _FORMATS_ADVICE,
    ),
    "binary": ("文件里是二进制数据，不是文本。", _FORMATS_ADVICE),
    "not_a_table": (
        "文件是连续的文字，没有分隔符把每一行分成几列。",
        "请上传一张表格：每行一个样本，样本的每个部分各占一列。",
    ),
    "no_rows": ("文件只有表头，下面没有数据。", "请补上数据，或指明第一行不是表头。"),
    "json_broken": (
        "JSON 在第 {line:,} 行文本的第 {position:,} 个字符处有错误。",
        "请改正，或把表格另存为 CSV。",
    ),
    "json_not_flat": (
        "JSON 不是由扁平对象组成的列表：这里出现了{found}。",
        "请让每行对应一个对象，它的值只用文本和数字。",
    ),
    "json_nested": (
        "这个键的值是列表或对象，已按纯文本读取。",
        "训练时请选择其他列，或先把它们展平。",
    ),
    # encoding
    "unknown_encoding": (
        "没有名为“{encoding}”的编码。",
        "请从列表中选择，例如 utf-8 或 gb18030。",
    ),
    "undecodable": (
        "文件不是 {encoding} 编码的文本：从第 {position:,} 个字节起就对不上了。",
        "请把文件另存为 UTF-8，或选择它原来的编码。",
    ),
    "damaged_bytes": (
        "有 {count:,} 个字节不是有效的 {encoding}，已替换为“\ufffd”。",
        "请改正文件中的这些地方，或选择其他编码。",
    ),
    "half_characters": (
        "有 {count:,} 处转义（例如 \\ud83d）只是半个字符，已替换为“\ufffd”。",
        "请改正文件中的这些地方。",
    ),
    "encoding_guessed": ("文件不是 UTF-8，已按 {encoding} 读取。", _ENCODING_ADVICE),
    "encoding_ambiguous": (
        "文件可能是 {encoding}，也可能是 {other}，已按 {encoding} 读取。",
        _ENCODING_ADVICE,
    ),
    # structure
    "bad_dialect": (
        "{name}必须是一个字符，而“{given}”不是。",
        "请选择一个字符，例如逗号，或者留给程序自动判断。",
    ),
    "same_dialect": ("“{given}”不能既是分隔符又是引号。", "请给其中一个换个字符。"),
    "unclosed_quote": (
        "这一行有一个引号一直没有闭合（从文件的第 {line:,} 行文本开始）。",
        "请补上结束的引号；如果它是正文的一部分，请写成两个引号。",
    ),
    "stray_quote": (
        "有一个单元格在结束引号之后还有内容（文件的第 {line:,} 行文本）。",
        _QUOTE_ADVICE,
    ),
    "quotes_as_text": (
        "这里的引号不是用来括单元格的（文件的第 {line:,} 行文本），所有引号都已当作正文读取。",
        _QUOTE_ADVICE,
    ),
    "stray_quote_kept": (
        "有一个单元格在结束引号之后还有内容（文件的第 {line:,} 行文本），已当作正文保留。",
        _QUOTE_ADVICE,
    ),
    "backslash_quotes": (
        '单元格里的引号写成了 \\"（文件的第 {line:,} 行文本），已当作引号读取。',
        "如果预览看起来没有问题，就不用处理。",
    ),
    "nul": (
        "有 {count:,} 个单元格含有 NUL 字符，行号：{rows}。",
        "请删除这些字符：那里的文本可能已经损坏。",
    ),
    "giant_cell": (
        "有一个单元格超过了 {limit:,} 个字符（文件的第 {line:,} 行文本）。",
        "请缩短它。引号没有闭合时也会出现这种情况。",
    ),
    "too_many_columns": ("这一行有 {columns:,} 列，上限是 {limit:,} 列。", _COLUMNS_ADVICE),
    "too_many_rows": ("表格超过了 {limit:,} 行。", "请只保留一部分行，或拆分文件。"),
    "too_many_cells": (
        "表格超过了 {limit:,} 个单元格。",
        "请只保留需要的列，或减少行数。",
    ),
    "ragged_row": (
        "有 {count:,} 行的单元格数和表头的 {expected} 个不同，最早的一行有 {found} 个。"
        "行号：{rows}。",
        _DELIMITER_ADVICE,
    ),
    "notes_above_header": (
        "表头上方的 {count} 行已略去。",
        "如果那是说明而不是数据，就不用处理。",
    ),
    "comment_lines": (
        "以 # 开头的 {count} 行已当作注释略去。",
        "如果那是注释而不是数据，就不用处理。",
    ),
    "no_header": (
        "第一行看起来是数据，所以各列依次叫作“column 1”“column 2”等。",
        "如果第一行是表头，请指明。",
    ),
    "empty_column_name": (
        "第 {number} 列没有名称，这里叫它“column {number}”。",
        "请给每一列起个名称。",
    ),
    "duplicate_column_name": (
        "不止一列叫“{name}”，这一列在这里叫“{used}”。",
        "请让每一列的名称各不相同。",
    ),
    "one_column": (
        "表格只有一列，训练至少需要两列。",
        "如果本来不止一列，请指定分隔符。",
    ),
    # mapping and examples
    "column_missing": (
        "没有名为“{name}”的列可以用作“{role}”。",
        "请从这些列中选一个：{columns}。",
    ),
    "role_missing": ("还没有为“{role}”选择列。", "请选择存放它的那一列。"),
    "role_unknown": ("“{role}”不是{task}样本的一部分。", "请使用：{roles}。"),
    "column_used_twice": (
        "“{name}”这一列同时选作了“{role}”和“{other}”。",
        "请分别选择不同的列。",
    ),
    "empty_cells": (
        "有 {count:,} 行缺少“{role}”，已略去，行号：{rows}。",
        "如果想用上这些行，请把单元格填好。",
    ),
    "long_rows": (
        "有 {count:,} 行的单元格比表头多，已略去，行号：{rows}。",
        _DELIMITER_ADVICE,
    ),
    "messages_alone": (
        "已经选了整段对话的列，又为{roles}选了列。",
        "要么选整段对话，要么选对话的各个部分，另一种请留空。",
    ),
    "conversation_unreadable": (
        "有 {count:,} 行里没有能读懂的对话，已略去，行号：{rows}。",
        "请让每行是一个轮次列表：角色用 system、user、assistant，内容为文本。",
    ),
    "conversation_tools": (
        "有 {count:,} 段对话调用了工具，已略去，行号：{rows}。",
        "无需处理：这里只用普通对话训练。",
    ),
    "conversation_unanswered": (
        "有 {count:,} 段对话没有带回答的问题，已略去，行号：{rows}。",
        "请让每段对话以助手应说的话结束。",
    ),
    "conversation_cut": (
        "有 {count:,} 段对话在提问之前就开始，或以提问结束，这些轮次已略去，行号：{rows}。",
        "无需处理：学习的只是助手的回答。",
    ),
    "first_of_list": (
        "有 {count:,} 行的“{role}”是一个列表，各取了其中第一段文本，行号：{rows}。",
        "如果一段就够，无需处理。",
    ),
    "rows_truncated": (
        "有 {percent}% 的行超过 {max_length:,} 个 token，会被截断。",
        "如果截掉的部分重要，请调大 max_length，或缩短文本。",
    ),
    "too_few_rows": (
        "可用的数据只有 {rows} 行，不够用来学习和检验。",
        "请至少提供 {least} 行。",
    ),
    "few_rows": (
        "可用的数据只有 {rows} 行，偏少：模型可能只会照搬它们。",
        "如果可以，请提供 {enough} 行或更多。",
    ),
    "one_input": (
        "每一行的“{role}”都相同，这样就没有数据可以用来检验了。",
        "请提供内容不同的行，或选择其他列。",
    ),
    "one_text_a_label": (
        "没有一种标签带有两段不同的文本，这样就没有数据可以用来检验了。",
        "请为每种标签提供几段不同的文本，或选择其他列。",
    ),
    "one_class": (
        "每一行的标签都相同，没有什么可以区分的。",
        "请提供至少有两种标签的数据。",
    ),
    "too_many_classes": (
        "标签列有 {classes:,} 种不同的值，上限是 {limit} 种。",
        "请选择种类不多、会重复出现的一列作为标签。",
    ),
    "many_classes": (
        "标签列有 {classes:,} 种不同的值，平均每种只有 {rows:,} 行。",
        "如果这不是标签，请选择其他列；如果是，请为每种标签补充数据。",
    ),
    "rare_class": (
        "有 {count} 种标签各只有一行数据，最早的就是这一行：它们无法检验。",
        "请为这些标签补充数据，或把它们并入其他标签。",
    ),
    "duplicate_rows": (
        "有 {count:,} 行和前面的某一行完全相同，行号：{rows}。",
        "它们会保留，相同的行只用于训练或只用于检验；如果不需要，请删除。",
    ),
    "conflicting_labels": (
        "有 {count:,} 段文本带有不止一种标签，和前面不同的行号：{rows}。",
        "请为每段文本确定一种标签。",
    ),
    # recipe
    "unknown_setting": ("没有名为“{name}”的设置。", "请使用列出的设置。"),
    "unknown_setting_close": ("没有名为“{name}”的设置。", "你要写的是“{close}”吗？"),
    "setting_without_value": ("“{name}”没有写成 key=value 的形式。", "例如可以写 r=16。"),
    "setting_not_whole": ("“{name}”必须是整数。", _SETTING_ADVICE),
    "setting_not_number": ("“{name}”必须是有限的数。", _SETTING_ADVICE),
    "setting_not_boolean": ("“{name}”必须是 true 或 false。", _SETTING_ADVICE),
    "setting_out_of_bounds": ("“{name}”超出了范围：{bounds}。", _SETTING_ADVICE),
    "setting_not_a_choice": ("“{name}”必须是以下之一：{choices}。", _SETTING_ADVICE),
    "setting_not_modules": ("“{name}”必须是“all-linear”，或一组层的名称。", _SETTING_ADVICE),
    "max_steps_zero": ("“{name}”至少是 1；写 -1 则按训练轮数计算。", _SETTING_ADVICE),
    "recipe_field_refused": ("“{name}”无法使用：{reason}。", "请改正它。"),
    "setting_for_classification": ("“{name}”只能用于分类任务。", "请设为 0，或者留空。"),
    "setting_needs_cuda": (
        "“{name}”在这里不能设为 {given}：这需要 NVIDIA 显卡。",
        "请选择 {instead}。",
    ),
    "plan_too_large": (
        "训练大约需要 {needed} 内存，目前可用 {available}。",
        "请点击“让它放得下”，或选择小一些的基座模型。",
    ),
    "plan_too_long": (
        "训练大约需要 {hours} 小时，这里最多训练 {limit} 小时就会停止。",
        "请选择更快的方案、减少训练轮数（num_train_epochs）或选择小一些的基座模型。停止的训练可以继续。",
    ),
    "plan_too_few_steps": (
        "{steps} 步太少了，这个基座模型学不到什么看得出来的东西。",
        "至少需要 {enough} 步：增加数据、增加训练轮数（num_train_epochs），"
        "或减小批大小（per_device_train_batch_size）。",
    ),
    "plan_overfits": (
        "每一行要读 {passes} 遍：模型会死记硬背这些内容，对新问题反而答得更差。",
        "训练轮数（num_train_epochs）最多取 {most}，或增加数据，"
        "或让训练自己停下来（early_stopping_patience = 3）。",
    ),
    "plan_too_fast": (
        "学习率 {rate} 远高于这种大小的基座模型常用的 {usual}，损失可能会失控。",
        "请把 learning_rate 设为 {usual}，或者留空。",
    ),
    "plan_too_slow": (
        "学习率 {rate} 远低于这种大小的基座模型常用的 {usual}，几乎不会有变化。",
        "请把 learning_rate 设为 {usual}，或者留空。",
    ),
    "plan_cuts_rows": (
        "每行平均约有 {tokens} 个词元，超过 {length} 个的部分会被截掉：大多数行会丢掉结尾。",
        "请把 max_length 设为 {longer}，或缩短这些行。",
    ),
    "plan_checks_on_few": (
        "只有 {held_out} 行留作检验，太少了，看不出模型有没有学到东西。",
        "至少需要 {enough} 行：请提供约 {rows} 行数据，或增大 held_out_share。",
    ),
    "plan_unbalanced": (
        "{percent}% 的行是同一种标签：模型只要总是回答它，成绩就会显得很好。",
        "请增加其他标签的数据；评价时请看宏平均 F1，而不是准确率。",
    ),
    "settings_clash": (
        "“{name}”设为 {given} 时，不能同时使用“{other}”。",
        "请去掉其中一个。",
    ),
}

# `reason` of a failed event, where it is no error's code -> (English, Chinese)
FAILURES: dict[str, tuple[str, str]] = {
    "out_of_memory": (
        "Training ran out of memory. Start a new run with a smaller base model, a smaller "
        "per_device_train_batch_size or a shorter max_length.",
        "训练时内存用完了。请开始新的训练，换小一些的基座模型，"
        "或调小 per_device_train_batch_size 或 max_length。",
    ),
    "disk_full": (
        "The disk of this machine is full. Delete runs you no longer need, then resume this one.",
        "这台机器的磁盘满了。请删除不再需要的训练，然后继续这个训练。",
    ),
    "not_finite": (
        "Training became unstable: after step {step} the {what} was no longer a finite number. "
        "Start a new run with a smaller learning_rate, a third of it for example.",
        "训练变得不稳定：第 {step} 步之后，{what}不再是有限的数。"
        "请调小 learning_rate（例如降到三分之一），开始新的训练。",
    ),
    "lost_worker": (
        "The training program ended before it could begin. Resume the run to try again; "
        "if it happens again, tell whoever runs this page.",
        "训练程序还没开始就结束了。请点“继续训练”再试一次；如果再次出现，请告诉本页面的维护者。",
    ),
    "unexpected": (
        "An unexpected error ended the training ({error}). Resume the run to try again; "
        "if it happens again, tell whoever runs this page.",
        "发生了意外的错误，训练中断了（{error}）。请点“继续训练”再试一次；"
        "如果再次出现，请告诉本页面的维护者。",
    ),
}

# finetune.recipe.SETTINGS -> ((English label, explanation), (Chinese label, explanation))
SETTINGS: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "num_train_epochs": (
        (
            "Passes (num_train_epochs)",
            "How often all rows are read. More learns more, then learns them by heart.",
        ),
        ("训练轮数（num_train_epochs）", "全部数据读几遍。多一些学得更多，太多就会死记硬背。"),
    ),
    "max_steps": (
        ("Steps (max_steps)", "A fixed number of steps instead of passes; -1 goes by passes."),
        ("训练步数（max_steps）", "不按轮数，直接指定训练多少步；-1 表示按轮数。"),
    ),
    "learning_rate": (
        (
            "Learning rate (learning_rate)",
            "How far each step moves the weights. Too high is unstable, too low learns nothing.",
        ),
        ("学习率（learning_rate）", "每一步调整多少。太大会不稳定，太小学不到东西。"),
    ),
    "per_device_train_batch_size": (
        (
            "Batch size (per_device_train_batch_size)",
            "Rows read at a time. More is steadier and needs more memory.",
        ),
        ("批大小（per_device_train_batch_size）", "一次读多少行。越多越平稳，也越占内存。"),
    ),
    "gradient_accumulation_steps": (
        (
            "Batches a step (gradient_accumulation_steps)",
            "Batches gathered before each step: like a larger batch, without its memory.",
        ),
        (
            "梯度累积（gradient_accumulation_steps）",
            "每攒够几批才更新一次：相当于加大批大小，却不多占内存。",
        ),
    ),
    "lr_scheduler_type": (
        (
            "Schedule (lr_scheduler_type)",
            "How the learning rate falls during training: along a line, a curve, or not at all.",
        ),
        (
            "学习率变化方式（lr_scheduler_type）",
            "训练中学习率如何下降：沿直线、沿曲线，或保持不变。",
        ),
    ),
    "warmup_steps": (
        (
            "Warm-up (warmup_steps)",
            "Steps in which the learning rate rises from 0; below 1 it is a share of all steps.",
        ),
        ("预热（warmup_steps）", "学习率从 0 升上来用多少步；小于 1 时表示占总步数的比例。"),
    ),
    "weight_decay": (
        (
            "Weight decay (weight_decay)",
            "Pulls the weights towards zero, against learning by heart. 0: not at all.",
        ),
        ("权重衰减（weight_decay）", "把权重往 0 拉，防止死记硬背；0 表示不用。"),
    ),
    "max_grad_norm": (
        (
            "Gradient limit (max_grad_norm)",
            "Longer gradients are cut to this length, so that one odd row does little harm.",
        ),
        ("梯度裁剪（max_grad_norm）", "梯度超过这个长度就截短，避免个别数据带偏训练。"),
    ),
    "label_smoothing_factor": (
        (
            "Label smoothing (label_smoothing_factor)",
            "Makes the model less sure of each answer. 0: not at all.",
        ),
        ("标签平滑（label_smoothing_factor）", "让模型对每个答案不要过于自信；0 表示不用。"),
    ),
    "neftune_noise_alpha": (
        (
            "Noise while learning (neftune_noise_alpha)",
            "Random noise on the words' embeddings (NEFTune); 5 is usual for chat. 0: none.",
        ),
        (
            "训练噪声（neftune_noise_alpha）",
            "给词向量加一点随机噪声（NEFTune），对话任务常用 5；0 表示不加。",
        ),
    ),
    "early_stopping_patience": (
        (
            "Patience (early_stopping_patience)",
            "Stops after this many checks without a better held-out loss. 0: never.",
        ),
        (
            "提前停止（early_stopping_patience）",
            "连续多少次检验都没有进步就停止训练；0 表示不提前停止。",
        ),
    ),
    "activation_checkpointing": (
        (
            "Save memory (activation_checkpointing)",
            "Computes values again instead of keeping them: less memory, about a third slower.",
        ),
        (
            "节省内存（activation_checkpointing）",
            "中间结果不保存，用到时重新计算：省很多内存，大约慢三分之一。",
        ),
    ),
    "logging_steps": (
        ("Steps between records (logging_steps)", "How often the curve gets a new point."),
        ("记录间隔（logging_steps）", "每隔多少步在曲线上记一个点。"),
    ),
    "save_steps": (
        (
            "Steps between checkpoints (save_steps)",
            "How often the state is saved; a run that stops can be resumed from there.",
        ),
        ("保存间隔（save_steps）", "每隔多少步保存一次；训练中断后可以从那里继续。"),
    ),
    "seed": (
        ("Seed (seed)", "The same seed, data and settings give the same run again."),
        ("随机种子（seed）", "种子、数据和设置都相同，训练结果就能重现。"),
    ),
    "r": (
        (
            "LoRA rank (r)",
            "The size of the adapter: how much it can learn. Larger needs more memory.",
        ),
        ("LoRA 秩（r）", "适配器的大小：越大能学的越多，也越占内存。"),
    ),
    "lora_alpha": (
        (
            "LoRA scale (lora_alpha)",
            "How strongly the adapter acts: its output is multiplied by alpha / r.",
        ),
        ("LoRA 缩放（lora_alpha）", "适配器的作用有多强：它的输出会乘以 alpha / r。"),
    ),
    "lora_dropout": (
        (
            "LoRA dropout (lora_dropout)",
            "Share of the adapter's inputs left out at random, against learning by heart.",
        ),
        ("LoRA 丢弃率（lora_dropout）", "训练时随机略去适配器的一部分输入，防止死记硬背。"),
    ),
    "target_modules": (
        (
            "Layers (target_modules)",
            "Which layers get an adapter: all-linear, or names divided by commas.",
        ),
        ("训练哪些层（target_modules）", "给哪些层加适配器：all-linear，或用逗号隔开的层名称。"),
    ),
    "use_rslora": (
        (
            "Rank-stabilised LoRA (use_rslora)",
            "Scales by alpha / √r instead of alpha / r; helps at high ranks.",
        ),
        ("秩稳定 LoRA（use_rslora）", "缩放改用 alpha / √r，秩较大时更稳定。"),
    ),
    "use_dora": (
        (
            "DoRA (use_dora)",
            "Also learns the length of each weight; often a little better, and slower.",
        ),
        ("权重分解 LoRA（use_dora）", "同时学习每个权重的长度；往往略好一些，但更慢。"),
    ),
    "init_lora_weights": (
        (
            "Start of the adapter (init_lora_weights)",
            "default and gaussian start from noise, olora and pissa from the base's own weights.",
        ),
        (
            "适配器初始化（init_lora_weights）",
            "default 和 gaussian 从随机数开始，olora 和 pissa 从基座自身的权重开始。",
        ),
    ),
    "max_length": (
        ("Longest row (max_length)", "In tokens; what is longer is cut. More needs more memory."),
        ("最大长度（max_length）", "每行最多多少个词元，超出的会截断；越长越占内存。"),
    ),
    "held_out_share": (
        (
            "Rows kept for checking (held_out_share)",
            "Share of the rows that is not trained on, to see how well the model learned.",
        ),
        ("检验数据比例（held_out_share）", "留出多少数据不参与训练，用来检验学得怎么样。"),
    ),
    "keep_adapter": (
        (
            "Adapter to keep (keep_adapter)",
            "last: as training ended. best: as it was when the held-out loss was lowest.",
        ),
        (
            "保留哪个适配器（keep_adapter）",
            "last：训练结束时的；best：检验损失最低时的。",
        ),
    ),
    "precision": (
        (
            "Number format (precision)",
            "auto takes the fastest safe one here; fp32 is exact, bf16 and fp16 need less memory.",
        ),
        (
            "数值精度（precision）",
            "auto 自动选择这台机器上又快又稳的一种；fp32 最精确，bf16 和 fp16 更省内存。",
        ),
    ),
    "quantization": (
        (
            "Compressed base (quantization)",
            "Keeps the base model in 8 or 4 bits a weight to save memory; NVIDIA GPUs only.",
        ),
        (
            "基座量化（quantization）",
            "把基座模型压缩成每个权重 8 位或 4 位，更省内存；只支持 NVIDIA 显卡。",
        ),
    ),
    "shorten_rows": (
        (
            "Allow shorter rows (shorten_rows)",
            "When memory runs out with one row at a time, cut rows shorter instead of giving up.",
        ),
        (
            "允许缩短文本（shorten_rows）",
            "一次只读一行内存仍然不够时，把文本截得更短，而不是放弃训练。",
        ),
    ),
    "adversarial_epsilon": (
        (
            "Adversarial training (adversarial_epsilon)",
            "Also trains on texts nudged in the worst direction (FGM); 1 is usual. 0: not at all.",
        ),
        (
            "对抗训练（adversarial_epsilon）",
            "同时用朝最不利方向微调过的文本训练（FGM），常用 1；0 表示不用，仅限分类任务。",
        ),
    ),
    "augmented_copies": (
        (
            "Reworded copies (augmented_copies)",
            "Copies of each training row with words swapped, repeated or left out (EDA). 0: none.",
        ),
        (
            "数据增强（augmented_copies）",
            "每行训练数据另做几份，随机交换、重复或删去一些字词（EDA）；0 表示不做。",
        ),
    ),
    "augmented_share": (
        (
            "Reworded share (augmented_share)",
            "How much of each copy is changed.",
        ),
        ("增强强度（augmented_share）", "每份增强数据改动多少比例的字词。"),
    ),
}

ROLES_ZH: dict[str, str] = {
    "instruction": "问题",
    "input": "补充输入",
    "output": "回答",
    "system": "系统提示",
    "messages": "整段对话",
    "text": "文本",
    "label": "标签",
    "document": "原文",
    "summary": "摘要",
}

# As on the page, with the name a program has to send.
_ROLES_EN: dict[str, str] = {
    "instruction": "question (instruction)",
    "input": "more input (input)",
    "output": "answer (output)",
    "system": "system prompt (system)",
    "messages": "whole conversations (messages)",
    "document": "long text (document)",
}
_ROLES = {role: (_ROLES_EN.get(role, role), chinese) for role, chinese in ROLES_ZH.items()}

# name of a value, or code and name -> value -> (English, Chinese)
_WORDS: dict[str, dict[str, tuple[str, str]]] = {
    "status": {
        "queued": ("waiting in the queue", "排队中"),
        "running": ("running", "训练中"),
        "stopping": ("being stopped", "正在停止"),
        "interrupted": ("interrupted", "已中断"),
        "stopped": ("stopped", "已停止"),
        "failed": ("marked as failed", "失败"),
        "finished": ("finished", "已完成"),
    },
    "task": {
        "chat": ("chat", "对话"),
        "classification": ("classification", "分类"),
        "summarization": ("summarization", "摘要"),
        "fill-mask": ("guessing masked words", "填空"),
    },
    "role": _ROLES,
    "other": _ROLES,
    "role_unknown.role": {},  # the visitor's own word
    "settings_refused.name": {
        "parameters": ("Parameters, billions", "参数量（十亿）"),
        "context": ("Tokens of a text", "每段文本的词元数"),
        "batch": ("Texts at a time", "同时处理的文本数"),
    },
    "bad_dialect.name": {"delimiter": ("delimiter", "分隔符"), "quotechar": ("quote", "引号")},
    "json_not_flat.found": {
        "an object": ("an object", "对象"),
        "an array": ("an array", "数组"),
        "a string": ("a string", "字符串"),
        "true or false": ("true or false", "布尔值"),
        "null or a number": ("null or a number", "数字或 null"),
    },
    "not_finite.what": {"loss": ("loss", "损失"), "gradient": ("gradient", "梯度")},
}

# Reasons given inside a sentence; what matches none is a name or a library's own words.
_REASONS_ZH: tuple[tuple[str, str], ...] = (
    ("it must be a positive whole number", "必须是正整数"),
    ("it must be a positive number", "必须是正数"),
    ("it must be a port number", "必须是端口号"),
    (r"it must be one of (.+)", r"必须是以下之一：\1"),
    (
        "4 bits need an NVIDIA GPU and the package bitsandbytes",
        "4 位量化需要 NVIDIA 显卡和 bitsandbytes 软件包",
    ),
    (
        "8 bits on a GPU need an NVIDIA one and the package bitsandbytes",
        "在显卡上做 8 位量化需要 NVIDIA 显卡和 bitsandbytes 软件包",
    ),
    ("it begins from changed base weights", "它的起点改动过基座模型的权重"),
    ("it must be on or off", "必须是 on 或 off"),
    (r"files under (.+) can be served", r"\1 下的文件可能会被公开访问"),
    (r"the file cannot be read as JSON \((.+)\)", r"无法按 JSON 读取这个文件（\1）"),
    ("the file must hold a list of models", "文件的内容必须是模型的列表"),
    (r"model (\d+) is not usable \((.+)\)", r"第 \1 个模型无法使用（\2）"),
    # of the network and the file system
    (r"(\[Errno -?\d+\] )?Connection refused", "连接被拒绝"),
    (
        r"(\[Errno -?\d+\] )?(Name or service not known|Temporary failure in name resolution|"
        r"No address associated with hostname|nodename nor servname .*|getaddrinfo failed)",
        "找不到这个地址",
    ),
    (r"(\[Errno -?\d+\] )?(Network is unreachable|No route to host)", "网络不通"),
    (r"(\[Errno -?\d+\] )?Connection reset by peer|Server disconnected.*", "连接被对方中断"),
    ("All connection attempts failed", "连接失败"),
    (r"\[SSL.*", "安全证书无法验证"),
    ("Permission denied", "没有权限"),
    ("Read-only file system", "文件系统只读"),
    ("no weights", "没有权重"),
    ("it is no JSON", "它不是 JSON"),
    ("it lists no chat messages", "里面没有对话消息"),
    ("it is longer than a conversation may be", "超过了对话允许的长度"),
    (r"(\d+) weights are missing", r"缺少 \1 个权重"),
    (r"(\S+) is missing", r"缺少 \1"),
    # pydantic's, of the fields of a recipe that are no settings
    ("Input should be a valid string", "必须是文本"),
    ("Input should be a valid dictionary", "必须是键值对"),
    ("String should have at least 1 character", "不能为空"),
    (r"String should have at most (\d+) characters", r"最多 \1 个字符"),
)


def error_sentence(error: LabError, language: str) -> str:
    """What the error says, in "en" or "zh"."""
    values = dict(error.values)
    if isinstance(error, Refused):
        values |= _first_problem(error, language)
    return _sentence(error.code(), error.sentence, values, language)


def problem_sentences(problem: Mapping[str, Any], language: str) -> tuple[str, str]:
    """What is wrong and what to do about it, of a `Problem.to_dict()`."""
    code = problem["code"]
    values = _worded(code, problem["details"], language)
    what, advice = PROBLEMS_ZH[code] if language == "zh" else PROBLEMS[code][1:]
    return _filled(what, values), _filled(advice, values)


def failure_sentence(event_fields: Mapping[str, Any], language: str) -> str:
    """Why a training failed and what to do next, of a `failed` event's fields."""
    reason = str(event_fields.get("reason", "unknown"))
    values = event_fields.get("values") or {}
    try:
        if reason in FAILURES:  # before the errors: out_of_memory means another thing in training
            template = FAILURES[reason][language == "zh"]
            return _filled(template, _worded(reason, values, language))
        return _sentence(reason, _english()[reason], values, language)
    except KeyError:  # written by another version of the app
        unexpected = FAILURES["unexpected"][language == "zh"]
        return event_fields.get("sentence") or _filled(unexpected, {"error": reason})


def role_name(role: str, language: str) -> str:
    """The part of an example as a visitor calls it; an unknown one stays as it is."""
    return _ROLES[role][language == "zh"] if role in _ROLES else role


def _first_problem(error: Refused, language: str) -> dict[str, str]:
    """The values `what` and `advice` of `finetune.errors.Refused`, in that language."""
    found = errors(error.problems)[0]
    what, advice = problem_sentences(found.to_dict(), language)
    if found.row and language == "zh":
        what = f"{what.removesuffix('。')}（第 {found.row} 行）。"
    elif found.row:
        what = f"{what} (row {found.row})"
    return {"what": what, "advice": advice}


def _sentence(code: str, english: str, values: Mapping[str, Any], language: str) -> str:
    template = ERRORS_ZH[code] if language == "zh" else english
    return _filled(template, _worded(code, values, language))


def _worded(code: str, values: Mapping[str, Any], language: str) -> dict[str, Any]:
    """The values that are words of the program as words of the language; others stay."""
    return {name: _word(code, name, value, language) for name, value in values.items()}


def _word(code: str, name: str, value: Any, language: str) -> Any:
    if not isinstance(value, str):
        return value
    chinese = language == "zh"
    if name == "roles":
        return ("、" if chinese else ", ").join(role_name(it, language) for it in value.split(", "))
    if name == "choices" and chinese:
        return value.replace(", ", "、")
    if name == "reason" and chinese:
        found = ((re.fullmatch(english, value), words) for english, words in _REASONS_ZH)
        return next((match.expand(words) for match, words in found if match), value)
    if (
        name in ("name", "other") and value in SETTINGS
    ):  # as the form calls it; the key is part of that
        return SETTINGS[value][chinese][0]
    words = _WORDS.get(f"{code}.{name}", _WORDS.get(name, {}))
    return words[value][chinese] if value in words else value


class _Filler(Formatter):
    """In the event log every value is text: numbers among them are shown as numbers again."""

    def format_field(self, value: Any, format_spec: str) -> str:
        if format_spec and isinstance(value, str):
            if not value.isdecimal():
                return value
            value = int(value)
        return super().format_field(value, format_spec)


def _filled(template: str, values: Mapping[str, Any]) -> str:
    return _Filler().vformat(template, (), values)


def _english() -> dict[str, str]:
    return {kind.code(): kind.sentence for kind in _kinds(LabError) if kind.sentence}


def _kinds(kind: type[LabError]) -> Iterator[type[LabError]]:
    for sub in kind.__subclasses__():
        yield sub
        yield from _kinds(sub)
