import os

from finetune import room

HOUR = room.YOUNG_SECONDS


def write(folder, name, size, changed):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    os.utime(path, (changed, changed))
    return path


def test_a_folder_takes_what_its_files_take_and_no_link_is_followed(tmp_path):
    write(tmp_path / "in", "a/b/one", 30, 0)
    write(tmp_path / "in", "two", 12, 0)
    outside = write(tmp_path, "outside", 5_000, 0)
    (tmp_path / "in" / "link").symlink_to(outside)
    (tmp_path / "in" / "folder").symlink_to(tmp_path)
    links = sum((tmp_path / "in" / it).lstat().st_size for it in ("link", "folder"))
    assert room.folder_bytes(tmp_path / "in") == 42 + links
    assert room.folder_bytes(tmp_path / "missing") == 0


def test_the_oldest_files_go_first_and_no_more_than_needed(tmp_path):
    old, older, new = (write(tmp_path, f"{n}/f", 10, n) for n in (20, 10, 30))
    assert room.keep_within(tmp_path, 20, now=30 + HOUR) == [older]
    assert (old.exists(), new.exists()) == (True, True)
    assert room.keep_within(tmp_path, 20, now=30 + HOUR) == []


def test_a_young_file_stays_unless_all_take_twice_as_much(tmp_path):
    files = [write(tmp_path, str(n), 10, n) for n in range(3)]
    assert room.keep_within(tmp_path, 15, now=HOUR) == [files[0]]  # the others are young
    assert room.keep_within(tmp_path, 8, now=HOUR) == [files[1]]
    assert files[2].exists()


def test_a_link_is_deleted_and_what_it_points_to_stays(tmp_path):
    outside = write(tmp_path, "outside", 10, 0)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link").symlink_to(outside)
    room.keep_within(tmp_path / "in", 1, now=9e9)
    assert outside.exists() and list((tmp_path / "in").iterdir()) == []
