"""How the page is served: address, limits, look, language."""

import contextlib
import os
from collections.abc import AsyncIterator, Mapping
from typing import Any

import gradio as gr
from gradio import processing_utils
from starlette.middleware import Middleware

from components import _streams
from components._early import LANGUAGE, EarlyScripts
from components._guard import Door, Guard
from components._look import CSS, THEME
from components._services import Services
from components._texts import TRANSLATIONS
from inference.errors import PortInUse

HOST = "127.0.0.1"
THREADS = 100  # events that run at a time in all


def launch(
    blocks: gr.Blocks, services: Services, port: int, environ: Mapping[str, str] = os.environ
) -> None:
    """Serve the page on that port and return.

    Raises:
        ConfigurationRefused: an origin or the number of proxies is not usable.
        PortInUse
    """
    server = environ.get("GRADIO_SERVER_NAME", HOST)
    door = Door.from_environment(environ, server)
    processing_utils.async_ssrf_protected_download = _never_fetch
    # The server would believe X-Forwarded-For from this machine: whom to believe is the door's.
    os.environ.setdefault("FORWARDED_ALLOW_IPS", "")

    @contextlib.asynccontextmanager
    async def guarded(app: Any) -> AsyncIterator[None]:
        """Outside of all middleware: Gradio's own would answer some requests before ours."""
        app.middleware_stack = Guard(
            app.middleware_stack,
            door,
            services.throttle,
            services.limits,
            services.uploads,
            shared=lambda: blocks.share_url,
        )
        yield

    try:
        blocks.launch(
            server_name=server,
            server_port=port,
            prevent_thread_lock=True,
            theme=THEME,
            css=CSS,
            i18n=TRANSLATIONS,
            footer_links=["api", "settings"],
            max_file_size=2 * services.limits.upload_bytes,
            max_threads=THREADS,
            mcp_server=True,
            ssr_mode=False,
            run_history=False,  # it keeps what was typed in the visitor's browser
            app_kwargs={
                "middleware": [Middleware(EarlyScripts, scripts=LANGUAGE + _streams.SCRIPT)],
                "lifespan": guarded,
            },
        )
    except OSError as error:
        if "port" not in str(error):  # Gradio's word for one it could not have
            raise
        raise PortInUse(port=port) from None


async def _never_fetch(url: str, cache_dir: str) -> str:
    """In place of what Gradio does with a file that is an address: it would fetch it for anybody,
    whole, into memory and onto the disk, before a handler or a limit of ours sees it.
    """
    raise gr.Error("Addresses are not fetched here. Upload the file.", print_exception=False)
