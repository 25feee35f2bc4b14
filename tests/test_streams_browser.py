"""What the page shows of results although it learns of their event late."""

import threading

import gradio as gr
import pytest
from playwright.sync_api import expect
from starlette.middleware import Middleware

from components import _streams
from components._early import EarlyScripts

# Gradio asks pandas for an option that it is to lose.
pytestmark = pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning")

# While a stream is open, the number of an event is told only after all its messages were sent.
LATE_NUMBER = """(() => {
  const fetched = window.fetch;
  const ended = {};
  let open = false;
  const endOf = event => (ended[event] ??= Promise.withResolvers());
  window.fetch = async (...request) => {
    const url = String(request[0].url ?? request[0]);
    const response = await fetched(...request);
    if (url.includes('/queue/join') && open) {
      await endOf((await response.clone().json()).event_id).promise;
    }
    if (!url.includes('/queue/data')) return response;
    open = true;
    const [read, watched] = response.body.tee();
    const messages = watched.pipeThrough(new TextDecoderStream()).getReader();
    const watch = ({value, done}) => {
      if (done) return;
      for (const [, event] of value.matchAll(/"process_completed","event_id":"(\\w+)"/g)) {
        setTimeout(endOf(event).resolve, 100);
      }
      messages.read().then(watch, () => {});  // until the page hangs up
    };
    messages.read().then(watch);
    return new Response(read, response);
  };
})();"""

# The first stream ends for the page only after it has read the number of a second event.
LATE_END = """(() => {
  const fetched = window.fetch;
  const second = Promise.withResolvers();
  let joined = 0;
  window.fetch = async (...request) => {
    const url = String(request[0].url ?? request[0]);
    const response = await fetched(...request);
    if (url.includes('/queue/join') && ++joined === 2) setTimeout(second.resolve, 100);
    if (!url.includes('/queue/data')) return response;
    const holding = new TransformStream({
      async transform(text, out) {
        const [before, end] = text.split(/(?=data: {"msg":"close_stream")/);
        out.enqueue(before);
        if (!end) return;
        await second.promise;
        out.enqueue(end);
      },
    });
    const body = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(holding);
    return new Response(body.pipeThrough(new TextEncoderStream()), response);
  };
})();"""


@pytest.fixture
def served():
    """A page with a handler that yields between two skips, and one that keeps the stream open."""
    left = threading.Event()

    def steps():
        yield gr.skip()
        yield {"yes": 0.75, "no": 0.25}
        yield gr.skip()

    with gr.Blocks() as blocks:
        greeting, label = gr.Textbox(elem_id="greeting"), gr.Label(elem_id="label")
        gr.Button("Wait").click(left.wait)
        gr.Button("Greet").click(lambda: "hello", outputs=greeting)
        gr.Button("Ask").click(steps, outputs=label)
    scripts = [Middleware(EarlyScripts, scripts=_streams.SCRIPT)]
    _, url, _ = blocks.launch(prevent_thread_lock=True, app_kwargs={"middleware": scripts})
    yield url
    left.set()
    blocks.close()


def visited(browser, url, script):
    page = browser.new_page()
    page.add_init_script(script)
    page.goto(url)
    return page


def press(page, name):
    page.get_by_role("button", name=name).click()


def test_all_is_shown_that_a_handler_yields_before_the_page_knows_its_number(browser, served):
    page = visited(browser, served, LATE_NUMBER)
    with page.expect_response("**/queue/data**"):
        press(page, "Wait")
    press(page, "Ask")
    expect(page.locator("#label")).to_contain_text("75%")
    page.close()


def test_an_event_is_heard_of_whose_number_is_read_as_the_stream_ends(browser, served):
    page = visited(browser, served, LATE_END)
    press(page, "Greet")
    expect(page.locator("#greeting textarea")).to_have_value("hello")
    press(page, "Ask")
    expect(page.locator("#label")).to_contain_text("75%")
    page.close()
