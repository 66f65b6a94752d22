"""What gunicorn reads by itself when it is started here: threads, and access logs without secrets.

In an access log, which is off unless somebody turns it on, a query would hold what somebody searched for, a referrer
the query of the page before, and the path of a link for a new password its token.
"""

import re
from typing import Any

from gunicorn.glogging import Logger

worker_class = "gthread"
threads = 8  # pages poll; one thread would let them wait for each other

access_log_format = '%(h)s %(t)s "%(m)s %(U)s" %(s)s %(B)s %(L)ss'


class LoggerWithoutTokens(Logger):
    """Gunicorn's own, but for the paths that hold a token."""

    def atoms(self, resp: Any, req: Any, environ: dict[str, Any], request_time: Any) -> dict[str, Any]:
        """Return what an access log's line may be made of."""
        path = re.sub(r"^(/recuperar/).+", r"\1***", environ["PATH_INFO"])
        return super().atoms(resp, req, {**environ, "PATH_INFO": path}, request_time)


logger_class = LoggerWithoutTokens
