"""Colours, fonts and the few styles of our own. Fonts are the visitor's: nothing is fetched."""

import gradio as gr

_SANS = ("system-ui", "-apple-system", "Segoe UI", "PingFang SC", "Microsoft YaHei")
_CHINESE = ("Noto Sans CJK SC", "Noto Sans SC", "sans-serif")

THEME = gr.themes.Soft(
    primary_hue=gr.themes.colors.indigo,
    secondary_hue=gr.themes.colors.teal,
    neutral_hue=gr.themes.colors.slate,
    font=[*_SANS, *_CHINESE],
    font_mono=["ui-monospace", "SF Mono", "Consolas", "monospace"],
)

CSS = """
.gradio-container { width: 100% !important; max-width: 1200px !important; margin: 0 auto; }
.gradio-container main { width: 100%; }
.table-container { --font-mono: var(--font); }
.lab-heading { align-items: center; padding-top: 4px; }
.lab-title h1 { margin: 0 0 2px; font-size: 1.7rem; letter-spacing: -0.01em; }
.lab-title p { margin: 0; color: var(--body-text-color-subdued); }
.lab-intro p { color: var(--body-text-color-subdued); }
.lab-note p { color: var(--body-text-color-subdued); font-size: 0.86rem; }
.lab-verdict p { font-size: 1.02rem; }
.lab-starters { gap: 8px; flex-wrap: wrap; }
.lab-starters button { flex: 0 1 auto; min-width: 0; white-space: normal; }
/* Gradio puts neighbouring fields into forms of its own. */
.lab-grid, .lab-grid .form { display: grid !important; gap: 8px;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 240px), 1fr)); }
.lab-grid > .form, .lab-grid .form > .form { grid-column: 1 / -1; }
.lab-grid .form { background: none; }
.lab-grid .form > * { min-width: 0 !important; }
/* An error is told by its message; it must not cover what was there before. */
[data-testid="status-tracker"]:has(> .error) { display: none !important; }
.gradio-container input[role="listbox"], .gradio-container input[role="combobox"] {
  text-overflow: ellipsis; padding-right: 28px; }
#run-delete-sure { background: #dc2626; color: white; }
.lab-run p { margin: 0 0 8px; font-weight: 600; }
.lab-bar { height: 8px; border-radius: 4px; overflow: hidden;
  background: var(--background-fill-secondary); border: 1px solid var(--border-color-primary); }
.lab-bar i { display: block; height: 100%; background: var(--color-accent);
  transition: width 0.6s ease; }
.lab-failed .lab-bar i { background: #dc2626; }
.lab-finished .lab-bar i { background: #0d9488; }
/* Gradio draws a plot as high as its block and puts the label on top: the foot would be cut off. */
.block:has(> .vega-embed) { box-sizing: content-box; padding-bottom: 34px !important;
  width: auto !important; }
.block.lab-advice { border-left: 3px solid #d97706; padding-left: 10px; }
.lab-advice p, .lab-advice li { font-size: 0.9rem; }
.lab-confusion { overflow-x: auto; }
.lab-confusion table { border-collapse: collapse; font-size: 0.9rem; }
.lab-confusion th, .lab-confusion td { padding: 4px 10px; text-align: right;
  border: 1px solid var(--border-color-primary); max-width: 180px; overflow-wrap: break-word; }
.block.lab-failure { border-left: 3px solid #dc2626; padding-left: 10px; }
.lab-failure p { font-size: 0.9rem; }
.lab-guide { gap: 14px; }
.lab-lesson p { margin: 0 0 4px; font-size: 0.9rem; }
.lab-steps, .lab-heat { overflow-x: auto; }
.lab-steps table, .lab-heat table { border-collapse: collapse; width: auto; }
.lab-steps th { font-weight: 400; font-size: 0.8rem; text-align: right; white-space: nowrap;
  padding: 3px 10px 3px 0; color: var(--body-text-color-subdued); }
.lab-steps :is(table, tr, th, td), .lab-heat :is(table, tr, th) { border: none !important; }
.lab-steps td { padding: 3px 0; white-space: nowrap; }
.lab-steps span, .lab-steps i { display: inline-block; padding: 1px 7px; margin-right: 4px;
  border: 1px solid var(--border-color-primary); border-radius: 5px; font-style: normal; }
.lab-steps i { border-style: dashed; color: var(--body-text-color-subdued); }
.lab-steps .lab-new { background: rgba(13, 148, 136, 0.35); border-color: #0d9488; }
.lab-heat th { font-weight: 400; font-size: 0.8rem; text-align: right; padding: 0 6px;
  white-space: nowrap; }
.lab-heat th > span { writing-mode: vertical-rl; }
.lab-heat td { border: 1px solid var(--border-color-primary); }
.lab-heat td[data-query] { width: 28px; min-width: 28px; height: 28px; padding: 0; cursor: pointer;
  text-align: center; font-size: 0.72rem; }
.lab-heat .lab-chosen { outline: 2px solid #d97706; outline-offset: -2px; }
#look-shown .label { text-transform: none; }
.lab-lora { display: flex; flex-wrap: wrap; align-items: center; gap: 14px; padding: 8px 0 14px; }
.lab-lora figure { margin: 0; display: flex; flex-direction: column; align-items: center;
  gap: 6px; }
.lab-lora figcaption { font-size: 0.8rem; text-align: center; }
.lab-frozen { background: rgba(100, 116, 139, 0.4); border: 1px solid #64748b; }
.lab-trained { background: #0d9488; }
@media (max-width: 640px) {
  .lab-title h1 { font-size: 1.35rem; }
  .lab-title p { font-size: 0.9rem; }
  .lab-heading { flex-wrap: wrap; }
  .lab-heading > .lab-title { flex: 1 1 100%; }
  .tab-container button { padding: 0 5px; font-size: 0.76rem; }
  .gradio-container { padding: 8px !important; }
}
"""
