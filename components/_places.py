"""Where models run that are too large for this machine. Pure.

Looked up in November 2026; what a place offers is a sentence (`place_…`), what fits there is
reckoned. Sources: research.google.com/colaboratory/faq.html and public reports of its cards;
public reports of Kaggle's quotas; help.aliyun.com/zh/pai; huggingface.co/docs/hub/spaces-gpus and
spaces-zerogpu.
"""

from components._plots import DASH, Table, table
from components._texts import say
from components._visitor import Language
from inference import fit, memory
from inference.catalog import Catalog
from inference.memory import Precision

# Bytes of one card, or of memory where there is none; None: not known.
PLACES: dict[str, int | None] = {
    "own": None,
    "space_cpu": 16 * 10**9,
    "colab": 16 * 10**9,
    "kaggle": 16 * 10**9,
    "pai": 24 * 10**9,
    "zero_gpu": fit.ZERO_GPU_BYTES,
    "space_gpu": 80 * 10**9,
}
WITHOUT_GPU = ("space_cpu",)


def places(catalog: Catalog, language: Language) -> Table:
    headers = ("where", "memory", "runs", "trains", "limits")
    rows = [
        (
            say(f"place_{name}", language),
            say(f"place_{name}_memory", language),
            largest(catalog, name, "run") or DASH,
            largest(catalog, name, "qlora") or DASH,
            say(f"place_{name}_limits", language),
        )
        for name in PLACES
    ]
    return table([say(f"place_{key}", language) for key in headers], rows)


def largest(catalog: Catalog, place: str, use: memory.Use) -> str | None:
    """The largest chat model that runs in 16 bits on one card there (on a processor in 32), or that
    trains in 4 bits; None where there is none, or the memory is not known."""
    free = PLACES[place]
    on_cpu = place in WITHOUT_GPU
    if free is None or (on_cpu and use == "qlora"):
        return None
    room = free - fit.RUNTIME_BYTES["cpu" if on_cpu else "cuda"]
    kept: Precision = "float32" if on_cpu else "float16"
    fitting = []
    for model in catalog.served("chat"):
        built = model.architecture
        needed = (
            memory.to_run(built, kept)
            if use == "run"
            else memory.to_train(built, "int4", "float16")
        )
        if not model.demo and needed.total <= room:
            fitting.append(model)
    best = max(fitting, key=lambda it: it.architecture.parameters, default=None)
    return best.id if best else None
