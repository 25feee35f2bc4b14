import threading

import pytest

from inference import accelerator
from inference.accelerator import Slots
from inference.errors import (
    AcceleratorFailed,
    ConfigurationRefused,
    OutOfMemory,
    QuotaExceeded,
    TextEmpty,
)


class Platform(Exception):
    """Looks like gradio's error: known by its title only."""

    def __init__(self, title, message):
        self.title, self.message = title, message


class FakeSpaces:
    """What `spaces.GPU` does to a value or an error that leaves the worker."""

    @staticmethod
    def GPU(duration):
        def decorate(function):
            return function

        return decorate


@pytest.fixture
def zero_gpu(monkeypatch):
    monkeypatch.setattr(accelerator, "ZERO_GPU", True)
    monkeypatch.setattr(accelerator, "spaces", FakeSpaces)


@pytest.fixture
def one_slot(monkeypatch):
    one = Slots(1)
    monkeypatch.setattr(accelerator, "slots", lambda: one)
    return one


def test_places_are_given_in_the_order_they_were_asked_for():
    slots, order, threads = Slots(1), [], []

    def work(number):
        with slots.held():
            order.append(number)

    with slots.held():
        for number in range(5):
            thread = threading.Thread(target=work, args=(number,))
            thread.start()
            threads.append(thread)
            while slots.waiting() <= number:  # until it stands in the queue
                pass
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3, 4]


def test_never_more_at_once_than_there_are_places():
    slots, lock, inside, most = Slots(2), threading.Lock(), [], []

    def work():
        with slots.held():
            with lock:
                inside.append(1)
                most.append(len(inside))
            with lock:
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(most) == 30
    assert max(most) <= 2


def test_a_slot_is_free_again_after_an_error_an_end_and_a_close(one_slot):
    @accelerator.gpu()
    def fails():
        raise TextEmpty()

    @accelerator.gpu()
    def counts():
        yield 1
        yield 2

    with pytest.raises(TextEmpty):
        fails()
    assert list(counts()) == [1, 2]
    stopped = counts()
    assert next(stopped) == 1
    assert one_slot._free == 0
    stopped.close()
    assert one_slot._free == 1


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
    ],
)
def test_running_out_of_memory_is_an_expected_error(one_slot, error):
    @accelerator.gpu()
    def fails():
        yield 1
        raise error

    with pytest.raises(OutOfMemory):
        list(fails())


def test_another_runtime_error_stays_what_it_is(one_slot):
    @accelerator.gpu()
    def fails():
        raise RuntimeError("a mistake")

    with pytest.raises(RuntimeError, match="a mistake"):
        fails()


def test_on_zero_gpu_an_expected_error_crosses_as_a_record(zero_gpu, monkeypatch):
    crossed = []

    class Recording(FakeSpaces):
        @staticmethod
        def GPU(duration):
            def decorate(function):
                def remote(*args):
                    for item in function(*args):  # nothing may be raised in here
                        crossed.append(type(item).__name__)
                        yield item

                return remote

            return decorate

    monkeypatch.setattr(accelerator, "spaces", Recording)

    @accelerator.gpu()
    def refuses():
        yield 1
        raise TextEmpty()

    with pytest.raises(TextEmpty):
        list(refuses())
    assert crossed == ["int", "_Refusal"]


def test_on_zero_gpu_a_plain_function_returns_or_refuses(zero_gpu):
    @accelerator.gpu()
    def halves(number):
        if number % 2:
            raise TextEmpty()
        return number // 2

    assert halves(4) == 2
    with pytest.raises(TextEmpty):
        halves(3)


@pytest.mark.parametrize(
    ("title", "kind"),
    [("ZeroGPU quota exceeded", QuotaExceeded), ("ZeroGPU worker error", AcceleratorFailed)],
)
def test_the_platforms_errors_are_known_by_their_title(zero_gpu, title, kind):
    @accelerator.gpu()
    def fails():
        yield 1
        raise Platform(title, "10s left")

    with pytest.raises(kind, match="10s left"):
        list(fails())


def test_an_unknown_platform_error_is_not_hidden(zero_gpu):
    @accelerator.gpu()
    def fails():
        raise Platform("Something new", "?")

    with pytest.raises(Platform):
        fails()


def test_deadlines_leave_a_zero_gpu_call_room_to_end(zero_gpu):
    assert accelerator.time_limit(180, duration=60) == 50


def test_the_time_a_call_has_taken_to_load_is_not_there_to_compute(zero_gpu, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(accelerator.time, "monotonic", lambda: clock[0])

    @accelerator.gpu()
    def loads(seconds):
        clock[0] += seconds
        return accelerator.time_limit(180)

    assert [loads(20), loads(70)] == [30, 0]
    assert accelerator.time_limit(180) == 50


def test_elsewhere_the_deadline_is_kept_as_it_is():
    assert accelerator.time_limit(180) == 180


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("(90s requested vs. 10s left). Try again in 1:02:03. ", 3_723),
        ("Try again in 2 days, 0:00:05.", 172_805),
        ("You have exceeded your ZeroGPU runs limit. ", None),
    ],
)
def test_the_wait_for_a_new_quota_is_read_from_what_the_platform_says(told, seconds):
    assert accelerator.wait_told(QuotaExceeded(detail=told)) == seconds


@pytest.mark.parametrize("value", ["0", "-1", "two", ""])
def test_a_bad_concurrency_is_refused(value):
    with pytest.raises(ConfigurationRefused, match="LAB_CONCURRENCY"):
        accelerator.concurrency({"LAB_CONCURRENCY": value})
    assert accelerator.concurrency({}) == 2
