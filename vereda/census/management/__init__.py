"""Commands of `./manage` that belong to the census and to running the product."""
