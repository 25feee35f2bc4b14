from dataclasses import replace

import pytest

from inference import memory
from inference.catalog import Architecture, Catalog

CATALOG = Catalog.load({})
QWEN = CATALOG.find("Qwen/Qwen3-0.6B").architecture
BERT = CATALOG.find("google-bert/bert-base-uncased").architecture
BART = CATALOG.find("sshleifer/distilbart-cnn-12-6").architecture

# Easy to count by hand: two layers of four heads of 2, and a vocabulary of 10.
TOY = Architecture(
    parameters=1_000,
    layers=2,
    hidden_size=8,
    intermediate_size=16,
    attention_heads=4,
    kv_heads=2,
    head_size=2,
    vocabulary=10,
    context=100,
    tied=True,
    cached_layers=2,
    gated=True,
)


def test_weights_by_precision():
    eight = CATALOG.find("Qwen/Qwen3-8B").architecture
    assert memory.weights(eight, "float32") == 32_762_941_440
    assert memory.weights(eight, "bfloat16") == memory.weights(eight, "float16") == 16_381_470_720
    # Embeddings and output layer, 2 × 151,936 × 4,096 weights, keep 16 bits.
    tables = 2 * 151_936 * 4_096
    layers = eight.parameters - tables
    assert memory.weights(eight, "int8") == layers + 2 * tables
    assert memory.weights(eight, "int4") == pytest.approx(0.516 * layers + 2 * tables, abs=1)


def test_on_a_cpu_the_output_layer_is_quantised_beside_the_embeddings():
    tied = memory.weights(TOY, "int8", "float32")
    assert tied == (1_000 - 80) + 4 * 80 + 80
    assert memory.weights(replace(TOY, tied=False), "int8", "float32") == 840 + 4 * 80 + 80
    classifier = replace(TOY, cached_layers=0)
    assert memory.weights(classifier, "int8", "float32") == 920 + 4 * 80


def test_a_million_tokens_of_a_conversation_by_hand():
    # keys and values, 28 layers, 8 heads of 128, 2 bytes
    assert memory.cache(QWEN, 1_000) == 2 * 28 * 8 * 128 * 2 * 1_000
    assert memory.cache(QWEN, 1_000, "int4") == memory.cache(QWEN, 1_000, "bfloat16")
    assert memory.cache(BERT, 1_000) == 0
    # six layers that write, each looking at itself and at the encoder
    assert memory.cache(BART, 1, "float32") == 2 * 12 * 16 * 64 * 4


def test_a_conversation_is_no_longer_than_the_model_reads():
    assert memory.to_run(TOY, "float32", tokens=10**6) == memory.to_run(TOY, "float32", tokens=100)


def test_an_adapter_by_hand():
    # q and o: 8 + 8; k and v: 8 + 4; three of the feed-forward network: 8 + 16
    assert memory.adapter_weights(TOY, rank=1) == 2 * (2 * 16 + 2 * 12 + 3 * 24)
    assert memory.adapter_weights(QWEN, rank=16) == 10_092_544  # as peft counts it


def test_a_training_step_by_hand():
    found = memory.to_train(TOY, "float32", rows=3, length=5, rank=1)
    kept = 5 * 8 + 3 * 4 + 12 * 8 + 5 * 16 + 7
    assert found.activations == 3 * 5 * 4 * (2 * kept + 4 * 10)
    assert found.training == 16 * memory.adapter_weights(TOY, rank=1)
    assert found.total == found.weights + found.activations + found.training
    less = memory.to_train(TOY, "float32", rows=3, length=5, rank=1, checkpointing=True)
    assert less.activations == 3 * 5 * 4 * (2 * 8 + kept + 4 * 10)


def test_attention_that_is_dropped_out_grows_with_the_length_of_the_rows():
    def needed(rows, length):
        return memory.to_train(BERT, "float32", rows=rows, length=length).activations

    assert needed(8, 64) < needed(1, 512)
    without = memory.to_train(replace(BERT, attention_dropout=False), "float32", rows=1, length=512)
    assert needed(1, 512) - without.activations == 12 * 3 * 12 * 512 * 512 * 4


def test_a_classifier_keeps_no_scores_of_every_word():
    larger = replace(BERT, vocabulary=10 * BERT.vocabulary)
    found = (memory.to_train(it, "float32").activations for it in (BERT, larger))
    assert len(set(found)) == 1
