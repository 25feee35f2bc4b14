"""Writing a run's adapter: safetensors, JSON, and which base it belongs to.

peft loads an adapter onto a base with more or fewer layers without a word; lab.json lets whoever
attaches it compare base, revision and config hash first.
"""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from finetune.bases import Base, Labels
from finetune.files import replace_folder, write_json
from finetune.runs import Run
from inference.records import ADAPTER_RECORD

if TYPE_CHECKING:
    from peft import PeftModel


def save_adapter(run: Run, model: "PeftModel", base: Base, labels: Labels | None) -> Path:
    """adapter/ of the run, in one step, replacing an older one."""
    aside = run.folder / ".adapter"
    shutil.rmtree(aside, ignore_errors=True)
    # The vocabulary is never resized; peft would otherwise look the base's config up to find out.
    model.save_pretrained(aside, safe_serialization=True, save_embedding_layers=False)
    (aside / "README.md").unlink(missing_ok=True)  # peft's card names a folder of this machine
    write_json(
        aside / ADAPTER_RECORD,
        {
            "task": run.recipe.task,
            "base": base.id,
            "base_revision": base.revision,
            "base_config_sha256": base.config_sha256,
            "labels": list(labels.names) if labels else None,
        },
    )
    target = run.folder / "adapter"
    replace_folder(aside, target)
    return target
