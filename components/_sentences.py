"""The sentences of the page: key -> (English, Simplified Chinese). Read through `_texts`."""

SENTENCES: dict[str, tuple[str, str]] = {
    # the page
    "heading": (
        "# LLM Lab\nSee what this machine can run, talk to a model, and train one of your own.",
        "# 大模型实验室\n看看这台机器能跑什么模型，和模型聊一聊，再训练一个你自己的。",
    ),
    "tab_environment": ("Environment", "运行环境"),
    "tab_chat": ("Chat", "对话"),
    "tab_summarization": ("Summarize", "摘要"),
    "tab_sentiment": ("Sentiment", "情感分析"),
    "tab_finetuning": ("Fine-tune", "微调"),
    "not_possible": ("That did not work", "没有成功"),
    "went_wrong": ("Something went wrong", "出错了"),
    "unexpected_error": (
        "An unexpected error happened. Nothing you entered is lost; please try again. If it stays, "
        "tell whoever runs this page the reference {reference}.",
        "发生了意外的错误。你填写的内容都还在，请再试一次。如果仍然出错，请把编号 {reference} "
        "告诉本页面的维护者。",
    ),
    # the visitor's account
    "sign_in": ("Sign in with Hugging Face", "用 Hugging Face 账号登录"),
    "sign_out": ("Sign out ({name})", "退出登录（{name}）"),
    "signed_in": ("You are signed in", "你已登录"),
    "runs_adopted": (
        "The training runs begun in this browser, {count} in all, now belong to your account. Sign "
        "in to find them in any browser.",
        "这个浏览器里开始的 {count} 次训练现在属于你的账号。在任何浏览器里登录，都能找到它们。",
    ),
    "refresh": ("Refresh", "刷新"),
    "stop": ("Stop", "停止"),
    "stopped_here": ("Stopped. What was written so far stays.", "已停止，已经写出的内容会保留。"),
    "example": ("Use an example", "使用示例"),
    "try_one": ("Or try one of these:", "或者试试这些："),
    "what": ("What", "项目"),
    "value": ("Value", "值"),
    "yes": ("Yes", "是"),
    "no": ("No", "否"),
    "link_lost": (
        "What this link names is not here or not shared with you; the default is shown instead.",
        "这个链接指向的内容不在这里，或没有分享给你，现在显示的是默认内容。",
    ),
    "task_chat": ("Chat", "对话"),
    "task_classification": ("Classification", "分类"),
    "task_summarization": ("Summaries", "摘要"),
    # the model picker
    "model": ("Model", "模型"),
    "picker_demo": ("{model} · demo", "{model} · 演示"),
    "picker_away": ("{model} · not here, {size} to download", "{model} · 未下载，需下载 {size}"),
    "picker_run": ("My model: {name}", "我的模型：{name}"),
    "picker_shared": ("Shared with you: {name}", "别人分享的：{name}"),
    "picker_chat": ("{model} · chat model", "{model} · 对话模型"),
    "picker_remote": ("{model} · on the chat server", "{model} · 在对话服务器上"),
    "note_remote": (
        "The chat server of this page writes the replies: what you type is sent to it.",
        "回复由本页面的对话服务器生成，你输入的内容会发送给它。",
    ),
    "note_server_away": (
        "The chat server does not answer at the moment.",
        "对话服务器目前没有应答。",
    ),
    "note_run": (
        "An adapter trained here: it answers as its rows do.",
        "在这里训练的适配器：它会照着训练数据来回答。",
    ),
    "note_demo": (
        "A tiny demo model that ships with the app: it shows how things work, and knows little.",
        "随应用附带的微型演示模型：用来展示流程，它懂得很少。",
    ),
    "note_demo_chat": (
        "A tiny demo model that ships with the app: it shows how things work, knows little, and "
        "reads no more than your question and the turn before it.",
        "随应用附带的微型演示模型：用来展示流程，它懂得很少，只看你的问题和前一轮对话。",
    ),
    "note_too_large": (
        "Too large for this machine: it needs about {needed}, and {available} is free.",
        "这台机器装不下：大约需要 {needed}，目前可用 {available}。",
    ),
    "note_away": (
        "Not on this machine yet, and nothing is downloaded unasked. Press Download, or run: "
        "`python -m inference fetch {model}`",
        "这台机器上还没有，应用也不会自行下载。请点“下载”，或运行："
        "`python -m inference fetch {model}`",
    ),
    "note_fits": (
        "Fits this machine: it needs about {needed}, and {available} is free.",
        "这台机器可以运行：大约需要 {needed}，目前可用 {available}。",
    ),
    "pace_fast": (
        "Fast here: roughly {speed:.0f} tokens a second.",
        "在这里很快：每秒约 {speed:.0f} 个词元。",
    ),
    "pace_fluent": (
        "Fluent here: roughly {speed:.0f} tokens a second, about as fast as one reads.",
        "在这里流畅：每秒约 {speed:.0f} 个词元，和阅读差不多快。",
    ),
    "pace_slow": (
        "Slow here: roughly {speed:.1f} tokens a second.",
        "在这里较慢：每秒约 {speed:.1f} 个词元。",
    ),
    "pace_crawls": (
        "Very slow here: less than a token a second.",
        "在这里非常慢：每秒不到一个词元。",
    ),
    # fetching the chosen model
    "fetch": ("Download ({size})", "下载（{size}）"),
    "fetch_join": ("Wait for it too", "我也要用它"),
    "fetch_cancel": ("Cancel download", "取消下载"),
    "fetch_others": ("Another visitor asked for it", "由另一位访客发起"),
    "fetching_waiting": ("Waiting for its turn", "排队等候"),
    "fetching_probing": ("Asking where it comes from", "正在询问下载源"),
    "fetching_downloading": ("Downloading", "下载中"),
    "fetching_checking": ("Checking the files", "正在核对文件"),
    "fetch_of": ("{done} of {total}", "{done}，共 {total}"),
    "fetch_kept": (
        "{part} are here already; Download goes on from there",
        "已有 {part}，点“下载”会接着下载",
    ),
    "fetch_instead": ("Already here, one click away:", "这些已经就绪，点一下就能用："),
    "fetch_token": ("Access token", "访问令牌"),
    "fetch_token_info": (
        "It is sent to the source of the model with the next press of Download, and kept nowhere.",
        "下次点“下载”时发送给模型的下载源，不会保存在任何地方。",
    ),
    # Environment
    "environment_intro": (
        "What this machine is, and which models it can run and train.",
        "这台机器的配置，以及它能运行和训练哪些模型。",
    ),
    "environment_machine": ("This machine", "这台机器"),
    "environment_versions": ("Versions", "软件版本"),
    "environment_limits": ("Limits of this app", "本应用的限制"),
    "device_cuda": ("an NVIDIA GPU", "NVIDIA 显卡"),
    "device_mps": ("an Apple GPU", "苹果芯片的图形处理器"),
    "device_cpu": ("the processor (CPU)", "处理器（CPU）"),
    "device_zero_gpu": (
        "a shared GPU that is lent for some seconds at a time (ZeroGPU)",
        "按秒借用的共享显卡（ZeroGPU）",
    ),
    "verdict_device": ("Models run on {device} here.", "在这里，模型运行在{device}上。"),
    "verdict_fits": (
        "The largest chat model that fits its free memory is **{model}**.",
        "可用内存装得下的最大对话模型是 **{model}**。",
    ),
    "verdict_small": (
        "None of the published chat models fits its free memory; the demo models do.",
        "可用内存装不下任何一个公开的对话模型，但演示模型可以运行。",
    ),
    "verdict_default": ("Chat opens with **{model}**.", "对话页默认使用 **{model}**。"),
    "machine_cpu": ("Processor", "处理器"),
    "machine_cores": ("{model}, {cores:g} cores for this app", "{model}，本应用可用 {cores:g} 核"),
    "machine_flags": ("Its abilities", "指令集"),
    "machine_memory": ("Memory", "内存"),
    "machine_free_of": ("{free} free of {total}", "可用 {free}，共 {total}"),
    "machine_disk": ("Disk", "磁盘"),
    "machine_gpus": ("GPU", "显卡"),
    "machine_gpu": ("{name}, {free} free of {total}", "{name}，可用 {free}，共 {total}"),
    "machine_gpu_use": ("{percent}% busy", "占用 {percent}%"),
    "machine_gpu_driver": ("driver {driver}", "驱动 {driver}"),
    "machine_no_gpu": ("none found", "未发现"),
    "machine_zero_gpu": (
        "ZeroGPU: shared, lent for some seconds at a time, not visible in between",
        "ZeroGPU：共享显卡，按秒借用，平时看不到",
    ),
    "machine_mps": (
        "Apple GPU (MPS), which shares the memory",
        "苹果显卡（MPS），与内存共用",
    ),
    "machine_system": ("System", "系统"),
    "machine_hub": ("Source of models", "模型下载源"),
    "machine_hub_other": ("an address of the operator's own", "维护者自己的地址"),
    "machine_hub_reached": ("{name}: answers", "{name}：可以连接"),
    "machine_hub_lost": ("{name}: does not answer", "{name}：无法连接"),
    "machine_hub_asked": ("{name}: not known yet", "{name}：还不清楚"),
    "machine_hub_offline": ("{name}: not asked, downloads are off", "{name}：下载已关闭，不会连接"),
    "machine_cache": ("Downloaded models", "已下载的模型"),
    "machine_cached": ("{count} here, {size} in all", "{count} 个，共 {size}"),
    "package": ("Package", "软件包"),
    "version": ("Version", "版本"),
    # Environment: load
    "load": ("Load of the last minutes", "最近几分钟的负载"),
    "load_now": (
        "Now: processor {cpu:.0%}, memory {memory:.0%}{gpu}. All visitors together.",
        "现在：处理器 {cpu:.0%}，内存 {memory:.0%}{gpu}。这是所有访客合计的负载。",
    ),
    "load_gpu": (", GPU {gpu:.0%}", "，显卡 {gpu:.0%}"),
    "load_cpu": ("processor", "处理器"),
    "load_memory": ("memory", "内存"),
    "load_card": ("GPU", "显卡"),
    "load_card_memory": ("GPU memory", "显存"),
    "load_minutes": ("minutes ago", "分钟前"),
    "load_percent": ("percent", "百分比"),
    # Environment: a report, and what is downloaded
    "report": ("Copy for a bug report", "复制到问题报告"),
    "report_info": (
        "Markdown. It holds what stands in these tables and nothing else: no names, paths or "
        "tokens.",
        "Markdown 格式。只包含这些表格里的内容，没有主机名、用户名、路径和令牌。",
    ),
    "cache_none": ("Nothing has been downloaded yet.", "还没有下载任何模型。"),
    "cache_size": ("On disk", "磁盘占用"),
    "cache_model": ("Model to delete", "要删除的模型"),
    "cache_token": ("Operator's token", "维护者令牌"),
    "cache_token_info": (
        "What LAB_OPERATOR_TOKEN was set to; only whoever runs this page knows it.",
        "即 LAB_OPERATOR_TOKEN 的值，只有本页面的维护者知道。",
    ),
    "cache_delete": ("Delete from disk", "从磁盘删除"),
    "cache_deleted": (
        "{model} is deleted: {size} are free again.",
        "已删除 {model}，释放了 {size}。",
    ),
    # Environment: what can run here
    "fit_title": ("What can run here", "这里能运行什么"),
    "fit_use": ("What for", "用途"),
    "fit_use_chat": ("Chat", "对话"),
    "fit_use_summarize": ("Summarize", "摘要"),
    "fit_use_classify": ("Classify", "分类"),
    "fit_use_lora": ("Train (LoRA)", "训练（LoRA）"),
    "fit_use_qlora": ("Train in 4 bits (QLoRA)", "4 位训练（QLoRA）"),
    "fit_note": (
        "Memory is reckoned from each model's architecture: for a conversation of 2,048 tokens, or "
        "for training on rows of 512 tokens. Click a row to choose a model.",
        "内存按模型结构推算：对话按 2,048 个词元，训练按 512 个词元的样本。点一行即可选择模型。",
    ),
    "fit_speed": (
        "This machine reads {speed} of weights a second (measured); every token of a reply reads "
        "all of a model's once.",
        "这台机器每秒能读取 {speed} 的权重（实测）；回复里的每个词元都要把模型的权重读一遍。",
    ),
    "fit_needs": ("Memory needed", "所需内存"),
    "fit_tokens": ("Tokens a second", "每秒词元数"),
    "fit_measuring": ("measuring…", "测量中…"),
    "fit_yes": ("fits", "装得下"),
    "fit_yes_bits": ("fits in {bits} bits", "{bits} 位量化后装得下"),
    "fit_cuda": ("needs an NVIDIA GPU", "需要 NVIDIA 显卡"),
    "fit_no": ("does not fit", "装不下"),
    "fit_none": ("No model chosen yet: click a row.", "还没有选择模型：点一行。"),
    "fit_open": ("Open {model} in {tab}", "在“{tab}”页打开 {model}"),
    "parameters": ("Parameters", "参数量"),
    "fits": ("On this machine", "在这台机器上"),
    "on_disk": ("Files", "文件"),
    "here": ("here", "已就绪"),
    "to_fetch": ("{size} to download", "需下载 {size}"),
    # Environment: the calculator
    "part_title": ("How much memory a model takes", "一个模型要多少内存"),
    "part_intro": (
        "For any size, also of models that are not offered here.",
        "任意大小都可以算，包括这里没有提供的模型。",
    ),
    "part_like": ("Built like", "模型结构"),
    "part_typical": ("a typical model of that size", "该大小的典型模型"),
    "part_parameters": ("Parameters, billions", "参数量（十亿）"),
    "part_purpose": ("What for", "用途"),
    "part_purpose_run": ("Replies", "推理"),
    "part_purpose_full": ("Full training", "全量训练"),
    "part_purpose_lora": ("LoRA", "LoRA 训练"),
    "part_purpose_qlora": ("QLoRA", "QLoRA 训练"),
    "part_precision": ("Weights in", "权重格式"),
    "part_context": ("Tokens of a text", "每段文本的词元数"),
    "part_batch": ("Texts at a time", "同时处理的文本数"),
    "part_checkpointing": (
        "Activation checkpointing: less memory, a third more time",
        "激活检查点：更省内存，时间多三分之一",
    ),
    "part_weights": ("weights", "权重"),
    "part_gradients": ("gradients", "梯度"),
    "part_optimizer": ("optimizer", "优化器"),
    "part_activations": ("activations", "激活值"),
    "part_cache": ("KV cache", "KV 缓存"),
    "part_card": ("memory of one card", "单卡显存"),
    "part_needed": ("needed", "需要"),
    "part_chart": ("Memory in GB, next to common GPUs", "内存（GB），与常见显卡对比"),
    "part_told": (
        "**{total}** in all: {parts}.",
        "总共 **{total}**：{parts}。",
    ),
    "part_one": ("One of these is enough: {cards}.", "一张就够：{cards}。"),
    "part_many": (
        "No single one of these holds it: it takes {count} of {card} at least.",
        "单张都装不下：至少需要 {count} 张 {card}。",
    ),
    "part_note": (
        "A typical model has 12 h² weights a layer and 8 heads that keep keys and values. Not "
        "counted: what CUDA itself takes (about 0.6 GB) and what is lost between pieces of memory.",
        "典型模型每层有 12 h² 个权重，8 个头保存键和值。未计入：CUDA 自身的开销（约 0.6 GB）"
        "和显存碎片。",
    ),
    # Environment: where else
    "place_title": ("Where to run larger models", "更大的模型在哪里跑"),
    "place_note": (
        "Looked up in November 2026 on public pages; offers change, so look again before you "
        "rely on one. The models are reckoned from the memory of one card.",
        "2026 年 11 月查自公开网页；各家政策会变，使用前请再确认。模型按单卡显存推算。",
    ),
    "place_where": ("Where", "在哪里"),
    "place_memory": ("GPU and memory", "显卡与显存"),
    "place_runs": ("Runs up to", "最大可运行"),
    "place_trains": ("QLoRA up to", "最大可用 QLoRA 训练"),
    "place_limits": ("Cost and time", "费用与时限"),
    "place_own": ("Your own computer", "自己的电脑"),
    "place_own_memory": ("what it has", "看自己的配置"),
    "place_own_limits": ("no limit", "没有限制"),
    "place_space_cpu": ("Hugging Face Space, CPU Basic", "Hugging Face Space（CPU Basic，无显卡）"),
    "place_space_cpu_memory": ("no GPU; 2 cores, 16 GB of memory", "没有显卡；2 核，16 GB 内存"),
    "place_space_cpu_limits": ("free", "免费"),
    "place_colab": ("Google Colab, free", "Google Colab 免费版"),
    "place_colab_memory": ("often a T4, 16 GB", "通常是 T4，16 GB"),
    "place_colab_limits": (
        "free; 12 hours a session at most, less when idle; a GPU is not promised",
        "免费；每次最长 12 小时，闲置会更早断开；不保证有显卡",
    ),
    "place_kaggle": ("Kaggle", "Kaggle 平台"),
    "place_kaggle_memory": ("two T4 or a P100, 16 GB each", "两张 T4 或一张 P100，每张 16 GB"),
    "place_kaggle_limits": (
        "free; about 30 GPU hours a week, 12 hours a session",
        "免费；每周约 30 小时显卡时间，每次 12 小时",
    ),
    "place_pai": ("Alibaba Cloud PAI (DSW)", "阿里云 PAI（DSW）"),
    "place_pai_memory": ("A10, 24 GB (gn7i); larger ones too", "A10，24 GB（gn7i）；也有更大的"),
    "place_pai_limits": (
        "paid while it runs; can stop by itself when idle",
        "按运行时间付费；可设置闲置自动停机",
    ),
    "place_zero_gpu": ("Hugging Face Space, ZeroGPU", "Hugging Face Space（ZeroGPU 共享显卡）"),
    "place_zero_gpu_memory": ("a share of a large GPU, about 45 GB", "大显卡的一部分，约 45 GB"),
    "place_zero_gpu_limits": (
        "free; each visitor a day: 2 minutes, 5 with an account, 40 with PRO",
        "免费；每位访客每天 2 分钟，登录后 5 分钟，PRO 用户 40 分钟",
    ),
    "place_space_gpu": ("Hugging Face Space, own GPU", "Hugging Face Space（独占显卡）"),
    "place_space_gpu_memory": (
        "T4 16 GB, A10G 24 GB, L40S 48 GB, A100 80 GB",
        "可选 T4 16 GB、A10G 24 GB、L40S 48 GB、A100 80 GB",
    ),
    "place_space_gpu_limits": ("paid by the hour; no time limit", "按小时付费；没有时限"),
    # Environment: the doctor. Of each finding what it is, and what to do
    "doctor_title": ("Doctor", "体检"),
    "doctor_well": ("Nothing wrong was found.", "没有发现问题。"),
    "doctor_well_model": (
        "Nothing wrong was found, for {model} either.",
        "没有发现问题，使用 {model} 也没有问题。",
    ),
    "doctor_error": ("Problem", "问题"),
    "doctor_warning": ("Warning", "提醒"),
    "doctor_note": ("Note", "说明"),
    "doctor_gpu_with_cpu_torch": (
        "There is a GPU ({gpu}), but torch is a build without CUDA: nothing runs on it.",
        "这里有显卡（{gpu}），但安装的 torch 不带 CUDA，用不上它。",
    ),
    "doctor_gpu_with_cpu_torch_fix": (
        "Install the CUDA build of torch: choose your system on pytorch.org/get-started/locally, "
        "then start the app again.",
        "安装带 CUDA 的 torch：在 pytorch.org/get-started/locally 选择系统，装好后重启应用。",
    ),
    "doctor_cuda_without_gpu": (
        "torch is built for CUDA {cuda}, but no NVIDIA GPU is visible: models run on the "
        "processor.",
        "torch 是 CUDA {cuda} 版本，但看不到 NVIDIA 显卡：模型在处理器上运行。",
    ),
    "doctor_cuda_without_gpu_fix": (
        "If there is a GPU: see whether `nvidia-smi` lists it; a container needs `--gpus all`. If "
        "there is none, all is well; the CPU build of torch is smaller.",
        "如果有显卡：看看 `nvidia-smi` 能否列出它；容器要加 `--gpus all`。如果没有显卡，一切正常，"
        "CPU 版的 torch 体积更小。",
    ),
    "doctor_driver_too_old": (
        "The NVIDIA driver {driver} is too old for torch's CUDA {cuda}, which needs {needed} or "
        "newer.",
        "NVIDIA 驱动 {driver} 太旧：torch 的 CUDA {cuda} 需要 {needed} 或更新的驱动。",
    ),
    "doctor_driver_too_old_fix": (
        "Update the driver, or install a build of torch for an older CUDA.",
        "更新驱动，或者安装为较旧 CUDA 构建的 torch。",
    ),
    "doctor_disk_full": (
        "Only {free} of disk are free: downloads and training runs are refused.",
        "磁盘只剩 {free}：无法下载模型，也无法训练。",
    ),
    "doctor_disk_full_fix": (
        "Delete training runs or downloaded models that nobody needs, or set LAB_HOME to a folder "
        "on a larger disk.",
        "删除不再需要的训练或已下载的模型，或者把 LAB_HOME 设为更大磁盘上的文件夹。",
    ),
    "doctor_disk_too_small": (
        "To download {model} takes {needed} of disk with what must stay free; {free} are free.",
        "下载 {model}（加上要保留的空间）需要 {needed} 磁盘，目前只有 {free}。",
    ),
    "doctor_disk_too_small_fix": (
        "Choose a smaller model, make room, or set HF_HOME to a folder on a larger disk.",
        "换一个小一点的模型，清理磁盘，或者把 HF_HOME 设为更大磁盘上的文件夹。",
    ),
    "doctor_package_missing": (
        "The package {package} is not installed.",
        "没有安装软件包 {package}。",
    ),
    "doctor_package_missing_fix": (
        "Run: `pip install -r requirements.txt`",
        "请运行：`pip install -r requirements.txt`",
    ),
    "doctor_version_outside": (
        "{package} {version} is not one of the versions this app is tested with ({tested}).",
        "{package} {version} 不在本应用测试过的版本（{tested}）之内。",
    ),
    "doctor_version_outside_fix": (
        "If something fails, run: `pip install -r requirements.txt`",
        "如果出错，请运行：`pip install -r requirements.txt`",
    ),
    "doctor_hub_unreachable": (
        "The source of models ({endpoint}) does not answer: nothing can be downloaded.",
        "模型下载源（{endpoint}）没有应答：无法下载模型。",
    ),
    "doctor_hub_unreachable_fix": (
        "Check the network. Where the Hub is blocked, start the app with "
        "`HF_ENDPOINT=https://hf-mirror.com` or `LAB_SOURCE=modelscope`. What is here already goes "
        "on working.",
        "请检查网络。如果连不上 Hugging Face，启动应用时可设置 `HF_ENDPOINT=https://hf-mirror.com` "
        "或 `LAB_SOURCE=modelscope`。已经下载的模型照常可用。",
    ),
    "doctor_hub_offline": (
        "Downloads are switched off (HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE).",
        "下载已关闭（HF_HUB_OFFLINE 或 TRANSFORMERS_OFFLINE）。",
    ),
    "doctor_hub_offline_fix": (
        "To download models, start the app without that setting.",
        "如果要下载模型，请去掉这个设置后重新启动应用。",
    ),
    "doctor_token_needed": (
        "{model} asks for an access token, and none was given or it was not enough.",
        "{model} 需要访问令牌，还没有提供，或者令牌的权限不够。",
    ),
    "doctor_token_needed_fix": (
        "Accept the model's terms on its page, make a token with read access in the settings of "
        "your account, and type it where the model is downloaded. It is not kept.",
        "先在模型页面上同意使用条款，在账号设置里创建一个可读的令牌，再填到下载该模型的地方。"
        "令牌不会被保存。",
    ),
    "limit": ("Limit", "上限"),
    "limit_upload_bytes": ("Size of an uploaded file", "上传文件的大小"),
    "limit_json_bytes": ("Size of any other request", "其他请求的大小"),
    "limit_requests_per_minute": ("Requests a minute from one address", "每个地址每分钟的请求数"),
    "limit_costly_per_minute": (
        "Replies, summaries and other work for models a minute, each visitor",
        "每位访客每分钟的回复、摘要等计算请求数",
    ),
    "limit_runs_per_hour": (
        "Training runs started or resumed an hour, each visitor",
        "每位访客每小时开始或继续训练的次数",
    ),
    "limit_unpacked_bytes": (
        "Size of an XLSX, Parquet, DOCX or EPUB file once unpacked",
        "XLSX、Parquet、DOCX 或 EPUB 文件解压后的大小",
    ),
    "limit_table_rows": ("Rows of a table", "表格行数"),
    "limit_table_columns": ("Columns of a table", "表格列数"),
    "limit_table_cells": ("Cells of a table", "表格单元格数"),
    "limit_cell_characters": ("Characters in a cell", "单元格字符数"),
    "limit_message_characters": ("Characters in a message", "一条消息的字符数"),
    "limit_turns": ("Turns of a conversation", "一次对话的轮数"),
    "limit_summary_characters": ("Characters of a text to summarize", "待摘要文本的字符数"),
    "limit_classify_characters": ("Characters of a text to classify", "待分类文本的字符数"),
    "limit_classify_file_rows": ("Rows of a file to classify", "待分类文件的行数"),
    "limit_summary_file_rows": ("Rows of a file to summarize", "待摘要文件的行数"),
    "limit_deadline_seconds": ("Seconds for a reply or a section", "一次回复或一节摘要的秒数"),
    "limit_lora_rank": ("LoRA rank", "LoRA 的秩"),
    "limit_runs_per_visitor": ("Training runs a visitor", "每位访客的训练数"),
    "limit_queued_runs": ("Training runs that wait for their turn", "排队等候的训练数"),
    "limit_run_hours": ("Hours a run may train before it is stopped", "一次训练的小时数"),
    "limit_run_days": ("Days a run is kept", "训练结果保留天数"),
    "limit_runs_bytes": ("Disk space of all training runs", "所有训练占用的磁盘空间"),
    "limit_disk_spare_bytes": ("Disk space left free", "保留的空闲磁盘空间"),
    "limit_uploads_bytes": (
        "Disk space of files sent and downloaded",
        "上传和下载的文件占用的磁盘空间",
    ),
    # the guide and the look inside, in the Environment tab
    "guide": ("New here? Four steps, ten minutes", "第一次来？四步，十分钟"),
    "guide_info": (
        "Each button opens the right tab with an example filled in. You only press the button "
        "there, and change what you like.",
        "每个按钮都会打开对应的页面，并填好一个示例。你只需在那里点一下按钮，再随意改一改。",
    ),
    "guide_chat": (
        "**1 · A first chat**\n\nPress Enter. A model writes token by token, each drawn by its "
        "probability. Ask again with the temperature at 0: the answer stays the same.",
        "**1 · 第一次对话**\n\n按回车发送。模型一个词元一个词元地写，每个都按概率抽取。"
        "把温度调成 0 再问一遍：回答就不再变化。",
    ),
    "guide_chat_go": ("Open Chat", "打开“对话”"),
    "guide_summary": (
        "**2 · A first summary**\n\nPress Summarize. Another kind of model reads the whole text "
        "first and then writes. Compare: is everything it says in the text?",
        "**2 · 第一篇摘要**\n\n点“生成摘要”。这是另一种模型：先读完全文，再动笔。"
        "对照一下：它说的都在原文里吗？",
    ),
    "guide_summary_go": ("Open Summarize", "打开“摘要”"),
    "guide_sentiment": (
        "**3 · A first classifier**\n\nPress the button. This model writes nothing: it gives every "
        "label a probability. Put a “not” into the sentence and look again.",
        "**3 · 第一次分类**\n\n点一下按钮。这个模型什么也不写，只给每个标签一个概率。"
        "在句子里加个“不”，再看一次。",
    ),
    "guide_sentiment_go": ("Open Sentiment", "打开“情感分析”"),
    "guide_finetune": (
        "**4 · A first fine-tune**\n\nA table of 120 short reviews is filled in. Go on to the "
        "settings, take Quick, and start. At the end, base and your own model stand side by side.",
        "**4 · 第一次微调**\n\n已填好一张有 120 条短评的表格。进入设置，选“快速”，开始训练。"
        "结束后，可以并排比较基座模型和你自己的模型。",
    ),
    "guide_finetune_go": ("Open Fine-tune", "打开“微调”"),
    "guide_question": ("What is a token?", "什么是词元？"),
    "look_inside": ("Look inside a model", "看看模型内部"),
    "look_inside_info": (
        "What happens between your text and an answer, with the real numbers of the models here.",
        "从你的文字到模型的回答，中间发生了什么：用这里模型的真实数字来看。",
    ),
    "look_tokens": ("Tokens", "词元"),
    "look_tokens_info": (
        "A model reads numbers. Each kind has a vocabulary of its own, so the same text becomes "
        "other pieces, and more or fewer of them: that is what context and cost are counted in.",
        "模型读的是数字。每种模型有自己的词表，同一段文字会切成不同的词元，数量也不同；"
        "上下文长度和费用都按词元计算。",
    ),
    "look_text": ("Any text", "任意文字"),
    "look_tokens_example": (
        "Unbelievable: even a name like Zhejiang is read in pieces.",
        "人工智能正在改变世界，unbelievable！",
    ),
    "look_qwen": ("Qwen: byte-pair encoding", "Qwen：字节对编码（BPE）"),
    "look_bart": ("BART: byte-pair encoding", "BART：字节对编码（BPE）"),
    "look_bert": ("BERT: WordPiece", "BERT：词片（WordPiece）"),
    "look_pieces": ("Its tokens and their numbers", "它的词元和编号"),
    "look_count": (
        "{tokens} tokens for {characters} characters; a vocabulary of {vocabulary:,}",
        "{characters} 个字符切成 {tokens} 个词元；词表大小 {vocabulary:,}",
    ),
    "look_steps_info": (
        "**One word, step by step.** Byte-pair encoding begins with single bytes and joins the two "
        "neighbours whose rule was learned first, until no rule is left. WordPiece takes the "
        "longest beginning that it knows, then the longest after that. A Chinese character is "
        "three bytes; until they are joined they are shown as such: `<E4 BD A0>`.",
        "**一个词，一步一步看**。字节对编码从单个字节开始，每次合并最早学到规则的那对相邻片段，"
        "直到没有规则可用。WordPiece 则每次取词表里最长的开头，再接着往后取。一个汉字是三个字节，"
        "合并之前按字节显示：`<E4 BD A0>`。",
    ),
    "look_word": ("A word", "一个词"),
    "look_word_example": ("lower", "人工"),
    "look_with": ("Tokenizer", "分词器"),
    "look_words_first": (
        "First it is cut into {words}; nothing is joined across these cuts.",
        "先切成 {words}；不会跨过这些切口合并。",
    ),
    "look_bytes": ("bytes", "字节"),
    "look_rule": ("rule {rank:,}", "第 {rank:,} 条规则"),
    "look_tried": ("{tried} looked up", "查了 {tried} 次"),
    "look_begin": ("the word", "整个词"),
    "look_attention": ("Attention", "注意力"),
    "look_attention_info": (
        "Each token asks every token a question: its query q meets their keys k. The row shows how "
        "much of each one's value it takes. Click a square to see its numbers.",
        "每个词元向所有词元提问：它的查询向量 q 与它们的键向量 k 相乘。"
        "每一行是它从各个词元的值向量里取多少。点一个方格，看它的数字。",
    ),
    "look_sentence": ("A sentence", "一句话"),
    "look_attention_example": ("The food was not good.", "这家店的菜不好吃。"),
    "look_model": ("A BERT", "BERT 模型"),
    "look_layer": ("Layer", "层"),
    "look_head": ("Head", "注意力头"),
    "look_go": ("Look", "看一看"),
    "look_cut": (
        "Only the first {most} tokens were read.",
        "只读了前 {most} 个词元。",
    ),
    "look_from": ("This token looks", "这个词元"),
    "look_to": ("at that one", "看向这个词元"),
    "look_pair": (
        "**{asking}** looks at **{asked}**: q·k = {product:.3f}; divided by √{size} = {root:.3f}, "
        "that is {scaled:.3f}. Softmax: e^{scaled:.3f} = {power:.4f}, divided by the sum of the "
        "row, {total:.4f}, is **{weight:.1%}**.",
        "**{asking}** 看向 **{asked}**：q·k = {product:.3f}；除以 √{size} = {root:.3f}，"
        "得 {scaled:.3f}。再做归一化：e^{scaled:.3f} = {power:.4f}，除以整行之和 {total:.4f}，"
        "得 **{weight:.1%}**。",
    ),
    "look_vectors": (
        "The first of {size} numbers each: q = {q}; k = {k}; what the head hands on for "
        "this token, all values mixed by the row: {output}.",
        "每个向量有 {size} 个数，开头几个是：q = {q}；k = {k}；"
        "这个头为该词元输出的向量（各值向量按这一行加权）：{output}。",
    ),
    "look_row": ("The whole row", "整行"),
    "look_token": ("Token", "词元"),
    "look_share": ("Share", "占比"),
    "look_objectives": ("What is predicted", "预测什么"),
    "look_objectives_info": (
        "Nobody labels the text of a pre-training: it is its own answer. Qwen predicts the next "
        "token, BART mends a damaged text, BERT was asked the two questions below.",
        "预训练的文字没人标注，它本身就是答案。Qwen 预测下一个词元，BART 修复被破坏的文本，"
        "BERT 当年要回答下面两个问题。",
    ),
    "look_masked_info": (
        "**Hidden words (masked-language model).** 15% of the tokens are asked for: of those, 80% "
        "are hidden by [MASK], in 10% another token stands there, 10% stay as they are. The model "
        "sees both sides and gives every token of its vocabulary a probability for each of these "
        "places; only they count in the loss.",
        "**填空（掩码语言模型）**。随机选 15% 的词元来考：其中 80% 用 [MASK] 盖住，"
        "10% 换成别的词元，10% 保持原样。模型能看到左右两边，对这些位置给出词表中每个词元的概率；"
        "只有这些位置计入损失。",
    ),
    "look_masked_text": ("A text to learn from", "一段训练文字"),
    "look_masked_example": (
        "The food was wonderful and the staff were very friendly, so we came back the next day.",
        "这家店的菜很好吃，服务员也特别热情，第二天我们又去了一次。",
    ),
    "look_draw": ("Draw again", "重新抽取"),
    "look_shown": ("What the model reads", "模型读到的"),
    "look_masked": ("hidden, it was “{truth}”", "盖住了，原来是“{truth}”"),
    "look_replaced": ("replaced, it was “{truth}”", "换掉了，原来是“{truth}”"),
    "look_kept": ("asked, though it is there", "照样要猜，但没盖住"),
    "look_playground": ("Let a BERT fill in words, in Sentiment", "到“情感分析”里让 BERT 填词"),
    "look_next_info": (
        "**Next sentence.** Two sentences go in as one. In half of the training pairs B really "
        "followed A, in the other half B came from anywhere. From the place of [CLS] the model "
        "answers one yes-or-no question: does B follow? It is one decision on a pair, not a "
        "product of probabilities of sentences. RoBERTa (2019) left this question out and lost "
        "nothing; the BERT that ships with this app was not trained on it either, so no answer is "
        "shown here, only what goes in.",
        "**下一句预测**。两句话拼成一个输入。训练时，一半的句对里 B 真的跟在 A 后面，另一半的 B 是"
        "随便取来的。模型在 [CLS] 的位置回答一个是非题：B 是不是 A 的下一句？"
        "这是对一对句子的一次判断，不是句子概率的连乘。RoBERTa（2019）去掉了这个任务，"
        "效果并没有变差；本应用附带的 BERT 也没有用它训练，所以这里只展示输入，不给答案。",
    ),
    "look_first": ("A", "句子 A"),
    "look_second": ("B", "句子 B"),
    "look_first_example": ("We ordered noodles.", "我们点了一碗面。"),
    "look_second_example": ("They came after an hour.", "等了一个小时才上。"),
    "look_pair_input": ("As it goes in: segment 0 and 1", "输入的样子：片段 0 和片段 1"),
    "look_lora": ("What LoRA adds", "LoRA 加了什么"),
    "look_lora_info": (
        "LoRA leaves every weight W as it is and learns a small correction beside it: W + BA. B "
        "and A are thin: their one side is the rank. Choose a base and see what is trained.",
        "LoRA 不动原来的权重 W，只在旁边学一个小小的修正：W + BA。B 和 A 都很细，一条边就是秩。"
        "选一个基座模型，看看要训练多少。",
    ),
    "look_base": ("Base model", "基座模型"),
    "look_rank": ("Rank (r)", "秩（r）"),
    "look_layers": ("Layers (target_modules)", "训练哪些层（target_modules）"),
    "look_layers_all": ("all linear layers", "所有线性层"),
    "look_layers_attention": ("attention", "注意力层"),
    "look_layers_query_value": ("query and value, as in the paper", "只有查询和值（论文的做法）"),
    "look_frozen": ("frozen", "冻结"),
    "look_trained": ("trained", "训练"),
    "look_to_scale": (
        "One of these matrices, {name}, drawn to scale (no line is thinner than two pixels).",
        "其中一个矩阵 {name}，按比例绘制（线条最细为两个像素）。",
    ),
    "look_lora_told": (
        "**{trained:,} numbers are trained, {share:.2%} of all; {frozen:,} stay frozen.** The "
        "adapter is a file of {file}. While it learns, its numbers, gradients and optimizer take "
        "{training}, and the frozen weights beside it {half} in 16 bits or {four} in 4 bits "
        "(QLoRA). Training every number would take {full}.",
        "**训练 {trained:,} 个数，占全部的 {share:.2%}；{frozen:,} 个保持冻结**。"
        "适配器文件 {file}。训练时，它的参数、梯度和优化器状态共占 {training}，"
        "旁边冻结的权重占 {half}（16 位）或 {four}（4 位，即 QLoRA）。"
        "如果全部参数都训练，则要 {full}。",
    ),
    "look_new_head": (
        "Of these, {head:,} are a new classifier for two classes, trained whole.",
        "其中 {head:,} 个属于新的二分类输出层，它整个参与训练。",
    ),
    "look_modules": (
        "For the Fine-tune tab, target_modules: `{modules}`",
        "“微调”页的 target_modules 填：`{modules}`",
    ),
    "look_matrix": ("Layer", "层"),
    "look_shape": ("Shape of W", "W 的形状"),
    "look_times": ("How many", "个数"),
    "look_numbers": ("Numbers in W", "W 的参数"),
    "look_added": ("In A and B", "A 和 B 的参数"),
    # Chat
    "chat_intro": (
        "Ask anything. A larger model knows more; a model you trained answers as you taught it.",
        "随便问。模型越大懂得越多；你训练的模型会按你教的方式回答。",
    ),
    "chat_hello": (
        "### What would you like to know?\nType a message below, or take one of the questions.",
        "### 想了解点什么？\n在下面输入消息，或者点一个现成的问题。",
    ),
    "chat_message": ("Your message", "你的消息"),
    "chat_placeholder": ("Type a message…", "输入消息……"),
    "chat_new": ("New conversation", "新的对话"),
    "chat_settings": ("Settings", "设置"),
    "chat_system": ("System prompt", "系统提示词"),
    "chat_system_info": (
        "Who the model should be; sent before every conversation.",
        "告诉模型它是谁；每次对话开头都会发送。",
    ),
    "chat_thinking": ("Think first", "先思考再回答"),
    "chat_thinking_info": (
        "Thinking models write their reasoning before the answer. Slower.",
        "支持思考的模型会先写出推理过程，速度较慢。",
    ),
    "chat_max_new_tokens": ("Longest reply (max_new_tokens)", "最长回复（max_new_tokens）"),
    "chat_max_new_tokens_info": (
        "In tokens: about ¾ of an English word, or one or two Chinese characters, each.",
        "以词元计：一个词元约为四分之三个英文单词，或一两个汉字。",
    ),
    "chat_temperature": ("Temperature (temperature)", "温度（temperature）"),
    "chat_temperature_info": (
        "0 always takes the likeliest word; higher is more varied.",
        "0 表示总是选最可能的词；越高越多变。",
    ),
    "chat_top_p": ("Nucleus (top_p)", "核采样（top_p）"),
    "chat_top_p_info": (
        "Choose among the likeliest words that together reach this probability.",
        "只在累计概率达到该值的词中选择。",
    ),
    "chat_top_k": ("Candidates (top_k)", "候选数（top_k）"),
    "chat_top_k_info": (
        "Choose among this many likeliest words; 0 for no bound.",
        "只在最可能的这么多个词中选择；0 表示不限。",
    ),
    "chat_repetition_penalty": (
        "Repetition penalty (repetition_penalty)",
        "重复惩罚（repetition_penalty）",
    ),
    "chat_repetition_penalty_info": (
        "Above 1, words already used become less likely.",
        "大于 1 时，已经用过的词更不容易再出现。",
    ),
    "chat_seed": ("Seed (seed)", "随机种子（seed）"),
    "chat_seed_info": (
        "The same seed gives the same reply again; empty draws a new one each time.",
        "种子相同，回复就相同；留空则每次随机。",
    ),
    "chat_stop": ("Stop texts", "停止文本"),
    "chat_stop_info": (
        "The answer ends before any of these; one a line. Rarely needed.",
        "回答遇到其中任何一个就停止；每行一个。一般不需要。",
    ),
    "preset_chat_teacher": ("Patient teacher", "耐心的老师"),
    "preset_chat_teacher_text": (
        "You are a patient teacher. Explain step by step, in simple words, with one short example, "
        "and end with a question that checks whether it was understood.",
        "你是一位耐心的老师。请用简单的话一步一步地讲解，举一个简短的例子，最后提一个问题检查对方是否听懂了。",
    ),
    "preset_chat_translator": ("Translator", "翻译"),
    "preset_chat_translator_text": (
        "Translate what you are given: Chinese into English, any other language into Chinese. "
        "Answer with the translation only.",
        "请翻译收到的内容：中文译成英文，其他语言译成中文。只回答译文。",
    ),
    "preset_chat_poet": ("Poet", "诗人"),
    "preset_chat_poet_text": (
        "Answer everything with a poem of four short lines.",
        "无论问什么，都用一首四行短诗回答。",
    ),
    "preset_chat_reviewer": ("Code reviewer", "代码审阅者"),
    "preset_chat_reviewer_text": (
        "You review code. Name the most important mistake first, say why it matters, and show the "
        "corrected lines. Be brief.",
        "你是代码审阅者。先指出最重要的错误，说明为什么重要，再给出修改后的代码。请简短。",
    ),
    "starter_1": ("Who are you?", "你是谁？"),
    "starter_2": ("What is LoRA?", "什么是 LoRA？"),
    "starter_3": ("What is a token?", "什么是词元？"),
    "starter_4": ("What is a learning rate?", "什么是学习率？"),
    "chat_waiting": ("Loading the model, reading your message…", "正在加载模型、读取消息……"),
    "chat_thought": ("Thoughts", "思考过程"),
    "chat_tokens": ("{tokens} tokens", "{tokens} 个词元"),
    "chat_first": ("first after {seconds:.1f} s", "首个词元 {seconds:.1f} 秒"),
    "chat_speed": ("{speed:,.0f} tokens/s", "{speed:,.0f} 词元/秒"),
    "chat_dropped": (
        "the {turns} oldest questions no longer fit and were left out",
        "最早的 {turns} 个问题放不下，已略去",
    ),
    "chat_dropped_why": (
        "The conversation is longer than the model can hold. Its oldest turns are no longer sent; "
        "they stay on the page.",
        "对话超过了模型能容纳的长度。最早的几轮不再发送给模型，但仍保留在页面上。",
    ),
    "chat_thinking_now": ("Thinking…", "正在思考……"),
    "chat_context": (
        "Context: {used:,} of {context:,} tokens used. Your conversation was read as {prompt:,} "
        "tokens; {reused:,} of them were still known from the turn before.",
        "上下文：已用 {used:,} / {context:,} 个词元。这段对话共 {prompt:,} 个词元，"
        "其中 {reused:,} 个在上一轮已经读过。",
    ),
    "chat_kept": ("Conversations and files", "对话记录与文件"),
    "chat_kept_info": (
        "Conversations are kept in this browser only, up to twenty of them.",
        "对话只保存在这个浏览器里，最多二十段。",
    ),
    "chat_conversations": ("Earlier conversations", "以前的对话"),
    "chat_untitled": ("Untitled", "未命名"),
    "chat_forget": ("Forget this conversation", "删除这段对话"),
    "chat_save_markdown": ("Save as Markdown", "保存为 Markdown"),
    "chat_save_json": ("Save as JSON", "保存为 JSON"),
    "chat_read": ("Open a JSON file", "打开 JSON 文件"),
    "chat_likes_info": (
        "Press the thumb under good answers: together they are a table to fine-tune on.",
        "给好的回答点赞：它们合在一起就是一份可以用来微调的表格。",
    ),
    "chat_save_likes": ("Save liked answers as CSV", "把点赞的回答存为 CSV"),
    "chat_you": ("You", "你"),
    "chat_model": ("Model", "模型"),
    "inside": ("Look inside", "看看内部"),
    "inside_info": (
        "A model gives every token of its vocabulary a probability and one of them is drawn. The "
        "colour of a token tells how sure the model was of it. Click one to see what else could "
        "have stood there.",
        "模型会给词表里的每个词元一个概率，再从中抽取一个。颜色表示模型对这个词元有多大把握。"
        "点一个词元，看看那里还可能出现什么。",
    ),
    "inside_sure": ("sure: 90 % and more", "有把握：90% 以上"),
    "inside_likely": ("likely: 50 % and more", "较可能：50% 以上"),
    "inside_open": ("open: 10 % and more", "不确定：10% 以上"),
    "inside_surprising": ("surprising: less", "出人意料：不到 10%"),
    "inside_look": ("Look into the last answer", "细看最后一个回答"),
    "inside_answer": ("The answer, token by token", "逐个词元看回答"),
    "inside_likeliest": ("The likeliest tokens here", "这里最可能的词元"),
    "inside_others": ("Go on from another token", "换一个词元继续"),
    "inside_go_on": ("Go on from here", "从这里继续"),
    "inside_place": ("{token} had a probability of {share:.1%}.", "{token} 的概率是 {share:.1%}。"),
    "inside_tokens_info": (
        "A model reads neither letters nor words. Type a text to see its tokens and their numbers.",
        "模型读的既不是字母也不是单词。输入一段文字，看看它的词元和编号。",
    ),
    "inside_text": ("Any text", "任意文字"),
    "inside_tokens": ("Its tokens", "它的词元"),
    "inside_count": (
        "{characters} characters, {tokens} tokens",
        "{characters} 个字符，{tokens} 个词元",
    ),
    "compare": ("Side by side", "并排比较"),
    "compare_info": (
        "One message to the model of the chat and to another one, with the same settings and seed.",
        "把同一条消息发给上面选择的模型和另一个模型，设置与随机种子相同。",
    ),
    "compare_run": ("Ask both", "同时提问"),
    "compare_left": ("**The model of the chat**", "**对话所用的模型**"),
    "compare_right": ("**The other model**", "**另一个模型**"),
    "reason_stop": ("finished", "已完成"),
    "reason_length": ("cut at the longest reply", "达到最长回复"),
    "reason_deadline": ("stopped at the time limit", "达到时间上限"),
    "reason_cancelled": ("stopped by you", "已被你停止"),
    # Summarize
    "summary_intro": (
        "Paste a text of any length, or upload a document or a table of documents. Long texts are "
        "summarized section by section.",
        "粘贴任意长度的文本，或上传一份文档、一张文档表格；长文会分节摘要。",
    ),
    "summary_text": ("Text", "原文"),
    "summary_placeholder": ("Paste a text here…", "在此粘贴文本……"),
    "summary_file": (
        "Or a file: one document, or a table with a document in each row",
        "或者上传文件：一份文档，或每行一篇文档的表格",
    ),
    "summary_read": ("Read as {kind}: {length}.", "已读取（{kind}）：{length}。"),
    "summary_read_pages": (
        "Read as {kind}: {pages:,} pages, {length}.",
        "已读取（{kind}）：{pages:,} 页，{length}。",
    ),
    "summary_read_chapters": (
        "Read as {kind}: {pages:,} chapters, {length}.",
        "已读取（{kind}）：{pages:,} 章，{length}。",
    ),
    "summary_read_encoding": (
        "Read as {kind} in {encoding}: {length}.",
        "已读取（{kind}，编码 {encoding}）：{length}。",
    ),
    "kind_text": ("plain text", "纯文本"),
    "summary_run": ("Summarize", "生成摘要"),
    "summary_short_example": ("A short example", "短示例"),
    "summary_long_example": ("A long example", "长示例"),
    "summary_result": ("Summary", "摘要"),
    "summary_length": ("Length", "长度"),
    "summary_length_info": (
        "Of the summary of each section, in tokens of the chosen model.",
        "每一节摘要的长度，按所选模型的词元计算。",
    ),
    "length_short": ("Short", "短"),
    "length_medium": ("Medium", "中"),
    "length_long": ("Long", "长"),
    "length_bounds": (
        "{name}: {fewest:,}–{most:,} tokens",
        "{name}：{fewest:,}–{most:,} 个词元",
    ),
    "summary_search": ("Wording", "写法"),
    "search_quality": (
        "Quality: compares four wordings (4 beams)",
        "质量优先：比较四种写法（4 束搜索）",
    ),
    "search_fast": (
        "Fast: takes the first wording (greedy)",
        "快速：直接采用第一种写法（贪心搜索）",
    ),
    "summary_waiting": ("Loading the model, reading the text…", "正在加载模型、读取文本……"),
    "summary_section": ("Section {number} of {total}…", "第 {number} 节，共 {total} 节……"),
    "summary_stopped": (
        "Stopped after {done} of {total} sections. What was written so far stays.",
        "已停止：共 {total} 节，完成了 {done} 节。已经写出的内容会保留。",
    ),
    "summary_done": (
        "{length}, {share:.0%} of the text. {novelty:.0%} of its word pairs are not in the text.",
        "{length}，为原文的 {share:.0%}。其中 {novelty:.0%} 的相邻字词组合不在原文里。",
    ),
    "summary_took": ("It took {time}.", "用时 {time}。"),
    "count_words": ("{count:,} words", "{count:,} 个词"),
    "count_characters": ("{count:,} characters", "{count:,} 个字符"),
    "summary_save_text": ("Save as text", "保存为文本"),
    "summary_save_markdown": ("Save as Markdown", "保存为 Markdown"),
    "outline": (
        "Outline: choose a row to see the section",
        "分节大纲：点一行查看这一节",
    ),
    "outline_number": ("No.", "序号"),
    "outline_place": ("Where in the text", "在原文的位置"),
    "outline_summary": ("Summary of the section", "本节摘要"),
    "outline_source": ("Text of the section", "本节原文"),
    "outline_section": (
        "Section {number} of {total}: from {start:.0%} to {end:.0%} of the text.",
        "第 {number} 节，共 {total} 节：原文的 {start:.0%} 到 {end:.0%}。",
    ),
    "reference": ("Compare with a reference summary", "与参考摘要比较"),
    "reference_info": (
        "Somebody wrote a good summary of this text? Paste it, and see how close the model came.",
        "有人为这段文本写过好的摘要？粘贴到这里，看看模型写得有多接近。",
    ),
    "reference_text": ("Reference summary", "参考摘要"),
    "reference_score": ("Score", "评分"),
    "reference_scores": ("Scores", "评分"),
    "measure_compression": ("Compression", "压缩率"),
    "measure_novelty": ("Novelty", "新颖度"),
    "measure_meaning": ("What it means", "含义"),
    "meaning_rouge1": (
        "Words shared with the reference: 0 is none, 1 all of them.",
        "与参考摘要相同的字词：0 表示没有，1 表示全部相同。",
    ),
    "meaning_rouge2": (
        "Pairs of neighbouring words shared with the reference.",
        "与参考摘要相同的相邻两个字词。",
    ),
    "meaning_rougeL": (
        "Words that stand in the same order as in the reference, gaps allowed.",
        "与参考摘要顺序相同的字词，中间可以有间隔。",
    ),
    "meaning_compression": (
        "Length of the summary as a share of the text's.",
        "摘要长度占原文长度的比例。",
    ),
    "meaning_novelty": (
        "Pairs of neighbouring words that are not in the text: 0% is copied word for word.",
        "不在原文里的相邻字词组合所占的比例：0% 表示逐字照抄。",
    ),
    "documents_read": (
        "**{rows:,}** rows, **{columns:,}** columns. Choose the column with the texts.",
        "共 **{rows:,}** 行、**{columns:,}** 列。请选择原文所在的列。",
    ),
    "documents_text": ("Column with the texts", "原文所在的列"),
    "documents_reference": (
        "Column with reference summaries, if there is one",
        "参考摘要所在的列（可以没有）",
    ),
    "documents_run": ("Summarize every row", "逐行生成摘要"),
    "documents_row": ("Row {number} of {total}", "第 {number} 行，共 {total} 行"),
    "documents_section": ("section {number} of {total}", "第 {number} 节，共 {total} 节"),
    "documents_done": ("{done} of {total} rows done.", "共 {total} 行，完成了 {done} 行。"),
    "documents_left_out": (
        "{count} without a summary: no text, or not done within the time limit.",
        "其中 {count} 行没有摘要：没有原文，或没能在时限内完成。",
    ),
    "documents_means": ("On average: {figures}.", "平均：{figures}。"),
    "documents_results": ("Summaries", "摘要结果"),
    "documents_number": ("Row", "行"),
    "documents_save": ("Save as CSV", "保存为 CSV"),
    "summary_example": (
        "The old ferry across the river stopped running on Friday after ninety years. The town "
        "built a bridge two kilometres upstream last autumn, and since then the number of "
        "passengers had fallen from four hundred a day to fewer than thirty. The ferryman, who "
        "took over the boat from his father, said that he had expected the end but not so soon. "
        "The council will keep the boat at the landing as a small museum. School classes may "
        "visit it from next spring, and the ferryman has agreed to show them how the rope and "
        "the current carried the boat across without any engine.",
        "运行了九十年的老渡船上周五停航。去年秋天，镇里在上游两公里处建成了一座大桥，从那以后，"
        "每天的乘客从四百人减少到不足三十人。船工从父亲手里接过这条船，他说自己早就料到会有这一天，"
        "只是没想到来得这么快。镇政府决定把渡船留在码头，改建成一座小型博物馆。明年春天起，学校可以"
        "组织学生前来参观。船工答应亲自讲解，当年没有发动机，渡船是怎样靠一根绳索和水流过河的。",
    ),
    # Sentiment
    "sentiment_intro": (
        "How a text sounds: positive or negative, with the model's confidence. A model you trained "
        "uses your own labels.",
        "判断一段文字是正面还是负面，并给出把握有多大。你训练的模型会使用你自己的标签。",
    ),
    "sentiment_one": ("One text", "一段文本"),
    "sentiment_lines": ("Several texts", "多段文本"),
    "sentiment_file": ("A file", "一个文件"),
    "sentiment_against": ("Ask a large model too", "再问大模型"),
    "sentiment_mask": ("Fill the gap", "完形填空"),
    "sentiment_text": ("Text", "文本"),
    "sentiment_placeholder": ("Type a review, a comment, a message…", "输入一条评价、评论或留言……"),
    "sentiment_run": ("Classify", "分析"),
    "sentiment_result": ("Labels and their probabilities", "标签及其概率"),
    "sentiment_example_1": (
        "The food was wonderful and the staff were very friendly.",
        "菜很好吃，服务员也特别热情。",
    ),
    "sentiment_example_2": (
        "The battery died after two days. A waste of money.",
        "电池两天就坏了，真是浪费钱。",
    ),
    "sentiment_example_3": (
        "Not bad, but I expected more for the price.",
        "还行吧，不过这个价格我本来期待更高。",
    ),
    "label_positive": ("positive", "正面"),
    "label_negative": ("negative", "负面"),
    "label_1_star": ("1 star", "1 星"),
    "label_2_stars": ("2 stars", "2 星"),
    "label_3_stars": ("3 stars", "3 星"),
    "label_4_stars": ("4 stars", "4 星"),
    "label_5_stars": ("5 stars", "5 星"),
    # Sentiment: the languages of a model
    "reads_en": ("English", "英文"),
    "reads_zh": ("Chinese", "中文"),
    "reads_both": ("English and Chinese", "中英文"),
    "reads_many": ("{count} languages", "{count} 种语言"),
    "reading_chinese": (
        "This text is Chinese, and the chosen model does not read Chinese: its answer would mean "
        "nothing.",
        "这段文字是中文，而所选的模型读不懂中文，它的回答没有意义。",
    ),
    "reading_other": (
        "This text is not Chinese, and the chosen model reads Chinese alone: its answer would "
        "mean nothing.",
        "这段文字不是中文，而所选的模型只读得懂中文，它的回答没有意义。",
    ),
    "reading_take": ("Use {model} instead", "改用 {model}"),
    # Sentiment: the words that decided
    "words": ("Words that moved the decision", "影响判断的词"),
    "words_waiting": ("Leaving out each word in turn…", "正在逐个去掉每个词……"),
    "words_for_strongly": ("strongly for it", "强烈支持"),
    "words_for": ("for it", "支持"),
    "words_against": ("against it", "反对"),
    "words_against_strongly": ("strongly against it", "强烈反对"),
    "words_info": (
        "Each word was left out once and the text classified again. A word is for “{label}” where "
        "that becomes less likely without it, against it where it becomes likelier.",
        "每次去掉一个词，重新判断一遍。去掉后“{label}”的概率下降，这个词就是支持它的；"
        "概率上升，就是反对它的。",
    ),
    "words_strongest": (
        "The one that matters most is “{word}”: without it “{label}” goes from {before:.1%} to "
        "{after:.1%}.",
        "影响最大的是“{word}”：去掉它，“{label}”的概率从 {before:.1%} 变为 {after:.1%}。",
    ),
    "words_together": (
        "No single word decides, they say it together: even without “{word}”, which matters most, "
        "“{label}” is at {after:.1%}.",
        "没有哪个词单独起决定作用，是所有的词合在一起：即使去掉影响最大的“{word}”，"
        "“{label}”的概率仍是 {after:.1%}。",
    ),
    "words_cut": (
        "The text is longer than this model reads: its end did not count.",
        "文本超过了这个模型能读的长度，结尾部分没有计入。",
    ),
    "words_read": ("What the model read", "模型读到的内容"),
    "words_tokens": ("Its tokens and their numbers", "词元及其编号"),
    "words_word": ("Word", "词"),
    "words_effect": ("Effect, percentage points", "影响（百分点）"),
    "words_effects": ("What each word does to the label", "每个词对标签的影响"),
    # Sentiment: several texts
    "lines_text": ("Texts, one a line", "文本，每行一段"),
    "lines_info": (
        "Up to {most} lines; empty ones are skipped.",
        "最多 {most} 行，空行会跳过。",
    ),
    "lines_label": ("Label", "标签"),
    "lines_probability": ("Sure, %", "把握（%）"),
    "lines_done": ("{count} texts: {counts}.", "共 {count} 段文本：{counts}。"),
    "lines_count": ("{count} × {label}", "{label} {count} 段"),
    # Sentiment: beside a large model
    "against_info": (
        "The same text to the model chosen above, made for this one task, and to a chat model, "
        "which is asked in words for a label, its reason, and the text in the opposite mood.",
        "同一段文字，一边交给上面选择的、专做这一件事的模型，一边交给对话模型：用一段话请它给出标签、"
        "说明理由，再把这段文字改写成相反的情绪。",
    ),
    "against_run": ("Ask both", "同时提问"),
    "against_left": ("**The classifier**", "**分类模型**"),
    "against_right": ("**The chat model**", "**对话模型**"),
    "against_left_waiting": ("Classifying…", "正在分类……"),
    "against_label": ("Label", "标签"),
    "against_reason": ("Reason", "理由"),
    "against_rewrite": ("Rewritten", "改写"),
    "against_no_label": ("it named none of the labels", "没有给出任何一个标签"),
    "against_no_reason": ("it gave none", "没有给出"),
    "against_no_rewrite": ("it wrote none", "没有写出"),
    "against_demo": (
        "This tiny demo model answers only the questions it was made for and cannot do this task; "
        "what it wrote all the same stands below. Choose a Qwen to see it done.",
        "这个微型演示模型只会回答为它准备的问题，做不了这个任务；它写出的原话在下面。"
        "选一个 Qwen 模型就能看到真正的效果。",
    ),
    "against_raw": ("Its whole answer, word for word", "它的完整原话"),
    "against_seconds": ("{seconds:.2f} s", "{seconds:.2f} 秒"),
    "against_seconds_loaded": (
        "{seconds:.2f} s, loading the model included",
        "{seconds:.2f} 秒（含加载模型）",
    ),
    "against_memory": ("about {size} of memory", "约占内存 {size}"),
    "against_no_memory": (
        "runs on the chat server and takes no memory here",
        "运行在对话服务器上，不占用这里的内存",
    ),
    "against_agree": ("Both say “{label}”.", "两个模型都认为是“{label}”。"),
    "against_differ": (
        "They disagree: the classifier says “{left}”, the chat model “{right}”.",
        "它们意见不同：分类模型认为是“{left}”，对话模型认为是“{right}”。",
    ),
    "against_times": (
        "The chat model took {times:,.0f} times as long.",
        "对话模型用的时间是分类模型的 {times:,.0f} 倍。",
    ),
    "against_flipped": (
        "The classifier calls the rewritten text “{label}” ({share:.0%}).",
        "分类模型认为改写后的文字是“{label}”（{share:.0%}）。",
    ),
    # Sentiment: the gap
    "mask_info": (
        "BERT learned its language by this game: words of millions of sentences were hidden behind "
        "[MASK], and it had to guess them from both sides. Only then was it taught to tell "
        "positive from negative.",
        "BERT 就是靠这个游戏学会语言的：把无数句子里的词换成 [MASK] 遮住，让它根据前后文来猜。"
        "学完这些，才教它分辨正面和负面。",
    ),
    "mask_model": ("Model that guesses", "猜词的模型"),
    "mask_text": ("A sentence with [MASK]", "一句带 [MASK] 的话"),
    "mask_placeholder": ("The food was very [MASK].", "这家店的菜很[MASK]吃。"),
    "mask_put": ("Insert [MASK]", "插入 [MASK]"),
    "mask_run": ("Guess", "猜一猜"),
    "mask_gap": ("Gap {number}", "第 {number} 空"),
    "mask_click": (
        "The likeliest tokens of each gap. Click one to put it in.",
        "每个空最可能的词元。点一个就能填进去。",
    ),
    "mask_filled": ("Every gap is filled.", "所有的空都填好了。"),
    # Sentiment: a file
    "file_info": (
        "A table with one text in each row. Where a column says which label is right, the model is "
        "checked against it.",
        "一张每行有一段文本的表格。如果有一列写着正确的标签，还会用它来检验模型。",
    ),
    "file_limits_scored": (
        "Up to {size}; {rows:,} rows are scored at a time.",
        "最大 {size}，一次分析 {rows:,} 行。",
    ),
    "file_run": ("Score the rows", "逐行分析"),
    "file_run_first": ("Score the first {limit:,} rows", "分析前 {limit:,} 行"),
    "file_too_many": (
        "That is more than the {limit:,} rows that are scored at a time. Score the first "
        "{limit:,}, or split the file.",
        "超过了一次能分析的 {limit:,} 行。可以只分析前 {limit:,} 行，或拆分文件。",
    ),
    "file_waiting": ("Loading the model, reading the file…", "正在加载模型、读取文件……"),
    "file_done_of": ("{done:,} of {total:,} rows", "{done:,} / {total:,} 行"),
    "file_speed": ("{rate:,.0f} rows a second", "每秒 {rate:,.0f} 行"),
    "file_scored": (
        "**{rows:,}** rows were scored by {model}.",
        "{model} 分析了 **{rows:,}** 行。",
    ),
    "file_partly": (
        "**{rows:,}** of {total:,} rows were scored by {model}; these are kept.",
        "{model} 分析了 {total:,} 行中的 **{rows:,}** 行，这些结果已保留。",
    ),
    "file_skipped": (
        "Without text and skipped: {count:,}.",
        "其中没有文字而跳过的有 {count:,} 行。",
    ),
    "file_left_out": (
        "Rows after them, left out: {count:,}.",
        "后面还有 {count:,} 行没有分析。",
    ),
    "file_counts": ("Rows of each label", "各标签的行数"),
    "file_others": ("others", "其他"),
    "file_rows": ("Row by row", "逐行结果"),
    "file_filter": ("Show", "显示"),
    "file_all": ("all rows", "全部"),
    "file_label_count": ("{label} ({count:,})", "{label}（{count:,}）"),
    "file_wrong": ("mistakes ({count:,})", "判断错误（{count:,}）"),
    "file_search": ("Search in the texts", "在文本中搜索"),
    "file_order": ("Order", "排序"),
    "order_sure": ("surest first", "最有把握的在前"),
    "order_unsure": ("least sure first", "最没把握的在前"),
    "order_file": ("as in the file", "按文件顺序"),
    "file_shown": (
        "{shown:,} of {count:,} rows; the CSV holds all that were scored.",
        "显示 {count:,} 行中的 {shown:,} 行，下载的 CSV 包含全部已分析的行。",
    ),
    "file_none": ("No row matches.", "没有符合条件的行。"),
    "file_row": ("Row", "行号"),
    "file_probability": ("Probability", "概率"),
    "file_said": ("In the file", "文件中"),
    "file_download": ("Download all as CSV", "下载全部结果（CSV）"),
    "file_judged": (
        "**Accuracy {accuracy:.1%}**, macro F1 {macro_f1:.3f}, on the {rows:,} rows whose label is "
        "known.",
        "在 {rows:,} 行已知标签的数据上，**准确率 {accuracy:.1%}**，宏平均 F1 {macro_f1:.3f}。",
    ),
    "file_blank_labels": (
        "Left out because their label is blank: {count:,}.",
        "标签为空、没有计入的有 {count:,} 行。",
    ),
    "file_unknown_labels": (
        "Left out because the model has no such label: {count:,}.",
        "模型没有对应标签、没有计入的有 {count:,} 行。",
    ),
    "file_by_stars": (
        "This model knows only good and bad, so stars were turned into these two.",
        "这个模型只分好与坏，所以把星级换成了这两个标签。",
    ),
    "file_no_match": (
        "None of the labels in “{column}” ({values}) is one this model has ({labels}), so there "
        "are scores and no check of them.",
        "“{column}”列里的标签（{values}）没有一个对得上这个模型的标签（{labels}），"
        "所以只有分析结果，没有检验。",
    ),
    "file_no_labels": (
        "The column “{column}” has no label in these rows.",
        "“{column}”列在这些行里没有标签。",
    ),
    "file_matched": (
        "What the labels of the file were taken for",
        "文件中的标签被理解为",
    ),
    "file_means": ("Taken for", "理解为"),
    "f1": ("F1", "F1"),
    "file_confusion": (
        "What the model calls each label (rows: in the file, columns: its answer)",
        "模型怎样判断各个标签（行：文件中的标签，列：模型的回答）",
    ),
    "file_mistakes": ("The surest mistakes", "最有把握、却判断错误的行"),
    "second": ("Compare with another model", "和另一个模型对比"),
    "second_info": (
        "The same rows are scored by a second model, to see where the two disagree.",
        "再用一个模型分析同样的行，看看两个模型在哪里意见不同。",
    ),
    "second_model": ("The other model", "另一个模型"),
    "second_run": ("Score with it too", "也用它分析"),
    "second_agree": (
        "The two agree on **{share:.1%}** of {rows:,} rows.",
        "两个模型在 {rows:,} 行中有 **{share:.1%}** 意见一致。",
    ),
    "second_kappa": (
        "Cohen's kappa is **{kappa:.2f}**: 1 would be agreeing always, 0 as often as by chance.",
        "科恩 κ 系数为 **{kappa:.2f}**：1 表示完全一致，0 相当于碰巧一致。",
    ),
    "second_apart": (
        "The two have no label in common.",
        "两个模型没有共同的标签。",
    ),
    "second_left": (
        "Not counted, because only one of the models has such a label: {count:,}.",
        "只有其中一个模型有对应标签、没有计入的有 {count:,} 行。",
    ),
    "second_right": (
        "By the labels of the file, {first} is right on {one:.1%} and {second} on {other:.1%}.",
        "按文件中的标签，{first} 的准确率是 {one:.1%}，{second} 是 {other:.1%}。",
    ),
    "second_table": (
        "Rows by what {first} (down) and {second} (across) call them",
        "每行被怎样判断：{first}（纵）与 {second}（横）",
    ),
    "second_differing": (
        "Where they differ, those first of which both are sure",
        "意见不同的行，双方都有把握的在前",
    ),
    # Fine-tune: the data
    "finetune_intro": (
        "Bring a table, choose a base model, train a small adapter (LoRA) on top of it, and use "
        "the result in the other tabs.",
        "准备一张表格，选一个基座模型，在它上面训练一个小小的适配器（LoRA），然后到其他页面使用它。",
    ),
    "step_data": ("Data", "数据"),
    "step_recipe": ("Recipe", "方案"),
    "step_train": ("Train", "训练"),
    "step_result": ("Result", "结果"),
    "file": (
        "A CSV, TSV, JSON, XLSX or Parquet file",
        "CSV、TSV、JSON、XLSX 或 Parquet 文件",
    ),
    "file_limits": (
        "Up to {size} and {rows:,} rows.",
        "最大 {size}，最多 {rows:,} 行。",
    ),
    "file_examples": ("No file at hand? Take an example:", "手边没有文件？用一个示例："),
    "reading": ("How the file is read", "文件的读取方式"),
    "reading_info": (
        "Found out from the file. If the preview looks wrong, say here how it should be read.",
        "这些都是从文件中推断的。如果预览看起来不对，可以在这里指定。",
    ),
    "find_out": ("find out", "自动判断"),
    "found_out": ("found out: {value}", "自动判断：{value}"),
    "encoding": ("Encoding", "编码"),
    "delimiter": ("Delimiter", "分隔符"),
    "quotechar": ("Quote", "引号"),
    "header": ("The first row is a header", "第一行是表头"),
    "preview": ("First rows", "前几行"),
    "problems": ("What to know about this file", "关于这个文件，请注意"),
    "problem_kind": ("Kind", "类型"),
    "problem_row": ("Row", "行"),
    "problem_column": ("Column", "列"),
    "problem_what": ("What", "问题"),
    "problem_advice": ("What to do", "怎么办"),
    "severity_error": ("error", "错误"),
    "severity_warning": ("note", "提示"),
    "not_readable": ("This file cannot be used.", "这个文件无法使用。"),
    "read_as": (
        "**{rows:,}** rows, **{columns}** columns, read as {encoding}, divided by “{delimiter}”.",
        "共 **{rows:,}** 行、**{columns}** 列，按 {encoding} 编码读取，分隔符为“{delimiter}”。",
    ),
    "looks_like": (
        "It looks like data for: **{task}**. Check the columns below.",
        "看起来适合的任务是：**{task}**。请核对下面的列。",
    ),
    "no_task": (
        "It does not look like data for any of the tasks: choose the task and columns below.",
        "看不出它适合哪个任务，请在下面选择任务和各列。",
    ),
    "data_balance": ("Rows of each label", "每个标签的行数"),
    "data_lengths": ("How long the rows are, in tokens", "每行有多长（词元数）"),
    "data_lengths_note": (
        "The longest row looked at has {longest:,} tokens of {model}; {cut} % are longer than "
        "max_length ({length:,} as the recipe stands) and would be cut.",
        "看过的行里最长的有 {longest:,} 个词元（按 {model} 计）；超过 max_length"
        "（按目前的方案为 {length:,}）而会被截断的占 {cut}%。",
    ),
    "data_others": ("others", "其他"),
    "data_seen": ("What the model sees", "模型看到的内容"),
    "data_trained": ("trained: it learns to write this", "训练：模型学着写出这些"),
    "data_read": ("only read", "只是读取"),
    "data_example": (
        "Example {number} of {total}, as {model} reads it.",
        "第 {number} 个例子，共 {total} 个，按 {model} 的方式读取。",
    ),
    "data_seen_chat": (
        "The marks around the turns come from the model's chat template. Only the answer is "
        "trained: the question is what it will be given.",
        "对话两边的标记来自模型的对话模板。只有回答参与训练：问题是以后别人给它的。",
    ),
    "data_seen_classification": (
        "The text is read as a whole; what is trained is which label follows from it.",
        "文本作为整体读取；训练的是由它得出哪个标签。",
    ),
    "data_seen_summarization": (
        "The text is read by one half of the model; the other half learns to write the summary.",
        "模型的一半读取原文，另一半学着写出摘要。",
    ),
    "data_before": ("‹ Previous example", "‹ 上一个例子"),
    "data_after": ("Next example ›", "下一个例子 ›"),
    "rows": ("rows", "行数"),
    "label": ("label", "标签"),
    "tokens": ("tokens", "词元"),
    # Fine-tune: the plan
    "task": ("Task", "任务"),
    "column": ("Column", "列"),
    "role_instruction": ("Column: question", "列：问题"),
    "role_input": ("Column: more input", "列：补充输入"),
    "role_output": ("Column: answer", "列：回答"),
    "role_system": ("Column: system prompt", "列：系统提示"),
    "role_messages": ("Column: whole conversations", "列：整段对话"),
    "role_text": ("Column: text", "列：文本"),
    "role_label": ("Column: label", "列：标签"),
    "role_document": ("Column: long text", "列：原文"),
    "role_summary": ("Column: summary", "列：摘要"),
    "no_column": ("none", "无"),
    "base": ("Base model", "基座模型"),
    "base_info": ("The model your adapter is trained on.", "适配器将训练在这个模型之上。"),
    "preset": ("How thoroughly", "训练强度"),
    "preset_info": (
        "Quick: see it work. Balanced: a good result for its time. Thorough: the best result, at "
        "several times the time.",
        "快速：先看看效果。均衡：效果与时间兼顾。充分：追求最好的结果，时间是几倍。",
    ),
    "preset_quick": ("Quick", "快速"),
    "preset_balanced": ("Balanced", "均衡"),
    "preset_thorough": ("Thorough", "充分"),
    "settings": ("Advanced settings", "高级设置"),
    "settings_info": (
        "What you leave empty is chosen by the preset, to suit the base and the number of rows.",
        "留空的项由训练强度决定，会根据基座模型和数据量选择合适的值。",
    ),
    "as_preset": ("as the preset", "由训练强度决定"),
    "bases_away": ("Bases too large to be trained here", "在这里无法训练的基座模型"),
    "base_too_large": (
        "needs {needed} of memory, {available} is free",
        "需要 {needed} 内存，目前可用 {available}",
    ),
    "settings_steps": ("**Steps, checks and the end**", "**步数、检验与结束**"),
    "settings_lora": ("**The adapter (LoRA)**", "**适配器（LoRA）**"),
    "settings_memory": (
        "**Memory**: touch these where training does not fit",
        "**内存**：放不下时再改",
    ),
    "settings_robust": (
        "**Against learning by heart, and for few rows**",
        "**防止死记硬背、数据很少时**",
    ),
    "settings_records": ("**Records**", "**记录**"),
    "estimate": (
        "The plan: about {steps:,} steps of {rows} rows; training needs about {memory} of memory, "
        "comparing before and after {measuring}, and all of it roughly {time} on this machine.",
        "计划：约 {steps:,} 步，每步 {rows} 行；训练大约需要 {memory} 内存，"
        "训练前后的对比需要 {measuring}，在这台机器上大致需要 {time}。",
    ),
    "plan_values": ("With {values}.", "其中 {values}。"),
    "estimate_gpu": (
        "It takes about {seconds:,} GPU seconds of your day: {share} % of the {day} that a free "
        "account has. Where they run out you can go on another day.",
        "大约会用掉你当天的 {seconds:,} 秒 GPU 时间：相当于免费账户每天 {day} 秒的 {share}%。"
        "用完后可以改天继续。",
    ),
    "make_fit": ("Make it fit", "让它放得下"),
    "made_to_fit": (
        "Changed, so that the plan fits: {changes}.",
        "为了放得下，已改为：{changes}。",
    ),
    "smaller_base": (
        "No setting makes this base fit here. The largest that does is {model}.",
        "无论怎么设置，这个基座模型在这里都放不下。放得下的最大的是 {model}。",
    ),
    "start_problems": ("Why it cannot start", "为什么不能开始"),
    "next_no_file": (
        "To go on, upload a file or take an example.",
        "要继续，请先上传文件或选一个示例。",
    ),
    "next_unusable": (
        "To go on, choose a file that can be used: what is wrong with this one is told above.",
        "要继续，请换一个能用的文件：这个文件的问题见上方。",
    ),
    "next_columns": (
        "These columns cannot be trained on yet.",
        "这些列还不能用来训练。",
    ),
    "to_recipe": ("Next: choose the recipe", "下一步：选择训练方案"),
    "run_name": ("Name of the run (optional)", "训练名称（可选）"),
    "start": ("Start training", "开始训练"),
    # Fine-tune: the run
    "my_runs": ("My runs", "我的训练"),
    "my_runs_info": (
        "Nobody else can see them. Training goes on when you close the page.",
        "别人看不到它们。关闭页面后训练会继续。",
    ),
    "no_runs": (
        "No training yet. Bring a file above, and start one.",
        "还没有训练。请在上面准备一个文件，然后开始。",
    ),
    "runs_show": ("Show", "查看"),
    "runs_new": ("New training", "新的训练"),
    "is_queued": ("waiting", "排队中"),
    "is_running": ("training", "训练中"),
    "is_stopping": ("stopping", "正在停止"),
    "is_interrupted": ("interrupted", "已中断"),
    "is_stopped": ("stopped", "已停止"),
    "is_failed": ("failed", "失败"),
    "is_finished": ("finished", "已完成"),
    "run_to_result": ("See the result", "查看结果"),
    "run_curves": ("More curves", "更多曲线"),
    "run_curves_info": (
        "A gradient norm that jumps, or a loss that climbs, means that the learning rate is too "
        "large.",
        "梯度范数突然变大或损失上升，说明学习率太大。",
    ),
    "curve_learning_rate": ("Learning rate", "学习率"),
    "curve_grad_norm": ("Gradient norm", "梯度范数"),
    "curve_tokens_per_second": ("Tokens a second", "每秒词元数"),
    "curve_memory": ("Memory in use, GB", "内存占用（GB）"),
    "loss_trained": ("training", "训练"),
    "loss_held_out": ("held-out rows", "检验数据"),
    "run_log": ("Log", "日志"),
    "log_step": ("step {step}: loss {loss}", "第 {step} 步：损失 {loss}"),
    "log_checked": (
        "step {step}: held-out loss {loss:.4f}",
        "第 {step} 步：检验损失 {loss:.4f}",
    ),
    "log_compared": (
        "base and tuned model compared on {rows} rows",
        "已在 {rows} 行数据上对比基座模型与微调后的模型",
    ),
    "log_started": ("training began: {steps} steps", "开始训练：共 {steps} 步"),
    "log_checkpoint": ("checkpoint saved at step {step}", "已在第 {step} 步保存检查点"),
    "stopped_quota": (
        "Stopped: your GPU time for today is used up. Nothing is lost",
        "已停止：今天的 GPU 时间用完了，训练进度没有丢失",
    ),
    "starts_in": ("starts in about {left}", "大约 {left}后开始"),
    "failed_before": ("It failed before the first step.", "在第一步之前失败。"),
    "failed_at": ("It failed after step {step}.", "在第 {step} 步之后失败。"),
    "next_resume": ("Go on from the last checkpoint", "从上一个检查点继续"),
    "next_continue": ("Continue", "继续训练"),
    "next_half": ("Start again with half the batch", "批大小减半，重新开始"),
    "next_shorter": ("Start again with shorter rows", "缩短每行的长度，重新开始"),
    "next_slower": ("Start again with a lower learning rate", "降低学习率，重新开始"),
    "next_again": ("Start again on the same rows", "用同样的数据重新开始"),
    "use_chat": ("Chat with it", "和它对话"),
    "use_classification": ("Classify with it", "用它分类"),
    "use_summarization": ("Summarize with it", "用它写摘要"),
    "not_compared": (
        "There is an adapter to try, but training was stopped before it was compared with the "
        "base. Resume it to see what it learned.",
        "已有可以试用的适配器，但训练在与基座模型对比之前就停止了。继续训练即可看到它学得如何。",
    ),
    "no_result": ("There is no result yet.", "还没有结果。"),
    "kept_until": (
        "Kept for another {left}, then deleted: download what you want to keep.",
        "还会保留 {left}，之后删除：想留下的请先下载。",
    ),
    "per_label": ("Label by label", "各个标签"),
    "f1_bars": ("F1 of each label, the weakest first", "各标签的 F1，最弱的在前"),
    "precision": ("Precision", "精确率"),
    "recall": ("Recall", "召回率"),
    "f1_base": ("F1 before", "训练前 F1"),
    "f1_tuned": ("F1 after", "训练后 F1"),
    "confusion": (
        "What the tuned model calls each label (rows: in the data, columns: its answer)",
        "微调后的模型怎样判断各个标签（行：数据中的标签，列：模型的回答）",
    ),
    "confusion_true": ("data", "数据"),
    "confusion_said": ("answer", "回答"),
    "run_save_samples": ("Save these as CSV", "把这些存为 CSV"),
    "try_prompt": ("Ask both: the base and your model", "同时问基座模型和你的模型"),
    "try_run": ("Compare", "对比"),
    "try_base": ("**Base model**", "**基座模型**"),
    "try_tuned": ("**Tuned**", "**微调后**"),
    "try_chat": ("a question of your own", "你自己的问题"),
    "try_classification": ("a text of your own", "你自己的文本"),
    "try_summarization": ("a text to summarize", "要摘要的文本"),
    "share": ("Share it", "分享"),
    "share_info": (
        "Whoever has the link can use the model and read its report, nothing more. You can "
        "withdraw it at any time.",
        "拿到链接的人可以使用这个模型、查看它的报告，除此之外什么都不能做。你可以随时撤回。",
    ),
    "share_make": ("Make a link", "生成链接"),
    "share_link": ("The link", "链接"),
    "share_withdraw": ("Withdraw the link", "撤回链接"),
    "run_stop": ("Stop", "停止"),
    "run_stop_kept": ("Stop, and keep what it has learned", "停止，并保留已学到的内容"),
    "run_resume": ("Resume", "继续训练"),
    "run_download": ("Download the adapter", "下载适配器"),
    "run_delete": ("Delete", "删除"),
    "run_delete_sure": ("Really delete, for good", "确定要永久删除"),
    # Fine-tune: pushing an adapter to the Hub
    "push_part": ("Put it into my Hub account", "放到我的 Hub 账号里"),
    "push_info": (
        "Commits the adapter, {size}, with a card of its settings, column names and figures, and "
        "none of your rows. Keep this page open meanwhile.",
        "提交适配器（{size}），以及写有训练设置、列名和各项指标的说明页；不含你的数据行。"
        "上传时请不要关闭本页面。",
    ),
    "push_name": ("Repository", "仓库名"),
    "push_name_info": (
        "name, or organisation/name; it is made if it is not there yet",
        "填“名称”或“组织/名称”，不存在时会自动创建",
    ),
    "push_private": ("Private: only you can see it", "私有：只有你能看到"),
    "push_token": ("Access token with write permission", "有写权限的访问令牌"),
    "push_token_info": (
        "From the settings of your Hub account. It is used for this one push and kept nowhere.",
        "在 Hub 账号的设置里创建。只用于这一次上传，不会保存。",
    ),
    "push_token_account": (
        "Leave it empty to use your sign-in, or give a token of an organisation.",
        "留空则使用你的登录；要上传到组织里，请填有权限的令牌。",
    ),
    "push_start": ("Push to my Hub account", "上传到我的 Hub 账号"),
    "push_cancel": ("Cancel", "取消"),
    "push_going": ("Pushing for {time}", "正在上传，已用时 {time}"),
    "push_cancelled": (
        "Cancelled. A repository that was made already stays in your account.",
        "已取消。如果仓库已经建好，它会留在你的账号里。",
    ),
    "push_done": ("It is in your account: {link}", "已经放到你的账号里：{link}"),
    "push_no_token": (
        "An access token with write permission is needed. Make one in the settings of your Hub "
        "account and enter it here.",
        "需要一个有写权限的访问令牌。请在你的 Hub 账号设置里创建，然后填在这里。",
    ),
    "step": ("step", "步"),
    "loss_axis": ("loss", "损失"),
    "loss": (
        "Loss, step by step: in training (blue), on held-out rows (orange)",
        "每一步的损失：训练（蓝）、检验数据（橙）",
    ),
    "figures": (
        "Before and after, on rows held out of training (in brackets: 95 % interval)",
        "训练前后对比（使用没有参与训练的数据；括号内为 95% 区间）",
    ),
    "samples": ("Answers before and after", "训练前后的回答"),
    "status_queued": ("Waiting for its turn", "排队中"),
    "status_running": ("Training", "训练中"),
    "status_stopping": ("Stopping", "正在停止"),
    "status_interrupted": ("Interrupted: it can be resumed", "已中断，可以继续"),
    "status_stopped": ("Stopped", "已停止"),
    "stopped_time_limit": (
        "Stopped at the time limit: resume to go on",
        "达到时间上限，已停止，可以继续训练",
    ),
    "status_failed": ("Failed", "失败"),
    "status_finished": ("Finished", "已完成"),
    "queue_position": ("number {position} in the queue", "排在第 {position} 位"),
    "stage_preparing": ("preparing the data", "正在准备数据"),
    "stage_evaluating": ("comparing with the base", "正在与基座模型对比"),
    "step_of": ("step {step:,} of {total:,}", "第 {step:,} 步，共 {total:,} 步"),
    "loss_now": ("loss {loss:.3f}", "损失 {loss:.3f}"),
    "time_left": ("about {left} left", "大约还需 {left}"),
    "seconds": ("{seconds} s", "{seconds} 秒"),
    "minutes": ("{minutes} min {seconds} s", "{minutes} 分 {seconds} 秒"),
    "hours": ("{hours} h {minutes} min", "{hours} 小时 {minutes} 分"),
    "days": ("{days} days {hours} h", "{days} 天 {hours} 小时"),
    "figure": ("Figure", "指标"),
    "tuned": ("Tuned", "微调后"),
    "prompt": ("Asked", "输入"),
    "expected": ("In the data", "数据中的答案"),
    "figure_loss": ("Loss (lower is better)", "损失（越低越好）"),
    "figure_perplexity": ("Perplexity (lower is better)", "困惑度（越低越好）"),
    "figure_accuracy": ("Accuracy", "准确率"),
    "figure_macro_f1": ("Macro F1", "宏平均 F1"),
    "figure_rouge1": ("ROUGE-1", "ROUGE-1"),
    "figure_rouge2": ("ROUGE-2", "ROUGE-2"),
    "figure_rougeL": ("ROUGE-L", "ROUGE-L"),
    "figure_majority": (
        "Accuracy of always saying the commonest label",
        "总是回答最常见标签的准确率",
    ),
    "learned_yes": (
        "**It learned.** {figure}: {base} before, {tuned} after, on {rows:,} rows it never saw.",
        "**学会了。** {figure}：训练前 {base}，训练后 {tuned}（用它从未见过的 {rows:,} 行数据"
        "测得）。",
    ),
    "learned_already": (
        "**The base knew it already.** {figure}: {base} before, {tuned} after, on {rows:,} rows it "
        "never saw. Try rows that it gets wrong.",
        "**基座模型本来就会。** {figure}：训练前 {base}，训练后 {tuned}（用它从未见过的 {rows:,} 行"
        "数据测得）。试试它会答错的数据。",
    ),
    "learned_same": (
        "**Hardly any difference.** {figure}: {base} before, {tuned} after, on {rows:,} rows it "
        "never saw. More rows or a more thorough training may help.",
        "**几乎没有变化。** {figure}：训练前 {base}，训练后 {tuned}（用它从未见过的 {rows:,} 行数据"
        "测得）。可以试试增加数据或提高训练强度。",
    ),
    "learned_no": (
        "**It got worse on new rows.** {figure}: {base} before, {tuned} after, on {rows:,} rows it "
        "never saw. It may have learned its rows by heart: try fewer passes, or more rows.",
        "**在新数据上变差了。** {figure}：训练前 {base}，训练后 {tuned}（用它从未见过的 {rows:,} 行"
        "数据测得）。它可能只是背下了训练数据：试试减少训练轮数，或增加数据。",
    ),
    "learned_by_chance": (
        "These are too few rows to be sure: the difference may be chance.",
        "但数据太少，还不能确定：这个差别可能只是偶然。",
    ),
    "learned_unknown": (
        "No rows were held out, so nothing says how well it learned.",
        "没有留出用于检验的数据，无法判断它学得如何。",
    ),
}
