"""Commands of `./manage` about people and the traces that they leave."""
