"""`python -m practice`: runs the practice site in the foreground, until a signal stops it."""

import argparse
import asyncio
import errno
import signal
import sys
import warnings
from collections.abc import Sequence

from practice.server import HOST, create_app, listening
from practice.site import Face, Site


def main(argv: Sequence[str]) -> int:
    """Serve until SIGINT or SIGTERM and return 0; return 1 if the port cannot be had."""
    options = _parser().parse_args(argv)
    warnings.filterwarnings("ignore", category=RuntimeWarning, module="aiohttp")  # they quote what clients sent
    try:
        site = Site(options.captcha_seconds, face=Face(options.face), overlay_seconds=options.overlay_seconds)
        asyncio.run(_serve(options.port, site))
    except OSError as error:
        sys.stderr.write(_explain(options.port, error))
        return 1
    except KeyboardInterrupt:
        pass  # Ctrl-C before the site was up
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="practice", description="The practice census site and captcha service.")
    parser.add_argument("--port", type=_port, default=8800, help="port on 127.0.0.1 (default 8800, 0 for a free one)")
    parser.add_argument(
        "--captcha-seconds", type=float, default=3.0, help="how long the captcha service takes (default 3)"
    )
    parser.add_argument(
        "--face", choices=list(Face), default=Face.AJAX, help="what /censo/consultar/ shows (default ajax)"
    )
    parser.add_argument(
        "--overlay-seconds", type=float, default=1.5, help="how long the HTML face covers its form (default 1.5)"
    )
    return parser


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65_535:
        raise ValueError("out of range")
    return port


async def _serve(port: int, site: Site) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with listening(create_app(site), port) as actual_port:
        sys.stdout.write(f"Practice site: http://{HOST}:{actual_port}/\n")
        sys.stdout.flush()
        await stop.wait()


def _explain(port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is busy: stop what uses it or choose another one with --port.\n"
    return f"Port {port} cannot be used: {error.strerror}.\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
