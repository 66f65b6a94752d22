"""The practice site, asked over real HTTP."""
