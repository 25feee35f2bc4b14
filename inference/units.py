"""Quantities as a visitor reads them; the same in every language."""


def readable_bytes(count: int) -> str:
    """`1_503_300_328` -> `1.5 GB`: decimal units, two significant digits at least."""
    size = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if size >= 10 or unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
