"""What a model thought before it answered, told from the answer."""

REASONING = ("<think>", "</think>")


def split_reasoning(text: str, inside: bool = False) -> tuple[str, str]:
    """`<think>why</think>so` -> ("so", "why"). `inside`: the prompt has opened the block."""
    opening, closing = REASONING
    body = text.lstrip()
    if body.startswith(opening):
        body, inside = body[len(opening) :], True
    if inside:
        reasoning, _, answer = body.partition(closing)
        return answer.strip(), reasoning.strip()
    half_a_tag = bool(body) and opening.startswith(body)  # it would flicker as text
    return "" if half_a_tag else text.strip(), ""
