"""The generations of the census page. Each module is one: how its page is recognised, filled, sent and read.

The site has had seven in fifteen years, two of them at once: a page is recognised by its DOM, not by its address.
"""

from vereda.census.sources.asking.dialects.ajax import AjaxDialect
from vereda.census.sources.asking.dialects.dialect import Dialect, Form
from vereda.census.sources.asking.dialects.html import HtmlDialect
from vereda.census.sources.asking.dialects.json import JsonDialect

__all__ = ["DIALECTS", "Dialect", "Form"]

DIALECTS: tuple[Dialect, ...] = (AjaxDialect(), JsonDialect(), HtmlDialect())
"""All dialects, the likeliest first. The HTML page has the fewest marks of its own, so it comes last."""
