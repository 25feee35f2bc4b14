import errno

import pytest

from finetune import checkpoints
from finetune.checkpoints import Checkpoint, aside, commit, newest_good, verify


def written(root, step):
    folder = aside(root) / f"checkpoint-{step}"
    (folder / "inner").mkdir(parents=True)
    (folder / "adapter_model.safetensors").write_bytes(bytes(range(100)))
    (folder / "inner" / "optimizer.pt").write_bytes(b"state")
    return folder


def saved(root, step):
    return commit(written(root, step), root, step)


def test_a_checkpoint_verifies_and_two_are_kept(tmp_path):
    for step in (5, 9, 10):
        saved(tmp_path, step)
    good, damaged = newest_good(tmp_path)
    assert (good.step, damaged) == (10, [])
    assert sorted(path.name for path in tmp_path.glob("step-*")) == ["step-10", "step-9"]


def test_after_a_flipped_byte_the_older_one_is_used(tmp_path):
    saved(tmp_path, 5)
    newest = saved(tmp_path, 10)
    path = newest.folder / "adapter_model.safetensors"
    content = bytearray(path.read_bytes())
    content[50] ^= 1
    path.write_bytes(content)
    good, damaged = newest_good(tmp_path)
    assert good.step == 5
    assert [checkpoint.step for checkpoint in damaged] == [10]


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "manifest.json").unlink(),
        lambda folder: (folder / "manifest.json").write_text('{"step": 10, "sha'),
        lambda folder: (folder / "manifest.json").write_text("[]"),
        lambda folder: (folder / "inner" / "optimizer.pt").unlink(),
        lambda folder: (folder / "inner" / "added.pt").write_bytes(b"a pickle"),
        lambda folder: (folder / "inner" / "optimizer.pt").write_bytes(b"stat"),
    ],
)
def test_a_damaged_checkpoint_is_seen(tmp_path, damage):
    checkpoint = saved(tmp_path, 10)
    assert verify(checkpoint)
    damage(checkpoint.folder)
    assert not verify(checkpoint)
    assert newest_good(tmp_path) == (None, [checkpoint])


def test_a_checkpoint_under_another_name_is_refused(tmp_path):
    folder = saved(tmp_path, 10).folder.rename(tmp_path / "step-20")
    assert not verify(Checkpoint(folder, 20))


def test_what_a_killed_save_left_is_never_read(tmp_path):
    saved(tmp_path, 5)
    written(tmp_path, 10)
    assert newest_good(tmp_path)[0].step == 5
    assert list(aside(tmp_path).iterdir()) == []


def test_a_full_disk_leaves_the_older_checkpoint(tmp_path, monkeypatch):
    saved(tmp_path, 5)
    folder = written(tmp_path, 10)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoints, "replace_folder", full)
    with pytest.raises(OSError, match="No space"):
        commit(folder, tmp_path, 10)
    assert [path.name for path in tmp_path.glob("step-*")] == ["step-5"]
    assert newest_good(tmp_path)[0].step == 5


def test_no_folder_is_no_checkpoint(tmp_path):
    assert newest_good(tmp_path / "none") == (None, [])
