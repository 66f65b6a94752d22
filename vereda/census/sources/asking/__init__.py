"""Asking a site: browser, captcha service and HTTP. The only importer of Playwright and aiohttp."""
