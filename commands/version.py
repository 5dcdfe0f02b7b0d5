"""What `mtq --version` says: the versions that matter for a bug report."""

from mtq import __version__


def lines() -> list[str]:
    """The version of mtq, alone on its line; then of what it stands on."""
    import platform
    import ssl

    return [
        f"mtq {__version__}",
        f"Python {platform.python_version()} ({platform.python_implementation()})",
        ssl.OPENSSL_VERSION,
        _uvloop(),
        platform.platform(),
    ]


def _uvloop() -> str:
    from importlib import metadata

    try:
        return f"uvloop {metadata.version('uvloop')}"
    except metadata.PackageNotFoundError:
        return "no uvloop: asyncio's own loop"
