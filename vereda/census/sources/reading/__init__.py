"""What a reply says. PURE: text in, an answer or a failure out; no browser, no network, no Django."""
