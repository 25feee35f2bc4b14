"""What the page shows of results whose messages came before it knew their event's number."""

import threading

import gradio as gr
import pytest
from playwright.sync_api import expect
from starlette.middleware import Middleware

from components import _streams
from components._early import EarlyScripts

# Once a stream is open, the number of an event is told only after all its messages were sent.
LATE = """(() => {
  const fetched = window.fetch;
  const ended = {};
  let open = false;
  const end_of = event => (ended[event] ??= Promise.withResolvers());
  window.fetch = async (...request) => {
    const url = String(request[0].url ?? request[0]);
    const response = await fetched(...request);
    if (url.includes('/queue/join') && open) {
      await end_of((await response.clone().json()).event_id).promise;
    }
    if (!url.includes('/queue/data')) return response;
    open = true;
    const [read, watched] = response.body.tee();
    (async () => {
      const messages = watched.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const {value, done} = await messages.read();
        if (done) return;
        for (const [, event] of value.matchAll(/"process_completed","event_id":"(\\w+)"/g)) {
          setTimeout(end_of(event).resolve, 100);
        }
      }
    })().catch(() => {});  // the page has hung up
    return new Response(read, response);
  };
})();"""


@pytest.fixture
def served():
    """A page with a handler that yields between two skips, and one that keeps the stream open."""
    ended = threading.Event()

    def steps():
        yield gr.skip()
        yield {"yes": 0.75, "no": 0.25}
        yield gr.skip()

    with gr.Blocks() as blocks:
        label = gr.Label(elem_id="label")
        gr.Button("Keep").click(ended.wait)
        gr.Button("Ask").click(steps, outputs=label)
    scripts = [Middleware(EarlyScripts, scripts=_streams.SCRIPT)]
    _, url, _ = blocks.launch(prevent_thread_lock=True, app_kwargs={"middleware": scripts})
    yield url
    ended.set()
    blocks.close()


# Gradio asks pandas for an option that it is to lose.
@pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning")
def test_all_is_shown_that_a_handler_yields_before_the_page_knows_its_number(browser, served):
    page = browser.new_page()
    page.add_init_script(LATE)
    page.goto(served)
    with page.expect_response("**/queue/data**"):
        page.get_by_role("button", name="Keep").click()
    page.get_by_role("button", name="Ask").click()
    expect(page.locator("#label")).to_contain_text("75%")
    page.close()
