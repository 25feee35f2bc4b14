"""Results that reach the page before it knows what it asked.

Gradio's page asks for an event (`queue/join`), is told its number, and reads of all its events in
one stream (`queue/data`). On a busy machine the first messages come before the number is known. It
keeps them and works them off in one go, but each changes the values of the one before in place
(gradio 6.31, client/js, `submit` and `apply_diff_stream`): what a handler yields before its last
`gr.skip()` is never shown, as if nothing had been pressed. So messages wait for the number.
"""

# An answer that the page never reads is taken to be read after so long.
UNREAD_MS = 1_000
SCRIPT = f"""<script>
(() => {{
  const fetched = window.fetch;
  const known = new Set();  // numbers of events that the page has been told
  const asking = new Set();  // promises: one of each event whose number it has not read

  async function join(...request) {{
    let read;
    const waiting = new Promise(resolve => {{ read = resolve; }});
    asking.add(waiting);
    waiting.then(() => asking.delete(waiting));
    try {{
      const response = await fetched(...request);
      const json = response.json.bind(response);
      response.json = async () => {{
        const answer = await json();
        setTimeout(() => {{  // by then the page listens to the event
          known.add(answer.event_id);
          read();
        }});
        return answer;
      }};
      setTimeout(read, {UNREAD_MS});
      return response;
    }} catch (error) {{
      read();
      throw error;
    }}
  }}

  async function data(...request) {{
    const response = await fetched(...request);
    if (!response.ok || !response.body) return response;
    const encoder = new TextEncoder();
    let rest = '';
    const held = new TransformStream({{
      async transform(text, controller) {{
        const messages = (rest + text).split('\\n\\n');
        rest = messages.pop();
        for (const message of messages) {{
          const event = /"event_id":"(\\w+)"/.exec(message)?.[1];
          while (event && !known.has(event) && asking.size) await Promise.race(asking);
          controller.enqueue(encoder.encode(message + '\\n\\n'));
          if (message.startsWith('data: {{"msg":"process_completed"')) known.delete(event);
        }}
      }},
      flush(controller) {{ controller.enqueue(encoder.encode(rest)); }},
    }});
    const body = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(held);
    return new Response(body, response);
  }}

  window.fetch = (...request) => {{
    const path = new URL(request[0].url ?? request[0], location).pathname;
    if (path.endsWith('/queue/join')) return join(...request);
    if (path.endsWith('/queue/data')) return data(...request);
    return fetched(...request);
  }};
}})();
</script>"""
