"""How the page is served: address, limits, look, language."""

import os
from collections.abc import Mapping

import gradio as gr
from starlette.middleware import Middleware

from components._early import EarlyLanguage
from components._look import CSS, THEME
from components._texts import TRANSLATIONS
from inference.errors import PortInUse
from inference.limits import Limits

HOST = "127.0.0.1"
THREADS = 100  # events that run at a time in all


def launch(
    blocks: gr.Blocks, limits: Limits, port: int, environ: Mapping[str, str] = os.environ
) -> None:
    """Serve the page on that port and return.

    Raises:
        PortInUse
    """
    try:
        blocks.launch(
            server_name=environ.get("GRADIO_SERVER_NAME", HOST),
            server_port=port,
            prevent_thread_lock=True,
            theme=THEME,
            css=CSS,
            i18n=TRANSLATIONS,
            footer_links=["api", "settings"],
            # A file a little over the limit is refused by its reader, in the visitor's language.
            max_file_size=2 * limits.upload_bytes,
            max_threads=THREADS,
            mcp_server=True,
            ssr_mode=False,
            run_history=False,  # it keeps what was typed in the visitor's browser
            app_kwargs={"middleware": [Middleware(EarlyLanguage)]},
        )
    except OSError as error:
        if "port" not in str(error):  # Gradio's word for one it could not have
            raise
        raise PortInUse(port=port) from None
