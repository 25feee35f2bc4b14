import threading
from collections import Counter
from pathlib import Path

import pytest

from inference.errors import ModelBroken, ModelDoesNotFit, WrongModelForTask
from inference.pool import Choice, Pool

A, B, C = (Choice(Path(name)) for name in "abc")
ON_A, ON_B = (Choice(it.folder, Path("adapter")) for it in (A, B))
LIMIT = 250  # two models of 100 and their headroom


class Model:
    headless = False


class Loader:
    """Counts; each "model" is an object of its own."""

    def __init__(self):
        self.count = Counter()
        self.lock = threading.Lock()

    def __call__(self, choice, task):
        with self.lock:
            self.count[choice] += 1
        return Model()


def _pool(loader, limit=LIMIT, patience=30.0, available=10**9, attach=None):
    return Pool(
        limit,
        patience_seconds=patience,
        load=loader,
        attach=attach or (lambda base, choice, task: loader(choice, task)),
        measure=lambda choice: 100,
        available=lambda: available,
    )


def test_a_model_is_loaded_once_and_shared():
    loader = Loader()
    pool = _pool(loader)
    with pool.borrow(A, "chat") as first, pool.borrow(A, "chat") as second:
        assert first is second
    with pool.borrow(A, "chat") as third:
        assert third is first
    assert loader.count == {A: 1}


def test_an_adapter_written_anew_in_its_folder_is_loaded_anew():
    """A run that was stopped, tried, resumed and tried again."""
    loader = Loader()
    pool = _pool(loader)
    before, after = (Choice(Path("a"), Path("adapter"), version=n) for n in (1, 2))
    for choice in (before, before, after):
        with pool.borrow(choice, "chat"):
            pass
    assert loader.count == {A: 1, before: 1, after: 1}


def test_the_longest_idle_model_goes_first():
    loader = Loader()
    pool = _pool(loader)
    for choice in (A, B, A, C):
        with pool.borrow(choice, "chat"):
            pass
    assert {choice for choice, _ in pool.sizes()} == {A, C}


def test_what_is_in_use_is_never_evicted():
    pool = _pool(Loader(), patience=0.0)
    with pool.borrow(A, "chat"), pool.borrow(B, "chat"):
        with pytest.raises(ModelDoesNotFit), pool.borrow(C, "chat"):
            pass
        assert {choice for choice, _ in pool.sizes()} == {A, B}


def test_a_model_waits_for_room_that_is_in_use():
    pool = _pool(Loader(), limit=150)
    started, got = threading.Event(), threading.Event()

    def other():
        started.set()
        with pool.borrow(B, "chat"):
            got.set()

    with pool.borrow(A, "chat"):
        thread = threading.Thread(target=other)
        thread.start()
        started.wait(10)
        assert not got.wait(0.05)
    thread.join(10)
    assert got.is_set()


@pytest.mark.parametrize(("limit", "available"), [(50, 10**9), (LIMIT, 50)])
def test_a_model_larger_than_the_memory_is_refused_with_both_sizes(limit, available):
    loader = Loader()
    pool = _pool(loader, limit=limit, available=available)
    refused = pytest.raises(ModelDoesNotFit, match="110 B of memory and 50 B is free")
    with refused, pool.borrow(A, "chat"):
        pass
    assert not loader.count


def test_a_failed_load_is_told_and_not_remembered():
    answers = [ModelBroken(model="a", reason="torn"), Model()]

    def load(choice, task):
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    pool = _pool(load)
    with pytest.raises(ModelBroken, match="torn"), pool.borrow(A, "chat"):
        pass
    assert pool.sizes() == {}
    with pool.borrow(A, "chat"):
        pass


def test_everybody_who_waited_for_a_failed_load_hears_of_it():
    entered, release, heard = threading.Event(), threading.Event(), []

    def load(choice, task):
        entered.set()
        release.wait(10)
        raise ModelBroken(model="a", reason="torn")

    pool = _pool(load)

    def borrow():
        try:
            with pool.borrow(A, "chat"):
                pass
        except ModelBroken as error:
            heard.append(error)

    threads = [threading.Thread(target=borrow) for _ in range(5)]
    for thread in threads:
        thread.start()
    entered.wait(10)
    release.set()
    for thread in threads:
        thread.join(10)
    assert len(heard) == 5
    assert pool.sizes() == {}


@pytest.mark.parametrize(
    ("wanted", "limit"), [((A, B, C), LIMIT), ((A, B, C, ON_A, ON_B), 340)], ids=["plain", "tuned"]
)
def test_twenty_borrowers_all_finish_and_none_loads_beside_another(wanted, limit):
    alive, lock, together = Counter(), threading.Lock(), []

    class Counted(Model):
        def __init__(self, choice):
            self.choice = choice
            with lock:
                alive[choice] += 1
                together.append(max(alive.values()))

        def __del__(self):
            with lock:
                alive[self.choice] -= 1

    pool = _pool(lambda choice, task: Counted(choice), limit=limit)
    done = []

    def work(number):
        for step in range(4):
            with pool.borrow(wanted[(number + step) % len(wanted)], "chat"):
                pass
        done.append(number)

    threads = [threading.Thread(target=work, args=(n,), daemon=True) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(done) == list(range(20))
    assert max(together) == 1  # never two copies of one model
    assert sum(pool.sizes().values()) <= limit


def test_clear_leaves_only_what_is_in_use():
    pool = _pool(Loader())
    with pool.borrow(B, "chat"):
        pass
    with pool.borrow(A, "chat"):
        pool.clear()
        assert [choice for choice, _ in pool.sizes()] == [A]
    pool.clear()
    assert pool.sizes() == {}


def test_a_base_is_loaded_once_for_its_adapters_and_for_those_who_use_it_plain():
    loader, attached = Loader(), []

    def attach(base, choice, task):
        attached.append((base, choice))
        return Model()

    pool = _pool(loader, limit=1_000, attach=attach)
    others = [Choice(Path("a"), Path("adapter"), version=n) for n in (1, 2)]
    first, second = others
    with pool.borrow(first, "chat"), pool.borrow(A, "chat") as plain, pool.borrow(second, "chat"):
        pass
    assert loader.count == {A: 1}
    assert attached == [(plain, choice) for choice in others]


def test_a_base_stays_as_long_as_an_adapter_on_it():
    """Its memory would not come back before: the adapter holds its weights."""
    pool = _pool(Loader(), limit=340)
    for choice in (ON_A, B):
        with pool.borrow(choice, "chat"):
            pass
    assert {choice for choice, _ in pool.sizes()} == {A, ON_A, B}
    with pool.borrow(C, "chat"):  # room for one more: the adapter goes, it was idle longest
        assert {choice for choice, _ in pool.sizes()} == {A, B, C}
    pool.clear()
    assert pool.sizes() == {}


def test_an_adapter_that_cannot_be_attached_leaves_its_base_idle():
    def attach(base, choice, task):
        raise ModelBroken(model="a", reason="torn")

    pool = _pool(Loader(), attach=attach)
    with pytest.raises(ModelBroken), pool.borrow(ON_A, "chat"):
        pass
    assert [choice for choice, _ in pool.sizes()] == [A]
    pool.clear()
    assert pool.sizes() == {}


def test_an_adapter_for_which_there_is_no_room_is_refused_at_once():
    """It does not wait for its own base to be given back."""
    pool = _pool(Loader(), limit=150, patience=600.0)
    with pytest.raises(ModelDoesNotFit), pool.borrow(ON_A, "chat"):
        pass


def test_a_base_without_a_head_is_lent_to_adapters_only():
    def load(choice, task):
        model = Model()
        model.headless = True
        return model

    pool = _pool(load, attach=lambda base, choice, task: Model())
    with pool.borrow(ON_A, "classification"):
        pass
    with pytest.raises(WrongModelForTask), pool.borrow(A, "classification"):
        pass
