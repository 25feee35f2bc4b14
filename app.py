"""LLM Lab: builds the services, places the five tabs, launches."""

import os
import sys
import threading

from inference import accelerator  # isort: skip  (before anything that imports torch)
from inference.errors import ConfigurationRefused, LabError
from inference.home import lab_home

PORT = "7860"
QUEUE, AT_ONCE = 128, 16  # events that wait in all, and that run at a time of each kind


def build(services):
    """The page with its five tabs, and the web API."""
    import gradio as gr

    from components import _api, _page, chat, environment, finetuning, sentiment, summarization
    from components._texts import i18n

    # Files of visits are looked for every hour and deleted after a day.
    with gr.Blocks(title="LLM Lab 大模型实验室", delete_cache=(3_600, 86_400)) as blocks:
        _api.register(services)  # first, so that its names are not taken by a tab's handlers
        page = _page.place(services)
        with gr.Tabs() as page.tabs:
            for tab in (environment, chat, summarization, sentiment, finetuning):
                name = tab.__name__.rpartition(".")[2]
                with gr.Tab(i18n(f"tab_{name}"), id=name):
                    tab.build(page)
        page.finish(blocks)
    return blocks.queue(max_size=QUEUE, default_concurrency_limit=AT_ONCE)


def port_wanted() -> int:
    """Raises ConfigurationRefused: `GRADIO_SERVER_PORT` is no port."""
    name, text = "GRADIO_SERVER_PORT", os.environ.get("GRADIO_SERVER_PORT", PORT)
    if not text.isdecimal() or not 0 < int(text) < 65_536:
        raise ConfigurationRefused(name=name, value=text, reason="it must be a port number")
    return int(text)


def main() -> None:
    """Everything the app writes is under `LAB_HOME`: Gradio reads these when it is imported."""
    port, home = port_wanted(), lab_home()
    os.environ |= {"GRADIO_ANALYTICS_ENABLED": "False", "GRADIO_TEMP_DIR": str(home / "uploads")}
    from components import _feedback, _models, _services, _serving

    services = _services.Services.open(
        home, os.environ, make_room=_models.evict_idle, asking=_feedback.asking
    )
    if accelerator.ZERO_GPU:  # it wants to know its functions before the launch
        _models.load_engines()
    blocks = build(services)
    _serving.launch(blocks, services, port)
    services.jobs.start()
    threading.Thread(target=_models.load_engines, name="engines", daemon=True).start()
    blocks.block_thread()


if __name__ == "__main__":
    try:
        main()
    except LabError as error:
        sys.exit(str(error))
