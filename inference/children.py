"""What a child process may learn of our environment: these names, and no token or secret."""

from collections.abc import Collection, Mapping

# Where programs, packages, a home and a place for scratch files are, and the language.
PLAIN = frozenset(
    {"PATH", "HOME", "USERPROFILE", "APPDATA", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP"}
    | {"LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONUSERBASE"}
)


def passed_on(environ: Mapping[str, str], more: Collection[str] = ()) -> dict[str, str]:
    """Of `environ` the variables that are set and named in `PLAIN` or in `more` (upper case)."""
    names = PLAIN.union(more)
    return {name: value for name, value in environ.items() if value and name.upper() in names}
