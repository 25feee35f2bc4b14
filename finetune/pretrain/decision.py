"""Which reply a prompt wants, told where the prompt ends: a second, throw-away output in training.

Left to the words of the replies alone, a model of this size knows them by heart long before it
tells the questions apart. A linear layer over the last hidden state of the prompt names the reply
among all there are. It first trains the embeddings and the first layer's attention by themselves,
which costs little, as a classifier of bags of words does (Joulin et al., 2017, "Bag of tricks for
efficient text classification"); then it is a second task beside the language model's (deep
supervision, Lee et al., 2015).
"""

from collections.abc import Sequence

import torch
from torch.nn import functional
from transformers import Qwen3ForCausalLM

from finetune.pretrain import training
from finetune.pretrain.chat_rows import IGNORED
from finetune.pretrain.collection import Topic, fallbacks

SPREAD = 0.02  # of the output's first values
WEIGHT = 0.1  # of the decision beside the loss of the tokens: with more, few words are learned


def numbers(topics: Sequence[Topic]) -> dict[str, int]:
    """Each reply there is and its number."""
    replies = [topic.answer for topic in [*topics, *fallbacks().values()]]
    replies += [topic.simpler for topic in topics]
    return {text: n for n, text in enumerate(dict.fromkeys(replies))}


class Deciding(torch.nn.Module):
    """A language model and the output that names the reply."""

    def __init__(self, model: Qwen3ForCausalLM, replies: int) -> None:
        super().__init__()
        self.model = model
        self.output = torch.nn.Linear(model.config.hidden_size, replies, bias=False)
        torch.nn.init.normal_(self.output.weight, std=SPREAD)

    def first_loss(self, batch: training.Batch) -> torch.Tensor:
        """Cross entropy of the replies named after the embeddings and the first attention."""
        inner = self.model.model
        layer = inner.layers[0]
        embedded = inner.embed_tokens(batch["input_ids"])
        places = torch.arange(embedded.shape[1])[None]
        attended, _ = layer.self_attn(
            layer.input_layernorm(embedded),
            position_embeddings=inner.rotary_emb(embedded, places),
            attention_mask=None,
        )
        return self._decided(embedded + attended, batch, inner.norm)

    def loss(self, batch: training.Batch) -> torch.Tensor:
        """Cross entropy of the trained tokens, plus that of the replies named by all layers.

        Tokens that are not trained never reach the large output layer. Padding stands on the right,
        where no token looks: it needs no mask.
        """
        hidden = self.model.model(batch["input_ids"])[0]
        target = batch["labels"][:, 1:]
        trained = target != IGNORED
        losses = functional.cross_entropy(
            self.model.lm_head(hidden[:, :-1][trained]), target[trained], reduction="none"
        )
        weights = batch["weights"][:, 1:][trained]
        tokens = (losses * weights).sum() / weights.sum()
        return tokens + WEIGHT * self._decided(hidden, batch)

    def _decided(
        self, hidden: torch.Tensor, batch: training.Batch, norm: torch.nn.Module | None = None
    ) -> torch.Tensor:
        ends = hidden[torch.arange(len(hidden)), batch["prompt_end"]]
        named = self.output(norm(ends) if norm else ends)
        wanted = batch["reply"]
        # The mean over no rows at all would be no number.
        losses = functional.cross_entropy(named, wanted, ignore_index=IGNORED, reduction="sum")
        return losses / (wanted != IGNORED).sum().clamp(min=1)
