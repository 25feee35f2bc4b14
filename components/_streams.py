"""Results that reach the page before it knows what it asked.

Gradio's page asks for an event (`queue/join`), is told its number, and reads of all its events in
one stream (`queue/data`), which the server ends when it knows of no event any more. On a busy
machine the first messages come before the number is read. The page keeps them and works them off in
one go, but each changes the values of the one before in place (gradio 6.31, client/js, `submit` and
`apply_diff_stream`): what a handler yields before its last `gr.skip()` is never shown, as if
nothing had been pressed. So messages wait until the number is read, and so does the end of the
stream, since an event whose number is read before it would wait for a stream for ever.
"""

# An answer that the page never reads is taken to be read after so long.
UNREAD_MS = 1_000
SCRIPT = f"""<script>
(() => {{
  const fetched = window.fetch;
  let asking = 0;  // events whose number the page has yet to read
  const awaited = new Set();  // numbers it has read of events that are not completed
  const waiting = [];
  const nextNumber = () => new Promise(resolve => waiting.push(resolve));

  async function join(...request) {{
    let pending = true;
    asking += 1;
    const read = event => {{
      if (event) awaited.add(event);
      if (pending) asking -= 1;
      pending = false;
      waiting.splice(0).forEach(resume => resume());
    }};
    try {{
      const response = await fetched(...request);
      const json = response.json.bind(response);
      response.json = async () => {{
        const answer = await json();
        setTimeout(read, 0, answer.event_id);  // by then the page listens to the event
        return answer;
      }};
      setTimeout(read, {UNREAD_MS});
      return response;
    }} catch (error) {{
      read();
      throw error;
    }}
  }}

  // Whether the server ended the stream while the page waits for an event of which it was told
  // since: the next stream has it.
  async function passOn(body, out) {{
    const encoder = new TextEncoder();
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (;;) {{
      const {{value, done}} = await reader.read();
      if (done) return false;
      const messages = (rest + value).split('\\n\\n');
      rest = messages.pop();
      for (const message of messages) {{
        const [, kind, event] = /"msg":"(\\w+)"(?:,"event_id":"(\\w+)")?/.exec(message) ?? [];
        const ends = kind === 'close_stream';
        while (asking && (ends ? !awaited.size : event && !awaited.has(event))) await nextNumber();
        if (ends && awaited.size) return true;
        out.enqueue(encoder.encode(message + '\\n\\n'));
        if (kind === 'process_completed') awaited.delete(event);
      }}
    }}
  }}

  async function data(...request) {{
    let response = await fetched(...request);
    if (!response.ok) return response;
    const body = new ReadableStream({{
      async start(out) {{
        try {{
          while (await passOn(response.body, out)) {{
            response = await fetched(...request);
            if (!response.ok) throw new Error(`the next stream was refused: ${{response.status}}`);
          }}
          out.close();
        }} catch (error) {{
          out.error(error);  // the page has hung up, or tells that the connection is broken
        }}
      }},
    }});
    return new Response(body, response);
  }}

  window.fetch = async (...request) => {{
    const path = new URL(request[0].url ?? request[0], location).pathname;
    if (path.endsWith('/queue/join')) return join(...request);
    if (path.endsWith('/queue/data')) return data(...request);
    return fetched(...request);
  }};
}})();
</script>"""
