"""The generations of the census page. Each module is one: how its page is recognised, filled, sent and read.

The site has had seven in fifteen years, and two live at once: a page is told by its DOM, not by its address.
"""

from vereda.census.sources.asking.dialects.ajax import AjaxDialect
from vereda.census.sources.asking.dialects.dialect import Dialect, Form
from vereda.census.sources.asking.dialects.html import HtmlDialect
from vereda.census.sources.asking.dialects.json import JsonDialect

__all__ = ["DIALECTS", "Dialect", "Form"]

DIALECTS: tuple[Dialect, ...] = (AjaxDialect(), JsonDialect(), HtmlDialect())
"""All that we speak, the likeliest first. The HTML page's marks are the least its own, so it comes last."""
