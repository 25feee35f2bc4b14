"""What a training run has to say while it goes on, in the visitor's language. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from components._visitor import Language

# code of a warning event -> (English, Chinese), with the event's own fields
WARNINGS: dict[str, tuple[str, str]] = {
    "checkpoint_damaged": (
        "The checkpoint of step {step} was damaged; the one before it was used.",
        "第 {step} 步的检查点已损坏，改用了更早的一个。",
    ),
    "memory_short": (
        "Memory ran out after step {step}. Training goes on with {batch} rows at a time, "
        "{accumulation} times a step, and at most {max_length} tokens a row.",
        "第 {step} 步之后内存不够了。训练继续进行：一次读 {batch} 行，每步读 {accumulation} 次，"
        "每行最多 {max_length} 个词元。",
    ),
    "memory_short_measuring": (
        "Memory ran out while the model was measured; it goes on with {batch} rows at a time.",
        "检验模型时内存不够了，改为一次读 {batch} 行，继续进行。",
    ),
    "loss_stuck": (
        "Up to step {step} the loss has hardly moved. A larger learning_rate or r may help.",
        "到第 {step} 步为止，损失几乎没有变化。可以试试更大的 learning_rate 或 r。",
    ),
    "overfitting": (
        "At step {step} the held-out loss rises while the training loss falls: the rows are being "
        "learnt by heart. Fewer passes, or keep_adapter=best, may help.",
        "到第 {step} 步，检验损失在上升，训练损失却在下降：模型开始死记硬背。"
        "可以减少训练轮数，或把 keep_adapter 设为 best。",
    ),
    "stopped_early": (
        "Training ended at step {step}: the held-out loss had not improved any more.",
        "训练在第 {step} 步提前结束：检验损失不再下降。",
    ),
    "best_kept": (
        "The adapter of step {step} was kept: its held-out loss was the lowest "
        "({held_out_loss:.3f}).",
        "保留了第 {step} 步的适配器：它的检验损失最低（{held_out_loss:.3f}）。",
    ),
    "best_lost": (
        "The best adapter, of step {step}, cannot be read any more; the last one was kept.",
        "最好的适配器（第 {step} 步）已无法读取，保留了最后一个。",
    ),
}


def warning_sentence(event_fields: Mapping[str, Any], language: Language) -> str | None:
    """The sentence of a warning event; None for one of another version of the app."""
    pair = WARNINGS.get(str(event_fields.get("code")))
    try:
        return pair[language == "zh"].format(**event_fields) if pair else None
    except (KeyError, ValueError):
        return None


def told(events: Sequence[Mapping[str, Any]], language: Language) -> list[str]:
    """The sentences of a run's warnings, oldest first, each once."""
    found = (warning_sentence(it, language) for it in events if it["type"] == "warning")
    return list(dict.fromkeys(sentence for sentence in found if sentence))
